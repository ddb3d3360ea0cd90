"""The row of an answer: what a member said to a meeting, and the seat that came of it. Holds no verbs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base, session
from asanokai.errors import N_, Missing
from asanokai.meetings import Meeting

CHOICES = ("yes", "maybe", "no")
ANSWERS = ("invited", *CHOICES)
BY = ("page", "link", "calendar", "reply", "coordinator", "deputy", "program")
LONGEST_COMMENT = 1000


class Rsvp(Base):
    """A member's answer to a meeting; *invited* while silent.

    `seat` is held or waiting for a yes. `turn` numbers the askings of one meeting, so that the order of asking does not
    hang on the clock's grain. `sequence`, `starts_at` and `stamped_at` (DTSTAMP) are what the last calendar entry sent
    to this reader said.
    """

    __tablename__ = "rsvp"
    __table_args__ = (
        UniqueConstraint("meeting_id", "member_id"),
        CheckConstraint(f"answer IN {ANSWERS}", name="answer"),
        CheckConstraint("seat IS NULL OR (answer = 'yes' AND seat IN ('held', 'waiting'))", name="seat"),
        CheckConstraint("guests >= 0", name="guests"),
        Index(None, "member_id"),
        Index(None, "meeting_id", "seat", "asked_at", "turn"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    answer: Mapped[str] = mapped_column(default="invited", server_default="invited")
    seat: Mapped[str | None]
    guests: Mapped[int] = mapped_column(default=0, server_default="0")
    comment: Mapped[str] = mapped_column(Text, default="", server_default="")
    late: Mapped[bool] = mapped_column(default=False, server_default="0")
    by: Mapped[str | None]
    asked_at: Mapped[datetime | None]
    turn: Mapped[int | None]
    answered_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    starts_at: Mapped[datetime | None]
    stamped_at: Mapped[datetime | None]
    invited_at: Mapped[datetime | None]

    @property
    def party(self) -> int:
        """How many seats the answer takes: the member and the guests."""
        return 1 + self.guests


def row_of(meeting: Meeting, member_id: int) -> Rsvp:
    rsvp = session().scalar(
        select(Rsvp)
        .where(Rsvp.meeting_id == meeting.id, Rsvp.member_id == member_id)
        .execution_options(populate_existing=True)
    )
    if rsvp is None:
        rsvp = Rsvp(
            meeting_id=meeting.id,
            member_id=member_id,
            answer="invited",
            guests=0,
            comment="",
            revision=0,
            sequence=0,
        )
    return rsvp


def of(meeting_id: int, member_id: int) -> Rsvp | None:
    """The member's answer to the meeting, None if never invited."""
    return session().scalar(select(Rsvp).where(Rsvp.meeting_id == meeting_id, Rsvp.member_id == member_id))


def of_member(member_id: int, meeting_ids: Sequence[int]) -> dict[int, Rsvp]:
    """The member's answers to several meetings."""
    found = session().scalars(select(Rsvp).where(Rsvp.member_id == member_id, Rsvp.meeting_id.in_(meeting_ids)))
    return {rsvp.meeting_id: rsvp for rsvp in found}


def required(meeting_id: int, member_id: int) -> Rsvp:
    """The member's answer row. Raises `Missing`."""
    rsvp = of(meeting_id, member_id)
    if rsvp is None:
        raise Missing(N_("There is no such answer."))
    return rsvp
