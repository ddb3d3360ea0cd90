"""Mail that came: what waits for somebody, one mail with what the program made of it, and what can be done about it.

Only what concerns the reader's own series; what belongs to none is for administrators. What a stranger wrote is shown
as plain words: no link in it can be followed, and nothing is loaded. It is shown to whoever asks by a button, and that
it was read is noted.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from asanokai import journal, meetings, members, showing
from asanokai.errors import N_, BadInput, Missing
from asanokai.intake import KEPT, Incoming, seeing, settling
from asanokai.meetings import Meeting
from asanokai.rsvps import CHOICES
from asanokai.web import loading, words
from asanokai.web.forms import HIGHEST, REQUIRED, Form, attempt, options, row_number, text

pages = Blueprint("mail", __name__)

PAGE = 100


@dataclass(frozen=True)
class Part:
    """One page of the list; `more` says whether there is another one."""

    entries: list[Incoming]
    number: int
    more: bool


class ReplyForm(Form):
    """Words that answer a mail."""

    words = text(lazy_gettext("Your reply"), InputRequired(REQUIRED), longest=settling.LONGEST_REPLY)


class EnterForm(Form):
    """What a mail says, as an answer."""

    meeting = SelectField(lazy_gettext("Meeting"), coerce=row_number, validate_choice=False)
    answer = RadioField(
        lazy_gettext("Answer"),
        [InputRequired(REQUIRED)],
        choices=options({choice: words.ANSWERS[choice] for choice in CHOICES}),
    )
    guests = IntegerField(lazy_gettext("Guests"), [Optional(), NumberRange(0, 20)])


def _own() -> Collection[int] | None:
    return None if loading.me().administrator else loading.desk_series_ids()


# --- the list ---------------------------------------------------------------------------------------------------------


@pages.get("/mail")
def everything() -> str:
    """The mails that wait, or those of another kind (`?kind=`), of one meeting or one member if asked."""
    own, number = _own(), loading.page_number()
    kind = request.args.get("kind", "open")
    kind = kind if kind in seeing.KINDS else "open"
    about = {"meeting_id": _number("meeting"), "member_id": _number("member")}
    found = seeing.mails(own, kind=kind, limit=PAGE + 1, offset=(number - 1) * PAGE, **about)
    page = Part(list(found[:PAGE]), number, len(found) > PAGE)
    return render_template(
        "coordinate/mails.html",
        page=page,
        kind=kind,
        counts=seeing.counts(own, **about),
        about=request.args.to_dict(),
        people=members.by_ids({mail.member_id for mail in page.entries if mail.member_id}),
        meetings_of=meetings.by_ids({mail.meeting_id for mail in page.entries if mail.meeting_id}),
        **_common(),
    )


def _number(name: str) -> int | None:
    number = request.args.get(name, type=int)
    return number if number is not None and 0 < number <= HIGHEST else None


def _common() -> dict[str, Any]:
    return {
        "words": words,
        "in_words": showing.in_words,
        "zone": loading.me().zone,
        "language": loading.language(),
    }


# --- one mail ---------------------------------------------------------------------------------------------------------


@pages.route("/mail/<int:mail_id>", methods=["GET", "POST"])
def show(mail_id: int) -> tuple[str, int]:
    """One mail: who, when, about what, what became of it, what to do. POST shows what was written too, and that it was
    read is noted. What was typed into one of the forms meanwhile comes with it, and stays there."""
    if request.method != "POST":  # HEAD is asked as GET is
        return _shown(mail_id)
    mail = _mail(mail_id)
    if seeing.is_kept(mail):
        about = {"meeting": mail.meeting_id, "member": mail.member_id}
        journal.write("read", "mail", mail_id, actor_id=loading.me().id, **about)
    reply = ReplyForm() if "words" in request.form else None
    enter = EnterForm() if "meeting" in request.form else None
    return _shown(mail_id, reply=reply, enter=enter, read=True)


def _shown(
    mail_id: int, *, reply: ReplyForm | None = None, enter: EnterForm | None = None, read: bool = False
) -> tuple[str, int]:
    own = _own()
    mail = _mail(mail_id)
    to = settling.addressee(mail)
    possible = settling.possible(mail, None if own is None else list(own))
    entering = enter or EnterForm(formdata=None, data={"answer": _suggested(mail)})
    entering.meeting.choices = [(one.id, _date(one)) for one in possible]
    page = render_template(
        "coordinate/mail.html",
        mail=mail,
        kept=seeing.is_kept(mail),
        contents=seeing.contents(mail) if read else None,
        typed_into="reply-form" if reply else "enter-form" if enter else "",
        kept_days=KEPT.days,
        member=members.by_id(mail.member_id) if mail.member_id else None,
        meeting=meetings.by_id(mail.meeting_id) if mail.meeting_id else None,
        settled_by=members.by_id(mail.settled_by_id) if mail.settled_by_id else None,
        to=to,
        to_member=members.by_id(to.member_id) if to and to.member_id else None,
        proposed=_moment(mail, "proposed_at"),
        delegate=str((mail.facts or {}).get("delegated_to") or ""),
        possible=possible,
        reply=reply or ReplyForm(formdata=None),
        enter=entering,
        **_common(),
    )
    status = next((form.status for form in (reply, enter) if form is not None and form.status != 200), 200)
    return page, status


def _mail(mail_id: int) -> Incoming:
    if mail_id > HIGHEST:
        raise Missing(N_("There is no such mail."))
    return seeing.one(mail_id, _own())


def _suggested(mail: Incoming) -> str | None:
    said = (mail.facts or {}).get("answer")
    return said if said in CHOICES else None


def _date(meeting: Meeting) -> str:
    return showing.in_words(meeting.starts_at, loading.language(), meeting.zone)


def _moment(mail: Incoming, name: str) -> datetime | None:
    said = (mail.facts or {}).get(name)
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


# --- what can be done -------------------------------------------------------------------------------------------------


@pages.post("/mail/<int:mail_id>/reply")
def reply(mail_id: int) -> Response | tuple[str, int]:
    """Answer it by a letter."""
    _mail(mail_id)
    form = ReplyForm()

    def act() -> None:
        settling.reply(mail_id, form.words.data or "", language=loading.language(), actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("Your reply goes out."))
        return _back(mail_id)
    return _shown(mail_id, reply=form)


@pages.post("/mail/<int:mail_id>/enter")
def enter(mail_id: int) -> Response | tuple[str, int]:
    """Enter what it says."""
    mail, own = _mail(mail_id), _own()
    form = EnterForm()

    def act() -> None:
        possible = settling.possible(mail, None if own is None else list(own))
        if form.meeting.data not in {one.id for one in possible}:
            raise BadInput("meeting", N_("Please choose a meeting."))
        settling.enter(mail_id, form.meeting.data, str(form.answer.data), form.guests.data, actor_id=loading.me().id)

    if attempt(form, act):
        flash(gettext("The answer is entered."))
        return _back(mail_id)
    return _shown(mail_id, enter=form)


@pages.post("/mail/<int:mail_id>/settle")
def settle(mail_id: int) -> Response:
    """Nothing more needs to be done."""
    _mail(mail_id)
    settling.settle(mail_id, actor_id=loading.me().id)
    flash(gettext("Settled."))
    return redirect(url_for("mail.everything"), 303)


@pages.post("/mail/<int:mail_id>/again")
def again(mail_id: int) -> Response:
    """Let the program try once more."""
    _mail(mail_id)
    settling.take_in_again(mail_id, actor_id=loading.me().id)
    flash(gettext("The mail is taken in again within a minute."))
    return _back(mail_id)


def _back(mail_id: int) -> Response:
    return redirect(url_for("mail.show", mail_id=mail_id), 303)
