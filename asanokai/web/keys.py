"""Passkeys: a member's own page about them, and signing in with one.

The browser's part is `static/keys.js`: it asks for what is to be answered (GET, JSON), lets the device answer, and
sends the answer in an ordinary form. What is asked is kept in the session, signed, for five minutes, and answered once.
"""

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext, lazy_gettext
from werkzeug.utils import import_string
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import InputRequired

from asanokai import journal, outside, passkeys, showing
from asanokai.errors import N_, Expired, Missing, Refused
from asanokai.members import Member
from asanokai.passkeys import CHALLENGE_LIFE, LONGEST_NAME, NotTaken
from asanokai.web import arriving, limits, loading
from asanokai.web.forms import REQUIRED, Form, attempt, line

pages = Blueprint("keys", __name__)

KEPT = 3
"""Questions a session keeps open: the sign-in page may be open in several windows."""

TRY_AGAIN = N_("This page was open for too long. Please try once more.")


class AnswerForm(Form):
    """What a device answered."""

    answer = HiddenField()


class AddForm(AnswerForm):
    """The same, with a name for the new passkey."""

    name = line(lazy_gettext("Name of the passkey"), InputRequired(REQUIRED), longest=LONGEST_NAME)


class RenameForm(Form):
    """Another name."""

    name = line(lazy_gettext("New name"), InputRequired(REQUIRED), longest=LONGEST_NAME)


# --- the member's own page --------------------------------------------------------------------------------------------


@pages.route("/me/keys", methods=["GET", "POST"])
def mine() -> Response | tuple[str, int]:
    """The member's passkeys. POST adds the one that a device has just made."""
    member, form = loading.me(), AddForm()
    if attempt(form, lambda: _add(member, form)):
        flash(gettext("The passkey is added. A letter says so too."))
        return redirect(url_for("keys.mine"), 303)
    return _page(form), form.status


def _add(member: Member, form: AddForm) -> None:
    ceremony = _ceremony()
    challenge, whose, handle = _answered("passkey-add", form.answer.data or "")
    try:
        if whose != member.id:
            raise NotTaken(TRY_AGAIN)
        new = ceremony.new_from(form.answer.data, handle=ceremony.as_octets(handle), **_held_against(challenge))
        passkeys.add(member, new, form.name.data or "", actor_id=member.id)
    except Refused:
        loading.outlives(lambda: passkeys.spend(challenge))
        raise


def _page(form: AddForm, renaming: tuple[int, RenameForm] | None = None) -> str:
    own = passkeys.of_member(loading.me())
    forms = {one.id: RenameForm(formdata=None, data={"name": one.name}) for one in own}
    if renaming:
        forms[renaming[0]] = renaming[1]
    for number, naming in forms.items():
        naming["name"].id = f"name-{number}"
    return render_template(
        "account/keys.html",
        form=form,
        own=own,
        forms=forms,
        most=passkeys.MOST,
        why_not=why_not(),
        in_words=_in_words,
        identities=outside.of_member(loading.me()),
    )


def _in_words(moment: datetime) -> str:
    return showing.in_words(moment, loading.language(), loading.me().zone)


@pages.post("/me/keys/<int:passkey_id>/rename")
def rename(passkey_id: int) -> Response | tuple[str, int]:
    """Call one of them something else."""
    member, form = loading.me(), RenameForm()
    if passkey_id not in {one.id for one in passkeys.of_member(member)}:
        raise Missing(N_("There is no such passkey."))
    if attempt(form, lambda: passkeys.rename(member, passkey_id, form.name.data or "", actor_id=member.id)):
        flash(gettext("The passkey has its new name."))
        return redirect(url_for("keys.mine"), 303)
    return _page(AddForm(formdata=None), (passkey_id, form)), form.status


@pages.post("/me/keys/<int:passkey_id>/remove")
def remove(passkey_id: int) -> Response:
    """Let one of them sign in no more."""
    passkeys.remove(loading.me(), passkey_id, actor_id=loading.me().id)
    flash(gettext("The passkey is removed. A letter says so too."))
    return redirect(url_for("keys.mine"), 303)


@pages.get("/me/keys/new")
def ask_for_new() -> FlaskResponse:
    """What the browser is asked in order to make a passkey."""
    member, ceremony = loading.me(), _ceremony()
    own = passkeys.of_member(member)
    handle = own[0].handle if own else secrets.token_bytes(32)
    challenge = secrets.token_bytes(32)
    _keep("passkey-add", [ceremony.as_text(challenge), member.id, ceremony.as_text(handle)])
    name = loading.organisation()
    return _json(ceremony.ask_for_new(member, handle=handle, challenge=challenge, party=_party(), party_name=name))


# --- signing in -------------------------------------------------------------------------------------------------------


@pages.get("/sign-in/passkey/asked")
def ask_for_any() -> FlaskResponse:
    """What the browser is asked in order to sign in: the same for everybody."""
    ceremony, challenge = _ceremony(), secrets.token_bytes(32)
    _keep("passkey-sign-in", [ceremony.as_text(challenge)])
    return _json(ceremony.ask_for_any(challenge=challenge, party=_party()))


@pages.post("/sign-in/passkey")
def sign_in() -> Response | tuple[str, int]:
    """Sign in by what a device answered. A refusal says the same whatever the reason."""
    form, found = AnswerForm(), list[Member]()
    if attempt(form, lambda: found.append(_by_passkey(form.answer.data or ""))):
        return arriving.let_in(found[0], by="passkey")
    return render_template("account/passkey_refused.html", form=form), form.status


def _by_passkey(answer: str) -> Member:
    limits.hold("passkey")
    ceremony = _ceremony()
    (challenge,) = _answered("passkey-sign-in", answer)
    try:
        member: Member = ceremony.signed_in(answer, **_held_against(challenge))
    except ceremony.NotProved as refusal:
        because, whose = refusal.because, refusal.whose
        limits.failed("passkey")
        loading.outlives(lambda: _note_refusal(challenge, because, whose))
        raise
    return member


def _note_refusal(challenge: str, because: str, whose: int | None) -> None:
    """A question that was answered wrongly is spent as well."""
    passkeys.spend(challenge)
    journal.write("refuse", "sign-in", whose, by="passkey", because=because)


# --- questions and answers --------------------------------------------------------------------------------------------


def _keep(purpose: str, asked: list[Any]) -> None:
    """Remember in the session what was asked."""
    session["asked"] = [*session.get("asked", [])[1 - KEPT :], loading.tokens().mint(purpose, asked)]


def _answered(purpose: str, answer: str) -> list[Any]:
    """What had been asked, if this answers one of the session's questions for the first time; spends it. Raises
    `NotTaken`."""
    if not answer:
        raise NotTaken(N_("Passkeys need JavaScript, and a browser that knows them. A link by mail always works."))
    said = _ceremony().challenge_in(answer)
    for token in session.get("asked", []):
        asked = _still_open(purpose, token)
        if asked and secrets.compare_digest(str(asked[0]).encode(), said.encode()) and passkeys.spend(said):
            session["asked"] = [other for other in session["asked"] if other != token]
            return asked
    raise NotTaken(TRY_AGAIN)


def _still_open(purpose: str, token: str) -> list[Any]:
    try:
        found: list[Any] = loading.tokens().read(purpose, token, life=CHALLENGE_LIFE)
    except (Missing, Expired):
        return []
    return found


def _held_against(challenge: str) -> dict[str, Any]:
    return {"challenge": _ceremony().as_octets(challenge), "party": _party(), "origin": loading.links().base}


def _party() -> str:
    """The name our passkeys are bound to. Raises `Missing` where they cannot work."""
    party = passkeys.relying_party(loading.links().base)
    if party is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    return party


def why_not() -> str:
    """Why passkeys cannot work at the address this page was opened at; "" if they can."""
    party = passkeys.relying_party(loading.links().base)
    if party is None:
        return str(
            gettext("Passkeys need a name in the address. At a bare number such as 127.0.0.1 browsers refuse them.")
        )
    if urlsplit(request.host_url).hostname != party:
        ours = loading.links().base
        return str(gettext("Passkeys work only at %(address)s; this page was opened at another address.", address=ours))
    return ""


def _json(text: str) -> FlaskResponse:
    return current_app.response_class(text, mimetype="application/json")


def _ceremony() -> Any:
    """What speaks WebAuthn. Loaded when it is first needed: it brings cryptography along, and few pages ask for it."""
    return import_string("asanokai.ceremony")


# Without a template that could know it otherwise, the sign-in page asks here.
pages.app_context_processor(lambda: {"why_no_passkeys": why_not})
