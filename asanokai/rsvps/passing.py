"""Seats that go out of turn: a coordinator moves somebody up and says why; a member passes the seat on to a colleague.

Both happen under the meeting's lock in one transaction, so that the waiting list never sees the seat in between. The
reason is kept with the seat, for coordinators; the journal holds that it happened, not the words.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Select, Text, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal, meetings
from asanokai.db import Base, session
from asanokai.errors import N_, BadInput, Refused
from asanokai.meetings import Meeting
from asanokai.members import Address, Member, normal_address, prose
from asanokai.rsvps.queue import free_seats, leave, promote, tell, wait_again
from asanokai.rsvps.row import TAKING, Rsvp, required, row_of, stand
from asanokai.series import Belonging

LONGEST_REASON = 300


class SeatNote(Base):
    """How a seat came to somebody out of turn. `other_id` is the colleague who had it before, if it was passed on."""

    __tablename__ = "seat_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    rsvp_id: Mapped[int] = mapped_column(ForeignKey("rsvp.id", ondelete="CASCADE"), index=True)
    other_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


def notes_on(rsvp: Rsvp) -> Sequence[SeatNote]:
    """How the seat came to somebody, the latest first."""
    query = select(SeatNote).where(SeatNote.rsvp_id == rsvp.id).order_by(SeatNote.at.desc(), SeatNote.id.desc())
    return session().scalars(query).all()


def move_up(meeting_id: int, member_id: int, reason: str, *, actor_id: int | None) -> Rsvp:
    """Give somebody who waits a free seat before those who asked earlier.

    Raises `BadInput` without a reason, `Refused` for who does not wait or where the party does not fit.
    """
    meeting = _open(meeting_id)
    rsvp = required(meeting_id, member_id)
    words = prose(reason, longest=LONGEST_REASON)
    if not words:
        raise BadInput("reason", N_("Please say why; it is kept with the seat."))
    if rsvp.answer != "yes" or rsvp.seat == "held":
        raise Refused(N_("Only somebody who waits can be moved up."))
    free = free_seats(meeting)
    if free is not None and rsvp.party > free + (rsvp.party if rsvp.seat in TAKING else 0):
        raise Refused(N_("No seat is free for this party. Give the meeting more seats first, or wait for a refusal."))
    rsvp.seat, rsvp.offered_until, rsvp.let_pass = "held", None, False
    rsvp.revision += 1
    session().add(SeatNote(rsvp_id=rsvp.id, actor_id=actor_id, reason=words, at=clock.now()))
    session().flush()
    journal.write("move up", "rsvp", rsvp.id, actor_id=actor_id, **stand(rsvp))
    tell(meeting, rsvp, "seat")
    wait_again(meeting, free_seats(meeting))
    return rsvp


def pass_on(meeting_id: int, member_id: int, colleague_id: int, *, by: str, actor_id: int | None) -> Rsvp:
    """Let a colleague have the seat: the member declines, the colleague comes, and nobody is seated in between. Guests
    are not passed on; their seats go to those who wait.

    It may be done until the meeting begins: the number of those who come does not grow. Raises `Refused` where there is
    no seat to pass on, or for who is no colleague (`colleagues`).
    """
    meeting = _open(meeting_id)
    mine = required(meeting_id, member_id)
    if mine.seat != "held":
        raise Refused(N_("There is no seat to pass on."))
    if session().scalar(_colleagues(meeting, member_id).where(Member.id == colleague_id)) is None:
        raise Refused(NO_COLLEAGUE)
    theirs = row_of(meeting, colleague_id)
    now, freed = clock.now(), mine.guests
    asked_at, turn, was_no = mine.asked_at, mine.turn, theirs.answer == "no"
    leave(mine)
    leave(theirs)
    mine.answer, mine.guests = "no", 0
    theirs.answer, theirs.seat, theirs.guests, theirs.asked_at, theirs.turn = "yes", "held", 0, asked_at, turn
    mine.by, theirs.by = by, "colleague" if by != "coordinator" else by
    for rsvp in (mine, theirs):
        rsvp.answered_at, rsvp.late = now, now > meeting.answer_until
        rsvp.said_at, rsvp.meant_start = now, None
        rsvp.revision += 1
    if was_no:
        # As for any answer: a calendar shows the declined entry as cancelled until a higher SEQUENCE replaces it.
        theirs.sequence = max(theirs.sequence, meeting.sequence) + 1
    session().add(theirs)
    session().flush()
    session().add(SeatNote(rsvp_id=theirs.id, other_id=member_id, actor_id=actor_id, at=now))
    journal.write("pass on", "rsvp", mine.id, actor_id=actor_id, **stand(mine))
    journal.write("take over", "rsvp", theirs.id, actor_id=actor_id, **stand(theirs))
    for rsvp in (mine, theirs):
        tell(meeting, rsvp, "confirm")
    if freed:
        promote(meeting)
    return theirs


NO_COLLEAGUE = N_(
    "Nobody with this address can take the seat: it must be somebody of your organisation who belongs to this series, "
    "or did, and who does not come already."
)
"""The same words for an unknown address and for one of somebody else."""


def colleagues(meeting: Meeting, member_id: int) -> Sequence[Member]:
    """Who could take over the seat, by name: of the same organisation, in the series now or once, not coming."""
    return session().scalars(_colleagues(meeting, member_id).order_by(Member.family, Member.given, Member.id)).all()


def colleague_by_address(meeting: Meeting, member_id: int, typed: str) -> Member:
    """The one of them with that address. Raises `BadInput` in the same words for whoever is none of them."""
    normal = normal_address(typed)
    query = _colleagues(meeting, member_id).join(Address, Address.member_id == Member.id)
    found: Member | None = session().scalar(query.where(Address.normal == normal))
    if found is None:
        raise BadInput("email", NO_COLLEAGUE)
    return found


def _colleagues(meeting: Meeting, member_id: int) -> Select[Member]:
    own = select(Member.organisation_id).where(Member.id == member_id).scalar_subquery()
    belonged = exists().where(Belonging.member_id == Member.id, Belonging.series_id == meeting.series_id)
    comes = exists().where(Rsvp.member_id == Member.id, Rsvp.meeting_id == meeting.id, Rsvp.answer == "yes")
    return select(Member).where(
        Member.organisation_id == own, Member.id != member_id, Member.standing == "accepted", belonged, ~comes
    )


def _open(meeting_id: int) -> Meeting:
    meeting = meetings.for_update(meeting_id)
    if meeting.state != "announced" or clock.now() >= meeting.starts_at:
        raise Refused(N_("This meeting cannot be answered now."))
    return meeting
