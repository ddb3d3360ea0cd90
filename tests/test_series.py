"""What recurs: rules become dates in local time, letter plans become moments, and people belong."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from asanokai import series as rules
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing, Refused
from asanokai.journal import Entry
from asanokai.series import Lead, dates_of_rule, in_utc
from tests import people
from tests.people import SECOND_THURSDAY, berlin, tokyo

EIGHT = "2026-03-12T08:00"


@pytest.fixture
def writing(app):
    with transaction():
        yield


def year_of(rule: str, first: str = EIGHT, zone: str = "Europe/Berlin") -> list[datetime]:
    return dates_of_rule(rule, first, zone, after=berlin(2026, 2, 1), until=berlin(2027, 2, 1))


# --- rule → dates -----------------------------------------------------------------------------------------------------


def test_the_second_thursday_at_eight_stays_at_eight_over_both_clock_changes():
    walls = year_of(SECOND_THURSDAY)
    assert [wall.isoformat(timespec="minutes") for wall in walls] == [
        "2026-03-12T08:00",
        "2026-04-09T08:00",
        "2026-05-14T08:00",
        "2026-06-11T08:00",
        "2026-07-09T08:00",
        "2026-08-13T08:00",
        "2026-09-10T08:00",
        "2026-10-08T08:00",
        "2026-11-12T08:00",
        "2026-12-10T08:00",
        "2027-01-14T08:00",
    ]
    assert {in_utc(wall, "Europe/Berlin").hour for wall in walls if wall.month in (1, 3, 11, 12)} == {7}
    assert {in_utc(wall, "Europe/Berlin").hour for wall in walls if 4 <= wall.month <= 10} == {6}


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=WEEKLY;INTERVAL=6;COUNT=3", ["2026-03-12", "2026-04-23", "2026-06-04"]),
        ("freq=weekly;interval=6;until=20260423T080000", ["2026-03-12", "2026-04-23"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;BYMONTH=3,9", ["2026-03-27", "2026-09-25"]),
        ("FREQ=MONTHLY;BYDAY=TU,TH;BYSETPOS=-1;INTERVAL=4", ["2026-03-31", "2026-07-30", "2026-11-26"]),
        ("FREQ=YEARLY", ["2026-03-12"]),
        ("FREQ=DAILY;INTERVAL=100;", ["2026-03-12", "2026-06-20", "2026-09-28", "2027-01-06"]),
    ],
)
def test_rules_give_the_dates_they_say(rule, days):
    assert [wall.date().isoformat() for wall in year_of(rule)] == days


def test_a_count_begins_with_the_first_date_and_not_with_today():
    found = dates_of_rule(
        "FREQ=WEEKLY;COUNT=4", EIGHT, "Europe/Berlin", after=berlin(2026, 3, 20), until=berlin(2027, 1, 1)
    )
    assert [wall.date() for wall in found] == [date(2026, 3, 26), date(2026, 4, 2)]


def test_both_ends_of_the_span_count():
    found = dates_of_rule(
        "FREQ=WEEKLY", EIGHT, "Europe/Berlin", after=berlin(2026, 3, 19, 8), until=berlin(2026, 4, 2, 8)
    )
    assert [wall.date() for wall in found] == [date(2026, 3, 19), date(2026, 3, 26), date(2026, 4, 2)]


def test_a_rule_in_japan_knows_no_summer_time():
    walls = year_of(SECOND_THURSDAY, "2026-03-12T08:00", "Asia/Tokyo")
    assert {in_utc(wall, "Asia/Tokyo").hour for wall in walls} == {23}
    assert in_utc(walls[0], "Asia/Tokyo") == tokyo(2026, 3, 12, 8) == datetime(2026, 3, 11, 23, tzinfo=UTC)


def test_a_wall_time_in_the_spring_gap_moves_forward_and_a_doubled_one_takes_the_first():
    gap, doubled = datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30)
    assert in_utc(gap, "Europe/Berlin") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC) == berlin(2026, 3, 29, 3, 30)
    assert in_utc(doubled, "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert in_utc(doubled.replace(fold=1), "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_rule_whose_time_falls_into_the_gap_loses_no_date():
    walls = dates_of_rule(
        "FREQ=DAILY", "2026-03-28T02:30", "Europe/Berlin", after=berlin(2026, 3, 28), until=berlin(2026, 3, 31)
    )
    moments = [in_utc(wall, "Europe/Berlin") for wall in walls]
    assert moments == [berlin(2026, 3, 28, 2, 30), berlin(2026, 3, 29, 3, 30), berlin(2026, 3, 30, 2, 30)]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "second thursday",
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=MONTHLY;BYDAY=2XX",
        "FREQ=MONTHLY;BYDAY=99TH",
        "FREQ=MONTHLY;BYDAY=MO,-8TH",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=47TH",
        "FREQ=MONTHLY;BYDAY=",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=x",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;UNTIL=20270101T000000Z",
        "FREQ=DAILY;UNTIL=gestern",
        "FREQ=DAILY\nEXRULE:FREQ=SECONDLY",
        "FREQ=DAILY;UNTIL=20270101\nDTSTART:19000101",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY;FREQ",
        "FREQ=DAILY;INTERVAL=²",
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_and_never_hangs(rule):
    with pytest.raises(BadInput) as refused:
        year_of(rule)
    assert refused.value.field == "rule"


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "FREQ=MONTHLY;BYDAY=6TH",
        "FREQ=DAILY;INTERVAL=7;BYDAY=FR",
        "FREQ=WEEKLY;UNTIL=20200101",
    ],
)
def test_a_rule_that_never_comes_true_is_refused_before_it_is_kept(writing, rule):
    with pytest.raises(BadInput) as refused:
        people.series(rule=rule)
    assert refused.value.field == "rule"


@pytest.mark.parametrize("first", ["", "gestern", "2026-03-12T08:00+01:00", "1899-01-01T08:00", "9999-12-31"])
def test_a_first_date_that_cannot_be_meant_is_refused(first):
    with pytest.raises(BadInput) as refused:
        year_of(SECOND_THURSDAY, first)
    assert refused.value.field == "first"


# --- the letter plan --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "lead"),
    [
        ("21 days before at 09:00", "21 days before at 09:00"),
        (" 1 Day  before at 9:05 ", "1 day before at 09:05"),
        ("0 days before at 07:00", "0 days before at 07:00"),
    ],
)
def test_a_lead_is_read_and_written(words, lead):
    assert str(Lead.parse(words)) == lead


@pytest.mark.parametrize(
    "words",
    [
        "",
        "soon",
        "-1 days before at 09:00",
        "1 day before at 24:00",
        "1 day before at 09:60",
        "1 day",
        "9999 days before at 09:00",
    ],
)
def test_a_lead_that_cannot_be_meant_is_refused(words):
    with pytest.raises(BadInput) as refused:
        Lead.parse(words)
    assert refused.value.field == "plan"


@pytest.mark.parametrize(
    ("starts_at", "due"),
    [
        # The clocks go forward between letter and meeting, then back: nine o'clock stays nine o'clock.
        (berlin(2026, 4, 9, 8), berlin(2026, 3, 19, 9)),
        (berlin(2026, 11, 12, 8), berlin(2026, 10, 22, 9)),
    ],
)
def test_nine_oclock_is_nine_oclock_on_either_side_of_a_clock_change(starts_at, due):
    assert Lead.parse("21 days before at 09:00").before(starts_at, "Europe/Berlin") == due


def test_a_lead_counts_days_on_the_meetings_calendar_and_not_in_utc():
    # 00:30 on Friday in Tokyo is Thursday still in UTC and in Jena.
    midnight = tokyo(2026, 3, 13, 0, 30)
    assert Lead.parse("1 day before at 17:00").before(midnight, "Asia/Tokyo") == tokyo(2026, 3, 12, 17)
    assert Lead.parse("1 day before at 17:00").before(midnight, "Europe/Berlin") == berlin(2026, 3, 11, 17)


def test_a_lead_that_falls_into_the_gap_moves_forward():
    assert Lead.parse("1 day before at 02:30").before(berlin(2026, 3, 30, 8), "Europe/Berlin") == berlin(
        2026, 3, 29, 3, 30
    )


def test_the_plan_numbers_its_reminders_and_leaves_out_what_is_empty():
    plan = {
        "invite": "21 days before at 09:00",
        "remind": ["5 days before at 09:00", "2 days before at 09:00"],
        "eve": "",
    }
    assert rules.leads(plan) == [
        ("invite", 1, "21 days before at 09:00"),
        ("remind", 1, "5 days before at 09:00"),
        ("remind", 2, "2 days before at 09:00"),
    ]


# --- the series itself ------------------------------------------------------------------------------------------------


def test_a_series_without_a_rule_is_an_event(writing):
    assert (people.series().is_event, people.event().is_event) == (False, True)
    assert [series.slug for series in rules.with_rule()] == ["asanokai"]
    assert rules.first_day(rules.by_slug("asanokai")) == date(2026, 3, 12)
    assert rules.first_day(rules.by_slug("delegation")) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", {"de": ""}),
        ("name", {}),
        ("zone", "Europe/Jena"),
        ("minutes", 0),
        ("minutes", 10**9),
        ("seats", 0),
        ("seats", -1),
        ("guests_allowed", -1),
        ("guests_allowed", 21),
        ("first_language", "fr"),
        ("rule", "FREQ=HOURLY"),
        ("first", "gestern"),
        ("deadline", "immer"),
        ("plan", {"invite": "bald"}),
        ("plan", {"remind": ["2 days before at 09:00", "bald"]}),
    ],
)
def test_what_cannot_be_is_refused(writing, field, value):
    with pytest.raises(BadInput):
        people.series(**{field: value})


def test_an_events_first_day_is_checked_although_it_has_no_rule(writing):
    with pytest.raises(BadInput):
        people.event(first="übermorgen")


@pytest.mark.parametrize("slug", ["", "a b", "-a", "a--b", "ä", "x" * 61, "a/b", "朝"])
def test_a_short_name_that_makes_no_address_is_refused(writing, slug):
    with pytest.raises(BadInput) as refused:
        people.series(slug)
    assert refused.value.field == "slug"


def test_a_short_name_stands_once(writing):
    people.series("asanokai")
    with pytest.raises(BadInput):
        people.series(" AsaNoKai ")


def test_a_series_that_does_not_exist_is_missing(writing):
    with pytest.raises(Missing):
        rules.by_slug("nothing")
    with pytest.raises(Missing):
        rules.by_id(4711)


# --- belonging --------------------------------------------------------------------------------------------------------


def test_who_belongs_belongs_from_now_until_parted_and_may_come_back(writing, clock):
    series, katrin = people.series(), people.katrin()
    assert rules.join(series, katrin) is True
    assert rules.join(series, katrin) is False
    assert rules.belongs(series.id, katrin.id)
    clock.advance(days=1)
    rules.part(series, katrin)
    session().flush()
    assert not rules.belongs(series.id, katrin.id)
    rules.part(series, katrin)
    assert rules.join(series, katrin) is True
    assert rules.belongs(series.id, katrin.id)
    verbs = session().scalars(select(Entry.verb).where(Entry.verb.in_(("join", "part"))).order_by(Entry.id)).all()
    assert verbs == ["join", "part", "join"]


def test_the_two_roles_are_apart(writing):
    series, akiko = people.series(), people.akiko()
    people.coordinate(series, akiko)
    assert rules.belongs(series.id, akiko.id, "coordinator")
    assert not rules.belongs(series.id, akiko.id)
    with pytest.raises(Refused):
        rules.join(series, akiko, "king")


def test_a_coordinator_coordinates_their_series_an_administrator_all_an_outsider_none(writing):
    morning, journey = people.series(), people.event()
    people.coordinate(morning, people.akiko())
    assert rules.coordinated_by(people.akiko()) == [morning]
    assert rules.coordinated_by(people.ludwig()) == [morning, journey]
    assert rules.coordinated_by(people.oskar()) == []


def test_where_nobody_coordinates_the_administrators_do(writing):
    series, ludwig, akiko = people.series(), people.ludwig(), people.akiko()
    assert rules.coordinators(series.id) == [ludwig]
    people.coordinate(series, akiko)
    assert rules.coordinators(series.id) == [akiko]
    akiko.standing = "left"
    session().flush()
    assert rules.coordinators(series.id) == [ludwig]


def test_inviting_another_series_copies_its_members_once(writing, clock):
    morning, journey = people.series(), people.event()
    katrin, emma, kenji = people.katrin(), people.emma(), people.kenji()
    people.belong(morning, katrin, emma, kenji)
    people.belong(journey, emma)
    people.coordinate(morning, people.akiko())
    rules.part(morning, kenji)
    session().flush()
    assert rules.invite_series_too(journey, morning, actor_id=None) == 1
    assert rules.invite_series_too(journey, morning, actor_id=None) == 0
    assert [rules.belongs(journey.id, who.id) for who in (katrin, emma, kenji, people.akiko())] == [
        True,
        True,
        False,
        False,
    ]
