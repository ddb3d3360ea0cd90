"""The dates of a series: dropped, brought back, moved to a better day, added by hand; a rule that changes; and changes
that reach one meeting, those after it, or all, and never lose what is a meeting's own."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from asanokai import announcing, clock, db, meetings, planning, topics
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Refused
from asanokai.series import in_utc
from tests import people
from tests.grounds import LONG
from tests.pages import statements
from tests.people import SECOND_THURSDAY, berlin

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT = "2026-03-12T08:00"


@pytest.fixture
def writing(app, clock):
    with transaction():
        yield


def of_year(**fields: Any):
    """A series with the dates of its first year: eleven second Thursdays from March 2026."""
    series = people.series(**fields)
    meetings.propose(series)
    return series


def wall(meeting) -> str:
    return f"{meeting.starts_at.astimezone(BERLIN):%Y-%m-%d %H:%M}"


def walls(series) -> list[str]:
    """The wall times of all that is not dropped."""
    return [wall(one) for one in meetings.of_series(series) if not planning.is_dropped(one)]


def on(series, day: str):
    return meetings.on_date(series, date.fromisoformat(day))


# --- what a date collides with ----------------------------------------------------------------------------------------


def test_every_date_tells_its_collisions_and_the_nearest_day_without_one(writing):
    series = of_year()
    found = {
        wall(entry.meeting)[:10]: ([mark.kind for mark in entry.marks], entry.better)
        for entry in planning.dates(series)
    }
    assert found == {
        "2026-03-12": ([], None),
        "2026-04-09": (["school"], date(2026, 4, 2)),
        "2026-05-14": (["thuringia"], date(2026, 5, 21)),
        "2026-06-11": ([], None),
        "2026-07-09": (["school"], date(2026, 7, 2)),
        "2026-08-13": (["school", "obon"], date(2026, 8, 20)),
        "2026-09-10": ([], None),
        "2026-10-08": ([], None),
        "2026-11-12": ([], None),
        "2026-12-10": ([], None),
        "2027-01-14": ([], None),
    }


def test_the_list_costs_the_same_few_statements_however_long_it_is(app, clock):
    with transaction():
        short, long = people.series(), people.series("daily", rule="FREQ=DAILY")
        meetings.propose(short), meetings.propose(long)
        numbers = short.id, long.id
    counts = []
    for number in numbers:
        with db.reading():
            series = series_rules.by_id(number)
            with statements() as made:
                planning.dates(series)
            counts.append(len(made))
    assert counts == [2, 2]


# --- one date ---------------------------------------------------------------------------------------------------------


def test_a_dropped_date_stays_in_the_list_is_not_proposed_again_and_comes_back(writing):
    series = of_year(public=False)
    april = on(series, "2026-04-09")
    planning.drop(april.id, actor_id=None)
    assert meetings.propose(series) == []
    assert [entry.dropped for entry in planning.dates(series)][:3] == [False, True, False]
    planning.restore(april.id, actor_id=None)
    assert (april.state, april.cancelled_at, april.public) == ("draft", None, False)
    assert not any(entry.dropped for entry in planning.dates(series))


def test_what_comes_back_has_its_own_values_and_else_those_of_the_series_now(writing):
    series = of_year()
    april, may = on(series, "2026-04-09"), on(series, "2026-05-14")
    planning.change(april.id, "this", actor_id=None, seats=12)
    planning.drop(april.id, actor_id=None)
    planning.change(may.id, "all", actor_id=None, seats=60, at="09:00", minutes=90)
    planning.restore(april.id, actor_id=None)
    assert (april.seats, wall(april), april.ends_at) == (12, "2026-04-09 09:00", berlin(2026, 4, 9, 10, 30))


def test_a_draft_moves_to_the_better_day_at_its_own_hour_and_back_over_the_change_of_clocks(writing):
    series = of_year(rule="FREQ=MONTHLY;BYDAY=1FR", first="2026-10-02T08:00")
    moved = on(series, "2027-01-01")
    planning.move_to_better_day(moved.id, actor_id=None)
    assert wall(moved) == "2027-01-08 08:00"
    assert [entry.origin for entry in planning.dates(series) if entry.meeting.id == moved.id] == ["moved"]
    assert meetings.propose(series) == []
    planning.move_back(moved.id, actor_id=None)
    assert wall(moved) == "2027-01-01 08:00"


def test_a_date_added_by_hand_stands_in_the_same_list(writing):
    series = of_year()
    added = planning.add_by_hand(series, datetime(2026, 6, 25, 18, 0), actor_id=None)
    found = [(wall(entry.meeting), entry.origin) for entry in planning.dates(series)]
    assert found[3:5] == [("2026-06-11 08:00", "rule"), ("2026-06-25 18:00", "hand")]
    planning.drop(added.id, actor_id=None)
    assert meetings.propose(series) == []


@pytest.mark.parametrize(
    ("verb", "error"),
    [
        (lambda on_: planning.add_by_hand(on_.series, datetime(2026, 1, 8, 8), actor_id=None), BadInput),
        (lambda on_: planning.add_by_hand(on_.series, datetime(2026, 4, 9, 18), actor_id=None), BadInput),
        (lambda on_: planning.restore(on_.draft.id, actor_id=None), Refused),
        (lambda on_: planning.move_back(on_.draft.id, actor_id=None), Refused),
        (lambda on_: planning.move_to_better_day(on_.announced.id, actor_id=None), Refused),
        (lambda on_: planning.move_to_better_day(on_.good.id, actor_id=None), Refused),
        (lambda on_: planning.drop(on_.announced.id, actor_id=None), Refused),
        (lambda on_: planning.change(on_.draft.id, "some", actor_id=None, seats=3), BadInput),
        (lambda on_: planning.change(on_.draft.id, "all", actor_id=None, seats=0), BadInput),
        (lambda on_: planning.change(on_.draft.id, "all", actor_id=None, minutes=0), BadInput),
        (lambda on_: planning.change(on_.draft.id, "all", actor_id=None, guests_allowed=21), BadInput),
        (lambda on_: planning.change(on_.draft.id, "all", actor_id=None, deadline="bald"), BadInput),
    ],
)
def test_what_cannot_be_is_refused(writing, verb, error):
    class On:
        series = of_year()
        draft, good = on(series, "2026-04-09"), on(series, "2026-06-11")
        announced = on(series, "2026-05-14")

    announcing.announce(On.announced.id)
    with pytest.raises(Refused) as refused:
        verb(On)
    assert type(refused.value) is error


def test_a_dropped_date_does_not_come_back_beside_one_that_took_its_place(writing):
    series = of_year()
    april = on(series, "2026-04-09")
    planning.drop(april.id, actor_id=None)
    planning.add_by_hand(series, datetime(2026, 4, 9, 18), actor_id=None)
    assert [entry.dropped for entry in planning.dates(series)] == [False] * 11
    with pytest.raises(BadInput, match="meets on that day already"):
        planning.restore(april.id, actor_id=None)


# --- this, this and following, all ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reach", "changed", "series_seats"),
    [("this", ["2026-05-14"], 40), ("following", None, 60), ("all", None, 60)],
)
def test_a_change_reaches_this_one_those_after_it_or_all(writing, reach, changed, series_seats):
    series = of_year()
    may = on(series, "2026-05-14")
    planning.change(may.id, reach, actor_id=None, seats=60)
    days = [wall(one)[:10] for one in meetings.of_series(series)]
    expected = changed or [day for day in days if reach == "all" or day >= "2026-05-14"]
    assert [wall(one)[:10] for one in meetings.of_series(series) if one.seats == 60] == expected
    assert series.seats == series_seats


def test_what_is_a_meetings_own_is_not_lost_field_by_field(writing):
    series = of_year()
    june, july = on(series, "2026-06-11"), on(series, "2026-07-09")
    planning.change(june.id, "this", actor_id=None, seats=15, at="18:00")
    announcing.edit(july.id, guests_allowed=0)  # by the meeting's own page
    found = planning.change(
        on(series, "2026-04-09").id,
        "following",
        actor_id=None,
        at="08:30",
        seats=50,
        guests_allowed=3,
        venue={"de": "Erfurt"},
        deadline="3 days before at 10:00",
    )
    assert ([one.id for one in found.keeping], len(found.changing), found.told) == ([june.id, july.id], 10, 0)
    assert [(wall(one)[-5:], one.seats, one.guests_allowed, one.venue) for one in (june, july)] == [
        ("18:00", 15, 3, {"de": "Erfurt"}),
        ("08:30", 50, 0, {"de": "Erfurt"}),
    ]
    assert [one.answer_until for one in (june, july)] == [berlin(2026, 6, 8, 10), berlin(2026, 7, 6, 10)]
    assert walls(series)[:3] == ["2026-03-12 08:00", "2026-04-09 08:30", "2026-05-14 08:30"]
    # What earlier meetings kept was not their own: a later change of all finds them.
    planning.change(july.id, "all", actor_id=None, seats=80)
    assert sorted({(one.seats, wall(one)[:10] == "2026-06-11") for one in meetings.of_series(series)}) == [
        (15, True),
        (80, False),
    ]


def test_what_is_its_own_stays_so_when_the_series_comes_to_say_the_same_for_a_while(writing):
    series = of_year()
    june = on(series, "2026-06-11")
    planning.change(june.id, "this", actor_id=None, at="18:00", seats=15)
    for at, seats in (("18:00", 15), ("08:30", 40)):
        planning.change(on(series, "2026-03-12").id, "all", actor_id=None, at=at, seats=seats)
    assert (wall(june)[-5:], june.seats) == ("18:00", 15)
    # Given back by hand, it follows again.
    planning.change(june.id, "this", actor_id=None, at="08:30", seats=40)
    planning.change(on(series, "2026-03-12").id, "all", actor_id=None, at="09:00", seats=41)
    assert (wall(june)[-5:], june.seats) == ("09:00", 41)


def test_the_series_takes_over_what_reaches_further_and_proposes_it(writing, clock):
    series = of_year()
    planning.change(on(series, "2026-05-14").id, "following", actor_id=None, at="07:30", minutes=90, seats=None)
    assert (series.first, series.minutes, series.seats) == ("2026-03-12T07:30", 90, None)
    clock.advance(days=60)
    (new, *_) = meetings.propose(series)
    assert (wall(new), new.ends_at - new.starts_at, new.seats) == ("2027-02-11 07:30", timedelta(minutes=90), None)
    assert planning.usual.own(new, planning.usual.of_meetings(series, [new])[new.id]) == set()


def test_people_of_announced_meetings_are_told_once_of_a_new_time_and_not_of_seats(writing):
    series = of_year()
    people.belong(series, people.katrin())
    march = announcing.announce(on(series, "2026-03-12").id)
    people.say(march, people.katrin(), "yes")
    december = on(series, "2026-12-10")
    assert planning.would_reach(december.id, "all", at="09:00", seats=30).told == 1
    assert planning.would_reach(december.id, "following", at="09:00").told == 0
    planning.change(december.id, "all", actor_id=None, seats=30)
    assert people.readers("moved") == []
    planning.change(december.id, "all", actor_id=None, at="09:00")
    assert people.readers("moved") == [people.katrin().id]
    assert (wall(march), march.sequence) == ("2026-03-12 09:00", 1)


def test_an_event_has_dates_by_hand_and_changes_that_reach_all_of_them(writing):
    series = people.event()
    first, second = (planning.add_by_hand(series, datetime(2026, 5, day, 10), actor_id=None) for day in (11, 12))
    planning.change(first.id, "all", actor_id=None, at="11:00", minutes=60)
    assert [wall(one) for one in (first, second)] == ["2026-05-11 11:00", "2026-05-12 11:00"]
    assert (series.first, series.minutes) == (None, 60)


def test_a_series_edited_for_all_to_come_changes_them_and_else_only_new_ones(writing):
    series = of_year()
    own = on(series, "2026-06-11")
    planning.change(own.id, "this", actor_id=None, seats=15)
    planning.change_series(series.id, actor_id=None, seats=50)
    assert {one.seats for one in meetings.of_series(series)} == {40, 15}
    planning.change_series(series.id, actor_id=None, all_to_come=True, seats=55, first="2026-03-12T09:00")
    assert {(one.seats, wall(one)[-5:]) for one in meetings.of_series(series)} == {(55, "09:00"), (15, "09:00")}


def test_a_rule_for_new_dates_only_moves_nothing_and_doubles_nothing(writing):
    series = of_year()
    before = walls(series)
    planning.change_series(series.id, actor_id=None, rule="FREQ=MONTHLY;BYDAY=3WE", seats=50)
    assert (meetings.propose(series), walls(series)) == ([], before)
    found = planning.aligned(series, series.rule, series.first)
    assert (found.new, {one.seats for one in meetings.of_series(series)}) == ([], {40})


def test_a_series_that_goes_to_another_zone_proposes_by_the_new_clock(writing):
    series = of_year(rule="FREQ=MONTHLY;BYDAY=2TH;COUNT=2")
    planning.change_series(series.id, actor_id=None, all_to_come=True, rule=SECOND_THURSDAY, zone="Asia/Tokyo")
    found = meetings.of_series(series)
    assert [(one.zone, wall(one)[-5:]) for one in found[:3]] == [
        ("Europe/Berlin", "08:00"),
        ("Europe/Berlin", "08:00"),
        ("Asia/Tokyo", "01:00"),
    ]


# --- another rule -----------------------------------------------------------------------------------------------------


def test_drafts_follow_another_rule_and_keep_what_was_posted_for_them(writing):
    series = of_year()
    may = on(series, "2026-05-14")
    topics.post(may, {"de": "Licht"})
    numbers = {one.id for one in meetings.of_series(series)}
    planning.set_rule(series.id, "FREQ=MONTHLY;BYDAY=3WE", "2026-03-12T08:30", actor_id=None)
    assert walls(series)[:3] == ["2026-03-18 08:30", "2026-04-15 08:30", "2026-05-20 08:30"]
    assert (wall(may), len(topics.of(may))) == ("2026-05-20 08:30", 1)
    assert {one.id for one in meetings.of_series(series)} == numbers
    planning.set_rule(series.id, SECOND_THURSDAY, EIGHT, actor_id=None)
    assert (walls(series)[:2], wall(may)) == (["2026-03-12 08:00", "2026-04-09 08:00"], "2026-05-14 08:00")


def test_what_is_announced_moved_or_dropped_stays_and_is_not_met_twice(writing):
    series = of_year()
    march = announcing.announce(on(series, "2026-03-12").id)
    may, june = on(series, "2026-05-14"), on(series, "2026-06-11")
    planning.move_to_better_day(may.id, actor_id=None)
    planning.drop(june.id, actor_id=None)
    planning.set_rule(series.id, "FREQ=MONTHLY;BYDAY=3WE", EIGHT, actor_id=None)
    assert walls(series)[:4] == ["2026-03-12 08:00", "2026-04-15 08:00", "2026-05-21 08:00", "2026-07-15 08:00"]
    assert (march.sequence, june.state) == (0, "cancelled")
    assert meetings.propose(series) == []


def test_a_rule_from_a_later_day_leaves_what_lies_before_it(writing):
    series = of_year()
    planning.set_rule(series.id, "FREQ=MONTHLY;BYDAY=1TU", "2026-09-01T18:00", actor_id=None)
    assert walls(series)[4:8] == ["2026-07-09 08:00", "2026-08-13 08:00", "2026-09-01 18:00", "2026-10-06 18:00"]


def test_of_a_rarer_rule_drafts_nobody_touched_are_dropped_and_the_others_kept(writing):
    series = of_year(rule="FREQ=WEEKLY;BYDAY=TH")
    touched = on(series, "2026-03-19")
    announcing.edit(touched.id, title={"de": "Zu Gast"})
    topics.post(on(series, "2026-03-26"), {"de": "Licht"})
    planning.set_rule(series.id, SECOND_THURSDAY, EIGHT, actor_id=None)
    assert walls(series)[:3] == ["2026-03-12 08:00", "2026-03-19 08:00", "2026-03-26 08:00"]
    assert walls(series)[3:5] == ["2026-04-09 08:00", "2026-05-14 08:00"]
    planning.set_rule(series.id, "FREQ=WEEKLY;BYDAY=TH", EIGHT, actor_id=None)
    found = walls(series)
    assert (found[:3], len(found)) == (["2026-03-12 08:00", "2026-03-19 08:00", "2026-03-26 08:00"], len(set(found)))


def test_a_wrong_rule_changes_nothing(writing):
    series = of_year()
    with pytest.raises(BadInput):
        planning.set_rule(series.id, "FREQ=SECONDLY", EIGHT, actor_id=None)


# --- any rule with any edits ------------------------------------------------------------------------------------------

EXAMPLES = 1500 if LONG else 60

RULES = st.one_of(
    st.builds(
        "FREQ=MONTHLY;INTERVAL={};BYDAY={}{}".format,
        st.integers(1, 3),
        st.sampled_from([1, 2, 3, 4, 5, -1]),
        st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]),
    ),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY={}".format, st.integers(1, 8), st.sampled_from(["MO", "TH", "SU"])),
    st.builds("FREQ=WEEKLY;INTERVAL={};BYDAY=TU;COUNT={}".format, st.integers(1, 6), st.integers(1, 9)),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}".format, st.integers(1, 31)),
    st.just("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231T235959"),
)
TIMES = st.sampled_from(["00:30", "02:30", "07:45", "08:00", "18:00", "23:30"])
"""02:30 does not exist on the night the clocks go forward."""
PLACE = st.integers(0, 400)
DEEDS = st.one_of(
    st.tuples(st.just("drop"), PLACE),
    st.tuples(st.just("restore"), PLACE),
    st.tuples(st.just("better"), PLACE),
    st.tuples(st.just("back"), PLACE),
    st.tuples(st.just("hand"), st.integers(1, 360), TIMES),
    st.tuples(st.just("announce"), PLACE),
    st.tuples(st.just("shift"), PLACE, st.integers(-3, 3)),
    st.tuples(st.just("at"), PLACE, st.sampled_from(planning.REACHES), TIMES),
    st.tuples(st.just("seats"), PLACE, st.sampled_from(planning.REACHES), st.integers(1, 99)),
    st.tuples(st.just("rule"), RULES, st.dates(date(2026, 1, 1), date(2026, 12, 1)), TIMES),
    st.tuples(st.just("later"), st.integers(1, 40)),
    st.tuples(st.just("propose")),
)


class Watch:
    """Does deeds to a series and remembers what somebody set for a single meeting: that must stay."""

    def __init__(self, clock: Any, rule: str, first: str) -> None:
        self.clock = clock
        self.series = people.series(rule=rule, first=first)
        meetings.propose(self.series)
        self.proposed_at = clock.now
        self.own_at: dict[int, str] = {}
        self.own_seats: dict[int, int] = {}
        self.usual_at: dict[int, str] = {}
        self.seen: set[int] = set()
        self.check()

    def all(self) -> list[Any]:
        return list(meetings.of_series(self.series))

    def coming(self) -> list[Any]:
        return [one for one in self.all() if one.starts_at > clock.now()]

    def living(self) -> list[Any]:
        return [one for one in self.coming() if one.state in ("draft", "announced")]

    def do(self, deed: str, *details: Any) -> None:
        try:
            with session().begin_nested():
                getattr(self, deed)(*details)
        except Refused:
            session().expire_all()
        self.check()

    def one(self, place: int, state: str | None = None) -> Any:
        found = [one for one in self.coming() if state is None or one.state == state]
        if not found:
            raise Refused("nothing there")
        return found[place % len(found)]

    def drop(self, place: int) -> None:
        planning.drop(self.one(place, "draft").id, actor_id=None)

    def restore(self, place: int) -> None:
        planning.restore(self.one(place, "cancelled").id, actor_id=None)

    def better(self, place: int) -> None:
        planning.move_to_better_day(self.one(place, "draft").id, actor_id=None)

    def back(self, place: int) -> None:
        planning.move_back(self.one(place, "draft").id, actor_id=None)

    def hand(self, days: int, at: str) -> None:
        day = clock.now().date() + timedelta(days=days)
        made = planning.add_by_hand(self.series, datetime.combine(day, time.fromisoformat(at)), actor_id=None)
        if at != self.series.first[11:16]:
            self.own_at[made.id] = at

    def announce(self, place: int) -> None:
        announcing.announce(self.one(place, "draft").id)

    def shift(self, place: int, days: int) -> None:
        """Moved by the meeting's own page, to a day that is free."""
        meeting = self.one(place, "draft")
        local = meeting.starts_at.astimezone(BERLIN).replace(tzinfo=None) + timedelta(days=days)
        if any(one.local_date == local.date() for one in self.living()):
            raise Refused("taken")
        at = self.own_at.get(meeting.id, self.usual_at[meeting.id])
        starts_at = in_utc(datetime.combine(local.date(), time.fromisoformat(at)), "Europe/Berlin")
        if starts_at <= clock.now():
            raise Refused("too early")
        announcing.move(meeting.id, Change(starts_at))

    def at(self, place: int, reach: str, at: str) -> None:
        meeting = self.one(place)
        as_it_was = wall(meeting)[-5:]
        reached = planning.change(meeting.id, reach, actor_id=None, at=at)
        if as_it_was == at:
            return  # nothing was changed
        if reach == "this":
            self.own_at[meeting.id] = at
            if at == self.usual_at[meeting.id]:
                del self.own_at[meeting.id]
        else:
            self.own_at.pop(meeting.id, None)
            assert meeting.id in {one.id for one in reached.changing}

    def seats(self, place: int, reach: str, seats: int) -> None:
        meeting = self.one(place)
        as_it_was = meeting.seats
        planning.change(meeting.id, reach, actor_id=None, seats=seats)
        if as_it_was == seats:
            return
        self.own_seats.pop(meeting.id, None)
        if reach == "this":
            self.own_seats[meeting.id] = seats

    def rule(self, rule: str, day: date, at: str) -> None:
        planning.set_rule(self.series.id, rule, f"{day.isoformat()}T{at}", actor_id=None)
        self.proposed_at = self.clock.now

    def later(self, days: int) -> None:
        self.clock.advance(days=days)
        meetings.mark_held()

    def propose(self) -> None:
        meetings.propose(self.series)
        self.proposed_at = self.clock.now

    def check(self) -> None:
        session().flush()
        session().expire_all()
        found = self.all()
        # None lost.
        assert self.seen <= {one.id for one in found}
        self.seen = {one.id for one in found}
        self._none_is_doubled(found)
        self._the_rule_is_kept()
        self._wall_times_are_right()

    def _none_is_doubled(self, found: list[Any]) -> None:
        days = [one.local_date for one in found if one.state != "cancelled"]
        assert len(days) == len(set(days))
        proposed = [one.proposed_for[:10] for one in found if one.proposed_for]
        assert len(proposed) == len(set(proposed))

    def _the_rule_is_kept(self) -> None:
        """Proposing once more finds every date there: as it was, moved, or dropped by somebody."""
        if self.clock.now == self.proposed_at:
            assert meetings.propose(self.series) == []

    def _wall_times_are_right(self) -> None:
        living = self.living()
        usuals = planning.usual.of_meetings(self.series, living)
        self.usual_at = {one.id: usuals[one.id]["at"] for one in living}
        for meeting in living:
            at = self.own_at.get(meeting.id, usuals[meeting.id]["at"])
            expected = in_utc(datetime.combine(meeting.local_date, time.fromisoformat(at)), "Europe/Berlin")
            assert meeting.starts_at == expected, (wall(meeting), at)
            assert meeting.ends_at - meeting.starts_at == timedelta(minutes=120)
            if meeting.id in self.own_seats:
                assert meeting.seats == self.own_seats[meeting.id]


@pytest.mark.timeout(900 if LONG else 120)
@profile(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(rule=RULES, at=TIMES, deeds=st.lists(DEEDS, min_size=1, max_size=8))
def test_with_any_rule_and_any_edits_no_meeting_is_lost_none_doubled_and_wall_times_are_right(
    app, clock, rule, at, deeds
):
    clock.set(datetime(2026, 2, 1, 9, tzinfo=BERLIN))
    with db.transaction():
        try:
            watch = Watch(clock, rule, f"2026-02-10T{at}")
        except BadInput:
            return
        for deed in deeds:
            watch.do(*deed)
        session().rollback()
