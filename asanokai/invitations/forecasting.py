"""What goes out next by the letter plan, to how many, and who is left out and why. It plans nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, true, union_all

from asanokai import clock
from asanokai.db import session
from asanokai.invitations.audience import audience
from asanokai.letters import Letter
from asanokai.meetings import Meeting, Moment, due_by_plan
from asanokai.members import Member
from asanokai.rsvps import Rsvp
from asanokai.series import INVITE, USUAL_PLAN, Lead, Series


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
    languages: dict[str, int] = field(default_factory=dict)
    """How many of the readers read which language."""
    message_id: int | None = None
    """The letter of one's own it is about; None for the plan's."""


def moments_ahead(*, until: datetime, meeting_ids: Sequence[int] | None = None) -> list[tuple[datetime, int]]:
    """(due, number) of the moments to come up to `until`, in their order. Counts nobody: that is what takes time."""
    query = select(Moment.due_at, Moment.id).join(Meeting, Meeting.id == Moment.meeting_id)
    ahead = query.where(*_ahead(until, meeting_ids)).order_by(Moment.due_at, Moment.id)
    return [(due_at, moment_id) for due_at, moment_id in session().execute(ahead)]


def _ahead(until: datetime, meeting_ids: Sequence[int] | None) -> list[ColumnElement[bool]]:
    return [
        Moment.done_at.is_(None),
        Moment.due_at <= until,
        Meeting.state == "announced",
        Meeting.starts_at > clock.now(),
        Meeting.id.in_(meeting_ids) if meeting_ids is not None else true(),
    ]


def forecast(
    *, until: datetime, meeting_ids: Sequence[int] | None = None, moment_ids: Sequence[int] | None = None
) -> list[Forecast]:
    """What goes out next by the letter plan, up to `until`, as things stand now; of some moments alone if told."""
    query = (
        select(Moment, Meeting, Series)
        .join(Meeting, Meeting.id == Moment.meeting_id)
        .join(Series, Series.id == Meeting.series_id)
        .where(*_ahead(until, meeting_ids), Moment.id.in_(moment_ids) if moment_ids is not None else true())
        .order_by(Moment.due_at, Moment.id)
    )
    found = session().execute(query).all()
    meetings = [meeting for _moment, meeting, _series in found]
    awaited, untouched = _awaited([one.id for one in meetings]), _untouched(meetings)
    shared: dict[object, int] = {}
    places: list[int] = []
    audiences: list[Select[*tuple[Any, ...]]] = []
    for moment, meeting, _series in found:
        invited_at, fresh = awaited.get(meeting.id), meeting.id in untouched
        same = (meeting.series_id, moment.kind, invited_at is not None and invited_at > moment.due_at)
        place = shared.setdefault(same if fresh else moment.id, len(audiences))
        if place == len(audiences):
            step = moment.step
            audiences.append(audience(meeting, moment.kind, moment.due_at, step=step, awaited=invited_at, fresh=fresh))
        places.append(place)
    counted = count(audiences)
    lines = [
        _line(moment.due_at, moment.kind, moment.step, meeting, series, counted[place])
        for (moment, meeting, series), place in zip(found, places, strict=True)
    ]
    return [line for line in lines if line.readers or line.due_at > clock.now()]


def _untouched(found: Sequence[Meeting]) -> set[int]:
    """Numbers of those meetings about which nobody has said or been sent anything yet, and whose deadline is to come.

    Whom their letters go to hangs on their series alone, so it need not be counted for each of them.
    """
    numbers, now = [meeting.id for meeting in found], clock.now()
    said = exists().where(Rsvp.meeting_id == Meeting.id)
    sent = exists().where(Letter.meeting_id == Meeting.id)
    untouched = select(Meeting.id).where(Meeting.id.in_(numbers), Meeting.answer_until > now, ~said, ~sent)
    return set(session().scalars(untouched))


def _awaited(meeting_ids: Sequence[int]) -> dict[int, datetime]:
    """When the invitations will go out of those meetings that have sent none yet."""
    now, planned = clock.now(), exists().where(Letter.meeting_id == Moment.meeting_id, Letter.kind == INVITE)
    query = select(Moment.meeting_id, Moment.due_at).where(
        Moment.meeting_id.in_(meeting_ids), Moment.kind == INVITE, Moment.done_at.is_(None), ~planned
    )
    return {meeting_id: max(due_at, now) for meeting_id, due_at in session().execute(query)}


@dataclass
class Counted:
    """How many of an audience get a letter (reason None) or do not, and which languages those read who do."""

    reasons: Counter[str | None] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)

    @property
    def left_out(self) -> dict[str, int]:
        """Reason → how many, the most frequent first."""
        found = [(reason, number) for reason, number in self.reasons.items() if reason]
        return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def _line(due_at: datetime, kind: str, step: int, meeting: Meeting, series: Series, counted: Counted) -> Forecast:
    readers, languages = counted.reasons[None], dict(counted.languages)
    return Forecast(due_at, kind, step, meeting, series, readers, counted.left_out, languages)


MOST_AT_ONCE = 100
"""How many audiences are counted by one statement; SQLite takes 500."""


def count(audiences: Sequence[Select[*tuple[Any, ...]]]) -> list[Counted]:
    """How many of each audience get the letter or do not, by reason and language."""
    found = [Counted() for _ in audiences]
    for first in range(0, len(audiences), MOST_AT_ONCE):
        parts = []
        for place, people in enumerate(audiences[first : first + MOST_AT_ONCE], start=first):
            chosen = people.subquery()
            by = (chosen.c.reason, chosen.c.language)
            parts.append(select(literal(place).label("place"), *by, func.count()).group_by(*by))
        for place, reason, language, number in session().execute(union_all(*parts)):
            found[place].reasons[reason] += number
            if reason is None:
                found[place].languages[language] += number
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
        _line(due_at, kind, step, meeting, series, counted)
        for (kind, step, due_at), counted in zip(steps, count(audiences), strict=True)
    ]
    return sorted([*too_late(meeting), *lines], key=lambda line: line.due_at)


def too_late(meeting: Meeting) -> list[Forecast]:
    """The steps of the plan that were past when the meeting was announced, or are now if it is a draft. Nobody gets
    them."""
    series, since = session().get_one(Series, meeting.series_id), meeting.announced_at or clock.now()
    steps = [line for line in due_by_plan(meeting, series.plan or USUAL_PLAN) if line[0] != INVITE and line[2] < since]
    audiences = [audience(meeting, kind, due_at, step=step, awaited=due_at) for kind, step, due_at in steps]
    found = []
    for (kind, step, due_at), counted in zip(steps, count(audiences), strict=True):
        counted.reasons["announced too late"] = counted.reasons.pop(None, 0)
        counted.languages.clear()
        found.append(_line(due_at, kind, step, meeting, series, counted))
    return sorted(found, key=lambda line: line.due_at)


def due_of(meeting: Meeting, kind: str, step: int) -> datetime | None:
    """When a step of the plan is due for a meeting, or would be for a draft; None if there is no such step."""
    query = select(Moment.due_at).where(Moment.meeting_id == meeting.id, Moment.kind == kind, Moment.step == step)
    found = session().scalar(query)
    if found is not None:
        return found
    series = session().get_one(Series, meeting.series_id)
    planned = due_by_plan(meeting, series.plan or USUAL_PLAN)
    return next((due_at for one, place, due_at in planned if (one, place) == (kind, step)), None)


def left_out(
    meeting: Meeting, kind: str, due_at: datetime, *, step: int = 1, limit: int | None = None, offset: int = 0
) -> list[tuple[Member, str]]:
    """Who gets no letter of that kind and why, by name; who has it already is not listed."""
    awaited = _awaited([meeting.id]).get(meeting.id)
    if meeting.state == "draft":
        awaited = invited_at(meeting, session().get_one(Series, meeting.series_id))
    chosen = audience(meeting, kind, due_at, step=step, awaited=awaited).subquery()
    query = (
        select(Member, chosen.c.reason)
        .join(chosen, chosen.c.member_id == Member.id)
        .where(chosen.c.reason.is_not(None), chosen.c.reason != "has it already")
        .order_by(
            func.lower(func.coalesce(func.nullif(Member.family, ""), Member.family_kana)), Member.given, Member.id
        )
        .limit(limit)
        .offset(offset)
    )
    return [(member, reason) for member, reason in session().execute(query)]
