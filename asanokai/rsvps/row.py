"""The row of an answer: what a member said to a meeting, and the seat that came of it. Holds no verbs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base, session
from asanokai.errors import N_, Missing
from asanokai.meetings import Meeting

CHOICES = ("yes", "maybe", "no")
ANSWERS = ("invited", *CHOICES)
SEATS = ("held", "offered", "waiting")
TAKING = ("held", "offered")
"""What counts as taken: a seat somebody has, and one that is kept for somebody to take."""

BY = ("page", "link", "calendar", "reply", "coordinator", "deputy", "colleague", "program")
LONGEST_COMMENT = 1000


class Rsvp(Base):
    """A member's answer to a meeting; *invited* while silent.

    `seat` is held, offered (until `offered_until`) or waiting for a yes; who is silent may hold one tentatively. `turn`
    numbers the askings of one meeting, so that the order of asking does not hang on the clock's grain. `passes` counts
    the offers that ran out: who let more of them pass is asked later. `let_pass`: the seat that is free now was let
    pass and is anybody's, so it is not offered again. `short_notice`: a seat may be given on the last evening.
    `said_at` is when the reader gave the answer that stands, by the clock it was given on: a later answer must be newer
    than a calendar's DTSTAMP; `meant_start` the start an answer to an older version was for.
    `sequence`, `starts_at` and `stamped_at` (DTSTAMP) are what the last calendar entry sent to this reader said.
    """

    __tablename__ = "rsvp"
    __table_args__ = (
        UniqueConstraint("meeting_id", "member_id"),
        CheckConstraint(f"answer IN {ANSWERS}", name="answer"),
        CheckConstraint(
            f"seat IS NULL OR (answer = 'yes' AND seat IN {SEATS}) OR (answer = 'invited' AND seat = 'held')",
            name="seat",
        ),
        CheckConstraint("guests >= 0", name="guests"),
        Index(None, "member_id"),
        Index(None, "meeting_id", "seat", "asked_at", "turn"),
        Index(
            "ix_rsvp_offered",
            "offered_until",
            "meeting_id",
            postgresql_where=text("seat = 'offered'"),
            sqlite_where=text("seat = 'offered'"),
        ),
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
    offered_until: Mapped[datetime | None]
    passes: Mapped[int] = mapped_column(default=0, server_default="0")
    let_pass: Mapped[bool] = mapped_column(default=False, server_default="0")
    short_notice: Mapped[bool] = mapped_column(default=False, server_default="0")
    answered_at: Mapped[datetime | None]
    said_at: Mapped[datetime | None]
    meant_start: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    starts_at: Mapped[datetime | None]
    stamped_at: Mapped[datetime | None]
    invited_at: Mapped[datetime | None]

    @property
    def party(self) -> int:
        """How many seats the answer takes: the member and the guests."""
        return 1 + self.guests

    @property
    def tentative(self) -> bool:
        """Whether the seat is kept for somebody who normally comes and has not said so this time."""
        return self.answer == "invited" and self.seat == "held"


def stand(rsvp: Rsvp) -> dict[str, Any]:
    """What the journal notes of an answer whenever its seat changes: enough to replay the queue."""
    return {
        "meeting": rsvp.meeting_id,
        "member": rsvp.member_id,
        "answer": rsvp.answer,
        "seat": rsvp.seat,
        "guests": rsvp.guests,
        "turn": rsvp.turn,
        "asked_at": rsvp.asked_at.isoformat() if rsvp.asked_at else None,
        "until": rsvp.offered_until.isoformat() if rsvp.offered_until else None,
        "passes": rsvp.passes,
        "let_pass": rsvp.let_pass,
        "short_notice": rsvp.short_notice,
    }


_FRESH = (
    select(Rsvp)
    .where(Rsvp.meeting_id == bindparam("meeting"), Rsvp.member_id == bindparam("member"))
    .execution_options(populate_existing=True)
)


def row_of(meeting: Meeting, member_id: int) -> Rsvp:
    """The member's row, fresh; a new one, not added yet, if there is none."""
    rsvp = session().scalar(_FRESH, {"meeting": meeting.id, "member": member_id})
    if rsvp is None:
        rsvp = Rsvp(
            meeting_id=meeting.id,
            member_id=member_id,
            answer="invited",
            guests=0,
            comment="",
            passes=0,
            let_pass=False,
            short_notice=False,
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
    """The member's answer row, fresh. Raises `Missing`."""
    query = select(Rsvp).where(Rsvp.meeting_id == meeting_id, Rsvp.member_id == member_id)
    rsvp = session().scalar(query.execution_options(populate_existing=True))
    if rsvp is None:
        raise Missing(N_("There is no such answer."))
    return rsvp
