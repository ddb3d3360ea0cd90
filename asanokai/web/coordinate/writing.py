"""What coordinators write themselves: letters of their own, paragraphs, nudges, tests to themselves.

The guard has loaded g.meeting and g.series. Before anything goes out a page says to whom, and what it will look like.
"""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField
from wtforms.validators import AnyOf, InputRequired, Optional

from asanokai import showing, topics, writing
from asanokai.errors import N_, BadInput, Missing
from asanokai.languages import LANGUAGES
from asanokai.night import Night
from asanokai.series import in_utc
from asanokai.web import loading, words
from asanokai.web.forms import REQUIRED, Form, TextsField, attempt, options, wall_time
from asanokai.writing import Message

pages = Blueprint("writing", __name__)

PAGE = 100


def _page(template: str, **facts: Any) -> str:
    return render_template(
        f"coordinate/{template}",
        shown=showing.shown(
            g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone()
        ),
        meeting=g.meeting,
        words=words,
        in_words=showing.in_words,
        language=loading.language(),
        **facts,
    )


def _night() -> Night:
    return Night(*current_app.config["ASANOKAI"].night)


def _message(message_id: int) -> Message:
    return writing.by_id(message_id, g.meeting)


def _to_check(message_id: int) -> Response:
    return redirect(url_for("writing.check", meeting_id=g.meeting.id, message_id=message_id), 303)


# --- letters of one's own ---------------------------------------------------------------------------------------------


class MessageForm(Form):
    """A letter of one's own."""

    audience = RadioField(
        lazy_gettext("To whom"),
        choices=options(words.AUDIENCES),
        validators=[InputRequired(REQUIRED)],
        default="coming",
    )
    subject = TextsField(lazy_gettext("Subject"), longest=writing.LONGEST_SUBJECT, required=True)
    words = TextsField(lazy_gettext("Words"), longest=writing.LONGEST, lines=10, required=True)
    due_at = wall_time(lazy_gettext("When"), Optional())
    kind = HiddenField(validators=[AnyOf(writing.KINDS)])


@pages.route("/meetings/<int:meeting_id>/letters/write", methods=["GET", "POST"])
def add(meeting_id: int) -> Response | tuple[str, int]:
    """Write a letter to those who come, wait, are silent, or all; `?kind=thanks` begins with a thank-you."""
    kind = "thanks" if request.args.get("kind") == "thanks" else "own"
    subject, text = writing.THANKS if kind == "thanks" else ({}, {})
    return _written(MessageForm(data={"kind": kind, "audience": "coming", "subject": subject, "words": text}), None)


@pages.route("/meetings/<int:meeting_id>/letters/own/<int:message_id>/edit", methods=["GET", "POST"])
def edit(meeting_id: int, message_id: int) -> Response | tuple[str, int]:
    """Change a letter that has not gone out."""
    found = _message(message_id)
    stored = {name: getattr(found, name) for name in ("kind", "audience", "subject", "words")}
    due_at = found.due_at.astimezone(ZoneInfo(g.meeting.zone)).replace(tzinfo=None) if found.due_at else None
    return _written(MessageForm(data={**stored, "due_at": due_at}), message_id)


def _written(form: MessageForm, message_id: int | None) -> Response | tuple[str, int]:
    number: list[int] = []

    def act() -> None:
        moment = in_utc(form.due_at.data, g.meeting.zone) if form.due_at.data else None
        message = writing.draft(
            g.meeting.id,
            kind=str(form.kind.data),
            audience=str(form.audience.data),
            subject=form.subject.data,
            words=form.words.data,
            due_at=moment,
            actor_id=loading.me().id,
            message_id=message_id,
        )
        number.append(message.id)

    if attempt(form, act):
        return _to_check(number[0])
    return _page("message.html", form=form, message_id=message_id), form.status


class QueueForm(Form):
    """The version that was looked at."""

    version = HiddenField()


@pages.route("/meetings/<int:meeting_id>/letters/own/<int:message_id>", methods=["GET", "POST"])
def check(meeting_id: int, message_id: int) -> Response | tuple[Response, int]:
    """To whom it goes, in which languages, who is left out and why, how it looks; then let it go."""
    message = _message(message_id)
    form = QueueForm(data={"version": str(message.version)})

    def act() -> None:
        version = str(form.version.data)
        writing.queue(
            message_id,
            meeting_id,
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else -1,
            actor_id=loading.me().id,
        )

    if attempt(form, act):
        flash(gettext("The letter is on its way; it goes out by itself."))
        return _to_check(message_id)
    message = _message(message_id)
    number = loading.page_number()
    names = writing.left_out(message, limit=PAGE + 1, offset=(number - 1) * PAGE)
    language = request.args.get("language")
    page = _page(
        "message_check.html",
        form=form,
        message=message,
        counted=writing.counted(message),
        fates=writing.fates(g.meeting.id).get(message.id, {}),
        names=names[:PAGE],
        page={"number": number, "more": len(names) > PAGE},
        chosen=language if language in LANGUAGES else (message.written or [loading.language()])[0],
        fallback=writing.said(message.subject, message.words, "", g.series.first_language).lang,
        paused=g.meeting.paused_at or g.series.paused_at or loading.installed().paused_at,
    )
    return loading.framing(page), form.status


@pages.post("/meetings/<int:meeting_id>/letters/own/<int:message_id>/withdraw")
def withdraw(meeting_id: int, message_id: int) -> Response:
    """Take a letter back; what has not left does not leave."""
    kept = writing.withdraw(_message(message_id).id, meeting_id, actor_id=loading.me().id)
    flash(
        ngettext(
            "The letter was withdrawn; %(num)s did not leave.", "The letter was withdrawn; %(num)s did not leave.", kept
        )
        if kept
        else gettext("The letter was withdrawn.")
    )
    return _to_check(message_id)


# --- paragraphs -------------------------------------------------------------------------------------------------------


class ParagraphForm(Form):
    """A paragraph in a letter of the plan."""

    words = TextsField(lazy_gettext("Paragraph"), longest=4000, lines=6)


@pages.route("/meetings/<int:meeting_id>/letters/paragraphs/<kind>", methods=["GET", "POST"])
def paragraph(meeting_id: int, kind: str) -> Response | tuple[Response, int]:
    """Put a paragraph of one's own into a kind of letter about this meeting, and see it there."""
    if kind not in writing.with_paragraph():
        raise Missing(N_("There is no such letter."))
    form = ParagraphForm(data={"words": writing.paragraph(meeting_id, kind)})
    if attempt(form, lambda: writing.put(meeting_id, kind, form.words.data, actor_id=loading.me().id)):
        flash(gettext("Saved. Every letter of this kind that has not left yet has it."))
        return redirect(url_for("writing.paragraph", meeting_id=meeting_id, kind=kind), 303)
    language = request.args.get("language", loading.language())
    chosen = language if language in LANGUAGES else loading.language()
    return loading.framing(_page("paragraph.html", form=form, kind=kind, chosen=chosen)), form.status


# --- nudges -----------------------------------------------------------------------------------------------------------


class NudgeForm(Form):
    """Whom to nudge: the boxes have a name of their own."""

    everybody = HiddenField()


@pages.route("/meetings/<int:meeting_id>/letters/nudge", methods=["GET", "POST"])
def nudge(meeting_id: int) -> Response | tuple[str, int]:
    """Who is silent and when each was last written to; nudge those who are ticked, or all not written to lately."""
    form, number = NudgeForm(), loading.page_number()
    posted: list[int] = []

    def act() -> None:
        ticked = None if request.form.get("everybody") == "y" else _ticked()
        posted.append(writing.nudge(meeting_id, ticked, night=_night(), actor_id=loading.me().id))

    if attempt(form, act):
        flash(ngettext("%(num)s person is nudged.", "%(num)s people are nudged.", posted[0]))
        return redirect(url_for("outbox.of_meeting", meeting_id=meeting_id), 303)
    found = writing.silent(g.meeting, limit=PAGE + 1, offset=(number - 1) * PAGE)
    silent, rested = writing.could_be_nudged(g.meeting)
    return _page(
        "nudge.html",
        form=form,
        found=found[:PAGE],
        silent=silent,
        rested=rested,
        page={"number": number, "more": len(found) > PAGE},
    ), form.status


def _ticked() -> list[int]:
    """The numbers of those who are ticked. Raises `BadInput`."""
    typed = request.form.getlist("members")
    if len(typed) > PAGE or not all(one.isascii() and one.isdigit() and len(one) < 10 for one in typed):
        raise BadInput("members", N_("Please tick at least one person."))
    return [int(one) for one in typed]


# --- tests ------------------------------------------------------------------------------------------------------------


@pages.post("/meetings/<int:meeting_id>/letters/test")
def send_test(meeting_id: int) -> Response:
    """Send a letter to oneself, as an invented reader or a member would get it."""
    kind, language = request.form.get("kind", ""), request.form.get("language", "")
    member, message = (_number(name) for name in ("member", "message"))
    if language not in LANGUAGES or (member is not None and not writing.concerns(g.meeting, member)):
        raise Missing(N_("There is no such letter."))
    writing.send_test(g.meeting, kind, to=loading.me(), language=language, as_member=member, message_id=message)
    flash(gettext("The letter is on its way to your own address."))
    shown = url_for(
        "outbox.preview", meeting_id=meeting_id, kind=kind, language=language, member=member, message=message
    )
    return redirect(shown, 303)


def _number(name: str) -> int | None:
    typed = request.form.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None
