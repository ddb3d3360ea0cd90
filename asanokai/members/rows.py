"""The rows: organisations, members, their addresses, and who asks to belong. No rule stands here."""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from asanokai.db import Base, Facts
from asanokai.languages import LANGUAGES, SALUTATIONS, Name

STANDINGS = ("applied", "confirmed", "accepted", "left", "erased")


class Organisation(Base):
    """Where members work. `normal` is its name folded, so that it stands here once."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    normal: Mapped[str] = mapped_column(unique=True)


class Member(Base, UserMixin):  # type: ignore[misc]  # Flask-Login carries no types
    """Anybody with an account, or written to more than once.

    `sought` and `filed` are kept by the verbs: what a search looks through (names in both scripts, kana, organisation,
    main address; folded), since word indices miss Japanese words of two characters; and where the row stands in a list.
    """

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint(f"standing IN {STANDINGS}", name="standing"),
        CheckConstraint(f"language IN {LANGUAGES}", name="language"),
        CheckConstraint(f"salutation IN {SALUTATIONS}", name="salutation"),
        Index(None, "filed", "id"),
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
    first_in_at: Mapped[datetime | None]
    calendar_secret: Mapped[str] = mapped_column(unique=True)
    unsubscribed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    sought: Mapped[str] = mapped_column(Text, default="", server_default="")
    filed: Mapped[str] = mapped_column(default="", server_default="")

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")

    cookie = ""
    """No column: set while signing in, for Flask-Login."""

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
        """What the cookie holds: the token of the device that is being signed in (`devices`), and only then."""
        return self.cookie

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


class AddressChange(Base):
    """A member's address is to become another, or has. `readdressing.py` holds the rules.

    `newly` says that the new one was not the member's before. The secrets in the letters to both are kept as hashes.
    """

    __tablename__ = "address_change"
    __table_args__ = (CheckConstraint("state IN ('asked', 'dropped', 'made', 'objected')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    before: Mapped[str | None]
    after: Mapped[str]
    newly: Mapped[bool]
    state: Mapped[str] = mapped_column(default="asked")
    confirm_hash: Mapped[str | None]
    object_hash: Mapped[str | None]
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


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

    @property
    def about(self) -> dict[str, int | None]:
        """Whom and what it is about, for the journal."""
        return {"member": self.member_id, "meeting": self.meeting_id, "series": self.series_id}
