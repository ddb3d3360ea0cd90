"""What devices with passkeys are asked, and holding their answers against it.

The browser's part is `static/keys.js`: it asks for what is to be answered (GET, JSON), lets the device answer, and
sends the answer in an ordinary form. What is asked is kept in the session, signed, for its purpose, for five minutes,
and answered once. Whom an answer lets do what is for the pages to say.
"""

import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Response as FlaskResponse
from flask import current_app, request, session
from flask_babel import gettext
from werkzeug.utils import import_string
from wtforms import HiddenField

from asanokai import journal, passkeys
from asanokai.errors import N_, Expired, Missing
from asanokai.members import Member
from asanokai.passkeys import CHALLENGE_LIFE, NotTaken
from asanokai.web import limits, loading
from asanokai.web.forms import Form

KEPT = 3
"""Questions a session keeps open: the sign-in page may be open in several windows."""

TRY_AGAIN = N_("This page was open for too long. Please try once more.")


class AnswerForm(Form):
    """What a device answered."""

    answer = HiddenField()


def keep(purpose: str, asked: list[Any]) -> None:
    """Remember in the session what was asked."""
    session["asked"] = [*session.get("asked", [])[1 - KEPT :], loading.tokens().mint(purpose, asked)]


def answered(purpose: str, answer: str) -> list[Any]:
    """What had been asked, if this answers one of the session's questions for the first time; spends it. Raises
    `NotTaken`."""
    if not answer:
        raise NotTaken(N_("Passkeys need JavaScript, and a browser that knows them. A link by mail always works."))
    said = ceremony().challenge_in(answer)
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


def held_against(challenge: str) -> dict[str, Any]:
    """What an answer must fit."""
    return {"challenge": ceremony().as_octets(challenge), "party": party(), "origin": loading.links().base}


def proved(challenge: str, answer: str, *, by: Member | None = None) -> Member:
    """The member whose passkey answered; with `by`, that member or nobody. Raises `NotTaken`, counts it and writes it
    down; a question that was answered wrongly is spent as well."""
    asking = ceremony()
    try:
        member: Member = asking.signed_in(answer, expected=by, **held_against(challenge))
    except asking.NotProved as refusal:
        because, whose = refusal.because, refusal.whose
        limits.failed("passkey")
        loading.outlives(lambda: _note_refusal(challenge, because, whose))
        raise
    return member


def _note_refusal(challenge: str, because: str, whose: int | None) -> None:
    passkeys.spend(challenge)
    journal.write("refuse", "sign-in", whose, by="passkey", because=because)


def party() -> str:
    """The name our passkeys are bound to. Raises `Missing` where they cannot work."""
    name = passkeys.relying_party(loading.links().base)
    if name is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    return name


def why_not() -> str:
    """Why passkeys cannot work at the address this page was opened at; "" if they can."""
    name = passkeys.relying_party(loading.links().base)
    if name is None:
        return str(
            gettext("Passkeys need a name in the address. At a bare number such as 127.0.0.1 browsers refuse them.")
        )
    if urlsplit(request.host_url).hostname != name:
        ours = loading.links().base
        return str(gettext("Passkeys work only at %(address)s; this page was opened at another address.", address=ours))
    return ""


def as_json(text: str) -> FlaskResponse:
    """A question, for the script."""
    return current_app.response_class(text, mimetype="application/json")


def ceremony() -> Any:
    """What speaks WebAuthn. Loaded when it is first needed: it brings cryptography along, and few pages ask for it."""
    return import_string("asanokai.ceremony")
