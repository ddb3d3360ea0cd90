"""Signing in and out. What an address belongs to is never told: the same words for a known and an unknown one. Links
from letters show a button; only the POST behind it does something.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from asanokai import journal, knocking, members
from asanokai.errors import N_, BadInput
from asanokai.members import LONGEST_ADDRESS, Member
from asanokai.web import arriving, limits, loading
from asanokai.web.forms import REQUIRED, ButtonForm, Form, attempt, line

pages = Blueprint("signing_in", __name__)


class SignInForm(Form):
    """Where to send the link."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=LONGEST_ADDRESS)


class PasswordForm(Form):
    """Address and password, for those who have set one. The fields' ids differ from those of the form above it."""

    email = line(lazy_gettext("Mail address"), InputRequired(REQUIRED), longest=LONGEST_ADDRESS, id="password-email")
    password = PasswordField(
        lazy_gettext("Password"), [InputRequired(REQUIRED), Length(max=1000)], id="password-itself"
    )


@pages.route("/sign-in", methods=["GET", "POST"])
def ask() -> Response | tuple[str, int]:
    """Ask for a link by mail. Whether the address is known is not told."""
    form = SignInForm()
    if attempt(form, lambda: _ask(form.email.data or "")):
        flash(gettext("If the address belongs to a member, a link is on its way; it is good for 15 minutes."))
        return redirect(url_for("signing_in.ask"), 303)
    if current_user.is_authenticated and not form.is_submitted():
        return redirect(url_for("account.me"), 303)
    return _sign_in_page(form, PasswordForm(formdata=None), form.status)


def _ask(typed: str) -> None:
    limits.asked("letter", account=members.normal_address(typed))
    knocking.ask_for_sign_in(typed)


def _sign_in_page(form: SignInForm, by_password: PasswordForm, status: int) -> tuple[str, int]:
    return render_template("account/sign_in.html", form=form, by_password=by_password), status


@pages.post("/sign-in/password")
def by_password() -> Response | tuple[str, int]:
    """Sign in with the password somebody has set."""
    form = PasswordForm()
    found: list[Member] = []
    if attempt(form, lambda: found.append(_by_password(form))):
        return arriving.let_in(found[0], by="password")
    return _sign_in_page(SignInForm(formdata=None, data={"email": form.email.data}), form, form.status)


def _by_password(form: PasswordForm) -> Member:
    typed = form.email.data or ""
    account = members.comparable(typed)
    limits.hold("password", account=account)
    member = members.by_password(typed, form.password.data or "")
    if member is None:
        limits.failed("password", account=account)
        # 0 is nobody: a row without a number would be another statement, and take another time.
        whose = members.number_of(typed) or 0
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
            return arriving.let_in(member, by="link")
        loading.outlives(lambda: journal.write("refuse", "sign-in", member_id, by="link"))
    elif members.sign_in_holds(member_id, nonce):
        return render_template("account/open_link.html", token=token), 200
    return render_template("account/link_spent.html", form=SignInForm(formdata=None)), 410


@pages.post("/sign-out")
def sign_out() -> Response:
    """Sign out here, or with `everywhere` on every device."""
    if request.form.get("everywhere"):
        members.sign_out_everywhere(loading.me())
    arriving.leave()
    flash(gettext("You are signed out."))
    response = redirect(url_for("programme.home"), 303)
    # What the browser keeps of this member goes too, above all the copy of the own page (static/service-worker.js). Not
    # "cookies": ours is emptied above, and the words just said travel in the one that comes with this answer.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
