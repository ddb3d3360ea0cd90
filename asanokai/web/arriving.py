"""What happens once somebody has proved who they are, by whatever means: a new session, and on to where they wanted."""

from datetime import datetime

from flask import g, redirect, request, session, url_for
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response

from asanokai import clock, devices, factors
from asanokai import series as series_rules
from asanokai.devices import Device
from asanokai.members import Member
from asanokai.web import loading

KNOWN_HERE = "known"
"""What stays in a browser after signing out: marks that say nothing to anybody else, by which the program sees that a
member has been here before and need not be told of a new device."""

MOST_KNOWN = 5


def let_in(member: Member, *, by: str, since: datetime | None = None) -> Response:
    """`member` has proved who they are `by` a link, a password, a passkey or a provider: begin a session of their own.
    Nothing of the one before stays, least of all its identity or its token. Who has set a second factor owes it first,
    and is not signed in until then. `since`: when it was proved, if that was not just now."""
    both = loading.proves_both(by)
    if not both and factors.of(member.id) is not None:
        return _ask_for_code(member, by, since)
    # Both were shown in one, so the second is as old as the first.
    return _enter(member, by, factor_at=(since or clock.now()) if both else None, since=since)


def _ask_for_code(member: Member, by: str, since: datetime | None) -> Response:
    """Remember here, and in a row that ends after ten minutes, who owes the code. Whoever only proves once more who
    they are stays signed in meanwhile."""
    wanted, known_here, before = session.get("next"), _marks(), loading.device()
    if before is None or before.member_id != member.id:
        if before is not None:
            devices.end(before)
            logout_user()
        spoken = session.get("lang") or member.language
        session.clear()
        session.update({KNOWN_HERE: known_here, "lang": spoken} | ({"next": wanted} if wanted else {}))
    name = devices.name_of(request.user_agent.string)
    _owing, session[loading.HALF] = devices.begin(member.id, by=by, name=name, waits=True, since=since)
    return redirect(url_for("second_factor.code"), 303)


def complete(member: Member, owing: Device, *, both: bool) -> Response:
    """The second factor has been given; or, without `both`, was removed meanwhile, so that one is all there is."""
    devices.end(owing)
    return _enter(member, owing.by, factor_at=clock.now() if both else None, since=owing.proved_at)


def stay_in(device: Device) -> Response:
    """Whoever is signed in has given the code of their authenticator once more: the same device under a new token, and
    on to where they wanted. When they proved wholly who they are is not touched."""
    member, wanted, known_here = loading.me(), _local(session.get("next")), _marks()
    devices.note_factor(device)
    token = devices.renew(device)
    session.clear()
    _sign_in(member, device, token)
    session[KNOWN_HERE] = known_here
    return redirect(wanted or _usual_start(member), 303)


def wanted_page() -> str | None:
    """The page that somebody wanted and was led away from; asked for once."""
    return _local(session.pop("next", None))


def forget_half() -> None:
    """Nobody is about to give a code here any more."""
    session.pop(loading.HALF, None)


def _enter(member: Member, by: str, *, factor_at: datetime | None, since: datetime | None) -> Response:
    wanted = _local(session.get("next"))
    device, token = _begin(member, by, factor_at, since)
    known_here = _marks()
    session.clear()
    _sign_in(member, device, token)
    session[KNOWN_HERE] = known_here
    _remember(member)
    return redirect(wanted or _usual_start(member), 303)


def _begin(member: Member, by: str, factor_at: datetime | None, since: datetime | None) -> tuple[Device, str]:
    """The new device; the one that was signed in here until now ends. A member is told of a device that is new to
    them, but not of their first."""
    before = loading.device()
    again = before is not None and before.member_id == member.id
    if before is not None:
        devices.end(before)
    name = devices.name_of(request.user_agent.string)
    device, token = devices.begin(member.id, by=by, name=name, factor_at=factor_at, since=since)
    if member.first_in_at is None:
        member.first_in_at = clock.now()
    elif not again and _mark(member) not in _marks():
        devices.tell(device)
    return device, token


def _sign_in(member: Member, device: Device, token: str) -> None:
    g.device = device
    member.cookie = token
    session.permanent = True
    login_user(member)
    session.pop("_id", None)  # Flask-Login's hash of address and browser, which nobody reads here


def leave() -> None:
    """Sign out here, and keep nothing but the mark and the language."""
    before, known_here, language = loading.device(), _marks(), session.get("lang")
    if before is not None:
        devices.end(before)
    logout_user()
    session.clear()
    if language:
        session["lang"] = language
    if known_here:
        session[KNOWN_HERE] = known_here
        session.permanent = True


def _marks() -> list[str]:
    kept = session.get(KNOWN_HERE)
    return [str(mark) for mark in kept] if isinstance(kept, list) else []


def _mark(member: Member) -> str:
    return loading.tokens().mark("browser", str(member.id))


def _remember(member: Member) -> None:
    mark = _mark(member)
    session[KNOWN_HERE] = [mark, *(other for other in _marks() if other != mark)][:MOST_KNOWN]


def _local(address: str | None) -> str | None:
    """The address if it is a path here; a browser takes // and /\\ for another host, and leaves out line breaks."""
    ours = address and address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
    return address if ours else None


def _usual_start(member: Member) -> str:
    if loading.coordinates_anything() and not series_rules.of_member(member):
        return url_for("desk.home")
    return url_for("account.me")
