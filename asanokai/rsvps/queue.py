"""Seats and the waiting list of one meeting: who gets a seat, who waits, who is next.

Everything here that counts does so under `meetings.for_update()`. A freed seat goes to the first in the order of asking
whose party fits.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, case, func, select
from sqlalchemy.orm import aliased

from asanokai import clock, journal, letters
from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.meetings import Meeting
from asanokai.rsvps.row import Rsvp


def taken(meeting_id: int) -> int:
    """How many seats are held, guests counted. Exact only under `meetings.for_update()`."""
    held = select(func.coalesce(func.sum(1 + Rsvp.guests), 0)).where(Rsvp.meeting_id == meeting_id, Rsvp.seat == "held")
    return int(session().scalar(held) or 0)


def take(meeting: Meeting, rsvp: Rsvp, guests: int, asked_at: datetime) -> None:
    """Give the party a seat, or a place in the waiting list. The meeting is locked."""
    party = 1 + guests
    own = rsvp.party if rsvp.seat == "held" else 0
    held, last_turn = session().execute(_HELD_AND_TURN, {"of": meeting.id}).one()
    free = None if meeting.seats is None else meeting.seats - held + own
    next_turn = last_turn + 1
    if free is None or party <= free or party <= own:
        rsvp.seat = "held"
        if own == 0:
            rsvp.asked_at, rsvp.turn = rsvp.asked_at or asked_at, rsvp.turn or next_turn
        return
    if own:
        raise Refused(
            N_("There is no seat left for another guest; your own seat stays yours."), free=max(free - own, 0)
        )
    if rsvp.seat != "waiting" or party > rsvp.party:
        rsvp.asked_at, rsvp.turn = asked_at, next_turn
    rsvp.seat = "waiting"


_HELD_AND_TURN = select(
    func.coalesce(func.sum(case((Rsvp.seat == "held", 1 + Rsvp.guests), else_=0)), 0),
    func.coalesce(func.max(Rsvp.turn), 0),
).where(Rsvp.meeting_id == bindparam("of"), Rsvp.seat.is_not(None))
"""Who has no seat and does not wait has no turn: of ten thousand invited only those who said yes are read."""


def waiting(meeting_id: int) -> Sequence[Rsvp]:
    """Who waits, in the order of asking."""
    return (
        session()
        .scalars(
            select(Rsvp)
            .where(Rsvp.meeting_id == meeting_id, Rsvp.seat == "waiting")
            .order_by(Rsvp.asked_at, Rsvp.turn)
            .execution_options(populate_existing=True)
        )
        .all()
    )


def promote(meeting: Meeting) -> list[Rsvp]:
    """Give free seats to those who wait, in order, as far as their parties fit. The meeting must be locked."""
    if meeting.state != "announced" or clock.now() >= meeting.starts_at:
        return []
    session().flush()
    free = None if meeting.seats is None else meeting.seats - taken(meeting.id)
    if free is not None and free <= 0:
        return []  # a long queue is not read for nothing: every answer comes by here
    seated = []
    for rsvp in waiting(meeting.id):
        if free is not None and rsvp.party > free:
            continue
        if free is not None:
            free -= rsvp.party
        rsvp.seat = "held"
        rsvp.revision += 1
        session().flush()
        journal.write("seat", "rsvp", rsvp.id, meeting=meeting.id, member=rsvp.member_id, guests=rsvp.guests)
        tell(meeting, rsvp, "seat")
        seated.append(rsvp)
    return seated


def tell(meeting: Meeting, rsvp: Rsvp, kind: str) -> None:
    letters.post(
        kind,
        f"{kind}:{meeting.id}:{rsvp.member_id}:{rsvp.revision}",
        member_id=rsvp.member_id,
        meeting_id=meeting.id,
        facts={"revision": rsvp.revision},
        useless_after=meeting.ends_at,
    )


def place_in_line(rsvp: Rsvp) -> int:
    """How many ask before this one, counting itself: 1 is next."""
    ahead = and_(
        Rsvp.meeting_id == rsvp.meeting_id,
        Rsvp.seat == "waiting",
        (Rsvp.asked_at < rsvp.asked_at) | ((Rsvp.asked_at == rsvp.asked_at) & (Rsvp.turn <= rsvp.turn)),
    )
    return int(session().scalar(select(func.count()).where(ahead)) or 0)


def places_in_line(member_id: int) -> dict[int, int]:
    """The member's place in every line the member stands in, by meeting: 1 is next."""
    own = aliased(Rsvp)
    ahead = (Rsvp.asked_at < own.asked_at) | ((Rsvp.asked_at == own.asked_at) & (Rsvp.turn <= own.turn))
    query = (
        select(own.meeting_id, func.count())
        .join(Rsvp, and_(Rsvp.meeting_id == own.meeting_id, Rsvp.seat == "waiting", ahead))
        .where(own.member_id == member_id, own.seat == "waiting")
        .group_by(own.meeting_id)
    )
    return {meeting_id: place for meeting_id, place in session().execute(query)}
