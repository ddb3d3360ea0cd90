"""What is usual for a meeting, and what is its own.

A meeting's value is its own if it differs from what its series said when the meeting took it over. Before a series
changes, that is written down (`keep`); a meeting nothing is written down for follows the series as it stands. What once
was its own when its series changed stays so, even where the series comes to say the same (`follow`).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock
from asanokai.db import Base, Facts, session
from asanokai.meetings import Meeting
from asanokai.series import USUAL_DEADLINE, Lead, Series, in_utc

PLAIN = ("join_link", "seats", "guests_allowed", "public", "needs_approval")
REACHING = ("at", "minutes", "venue", "deadline", *PLAIN)
"""What may be changed for a meeting and those after it: time of day, length, place, deadline and what is plain."""

Values = dict[str, Any]


class Usual(Base):
    """What a meeting's series said when the meeting took it over: values as in `REACHING`; "own": the fields that are
    the meeting's own even where its value is the same."""

    __tablename__ = "usual"

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), primary_key=True, autoincrement=False)
    said: Mapped[dict[str, Any]] = mapped_column(Facts)


def of_series(series: Series) -> Values:
    """What the series says now. `at` is None for an event, which has no usual time."""
    plain = {name: getattr(series, name) for name in PLAIN}
    at = series.first[11:16] if series.first else None
    return {
        **plain,
        "at": at,
        "minutes": series.minutes,
        "venue": series.venue or None,
        "deadline": str(Lead.parse(series.deadline or USUAL_DEADLINE)),
    }


def of_meetings(series: Series, found: Iterable[Meeting]) -> dict[int, Values]:
    """What is usual for each of some meetings of the series, in one statement."""
    numbers = [meeting.id for meeting in found]
    now = of_series(series)
    rows = session().scalars(select(Usual).where(Usual.meeting_id.in_(numbers))) if numbers else ()
    said = {row.meeting_id: dict(row.said) for row in rows}
    return {number: {**now, **said.get(number, {})} for number in numbers}


def keep(series: Series) -> None:
    """Write down what is usual for every meeting of the series that may still follow it, before the series changes."""
    without = (
        select(Meeting.id)
        .outerjoin(Usual, Usual.meeting_id == Meeting.id)
        .where(
            Meeting.series_id == series.id,
            Meeting.starts_at > clock.now(),
            or_(Meeting.state.in_(("draft", "announced")), Meeting.announced_at.is_(None)),
            Usual.meeting_id.is_(None),
        )
    )
    now = of_series(series)
    session().add_all([Usual(meeting_id=number, said=now) for number in session().scalars(without).all()])
    session().flush()


def follow(owned: Mapping[int, Collection[str]], changes: Values) -> None:
    """From now on that is usual for these meetings, whether they took it over or keep their own: number → the fields
    that are its own. Call `keep` before."""
    for row in session().scalars(select(Usual).where(Usual.meeting_id.in_(owned))):
        row.said = {**row.said, **changes, "own": sorted(owned[row.meeting_id])}
    session().flush()


def give_up(meeting_id: int, fields: Collection[str]) -> None:
    """These fields are the meeting's own no longer than they differ from what is usual."""
    row = session().get(Usual, meeting_id)
    if row is not None:
        row.said = {**row.said, "own": sorted(set(row.said.get("own", ())) - set(fields))}


def own(meeting: Meeting, usual: Values) -> set[str]:
    """The fields that are the meeting's own: in which it differs from what is usual for it, or once did."""
    different = set(usual.get("own", ()))
    different |= {name for name in PLAIN if getattr(meeting, name) != usual[name]}
    if usual["at"] is not None and meeting.starts_at != starts(meeting, usual["at"]):
        different.add("at")
    if meeting.ends_at != ends(meeting.starts_at, usual["minutes"], meeting.zone):
        different.add("minutes")
    if (meeting.venue or None) != usual["venue"]:
        different.add("venue")
    if meeting.answer_until != deadline(meeting.starts_at, usual["deadline"], meeting.zone):
        different.add("deadline")
    return different


def present(meeting: Meeting, usual: Values) -> Values:
    """The meeting's values as a form shows them. A deadline of its own is told in the same words."""
    zone = ZoneInfo(meeting.zone)
    local, until = meeting.starts_at.astimezone(zone), meeting.answer_until.astimezone(zone)
    differs = own(meeting, usual)
    minutes = int((meeting.ends_at - meeting.starts_at).total_seconds() // 60)
    lead = str(Lead((local.date() - until.date()).days, until.time().replace(second=0, microsecond=0)))
    return {
        **{name: getattr(meeting, name) for name in PLAIN},
        "at": f"{local:%H:%M}",
        "minutes": minutes if "minutes" in differs else usual["minutes"],
        "venue": meeting.venue or None,
        "deadline": lead if "deadline" in differs else usual["deadline"],
    }


def starts(meeting: Meeting, at: str) -> datetime:
    """The moment at which the meeting would begin on its day at that time of day."""
    return in_utc(datetime.combine(meeting.local_date, time.fromisoformat(at)), meeting.zone)


def ends(starts_at: datetime, minutes: int, zone: str) -> datetime:
    """When what begins then and lasts so long ends: days are counted on the calendar, hours by the clock."""
    days, rest = divmod(minutes, 24 * 60)
    wall = starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    begins = starts_at.astimezone(UTC) if days == 0 else in_utc(wall + timedelta(days=days), zone)
    return begins + timedelta(minutes=rest)


def deadline(starts_at: datetime, lead: str, zone: str) -> datetime:
    """Until when answers are taken for what begins then."""
    return min(Lead.parse(lead).before(starts_at, zone), starts_at)
