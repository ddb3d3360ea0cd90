"""Answers to a meeting: yes, maybe, no; seats, waiting list, roll.

The one verb is `answer()`. It locks the meeting, then counts; so seats are exact under any load and on both databases.
A *yes* holds a seat or waits. A freed seat goes to the first in the order of asking whose party fits. *Maybe* holds no
seat. Letters are posted here in the same transaction; they are laid out elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Label,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from asanokai import clock, journal, letters, meetings
from asanokai.db import Base, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.meetings import Meeting
from asanokai.members import Member, Organisation, prose
from asanokai.series import Belonging, still

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


@dataclass(frozen=True)
class Given:
    """What an answer came to: the row, and whether anything changed."""

    rsvp: Rsvp
    changed: bool


def answer(
    meeting_id: int,
    member_id: int,
    choice: str,
    *,
    guests: int | None = None,
    comment: str | None = None,
    by: str,
    actor_id: int | None = None,
    asked_at: datetime | None = None,
) -> Given:
    """Record an answer and do what follows from it: seat or queue, letter, promotion of whoever is next.

    `guests` and `comment` None leave what was said before. `by` is one of `BY`; a coordinator may answer for somebody
    after the deadline. `asked_at` (default now) is the place in the order of asking.

    Raises `BadInput` for values that cannot be, `Refused` where the rules say no: not announced, begun, too late, or
    more guests than seats. Nothing is changed then.
    """
    if choice not in CHOICES or by not in BY:
        raise BadInput("answer", N_("Please choose yes, maybe or no."))
    meeting = meetings.for_update(meeting_id)
    rsvp = _row(meeting, member_id)
    wanted = _guests(meeting, rsvp, choice, guests)
    said = rsvp.comment if comment is None else prose(comment, longest=LONGEST_COMMENT)
    if (rsvp.answer, rsvp.guests, rsvp.comment) == (choice, wanted, said):
        _still_open(meeting)
        return Given(rsvp, changed=False)
    now = clock.now()
    _may(meeting, rsvp, choice, wanted, by=by, now=now)
    before = (rsvp.answer, rsvp.seat, rsvp.guests)
    late = _late(meeting, rsvp, choice, wanted, now)
    if choice == "yes":
        _take(meeting, rsvp, wanted, asked_at or now)
    else:
        rsvp.seat = rsvp.asked_at = rsvp.turn = None
    # Nothing is read from here to the flush: a half-changed row would meet the table's checks.
    rsvp.answer, rsvp.guests, rsvp.comment, rsvp.by = choice, wanted, said, by
    rsvp.answered_at, rsvp.late = now, late
    rsvp.revision += 1
    if before[0] == "no" != choice:
        # A calendar that was told "declined" shows the old entry as cancelled until a higher SEQUENCE replaces it.
        rsvp.sequence = max(rsvp.sequence, meeting.sequence) + 1
    session().add(rsvp)
    session().flush()
    journal.write(
        "answer",
        "rsvp",
        rsvp.id,
        actor_id=actor_id,
        meeting=meeting.id,
        member=member_id,
        answer=choice,
        seat=rsvp.seat,
        guests=wanted,
        turn=rsvp.turn,
        asked_at=rsvp.asked_at.isoformat() if rsvp.asked_at else None,
        late=rsvp.late,
        by=by,
        before=list(before),
    )
    if rsvp.seat == "waiting":
        _tell(meeting, rsvp, "waiting")
    elif by != "calendar":  # which shows already what was answered there
        _tell(meeting, rsvp, "confirm")
    if _makes_room(before, rsvp):
        promote(meeting)
    return Given(rsvp, changed=True)


def _late(meeting: Meeting, rsvp: Rsvp, choice: str, guests: int, now: datetime) -> bool:
    """Whether somebody declines or brings fewer after the deadline. A word added to an answer makes it no later."""
    if (choice, guests) == (rsvp.answer, rsvp.guests):
        return rsvp.late
    fewer = choice == "no" or (choice == rsvp.answer and guests < rsvp.guests)
    return fewer and now > meeting.answer_until


def _makes_room(before: tuple[str, str | None, int], rsvp: Rsvp) -> bool:
    """Whether somebody who waits may fit now: a seat was given back."""
    _answer, seat, guests = before
    return seat == "held" and (rsvp.seat != "held" or rsvp.guests < guests)


def _row(meeting: Meeting, member_id: int) -> Rsvp:
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


def _guests(meeting: Meeting, rsvp: Rsvp, choice: str, guests: int | None) -> int:
    if choice == "no":
        return 0
    wanted = rsvp.guests if guests is None else guests
    if wanted < 0:
        raise BadInput("guests", N_("The number of guests cannot be below zero."))
    # Who brought more before the meeting's limit was lowered keeps them.
    if wanted > max(meeting.guests_allowed, rsvp.guests):
        raise BadInput(
            "guests", N_("You may bring up to %(most)s guests to this meeting."), most=meeting.guests_allowed
        )
    return wanted


def _still_open(meeting: Meeting) -> None:
    if meeting.state == "cancelled":
        raise Refused(N_("This meeting has been cancelled; there is nothing to answer."))
    if meeting.state != "announced":
        raise Refused(N_("This meeting cannot be answered now."))
    if clock.now() >= meeting.starts_at:
        raise Refused(N_("The meeting has begun; answers can no longer be changed."))


def _may(meeting: Meeting, rsvp: Rsvp, choice: str, guests: int, *, by: str, now: datetime) -> None:
    _still_open(meeting)
    if now <= meeting.answer_until or by in ("coordinator", "program"):
        return
    fewer = choice == rsvp.answer and guests <= rsvp.guests
    if choice != "no" and not fewer:
        raise Refused(
            N_("Answers were open until the deadline. You can still decline; to come, please ask the organisers.")
        )


def taken(meeting_id: int) -> int:
    """How many seats are held, guests counted. Exact only under `meetings.for_update()`."""
    held = select(func.coalesce(func.sum(1 + Rsvp.guests), 0)).where(Rsvp.meeting_id == meeting_id, Rsvp.seat == "held")
    return int(session().scalar(held) or 0)


def _take(meeting: Meeting, rsvp: Rsvp, guests: int, asked_at: datetime) -> None:
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
    # Who was asked again keeps the earlier place, see `announcing.asking`.
    in_line = rsvp.seat == "waiting" or (rsvp.answer == "invited" and rsvp.asked_at is not None)
    if not in_line or party > rsvp.party:
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
        _tell(meeting, rsvp, "seat")
        seated.append(rsvp)
    return seated


def _tell(meeting: Meeting, rsvp: Rsvp, kind: str) -> None:
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


def of(meeting_id: int, member_id: int) -> Rsvp | None:
    """The member's answer to the meeting, None if never invited."""
    return session().scalar(select(Rsvp).where(Rsvp.meeting_id == meeting_id, Rsvp.member_id == member_id))


def of_member(member_id: int, meeting_ids: Sequence[int]) -> dict[int, Rsvp]:
    """The member's answers to several meetings."""
    found = session().scalars(select(Rsvp).where(Rsvp.member_id == member_id, Rsvp.meeting_id.in_(meeting_ids)))
    return {rsvp.meeting_id: rsvp for rsvp in found}


@dataclass(frozen=True)
class Tally:
    """How a meeting stands. `coming` and `queued` count people, guests included; the others count answers."""

    yes: int = 0
    coming: int = 0
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
            into.update(yes=answers, coming=int(people))
        elif seat == "waiting":
            into.update(waiting=answers, queued=int(people))
        elif said == "invited":
            into["silent"] = answers
        elif said in ("maybe", "no"):
            into[said] = answers
    return {meeting_id: Tally(**fields) for meeting_id, fields in counted.items()}


def _people(seat: str) -> Label[int]:
    counted = select(func.coalesce(func.sum(1 + Rsvp.guests), 0))
    of_meeting = counted.where(Rsvp.meeting_id == Meeting.id, Rsvp.seat == seat).correlate(Meeting)
    return of_meeting.scalar_subquery().label(seat)


HELD, QUEUED = _people("held"), _people("waiting")
"""Columns to select beside a `Meeting`: how many people have seats and how many wait, guests included."""


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
    in_line.sort(key=lambda line: (line.rsvp.asked_at, line.rsvp.turn or 0))
    others = [line for line in lines if line.rsvp.seat != "waiting"]
    others.sort(key=lambda line: line.member.name.sort_key())
    return others + in_line


_PARTS: dict[str, Callable[[Rsvp], bool]] = {
    "coming": lambda rsvp: rsvp.seat == "held",
    "waiting": lambda rsvp: rsvp.seat == "waiting",
    "maybe": lambda rsvp: rsvp.answer == "maybe",
    "no": lambda rsvp: rsvp.answer == "no",
    "silent": lambda rsvp: rsvp.answer == "invited",
}


def parts(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The roll in its parts: coming, waiting, maybe, no, silent."""
    return {part: [line for line in lines if belongs(line.rsvp)] for part, belongs in _PARTS.items()}


def required(meeting_id: int, member_id: int) -> Rsvp:
    """The member's answer row. Raises `Missing`."""
    rsvp = of(meeting_id, member_id)
    if rsvp is None:
        raise Missing(N_("There is no such answer."))
    return rsvp
