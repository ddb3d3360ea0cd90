"""Which letters somebody receives: a switch for each kind, on a page of the member's own and behind the link in a
letter. That link also ends everything that goes to an audience, by one click (RFC 8058).
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput

from asanokai import consents, members, merging, series
from asanokai.consents import Said
from asanokai.members import OF_AUDIENCE, OF_DESK, Member
from asanokai.tokens import UNSUBSCRIBE_LIFE
from asanokai.web import loading, words
from asanokai.web.forms import Form, attempt, options

pages = Blueprint("wishes", __name__)

ONE_CLICK = "List-Unsubscribe"
"""The field a mail program posts (RFC 8058, section 3.1)."""


class WishesForm(Form):
    """A box for each switch; those that are ticked are on."""

    kinds = SelectMultipleField(lazy_gettext("These letters reach me"), option_widget=CheckboxInput())


class LinkWishesForm(WishesForm):
    """The same without a cross-site token: the link is the credential."""

    class Meta:
        csrf = False


def _form(kind: type[WishesForm], member: Member, among: dict[str, Any], **how: Any) -> WishesForm:
    form = kind(data={"kinds": members.wanted(member)}, **how)
    form.kinds.choices = options({name: words.WISHES[name] for name in among})
    return form


# --- the member's own page --------------------------------------------------------------------------------------------


@pages.route("/me/letters", methods=["GET", "POST"])
def letters() -> Response | tuple[str, int]:
    """Set the switches, or (`letters=off`, `letters=on`) all of them at once."""
    member = loading.me()
    among = {**OF_AUDIENCE, **OF_DESK} if series.coordinated_by(member) else {**OF_AUDIENCE}
    if request.form.get("letters") in ("off", "on"):
        return _all_at_once(member, among, on=request.form["letters"] == "on")
    form = _form(WishesForm, member, among)
    if attempt(form, lambda: members.choose(member, form.kinds.data or (), among=among)):
        flash(gettext("Your choice is saved."))
        return redirect(url_for("wishes.letters"), 303)
    return render_template(
        "account/letters.html",
        form=form,
        said=words.WISHES_SAID,
        subscribed=_subscribed(member),
        again=words.INVITED_AGAIN,
    ), form.status


def _all_at_once(member: Member, among: dict[str, Any], *, on: bool) -> Response:
    if on:
        members.choose(member, among, among=among)
        said = Said(str(words.INVITED_AGAIN), words.INVITED_AGAIN_VERSION, loading.language(), request.remote_addr)
        consents.give(member.id, "invitations", said)
        flash(gettext("You receive invitations again."))
    else:
        members.unsubscribe(member)
        flash(gettext("You receive no more invitations, reminders and evening notes."))
    return redirect(url_for("wishes.letters"), 303)


def _subscribed(member: Member) -> bool:
    return member.unsubscribed_at is None


# --- behind the link in a letter --------------------------------------------------------------------------------------


@pages.route("/unsubscribe/<token>", methods=["GET", "POST"])
def unsubscribe(token: str) -> tuple[str, int]:
    """GET shows a button and the switches. POST ends everything, from the page or by one click in the mail program; or
    sets the switches, if their form was sent."""
    member = members.by_id(merging.kept(loading.tokens().read("unsubscribe", token, life=UNSUBSCRIBE_LIFE)))
    loading.reads(member.language)
    switches = request.method == "POST" and "switches" in request.form and ONE_CLICK not in request.form
    if request.method == "POST" and not switches:
        members.unsubscribe(member, by="link")
    form = _form(LinkWishesForm, member, OF_AUDIENCE, **({} if switches else {"formdata": None}))
    saved = switches and attempt(
        form, lambda: members.choose(member, form.kinds.data or (), among=OF_AUDIENCE, by="link")
    )
    done = not _subscribed(member) or member.standing == "erased"
    return render_template(
        "account/unsubscribe.html", form=form, said=words.WISHES_SAID, saved=saved, done=done
    ), form.status
