"""The roll of a meeting: who comes, waits, may come, is silent, declined; and one person's line with all that is known.

The guard has loaded g.meeting and g.series. A hundred lines of one part are shown at once; paper has them all. What
somebody wrote to the organisers, or replied about food, is shown to whoever asks by a button, and its reading is noted.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import SelectField
from wtforms.validators import InputRequired

from asanokai import guests, journal, members, questions, rsvps, showing, topics
from asanokai.db import session as database
from asanokai.errors import N_, BadInput
from asanokai.journal import Entry
from asanokai.members import Member
from asanokai.rsvps import SHEETS, Line, Rsvp
from asanokai.web import about, asking, loading, words
from asanokai.web.forms import REQUIRED, AnswerForm, Form, attempt, line, options, row_number

pages = Blueprint("roll", __name__)

MOST_PAGES = 10_000


def _page(template: str, **facts: Any) -> str:
    shown = showing.shown(g.meeting, g.series, topics.of(g.meeting), language=loading.language(), zone=loading.zone())
    return render_template(
        f"coordinate/{template}",
        shown=shown,
        meeting=g.meeting,
        words=words,
        language=loading.language(),
        in_words=showing.in_words,
        **facts,
    )


# --- the list ---------------------------------------------------------------------------------------------------------


@pages.route("/meetings/<int:meeting_id>/roll", methods=["GET", "POST"])
def show(meeting_id: int) -> str:
    """One part of the roll (`?part=`), searched (`?name=`), a page at a time; on top what the caterer needs. POST shows
    with it what these people wrote to the organisers."""
    part = request.args.get("part", "")
    part = part if part in SHEETS else SHEETS[0]
    sought = request.args.get("name", "")[:100].replace("\0", "")
    number = min(max(request.args.get("page", 1, type=int), 1), MOST_PAGES)
    sheet = rsvps.sheet(meeting_id, part, sought, page=number)
    tally = rsvps.tallies([meeting_id])[meeting_id]
    wrote = sum(bool(entry.rsvp.comment) for entry in sheet.lines)
    if request.method == "POST" and wrote:
        journal.write("read", "roll", meeting_id, actor_id=loading.me().id, meeting=meeting_id, count=wrote)
    return _page(
        "roll.html",
        sheet=sheet,
        sought=sought,
        tally=tally,
        lengths=rsvps.lengths(tally),
        named=guests.of([entry.rsvp for entry in sheet.lines]),
        counts=_counts(meeting_id),
        wrote=wrote,
        read=request.method == "POST",
    )


def _counts(meeting_id: int) -> list[tuple[questions.Question, list[tuple[str, int]]]]:
    """The replies of those who come, counted and in words."""
    language = loading.language()
    return [
        (question, [(questions.in_words(question, value, language) or gettext("other words"), n) for value, n in found])
        for question, found in questions.counts(meeting_id)
    ]


# --- one line ---------------------------------------------------------------------------------------------------------


class MoveUpForm(Form):
    """Why somebody gets a seat before others."""

    reason = line(lazy_gettext("Reason"), InputRequired(REQUIRED), longest=300)


class PassOnForm(Form):
    """To whom a seat goes."""

    colleague = SelectField(lazy_gettext("Colleague"), coerce=row_number, validate_choice=False)


@pages.route("/meetings/<int:meeting_id>/roll/<int:member_id>", methods=["GET", "POST"], endpoint="line")
def one(meeting_id: int, member_id: int) -> Response | tuple[str, int]:
    """Everything about one person's answer. POST enters what they said by telephone or in person."""
    entry = rsvps.line(meeting_id, member_id)
    if request.method == "GET":
        return _line(entry)
    hidden = _hidden(entry.rsvp)
    asked = [one for one in _asked() if one.id not in hidden or one.field in request.form]
    form = asking.made(asked)
    if attempt(form, lambda: asking.enter(meeting_id, member_id, form, by="coordinator", actor_id=loading.me().id)):
        return _saved(meeting_id, member_id)
    return _line(rsvps.line(meeting_id, member_id), answer=form)


@pages.post("/meetings/<int:meeting_id>/roll/<int:member_id>/replies")
def replies(meeting_id: int, member_id: int) -> tuple[str, int]:
    """The same with what the person replied about food, and wrote to the organisers. That it was read is noted."""
    entry = rsvps.line(meeting_id, member_id)
    number, about = entry.rsvp.id, {"meeting": meeting_id, "member": member_id}
    if _hidden(entry.rsvp):
        journal.write("read", "reply", number, actor_id=loading.me().id, **about)
    if entry.rsvp.comment:
        journal.write("read", "comment", number, actor_id=loading.me().id, **about)
    return _line(entry, shown=True)


def _asked() -> list[questions.Question]:
    return questions.asked(g.meeting.id, g.series.id)


def _hidden(rsvp: Rsvp) -> set[int]:
    """The questions with replies that may speak of health or belief: shown only on request."""
    said = questions.replies(rsvp.id)
    return {one.id for one in _asked() if one.sensitive and one.id in said}


@pages.post("/meetings/<int:meeting_id>/roll/<int:member_id>/move-up")
def move_up(meeting_id: int, member_id: int) -> Response | tuple[str, int]:
    """Give a free seat to somebody who waits, before others, and say why."""
    rsvps.line(meeting_id, member_id)
    form = MoveUpForm()
    if attempt(form, lambda: rsvps.move_up(meeting_id, member_id, form.reason.data or "", actor_id=loading.me().id)):
        return _saved(meeting_id, member_id)
    return _line(rsvps.line(meeting_id, member_id), up=form)


@pages.post("/meetings/<int:meeting_id>/roll/<int:member_id>/pass-on")
def pass_on(meeting_id: int, member_id: int) -> Response | tuple[str, int]:
    """Let a colleague have somebody's seat."""
    rsvps.line(meeting_id, member_id)
    form = PassOnForm()

    def act() -> None:
        if not form.colleague.data:
            raise BadInput("colleague", N_("Please choose a colleague."))
        rsvps.pass_on(meeting_id, member_id, form.colleague.data, by="coordinator", actor_id=loading.me().id)

    if attempt(form, act):
        return _saved(meeting_id, member_id)
    return _line(rsvps.line(meeting_id, member_id), on=form)


def _saved(meeting_id: int, member_id: int) -> Response:
    flash(gettext("Saved."))
    return redirect(url_for("roll.line", meeting_id=meeting_id, member_id=member_id), 303)


def _line(
    entry: Line,
    *,
    answer: AnswerForm | None = None,
    up: MoveUpForm | None = None,
    on: PassOnForm | None = None,
    shown: bool = False,
) -> tuple[str, int]:
    """The line with its three forms, one of which may have been refused."""
    status = next((form.status for form in (answer, up, on) if form and form.status != 200), 200)
    rsvp, language = entry.rsvp, loading.language()
    asked, said = _asked(), questions.replies(rsvp.id)
    hidden = set() if shown else {one.id for one in asked if one.sensitive and one.id in said}
    asked = [one for one in asked if one.id not in hidden]
    answer = answer or asking.started(asked, rsvp, formdata=None)
    wrote = bool(rsvp.comment) and not shown
    if wrote and not answer.comment.raw_data:
        del answer.comment  # it would hold the words; what is not sent stays as it is
    about.fit_guests(answer, g.meeting, rsvp)
    on = on or PassOnForm(formdata=None)
    possible = rsvps.colleagues(g.meeting, entry.member.id) if rsvp.seat == "held" else []
    on.colleague.choices = options({0: "–", **{one.id: one.name.full(language) for one in possible}})
    notes = rsvps.notes_on(rsvp)
    page = _page(
        "roll_line.html",
        entry=entry,
        part=rsvps.part_of(rsvp),
        place=rsvps.place_in_line(rsvp) if rsvp.seat == "waiting" else None,
        named=guests.of([rsvp]).get(rsvp.id, []),
        replies=[
            (question, questions.in_words(question, said[question.id], language))
            for question in asked
            if question.id in said
        ],
        hidden=len(hidden),
        wrote=wrote,
        notes=notes,
        people=_people(_entered_by(rsvp.id), *(one for note in notes for one in (note.actor_id, note.other_id))),
        entered_by=_entered_by(rsvp.id),
        address=members.main_address(entry.member),
        form=answer,
        up=up or MoveUpForm(formdata=None),
        on=on,
        possible=possible,
    )
    return page, status


def _entered_by(rsvp_id: int) -> int | None:
    """Who entered the answer as it stands: the journal's last word on it."""
    last = select(Entry.actor_id).where(Entry.object == "rsvp", Entry.object_id == rsvp_id, Entry.verb == "answer")
    found = database().scalar(last.order_by(Entry.at.desc(), Entry.id.desc()).limit(1))
    return members.kept(found) if found else None


def _people(*numbers: int | None) -> dict[int, Member]:
    wanted = {number for number in numbers if number}
    return {one.id: one for one in database().scalars(select(Member).where(Member.id.in_(wanted)))} if wanted else {}
