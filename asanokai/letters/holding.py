"""When a letter may go to its reader: not at night unless they asked for it or must know, and no nudge on a holiday.

Nothing is held beyond its use: better at night than not at all. It is asked when letters are planned, and again when
they are to leave, since a refusal, a pause or a server that was away may have put off what was due by day.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from asanokai import holidays
from asanokai.night import Night

AT_NIGHT = ("invite", "remind", "nudge", "own", "thanks")
"""Kinds that wait for the morning. Moved, cancelled, seat given or offered do not, however far off the meeting is."""

ON_HOLIDAYS = ("nudge",)
"""Kinds that wait for the next day that is no public holiday where the reader is."""

LONGEST_HOLIDAYS = 14
"""No public holidays follow each other for so many days."""


def may_go_from(kind: str, moment: datetime, zone: str, night: Night, until: datetime | None = None) -> datetime:
    """The moment itself, or from when on the letter may go to somebody whose clock is in `zone`. It is of use `until`;
    if that is before, it may go at once."""
    if kind not in AT_NIGHT:
        return moment
    awake = night.after(moment, zone)
    if kind in ON_HOLIDAYS:
        awake = _after_holidays(awake, zone, night)
    return awake if until is None or awake < until else moment


def _after_holidays(moment: datetime, zone: str, night: Night) -> datetime:
    for _day in range(LONGEST_HOLIDAYS):
        day = moment.astimezone(ZoneInfo(zone)).date()
        if not holidays.is_public_holiday(day, zone):
            break
        midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
        moment = night.after(midnight, zone)
    return moment
