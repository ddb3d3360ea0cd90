"""The letter desk: what went, what waits, what failed and why; how a letter looks; what goes next and who is left out;
what is paused.

Only letters about meetings of the reader's series; letters about accounts are for administrators.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from asanokai import (
    clock,
    directory,
    installation,
    invitations,
    letters,
    lives,
    meetings,
    members,
    showing,
    topics,
    writing,
)
from asanokai import series as series_rules
from asanokai.composing import Preview
from asanokai.errors import N_, Missing
from asanokai.invitations import Forecast
from asanokai.languages import LANGUAGES, date_in_words, time_in_words
from asanokai.letters import OF_MEETING, Letter
from asanokai.meetings import AHEAD
from asanokai.members import Member
from asanokai.series import EVE, INVITE, REMIND
from asanokai.web import loading, words

pages = Blueprint("outbox", __name__)

PAGE = 100
NEXT = 10
LINES = 25
"""Lines of the forecast on a page: whom each goes to must be counted, and there may be many."""

SOME = 20
"""How many of those left out stand on a meeting's own page; the others on a page of theirs."""

FRAMED = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""A letter's styles stand in its tags; nothing may run, load or leave the frame."""

FOUND = 12
"""How many members a search offers: who looks for one among more types another letter."""


Rows = Sequence[Any]


@dataclass(frozen=True)
class Part:
    """One page of a long list; `more` says whether there is another one."""

    entries: Rows
    number: int
    more: bool


def _part(found: Rows, number: int, size: int = PAGE) -> Part:
    """The page, of a list that was asked for one entry more than fits."""
    return Part(found[:size], number, len(found) > size)


def _asked() -> dict[str, Any]:
    """Which stretch of a list to ask for."""
    return {"limit": PAGE + 1, "offset": (loading.page_number() - 1) * PAGE}


def _meeting_ids() -> list[int] | None:
    """The meetings whose letters the reader may see; None: all letters there are."""
    return None if loading.me().administrator else meetings.ids_of_series(loading.desk_series_ids())


# --- what went --------------------------------------------------------------------------------------------------------


@pages.get("/letters")
def everything() -> str:
    """The newest letters of everything the reader coordinates, and what goes out next."""
    state = request.args.get("state")
    state = state if state in letters.STATES else None
    own = _meeting_ids()
    page = _part(letters.newest(meeting_ids=own, state=state, **_asked()), loading.page_number())
    ahead = writing.ahead(until=clock.now() + AHEAD, meeting_ids=own)[:NEXT]
    return render_template(
        "coordinate/outbox.html",
        page=page,
        found=page.entries,
        state=state,
        counts=letters.counts_of(own),
        forecast=writing.lines(ahead),
        meetings_of=_meetings_of(page.entries),
        **_common(page.entries),
    )


def _meetings_of(found: Rows) -> dict[int, meetings.Meeting]:
    return meetings.by_ids({letter.meeting_id for letter in found if letter.meeting_id})


def _common(found: Rows) -> dict[str, Any]:
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
    page = _part(letters.newest(meeting_ids=[meeting_id], **_asked()), loading.page_number())
    draft = g.meeting.state == "draft"
    forecast = (
        invitations.would_go_out(g.meeting)
        if draft
        else writing.forecast(until=clock.now() + AHEAD, meeting_ids=[meeting_id])
    )
    return render_template(
        "coordinate/letters.html",
        shown=_shown(),
        meeting=g.meeting,
        page=page,
        found=page.entries,
        counts=letters.counts(meeting_id),
        forecast=forecast,
        left_out=_part(invitations.left_out(g.meeting, INVITE, clock.now(), limit=SOME + 1), 1, SOME),
        kinds=OF_MEETING,
        own=writing.of_meeting(meeting_id),
        fates=writing.fates(meeting_id),
        paragraphs={kind for _meeting_id, kind in writing.of_letters([meeting_id])},
        with_paragraph=writing.with_paragraph(),
        now=clock.now(),
        **_common(page.entries),
    )


def _shown() -> showing.Shown:
    return showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())


def _belongs(member_id: int) -> bool:
    """Whether somebody belongs to a series of the reader's now: else today's address is not for them to know."""
    return not series_rules.roles_of(member_id).isdisjoint(
        {(series_id, role) for series_id in loading.desk_series_ids() for role in series_rules.ROLES}
    )


@pages.get("/people/<int:member_id>/letters")
def of_member(member_id: int) -> str:
    """One member's letters and their fate: to coordinators those about their own meetings."""
    member, own = members.by_id(member_id), _meeting_ids()
    if own is not None and not series_rules.knew(loading.desk_series_ids(), member_id):
        raise Missing(N_("There is no such member."))
    known = own is None or _belongs(member_id)
    page = _part(letters.of_member(member_id, meeting_ids=own, **_asked()), loading.page_number())
    return render_template(
        "coordinate/letters_of_member.html",
        member=member,
        address=members.main_address(member) if known else None,
        known=known,
        off=sorted(members.muted(member_id) & {*members.OF_AUDIENCE}) if known else [],
        page=page,
        meetings_of=_meetings_of(page.entries),
        **_common(page.entries),
    )


@pages.post("/people/<int:member_id>/address/again")
def use_again(member_id: int) -> BaseResponse:
    """Write to the address of somebody again, from which letters came back. Only for who may see it."""
    member = members.by_id(member_id)
    if _meeting_ids() is not None and not _belongs(member_id):
        raise Missing(N_("There is no such member."))
    if members.use_again(member, actor_id=loading.me().id):
        flash(gettext("The address is written to again."))
    return redirect(url_for("outbox.of_member", member_id=member_id), 303)


@pages.get("/letters/<int:letter_id>")
def life(letter_id: int) -> str:
    """A letter's life: when it was written, taken up, sent, what came back, and what was answered."""
    letter = _own_letter(letter_id)
    member = members.by_ids([letter.member_id]).get(letter.member_id) if letter.member_id else None
    address = members.main_address(member) if member and not letter.address else None
    steps = lives.life_of(letter)
    return render_template(
        "coordinate/letter.html",
        letter=letter,
        member=member,
        meeting=meetings.by_ids([letter.meeting_id]).get(letter.meeting_id) if letter.meeting_id else None,
        steps=steps,
        again=lives.may_go_again(letter, steps),
        suppressed=address is not None and address.suppressed_at is not None,
        words=words,
        in_words=showing.in_words,
        zone=loading.me().zone,
        language=loading.language(),
    )


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
    back = request.form.get("back")
    if back == "all":
        return url_for("outbox.everything")
    if back == "letter":
        return url_for("outbox.life", letter_id=letter_id)
    meeting_id = letters.by_id(letter_id).meeting_id
    return url_for("outbox.of_meeting", meeting_id=meeting_id) if meeting_id else url_for("outbox.everything")


# --- how they look ---------------------------------------------------------------------------------------------------


@pages.get("/meetings/<int:meeting_id>/letters/preview")
def preview(meeting_id: int) -> Response:
    """A letter of a meeting as somebody gets it."""
    kind = request.args.get("kind", "invite")
    member, language = _reader(), request.args.get("language", loading.language())
    if kind not in OF_MEETING or language not in LANGUAGES:
        raise Missing(N_("There is no such letter."))
    letter: Preview = current_app.extensions["composer"].preview(
        kind, meeting_id, language, member_id=member.id if member else None, **_message(kind)
    )
    if request.args.get("part") == "html":
        response = make_response(letter.html)
        response.headers["Content-Security-Policy"] = FRAMED
        return response
    asked = request.args.get("who", "")[:100].replace("\0", "")
    page = render_template(
        "coordinate/preview.html",
        letter=letter,
        kind=kind,
        chosen=letter.language,
        member=member,
        asked=asked,
        message=request.args.get("message", type=int),
        found=directory.of_series(g.series, directory.Wanted(q=asked)).entries[:FOUND] if asked else [],
        kinds=OF_MEETING,
        meeting=g.meeting,
        words=words,
        in_words=showing.in_words,
        language=loading.language(),
    )
    return loading.framing(page)


def _message(kind: str) -> dict[str, int]:
    """The letter of one's own that is looked at, if it is one. Raises `Missing`."""
    number = request.args.get("message", type=int)
    if number is None or kind not in writing.KINDS or not 0 < number < 2**31:
        return {}
    return {"message": writing.by_id(number, g.meeting).id}


def _reader() -> Member | None:
    """The member the letter is looked at as, None for an invented one; else somebody the meeting concerns."""
    number = request.args.get("member", type=int)
    if number is None:
        return None
    if not 0 < number < 2**31:
        raise Missing(N_("There is no such member."))
    member = members.by_id(number)
    if not writing.concerns(g.meeting, number):
        raise Missing(N_("There is no such member."))
    return member


# --- what goes next ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """What goes out on one day of the reader's calendar: (time of day, line)."""

    date: str
    lines: list[tuple[str, Forecast]]


@pages.get("/letters/forecast")
def forecast() -> str:
    """Day by day which letter goes out, to how many in which languages, and how many are left out and why."""
    number = loading.page_number()
    ahead = writing.ahead(until=clock.now() + AHEAD, meeting_ids=_meeting_ids())
    first = (number - 1) * LINES
    page = _part(ahead[first : first + LINES + 1], number, LINES)
    lines = writing.lines(page.entries)
    return render_template(
        "coordinate/forecast.html",
        days=_days(lines),
        page=page,
        zone=loading.me().zone,
        in_words=showing.in_words,
        words=words,
        paused=installation.current().paused_at is not None,
        language=loading.language(),
    )


def _days(lines: list[Forecast]) -> list[Day]:
    zone, language = loading.me().zone, loading.language()
    found = groupby(lines, key=lambda line: _day(line.due_at, zone))
    return [
        Day(date_in_words(day, language), [(time_in_words(line.due_at, language, zone), line) for line in of_day])
        for day, of_day in found
    ]


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


@pages.get("/meetings/<int:meeting_id>/letters/left-out")
def left_out(meeting_id: int) -> str:
    """By name who gets no letter of a step of the plan, and why."""
    kind, step = request.args.get("kind", INVITE), request.args.get("step", 1, type=int)
    due_at = invitations.due_of(g.meeting, kind, step) if kind in (INVITE, REMIND, EVE) and 0 < step < 100 else None
    if due_at is None:
        raise Missing(N_("There is no such letter."))
    found = invitations.left_out(
        g.meeting, kind, max(due_at, clock.now()) if kind == INVITE else due_at, step=step, **_asked()
    )
    return render_template(
        "coordinate/left_out.html",
        shown=_shown(),
        meeting=g.meeting,
        kind=kind,
        due_at=due_at,
        page=_part(found, loading.page_number()),
        words=words,
        in_words=showing.in_words,
        language=loading.language(),
    )


# --- what is paused ---------------------------------------------------------------------------------------------------


@pages.get("/letters/pauses")
def pauses() -> str:
    """Everything, each series and each meeting to come: whether its letters wait, and the button for it."""
    own, number = series_rules.coordinated_by(loading.me()), loading.page_number()
    ahead = [one for one in meetings.coming_of([row.id for row in own]) if one.state == "announced"]
    first = (number - 1) * PAGE
    page = _part(ahead[first : first + PAGE + 1], number)
    return render_template(
        "coordinate/pauses.html",
        series=own,
        page=page,
        shown=showing.shown_all(page.entries, language=loading.language(), zone=loading.zone()),
        queued=letters.queued_of([one.id for one in page.entries]),
        everything=installation.current().paused_at,
        restored=installation.current().restored_from,
        soon=clock.now() + timedelta(days=1),
        words=words,
        in_words=showing.in_words,
        zone=loading.me().zone,
        language=loading.language(),
    )
