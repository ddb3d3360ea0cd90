"""Signing in and out, a member's own page and settings, and asking to take part.

What an address belongs to is never told: the same words for a known and an unknown one. Links from letters show a
button; only the POST behind it does something.
"""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext, refresh
from flask_login import current_user, login_user, logout_user
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, PasswordField, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from asanokai import applying, clock, journal, languages, meetings, members, rsvps, showing
from asanokai import series as series_rules
from asanokai.db import session as database
from asanokai.errors import N_, BadInput, Missing
from asanokai.meetings import Meeting
from asanokai.members import PASSWORD_MIN, Application, Member
from asanokai.series import Series
from asanokai.web import about, asking, loading, words
from asanokai.web.forms import REQUIRED, Form, attempt, line, no_nul, options, text
from asanokai.web.person import NAME_FIELDS, PersonForm, SettingsForm, said_before

pages = Blueprint("account", __name__)

LONGEST_ADDRESS = 254
PAST = timedelta(days=400)
"""How far back a member's own page looks."""


# --- signing in -------------------------------------------------------------------------------------------------------


class SignInForm(Form):
    """Where to send the link."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=LONGEST_ADDRESS)


class PasswordForm(Form):
    """Address and password, for those who have set one. The fields' ids differ from those of the form above it."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=LONGEST_ADDRESS, id="password-email")
    password = PasswordField(
        lazy_gettext("Password"), [InputRequired(REQUIRED), Length(max=1000)], id="password-itself"
    )


class ButtonForm(Form):
    """Nothing but a button."""


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | tuple[str, int]:
    """Ask for a link by mail. Whether the address is known is not told."""
    form = SignInForm()
    if attempt(form, lambda: members.ask_for_sign_in(form.email.data or "")):
        flash(gettext("If the address belongs to a member, a link is on its way; it is good for 15 minutes."))
        return redirect(url_for("account.sign_in"), 303)
    if current_user.is_authenticated and not form.is_submitted():
        return redirect(url_for("account.me"), 303)
    return _sign_in_page(form, PasswordForm(formdata=None), form.status)


def _sign_in_page(form: SignInForm, by_password: PasswordForm, status: int) -> tuple[str, int]:
    return render_template("account/sign_in.html", form=form, by_password=by_password), status


@pages.post("/sign-in/password")
def sign_in_by_password() -> Response | tuple[str, int]:
    """Sign in with the password somebody has set."""
    form = PasswordForm()
    found: list[Member] = []
    if attempt(form, lambda: found.append(_by_password(form))):
        return _let_in(found[0])
    return _sign_in_page(SignInForm(formdata=None, data={"email": form.email.data}), form, form.status)


def _by_password(form: PasswordForm) -> Member:
    typed = form.email.data or ""
    member = members.by_password(typed, form.password.data or "")
    if member is None:
        whose = members.number_of(typed)
        loading.outlives(lambda: journal.write("refuse", "sign-in", whose, by="password"))
        raise BadInput("password", N_("Address and password do not belong together. A link by mail always works."))
    return member


@pages.route("/sign-in/<token>", methods=["GET", "POST"])
def open_link(token: str) -> Response | tuple[str, int]:
    """The link in the letter: GET shows a button, POST signs in. Spent or too old, it offers to send another (410)."""
    member_id, nonce = loading.tokens().read("sign-in", token)
    form = ButtonForm()
    if form.is_submitted() and form.validate():
        member = members.redeem_sign_in(member_id, nonce)
        if member is not None:
            return _let_in(member)
        loading.outlives(lambda: journal.write("refuse", "sign-in", member_id, by="link"))
    elif members.sign_in_holds(member_id, nonce):
        return render_template("account/open_link.html", token=token), 200
    return render_template("account/link_spent.html", form=SignInForm(formdata=None)), 410


def _let_in(member: Member) -> Response:
    """Begin a session of the member's own: nothing of the one before stays, least of all its identity."""
    wanted = _local(session.get("next"))
    session.clear()
    session.permanent = True
    login_user(member)
    return redirect(wanted or _usual_start(member), 303)


def _local(address: str | None) -> str | None:
    """The address if it is a path here; a browser takes // and /\\ for another host."""
    ours = address and address.startswith("/") and address[1:2] not in ("/", "\\")
    return address if ours else None


def _usual_start(member: Member) -> str:
    if loading.coordinates_anything() and not series_rules.of_member(member):
        return url_for("desk.home")
    return url_for("account.me")


@pages.post("/sign-out")
def sign_out() -> Response:
    """Sign out here, or with `everywhere` on every device."""
    if request.form.get("everywhere"):
        members.sign_out_everywhere(loading.me())
    logout_user()
    session.clear()
    flash(gettext("You are signed out."))
    response = redirect(url_for("programme.home"), 303)
    # What the browser keeps of this member goes too, above all the copy of the own page (static/service-worker.js). Not
    # "cookies": ours is emptied above, and the words just said travel in the one that comes with this answer.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


# --- my meetings ------------------------------------------------------------------------------------------------------


@pages.get("/me/")
def me() -> str:
    """The next meeting with its answer form, the others, those that were, and the personal calendar."""
    member, now = loading.me(), clock.now()
    found = rsvps.concerning(member.id, since=now - PAST)
    coming = [meeting for meeting in found if meeting.ends_at > now]
    first = next((meeting for meeting in coming if meeting.state != "cancelled"), None)
    answers = rsvps.of_member(member.id, [meeting.id for meeting in found])
    past = [meeting for meeting in found if meeting.ends_at <= now and _took_part(answers.get(meeting.id))]
    own, normally = series_rules.of_member(member), rsvps.normally_comes_to(member.id)
    return render_template(
        "account/me.html",
        next=_next(first, answers.get(first.id)) if first else None,
        others=_shown([meeting for meeting in coming if meeting is not first]),
        past=_shown(past[::-1]),
        answers=answers,
        places=rsvps.places_in_line(member.id),
        series=own,
        normally=normally,
        calendar=loading.links().calendar(member.calendar_secret),
        subscribed=member.unsubscribed_at is None,
        address=members.main_address(member),
        in_words=showing.in_words,
        zone=loading.zone(),
    )


def _next(meeting: Meeting, rsvp: rsvps.Rsvp | None) -> dict[str, Any]:
    standing = (
        select(Series, rsvps.HELD, rsvps.QUEUED)
        .join(Meeting, Meeting.series_id == Series.id)
        .where(Meeting.id == meeting.id)
    )
    series, held, queued = database().execute(standing).one()
    form = asking.form(meeting.id, meeting.series_id, rsvp)
    return about.answering(meeting, series, rsvp, form, held=held, queued=queued, zone=loading.zone())


def _shown(found: list[Meeting]) -> list[showing.Shown]:
    return showing.shown_all(found, language=loading.language(), zone=loading.zone())


def _took_part(rsvp: rsvps.Rsvp | None) -> bool:
    return rsvp is not None and rsvp.answer != "invited"


# --- settings ---------------------------------------------------------------------------------------------------------


class NewPasswordForm(Form):
    """A password, twice."""

    password = PasswordField(lazy_gettext("New password"), [InputRequired(REQUIRED), Length(max=1000), no_nul])
    again = PasswordField(lazy_gettext("New password again"), [InputRequired(REQUIRED), Length(max=1000)])

    def validate_again(self, field: Any) -> None:
        """Both are the same."""
        if field.data != self.password.data:
            raise ValidationError(gettext("The two passwords differ."))


@pages.route("/me/settings", methods=["GET", "POST"])
def settings() -> Response | tuple[str, int]:
    """Name, organisation, language and zone; the way to password, calendar address and letters."""
    member = loading.me()
    form = SettingsForm(data=said_before(member))
    if attempt(form, lambda: members.change(member, actor_id=member.id, **form.person)):
        session["lang"] = member.language
        refresh()
        flash(gettext("Your settings are saved."))
        return redirect(url_for("account.settings"), 303)
    return _settings_page(form, NewPasswordForm(formdata=None), form.status)


def _settings_page(form: SettingsForm, new_password: NewPasswordForm, status: int) -> tuple[str, int]:
    member = loading.me()
    page = render_template(
        "account/settings.html",
        form=form,
        new_password=new_password,
        least=PASSWORD_MIN,
        address=members.main_address(member),
        complained_at=members.complained_at(member.id),
        words=words,
        in_words=showing.in_words,
        zone=loading.zone(),
        language=loading.language(),
        has_password=member.password_hash is not None,
        subscribed=member.unsubscribed_at is None,
        calendar=loading.links().calendar(member.calendar_secret),
    )
    return page, status


@pages.post("/me/address/again")
def use_address_again() -> Response:
    """Write to one's own address again, from which letters came back."""
    if members.use_again(loading.me(), actor_id=loading.me().id):
        flash(gettext("We write to your address again."))
    return redirect(url_for("account.settings"), 303)


@pages.post("/me/password")
def password() -> Response | tuple[str, int]:
    """Set a password or, with `remove`, do without one. Other devices are signed out by both."""
    member = loading.me()
    if request.form.get("remove"):
        members.set_password(member, None, actor_id=member.id)
        login_user(member)
        flash(gettext("The password is removed. You sign in by a link from now on."))
        return redirect(url_for("account.settings"), 303)
    form = NewPasswordForm()
    if attempt(form, lambda: members.set_password(member, form.password.data, actor_id=member.id)):
        login_user(member)
        flash(gettext("The password is set. Other devices have been signed out."))
        return redirect(url_for("account.settings"), 303)
    return _settings_page(SettingsForm(formdata=None, data=said_before(member)), form, form.status)


@pages.post("/me/calendar")
def new_calendar() -> Response:
    """Another secret address for the personal calendar."""
    members.new_calendar_secret(loading.me())
    flash(gettext("The calendar has a new address. Calendars that use the old one no longer see anything."))
    return redirect(url_for("account.settings"), 303)


# --- asking to take part ----------------------------------------------------------------------------------------------


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
            url_for("account.join", **{**_about_what(), "sent": "1", "series": min(chosen, default=None)}), 303
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
    return _shown([meeting])[0] if meeting else None


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
    applying.apply(
        form.person,
        form.email.data or "",
        series_id=None if meeting else form.series.data,
        meeting_id=meeting.id if meeting else None,
        answer=form.answer.data if meeting else None,
        guests=(form.guests.data or 0) if "guests" in form else 0,
        message=form.message.data or "",
        consent_text=_consent(meeting),
        consent_version=CONSENT_VERSION,
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
            application_id, nonce, from_address=request.remote_addr, consent=(consent, CONSENT_VERSION)
        ),
    ):
        return redirect(url_for("account.confirm", token=token, lang=request.args.get("lang")), 303)
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
