"""Where a member is signed in, and proving once more who one is before something delicate."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from asanokai import devices, journal, members, showing
from asanokai.errors import N_, BadInput
from asanokai.web import arriving, limits, loading
from asanokai.web.forms import REQUIRED, Form, attempt, no_nul

pages = Blueprint("devices", __name__)


@pages.get("/me/devices")
def mine() -> str:
    """Every device one is signed in on, and the buttons that end them."""
    here = loading.device()
    return render_template(
        "account/devices.html",
        devices=devices.of_member(loading.me().id),
        here=here.id if here else None,
        unused=devices.UNUSED.days,
        longest=devices.LONGEST.days,
        in_words=showing.in_words,
        zone=loading.zone(),
    )


@pages.post("/me/devices/<int:device_id>/sign-out")
def sign_out(device_id: int) -> Response:
    """End one."""
    here = loading.device()
    devices.sign_out(loading.me().id, device_id)
    if here is not None and here.id == device_id:
        arriving.leave()
        flash(gettext("You are signed out."))
        return redirect(url_for("programme.home"), 303)
    flash(gettext("The device is signed out."))
    return redirect(url_for("devices.mine"), 303)


@pages.post("/me/devices/others")
def sign_out_others() -> Response:
    """End all but this one."""
    here = loading.device()
    devices.sign_out_others(loading.me().id, but=here.id if here else None)
    flash(gettext("All other devices are signed out."))
    return redirect(url_for("devices.mine"), 303)


# --- proving it once more ---------------------------------------------------------------------------------------------


class ProveForm(Form):
    """The password one has set."""

    password = PasswordField(lazy_gettext("Password"), [InputRequired(REQUIRED), Length(max=1000), no_nul])


@pages.route("/me/prove", methods=["GET", "POST"])
def prove() -> Response | tuple[str, int]:
    """Ask again who is there; then on to what was wanted."""
    form = ProveForm()
    member = loading.me()
    if attempt(form, lambda: _check(form)):
        return arriving.let_in(member, by="password")
    return render_template(
        "account/prove.html",
        form=form,
        has_password=member.password_hash is not None,
        address=members.main_address(member),
    ), form.status


def _check(form: ProveForm) -> None:
    member = loading.me()
    account = members.comparable(_address())
    limits.hold("password", account=account)
    if not members.password_is(member, form.password.data or ""):
        limits.failed("password", account=account)
        loading.outlives(lambda: journal.write("refuse", "sign-in", member.id, by="password"))
        raise BadInput("password", N_("This is not the password of your account."))


def _address() -> str:
    address = members.main_address(loading.me())
    return address.text if address else ""


@pages.post("/me/prove/link")
def prove_by_link() -> Response:
    """A link by mail; opened in this browser, it leads on to what was wanted."""
    address = _address()
    if address:
        limits.asked("letter", account=members.normal_address(address))
        members.ask_for_sign_in(address)
    flash(gettext("A link is on its way. Please open it in this browser; it is good for 15 minutes."))
    return redirect(url_for("devices.prove"), 303)
