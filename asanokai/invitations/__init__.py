"""Who is due which letter, who is not, and why: the same SELECT for planning and for the forecast.

Planning is set-based and idempotent: one statement per moment inserts the letters that are not there yet, so running it
twice, late or in two processes changes nothing. It lays out no letter and sends none. Letters caused by a single answer
are posted by `rsvps`, those caused by a change by `announcing`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, exists, literal, select, type_coerce, update

from asanokai import clock, db, meetings
from asanokai.db import insert_missing, session
from asanokai.invitations.audience import REASONS, audience, key_of
from asanokai.invitations.forecasting import (
    Counted,
    Forecast,
    count,
    due_of,
    forecast,
    invited_at,
    left_out,
    moments_ahead,
    too_late,
    would_go_out,
)
from asanokai.letters import Letter
from asanokai.meetings import Meeting, Moment, for_update
from asanokai.members import Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp
from asanokai.series import EVE, INVITE, REMIND

__all__ = [
    "CURABLE",
    "REASONS",
    "Counted",
    "Forecast",
    "Night",
    "audience",
    "by_zone",
    "count",
    "due_moments",
    "due_of",
    "forecast",
    "invited_at",
    "left_out",
    "moments_ahead",
    "plan",
    "too_late",
    "would_go_out",
]

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
    # What PostgreSQL takes for an empty table it reads as a whole for every member, and this statement makes it grow.
    fresh = not session().scalar(select(exists().where(Letter.meeting_id == meeting.id, Letter.kind == moment.kind)))
    chosen = audience(meeting, moment.kind, moment.due_at, step=moment.step, fresh=fresh).subquery()
    if moment.kind == INVITE and now <= meeting.answer_until:
        _invite_rows(meeting, chosen, now)
    columns: dict[str, ColumnElement[Any]] = {
        "key": key_of(meeting, moment.kind, moment.step, chosen.c.member_id),
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


CURABLE = ("missed", "unsubscribed", "switched off", "no address", "address suppressed", "not a member any more")
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
        "due_at": by_zone(zone, due, moment.due_at),
        "useless_after": by_zone(zone, useless, meetings.of_use_until(meeting, moment.kind)),
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


def by_zone(zone: ColumnElement[str], moments: dict[str, datetime], otherwise: datetime) -> ColumnElement[datetime]:
    """A moment of its own for each reader's zone."""
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
