"""A member's mail address becomes another: asking for it, confirming from the new one, objecting from the old one.

The two links act without signing in, and only by their button; they set no cookie and let nobody in.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms.validators import InputRequired

from asanokai import languages, members, readdressing
from asanokai.members import AddressChange, Member
from asanokai.tokens import ADDRESS_LIFE, OBJECTION_LIFE
from asanokai.web import loading
from asanokai.web.forms import REQUIRED, ButtonForm, Form, attempt, line

pages = Blueprint("address", __name__)


class AddressForm(Form):
    """The address wanted."""

    email = line(lazy_gettext("New mail address"), InputRequired(REQUIRED), longest=254)


@pages.route("/me/address", methods=["GET", "POST"])
def change() -> Response | tuple[str, int]:
    """Ask for another address. Whether it is somebody's is not told."""
    member, form = loading.me(), AddressForm()
    if attempt(form, lambda: readdressing.ask(member, form.email.data or "")):
        flash(gettext("A letter is on its way to the new address. Nothing changes before you confirm there."))
        return redirect(url_for("address.change"), 303)
    asked, made = readdressing.asked(member), readdressing.objectionable(member)
    page = render_template(
        "account/address.html",
        form=form,
        address=members.main_address(member),
        asked=asked,
        asked_until=_until(asked, member) if asked else "",
        made_until=_until(made, member) if made and made.before else "",
    )
    return page, form.status


@pages.route("/address/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Response | tuple[str, int]:
    """The link in the letter to the new address: GET shows it, POST makes it count."""
    number, nonce = loading.tokens().read("address", token, life=ADDRESS_LIFE)
    found = readdressing.look(number, nonce)
    member = _speak_to(found)
    form = ButtonForm()
    if attempt(form, lambda: readdressing.confirm(number, nonce)):
        return _again("address.confirm", token)
    return render_template("account/confirm_address.html", token=token, form=form, **_about(found, member)), form.status


@pages.route("/objection/<token>", methods=["GET", "POST"])
def objection(token: str) -> Response | tuple[str, int]:
    """The link in the letter to the old address: GET shows what happened, POST puts it back."""
    number, nonce = loading.tokens().read("objection", token, life=OBJECTION_LIFE)
    found = readdressing.look_at_objection(number, nonce)
    member = _speak_to(found)
    form = ButtonForm()
    if attempt(form, lambda: readdressing.objection(number, nonce)):
        return _again("address.objection", token)
    return render_template("account/objection.html", token=token, form=form, **_about(found, member)), form.status


def _again(endpoint: str, token: str) -> Response:
    return redirect(url_for(endpoint, token=token, lang=languages.known(request.args.get("lang"))), 303)


def _speak_to(found: AddressChange) -> Member:
    member = members.by_id(found.member_id)
    loading.reads(member.language)
    return member


def _about(found: AddressChange, member: Member) -> dict[str, Any]:
    when = languages.moment_in_words(found.made_at, loading.language(), member.zone) if found.made_at else ""
    return {"found": found, "until": _until(found, member), "when": when}


def _until(found: AddressChange, member: Member) -> str:
    return languages.moment_in_words(readdressing.until(found), loading.language(), member.zone)
