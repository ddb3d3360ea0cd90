"""A member passes the seat on to a colleague. Any address that is none of theirs is refused in the same words."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from asanokai import rsvps, showing, topics
from asanokai.errors import N_, Missing
from asanokai.web import loading
from asanokai.web.forms import REQUIRED, Form, attempt, line

pages = Blueprint("passing", __name__)


class ColleagueForm(Form):
    """Who comes instead."""

    email = line(lazy_gettext("Mail address of your colleague"), InputRequired(REQUIRED), longest=254)


@pages.route("/meetings/<path>/pass-on", methods=["GET", "POST"])
def to_colleague(path: str) -> Response | tuple[str, int]:
    """Who has a seat names the colleague who comes instead."""
    if not current_user.is_authenticated or g.rsvp is None or g.rsvp.seat != "held":
        raise Missing(N_("There is no such meeting."))
    form, meeting, me = ColleagueForm(), g.meeting, loading.me()

    def act() -> None:
        colleague = rsvps.colleague_by_address(meeting, me.id, form.email.data or "")
        rsvps.pass_on(meeting.id, me.id, colleague.id, by="page", actor_id=me.id)

    if attempt(form, act):
        flash(gettext("Your seat is your colleague's now. You both receive a letter about it."))
        return redirect(url_for("programme.meeting", path=path), 303)
    shown = showing.shown(meeting, g.series, topics.of(meeting), language=loading.language(), zone=loading.zone())
    return render_template("answer/pass_on.html", form=form, shown=shown), form.status
