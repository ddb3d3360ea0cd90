"""A member's standing answers: "I normally come" to a series, switched on and off on the member's own page."""

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from asanokai import rsvps
from asanokai.errors import N_, Missing
from asanokai.web import loading

pages = Blueprint("standing", __name__)


@pages.post("/me/standing/<int:series_id>")
def change(series_id: int) -> Response:
    """Come normally from the next announcement on, or no longer. A series one does not belong to is `Missing`."""
    if not loading.belongs(series_id):
        raise Missing(N_("There is no such page, or none that you may see."))
    me = loading.me().id
    if request.form.get("normally") == "yes":
        rsvps.come_normally(series_id, me, actor_id=me)
        flash(gettext("From the next announcement on, a seat is kept for you."))
    else:
        rsvps.come_no_longer(series_id, me, actor_id=me)
        flash(gettext("No seat is kept for you any more. Seats kept already stay until you release them."))
    return redirect(url_for("account.me", _anchor="standing"), 303)
