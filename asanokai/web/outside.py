"""Signing in at the operator's OpenID provider, and joining that identity to one's account.

The way out is a link that changes nothing here; the way back shows a button, and only the POST behind it redeems the
code. State, nonce and PKCE's secret are kept in the session, signed, for ten minutes, and used once. While the provider
is asked, no transaction is open: nobody waits for somebody else's server.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.utils import import_string
from werkzeug.wrappers import Response

from asanokai import clock, db, devices, journal, members, outside, passkeys
from asanokai.errors import N_, Expired, Missing, Refused
from asanokai.web import arriving, limits, loading
from asanokai.web.forms import ButtonForm

pages = Blueprint("outside", __name__)

LIFE = timedelta(minutes=10)
"""How long somebody may be away to sign in there."""

LONGEST = 4000


@dataclass(frozen=True)
class Asked:
    """What was sent along: for whom (0: to sign in), and the secrets that must come back."""

    token: str
    state: str
    nonce: str
    verifier: str
    member_id: int


@pages.get("/sign-in/provider/go")
def go() -> Response | tuple[str, int]:
    """To the provider, in order to sign in; or, for who is signed in, to show there once more who they are."""
    return _go(0, anew=current_user.is_authenticated)


@pages.get("/me/keys/provider")
def go_and_join() -> Response | tuple[str, int]:
    """To the provider, in order to connect an identity with the account of whoever is signed in."""
    return _go(loading.me().id)


def _go(member_id: int, *, anew: bool = False) -> Response | tuple[str, int]:
    provider = _provider()
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    try:
        address = provider.address(state=state, nonce=nonce, verifier=verifier, anew=anew)
    except Refused as refusal:
        return _not_signed_in(refusal)
    session["outside"] = loading.tokens().mint("outside", [state, nonce, verifier, member_id])
    return redirect(address, 303)


@pages.get("/sign-in/provider/back")
def back() -> Response | tuple[str, int]:
    """Back from there: a button, since reading a page changes nothing."""
    _provider()
    try:
        asked = _asked(request.args.get("state", ""))
        code = request.args.get("code", "")
        if not 0 < len(code) <= LONGEST:
            raise Refused(N_("You were not signed in there. Please try once more, or use another way to sign in."))
    except Refused as refusal:
        return _not_signed_in(refusal)
    facts = {"code": code, "state": asked.state, "iss": request.args.get("iss", "")}
    return render_template("account/provider_back.html", facts=facts, joins=asked.member_id, name=_name()), 200


@pages.post("/sign-in/provider/back")
def redeem() -> Response | tuple[str, int]:
    """Sign in, or connect, by the code that came back."""
    _provider()
    form = ButtonForm()
    try:
        limits.hold("passkey")
        if not form.validate():
            raise Refused(N_("The request could not be understood."))
        asked = _asked(request.form.get("state", ""))
        if asked.member_id and (again := loading.recently()):
            return again
        claims = _claims(asked, request.form.get("code", ""), request.form.get("iss") or None)
        if not passkeys.spend(asked.state):
            raise Refused(TOO_LATE)
        session.pop("outside", None)
        return _join(asked, claims) if asked.member_id else _sign_in(claims)
    except Refused as refusal:
        limits.failed("passkey")
        return _not_signed_in(refusal)


def _claims(asked: Asked, code: str, issuer: str | None) -> Any:
    """What the provider says the code is worth. Raises `Refused`."""
    provider = _provider()
    db.db.session.rollback()
    try:
        if not provider.may_come_from(issuer):
            raise Refused(TOO_LATE)
        return provider.redeem(code[:LONGEST], verifier=asked.verifier, nonce=asked.nonce)
    finally:
        db.begin_writing()


def _sign_in(claims: Any) -> Response | tuple[str, int]:
    verified = claims.email if claims.email_verified else ""
    member = outside.sign_in(claims.issuer, claims.subject, verified_address=verified, name=_name())
    if member is None:
        row = outside.known(claims.issuer, claims.subject)
        whose = row.member_id if row is not None else None
        loading.outlives(lambda: journal.write("refuse", "sign-in", whose, by="provider"))
        return render_template("account/provider_unknown.html", name=_name()), 403
    # A provider may answer by itself, without anybody being there: what it does not say was not just now.
    since = claims.proved_at or clock.now() - devices.RECENT
    if current_user.is_authenticated and clock.now() - since >= devices.RECENT:
        raise Refused(N_("This service did not confirm that you were there just now. Please choose another way."))
    return arriving.let_in(member, by="provider", since=since)


def _join(asked: Asked, claims: Any) -> Response:
    """Only into the account that asked for it, and only while its member is still signed in."""
    if not current_user.is_authenticated or loading.me().id != asked.member_id:
        raise Refused(TOO_LATE)
    member = members.by_id(asked.member_id)
    outside.join(member, claims.issuer, claims.subject, name=_name(), actor_id=member.id)
    flash(gettext("Connected. You can sign in this way from now on; a letter says so too."))
    return redirect(url_for("keys.mine"), 303)


@pages.post("/me/keys/provider/<int:identity_id>/remove")
def remove(identity_id: int) -> Response:
    """Let an identity sign in no more."""
    me = loading.me()
    outside.remove(me, identity_id, name=_name() or "OpenID", actor_id=me.id)
    flash(gettext("The connection is removed. A letter says so too."))
    return redirect(url_for("keys.mine"), 303)


TOO_LATE = N_("This page was open for too long. Please try once more.")


def _asked(state: str) -> Asked:
    """What was sent along with that state from this browser. Raises `Refused`."""
    token = str(session.get("outside", ""))
    try:
        kept, nonce, verifier, member_id = loading.tokens().read("outside", token, life=LIFE)
    except (Missing, Expired) as error:
        raise Refused(TOO_LATE) from error
    if not secrets.compare_digest(state.encode(), str(kept).encode()):
        raise Refused(TOO_LATE)
    return Asked(token, kept, nonce, verifier, member_id)


def _not_signed_in(refusal: Refused) -> tuple[str, int]:
    """The reason, and the other ways."""
    db.db.session.rollback()
    words = gettext(refusal.message, **refusal.facts)
    return render_template("account/provider_refused.html", words=words, name=_name()), refusal.status


def _name() -> str:
    """What the provider is called here; "" if there is none."""
    openid = current_app.config["ASANOKAI"].openid
    return openid.name if openid else ""


def _provider() -> Any:
    """The provider, made when somebody first asks for it: it brings much along that few pages need. Raises `Missing`
    where the operator has set none."""
    openid = current_app.config["ASANOKAI"].openid
    if openid is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    if "provider" not in current_app.extensions:
        current_app.extensions["provider"] = import_string("asanokai.provider.Provider")(
            issuer=openid.issuer,
            client_id=openid.client_id,
            client_secret=openid.client_secret,
            redirect_uri=f"{loading.links().base}/sign-in/provider/back",
        )
    return current_app.extensions["provider"]


pages.app_context_processor(lambda: {"provider_name": _name})
