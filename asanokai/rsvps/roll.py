"""Reading the answers to a meeting: how it stands, who comes, who waits. Writes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Label, bindparam, func, or_, select

from asanokai import clock
from asanokai.db import session
from asanokai.meetings import Meeting
from asanokai.members import Member, Organisation
from asanokai.rsvps.row import TAKING, Rsvp
from asanokai.series import Belonging, still


def concerning(member_id: int, *, since: datetime) -> Sequence[Meeting]:
    """Meetings the member was told of and that end after `since`, in the order of time: those of the member's series,
    and those the member is invited to or has answered."""
    now = clock.now()
    series = select(Belonging.series_id).where(Belonging.member_id == member_id, still(now))
    asked = select(Rsvp.meeting_id).where(Rsvp.member_id == member_id)
    return (
        session()
        .scalars(
            select(Meeting)
            .where(
                Meeting.announced_at.is_not(None),
                Meeting.ends_at > since,
                or_(Meeting.series_id.in_(series), Meeting.id.in_(asked)),
            )
            .order_by(Meeting.starts_at, Meeting.id)
        )
        .all()
    )


@dataclass(frozen=True)
class Tally:
    """How a meeting stands. `coming`, `offered` and `queued` count people, guests included; the others count answers.
    Tentative seats are among those coming."""

    yes: int = 0
    coming: int = 0
    tentative: int = 0
    offered: int = 0
    waiting: int = 0
    queued: int = 0
    maybe: int = 0
    no: int = 0
    silent: int = 0


_COUNTED = (
    select(Rsvp.meeting_id, Rsvp.answer, Rsvp.seat, func.count(), func.sum(1 + Rsvp.guests))
    .where(Rsvp.meeting_id.in_(bindparam("of", expanding=True)))
    .group_by(Rsvp.meeting_id, Rsvp.answer, Rsvp.seat)
)


def tallies(meeting_ids: Sequence[int]) -> dict[int, Tally]:
    """How several meetings stand, in one statement."""
    counted: dict[int, dict[str, int]] = {meeting_id: {} for meeting_id in meeting_ids}
    for meeting_id, said, seat, answers, people in session().execute(_COUNTED, {"of": list(meeting_ids)}):
        into = counted[meeting_id]
        if seat == "held":
            into["tentative" if said == "invited" else "yes"] = answers
            into["coming"] = into.get("coming", 0) + int(people)
        elif seat == "offered":
            into["offered"] = int(people)
        elif seat == "waiting":
            into.update(waiting=answers, queued=int(people))
        elif said == "invited":
            into["silent"] = answers
        elif said in ("maybe", "no"):
            into[said] = answers
    return {meeting_id: Tally(**fields) for meeting_id, fields in counted.items()}


def _people(*seats: str) -> Label[int]:
    counted = select(func.coalesce(func.sum(1 + Rsvp.guests), 0))
    of_meeting = counted.where(Rsvp.meeting_id == Meeting.id, Rsvp.seat.in_(seats)).correlate(Meeting)
    return of_meeting.scalar_subquery().label(seats[0])


HELD, QUEUED = _people(*TAKING), _people("waiting")
"""Columns to select beside a `Meeting`: how many people have or are offered seats and how many wait, with guests."""


@dataclass(frozen=True)
class Line:
    """One line of the roll."""

    rsvp: Rsvp
    member: Member
    organisation: str


def roll(meeting_id: int) -> list[Line]:
    """Everybody invited or answering, by name; who waits is in the order of asking."""
    query = (
        select(Rsvp, Member, Organisation.name)
        .join(Member, Member.id == Rsvp.member_id)
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .where(Rsvp.meeting_id == meeting_id)
    )
    lines = [Line(rsvp, member, name or "") for rsvp, member, name in session().execute(query)]
    in_line = [line for line in lines if line.rsvp.seat == "waiting"]
    in_line.sort(key=lambda line: (line.rsvp.passes, line.rsvp.asked_at, line.rsvp.turn or 0))
    others = [line for line in lines if line.rsvp.seat != "waiting"]
    others.sort(key=lambda line: line.member.name.sort_key())
    return others + in_line


_PARTS: dict[str, Callable[[Rsvp], bool]] = {
    "coming": lambda rsvp: rsvp.seat == "held",
    "offered": lambda rsvp: rsvp.seat == "offered",
    "waiting": lambda rsvp: rsvp.seat == "waiting",
    "maybe": lambda rsvp: rsvp.answer == "maybe",
    "no": lambda rsvp: rsvp.answer == "no",
    "silent": lambda rsvp: rsvp.answer == "invited" and rsvp.seat is None,
}


def parts(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The roll in its parts: coming, offered, waiting, maybe, no, silent."""
    return {part: [line for line in lines if belongs(line.rsvp)] for part, belongs in _PARTS.items()}
