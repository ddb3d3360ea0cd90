"""Seats and the waiting list of one meeting: who gets a seat, who is offered one, who waits, who is next.

Everything here that counts does so under `meetings.for_update()`. A freed seat goes to the next in line whose party
fits, before anybody else may take it; `rule` says whether it is given or offered. An offer counts as taken. One that
runs out puts its reader behind the next who fits; where nobody else waits, the seat is anybody's.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, true
from sqlalchemy.orm import aliased

from asanokai import clock, installation, journal, letters, meetings
from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.rsvps import rule
from asanokai.rsvps.row import TAKING, Rsvp, stand
from asanokai.series import Series


def taken(meeting_id: int) -> int:
    """How many seats are held or offered, guests counted. Exact only under `meetings.for_update()`."""
    query = select(func.coalesce(func.sum(1 + Rsvp.guests), 0))
    return int(session().scalar(query.where(Rsvp.meeting_id == meeting_id, Rsvp.seat.in_(TAKING))) or 0)


def free_seats(meeting: Meeting) -> int | None:
    """How many seats are neither held nor offered; None: as many as come. Below zero where seats were taken away."""
    return None if meeting.seats is None else meeting.seats - taken(meeting.id)


def take(meeting: Meeting, rsvp: Rsvp, guests: int, asked_at: datetime) -> None:
    """Give the party a seat, or a place in the waiting list. The meeting is locked."""
    party = 1 + guests
    own = rsvp.party if rsvp.seat in TAKING else 0
    held, last_turn = session().execute(_TAKEN_AND_TURN, {"of": meeting.id}).one()
    free = None if meeting.seats is None else meeting.seats - held + own
    next_turn = last_turn + 1
    if free is None or party <= free or party <= own:
        rsvp.seat, rsvp.offered_until, rsvp.let_pass = "held", None, False
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


_TAKEN_AND_TURN = select(
    func.coalesce(func.sum(case((Rsvp.seat.in_(TAKING), 1 + Rsvp.guests), else_=0)), 0),
    func.coalesce(func.max(Rsvp.turn), 0),
).where(Rsvp.meeting_id == bindparam("of"), Rsvp.seat.is_not(None))
"""Who has no seat and does not wait has no turn: of ten thousand invited only those who said yes are read."""


def leave(rsvp: Rsvp) -> None:
    """Give back the seat, the offer or the place in the line."""
    rsvp.seat = rsvp.asked_at = rsvp.turn = rsvp.offered_until = None
    rsvp.passes, rsvp.let_pass, rsvp.short_notice = 0, False, False


def waiting(meeting_id: int) -> Sequence[Rsvp]:
    """Who waits, in the order in which seats go to them: who let more offers pass later, else the order of asking."""
    return (
        session()
        .scalars(
            select(Rsvp)
            .where(Rsvp.meeting_id == meeting_id, Rsvp.seat == "waiting")
            .order_by(Rsvp.passes, Rsvp.asked_at, Rsvp.turn)
            .execution_options(populate_existing=True)
        )
        .all()
    )


def promote(meeting: Meeting) -> list[Rsvp]:
    """Give or offer free seats to those who wait, in order, as far as their parties fit. The meeting must be locked."""
    now = clock.now()
    if meeting.state != "announced" or now >= meeting.starts_at:
        return []
    session().flush()
    free = free_seats(meeting)
    wait_again(meeting, free)
    if free is not None and free <= 0:
        return []  # a long queue is not read for nothing: every answer comes by here
    phase = rule.phase(meeting, now)
    seated = []
    for rsvp in waiting(meeting.id):
        if not _next(rsvp, free, phase):
            continue
        if free is not None:
            free -= rsvp.party
        if phase == rule.OFFERED and free is not None:
            _offer(meeting, rsvp, now)
        else:
            _give(meeting, rsvp)
        seated.append(rsvp)
    if seated:
        wait_again(meeting, free)
    return seated


def _next(rsvp: Rsvp, free: int | None, phase: str) -> bool:
    """Whether a free seat goes to somebody who waits, if it comes to them."""
    fits = free is None or rsvp.party <= free
    return fits and not rsvp.let_pass and (phase != rule.SHORT or rsvp.short_notice)


def _give(meeting: Meeting, rsvp: Rsvp) -> None:
    rsvp.seat = "held"
    rsvp.revision += 1
    session().flush()
    journal.write("seat", "rsvp", rsvp.id, **stand(rsvp))
    tell(meeting, rsvp, "seat")


def _offer(meeting: Meeting, rsvp: Rsvp, now: datetime) -> None:
    rsvp.seat, rsvp.offered_until = "offered", rule.offered_until(meeting, now, _zone(meeting, rsvp))
    rsvp.revision += 1
    session().flush()
    journal.write("offer", "rsvp", rsvp.id, **stand(rsvp))
    tell(meeting, rsvp, "offer", until=rsvp.offered_until)


# --- offers that run out ----------------------------------------------------------------------------------------------


ALMOST_OVER = timedelta(hours=1)
"""While letters are paused, an offer that stands no longer than this begins anew."""


def meetings_with_offers_over() -> list[int]:
    """Numbers of the meetings at which an offer has run out, or almost has while their letters are paused; for the
    worker."""
    now = clock.now()
    paused = true() if installation.current().paused_at is not None else Meeting.id.in_(meetings.held_back())
    over = or_(Rsvp.offered_until <= now, and_(paused, Rsvp.offered_until <= now + ALMOST_OVER))
    query = (
        select(Rsvp.meeting_id)
        .join(Meeting, Meeting.id == Rsvp.meeting_id)
        .where(Rsvp.seat == "offered", over, Meeting.state == "announced", Meeting.starts_at > now)
        .distinct()
        .order_by(Rsvp.meeting_id)
    )
    return list(session().scalars(query))


def expire_offers(meeting_id: int) -> int:
    """Take back the offers of a meeting that have run out; how many."""
    return expire(meetings.for_update(meeting_id))


def expire(meeting: Meeting) -> int:
    """Take back the offers that have run out, the oldest first, and let each seat go to whoever is next. How many. The
    meeting must be locked. While its letters are paused none runs out: nobody would hear of it."""
    now = clock.now()
    if meeting.offers_from is None or meeting.state != "announced" or now >= meeting.starts_at:
        return 0
    if _letters_wait(meeting):
        _begin_anew(meeting, now)
        return 0
    query = select(Rsvp).where(Rsvp.meeting_id == meeting.id, Rsvp.seat == "offered", Rsvp.offered_until <= now)
    query = query.order_by(Rsvp.offered_until, Rsvp.turn).execution_options(populate_existing=True)
    over = session().scalars(query).all()
    for rsvp in over:
        _step_back(meeting, rsvp, now)
    return len(over)


def _letters_wait(meeting: Meeting) -> bool:
    """Whether it, its series or everything is paused."""
    if meeting.paused_at is not None or installation.current().paused_at is not None:
        return True
    return session().scalar(select(Series.paused_at).where(Series.id == meeting.series_id)) is not None


def _begin_anew(meeting: Meeting, now: datetime) -> None:
    """Let offers that are almost over stand as if they were made now; so do the letters that wait to tell of them."""
    query = select(Rsvp).where(
        Rsvp.meeting_id == meeting.id, Rsvp.seat == "offered", Rsvp.offered_until <= now + ALMOST_OVER
    )
    for rsvp in session().scalars(query.order_by(Rsvp.id).execution_options(populate_existing=True)).all():
        until = rule.offered_until(meeting, now, _zone(meeting, rsvp))
        if rsvp.offered_until is not None and until > rsvp.offered_until:
            rsvp.offered_until = until
            session().flush()
            journal.write("offer", "rsvp", rsvp.id, **stand(rsvp))
            letters.prolong(_key(meeting, rsvp, "offer"), until)


def _zone(meeting: Meeting, rsvp: Rsvp) -> str:
    return session().scalar(select(Member.zone).where(Member.id == rsvp.member_id)) or meeting.zone


def _step_back(meeting: Meeting, rsvp: Rsvp, now: datetime) -> None:
    """Behind the next who fits; if there is nobody, the seat is anybody's, and that is told."""
    rsvp.seat, rsvp.offered_until = "waiting", None
    session().flush()
    free, phase = free_seats(meeting), rule.phase(meeting, now)
    following = next((one for one in waiting(meeting.id) if one is not rsvp and _next(one, free, phase)), None)
    rsvp.passes = max(rsvp.passes, following.passes if following else 0) + 1
    rsvp.let_pass = following is None and (free is None or rsvp.party <= free)
    rsvp.revision += 1
    session().flush()
    journal.write("expire", "rsvp", rsvp.id, **stand(rsvp))
    if rsvp.let_pass:
        tell(meeting, rsvp, "free")
    promote(meeting)


def wait_again(meeting: Meeting, free: int | None) -> None:
    """Who let a seat pass that was then anybody's waits for the next one, as soon as somebody has it. A letter that has
    not left yet and says that it is free is overtaken."""
    if meeting.offers_from is None or free is None:
        return
    query = select(Rsvp).where(Rsvp.meeting_id == meeting.id, Rsvp.seat == "waiting", Rsvp.let_pass)
    query = query.where(1 + Rsvp.guests > free).order_by(Rsvp.id).execution_options(populate_existing=True)
    for rsvp in session().scalars(query).all():
        rsvp.let_pass = False
        rsvp.revision += 1
        session().flush()
        journal.write("wait again", "rsvp", rsvp.id, **stand(rsvp))


def tell(meeting: Meeting, rsvp: Rsvp, kind: str, *, until: datetime | None = None) -> None:
    """Post a letter that says how the answer stands now."""
    letters.post(
        kind,
        _key(meeting, rsvp, kind),
        member_id=rsvp.member_id,
        meeting_id=meeting.id,
        facts={"revision": rsvp.revision},
        useless_after=until or meeting.ends_at,
    )


def _key(meeting: Meeting, rsvp: Rsvp, kind: str) -> str:
    return f"{kind}:{meeting.id}:{rsvp.member_id}:{rsvp.revision}"


# --- places -----------------------------------------------------------------------------------------------------------


def place_in_line(rsvp: Rsvp) -> int:
    """How many are asked before this one, counting itself: 1 is next."""
    ahead = and_(Rsvp.meeting_id == rsvp.meeting_id, Rsvp.seat == "waiting", _not_behind(rsvp))
    return int(session().scalar(select(func.count()).where(ahead)) or 0)


def places_in_line(member_id: int) -> dict[int, int]:
    """The member's place in every line the member stands in, by meeting: 1 is next."""
    own = aliased(Rsvp)
    query = (
        select(own.meeting_id, func.count())
        .join(Rsvp, and_(Rsvp.meeting_id == own.meeting_id, Rsvp.seat == "waiting", _not_behind(own)))
        .where(own.member_id == member_id, own.seat == "waiting")
        .group_by(own.meeting_id)
    )
    return {meeting_id: place for meeting_id, place in session().execute(query)}


def _not_behind(own: Rsvp | type[Rsvp]) -> ColumnElement[bool]:
    """The order of `waiting()`, up to one of those who wait."""
    earlier = or_(Rsvp.asked_at < own.asked_at, and_(Rsvp.asked_at == own.asked_at, Rsvp.turn <= own.turn))
    return or_(Rsvp.passes < own.passes, and_(Rsvp.passes == own.passes, earlier))
