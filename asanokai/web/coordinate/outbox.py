"""The letters: what went, what waits, what failed and why; what goes next and who is left out; how a letter looks.

Only letters about meetings of the reader's series; letters about accounts are for administrators.
"""

from typing import Any

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from asanokai import clock, invitations, letters, meetings, members, showing, topics
from asanokai.errors import N_, Missing
from asanokai.languages import LANGUAGES
from asanokai.letters import OF_MEETING, Letter
from asanokai.meetings import AHEAD
from asanokai.web import loading, words

pages = Blueprint("outbox", __name__)

PAGE = 100


def _meeting_ids() -> list[int] | None:
    """The meetings whose letters the reader may see; None: all letters there are."""
    return None if loading.me().administrator else meetings.ids_of_series(loading.desk_series_ids())


@pages.get("/letters")
def everything() -> str:
    """The newest letters of everything the reader coordinates, and what goes out next."""
    state = request.args.get("state")
    state = state if state in letters.STATES else None
    own = _meeting_ids()
    found = letters.newest(meeting_ids=own, state=state, limit=PAGE)
    forecast = invitations.forecast(until=clock.now() + AHEAD, meeting_ids=own)
    return render_template(
        "coordinate/outbox.html",
        found=found,
        state=state,
        counts=letters.counts_of(own),
        forecast=forecast[:10],
        meetings_of=meetings.by_ids({letter.meeting_id for letter in found if letter.meeting_id}),
        **_common(found),
    )


def _common(found: Any) -> dict[str, Any]:
    return {
        "people": members.by_ids({letter.member_id for letter in found if letter.member_id}),
        "words": words,
        "in_words": showing.in_words,
        "zone": loading.me().zone,
        "language": loading.language(),
    }


@pages.get("/meetings/<int:meeting_id>/letters")
def of_meeting(meeting_id: int) -> str:
    """The letters of one meeting, and by name who gets none and why."""
    found = letters.newest(meeting_ids=[meeting_id], limit=PAGE)
    draft = g.meeting.state == "draft"
    forecast = (
        invitations.would_go_out(g.meeting)
        if draft
        else invitations.forecast(until=g.meeting.starts_at, meeting_ids=[meeting_id])
    )
    return render_template(
        "coordinate/letters.html",
        shown=showing.shown(
            g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone()
        ),
        meeting=g.meeting,
        found=found,
        counts=letters.counts(meeting_id),
        forecast=forecast,
        left_out=invitations.left_out(g.meeting, "invite", clock.now()),
        kinds=OF_MEETING,
        **_common(found),
    )


@pages.get("/meetings/<int:meeting_id>/letters/preview")
def preview(meeting_id: int) -> Response:
    """A letter as an invented reader of a language gets it. `part=html` is the letter itself, framed by the page."""
    kind = request.args.get("kind", "invite")
    language = request.args.get("language", loading.language())
    if kind not in OF_MEETING or language not in LANGUAGES:
        raise Missing(N_("There is no such letter."))
    letter = current_app.extensions["composer"].preview(kind, meeting_id, language)
    if request.args.get("part") == "html":
        response = make_response(letter.html)
        # A letter's styles stand in its tags; nothing may run, load or leave the frame.
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
        )
        return response
    response = make_response(
        render_template(
            "coordinate/preview.html",
            letter=letter,
            kind=kind,
            chosen=language,
            kinds=OF_MEETING,
            meeting=g.meeting,
            words=words,
        )
    )
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; manifest-src 'self'; "
        "form-action 'self'; frame-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return response


@pages.post("/letters/<int:letter_id>/retry")
def retry(letter_id: int) -> BaseResponse:
    """Send a failed letter again."""
    _own_letter(letter_id)
    letters.retry(letter_id, actor_id=loading.me().id)
    flash(gettext("The letter goes out again."))
    return redirect(_where_it_stands(letter_id), 303)


def _own_letter(letter_id: int) -> Letter:
    letter = letters.by_id(letter_id)
    own = _meeting_ids()
    if own is not None and letter.meeting_id not in own:
        raise Missing(N_("There is no such letter."))
    return letter


def _where_it_stands(letter_id: int) -> str:
    if request.form.get("back") == "all":
        return url_for("outbox.everything")
    meeting_id = letters.by_id(letter_id).meeting_id
    return url_for("outbox.of_meeting", meeting_id=meeting_id) if meeting_id else url_for("outbox.everything")
