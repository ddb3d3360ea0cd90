"""What the installation calls itself: organisation, sender, words of welcome, logo; the switch for all letters.

For administrators. The pages of law are `law`'s. Servers, secrets and addresses come from the environment.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField

from asanokai import devices, installation, requiring, uploads
from asanokai.errors import N_, BadInput
from asanokai.web import loading
from asanokai.web.forms import Form, TextsField, attempt, line, options

pages = Blueprint("settings", __name__)

MOST_BYTES = 300_000
UNWANTED = set('@:,"<>;()[]\\')
"""What mail programs take for phishing in a sender's name."""

SAME = ("organisation", "sender_name", "welcome", "second_factor", "provider_counts")


class InstallationForm(Form):
    """The settings page."""

    organisation = line(lazy_gettext("Name of the organisation"))
    sender_name = line(lazy_gettext("Name in letters"), longest=80)
    welcome = TextsField(lazy_gettext("Welcome on the start page"), longest=4000, lines=5)
    second_factor = SelectField(
        lazy_gettext("A second factor is needed"),
        choices=options(
            {
                "": lazy_gettext("by nobody"),
                "administrators": lazy_gettext("by administrators"),
                "coordinators": lazy_gettext("by administrators and coordinators"),
            }
        ),
    )
    provider_counts = BooleanField(lazy_gettext("Signing in with the organisation’s provider counts as both factors"))
    logo = FileField(lazy_gettext("Logo"))
    remove_logo = BooleanField(lazy_gettext("Remove the logo"))


@pages.route("/settings", methods=["GET", "POST"])
def edit() -> Response | tuple[str, int]:
    """Change them."""
    row = installation.current()
    form = InstallationForm(data={name: getattr(row, name) for name in SAME})

    def act() -> None:
        if UNWANTED & set(form.sender_name.data or ""):
            raise BadInput(
                "sender_name", N_("Please leave out @ : , ; quotes and brackets: mail programs take them for fraud.")
            )
        values: dict[str, Any] = {"welcome": form.welcome.data or None}
        values |= {"organisation": form.organisation.data or "", "sender_name": form.sender_name.data or ""}
        values |= {"second_factor": form.second_factor.data, "provider_counts": bool(form.provider_counts.data)}
        if row.provider_counts and not form.provider_counts.data:
            devices.forget_provider()
        requiring.tell_before(str(form.second_factor.data), row.second_factor)
        installation.change(actor_id=loading.me().id, **values, **_logo(form))

    if attempt(form, act):
        flash(gettext("Saved."))
        return redirect(url_for("settings.edit"), 303)
    return render_template("coordinate/settings.html", form=form, row=row), form.status


def _logo(form: InstallationForm) -> dict[str, Any]:
    """The picture, drawn anew. Raises `BadInput`."""
    if form.remove_logo.data:
        return {"logo": None, "logo_type": None}
    if not form.logo.data:
        return {}
    data = form.logo.data.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadInput("logo", N_("The picture is too large; 300 kB are the most."))
    return {"logo": uploads.logo(data, field="logo"), "logo_type": "image/png"}


@pages.post("/settings/pause")
def pause() -> Response:
    """Hold all letters back but those somebody waits for, or let them go."""
    paused = installation.current().paused_at is None
    installation.pause(paused, actor_id=loading.me().id)
    flash(gettext("All letters wait now.") if paused else gettext("Letters go out again."))
    return redirect(loading.back_to_pauses() or url_for("settings.edit"), 303)
