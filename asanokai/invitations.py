"""Who is due which letter, who is not, and why: the same SELECT for planning and for the forecast.

Planning is set-based and idempotent: one statement per moment inserts the letters that are not there yet, so running it
twice, late or in two processes changes nothing. It lays out no letter and sends none. Letters caused by a single answer
are posted by `rsvps`, those caused by a change by `announcing`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

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
    update,
)

from asanokai import clock, db
from asanokai.db import insert_missing, session
from asanokai.letters import Letter
from asanokai.meetings import Meeting, Moment, for_update
from asanokai.members import Address, Member
from asanokai.rsvps import Rsvp
from asanokai.series import EVE, INVITE, REMIND, USUAL_PLAN, Belonging, Lead, Series, in_utc, leads, still

GRACE = {REMIND: timedelta(hours=12), EVE: timedelta(hours=3)}
"""How long after its moment a letter is still worth sending. An invitation is until the deadline."""

NIGHT_HELD = (INVITE, REMIND)


@dataclass(frozen=True)
class Night:
    """The hours, on the reader's clock, in which nothing unasked arrives."""

    begins: time = time(21)
    ends: time = time(7)

    @classmethod
    def parse(cls, words: str) -> "Night":
        """From "21:00-07:00". Raises ValueError."""
        begins, ends = (time.fromisoformat(part.strip()) for part in words.split("-"))
        return cls(begins, ends)

    def after(self, moment: datetime, zone: str) -> datetime:
        """The moment itself, or the end of the night it falls into."""
        local = moment.astimezone(ZoneInfo(zone))
        clock_time = local.time().replace(tzinfo=None)
        if self.begins > self.ends:
            asleep, next_day = clock_time >= self.begins or clock_time < self.ends, clock_time >= self.begins
        else:
            asleep, next_day = self.begins <= clock_time < self.ends, False
        if not asleep:
            return moment
        return in_utc(datetime.combine(local.date() + timedelta(days=int(next_day)), self.ends), zone)


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

    An invitation's moment stays open until the deadline, so that who joins late is invited at once.
    """
    meeting_id = session().scalar(select(Moment.meeting_id).where(Moment.id == moment_id))
    if meeting_id is None:
        return 0
    # Locked, so that an answer, a move or a cancellation meets either none of the letters or all of them.
    meeting = for_update(meeting_id)
    moment, now = session().get(Moment, moment_id, populate_existing=True), clock.now()
    if moment is None or meeting.state != "announced" or moment.done_at is not None or moment.due_at > now:
        return 0
    over = now > meeting.answer_until if moment.kind == INVITE else True
    posted = 0 if moment.kind == INVITE and over else _post(meeting, moment, night, now)
    if over:
        moment.done_at = now
    session().flush()
    return posted


def _post(meeting: Meeting, moment: Moment, night: Night, now: datetime) -> int:
    chosen = audience(meeting, moment.kind, moment.due_at).subquery()
    due = [chosen.c.reason.is_(None)]
    if moment.kind == INVITE:
        _invite_rows(meeting, chosen, now)
    columns: dict[str, ColumnElement[Any]] = {
        "key": _key(meeting, moment, chosen.c.member_id),
        "kind": literal(moment.kind),
        "member_id": chosen.c.member_id,
        "meeting_id": literal(meeting.id),
        "facts": type_coerce(literal({"step": moment.step}, Letter.facts.type), Letter.facts.type),
        "state": literal("queued"),
        **_times(meeting, moment, night, chosen.c.zone, now),
        "attempts": literal(0),
        "created_at": db.moment(now),
    }
    rows = select(*(column.label(name) for name, column in columns.items())).where(*due)
    inserted = session().execute(insert_missing(Letter.__table__).from_select(list(columns), rows))  # type: ignore[arg-type]
    return db.affected(inserted)


def _key(meeting: Meeting, moment: Moment, member_id: ColumnElement[int]) -> ColumnElement[str]:
    key = literal(f"{moment.kind}:{meeting.id}:") + cast(member_id, String)
    if moment.kind == REMIND:
        return key + literal(f":{moment.step}")
    if moment.kind == EVE:
        return key + literal(f":{meeting.local_date.isoformat()}")
    return key


def _times(
    meeting: Meeting, moment: Moment, night: Night, zone: ColumnElement[str], now: datetime
) -> dict[str, ColumnElement[Any]]:
    """When the letters are due and until when they are of use: by the reader's zone, since each has its own night."""
    # An invitation that follows a late joining is due now, not when the first ones were.
    start = max(moment.due_at, now) if moment.kind == INVITE else moment.due_at
    due: dict[str, datetime] = {}
    useless: dict[str, datetime] = {}
    for name in session().scalars(select(Member.zone).distinct()):
        held = night.after(start, name) if moment.kind in NIGHT_HELD else start
        last = meeting.answer_until if moment.kind in NIGHT_HELD else meeting.starts_at
        # Nothing is held beyond its use: better at night than not at all.
        due[name] = held if held < last else start
        useless[name] = min(due[name] + GRACE[moment.kind], last) if moment.kind in GRACE else last
    return {"due_at": _by_zone(zone, due, start), "useless_after": _by_zone(zone, useless, meeting.starts_at)}


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
    session().execute(insert_missing(Rsvp.__table__).from_select(names, rows))  # type: ignore[arg-type]
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
    "has it already",
    "not invited",
    "has answered",
    "invited too late",
    "has no seat",
)
"""Why somebody gets no letter; pages translate these."""


def audience(meeting: Meeting, kind: str, due_at: datetime) -> Select[*tuple[Any, ...]]:
    """Everybody a letter of that kind could concern: member_id, zone, and the reason why not (NULL: gets it)."""
    base = _invited_by_series(meeting) if kind == INVITE else _with_an_answer(meeting)
    reasons = [
        (Member.standing != "accepted", "not a member any more"),
        (Member.unsubscribed_at.is_not(None), "unsubscribed"),
        (Address.id.is_(None), "no address"),
        (Address.suppressed_at.is_not(None), "address suppressed"),
    ]
    if kind == INVITE:
        reasons.append((_has_letter(meeting, INVITE), "has it already"))
    elif kind == REMIND:
        reasons += [
            (Rsvp.answer != "invited", "has answered"),
            (Rsvp.invited_at.is_(None), "not invited"),
            (Rsvp.invited_at > due_at, "invited too late"),
            (~_belongs(meeting), "not a member any more"),
        ]
    else:
        reasons.append((func.coalesce(Rsvp.seat, "") != "held", "has no seat"))
    why = case(*((criterion, literal(reason)) for criterion, reason in reasons), else_=null())
    return base.add_columns(cast(why, String).label("reason"))


def _invited_by_series(meeting: Meeting) -> Select[*tuple[Any, ...]]:
    return (
        select(Member.id.label("member_id"), Member.zone.label("zone"))
        .join(Belonging, Belonging.member_id == Member.id)
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
        .where(Belonging.series_id == meeting.series_id, Belonging.role == "member", still(clock.now()))
    )


def _with_an_answer(meeting: Meeting) -> Select[*tuple[Any, ...]]:
    return (
        select(Member.id.label("member_id"), Member.zone.label("zone"))
        .join(Rsvp, Rsvp.member_id == Member.id)
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
        .where(Rsvp.meeting_id == meeting.id)
    )


def _has_letter(meeting: Meeting, kind: str) -> ColumnElement[bool]:
    return exists().where(Letter.meeting_id == meeting.id, Letter.kind == kind, Letter.member_id == Member.id)


def _belongs(meeting: Meeting) -> ColumnElement[bool]:
    return exists().where(
        Belonging.series_id == meeting.series_id,
        Belonging.member_id == Member.id,
        Belonging.role == "member",
        still(clock.now()),
    )


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
    found = []
    for moment, meeting, series in session().execute(query).all():
        reasons = _reasons(meeting, moment)
        readers = reasons.pop(None, 0)
        if readers or moment.due_at > clock.now():
            left_out = {reason: count for reason, count in reasons.items() if reason}
            found.append(Forecast(moment.due_at, moment.kind, moment.step, meeting, series, readers, left_out))
    return found


def invited_at(meeting: Meeting, series: Series) -> datetime | None:
    """When the plan wants the invitation of a draft to go out; None if it has none."""
    words: str | None = (series.plan or USUAL_PLAN).get(INVITE)  # type: ignore[assignment]
    return Lead.parse(words).before(meeting.starts_at, meeting.zone) if words else None


def would_go_out(meeting: Meeting) -> list[Forecast]:
    """What would go out if the draft were announced now: the plan's steps that are not past yet."""
    now, series = clock.now(), session().get_one(Series, meeting.series_id)
    found = []
    for kind, step, words in leads(series.plan or USUAL_PLAN):
        due_at = Lead.parse(words).before(meeting.starts_at, meeting.zone)
        if kind == INVITE or due_at >= now:
            reasons = _counted(_to_be_silent(meeting) if kind == REMIND else audience(meeting, kind, due_at))
            readers = reasons.pop(None, 0)
            left_out = {reason: count for reason, count in reasons.items() if reason}
            found.append(Forecast(max(due_at, now), kind, step, meeting, series, readers, left_out))
    return sorted(found, key=lambda line: line.due_at)


def _reasons(meeting: Meeting, moment: Moment) -> Counter[str | None]:
    return _counted(_expected(meeting, moment))


def _counted(chosen: Select[Any]) -> Counter[str | None]:
    people = chosen.subquery()
    counted = session().execute(select(people.c.reason, func.count()).group_by(people.c.reason))
    return Counter({reason: count for reason, count in counted})


def _expected(meeting: Meeting, moment: Moment) -> Select[*tuple[Any, ...]]:
    """The audience as it will be. Before the invitation has gone out nobody has a row yet."""
    if moment.kind != REMIND:
        return audience(meeting, moment.kind, moment.due_at)
    planned = select(Letter.id).where(Letter.meeting_id == meeting.id, Letter.kind == INVITE).limit(1)
    if session().scalar(planned) is None:
        return _to_be_silent(meeting)
    return audience(meeting, moment.kind, moment.due_at)


def _to_be_silent(meeting: Meeting) -> Select[*tuple[Any, ...]]:
    """All who belong and have not answered, as long as nobody has been invited."""
    answered = exists().where(Rsvp.meeting_id == meeting.id, Rsvp.member_id == Member.id, Rsvp.answer != "invited")
    reasons = case(
        (Member.standing != "accepted", literal("not a member any more")),
        (Member.unsubscribed_at.is_not(None), literal("unsubscribed")),
        (Address.id.is_(None), literal("no address")),
        (Address.suppressed_at.is_not(None), literal("address suppressed")),
        (answered, literal("has answered")),
        else_=null(),
    )
    return _invited_by_series(meeting).add_columns(cast(reasons, String).label("reason"))


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
