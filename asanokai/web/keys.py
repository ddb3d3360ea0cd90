"""Passkeys: a member's own page about them, and signing in with one. What devices are asked is `challenges`'."""

import secrets
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from asanokai import outside, passkeys, showing
from asanokai.errors import N_, Missing, Refused
from asanokai.members import Member
from asanokai.passkeys import LONGEST_NAME, NotTaken
from asanokai.web import arriving, challenges, limits, loading
from asanokai.web.challenges import AnswerForm
from asanokai.web.forms import REQUIRED, Form, attempt, line

pages = Blueprint("keys", __name__)


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
    ceremony = challenges.ceremony()
    challenge, whose, handle = challenges.answered("passkey-add", form.answer.data or "")
    try:
        if whose != member.id:
            raise NotTaken(challenges.TRY_AGAIN)
        held = challenges.held_against(challenge)
        new = ceremony.new_from(form.answer.data, handle=ceremony.as_octets(handle), **held)
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
        why_not=challenges.why_not(),
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
    member, ceremony, party = loading.me(), challenges.ceremony(), challenges.party()
    own = passkeys.of_member(member)
    handle = own[0].handle if own else secrets.token_bytes(32)
    challenge = secrets.token_bytes(32)
    challenges.keep("passkey-add", [ceremony.as_text(challenge), member.id, ceremony.as_text(handle)])
    name = loading.organisation()
    asked = ceremony.ask_for_new(member, handle=handle, challenge=challenge, party=party, party_name=name)
    return challenges.as_json(asked)


# --- signing in -------------------------------------------------------------------------------------------------------


@pages.get("/sign-in/passkey/asked")
def ask_for_any() -> FlaskResponse:
    """What the browser is asked in order to sign in: the same for everybody."""
    ceremony, challenge = challenges.ceremony(), secrets.token_bytes(32)
    challenges.keep("passkey-sign-in", [ceremony.as_text(challenge)])
    return challenges.as_json(ceremony.ask_for_any(challenge=challenge, party=challenges.party()))


@pages.post("/sign-in/passkey")
def sign_in() -> Response | tuple[str, int]:
    """Sign in by what a device answered. A refusal says the same whatever the reason."""
    form, found = AnswerForm(), list[Member]()
    if attempt(form, lambda: found.append(_by_passkey(form.answer.data or ""))):
        return arriving.let_in(found[0], by="passkey")
    return render_template("account/passkey_refused.html", form=form), form.status


def _by_passkey(answer: str) -> Member:
    limits.hold("passkey")
    (challenge,) = challenges.answered("passkey-sign-in", answer)
    return challenges.proved(challenge, answer)


# Without a template that could know it otherwise, the sign-in page asks here.
pages.app_context_processor(lambda: {"why_no_passkeys": challenges.why_not})
