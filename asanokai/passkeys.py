"""Passkeys: keys that a member's own device keeps, to sign in without a letter and without a password.

The rows, and the verbs on a member's own page. What a browser says and whether it is true is `ceremony`'s: nothing here
speaks WebAuthn, so that pages which need none of it load none of it. Members hear by letter of every passkey that comes
or goes; `tell` writes that letter for other ways of signing in too.
"""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, db, journal, letters
from asanokai.db import Base, insert_missing, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.members import Member
from asanokai.tokens import hashed

MOST = 10
"""How many a member may have."""

LONGEST_NAME = 60
CHALLENGE_LIFE = timedelta(minutes=5)


class NotTaken(Refused):
    """What came is no answer to anything that was asked."""

    status = 422


class Passkey(Base):
    """A public key and what it is called. `handle` is what the device knows the member by: a random value, the same for
    all of a member's, never their number. `backed_up`: its maker keeps copies on the member's other devices."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(default=0)
    handle: Mapped[bytes]
    name: Mapped[str]
    transports: Mapped[str] = mapped_column(default="")
    backed_up: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SpentChallenge(Base):
    """A question that has been answered, by its hash, until it would be too old anyway: a cookie that is played back
    still holds it, so the cookie cannot say that it is spent."""

    __tablename__ = "spent_challenge"

    hash: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


def relying_party(base_url: str) -> str | None:
    """The name passkeys are bound to: the host of the base URL; None for a bare number, which WebAuthn refuses."""
    host = urlsplit(base_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host or None
    return None


def spend(challenge: str) -> bool:
    """Use up a challenge; whether it had not been used before."""
    now = clock.now()
    session().execute(delete(SpentChallenge).where(SpentChallenge.until < now))
    # Twice its life: its own age is read to the second.
    spent = {"hash": hashed(challenge), "until": now + 2 * CHALLENGE_LIFE}
    return db.affected(session().execute(insert_missing(SpentChallenge), spent)) > 0


# --- the member's own page --------------------------------------------------------------------------------------------


def of_member(member: Member) -> Sequence[Passkey]:
    """The member's passkeys, the oldest first."""
    query = select(Passkey).where(Passkey.member_id == member.id).order_by(Passkey.created_at, Passkey.id)
    return session().scalars(query).all()


def by_credential(credential_id: bytes) -> Passkey | None:
    """The passkey a device names, locked, so that two answers are counted one after the other."""
    row: Passkey | None = session().scalar(
        select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    )
    return row


def add(member: Member, new: Passkey, name: str, *, actor_id: int) -> Passkey:
    """Keep a passkey that has been proved. Raises `BadInput` for its name, `Refused` for one too many or one that is
    known here already, whoever's it is."""
    new.name = _sensible(name)
    if (session().scalar(select(func.count(Passkey.id)).where(Passkey.member_id == member.id)) or 0) >= MOST:
        raise Refused(N_("You have %(most)s passkeys already. Please remove one first."), most=MOST)
    if by_credential(new.credential_id) is not None:
        raise Refused(N_("This passkey is known here already."))
    new.member_id, new.created_at = member.id, clock.now()
    session().add(new)
    session().flush()
    journal.write("add", "passkey", new.id, actor_id=actor_id, member=member.id)
    tell(member, "passkey added", new.name)
    return new


def rename(member: Member, passkey_id: int, name: str, *, actor_id: int) -> None:
    """Call it something else. Raises `Missing` for one that is not the member's."""
    found = _own(member, passkey_id)
    found.name = _sensible(name)
    journal.write("rename", "passkey", found.id, actor_id=actor_id, member=member.id)


def remove(member: Member, passkey_id: int, *, actor_id: int) -> None:
    """Let it sign in no more. Raises `Missing` for one that is not the member's."""
    found = _own(member, passkey_id)
    session().delete(found)
    journal.write("remove", "passkey", found.id, actor_id=actor_id, member=member.id)
    tell(member, "passkey removed", found.name)


def forget(member: Member) -> None:
    """Whoever leaves signs in no more: their passkeys go without a word."""
    session().execute(delete(Passkey).where(Passkey.member_id == member.id))


def used(passkey: Passkey, *, sign_count: int, backed_up: bool) -> None:
    """Note that it signed in its member."""
    passkey.sign_count, passkey.backed_up, passkey.used_at = sign_count, backed_up, clock.now()
    journal.write("sign in", "member", passkey.member_id, actor_id=passkey.member_id, by="passkey")


def tell(member: Member, what: str, name: str) -> None:
    """Post the letter that says that a way of signing in came or went: `what` is a case of the letter's template."""
    facts = {"what": what, "name": name, "at": clock.now().isoformat()}
    letters.post("keys", f"keys:{letters.mint_nonce()}", member_id=member.id, facts=facts)


def _own(member: Member, passkey_id: int) -> Passkey:
    found = session().get(Passkey, passkey_id)
    if found is None or found.member_id != member.id:
        raise Missing(N_("There is no such passkey."))
    return found


def _sensible(name: str) -> str:
    words = " ".join(name.split())
    if not 1 <= len(words) <= LONGEST_NAME:
        raise BadInput("name", N_("Please give it a name of at most %(most)s characters."), most=LONGEST_NAME)
    return words
