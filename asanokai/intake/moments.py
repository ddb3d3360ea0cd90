"""Dates and times of a calendar → aware moments, by whatever names clients call a zone. None where it is not sure."""

import calendar
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from asanokai.intake.contentlines import Component, Property, unescaped

FIRST_YEAR, LAST_YEAR = 1990, 2100
_MOMENT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d)(?::?(\d\d))?(?:[.,]\d+)?\s*([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_OFFSET = re.compile(r"([+-]?)(\d\d):?(\d\d)(?::?(\d\d))?", re.ASCII)
_OLSON = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
Zones = Mapping[str, Component]


def zones_of(calendar: Component) -> Zones:
    """The VTIMEZONEs of a calendar by their names, "" for what its times without a zone mean."""
    found = {_plain(zone.value("TZID")): zone for zone in calendar.inner if zone.name == "VTIMEZONE"}
    if len(found) == 1:
        found[""] = next(iter(found.values()))
    return found


def _plain(name: str) -> str:
    return " ".join(unescaped(name).strip('" ').split())


def _named(line: Property, before: str) -> str:
    """The TZID of a line. Names with a comma or a colon should be quoted, and are not: "tzone://Microsoft/Utc"."""
    name = ",".join(line.parameters.get("TZID", []))
    if not name:
        return ""
    return _plain(f"{name}:{before.rstrip(':')}" if before else name)


def moment(line: Property | None, zones: Zones, *, floating: tzinfo | None = None) -> datetime | None:
    """The moment a line tells, in UTC. None for whole days, nonsense, and times whose zone nobody knows.

    `floating` is the zone of times that name none; without it the only zone of the calendar is meant.
    """
    found = _MOMENT.search(line.value) if line else None
    if line is None or found is None:
        return None
    year, month, day, hour, minute = (int(part) for part in found.groups()[:5])
    second = min(int(found[6] or 0), 59)
    try:
        wall = datetime(year, month, day)  # noqa: DTZ001 -- a wall time: its zone is read below
        wall += timedelta(hours=hour, minutes=minute, seconds=second)
        if not FIRST_YEAR <= wall.year < LAST_YEAR:
            return None
        said = _said(found[7])
        name = _named(line, line.value[: found.start()].strip())
        if said is None:
            said = floating if floating and not name else zone(name, zones, wall)
        return wall.replace(tzinfo=said).astimezone(UTC) if said else None
    except (ValueError, OverflowError):
        return None


def _said(mark: str | None) -> tzinfo | None:
    """The offset that stands behind a time."""
    if not mark:
        return None
    if mark in "Zz":
        return UTC
    return _fixed(mark)


def _fixed(text: str) -> timezone | None:
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        return None
    seconds = int(found[2]) * 3600 + int(found[3]) * 60 + int(found[4] or 0)
    return timezone(timedelta(seconds=-seconds if found[1] == "-" else seconds)) if seconds < 86400 else None


def zone(name: str, zones: Zones, wall: datetime) -> tzinfo | None:
    """The zone of that name: of the world's, of Microsoft's, else as the calendar describes it at that wall time."""
    described = zones.get(name)
    if described is None:
        return _known(name)
    # Short names mean what the calendar says: Notes calls London's time, summer and winter, "GMT".
    by_name = _known(name) if "/" in name or name in WINDOWS_TO_OLSON else None
    return by_name or _known(described.value("X-LIC-LOCATION")) or _described(described, wall) or _known(name)


def _known(name: str) -> tzinfo | None:
    name = name.strip().strip('"')[:100]
    if name.upper() in ("UTC", "GMT", "Z", "ETC/UTC", "TZONE://MICROSOFT/UTC", "COORDINATED UNIVERSAL TIME"):
        return UTC
    # "/freeassociation.sourceforge.net/Europe/Berlin", "/mozilla.org/20050126_1/America/Indiana/Knox"
    pieces = name.split("/")
    tails = ["/".join(pieces[-length:]) for length in (3, 2)] if name.startswith("/") else []
    for guess in (WINDOWS_TO_OLSON.get(name, ""), name, *tails):
        if guess and _OLSON.fullmatch(guess):
            try:
                return ZoneInfo(guess)
            except (LookupError, ValueError, OSError):
                continue
    return None


def _described(component: Component, wall: datetime) -> tzinfo | None:
    """The offset that a VTIMEZONE gives for a wall time: of the observance that began last before it."""
    begun = [(start, at.value("TZOFFSETTO")) for at in component.inner[:50] if (start := _onset(at, wall)) is not None]
    if not begun:
        alone = {at.value("TZOFFSETTO") for at in component.inner[:50]}
        return _fixed(alone.pop()) if len(alone) == 1 else None
    return _fixed(max(begun)[1])


def _onset(observance: Component, wall: datetime) -> datetime | None:
    """When an observance began the last time before `wall`. Yearly rules by month and weekday, as all zones are."""
    found = _MOMENT.search(observance.value("DTSTART"))
    if found is None:
        return None
    first = datetime(*(int(part or 0) for part in found.groups()[:6]))  # type: ignore[arg-type]  # six parts  # noqa: DTZ001  a wall time
    rule = dict(re.findall(r"([A-Z]+)=([^;]+)", observance.value("RRULE").upper()))
    if rule.get("FREQ") != "YEARLY":
        return first if first <= wall else None
    until = _MOMENT.search(rule.get("UNTIL", ""))
    for year in (wall.year, wall.year - 1):
        day = _day(rule, year, first)
        if day is None or (until and int(until[1]) < year):
            continue
        onset = datetime.combine(day, first.time())
        if first.date() <= day and onset <= wall:
            return onset
    return None


def _day(rule: dict[str, str], year: int, first: datetime) -> date | None:
    """The day of a yearly rule in a year: BYMONTH=3;BYDAY=-1SU, or that of its first."""
    month = int(rule["BYMONTH"]) if rule.get("BYMONTH", "").isdecimal() else first.month
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    found = re.fullmatch(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", rule.get("BYDAY", ""))
    if found is None:
        return date(year, month, min(first.day, last))
    fitting = [day for day in range(1, last + 1) if date(year, month, day).weekday() == _DAYS.index(found[2])]
    if found[1] is None and rule.get("BYMONTHDAY"):
        wanted = {int(day) for day in re.findall(r"-?\d{1,2}", rule["BYMONTHDAY"])}
        fitting = [day for day in fitting if day in wanted or day - last - 1 in wanted]
    which = int(found[1] or 1)
    index = which - 1 if which > 0 else len(fitting) + which
    return date(year, month, fitting[index]) if 0 <= index < len(fitting) else None
