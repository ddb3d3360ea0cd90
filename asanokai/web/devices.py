"""Where a member is signed in, and ending that."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from asanokai import devices, showing
from asanokai.web import arriving, loading

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
