"""One's own data: what is held, and how it is deleted."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import logout_user
from werkzeug.wrappers import Response
from wtforms import BooleanField
from wtforms.validators import DataRequired

from asanokai import copies, erasing, showing
from asanokai.web import loading
from asanokai.web.forms import Form, attempt

pages = Blueprint("mydata", __name__)


class DeletionForm(Form):
    """Whether one's texts stay without the name, and a box so that nothing is deleted by a slip of the finger."""

    keep_texts = BooleanField(lazy_gettext("What I proposed, and what I wrote about my talks, stays without my name"))
    sure = BooleanField(
        lazy_gettext("I want my data to be deleted. This cannot be undone."),
        validators=[DataRequired(lazy_gettext("Please tick the box if you want your data to be deleted."))],
    )


@pages.get("/me/data")
def show() -> str:
    """What one can do about one's own data; how far a copy has come. Looks again by itself while one is being made."""
    copied = copies.of_member(loading.me().id)
    return render_template(
        "account/data.html",
        copied=copied,
        unready=any(one.ready_at is None for one in copied),
        in_words=showing.in_words,
        zone=loading.zone(),
        language=loading.language(),
    )


@pages.post("/me/data/copy")
def ask_copy() -> Response:
    """Have a copy of everything made."""
    copies.ask(loading.me(), actor_id=loading.me().id)
    flash(gettext("The copy is being made."))
    return redirect(url_for("mydata.show"), 303)


@pages.post("/me/data/copy/<int:copy_id>")
def fetch_copy(copy_id: int) -> Response:
    """One's own copy, as a file."""
    member = loading.me()
    return loading.download(copies.fetch(copy_id, member.id, actor_id=member.id), f"asanokai-{copy_id}.zip")


@pages.route("/me/data/delete", methods=["GET", "POST"])
def delete() -> Response | tuple[str, int]:
    """What deletion ends and what stays, and the button."""
    member = loading.me()
    form = DeletionForm()
    if attempt(
        form,
        lambda: erasing.ask(member, why="self", keep_texts=bool(form.keep_texts.data), actor_id=member.id),
    ):
        logout_user()
        flash(gettext("Your account is closed. Your data will be deleted as soon as the last letters have gone."))
        return redirect(url_for("programme.home"), 303)
    return render_template(
        "account/delete.html",
        form=form,
        ends=erasing.look(member),
        days=erasing.LONGEST_WAIT.days,
        in_words=showing.in_words,
        language=loading.language(),
    ), form.status
