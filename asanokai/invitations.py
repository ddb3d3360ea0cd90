"""Who is due which letter, who is not, and why: the same SELECT for planning and for the forecast.

Planning is set-based and idempotent: one statement per moment inserts the letters that are not there yet, so running it
twice, late or in two processes changes nothing. It lays out no letter and sends none. Letters caused by a single answer
are posted by `rsvps`, those caused by a change by `announcing`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
    union_all,
    update,
)

from asanokai import clock, db, meetings
from asanokai.db import insert_missing, session
from asanokai.letters import Letter
from asanokai.meetings import Meeting, Moment, due_by_plan, for_update
from asanokai.members import Address, Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp
from asanokai.series import EVE, INVITE, REMIND, USUAL_PLAN, Belonging, Lead, Series, still

GRACE = {REMIND: timedelta(hours=12), EVE: timedelta(hours=3)}
"""How long after its moment a letter is still worth sending. An invitation is until the deadline."""

NIGHT_HELD = (INVITE, REMIND)


def due_moments() -> list[int]:
    """Numbers of the moments whose time has come, in the order of their time."""
    now = clock.now()
    return list(
        session().scalars(
            select(Moment.id)
            .join(Meeting, Meeting.id == Moment.meeting_id)
            .where(Moment.done_at.is_(None), Moment.due_at <= now, Meeting.state == "announced")
            .order_by(Moment.due_at, Moment.id)
        )
    )


def plan(moment_id: int, *, night: Night) -> int:
    """Post the letters of one moment that are not there yet; how many. Ends the moment when nothing can follow.

    An invitation's moment stays open until the deadline, so that who joins late is invited at once. Whoever should have
    been invited by then and was not, since nobody planned, gets a letter that settles as missed and is shown.
    """
    meeting_id = session().scalar(select(Moment.meeting_id).where(Moment.id == moment_id))
    if meeting_id is None:
        return 0
    # Locked, so that an answer, a move or a cancellation meets either none of the letters or all of them.
    meeting = for_update(meeting_id)
    moment, now = session().get(Moment, moment_id, populate_existing=True), clock.now()
    if moment is None or meeting.state != "announced" or moment.done_at is not None or moment.due_at > now:
        return 0
    over = moment.kind != INVITE or now > meeting.answer_until
    posted = _post(meeting, moment, night, now)
    if over:
        moment.done_at = now
    session().flush()
    return posted


def _post(meeting: Meeting, moment: Moment, night: Night, now: datetime) -> int:
    if moment.kind == INVITE:
        _free_dropped(meeting)
    chosen = audience(meeting, moment.kind, moment.due_at, step=moment.step).subquery()
    if moment.kind == INVITE and now <= meeting.answer_until:
        _invite_rows(meeting, chosen, now)
    columns: dict[str, ColumnElement[Any]] = {
        "key": _key(meeting, moment.kind, moment.step, chosen.c.member_id),
        "kind": literal(moment.kind),
        "member_id": chosen.c.member_id,
        "meeting_id": literal(meeting.id),
        "facts": type_coerce(literal({"step": moment.step}, Letter.facts.type), Letter.facts.type),
        "state": literal("queued"),
        **_times(meeting, moment, night, chosen.c.zone, now),
        "attempts": literal(0),
        "created_at": db.moment(now),
    }
    rows = select(*(column.label(name) for name, column in columns.items())).where(chosen.c.reason.is_(None))
    inserted = session().execute(insert_missing(Letter).from_select(list(columns), rows))
    return db.affected(inserted)


def _key(meeting: Meeting, kind: str, step: int, member_id: Any) -> ColumnElement[str]:
    key = literal(f"{kind}:{meeting.id}:") + cast(member_id, String)
    if kind == REMIND:
        return key + literal(f":{step}")
    if kind == EVE:
        return key + literal(f":{meeting.local_date.isoformat()}")
    return key


CURABLE = ("missed", "unsubscribed", "no address", "address suppressed", "not a member any more")
"""Reasons for which an invitation was not sent that may be past: then it is planned again."""


def _free_dropped(meeting: Meeting) -> None:
    """Give free the keys of invitations that were dropped before anybody got them. Who gets one decides `audience`."""
    session().execute(
        update(Letter)
        .where(
            Letter.meeting_id == meeting.id,
            Letter.kind == INVITE,
            Letter.state == "dropped",
            Letter.reason.in_(CURABLE),
            Letter.key.not_like("%:dropped:%"),
        )
        .values(key=Letter.key + literal(":dropped:") + cast(Letter.id, String))
        .execution_options(synchronize_session=False)
    )


def _times(
    meeting: Meeting, moment: Moment, night: Night, zone: ColumnElement[str], now: datetime
) -> dict[str, ColumnElement[Any]]:
    """When the letters are due and until when they are of use: by the reader's zone, since each has its own night."""
    spans = {
        name: _span(meeting, moment, night if moment.kind in NIGHT_HELD else None, name, now)
        for name in session().scalars(select(Member.zone).distinct())
    }
    due = {name: span[0] for name, span in spans.items()}
    useless = {name: span[1] for name, span in spans.items()}
    return {
        "due_at": _by_zone(zone, due, moment.due_at),
        "useless_after": _by_zone(zone, useless, meetings.of_use_until(meeting, moment.kind)),
    }


def _span(meeting: Meeting, moment: Moment, night: Night | None, zone: str, now: datetime) -> tuple[datetime, datetime]:
    """From when until when a letter may go to readers in a zone. Nothing is held beyond its use: better at night than
    not at all."""

    def awake(at: datetime) -> datetime:
        return night.after(at, zone) if night else at

    last = meetings.of_use_until(meeting, moment.kind)
    # An invitation that follows a late joining is due now, not when the first ones were.
    start = max(moment.due_at, now) if moment.kind == INVITE else moment.due_at
    due = awake(start) if awake(start) < last else start
    until = min(due + GRACE[moment.kind], last) if moment.kind in GRACE else last
    if due < now < awake(now) < until:
        # Planned late, in a night that it was not due in.
        due = awake(now)
    return due, until


def _by_zone(zone: ColumnElement[str], moments: dict[str, datetime], otherwise: datetime) -> ColumnElement[datetime]:
    if len(set(moments.values())) == 1:
        return db.moment(next(iter(moments.values())))
    whens = [(zone == name, db.moment(value)) for name, value in moments.items()]
    return case(*whens, else_=db.moment(otherwise)) if whens else db.moment(otherwise)


def _invite_rows(meeting: Meeting, chosen: Any, now: datetime) -> None:
    """The row *invited* is made with the invitation; who answered before keeps the answer."""
    rows = select(
        literal(meeting.id),
        chosen.c.member_id,
        literal("invited"),
        literal(0),
        literal(""),
        literal(False),
        literal(0),
        literal(0),
        db.moment(now),
    ).where(chosen.c.reason.is_(None))
    names = [
        "meeting_id",
        "member_id",
        "answer",
        "guests",
        "comment",
        "late",
        "revision",
        "sequence",
        "invited_at",
    ]
    session().execute(insert_missing(Rsvp).from_select(names, rows))
    session().execute(
        update(Rsvp)
        .where(
            Rsvp.meeting_id == meeting.id,
            Rsvp.invited_at.is_(None),
            Rsvp.member_id.in_(select(chosen.c.member_id).where(chosen.c.reason.is_(None))),
        )
        .values(invited_at=now)
        .execution_options(synchronize_session=False)
    )


# --- who, and why not -------------------------------------------------------------------------------------------------

REASONS = (
    "not a member any more",
    "unsubscribed",
    "no address",
    "address suppressed",
    "has answered",
    "not invited",
    "invited too late",
    "has no seat",
    "has it already",
    "announced too late",
)
"""Why somebody gets no letter; pages translate these. The last is about a whole step: see `too_late`."""


def audience(
    meeting: Meeting, kind: str, due_at: datetime, *, step: int = 1, awaited: datetime | None = None
) -> Select[*tuple[Any, ...]]:
    """Everybody a letter of that kind could concern: member_id, zone, and the reason why not (NULL: gets it).

    `awaited` is when the invitations will go out, if they have not yet: who belongs will have one by then.
    """
    base, own = {INVITE: _to_invite, REMIND: _to_remind, EVE: _to_tell}[kind](meeting, due_at, awaited)
    reasons = [
        (Member.standing != "accepted", "not a member any more"),
        (Member.unsubscribed_at.is_not(None), "unsubscribed"),
        (Address.id.is_(None), "no address"),
        (Address.suppressed_at.is_not(None), "address suppressed"),
        *own,
        (exists().where(Letter.key == _key(meeting, kind, step, Member.id)), "has it already"),
    ]
    why = case(*((criterion, literal(reason)) for criterion, reason in reasons), else_=null())
    return base.add_columns(cast(why, String).label("reason")).join_from(
        Member, Address, and_(Address.member_id == Member.id, Address.kind == "main"), isouter=True
    )


_People = Select[*tuple[Any, ...]]
_Reasons = list[tuple[ColumnElement[bool], str]]


def _to_invite(meeting: Meeting, _due_at: datetime, _awaited: datetime | None) -> tuple[_People, _Reasons]:
    """Who belongs, from the joining until the deadline."""
    people = _people().join(Belonging, Belonging.member_id == Member.id).where(_membership(meeting))
    return people, [(Belonging.since > meeting.answer_until, "invited too late")]


def _to_remind(meeting: Meeting, due_at: datetime, awaited: datetime | None) -> tuple[_People, _Reasons]:
    """Who belongs or was invited, and is silent."""
    belongs = exists().where(Belonging.member_id == Member.id, _membership(meeting))
    of_meeting = and_(Rsvp.member_id == Member.id, Rsvp.meeting_id == meeting.id)
    people = _people().outerjoin(Rsvp, of_meeting).where(Rsvp.id.is_not(None) | belongs)
    reasons: _Reasons = [(Rsvp.answer != "invited", "has answered"), (~belongs, "not a member any more")]
    if awaited is None:
        reasons += [(Rsvp.invited_at.is_(None), "not invited"), (Rsvp.invited_at > due_at, "invited too late")]
    elif awaited > due_at:
        reasons.append((true(), "invited too late"))
    return people, reasons


def _to_tell(meeting: Meeting, due_at: datetime, _awaited: datetime | None) -> tuple[_People, _Reasons]:
    """Who was invited or has answered, and holds a seat."""
    people = _people().join(Rsvp, Rsvp.member_id == Member.id).where(Rsvp.meeting_id == meeting.id)
    return people, [
        (func.coalesce(Rsvp.seat, "") != "held", "has no seat"),
        (Rsvp.invited_at > due_at, "invited too late"),
    ]


def _people() -> _People:
    return select(Member.id.label("member_id"), Member.zone.label("zone"))


def _membership(meeting: Meeting) -> ColumnElement[bool]:
    return and_(Belonging.series_id == meeting.series_id, Belonging.role == "member", still(clock.now()))


# --- the forecast -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Forecast:
    """A moment to come: when, what, to how many, and who is left out and why."""

    due_at: datetime
    kind: str
    step: int
    meeting: Meeting
    series: Series
    readers: int
    left_out: dict[str, int]


def forecast(*, until: datetime, meeting_ids: Sequence[int] | None = None) -> list[Forecast]:
    """What goes out next by the letter plan, up to `until`, as things stand now."""
    query = (
        select(Moment, Meeting, Series)
        .join(Meeting, Meeting.id == Moment.meeting_id)
        .join(Series, Series.id == Meeting.series_id)
        .where(
            Moment.done_at.is_(None),
            Moment.due_at <= until,
            Meeting.state == "announced",
            Meeting.starts_at > clock.now(),
            Meeting.id.in_(meeting_ids) if meeting_ids is not None else true(),
        )
        .order_by(Moment.due_at, Moment.id)
    )
    found = session().execute(query).all()
    awaited = _awaited([meeting.id for _moment, meeting, _series in found])
    audiences = [
        audience(meeting, moment.kind, moment.due_at, step=moment.step, awaited=awaited.get(meeting.id))
        for moment, meeting, _series in found
    ]
    lines = [
        _line(moment.due_at, moment.kind, moment.step, meeting, series, reasons)
        for (moment, meeting, series), reasons in zip(found, _counted(audiences), strict=True)
    ]
    return [line for line in lines if line.readers or line.due_at > clock.now()]


def _awaited(meeting_ids: Sequence[int]) -> dict[int, datetime]:
    """When the invitations will go out of those meetings that have sent none yet."""
    now, planned = clock.now(), exists().where(Letter.meeting_id == Moment.meeting_id, Letter.kind == INVITE)
    query = select(Moment.meeting_id, Moment.due_at).where(
        Moment.meeting_id.in_(meeting_ids), Moment.kind == INVITE, Moment.done_at.is_(None), ~planned
    )
    return {meeting_id: max(due_at, now) for meeting_id, due_at in session().execute(query)}


def _line(
    due_at: datetime, kind: str, step: int, meeting: Meeting, series: Series, reasons: Counter[str | None]
) -> Forecast:
    left_out = {reason: count for reason, count in reasons.items() if reason}
    return Forecast(due_at, kind, step, meeting, series, reasons[None], left_out)


MOST_AT_ONCE = 100
"""How many audiences are counted by one statement; SQLite takes 500."""


def _counted(audiences: Sequence[Select[*tuple[Any, ...]]]) -> list[Counter[str | None]]:
    """How many get the letter (None) or do not, by reason, for each of the audiences."""
    found: list[Counter[str | None]] = [Counter() for _ in audiences]
    for first in range(0, len(audiences), MOST_AT_ONCE):
        parts = []
        for place, people in enumerate(audiences[first : first + MOST_AT_ONCE], start=first):
            chosen = people.subquery()
            parts.append(select(literal(place).label("place"), chosen.c.reason, func.count()).group_by(chosen.c.reason))
        for place, reason, count in session().execute(union_all(*parts)):
            found[place][reason] = count
    return found


def invited_at(meeting: Meeting, series: Series) -> datetime | None:
    """When the plan wants the invitation of a draft to go out; None if it has none."""
    plan: dict[str, Any] = series.plan or USUAL_PLAN
    words = plan.get(INVITE)
    return Lead.parse(words).before(meeting.starts_at, meeting.zone) if words else None


def would_go_out(meeting: Meeting) -> list[Forecast]:
    """What would go out if the draft were announced now, and with nobody to get them the steps it is too late for."""
    now, series = clock.now(), session().get_one(Series, meeting.series_id)
    due = invited_at(meeting, series)
    awaited = max(due, now) if due else None
    steps = [
        (kind, step, max(due_at, now))
        for kind, step, due_at in due_by_plan(meeting, series.plan or USUAL_PLAN)
        if kind == INVITE or due_at >= now
    ]
    audiences = [audience(meeting, kind, due_at, step=step, awaited=awaited) for kind, step, due_at in steps]
    lines = [
        _line(due_at, kind, step, meeting, series, reasons)
        for (kind, step, due_at), reasons in zip(steps, _counted(audiences), strict=True)
    ]
    return sorted([*too_late(meeting), *lines], key=lambda line: line.due_at)


def too_late(meeting: Meeting) -> list[Forecast]:
    """The steps of the plan that were past when the meeting was announced, or are now if it is a draft. Nobody gets
    them."""
    series, since = session().get_one(Series, meeting.series_id), meeting.announced_at or clock.now()
    steps = [line for line in due_by_plan(meeting, series.plan or USUAL_PLAN) if line[0] != INVITE and line[2] < since]
    audiences = [audience(meeting, kind, due_at, step=step, awaited=due_at) for kind, step, due_at in steps]
    found = []
    for (kind, step, due_at), reasons in zip(steps, _counted(audiences), strict=True):
        reasons["announced too late"] = reasons.pop(None, 0)
        found.append(_line(due_at, kind, step, meeting, series, reasons))
    return sorted(found, key=lambda line: line.due_at)


def left_out(meeting: Meeting, kind: str, due_at: datetime) -> list[tuple[Member, str]]:
    """Who gets no letter of that kind and why, by name; who has it already is not listed."""
    chosen = audience(meeting, kind, due_at).subquery()
    query = (
        select(Member, chosen.c.reason)
        .join(chosen, chosen.c.member_id == Member.id)
        .where(chosen.c.reason.is_not(None), chosen.c.reason != "has it already")
    )
    found = [(member, reason) for member, reason in session().execute(query)]
    return sorted(found, key=lambda pair: pair[0].name.sort_key())
