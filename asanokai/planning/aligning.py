"""A rule that changes, and the meetings that are there: who follows it, who stays, which dates are new.

Each meeting that the old rule proposed takes one date of the new rule for its own, the nearest, so that no morning is
met twice. A draft nobody moved goes there; what is announced, was moved by hand or dropped stays where it is and only
keeps the rule from proposing that date again. Nothing is written here; `planning.set_rule` does.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from asanokai.meetings import Meeting

REACH = timedelta(days=31)
"""How far from its old date a meeting's new one may lie."""


@dataclass(frozen=True)
class Alignment:
    """What becomes of the dates. `walls`: all that the new rule gives, in order."""

    walls: list[datetime]
    there: dict[date, Meeting] = field(default_factory=dict)
    """Days of the rule that have their meeting already."""
    moving: dict[int, datetime] = field(default_factory=dict)
    """Drafts that go to another day: number → the rule's wall time there."""
    standing: dict[int, datetime] = field(default_factory=dict)
    """Meetings that stay where they are instead of the rule's date: number → that wall time."""
    asking: dict[int, Meeting] = field(default_factory=dict)
    """The meetings of `moving` and `standing`, by number."""
    left: list[Meeting] = field(default_factory=list)
    """Drafts that the rule has no date for any more."""

    @property
    def new(self) -> list[datetime]:
        """Dates no meeting is there for yet."""
        taken = {wall.date() for wall in (*self.moving.values(), *self.standing.values())}
        return [wall for wall in self.walls if wall.date() not in taken and wall.date() not in self.there]


def align(found: Sequence[Meeting], walls: list[datetime], *, since: date, now: datetime) -> Alignment:
    """What becomes of `found`, all meetings of a series, where the rule gives `walls` from the day `since` on."""
    aligned = Alignment(walls)
    given = {wall.date() for wall in walls}
    for meeting in sorted(found, key=_is_dropped, reverse=True):  # the living last: they win
        for day in {rules_day(meeting), meeting.local_date if _keeps_its_day(meeting) else None} & given:
            if day is not None:
                aligned.there[day] = meeting
    known = {meeting.id for meeting in aligned.there.values()}
    asking = [one for one in found if one.id not in known and _asks(one, since, now)]
    free = [wall for wall in walls if wall.date() not in aligned.there]
    matched = _nearest(asking, free)
    for meeting in asking:
        stays = meeting.state != "draft" or was_moved(meeting)
        wall = matched.get(meeting.id)
        if wall is not None:
            aligned.asking[meeting.id] = meeting
            (aligned.standing if stays else aligned.moving)[meeting.id] = wall
        elif not stays:
            aligned.left.append(meeting)
    return aligned


def rules_day(meeting: Meeting) -> date | None:
    """The day the rule proposed the meeting for."""
    return datetime.fromisoformat(meeting.proposed_for).date() if meeting.proposed_for else None


def was_moved(meeting: Meeting) -> bool:
    """Whether somebody put the meeting on another day than the rule's."""
    return meeting.proposed_for is not None and rules_day(meeting) != meeting.local_date


def _is_dropped(meeting: Meeting) -> bool:
    return meeting.state == "cancelled" and meeting.announced_at is None


def _keeps_its_day(meeting: Meeting) -> bool:
    """Whether the meeting keeps the rule from proposing another one on the day it is on."""
    return not _is_dropped(meeting)


def _asks(meeting: Meeting, since: date, now: datetime) -> bool:
    """Whether the old rule's meeting takes a date of the new one for its own."""
    day = rules_day(meeting)
    return day is not None and day >= since and meeting.starts_at > now


def _nearest(asking: Collection[Meeting], free: list[datetime]) -> dict[int, datetime]:
    """Each meeting's wall time, the nearest pairs first; those that stay where they are choose before drafts."""
    pairs = [
        (meeting.state == "draft" and not was_moved(meeting), abs(wall.date() - day), wall, meeting.id)
        for meeting in asking
        for day in [rules_day(meeting)]
        for wall in free
        if day is not None and abs(wall.date() - day) <= REACH
    ]
    found: dict[int, datetime] = {}
    taken: set[datetime] = set()
    for _moves, _distance, wall, number in sorted(pairs):
        if number not in found and wall not in taken:
            found[number] = wall
            taken.add(wall)
    return found
