"""Who belongs: members, their addresses and organisations, and how they prove who they are.

It knows no meeting: which series somebody belongs to is `series.Belonging`; applying is `applying.py`.
"""

import secrets
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, Text, select, text, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from asanokai import clock, db, journal, letters
from asanokai.db import Base, Facts, session
from asanokai.errors import N_, BadInput, Missing
from asanokai.languages import LANGUAGES, SALUTATIONS, Name, known, zones
from asanokai.tokens import SIGN_IN_LIFE, hashed

STANDINGS = ("applied", "confirmed", "accepted", "left", "erased")
PASSWORD_MIN = 12
LONGEST = 200
"""Characters a name, position or organisation may have."""


class Organisation(Base):
    """Where members work. `normal` is its name folded, so that it stands here once."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    normal: Mapped[str] = mapped_column(unique=True)


class Member(Base, UserMixin):  # type: ignore[misc]  # Flask-Login carries no types
    """Anybody with an account, or written to more than once."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint(f"standing IN {STANDINGS}", name="standing"),
        CheckConstraint(f"language IN {LANGUAGES}", name="language"),
        CheckConstraint(f"salutation IN {SALUTATIONS}", name="salutation"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    standing: Mapped[str] = mapped_column(default="accepted", index=True)
    salutation: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    family: Mapped[str] = mapped_column(default="")
    given: Mapped[str] = mapped_column(default="")
    family_ja: Mapped[str] = mapped_column(default="")
    given_ja: Mapped[str] = mapped_column(default="")
    family_kana: Mapped[str] = mapped_column(default="")
    given_kana: Mapped[str] = mapped_column(default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    position: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="de")
    zone: Mapped[str] = mapped_column(default="Europe/Berlin")
    administrator: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str | None]
    sign_in_hash: Mapped[str | None]
    sign_in_until: Mapped[datetime | None]
    session_stamp: Mapped[str]
    calendar_secret: Mapped[str] = mapped_column(unique=True)
    unsubscribed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    @property
    def name(self) -> Name:
        """The names as `languages` writes them."""
        return Name(
            family=self.family,
            given=self.given,
            salutation=self.salutation,
            title=self.title,
            family_ja=self.family_ja,
            given_ja=self.given_ja,
            family_kana=self.family_kana,
            given_kana=self.given_kana,
        )

    def get_id(self) -> str:
        """What the cookie holds: a new stamp signs every device out."""
        return f"{self.id}.{self.session_stamp}"

    @property
    def is_active(self) -> bool:
        return self.standing == "accepted"


class Address(Base):
    """A mail address of a member. `normal` is unique: one address, one member."""

    __tablename__ = "address"
    __table_args__ = (
        CheckConstraint("kind IN ('main', 'also')", name="kind"),
        Index(
            "uq_address_main",
            "member_id",
            unique=True,
            postgresql_where=text("kind = 'main'"),
            sqlite_where=text("kind = 'main'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    text: Mapped[str]
    normal: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default="main")
    verified_at: Mapped[datetime | None]
    suppressed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)


def normal_address(typed: str) -> str:
    """An address as it is compared: NFKC, trimmed, lower case. Raises `BadInput` if it cannot be one."""
    folded = unicodedata.normalize("NFKC", typed).strip()
    try:
        # A local part beyond ASCII needs SMTPUTF8 at every server on the way; a domain in another script does not.
        found = validate_email(folded, check_deliverability=False, test_environment=True, allow_smtputf8=False)
        return str(found.ascii_email or found.normalized).lower()
    except EmailNotValidError as error:
        raise BadInput("email", N_("“%(typed)s” is not a mail address."), typed=typed[:100]) from error


def cleaned(typed: str | None, *, longest: int = LONGEST) -> str:
    """One line as typed: NFC, control characters and surrounding space removed, cut at `longest` characters."""
    line = unicodedata.normalize("NFC", typed or "")
    line = "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in line)
    return " ".join(line.replace("\u3000", " ").replace("\xa0", " ").split())[:longest]


def prose(typed: str | None, *, longest: int) -> str:
    """Several lines as typed: NFC, trimmed, cut at `longest` characters, without control characters but line breaks.

    PostgreSQL refuses NUL in a text, and no encoding knows half a surrogate pair.
    """
    lines = unicodedata.normalize("NFC", typed or "").replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(sign for sign in lines if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    return kept.strip()[:longest]


def organisation(name: str) -> Organisation | None:
    """The organisation of that name, made if need be; None for an empty name."""
    name = cleaned(name)
    if not name:
        return None
    folded = unicodedata.normalize("NFKC", name).casefold()
    found = session().scalar(select(Organisation).where(Organisation.normal == folded))
    if found is None:
        found = Organisation(name=name, normal=folded)
        session().add(found)
        session().flush()
    return found


def organisation_name(member: Member) -> str:
    """What the member's organisation is called, "" without one."""
    if member.organisation_id is None:
        return ""
    return session().get_one(Organisation, member.organisation_id).name


NAMES = ("title", "family", "given", "family_ja", "given_ja", "family_kana", "given_kana", "position")
"""The fields of a member that are a line of text."""


def add(
    email: str | None,
    *,
    standing: str = "accepted",
    actor_id: int | None = None,
    verified: bool = False,
    **person: Any,
) -> Member:
    """A new member; `person` holds fields as for `describe`. Raises `BadInput` if the address is taken."""
    now = clock.now()
    normal = normal_address(email) if email is not None else None
    if normal is not None and by_address(normal) is not None:
        raise BadInput("email", N_("There is already a member with the address %(address)s."), address=normal)
    member = Member(
        standing=standing,
        session_stamp=secrets.token_urlsafe(12),
        calendar_secret=secrets.token_urlsafe(24),
        created_at=now,
        joined_at=now if standing == "accepted" else None,
        organisation=None,
    )
    describe(member, **person)
    session().add(member)
    session().flush()
    if email is not None and normal is not None:
        kept = Address(
            member_id=member.id,
            text=unicodedata.normalize("NFKC", email).strip(),
            normal=normal,
            kind="main",
            verified_at=now if verified else None,
        )
        session().add(kept)
    session().flush()
    journal.write("add", "member", member.id, actor_id=actor_id, standing=standing)
    return member


def describe(member: Member, **person: Any) -> None:
    """Set names, `salutation`, `organisation` (its name), `position`, `language`, `zone`; what is not given stays.

    Raises `BadInput` for a language, zone or salutation that does not exist.
    """
    for field in NAMES:
        if field in person:
            setattr(member, field, cleaned(person[field]))
    if "organisation" in person:
        found = organisation(person["organisation"] or "")
        member.organisation = found
        member.organisation_id = found.id if found else None
    if "salutation" in person:
        if (person["salutation"] or "") not in SALUTATIONS:
            raise BadInput("salutation", N_("Please choose one of the forms of address offered."))
        member.salutation = person["salutation"] or ""
    if "language" in person:
        language = known(person["language"])
        if language is None:
            raise BadInput("language", N_("Please choose German, English or Japanese."))
        member.language = language
    if "zone" in person:
        if person["zone"] not in zones():
            raise BadInput("zone", N_("“%(zone)s” is not a time zone."), zone=str(person["zone"])[:60])
        member.zone = person["zone"]


def change(member: Member, *, actor_id: int | None, **person: Any) -> None:
    """Describe the member anew and note it."""
    describe(member, **person)
    journal.write("change", "member", member.id, actor_id=actor_id, fields=sorted(person))


def by_address(typed: str) -> Member | None:
    """The member with that address, main or other. Raises `BadInput` if it cannot be an address."""
    normal = normal_address(typed)
    return session().scalar(select(Member).join(Address).where(Address.normal == normal))


def by_id(member_id: int) -> Member:
    """The member. Raises `Missing`."""
    member = session().get(Member, member_id)
    if member is None:
        raise Missing(N_("There is no such member."))
    return member


def by_ids(member_ids: Collection[int]) -> dict[int, Member]:
    """Several members by their numbers, in one statement."""
    if not member_ids:
        return {}
    return {member.id: member for member in session().scalars(select(Member).where(Member.id.in_(member_ids)))}


def cookie_number(cookie: str) -> int | None:
    """The number of the member a cookie speaks of, if it speaks of any."""
    number = cookie.partition(".")[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None


def cookie_holds(member: Member, cookie: str) -> bool:
    """Whether the cookie signs this member in: an accepted one, and the stamp is still the member's."""
    return member.standing == "accepted" and secrets.compare_digest(member.get_id().encode(), cookie.encode())


def main_address(member: Member) -> Address | None:
    """Where letters to the member go."""
    return session().scalar(select(Address).where(Address.member_id == member.id, Address.kind == "main"))


def change_address(member: Member, typed: str, *, actor_id: int | None) -> None:
    """Give the member another main address. Raises `BadInput` if it is somebody's already."""
    normal = normal_address(typed)
    owner = by_address(normal)
    if owner is not None and owner.id != member.id:
        raise BadInput("email", N_("There is already a member with the address %(address)s."), address=normal)
    session().execute(update(Address).where(Address.member_id == member.id).values(kind="also"))
    kept = session().scalar(select(Address).where(Address.normal == normal))
    if kept is None:
        kept = Address(member_id=member.id, normal=normal)
        session().add(kept)
    kept.text, kept.kind = unicodedata.normalize("NFKC", typed).strip(), "main"
    kept.suppressed_at = kept.reason = None
    journal.write("change address", "member", member.id, actor_id=actor_id)


# --- signing in -------------------------------------------------------------------------------------------------------


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


def set_password(member: Member, password: str | None, *, actor_id: int | None) -> None:
    """Set or, with None, remove the password. Signs every device out. Raises `BadInput` if it is too short."""
    if password is not None and not PASSWORD_MIN <= len(password) <= 1000:
        raise BadInput("password", N_("Please choose a password of at least %(least)s characters."), least=PASSWORD_MIN)
    member.password_hash = _hasher().hash(password) if password is not None else None
    sign_out_everywhere(member)
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


def number_of(typed: str) -> int | None:
    """The number of the member with that address, if there is one."""
    try:
        member = by_address(typed)
    except BadInput:
        return None
    return member.id if member else None


def sign_out_everywhere(member: Member) -> None:
    """Make every cookie of the member worthless."""
    member.session_stamp = secrets.token_urlsafe(12)


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


def unsubscribe(member: Member) -> None:
    """No invitations, reminders and evening notes any more. Twice is as good as once."""
    if member.unsubscribed_at is None:
        member.unsubscribed_at = clock.now()
        journal.write("unsubscribe", "member", member.id, actor_id=member.id)


def subscribe(member: Member, *, actor_id: int | None) -> None:
    """Letters again."""
    if member.unsubscribed_at is not None:
        member.unsubscribed_at = None
        journal.write("subscribe", "member", member.id, actor_id=actor_id)


def make_administrator(member: Member, administrator: bool, *, actor_id: int | None) -> None:
    """Give or take the right to everything."""
    member.administrator = administrator
    journal.write("make administrator", "member", member.id, actor_id=actor_id, administrator=administrator)


class Application(Base):
    """Somebody asks to belong to a series, or to come to one meeting. Holds what was consented to, word by word.

    Kept apart from the member's row: the same person may apply for several meetings. `meeting_id` and `series_id` are
    foreign keys only; `applying.py` knows what they mean.
    """

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint("state IN ('applied', 'confirmed', 'approved', 'declined')", name="state"),
        Index(None, "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    state: Mapped[str] = mapped_column(default="applied")
    answer: Mapped[str | None]
    guests: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    person: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    nonce_hash: Mapped[str | None]
    inviter_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    consent_text: Mapped[str] = mapped_column(Text, default="")
    consent_version: Mapped[str] = mapped_column(default="")
    applied_from: Mapped[str | None]
    confirmed_from: Mapped[str | None]
    applied_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
