"""What a day collides with, in Thuringia and in Japan, and until when it is known."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from asanokai import holidays
from asanokai.holidays import Mark


def named(day: date, place: str = "") -> list[tuple[str, str]]:
    return [(mark.kind, mark.name) for mark in holidays.collisions(day, place)]


@pytest.mark.parametrize(
    ("day", "marks"),
    [
        (date(2026, 3, 12), []),
        (date(2027, 9, 20), [("thuringia", "World Children's Day"), ("japan", "Respect for the Aged Day")]),
        (date(2028, 10, 31), [("thuringia", "Reformation Day"), ("school", "autumn holidays")]),
        (date(2026, 5, 14), [("thuringia", "Ascension Day")]),
        (date(2026, 5, 25), [("thuringia", "Whit Monday")]),
        (date(2026, 5, 15), [("bridge", ""), ("school", "day without school")]),
        (date(2026, 8, 11), [("japan", "Mountain Day"), ("school", "summer holidays")]),
        (date(2026, 9, 22), [("japan", "Day between two holidays")]),
        (date(2026, 4, 30), [("golden_week", "")]),
        (date(2026, 5, 6), [("japan", "Substitute Holiday")]),
        (date(2026, 8, 12), [("school", "summer holidays")]),
        (date(2026, 8, 13), [("school", "summer holidays"), ("obon", "")]),
        (date(2026, 8, 16), [("obon", "")]),
        (date(2026, 8, 17), []),
        (date(2026, 12, 27), [("school", "Christmas holidays")]),
        (date(2026, 12, 28), [("school", "Christmas holidays"), ("new_year", "")]),
        (date(2027, 1, 4), [("new_year", "")]),
        (date(2027, 1, 5), []),
    ],
)
def test_a_day_is_marked_with_everything_it_collides_with(day, marks):
    assert named(day) == marks


@pytest.mark.parametrize(
    ("place", "mark"),
    [
        ("Haus der Optik, Jena", Mark("some_places", "Corpus Christi", avoid=False)),
        ("", Mark("some_places", "Corpus Christi", avoid=False)),
        ("Rathaus, Heilbad Heiligenstadt", Mark("thuringia", "Corpus Christi")),
        ("GEISA, Schloss", Mark("thuringia", "Corpus Christi")),
    ],
)
def test_corpus_christi_speaks_against_a_day_only_in_the_places_that_keep_it(place, mark):
    assert holidays.collisions(date(2026, 6, 4), place) == [mark]
    # The Friday behind it is a bridge day where it is kept.
    assert holidays.is_bridge_day(date(2026, 6, 5), place) is mark.avoid


def test_a_bridge_day_stands_alone_between_a_holiday_and_other_days_off():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    assert [day for day in days if holidays.is_bridge_day(day)] == [date(2026, 1, 2), date(2026, 5, 15)]
    # Labour Day 2029 is a Tuesday.
    assert holidays.is_bridge_day(date(2029, 4, 30))


def test_obon_golden_week_and_new_year_last_from_their_first_to_their_last_day():
    days = [date(2027, 1, 1) + timedelta(days=number) for number in range(365)]
    found = {
        kind: [f"{day:%d.%m.}" for day in days if kind in [mark.kind for mark in holidays.collisions(day)]]
        for kind in ("obon", "golden_week", "new_year")
    }
    assert found == {
        "obon": ["13.08.", "14.08.", "15.08.", "16.08."],
        "golden_week": ["29.04.", "30.04.", "01.05.", "02.05.", "03.05.", "04.05.", "05.05."],
        "new_year": ["01.01.", "02.01.", "03.01.", "04.01.", "28.12.", "29.12.", "30.12.", "31.12."],
    }


def test_school_holidays_say_until_when_they_are_known_and_nothing_beyond():
    assert holidays.school_known_until() == date(2030, 8, 23)
    assert [named(date(2030, 8, day)) for day in (23, 26)] == [[("school", "summer holidays")], []]
    # 2031 has its summer holidays too, but nobody has published them here.
    assert named(date(2031, 7, 28)) == []


def test_the_file_of_school_holidays_names_source_and_years_and_overlaps_nowhere():
    head = [line for line in holidays.SCHOOL_FILE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert "2025/26 to 2029/30" in head[0]
    assert "holidays.school.th.csv" in head[1]
    found = holidays.school_holidays()
    assert all(one.first <= one.last < other.first for one, other in pairwise(found))
    assert {one.name for one in found} <= set(holidays.AT_SCHOOL.values())


def test_every_holiday_to_come_has_a_name_of_ours():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365 * 15)]
    ours = {*holidays.IN_THURINGIA.values(), *holidays.IN_JAPAN.values(), *holidays.AT_SCHOOL.values(), ""}
    assert {mark.name for day in days for mark in holidays.collisions(day)} <= ours
