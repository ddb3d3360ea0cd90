"""Answers to a meeting: behind the link in a letter, without signing in, and from a meeting's page.

A GET only shows, whatever stands in the address: mail scanners follow links. What may be answered until when is the
business of `rsvps.answer`. The link speaks for one member and one meeting; of the member it shows the name and this
answer, nothing else, and it sets no cookie.
"""

from typing import Any, NamedTuple

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import and_, bindparam, select
from werkzeug.wrappers import Response

from asanokai import clock, languages, members, merging, questions, showing
from asanokai.db import session as database
from asanokai.errors import N_, Expired, Missing
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.rsvps import CHOICES, HELD, QUEUED, Rsvp
from asanokai.series import Series
from asanokai.tokens import ANSWER_LIFE_AFTER_MEETING
from asanokai.web import about, asking, loading
from asanokai.web.forms import AnswerForm, LinkAnswerForm, attempt

pages = Blueprint("answer", __name__)

GONE = ("left", "erased")


@pages.route("/answer/<token>", methods=["GET", "POST"])
def by_link(token: str) -> Response | tuple[str, int]:
    """GET shows the answer given, or the one in ?answer= preselected. POST answers, and leads back here (303)."""
    link = _opened(token)
    asked = questions.asked(link.meeting_id, link.series_id) if link.asks else []
    form = asking.made(asked, base=LinkAnswerForm)
    if attempt(form, lambda: asking.enter(link.meeting_id, link.member_id, form, by="link", actor_id=link.member_id)):
        return redirect(_itself(token), 303)
    return render_template("answer/by_link.html", **_shown(link, form), action=_itself(token)), form.status


class Link(NamedTuple):
    """Whose answer to what a link is about, and whether the meeting asks questions of its own."""

    meeting_id: int
    member_id: int
    series_id: int
    asks: bool


def _opened(token: str) -> Link:
    """Read the token and let the page speak its reader's language.

    Raises `Missing` for one that was not minted here, `Expired` 30 days after the meeting or if the member has left.
    """
    meeting_id, member_id = loading.tokens().read("answer", token)
    row = _meeting_and_reader(meeting_id, member_id)
    if row is not None and row.standing == "erased":
        # Sent before somebody's two rows were made one: it leads to the one that was kept.
        member_id = merging.kept(member_id)
        row = _meeting_and_reader(meeting_id, member_id)
    if row is None or row.announced_at is None:
        raise Missing(N_("There is no such meeting."))
    loading.reads(row.language)
    if row.standing in GONE or clock.now() - row.ends_at > ANSWER_LIFE_AFTER_MEETING:
        raise Expired(N_("This link is no longer valid."))
    return Link(meeting_id, member_id, row.series_id, row.asks)


# Columns, not rows: an answer that is taken needs no more than this.
_MEETING_AND_READER = (
    select(
        Meeting.announced_at,
        Meeting.ends_at,
        Meeting.series_id,
        loading.HANGING["questions"].label("asks"),
        Member.standing,
        Member.language,
    )
    .join(Member, Member.id == bindparam("member"))
    .where(Meeting.id == bindparam("meeting"))
)


def _meeting_and_reader(meeting_id: int, member_id: int) -> Any:
    return database().execute(_MEETING_AND_READER, {"meeting": meeting_id, "member": member_id}).one_or_none()


def _itself(token: str) -> str:
    return url_for("answer.by_link", token=token, lang=languages.known(request.args.get("lang")))


def _shown(link: Link, form: AnswerForm) -> dict[str, Any]:
    meeting, series, rsvp, held, queued = (
        database()
        .execute(
            select(Meeting, Series, Rsvp, HELD, QUEUED)
            .join(Series, Series.id == Meeting.series_id)
            .outerjoin(Rsvp, and_(Rsvp.meeting_id == Meeting.id, Rsvp.member_id == link.member_id))
            .where(Meeting.id == link.meeting_id)
        )
        .one()
    )
    member = members.by_id(link.member_id)
    if not form.is_submitted():
        form = asking.started(list(form.questions), rsvp, base=LinkAnswerForm, **_preselected())
    since = rsvp.answered_at if rsvp is not None and rsvp.answer != "invited" else None
    return {
        **about.answering(meeting, series, rsvp, form, held=held, queued=queued, zone=member.zone),
        "name": member.name.full(loading.language()),
        "answered": showing.in_words(since, loading.language(), meeting.zone) if since else "",
        "preselected": "answer" in _preselected() and not form.is_submitted(),
    }


def _preselected() -> dict[str, str]:
    choice = request.args.get("answer")
    return {"answer": choice} if choice in CHOICES else {}


@pages.post("/meetings/<path>/answer")
def by_member(path: str) -> Response | tuple[str, int]:
    """From the meeting's page or the member's own. A refusal shows the meeting's page with what was typed."""
    if not current_user.is_authenticated:
        session["next"] = url_for("programme.meeting", path=path)
        return redirect(url_for("signing_in.ask"), 303)
    if not about.may_answer():
        raise Missing(N_("There is no such page, or none that you may see."))
    meeting_id, member_id = g.meeting.id, loading.me().id
    form = asking.made(questions.asked(meeting_id, g.series.id))
    if attempt(form, lambda: asking.enter(meeting_id, member_id, form, by="page", actor_id=member_id)):
        flash(gettext("Your answer is saved."))
        return redirect(_where_from(path), 303)
    return render_template("programme/meeting.html", **about.meeting(form)), form.status


def _where_from(path: str) -> str:
    if request.args.get("from") == "me":
        return url_for("account.me")
    return url_for("programme.meeting", path=path)
