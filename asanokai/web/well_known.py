"""Addresses that other programs know: whom to tell of a hole (RFC 9116), and where a password is changed."""

from datetime import timedelta

from flask import Blueprint, Response, current_app, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from asanokai import clock
from asanokai.web import loading
from config import Config

pages = Blueprint("well_known", __name__, url_prefix="/.well-known")

GOOD_FOR = timedelta(days=180)
"""RFC 9116 2.5.5 recommends less than a year."""


@pages.get("/security.txt")
def security_txt() -> Response:
    """Whom to tell: `ASANOKAI_SECURITY_CONTACT`, else the sender of the letters."""
    config: Config = current_app.config["ASANOKAI"]
    expires = (clock.now() + GOOD_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {config.security_contact or f'mailto:{config.sender}'}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: de, en, ja",
        f"Canonical: {loading.links().base}{url_for('well_known.security_txt')}",
    )
    response = Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@pages.get("/change-password")
def change_password() -> BaseResponse:
    """Password managers ask here."""
    return redirect(url_for("account.settings"), 302)
