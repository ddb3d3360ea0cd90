"""Deputies and assistants: naming them, agreeing to be one, and answering for whoever named one.

The page says the same whether an address is known or not. An answer given here is noted as a deputy's; its confirmation
goes to the member.
"""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import InputRequired

from asanokai import clock, deputies, questions, rsvps, showing
from asanokai.db import session as database
from asanokai.errors import N_, Missing
from asanokai.meetings import Meeting
from asanokai.rsvps import HELD, QUEUED
from asanokai.series import Series
from asanokai.web import about, asking, loading, words
from asanokai.web.forms import REQUIRED, Form, attempt, line, options

pages = Blueprint("deputy", __name__)

LONGEST_ADDRESS = 254


class DeputyForm(Form):
    """Whom to name."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=LONGEST_ADDRESS)
    kind = RadioField(
        lazy_gettext("In which role?"),
        choices=options(words.DEPUTIES),
        default="deputy",
        validators=[InputRequired(REQUIRED)],
    )


@pages.route("/me/deputies", methods=["GET", "POST"])
def mine() -> Response | tuple[str, int]:
    """Whom I named, who asks me, for whom I may answer. POST names somebody."""
    member, form = loading.me(), DeputyForm()
    if attempt(form, lambda: deputies.name(member, form.email.data or "", form.kind.data, actor_id=member.id)):
        flash(gettext("Noted. As soon as the person signs in and agrees, they can answer for you."))
        return redirect(url_for("deputy.mine"), 303)
    page = render_template(
        "account/deputies.html",
        form=form,
        words=words,
        language=loading.language(),
        named=deputies.named_by(member),
        asking=deputies.asking(member),
        represented=deputies.answers_for(member),
    )
    return page, form.status


@pages.post("/me/deputies/<int:deputy_id>/remove")
def remove(deputy_id: int) -> Response:
    """Let somebody answer for me no more."""
    deputies.remove(loading.me(), deputy_id, actor_id=loading.me().id)
    flash(gettext("Removed. This person can no longer answer for you."))
    return redirect(url_for("deputy.mine"), 303)


@pages.post("/me/deputies/<int:deputy_id>/agree")
def agree(deputy_id: int) -> Response:
    """Agree to be somebody's deputy."""
    deputies.agree(loading.me(), deputy_id, actor_id=loading.me().id)
    flash(gettext("From now on you can answer for this person."))
    return redirect(url_for("deputy.mine"), 303)


@pages.post("/me/deputies/<int:deputy_id>/refuse")
def refuse(deputy_id: int) -> Response:
    """Be it not, or no longer."""
    deputies.refuse(loading.me(), deputy_id, actor_id=loading.me().id)
    flash(gettext("Done. You do not answer for this person."))
    return redirect(url_for("deputy.mine"), 303)


@pages.get("/me/for/<int:member_id>")
def meetings(member_id: int) -> str:
    """The coming meetings of somebody I may answer for."""
    member = deputies.represented(loading.me(), member_id)
    found = rsvps.concerning(member_id, since=clock.now())
    return render_template(
        "account/deputy_meetings.html",
        member=member,
        name=member.name.full(loading.language()),
        meetings=showing.shown_all(list(found), language=loading.language(), zone=loading.zone()),
        answers=rsvps.of_member(member_id, [meeting.id for meeting in found]),
    )


@pages.route("/me/for/<int:member_id>/<int:meeting_id>", methods=["GET", "POST"])
def answer(member_id: int, meeting_id: int) -> Response | tuple[str, int]:
    """Answer for somebody."""
    member = deputies.represented(loading.me(), member_id)
    if meeting_id not in {meeting.id for meeting in rsvps.concerning(member_id, since=clock.now())}:
        raise Missing(N_("There is no such meeting."))
    standing = (
        select(Meeting, Series, HELD, QUEUED)
        .join(Series, Series.id == Meeting.series_id)
        .where(Meeting.id == meeting_id)
    )
    g.meeting, g.series, held, queued = database().execute(standing).one()
    asked = questions.asked(meeting_id, g.series.id)
    rsvp = rsvps.of(meeting_id, member_id)
    form = asking.started(asked, rsvp) if request.method == "GET" else asking.made(asked)
    if attempt(form, lambda: asking.enter(meeting_id, member_id, form, by="deputy", actor_id=loading.me().id)):
        flash(gettext("The answer is saved; the confirmation goes to the person you answered for."))
        return redirect(url_for("deputy.answer", member_id=member_id, meeting_id=meeting_id), 303)
    facts: dict[str, Any] = about.answering(
        g.meeting, g.series, rsvps.of(meeting_id, member_id), form, held=held, queued=queued, zone=member.zone
    )
    name = member.name.full(loading.language())
    return render_template("account/deputy_answer.html", member=member, name=name, **facts), form.status
