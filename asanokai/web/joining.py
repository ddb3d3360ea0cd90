"""Asking to take part, and confirming it by the link that comes by mail. The page says the same whether an address is
known or not.
"""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from asanokai import applying, clock, knocking, languages, meetings, members, showing
from asanokai import series as series_rules
from asanokai.errors import N_, Missing
from asanokai.meetings import Meeting
from asanokai.members import LONGEST_ADDRESS, Application
from asanokai.series import Series
from asanokai.web import limits, loading
from asanokai.web.forms import REQUIRED, ButtonForm, attempt, line, options, text
from asanokai.web.person import NAME_FIELDS, PersonForm, said_before

pages = Blueprint("joining", __name__)


CONSENT_VERSION = "2026-11"
"""Goes up with every change of the two texts below: what somebody agreed to is kept with it, word by word."""


def _consent(meeting: Meeting | None) -> str:
    name = loading.organisation()
    if meeting is None:
        words = gettext(
            "I agree that %(organisation)s keeps these details and writes to me by mail to invite me to its meetings. "
            "I can end this at any time with one click, from every invitation.",
            organisation=name,
        )
    else:
        words = gettext(
            "I agree that %(organisation)s keeps these details to prepare this meeting and writes to me by mail about "
            "it. I can withdraw this at any time.",
            organisation=name,
        )
    return str(words)


class JoinForm(PersonForm):
    """Somebody who would like to belong to a series, or to come to one meeting. `website` is for programs only."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=LONGEST_ADDRESS)
    series = RadioField(
        lazy_gettext("What would you like to be invited to?"), validators=[InputRequired(REQUIRED)], coerce=int
    )
    answer = RadioField(
        lazy_gettext("Would you come?"),
        choices=options({"yes": lazy_gettext("Yes"), "maybe": lazy_gettext("Maybe")}),
        validators=[InputRequired(lazy_gettext("Please choose yes or maybe."))],
        default="yes",
    )
    guests = IntegerField(lazy_gettext("Guests you bring"), [Optional(), NumberRange(min=0, max=20)])
    message = text(lazy_gettext("A word to the organisers"), longest=1000)
    consent = BooleanField(validators=[DataRequired(lazy_gettext("Without your consent we may not write to you."))])
    website = StringField(lazy_gettext("Please leave this empty"), [Length(max=1000)])


@pages.route("/join", methods=["GET", "POST"])
def join() -> Response | tuple[str, int]:
    """Ask to take part: in a meeting (?meeting=), in a series (?series=), or in one to choose.

    A letter asks to confirm; until then nothing happens. The page says the same whether the address is known or not.
    """
    meeting = _meeting_to_join() if request.args.get("meeting") else None
    choice = [] if meeting else _series_to_join()
    if request.args.get("sent") and request.method == "GET":
        decided = meeting.needs_approval if meeting else any(series.needs_approval for series in choice)
        return render_template("account/applied.html", meeting=_one(meeting), decided=decided), 200
    if not choice and (meeting is None or not _takes(meeting)):
        status = 409 if request.method == "POST" else 200
        return render_template("account/join_closed.html", meeting=_one(meeting)), status
    form = _join_form(meeting, choice)
    if attempt(form, lambda: _apply(form, meeting)):
        chosen = {series.slug for series in choice if series.id == form.series.data}
        return redirect(
            url_for("joining.join", **{**_about_what(), "sent": "1", "series": min(chosen, default=None)}), 303
        )
    return render_template("account/join.html", form=form, meeting=_one(meeting), here=_about_what()), form.status


def _meeting_to_join() -> Meeting:
    meeting, _ = meetings.by_path(request.args["meeting"])
    if not meeting.public or meeting.announced_at is None:
        raise Missing(N_("There is no such meeting."))
    return meeting


def _takes(meeting: Meeting) -> bool:
    return meeting.state == "announced" and clock.now() <= meeting.answer_until


def _series_to_join() -> list[Series]:
    found, slug = meetings.open_series(), request.args.get("series")
    if not slug:
        return found
    asked = [series for series in found if series.slug == slug]
    if not asked:
        raise Missing(N_("There is no such page, or none that you may see."))
    return asked


def _about_what() -> dict[str, Any]:
    return {name: request.args[name] for name in ("meeting", "series", "lang") if request.args.get(name)}


def _one(meeting: Meeting | None) -> showing.Shown | None:
    if meeting is None:
        return None
    return showing.shown_all([meeting], language=loading.language(), zone=loading.zone())[0]


def _join_form(meeting: Meeting | None, choice: list[Series]) -> JoinForm:
    """The form with the fields that this application needs."""
    form = JoinForm(data={"language": loading.language(), "answer": "yes", **_known_already()})
    form.consent.label.text = _consent(meeting)
    if meeting is None:
        del form.answer, form.guests
        form.series.choices = options(
            {row.id: languages.pick(row.name, loading.language(), row.first_language) for row in choice}
        )
        if len(choice) == 1 and not form.is_submitted():
            form.series.data = choice[0].id
    else:
        del form.series
        if meeting.guests_allowed == 0:
            del form.guests
    return form


def _known_already() -> dict[str, Any]:
    if not current_user.is_authenticated:
        return {}
    address = members.main_address(loading.me())
    return {**said_before(loading.me()), "email": address.text if address else ""}


def _apply(form: JoinForm, meeting: Meeting | None) -> None:
    if form.website.data:
        # Only programs fill in what nobody sees. They are told the same as everybody.
        return
    email = form.email.data or ""
    limits.asked("letter", account=members.normal_address(email))
    knocking.ask_to_take_part(
        form.person,
        email,
        series_id=None if meeting else form.series.data,
        meeting_id=meeting.id if meeting else None,
        answer=form.answer.data if meeting else None,
        guests=(form.guests.data or 0) if "guests" in form else 0,
        message=form.message.data or "",
        consent_text=_consent(meeting),
        consent_version=members.versioned(CONSENT_VERSION, loading.language()),
        from_address=request.remote_addr,
    )


@pages.route("/join/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Response | tuple[str, int]:
    """The link that an application or a coordinator's invitation is confirmed by: GET shows what to, POST confirms.

    Confirmed already, it says what happens next.
    """
    application_id, nonce = loading.tokens().read("opt-in", token)
    application = applying.open_application(application_id, nonce)
    loading.reads((application.person or {}).get("language") or members.by_id(application.member_id).language)
    consent = application.consent_text or _consent(None)
    form = ButtonForm()
    if attempt(
        form,
        lambda: applying.confirm(
            application_id,
            nonce,
            from_address=request.remote_addr,
            consent=(consent, members.versioned(CONSENT_VERSION, loading.language())),
        ),
    ):
        return redirect(url_for("joining.confirm", token=token, lang=request.args.get("lang")), 303)
    page = render_template(
        "account/confirm.html", form=form, application=application, consent=consent, token=token, **_asked(application)
    )
    return page, form.status


def _asked(application: Application) -> dict[str, Any]:
    """What an application is about, and what its applicant said."""
    said = {name: words for name, words in (application.person or {}).items() if name in NAME_FIELDS}
    address = members.main_address(members.by_id(application.member_id))
    series = series_rules.by_id(application.series_id or 0)
    return {
        "name": languages.Name(**said).full(loading.language()),
        "address": address.text if address else "",
        "series": languages.pick(series.name, loading.language(), series.first_language),
        "meeting": _one(meetings.by_id(application.meeting_id)) if application.meeting_id else None,
    }
