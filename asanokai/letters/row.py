"""The row of a letter, the kinds there are, and what is noted of a letter's way. Holds no verbs."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base, Facts

STATES = ("queued", "claimed", "sent", "failed", "dropped", "bounced")
FIRST_OF_ALL = ("sign_in", "opt_in", "address_confirm")
"""Kinds somebody is waiting for in front of the screen."""

ASKED_FOR = (
    "sign_in",
    "keys",
    "opt_in",
    "join",
    "welcome",
    "declined",
    "application",
    "digest",
    "alert",
    "test",
    "pack",
    "catering_change",
    "speaker",
    "speaker_remind",
    "reply",
    "new_device",
    "address_confirm",
    "address_taken",
    "address_changed",
    "address_objected",
    "second_factor",
    "copy_ready",
    "erased_soon",
)
"""Kinds that are about an account or the desk, not a meeting's audience: no List-* headers and no calendar part."""

UNPAUSED = tuple(kind for kind in ASKED_FOR if kind not in ("speaker_remind", "erased_soon"))
"""Kinds that go although everything is paused: somebody asked for them, or waits for them."""

OF_MEETING = (
    "invite",
    "remind",
    "confirm",
    "acknowledged",
    "waiting",
    "seat",
    "offer",
    "free",
    "lapsed",
    "answered",
    "ask_back",
    "not_taken",
    "moved",
    "changed",
    "cancelled",
    "parted",
    "eve",
    "nudge",
    "own",
    "thanks",
)
"""Letters about a meeting to its audience: they carry answer links and List-* headers."""

LEASE = timedelta(minutes=5)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
"""How long to wait after the first, second, … temporary refusal; after the last the letter has failed."""


HAPPENINGS = ("postponed", "refused", "failed", "bounced", "delayed", "complained", "released", "retried")


AGAIN = "again"
"""The fact that somebody had the letter sent again: it goes even where letters came back."""


class Letter(Base):
    """One mail to one person. `key` says what it is, so that nothing is posted twice."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index(
            "ix_letter_queued",
            "due_at",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_letter_claimed",
            "claimed_until",
            postgresql_where=text("state = 'claimed'"),
            sqlite_where=text("state = 'claimed'"),
        ),
        Index(None, "meeting_id", "kind"),
        Index(None, "member_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    address: Mapped[str | None]
    language: Mapped[str | None]
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    facts: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    state: Mapped[str] = mapped_column(default="queued", server_default="queued")
    due_at: Mapped[datetime]
    useless_after: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(unique=True)
    sequence: Mapped[int | None]
    starts_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    server_words: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class Happening(Base):
    """Something that happened to a letter beside what its row says: another server's refusal, a bounce, another try.

    Claiming and sending stand in the letter's own row, so that the usual letter writes none of these.
    """

    __tablename__ = "happening"
    __table_args__ = (Index(None, "letter_id", "id"), CheckConstraint(f"what IN {HAPPENINGS}", name="what"))

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    what: Mapped[str]
    words: Mapped[str | None] = mapped_column(Text)
