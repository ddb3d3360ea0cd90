"""What goes out next: the letters of the plan and those coordinators wrote, in the order of their time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true

from asanokai import clock, invitations
from asanokai.db import session
from asanokai.invitations import Forecast, count
from asanokai.meetings import Meeting
from asanokai.series import Series
from asanokai.writing.messages import Message, people_of


@dataclass(frozen=True, order=True)
class Slot:
    """Something that will go out: a moment of the plan, or a letter of one's own. Nobody is counted yet."""

    due_at: datetime
    own: bool
    number: int


def ahead(*, until: datetime, meeting_ids: Sequence[int] | None = None) -> list[Slot]:
    """What goes out up to `until`, of some meetings or (None) all. Costs two statements, however many read it."""
    moments = invitations.moments_ahead(until=until, meeting_ids=meeting_ids)
    query = select(Message.due_at, Message.id).where(
        Message.state == "queued",
        Message.due_at <= until,
        Message.meeting_id.in_(meeting_ids) if meeting_ids is not None else true(),
    )
    own = [Slot(due_at, True, number) for due_at, number in session().execute(query) if due_at is not None]
    return sorted([*(Slot(due_at, False, number) for due_at, number in moments), *own])


def lines(slots: Sequence[Slot]) -> list[Forecast]:
    """To how many each goes, in which languages, and who is left out and why."""
    moments = [slot.number for slot in slots if not slot.own]
    last = max((slot.due_at for slot in slots), default=clock.now())
    found = invitations.forecast(until=last, moment_ids=moments) if moments else []
    return sorted([*found, *_own([slot.number for slot in slots if slot.own])], key=lambda line: line.due_at)


def forecast(*, until: datetime, meeting_ids: Sequence[int] | None = None) -> list[Forecast]:
    """All of it at once."""
    return lines(ahead(until=until, meeting_ids=meeting_ids))


def _own(message_ids: Sequence[int]) -> list[Forecast]:
    if not message_ids:
        return []
    query = (
        select(Message, Meeting, Series)
        .join(Meeting, Meeting.id == Message.meeting_id)
        .join(Series, Series.id == Meeting.series_id)
        .where(Message.id.in_(message_ids))
    )
    found = session().execute(query).all()
    counts = count([people_of(message) for message, _meeting, _series in found])
    return [
        Forecast(
            message.due_at or clock.now(),
            message.kind,
            1,
            meeting,
            series,
            counted.reasons[None],
            counted.left_out,
            dict(counted.languages),
            message.id,
        )
        for (message, meeting, series), counted in zip(found, counts, strict=True)
    ]
