"""How members prove who they are: cookies, mailed links, passwords, the secret of a personal calendar."""

import secrets
from datetime import timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, select, update

from asanokai import clock, db, devices, journal, letters
from asanokai.db import session
from asanokai.errors import N_, BadInput, Missing
from asanokai.members.guessable import guessable
from asanokai.members.keeping import by_address, by_id
from asanokai.members.rows import Address, Member
from asanokai.members.typed import normal_address
from asanokai.tokens import SIGN_IN_LIFE, hashed

PASSWORD_MIN = 12


def ask_for_sign_in(typed: str) -> None:
    """Post a sign-in letter if the address is an accepted member's. Says nothing about whether it is.

    Raises `BadInput` only if the text cannot be an address at all.
    """
    member = by_address(typed)
    if member is not None and member.standing == "accepted":
        letters.post(
            "sign_in",
            f"sign-in:{letters.mint_nonce()}",
            member_id=member.id,
            address=normal_address(typed),
            useless_after=clock.now() + SIGN_IN_LIFE,
        )


def send_sign_in(member: Member, address: str, *, actor_id: int) -> None:
    """Post a sign-in letter that somebody else asks for."""
    letters.post(
        "sign_in",
        f"sign-in:{letters.mint_nonce()}",
        member_id=member.id,
        address=normal_address(address),
        useless_after=clock.now() + SIGN_IN_LIFE,
    )
    journal.write("send sign-in", "member", member.id, actor_id=actor_id)


def mint_sign_in(member: Member, *, life: timedelta = SIGN_IN_LIFE) -> str:
    """A new one-time secret for the member's sign-in link; an earlier one stops working. Only its hash is kept."""
    nonce = letters.mint_nonce()
    member.sign_in_hash, member.sign_in_until = hashed(nonce), clock.now() + life
    return nonce


def sign_in_holds(member_id: int, nonce: str) -> bool:
    """Whether `redeem_sign_in` would take the secret now. Spends nothing."""
    return bool(session().scalar(select(Member.id).where(*_good_sign_in(member_id, nonce))))


def _good_sign_in(member_id: int, nonce: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Member.id == member_id,
        Member.sign_in_hash == hashed(nonce),
        Member.sign_in_until > clock.now(),
        Member.standing == "accepted",
    )


def redeem_sign_in(member_id: int, nonce: str) -> Member | None:
    """The member, if the secret is the last one minted, unused and still alive; it is spent by this."""
    spent = session().execute(
        update(Member)
        .where(*_good_sign_in(member_id, nonce))
        .values(sign_in_hash=None, sign_in_until=None)
        .execution_options(synchronize_session="fetch")
    )
    if not db.affected(spent):
        return None
    member = by_id(member_id)
    # The link went to the address that was typed: with several, nobody knows which of them is read.
    addresses = session().scalars(select(Address).where(Address.member_id == member_id)).all()
    if len(addresses) == 1 and addresses[0].verified_at is None:
        addresses[0].verified_at = clock.now()
    journal.write("sign in", "member", member_id, actor_id=member_id, by="link")
    return member


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def set_password(member: Member, password: str | None, *, actor_id: int | None, but: int | None = None) -> None:
    """Set or, with None, remove the password. Signs every device out, or all but one. Raises `BadInput` if it is too
    short or easily guessed."""
    if password is not None and not PASSWORD_MIN <= len(password) <= 1000:
        raise BadInput("password", N_("Please choose a password of at least %(least)s characters."), least=PASSWORD_MIN)
    if password is not None and guessable(password, member.sought.splitlines()):
        raise BadInput(
            "password",
            N_("This password would soon be guessed. Please take four words, say, that do not belong together."),
        )
    member.password_hash = _hasher().hash(password) if password is not None else None
    devices.end_all(member.id, but=but)
    journal.write("set password" if password else "remove password", "member", member.id, actor_id=actor_id)


def by_password(typed: str, password: str) -> Member | None:
    """The accepted member with that address and password. Works as long for an unknown address as for a known one."""
    try:
        member = by_address(typed)
    except BadInput:
        member = None
    known_hash = member.password_hash if member is not None and member.standing == "accepted" else None
    try:
        _hasher().verify(known_hash or _nobodys_hash(), password[:1000])
    except (VerificationError, InvalidHashError):
        return None
    if member is None or known_hash is None:
        return None
    journal.write("sign in", "member", member.id, actor_id=member.id, by="password")
    return member


def password_is(member: Member, password: str) -> bool:
    """Whether that is the member's password. Writes nothing."""
    try:
        _hasher().verify(member.password_hash or _nobodys_hash(), password[:1000])
    except (VerificationError, InvalidHashError):
        return False
    return member.password_hash is not None


def sign_out_everywhere(member: Member) -> None:
    """Make every cookie of the member worthless."""
    devices.end_all(member.id)


def new_calendar_secret(member: Member) -> None:
    """Another address for the personal calendar feed; the old one stops working."""
    member.calendar_secret = secrets.token_urlsafe(24)
    journal.write("new calendar secret", "member", member.id, actor_id=member.id)


def by_calendar_secret(secret: str) -> Member:
    """The accepted member whose personal feed has that address. Raises `Missing`."""
    member: Member | None = session().scalar(
        select(Member).where(Member.calendar_secret == secret, Member.standing == "accepted")
    )
    if member is None:
        raise Missing(N_("There is no such calendar."))
    return member
