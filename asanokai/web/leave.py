"""Leaving by oneself: a page says what it ends, a button ends it."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import DataRequired

from asanokai import leaving, showing
from asanokai.web import arriving, loading
from asanokai.web.forms import Form, attempt

pages = Blueprint("leave", __name__)


class LeaveForm(Form):
    """One box, so that nobody leaves by a slip of the finger."""

    sure = BooleanField(
        lazy_gettext("I want to leave"),
        validators=[DataRequired(lazy_gettext("Please tick the box if you want to leave."))],
    )


@pages.route("/me/leave", methods=["GET", "POST"])
def by_oneself() -> Response | tuple[str, int]:
    """What leaving ends, and the button."""
    member = loading.me()
    form = LeaveForm()
    if attempt(form, lambda: leaving.leave(member, actor_id=member.id)):
        arriving.leave()
        flash(
            gettext(
                "You have left. We will not write to you any more. If you would like to come back, please apply again."
            )
        )
        return redirect(url_for("programme.home"), 303)
    return render_template(
        "account/leave.html",
        form=form,
        ends=leaving.look(member),
        in_words=showing.in_words,
        language=loading.language(),
    ), form.status
