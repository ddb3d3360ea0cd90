"""The pages of a series: adding, editing, the dates of a rule, proposing, a date by hand, holding letters back."""

import re
from datetime import datetime, timedelta

import pytest

from asanokai import db, meetings
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.series import Series
from tests import people
from tests.pages import Reader, statements
from tests.world import SERIES, lead, plain, typed, unticked

NEW = "/coordinate/series/new"


@pytest.fixture
def akiko(app) -> Reader:
    """She coordinates a series already, and so may add others."""
    with db.transaction():
        people.coordinate(people.series(), people.akiko())
    return Reader(app, people.akiko())


@pytest.fixture
def own(akiko) -> int:
    return series_rules.by_slug("asanokai").id


def form(**changes: str) -> dict[str, str]:
    return unticked({**SERIES, **changes})


def added(reader: Reader, **changes: str) -> Series:
    response = reader.post(NEW, form(**changes))
    assert response.status_code == 303, response.text
    return series_rules.by_id(int(response.location.split("/")[-2]))


def walls(series: Series, most: int = 3) -> list[str]:
    """The first wall times of a series' meetings, in its own zone."""
    zone = people.ZoneInfo(series.zone)
    return [f"{found.starts_at.astimezone(zone):%Y-%m-%d %H:%M}" for found in meetings.of_series(series)[:most]]


def listed(page: str) -> list[str]:
    """The dates that "Show the next dates" shows."""
    shown = re.search(r'id="dates".*?</div>', page, re.DOTALL)
    assert shown, "no dates are shown"
    return [re.sub(r" ?<.*", "", line) for line in re.findall(r"<li>(.*?)</li>", shown[0])]


# --- adding -----------------------------------------------------------------------------------------------------------


def test_a_new_series_holds_what_was_typed_and_who_added_it_coordinates_it(akiko):
    series = added(akiko, **{"name-ja": "朝の会", **lead("remind_2", "1", "08:00"), "seats": "", "public": ""})
    found = {name: getattr(series, name) for name in series_rules.FIELDS}
    assert found == {
        "offers": "3 days before at 09:00",
        "standing_lapses": True,
        "second_factor": False,
        "name": {"de": "Asa no Kai", "ja": "朝の会"},
        "description": {"de": "Frühstück"},
        "rule": "FREQ=MONTHLY;BYDAY=2TH",
        "first": "2026-03-12T08:00",
        "zone": "Europe/Berlin",
        "minutes": 120,
        "venue": {"de": "Jena"},
        "join_link": "",
        "seats": None,
        "guests_allowed": 1,
        "deadline": "1 day before at 12:00",
        "plan": {
            "invite": "21 days before at 09:00",
            "remind": ["2 days before at 09:00", "1 days before at 08:00"],
            "eve": "1 days before at 17:00",
        },
        "first_language": "de",
        "public": False,
        "needs_approval": True,
    } | {"deadline": found["deadline"]}
    assert str(series_rules.Lead.parse(found["deadline"])) == "1 day before at 12:00"
    assert series_rules.belongs(series.id, people.akiko().id, "coordinator")


@pytest.mark.parametrize(
    ("choice", "rule", "dates"),
    [
        (
            {"frequency": "monthly", "ordinal": "2", "weekday": "TH"},
            "FREQ=MONTHLY;BYDAY=2TH",
            ["2026-03-12 08:00", "2026-04-09 08:00", "2026-05-14 08:00"],
        ),
        (
            {"frequency": "monthly", "ordinal": "-1", "weekday": "FR"},
            "FREQ=MONTHLY;BYDAY=-1FR",
            ["2026-03-27 08:00", "2026-04-24 08:00", "2026-05-29 08:00"],
        ),
        (
            {"frequency": "weekly", "interval": "6", "weekday": "TH"},
            "FREQ=WEEKLY;INTERVAL=6;BYDAY=TH",
            ["2026-03-12 08:00", "2026-04-23 08:00", "2026-06-04 08:00"],
        ),
        (
            {"frequency": "custom", "rule": "freq=monthly;bymonthday=1"},
            "FREQ=MONTHLY;BYMONTHDAY=1",
            ["2026-04-01 08:00", "2026-05-01 08:00", "2026-06-01 08:00"],
        ),
        ({"frequency": "none"}, None, []),
    ],
)
def test_every_way_of_recurring_proposes_its_dates_over_the_change_of_clocks(akiko, choice, rule, dates):
    series = added(akiko, **choice)
    assert (series.rule, walls(series)) == (rule, dates)


def test_a_series_in_japan_keeps_its_own_clock(akiko):
    series = added(akiko, zone="Asia/Tokyo")
    assert walls(series, 1) == ["2026-03-12 08:00"]
    assert meetings.of_series(series)[0].starts_at == people.tokyo(2026, 3, 12, 8)


def test_the_editing_page_offers_what_the_series_holds(akiko):
    for slug, choice in {
        "monthly": {"frequency": "monthly", "ordinal": "-1", "weekday": "FR"},
        "weekly": {"frequency": "weekly", "interval": "6", "weekday": "MO"},
        "custom": {"frequency": "custom", "rule": "FREQ=MONTHLY;BYMONTHDAY=1"},
        "rarely": {"frequency": "custom", "rule": "FREQ=WEEKLY;INTERVAL=60;BYDAY=TH"},
        "event": {"frequency": "none"},
    }.items():
        series = added(akiko, slug=slug, **choice)
        offered = typed(akiko.get(f"/coordinate/series/{series.id}/edit").text, "")
        assert {name: offered[name] for name in choice} == choice
        before = {name: getattr(series, name) for name in series_rules.FIELDS}
        akiko.post(f"/coordinate/series/{series.id}/edit", unticked(offered))
        session().expire_all()
        assert {name: getattr(series_rules.by_id(series.id), name) for name in series_rules.FIELDS} == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"slug": "asanokai"}, "There is already a series called “asanokai”."),
        ({"slug": "Große Reihe"}, "The short name may hold small letters, digits and single hyphens."),
        ({"name-de": ""}, "Please fill this in for at least one language."),
        ({"first": ""}, "Please say from when the rule holds."),
        ({"frequency": "custom", "rule": ""}, "Rule as text (RRULE): Please fill this in."),
        ({"frequency": "custom", "rule": "every Thursday"}, "This rule cannot be understood: EVERY THURSDAY"),
        ({"join_link": "javascript:alert(1)"}, "Please give a whole address, beginning with https://."),
        ({"join_link": "https://"}, "Please give a whole address, beginning with https://."),
        ({"invite-at": "25:00"}, "Please give a number of days and a time such as 09:00."),
        ({"invite-days": ""}, "Please give a number of days and a time such as 09:00."),
        ({"first": "1999-12-31T08:00"}, "Please give a date between 2000 and 2199."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(akiko, changes, words):
    response = akiko.post(NEW + "?lang=en", form(**changes))
    assert (response.status_code, words in response.text) == (422, True)
    assert [series.slug for series in session().scalars(people.select(Series))] == ["asanokai"]


# --- showing dates ----------------------------------------------------------------------------------------------------


def test_dates_are_shown_before_anything_is_saved(akiko):
    page = akiko.post(NEW + "?lang=en", form(step="dates", weekday="FR", ordinal="1")).text
    assert listed(page)[:3] == [
        "Friday, 3 April 2026, 8:00",
        "Friday, 1 May 2026, 8:00",
        "Friday, 5 June 2026, 8:00",
    ]
    assert typed(page, NEW)["weekday"] == "FR"
    assert len(list(session().scalars(people.select(Series)))) == 1


def test_dates_of_an_event_or_of_a_wrong_rule_are_not_shown_but_explained(akiko):
    event = akiko.post(NEW + "?lang=en", form(step="dates", frequency="none"))
    wrong = akiko.post(NEW + "?lang=en", form(step="dates", frequency="custom", rule="FREQ=SECONDLY"))
    assert (event.status_code, "An event has none." in event.text) == (200, True)
    assert (wrong.status_code, "This rule cannot be understood: FREQ=SECONDLY" in wrong.text) == (422, True)


# --- editing ----------------------------------------------------------------------------------------------------------


def test_what_is_edited_holds_for_dates_proposed_from_now_on(akiko, own):
    akiko.post(f"/coordinate/series/{own}/propose")
    proposed = len(meetings.of_series(series_rules.by_id(own)))
    akiko.post(f"/coordinate/series/{own}/edit", form(slug="anything", first="2026-03-12T09:30", seats="12"))
    series = series_rules.by_id(own)
    assert (series.slug, series.first, series.seats) == ("asanokai", "2026-03-12T09:30", 12)
    assert (len(meetings.of_series(series)), walls(series, 1)) == (proposed, ["2026-03-12 08:00"])


def test_another_letter_plan_moves_the_letters_of_announced_meetings(akiko, own):
    with db.transaction():
        number = people.announced_meeting(series_rules.by_id(own)).id
    akiko.post(f"/coordinate/series/{own}/edit", form(**lead("invite", "14", "10:00")))
    moments = people.moments(meetings.by_id(number))
    assert moments[("invite", 1)] == (people.berlin(2026, 2, 26, 10), False)


# --- the page of a series ---------------------------------------------------------------------------------------------


def test_proposing_says_how_many_are_new_and_then_that_all_are_there(akiko, own):
    akiko.get("/?lang=en")
    said = []
    for _ in range(2):
        response = akiko.post(f"/coordinate/series/{own}/propose")
        said += re.findall(r'class="notice[^"]*">(.*?)</p>', akiko.get(response.location).text)
    assert said == ["11 new dates were proposed.", "All dates of the next twelve months are there already."]


def test_a_date_by_hand_becomes_a_draft_at_the_wall_time_of_the_series(akiko, own):
    akiko.post(f"/coordinate/series/{own}/meetings/new", {"starts": "2026-07-01T08:30", "ends": ""})
    with_end = {"starts": "2026-08-01T08:00", "ends": "2026-08-03T12:00"}
    response = akiko.post(f"/coordinate/series/{own}/meetings/new", with_end)
    made = meetings.of_series(series_rules.by_id(own))
    assert [(one.starts_at, one.ends_at, one.state) for one in made] == [
        (people.berlin(2026, 7, 1, 8, 30), people.berlin(2026, 7, 1, 10, 30), "draft"),
        (people.berlin(2026, 8, 1, 8), people.berlin(2026, 8, 3, 12), "draft"),
    ]
    assert response.location == f"/coordinate/meetings/{made[1].id}"


def test_holding_the_letters_of_a_series_back_is_seen_and_can_be_undone(akiko, own, clock):
    paused = []
    for _ in range(2):
        akiko.post(f"/coordinate/series/{own}/pause")
        session().expire_all()
        page = akiko.get(f"/coordinate/series/{own}?lang=en").text
        paused.append((series_rules.by_id(own).paused_at, '<span class="badge waiting">Letters wait</span>' in page))
    assert paused == [(clock.now, True), (None, False)]


def test_the_page_lists_what_comes_and_what_was_with_times_of_the_place_and_of_the_reader(akiko, own, clock):
    with db.transaction():
        people.announced_meeting(series_rules.by_id(own))
        people.announced_meeting(series_rules.by_id(own), people.FIRST_MORNING + timedelta(days=28))
    clock.set(people.berlin(2026, 3, 20, 12))
    parts = akiko.get(f"/coordinate/series/{own}?lang=en").text.split("<h2>Past</h2>")
    coming, past = map(plain, parts)
    assert "Thursday, 9 April 2026, 8:00–10:00 (15:00–17:00 in Tokyo)" in coming
    assert "Thursday, 12 March 2026, 8:00–10:00 (16:00–18:00 in Tokyo)" in past
    assert [part.count('class="meeting-line"') for part in parts] == [1, 1]


def test_the_page_takes_as_many_statements_for_three_meetings_as_for_one(akiko, own):
    counts = []
    for days in ((0,), (7, 14)):
        with db.transaction():
            for day in days:
                people.announced_meeting(series_rules.by_id(own), datetime(2026, 4, 9, 8) + timedelta(days=day))
        with statements() as asked:
            akiko.get(f"/coordinate/series/{own}")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_other_series_of_the_world_is_untouched_by_all_of_this(akiko, own):
    with db.transaction():
        other = people.series("hamamatsu")
        people.coordinate(other, people.naoko())
        before, number = {name: getattr(other, name) for name in series_rules.FIELDS}, other.id
    found = [
        akiko.post(f"/coordinate/series/{number}/{verb}", form()).status_code
        for verb in ("edit", "pause", "propose", "meetings/new")
    ]
    session().expire_all()
    assert (found, {name: getattr(series_rules.by_id(number), name) for name in before}) == ([404] * 4, before)
    assert list(meetings.of_series(series_rules.by_id(number))) == []
