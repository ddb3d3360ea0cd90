"""A member's own page and settings."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext, lazy_gettext, refresh
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length, ValidationError

from asanokai import clock, members, rsvps, showing
from asanokai import series as series_rules
from asanokai.db import session as database
from asanokai.meetings import Meeting
from asanokai.members import PASSWORD_MIN
from asanokai.series import Series
from asanokai.web import about, asking, loading, words
from asanokai.web.forms import REQUIRED, Form, attempt, no_nul
from asanokai.web.person import SettingsForm, said_before

pages = Blueprint("account", __name__)

PAST = timedelta(days=400)
"""How far back a member's own page looks."""


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
    member, device = loading.me(), loading.device()
    here = device.id if device else None
    if request.form.get("remove"):
        members.set_password(member, None, actor_id=member.id, but=here)
        flash(gettext("The password is removed. You sign in by a link from now on."))
        return redirect(url_for("account.settings"), 303)
    form = NewPasswordForm()
    if attempt(form, lambda: members.set_password(member, form.password.data, actor_id=member.id, but=here)):
        flash(gettext("The password is set. Other devices have been signed out."))
        return redirect(url_for("account.settings"), 303)
    return _settings_page(SettingsForm(formdata=None, data=said_before(member)), form, form.status)


@pages.post("/me/calendar")
def new_calendar() -> Response:
    """Another secret address for the personal calendar."""
    members.new_calendar_secret(loading.me())
    flash(gettext("The calendar has a new address. Calendars that use the old one no longer see anything."))
    return redirect(url_for("account.settings"), 303)
