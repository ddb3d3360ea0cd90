"""A member gets another main address: asked for, confirmed from the new one, and objected to from the old one.

Whoever has an address has the account, so nothing changes before somebody who reads the new address says so, and the
old one is told with a link that puts everything back for seven days. Asking looks the same whether the address is
somebody else's or nobody's. A coordinator may set an address at once; both are told, and the old one may object too.

    ask → confirm (or a coordinator's `give`) → for seven days `objection`, then the former address is forgotten

Objecting to one change undoes those that came after it: a thief who goes on from address to address gains nothing. Only
an address that was put back by the change itself is not given the word again (`_may_object`).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from asanokai import clock, deputies, factors, journal, letters, members, outside, passkeys
from asanokai import series as series_rules
from asanokai.db import affected, session
from asanokai.errors import N_, BadInput, Expired, Refused
from asanokai.members import Address, AddressChange, Member, normal_address
from asanokai.tokens import ADDRESS_LIFE, OBJECTION_LIFE, hashed

MOST_A_DAY = 5
"""How often a member may ask within a day: each time a letter goes to an address that anybody may have typed."""

KINDS = ("address_confirm", "address_taken", "address_changed", "address_objected")
"""The letters about it."""


# --- asking and confirming --------------------------------------------------------------------------------------------


def ask(member: Member, typed: str) -> None:
    """Ask for another main address; a letter goes there. It says and does the same for somebody else's address, whose
    owner is told instead.

    Raises `BadInput` for what is no address or the one that counts already, `Refused` after too many in a day.
    """
    now, normal = clock.now(), normal_address(typed)
    current = members.main_address(member)
    if current is not None and current.normal == normal:
        raise BadInput("email", N_("This is the address we write to already. Nothing has changed."))
    _lock(member.id)
    if _asked_since(member.id, now - timedelta(days=1)) >= MOST_A_DAY:
        raise Refused(N_("You have asked for another address several times today. Please try again tomorrow."))
    _drop_asked(member.id)
    change = AddressChange(
        member_id=member.id,
        before=current.text if current else None,
        after=members.as_typed(typed),
        newly=members.by_address(normal) is None,
        asked_at=now,
    )
    session().add(change)
    session().flush()
    owner = members.by_address(normal)
    if owner is None or owner.id == member.id:
        letters.post(
            "address_confirm",
            f"address-confirm:{_unlike_any(change)}",
            member_id=member.id,
            address=normal,
            facts={"change": change.id},
            useless_after=now + ADDRESS_LIFE,
        )
    elif owner.standing == "accepted":
        # At most one a day, whoever asks.
        letters.post("address_taken", f"address-taken:{owner.id}:{now:%Y-%m-%d}", member_id=owner.id, address=normal)
    journal.write("ask address", "member", member.id, actor_id=member.id, change=change.id)


def asked(member: Member) -> AddressChange | None:
    """The change the member has asked for and not confirmed yet."""
    query = select(AddressChange).where(AddressChange.member_id == member.id, *_waiting())
    return session().scalar(query.order_by(AddressChange.id.desc()).limit(1))


def until(change: AddressChange) -> datetime:
    """How long it can be confirmed or, once made, objected to."""
    return change.asked_at + ADDRESS_LIFE if change.made_at is None else change.made_at + OBJECTION_LIFE


def mint_confirmation(change_id: int) -> str:
    """A new one-time secret for the letter to the new address; an earlier one stops working."""
    nonce = letters.mint_nonce()
    session().get_one(AddressChange, change_id).confirm_hash = hashed(nonce)
    return nonce


def look(change_id: int, nonce: str) -> AddressChange:
    """The change that a letter to the new address is about: asked for, or made by it. Raises `Expired`."""
    return _opened(change_id, AddressChange.confirm_hash, nonce, "asked", "made")


def _opened(change_id: int, kept: Any, nonce: str, *states: str) -> AddressChange:
    """The change of that number, if the secret is the one kept in that column and it stands so. Raises `Expired`."""
    change: AddressChange | None = session().scalar(
        select(AddressChange).where(AddressChange.id == change_id, kept == hashed(nonce))
    )
    if change is None or not _stands(change, *states):
        raise Expired(N_("This link is no longer valid."))
    return change


def confirm(change_id: int, nonce: str) -> AddressChange:
    """Make the change that was asked for. Works once; raises `Expired`, `Refused` if the address cannot be had."""
    change = look(change_id, nonce)
    member = _lock(change.member_id)
    spent = session().execute(
        update(AddressChange)
        .where(AddressChange.id == change_id, AddressChange.confirm_hash == hashed(nonce), *_waiting())
        .values(state="made", made_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    if not affected(spent) or member.standing != "accepted":
        raise Expired(N_("This link is no longer valid."))
    owner = members.by_address(change.after)
    if owner is not None and owner.id != member.id:
        raise Refused(N_("This address cannot be used for this account. Please write to the organisers."))
    _make(member, change, actor_id=member.id)
    return change


def give(member: Member, typed: str, *, actor_id: int) -> None:
    """A coordinator sets the address at once; both addresses are told. Raises `BadInput` if it is somebody else's.

    Another way of writing the same address is taken over, and nobody is told.
    """
    current = members.main_address(member)
    if current is not None and current.normal == normal_address(typed):
        members.respell(current, typed)
        return
    _lock(member.id)
    now = clock.now()
    change = AddressChange(
        member_id=member.id,
        before=current.text if current else None,
        after=members.as_typed(typed),
        newly=members.by_address(typed) is None,
        state="made",
        asked_at=now,
        made_at=now,
    )
    session().add(change)
    session().flush()
    _make(member, change, actor_id=actor_id)


def _make(member: Member, change: AddressChange, *, actor_id: int) -> None:
    by_oneself = actor_id == member.id
    # Whether the old address may object is asked before the change stands among those that can be objected to.
    entitled = change.before is not None and _may_object(member.id, change)
    before = members.main_address(member)
    change.before = before.text if before else None
    members.change_address(member, change.after, actor_id=actor_id, verified=by_oneself)
    member.sign_in_hash = member.sign_in_until = None
    _drop_asked(member.id)
    session().flush()
    facts = {"change": change.id, "by": "member" if by_oneself else "coordinator"}
    if change.before is not None:
        _tell(member, change, change.before, {**facts, "to": "old", "entitled": entitled})
    if not by_oneself:
        _tell(member, change, change.after, {**facts, "to": "new"})


def _tell(member: Member, change: AddressChange, address: str, facts: dict[str, object]) -> None:
    if member.standing != "accepted":
        return
    letters.post(
        "address_changed",
        f"address-changed:{_unlike_any(change)}:{facts['to']}",
        member_id=member.id,
        address=normal_address(address),
        facts=facts,
        useless_after=until(change),
    )


def _unlike_any(change: AddressChange) -> str:
    """What the keys of letters call the change. Letters stay when it is forgotten; SQLite gives its number again."""
    return f"{change.id}:{change.asked_at.isoformat()}"


def concerns(change_id: int) -> bool:
    """Whether a letter about the change still says what holds: it waits for a confirmation, or was made."""
    change = session().get(AddressChange, change_id)
    return change is not None and change.state in ("asked", "made")


# --- objecting --------------------------------------------------------------------------------------------------------


def objectionable(member: Member) -> AddressChange | None:
    """The latest change of the member's address that can still be objected to."""
    query = select(AddressChange).where(AddressChange.member_id == member.id, *_made())
    return session().scalar(query.order_by(AddressChange.id.desc()).limit(1))


def mint_objection(change_id: int) -> str:
    """A new one-time secret for the letter to the old address; an earlier one stops working."""
    nonce = letters.mint_nonce()
    session().get_one(AddressChange, change_id).object_hash = hashed(nonce)
    return nonce


def look_at_objection(change_id: int, nonce: str) -> AddressChange:
    """The change that a letter to the old address is about: made, or undone by it. Raises `Expired`."""
    return _opened(change_id, AddressChange.object_hash, nonce, "made", "objected")


def objection(change_id: int, nonce: str) -> AddressChange:
    """Put the old address back, undo what was changed after it, and close every door that may have been opened since.
    Works once; raises `Expired`."""
    change = look_at_objection(change_id, nonce)
    member = _lock(change.member_id)
    spent = session().execute(
        update(AddressChange)
        .where(AddressChange.id == change_id, AddressChange.object_hash == hashed(nonce), *_made())
        .values(state="objected", ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    if not affected(spent) or member.standing != "accepted" or change.before is None:
        raise Expired(N_("This link is no longer valid."))
    _put_back(member, change)
    _close_doors(member, since=change.asked_at)
    session().flush()
    for who in _told(member):
        letters.post(
            "address_objected",
            f"address-objected:{_unlike_any(change)}:{who.id}",
            member_id=who.id,
            facts={"member": member.id},
        )
    journal.write("object to address", "member", member.id, actor_id=member.id, change=change.id)
    return change


def _put_back(member: Member, change: AddressChange) -> None:
    assert change.before is not None
    old = members.address_of(member.id, normal_address(change.before))
    given_up = (old.suppressed_at, old.reason) if old is not None else (None, None)
    members.change_address(member, change.before, actor_id=member.id)
    session().flush()
    if (kept := members.main_address(member)) is not None:
        # Whether letters come back from it is the address's own matter.
        kept.suppressed_at, kept.reason = given_up
    later = (AddressChange.member_id == member.id, AddressChange.id >= change.id, AddressChange.state != "dropped")
    for undone in session().scalars(select(AddressChange).where(*later)).all():
        if undone.state == "made":
            undone.state, undone.ended_at = "objected", clock.now()
        if undone.newly and normal_address(undone.after) != normal_address(change.before):
            _forget_address(member.id, undone.after)
    _drop_asked(member.id)


def _close_doors(member: Member, *, since: datetime) -> None:
    """Whoever had the account meanwhile gets in no more, by nothing they found or made."""
    members.sign_out_everywhere(member)
    member.sign_in_hash = member.sign_in_until = None
    if member.password_hash is not None:
        # Also one that is older: it may be how they came in. A link by mail always works.
        members.set_password(member, None, actor_id=member.id)
    for passkey in passkeys.of_member(member):
        if passkey.created_at >= since:
            passkeys.remove(member, passkey.id, actor_id=member.id)
    factors.end_since(member.id, since)
    outside.end_since(member, since, actor_id=member.id)
    members.new_calendar_secret(member)
    deputies.end_since(member, since, actor_id=member.id)


def _told(member: Member) -> list[Member]:
    """Who coordinates the member's series, and the administrators."""
    found = {who.id: who for series in series_rules.of_member(member) for who in series_rules.coordinators(series.id)}
    chiefs = select(Member).where(Member.administrator, Member.standing == "accepted")
    found |= {who.id: who for who in session().scalars(chiefs)}
    return [found[number] for number in sorted(found) if number != member.id]


# --- forgetting -------------------------------------------------------------------------------------------------------


def forget() -> int:
    """Delete changes that were not confirmed in time; and those nobody can object to any more, with the address that
    was left. How many."""
    now = clock.now()
    query = select(AddressChange).where(
        (AddressChange.made_at.is_(None) & (AddressChange.asked_at <= now - ADDRESS_LIFE))
        | (AddressChange.made_at <= now - OBJECTION_LIFE)
    )
    over = session().scalars(query.order_by(AddressChange.id)).all()
    for change in over:
        if change.state == "made" and change.before is not None and not _still_needed(change):
            _forget_address(change.member_id, change.before)
        session().delete(change)
    session().flush()
    return len(over)


def _still_needed(change: AddressChange) -> bool:
    """Whether a later change that can be objected to would put the same address back."""
    later = select(AddressChange.before).where(AddressChange.member_id == change.member_id, *_made())
    kept = {normal_address(text) for text in session().scalars(later) if text}
    return normal_address(change.before or "") in kept


def _forget_address(member_id: int, text: str) -> None:
    """Let an address be nobody's, unless it is the one that counts."""
    session().execute(
        delete(Address)
        .where(Address.member_id == member_id, Address.normal == normal_address(text), Address.kind == "also")
        .execution_options(synchronize_session="fetch")
    )


# --- what stands ------------------------------------------------------------------------------------------------------


def _waiting() -> tuple[ColumnElement[bool], ...]:
    return (AddressChange.state == "asked", AddressChange.asked_at > clock.now() - ADDRESS_LIFE)


def _made() -> tuple[ColumnElement[bool], ...]:
    return (AddressChange.state == "made", AddressChange.made_at > clock.now() - OBJECTION_LIFE)


def _stands(change: AddressChange, *states: str) -> bool:
    return change.state in states and until(change) > clock.now()


def _may_object(member_id: int, change: AddressChange) -> bool:
    """Whether the address that goes may object: not where the change gives the account back to one that could have
    objected itself."""
    standing = select(AddressChange.before).where(AddressChange.member_id == member_id, *_made())
    earlier = session().scalars(standing.where(AddressChange.id != change.id, AddressChange.before.is_not(None)))
    return normal_address(change.after) not in {normal_address(text) for text in earlier if text}


def _asked_since(member_id: int, since: datetime) -> int:
    query = select(func.count(AddressChange.id)).where(
        AddressChange.member_id == member_id, AddressChange.asked_at > since
    )
    return session().scalar(query) or 0


def _drop_asked(member_id: int) -> None:
    """What was asked for before no longer counts; its letter, if it has not left, is not sent."""
    session().execute(
        update(AddressChange)
        .where(AddressChange.member_id == member_id, AddressChange.state == "asked")
        .values(state="dropped", confirm_hash=None)
        .execution_options(synchronize_session="fetch")
    )


def _lock(member_id: int) -> Member:
    """The member, whom nobody else changes until the end of this transaction."""
    return session().get_one(Member, member_id, with_for_update=True, populate_existing=True)
