"""The published rule of the waiting list: when a freed seat is given, when it is offered and for how long. Pure."""

from datetime import datetime, time, timedelta

from asanokai.meetings import Meeting
from asanokai.night import Night
from asanokai.series import Lead

SHORTEST, LONGEST = timedelta(hours=2), timedelta(hours=48)
"""How long an offer stands at least and at most."""

LAST_EVENING = Lead(1, time(17))
"""From then on nobody can be expected to answer an offer."""

NIGHT = Night()

GIVEN, OFFERED, SHORT = "given", "offered", "short"


def phase(meeting: Meeting, now: datetime) -> str:
    """What becomes of a seat that is freed now: given to the next who fits, offered to them, or, from the last evening
    on, given to the next who fits and can come at short notice. A meeting without offers always gives."""
    if meeting.offers_from is None:
        return GIVEN
    if now >= last_evening(meeting):
        return SHORT
    return OFFERED if now >= meeting.offers_from else GIVEN


def last_evening(meeting: Meeting) -> datetime:
    """17:00 on the day before."""
    return LAST_EVENING.before(meeting.starts_at, meeting.zone)


def offered_until(meeting: Meeting, now: datetime, zone: str) -> datetime:
    """Until when an offer made now stands for somebody whose clock is in `zone`: a quarter of the time left, at least
    two hours and at most 48, the night not counted; not beyond the last evening, unless for those two hours."""
    span = min(max((meeting.starts_at - now) / 4, SHORTEST), LONGEST)
    least = NIGHT.later(now, SHORTEST, zone)
    return min(max(min(NIGHT.later(now, span, zone), last_evening(meeting)), least), meeting.starts_at)
