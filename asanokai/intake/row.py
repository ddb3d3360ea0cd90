"""The rows of mail that came: one per mail and recipient, with its very bytes for 30 days. Holds no verbs.

States: waiting → taken | parked → settled. *waiting*: durable, not looked at yet. *taken*: the program has done what
followed from it. *parked*: a person must look, since it is a message to the organisers or could not be taken in.
*settled*: a person has looked. A row outlives its bytes: it says what came, when, and the hash of what it was.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from asanokai.db import Base, Facts

STATES = ("waiting", "taken", "parked", "settled")
WAYS = ("lmtp", "imap", "file")
KEPT = timedelta(days=30)
"""How long the bytes of a mail are kept."""

TRIES = 3
"""After as many failures a mail is parked for a person."""

LONGEST_ADDRESS = 320
LONGEST_SUBJECT = 300


class Incoming(Base):
    """A mail that came. `digest` says that it is the same mail to the same recipient, by whatever way it comes.

    `recipient` and `sender` are the envelope's, None where it is not known ("" is the sender of bounces). `outcome` is
    one of `outcome.OUTCOMES`. `due_at` is when it is to be tried next. `facts` hold what the outcome rests on: states,
    numbers, moments, and the addresses that a person must see.
    """

    __tablename__ = "incoming"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"way IN {WAYS}", name="way"),
        Index(
            "ix_incoming_waiting",
            "due_at",
            "id",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_incoming_parked",
            "id",
            postgresql_where=text("state = 'parked'"),
            sqlite_where=text("state = 'parked'"),
        ),
        Index(None, "member_id", "id"),
        Index(None, "meeting_id", "id"),
        Index(None, "letter_id", "id"),
        Index(None, "came_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    raw_hash: Mapped[str]
    raw: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    size: Mapped[int]
    way: Mapped[str]
    recipient: Mapped[str | None]
    sender: Mapped[str | None]
    came_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime]
    author: Mapped[str | None]
    subject: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    taken_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))


class Mailbox(Base):
    """How far an IMAP folder has been read: `last_uid` of the numbering `validity` (RFC 3501 2.3.1.1)."""

    __tablename__ = "mailbox"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    validity: Mapped[int | None] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    seen_at: Mapped[datetime | None]
