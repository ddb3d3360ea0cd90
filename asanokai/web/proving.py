"""Showing once more who one is, before something delicate. What is delicate stands in `guards`; this page offers the
ways the reader has, the best first, and leads back to where they were.

A passkey, or a password or link followed by the code where a second factor is set, prove it as wholly as signing in
does and begin a new session. The code of the authenticator alone is one factor: it is offered where that is enough. A
recovery code is good for signing in, and never here. A provider is asked to let nobody through without being shown who
they are.
"""

import secrets
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, session, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from asanokai import factors, journal, members, outside, passkeys
from asanokai.devices import Device
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.web import arriving, challenges, limits, loading
from asanokai.web.challenges import AnswerForm
from asanokai.web.forms import REQUIRED, CodeForm, Form, attempt, no_nul

pages = Blueprint("proving", __name__)


class PasswordForm(Form):
    """The password one has set."""

    password = PasswordField(lazy_gettext("Password"), [InputRequired(REQUIRED), Length(max=1000), no_nul])


@pages.route("/me/prove", methods=["GET", "POST"])
def ask() -> Response | tuple[str, int]:
    """Ask who is there. POST takes the password."""
    form = PasswordForm()
    if attempt(form, lambda: _check_password(form)):
        return arriving.let_in(loading.me(), by="password")
    return _page(form.status, password=form)


def _page(status: int, **sent: Form) -> tuple[str, int]:
    """The ways there are; a form that was refused in its place."""
    member = loading.me()
    forms: dict[str, Any] = {
        "passkey": AnswerForm(formdata=None),
        "code": CodeForm(formdata=None),
        "password": PasswordForm(formdata=None),
        **sent,
    }
    address = members.main_address(member)
    factor = factors.of(member.id) is not None
    ways = {
        "passkey": not challenges.why_not() and bool(passkeys.of_member(member)),
        "code": factor and not session.get(loading.WHOLLY),
        "password": member.password_hash is not None,
        "provider": current_app.config["ASANOKAI"].openid is not None and bool(outside.of_member(member)),
        "link": address is not None,
    }
    page = render_template(
        "account/prove.html",
        forms=forms,
        ways=[way for way, there in ways.items() if there],
        address=address,
        then_code=factor,
    )
    return page, status


def _check_password(form: PasswordForm) -> None:
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
def by_link() -> Response:
    """A link by mail; opened in this browser, it leads on to what was wanted."""
    address = _address()
    if not address:
        raise Refused(N_("There is no mail address to send a link to."))
    limits.asked("letter", account=members.normal_address(address))
    members.ask_for_sign_in(address)
    flash(gettext("A link is on its way. Please open it in this browser; it is good for 15 minutes."))
    return redirect(url_for("proving.ask"), 303)


# --- the code of the authenticator ------------------------------------------------------------------------------------


@pages.post("/me/prove/code")
def by_code() -> Response | tuple[str, int]:
    """The code alone, where that is enough."""
    form = CodeForm()
    if attempt(form, lambda: _check_code(form)):
        return arriving.stay_in(_here())
    return _page(form.status, code=form)


def _here() -> Device:
    here = loading.device()
    if here is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    return here


def _check_code(form: CodeForm) -> None:
    member_id = loading.me().id
    row, account = factors.of(member_id), f"member {member_id}"
    if row is None or session.get(loading.WHOLLY):
        raise BadInput("code", N_("The code alone is not enough here. Please choose another way."))
    limits.hold("code", account=account)
    if not factors.takes(row, form.code.data or "", loading.vault(), recovery=False):
        limits.failed("code", account=account)
        loading.outlives(lambda: factors.failed(member_id))
        raise BadInput("code", N_("This code is not right, or was used before."))


# --- a passkey --------------------------------------------------------------------------------------------------------


@pages.get("/me/prove/asked")
def ask_for_own() -> FlaskResponse:
    """What the browser is asked: one of the reader's own passkeys."""
    own = passkeys.of_member(loading.me())
    if not own:
        raise Missing(N_("There is no such passkey."))
    ceremony, challenge, party = challenges.ceremony(), secrets.token_bytes(32), challenges.party()
    challenges.keep("passkey-prove", [ceremony.as_text(challenge), loading.me().id])
    return challenges.as_json(ceremony.ask_for_own(own, challenge=challenge, party=party))


@pages.post("/me/prove/passkey")
def by_passkey() -> Response | tuple[str, int]:
    """What a device answered."""
    form = AnswerForm()
    if attempt(form, lambda: _check_passkey(form.answer.data or "")):
        return arriving.let_in(loading.me(), by="passkey")
    return _page(form.status, passkey=form)


def _check_passkey(answer: str) -> None:
    limits.hold("passkey")
    challenge, whose = challenges.answered("passkey-prove", answer)
    if whose != loading.me().id:
        raise passkeys.NotTaken(challenges.TRY_AGAIN)
    challenges.proved(challenge, answer, by=loading.me())
