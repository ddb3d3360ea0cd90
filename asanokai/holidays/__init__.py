"""What a date collides with: public holidays in Thuringia and Japan, bridge days, school holidays, Golden Week, Obon,
New Year.

Pure: a day in, marks out. Public holidays come from the library `holidays`, which counts movable ones itself; the
school holidays of Thuringia from `school-thueringen.csv` beside this file (source and years stand in its head), which
ends: beyond `school_known_until()` nothing is said of them. Corpus Christi is a holiday only in the places that keep
it. Names are msgids; pages translate them.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import holidays

from asanokai.errors import N_

SCHOOL_FILE = Path(__file__).with_name("school-thueringen.csv")

THURINGIA, JAPAN, BRIDGE, SCHOOL = "thuringia", "japan", "bridge", "school"
GOLDEN_WEEK, OBON, NEW_YEAR, SOME_PLACES = "golden_week", "obon", "new_year", "some_places"
KINDS = (THURINGIA, JAPAN, BRIDGE, SCHOOL, GOLDEN_WEEK, OBON, NEW_YEAR, SOME_PLACES)

CORPUS_CHRISTI = N_("Corpus Christi")
IN_THURINGIA = {
    "New Year's Day": N_("New Year's Day"),
    "Good Friday": N_("Good Friday"),
    "Easter Monday": N_("Easter Monday"),
    "Labor Day": N_("Labour Day"),
    "Ascension Day": N_("Ascension Day"),
    "Pentecost Monday": N_("Whit Monday"),
    "World Children's Day": N_("World Children's Day"),
    "German Unity Day": N_("German Unity Day"),
    "Reformation Day": N_("Reformation Day"),
    "Christmas Day": N_("Christmas Day"),
    "Second Day of Christmas": N_("Second Day of Christmas"),
    "Corpus Christi": CORPUS_CHRISTI,
}
"""The library's English name → ours. What is not here (a day kept once) is shown by the library's name."""
IN_JAPAN = {
    "New Year's Day": N_("New Year's Day"),
    "Coming of Age Day": N_("Coming of Age Day"),
    "Foundation Day": N_("National Foundation Day"),
    "Emperor's Birthday": N_("The Emperor's Birthday"),
    "Vernal Equinox Day": N_("Vernal Equinox Day"),
    "Showa Day": N_("Shōwa Day"),
    "Constitution Day": N_("Constitution Memorial Day"),
    "Greenery Day": N_("Greenery Day"),
    "Children's Day": N_("Children's Day"),
    "Marine Day": N_("Marine Day"),
    "Mountain Day": N_("Mountain Day"),
    "Respect for the Aged Day": N_("Respect for the Aged Day"),
    "Autumnal Equinox Day": N_("Autumnal Equinox Day"),
    "Sports Day": N_("Sports Day"),
    "Culture Day": N_("Culture Day"),
    "Labor Thanksgiving Day": N_("Labour Thanksgiving Day"),
    "Substitute Holiday": N_("Substitute Holiday"),
    "National Holiday": N_("Day between two holidays"),
}
AT_SCHOOL = {
    "Sommerferien": N_("summer holidays"),
    "Herbstferien": N_("autumn holidays"),
    "Weihnachtsferien": N_("Christmas holidays"),
    "Winterferien": N_("winter holidays"),
    "Osterferien": N_("Easter holidays"),
    "Pfingstferien": N_("Whitsun holidays"),
    "Schulfreier Tag": N_("day without school"),
}

KEEP_CORPUS_CHRISTI = (
    "Eichsfeld",
    "Heiligenstadt",
    "Leinefelde",
    "Worbis",
    "Dingelstädt",
    "Niederorschel",
    "Teistungen",
    "Arenshausen",
    "Küllstedt",
    "Uder",
    "Heyerode",
    "Bickenriede",
    "Beberstedt",
    "Hüpstedt",
    "Struth",
    "Geisa",
    "Schleid",
    "Buttlar",
)
"""Places where Corpus Christi is a public holiday by law: the Eichsfeld district and some beside it and in the Rhön."""


@dataclass(frozen=True)
class Mark:
    """One thing a day collides with. `name` is a msgid, "" where the kind says all; `avoid`: better not on that day."""

    kind: str
    name: str = ""
    avoid: bool = True


@dataclass(frozen=True)
class SchoolHolidays:
    """First and last day, and the msgid of their name."""

    first: date
    last: date
    name: str


def collisions(day: date, place: str = "") -> list[Mark]:
    """Everything the day collides with, public holidays first. `place`: where the meeting is, in any words."""
    marks = [*_in_thuringia(day, place), *_in_japan(day)]
    if is_bridge_day(day, place):
        marks.append(Mark(BRIDGE))
    marks += [Mark(SCHOOL, found.name) for found in school_holidays() if found.first <= day <= found.last]
    if (4, 29) <= (day.month, day.day) <= (5, 5):
        marks.append(Mark(GOLDEN_WEEK))
    if (8, 13) <= (day.month, day.day) <= (8, 16):
        marks.append(Mark(OBON))
    if (day.month, day.day) >= (12, 28) or (day.month, day.day) <= (1, 4):
        marks.append(Mark(NEW_YEAR))
    return marks


def is_free_of_collisions(day: date, place: str = "") -> bool:
    """Whether nothing speaks against the day."""
    return not any(mark.avoid for mark in collisions(day, place))


def is_working_day(day: date, place: str = "") -> bool:
    """Monday to Friday, and no public holiday in that place of Thuringia."""
    return day.weekday() < 5 and not any(mark.avoid for mark in _in_thuringia(day, place))


WHERE = {
    "Europe/Berlin": ("DE", "TH"),
    "Europe/Busingen": ("DE", "TH"),
    "Asia/Tokyo": ("JP", None),
    "Japan": ("JP", None),
}
"""Whose public holidays somebody keeps, by the zone of their clock; of other places nothing is known."""


def is_public_holiday(day: date, zone: str) -> bool:
    """Whether it is a public holiday where clocks are in that zone: Thuringia or Japan."""
    where = WHERE.get(zone)
    return where is not None and bool(_names(day, *where))


def is_bridge_day(day: date, place: str = "") -> bool:
    """A working day by itself between two days off, one of which at least is a holiday: most people stay away."""
    around = day - timedelta(days=1), day + timedelta(days=1)
    return is_working_day(day, place) and not any(is_working_day(one, place) for one in around)


def keeps_corpus_christi(place: str) -> bool:
    """Whether it is a public holiday where the meeting is."""
    return any(name.casefold() in place.casefold() for name in KEEP_CORPUS_CHRISTI)


def school_known_until() -> date:
    """The last day of which the file knows whether there is school."""
    return school_holidays()[-1].last


@lru_cache(maxsize=1)
def school_holidays() -> tuple[SchoolHolidays, ...]:
    """All that the file knows, in the order of time."""
    with SCHOOL_FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter=";"))
    found = [
        SchoolHolidays(
            date.fromisoformat(row["start"]),
            date.fromisoformat(row["end"]),
            AT_SCHOOL.get(row["name_de"], row["name_de"]),
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda holiday: holiday.first))


def _in_thuringia(day: date, place: str) -> Iterator[Mark]:
    for name in _names(day, "DE", "TH"):
        yield Mark(THURINGIA, IN_THURINGIA.get(name, name))
    for name in _names(day, "DE", "TH", "catholic"):
        kept = keeps_corpus_christi(place)
        yield Mark(THURINGIA if kept else SOME_PLACES, IN_THURINGIA.get(name, name), avoid=kept)


def _in_japan(day: date) -> Iterator[Mark]:
    for name in _names(day, "JP", None):
        yield Mark(JAPAN, IN_JAPAN.get(name, name))


def _names(day: date, country: str, state: str | None, category: str = "public") -> list[str]:
    """The library's English names of what is kept on that day."""
    found = _of_year(day.year, country, state, category).get(day)
    return found.split("; ") if found else []


@lru_cache(maxsize=400)
def _of_year(year: int, country: str, state: str | None, category: str) -> dict[date, str]:
    found = holidays.country_holidays(country, subdiv=state, years=year, categories=(category,), language="en_US")
    return dict(found.items())
