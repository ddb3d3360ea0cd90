"""The fair waiting list: offers and how they run out, short notice, standing answers, and the queue told again."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from sqlalchemy import func, select

from asanokai import announcing, db, rsvps
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Refused
from asanokai.meetings import Meeting
from asanokai.night import Night
from asanokai.rsvps import Rsvp, replay
from asanokai.worker import plan_step
from tests import people
from tests.grounds import LONG
from tests.people import announced_meeting, berlin, crowd, katrin, kenji, letters_to, say

OFFERS = "7 days before at 09:00"
OFFERED_FROM = berlin(2026, 3, 5, 9)
LAST_EVENING = berlin(2026, 3, 11, 17)
DEADLINE = berlin(2026, 3, 11, 12)
START = berlin(2026, 3, 12, 8)


@pytest.fixture
def writing(app):
    with transaction():
        yield


in_one_transaction = pytest.mark.usefixtures("writing")


def with_offers(*, seats: int, people_: Any = (), **values: Any) -> Meeting:
    return announced_meeting(people.series(offers=OFFERS), people=people_, seats=seats, **values)


def state(meeting: Meeting) -> dict[int, str | None]:
    rows = session().scalars(
        select(Rsvp).where(Rsvp.meeting_id == meeting.id).execution_options(populate_existing=True)
    )
    return {row.member_id: row.seat for row in rows}


def line(meeting: Meeting) -> list[int]:
    return [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)]


def row(meeting: Meeting, who: Any) -> Rsvp:
    session().flush()
    query = select(Rsvp).where(Rsvp.meeting_id == meeting.id, Rsvp.member_id == who.id)
    return session().scalars(query.execution_options(populate_existing=True)).one()


def full(clock: Any, size: int = 4, *, seats: int = 1) -> tuple[Meeting, list[Any]]:
    """A meeting whose first `seats` people hold the seats and the others wait."""
    cast = crowd(size)
    meeting = with_offers(seats=seats, people_=cast)
    for who in cast:
        clock.advance(minutes=1)
        say(meeting, who, "yes")
    return meeting, cast


@in_one_transaction
class TestOffering:
    def test_before_the_settable_time_a_freed_seat_is_given(self, clock):
        meeting, (one, two, *_others) = full(clock)
        assert meeting.offers_from == OFFERED_FROM
        clock.set(OFFERED_FROM - timedelta(seconds=1))
        say(meeting, one, "no")
        assert row(meeting, two).seat == "held"

    def test_from_then_on_it_is_offered_and_counts_as_taken(self, clock):
        meeting, (one, two, three, _four) = full(clock)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        offered = row(meeting, two)
        # A quarter of seven days less an hour: 41 h 45 min, of which a day has fourteen hours.
        assert (offered.seat, offered.offered_until) == ("offered", berlin(2026, 3, 8, 8, 45))
        assert (rsvps.taken(meeting.id), line(meeting)) == (1, [three.id, _four.id])
        stranger = people.member()
        assert say(meeting, stranger, "yes").seat == "waiting"
        assert [letter.kind for letter in letters_to(two)] == ["waiting", "offer"]

    def test_a_yes_takes_it_and_a_no_passes_it_on(self, clock):
        meeting, (one, two, three, four) = full(clock)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        say(meeting, two, "no")
        assert state(meeting) == {one.id: None, two.id: None, three.id: "offered", four.id: "waiting"}
        taken = say(meeting, three, "yes")
        assert (taken.seat, taken.offered_until) == ("held", None)
        assert [letter.kind for letter in letters_to(three)] == ["waiting", "offer", "confirm"]

    def test_it_can_be_taken_after_the_deadline_too(self, clock):
        meeting, (one, two, *_others) = full(clock)
        clock.set(DEADLINE - timedelta(minutes=1))
        say(meeting, one, "no")
        clock.advance(minutes=30)
        assert say(meeting, two, "yes").seat == "held"

    def test_a_party_is_offered_its_seats_and_a_smaller_one_gives_back_the_rest(self, clock):
        one, two, three = crowd(3)
        meeting = with_offers(seats=2, people_=[one, two, three], guests_allowed=2)
        say(meeting, one, "yes", 1)
        say(meeting, two, "yes", 1)
        say(meeting, three, "yes")
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        assert state(meeting) == {one.id: None, two.id: "offered", three.id: "waiting"}
        say(meeting, two, "yes", 0)
        assert state(meeting) == {one.id: None, two.id: "held", three.id: "offered"}
        with pytest.raises(Refused):
            say(meeting, three, "yes", 1)

    @pytest.mark.parametrize(
        ("at", "until"),
        [
            # a quarter of the time left, by day
            (berlin(2026, 3, 10, 8), berlin(2026, 3, 10, 20)),
            (berlin(2026, 3, 10, 20), berlin(2026, 3, 11, 15)),
            # at most 48 hours by day
            (berlin(2026, 2, 2, 7), berlin(2026, 2, 5, 13)),
            # not beyond the last evening, but never for less than two hours
            (berlin(2026, 3, 11, 14), LAST_EVENING),
            (berlin(2026, 3, 11, 16, 30), berlin(2026, 3, 11, 18, 30)),
        ],
    )
    def test_it_stands_for_a_quarter_of_the_time_left_the_night_not_counted(self, clock, at, until):
        meeting = with_offers(seats=1)
        clock.set(at)
        assert rsvps.rule.offered_until(meeting, clock.now, "Europe/Berlin") == until

    def test_its_time_moves_along_with_the_meeting(self, clock):
        meeting = with_offers(seats=1)
        announcing.move(meeting.id, Change(starts_at=berlin(2026, 4, 2, 9)))
        assert meeting.offers_from == berlin(2026, 3, 26, 9)

    def test_the_lead_is_a_day_at_least(self, clock):
        with pytest.raises(BadInput) as refused:
            people.series(offers="0 days before at 06:00")
        assert refused.value.field == "offers"


@in_one_transaction
class TestRunningOut:
    def test_it_puts_the_reader_behind_the_next_who_fits_not_out(self, clock):
        meeting, (one, two, three, four) = full(clock)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        clock.set(row(meeting, two).offered_until)
        assert rsvps.expire_offers(meeting.id) == 1
        assert state(meeting) == {one.id: None, two.id: "waiting", three.id: "offered", four.id: "waiting"}
        assert line(meeting) == [four.id, two.id]
        assert [letter.kind for letter in letters_to(two)] == ["waiting", "offer"]
        assert [rsvps.place_in_line(row(meeting, who)) for who in (four, two)] == [1, 2]
        assert rsvps.places_in_line(two.id) == {meeting.id: 2}
        assert [entry.member.id for entry in rsvps.parts(rsvps.roll(meeting.id))["waiting"]] == [four.id, two.id]

    def test_everybody_who_waits_is_asked_before_anybody_is_asked_again(self, clock):
        meeting, (one, two, three, four) = full(clock)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        asked = []
        for _ in range(5):
            (offered,) = [number for number, seat in state(meeting).items() if seat == "offered"]
            asked.append(offered)
            clock.set(session().scalar(select(Rsvp.offered_until).where(Rsvp.seat == "offered")))
            rsvps.expire_offers(meeting.id)
        assert asked == [two.id, three.id, four.id, two.id, three.id]

    def test_where_nobody_else_waits_the_seat_is_anybodys_and_one_letter_says_so(self, clock):
        meeting, (one, two) = full(clock, 2)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        clock.set(row(meeting, two).offered_until)
        rsvps.expire_offers(meeting.id)
        assert rsvps.expire_offers(meeting.id) == 0
        passed = row(meeting, two)
        assert (passed.seat, passed.let_pass, rsvps.taken(meeting.id)) == ("waiting", True, 0)
        assert [letter.kind for letter in letters_to(two)] == ["waiting", "offer", "free"]
        # It is not offered again, whatever else happens.
        announcing.edit(meeting.id, seats=2)
        assert row(meeting, two).seat == "waiting"

    def test_then_it_may_be_taken_by_the_reader_or_by_anybody(self, clock):
        meeting, (one, two) = full(clock, 2)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        clock.set(row(meeting, two).offered_until)
        stranger = people.member()
        with session().begin_nested() as attempt:
            rsvps.expire_offers(meeting.id)
            assert say(meeting, two, "yes").seat == "held"
            attempt.rollback()
        assert say(meeting, stranger, "yes").seat == "held"
        # Now the reader waits for the next one, which is offered.
        say(meeting, stranger, "no")
        assert row(meeting, two).seat == "offered"

    def test_a_seat_that_was_anybodys_and_goes_to_a_larger_party_is_waited_for_again(self, clock):
        one, two, three, large = crowd(4)
        meeting = with_offers(seats=2, people_=[one, two, three, large])
        say(meeting, one, "yes", 1)
        for who, guests in ((two, 0), (three, 0)):
            say(meeting, who, "yes", guests)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        say(meeting, large, "yes", 1)
        clock.set(row(meeting, two).offered_until)
        rsvps.expire_offers(meeting.id)
        assert state(meeting) == {one.id: None, two.id: "waiting", three.id: "waiting", large.id: "offered"}
        assert [row(meeting, who).let_pass for who in (two, three)] == [False, False]

    def test_a_late_answer_does_not_wait_for_the_worker(self, clock):
        meeting, (one, two, three, _four) = full(clock)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        clock.set(row(meeting, two).offered_until)
        assert say(meeting, two, "yes").seat == "waiting"
        assert row(meeting, three).seat == "offered"

    def test_a_larger_party_that_does_not_fit_is_not_the_next(self, clock):
        one, two, large, last = crowd(4)
        meeting = with_offers(seats=1, people_=[one, two, large, last])
        for who, guests in ((one, 0), (two, 0), (large, 1), (last, 0)):
            clock.advance(minutes=1)
            say(meeting, who, "yes", guests)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        clock.set(row(meeting, two).offered_until)
        rsvps.expire_offers(meeting.id)
        assert state(meeting)[last.id] == "offered"
        assert line(meeting) == [large.id, two.id]


def test_the_worker_takes_back_what_has_run_out(app, clock):
    with transaction():
        meeting, (one, two, three, _four) = full(clock)
        clock.set(OFFERED_FROM)
        say(meeting, one, "no")
        until = row(meeting, two).offered_until
    clock.set(until - timedelta(seconds=1))
    plan_step(Night())
    with transaction():
        assert row(meeting, two).seat == "offered"
    clock.set(until)
    plan_step(Night())
    plan_step(Night())
    with transaction():
        assert (row(meeting, two).seat, row(meeting, three).seat, row(meeting, two).passes) == ("waiting", "offered", 1)


@in_one_transaction
class TestShortNotice:
    def test_on_the_last_evening_a_freed_seat_goes_to_who_can_come_at_short_notice(self, clock):
        one, two, three = crowd(3)
        meeting = with_offers(seats=1, people_=[one, two, three])
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        say(meeting, three, "yes", short_notice=True)
        clock.set(LAST_EVENING)
        say(meeting, one, "no")
        assert state(meeting) == {one.id: None, two.id: "waiting", three.id: "held"}
        assert letters_to(three)[-1].kind == "seat"

    def test_else_it_is_free_and_whoever_waits_may_take_it(self, clock):
        meeting, (one, two, three) = full(clock, 3)
        clock.set(LAST_EVENING)
        say(meeting, one, "no")
        assert state(meeting) == {one.id: None, two.id: "waiting", three.id: "waiting"}
        assert say(meeting, three, "yes").seat == "held"
        assert say(meeting, two, "yes", short_notice=True).seat == "waiting"

    def test_it_is_kept_until_somebody_no_longer_comes(self, clock):
        meeting, (_one, two) = full(clock, 2)
        say(meeting, two, "yes", short_notice=True)
        assert say(meeting, two, "yes", comment="Gern").short_notice is True
        assert say(meeting, two, "no").short_notice is False

    def test_without_offers_seats_are_given_until_the_start(self, clock):
        one, two = crowd(2)
        meeting = announced_meeting(people=[one, two], seats=1)
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        clock.set(START - timedelta(minutes=1))
        say(meeting, one, "no")
        assert row(meeting, two).seat == "held"


@in_one_transaction
class TestStandingAnswers:
    def announced(self, clock: Any, *, seats: int = 2, **of_series: Any) -> tuple[Meeting, list[Any]]:
        """Three who normally come, in the reverse order of their numbers, and a meeting announced after that."""
        cast = crowd(4)
        series = people.series(**of_series)
        people.belong(series, *cast)
        for who in reversed(cast[:3]):
            clock.advance(minutes=1)
            rsvps.come_normally(series.id, who.id)
        clock.advance(minutes=1)
        return announced_meeting(series, seats=seats), cast

    def test_they_get_tentative_seats_in_the_order_of_their_date_never_more_than_there_are(self, clock):
        meeting, (one, two, three, _four) = self.announced(clock)
        assert state(meeting) == {three.id: "held", two.id: "held"}
        assert row(meeting, three).tentative
        assert rsvps.of(meeting.id, one.id) is None
        tally = rsvps.tallies([meeting.id])[meeting.id]
        assert (tally.coming, tally.tentative, tally.yes, tally.silent) == (2, 2, 0, 0)

    def test_any_answer_settles_them_and_one_tap_releases_them(self, clock):
        meeting, (_one, two, three, four) = self.announced(clock)
        assert say(meeting, four, "yes").seat == "waiting"
        confirmed = say(meeting, three, "yes")
        assert (confirmed.seat, confirmed.tentative) == ("held", False)
        say(meeting, two, "no")
        assert (row(meeting, two).seat, row(meeting, four).seat) == (None, "held")

    def test_only_who_still_belongs_gets_one(self, clock):
        one, two = crowd(2)
        series = people.series()
        people.belong(series, one, two)
        for who in (one, two):
            rsvps.come_normally(series.id, who.id)
        clock.advance(minutes=1)
        series_rules.part(series, one)
        rsvps.come_normally(series.id, two.id)  # said twice
        assert rsvps.normally_comes_to(two.id) == {series.id}
        clock.advance(minutes=1)
        assert state(announced_meeting(series)) == {two.id: "held"}
        rsvps.come_no_longer(series.id, two.id)
        rsvps.come_no_longer(series.id, two.id)
        assert rsvps.normally_comes_to(two.id) == set()
        with pytest.raises(Refused):
            rsvps.come_normally(series.id, people.oskar().id)

    def test_they_are_reminded_and_get_the_evening_note(self, clock):
        meeting, (_one, two, three, _four) = self.announced(clock)
        clock.set(berlin(2026, 2, 19, 9))
        people.plan()
        people.send_all()
        say(meeting, three, "yes")
        people.send_all()
        clock.set(berlin(2026, 3, 10, 9))
        people.plan()
        people.send_all()
        clock.set(LAST_EVENING)
        people.plan()
        assert [letter.kind for letter in letters_to(two)] == ["invite", "remind", "eve"]
        assert [letter.kind for letter in letters_to(three)] == ["invite", "confirm", "eve"]

    def test_after_the_deadline_they_can_still_be_confirmed_but_not_grow(self, clock):
        meeting, (_one, two, three, _four) = self.announced(clock)
        clock.set(DEADLINE + timedelta(minutes=1))
        assert say(meeting, two, "yes").seat == "held"
        with pytest.raises(Refused):
            say(meeting, three, "yes", 1)

    @pytest.mark.parametrize("lapses", [True, False])
    def test_unconfirmed_they_lapse_at_the_deadline_where_the_series_says_so(self, clock, lapses):
        meeting, (one, two, three, four) = self.announced(clock, standing_lapses=lapses)
        clock.set(berlin(2026, 3, 10, 9))
        people.plan()
        people.send_all()
        say(meeting, four, "yes")
        say(meeting, three, "yes")
        clock.set(DEADLINE)
        assert rsvps.meetings_with_seats_to_lapse() == ([meeting.id] if lapses else [])
        if lapses:
            assert rsvps.lapse(meeting.id) == 1
            assert rsvps.meetings_with_seats_to_lapse() == []
            assert state(meeting) == {one.id: None, two.id: None, three.id: "held", four.id: "held"}
            assert letters_to(two)[-1].kind == "lapsed"
        assert row(meeting, three).seat == "held"

    def test_nobody_loses_a_seat_over_a_letter_that_never_left(self, clock):
        meeting, _cast = self.announced(clock, standing_lapses=True)
        clock.set(DEADLINE)
        assert rsvps.meetings_with_seats_to_lapse() == []
        assert rsvps.lapse(meeting.id) == 0


def test_the_worker_lets_tentative_seats_lapse(app, clock):
    with transaction():
        series = people.series(standing_lapses=True)
        who = katrin()
        people.belong(series, who)
        rsvps.come_normally(series.id, who.id)
        meeting = announced_meeting(series, people=[kenji()])
        clock.set(berlin(2026, 3, 10, 9))
        people.plan()
        people.send_all()
    clock.set(DEADLINE)
    plan_step(Night())
    with transaction():
        assert state(meeting)[who.id] is None


# --- whatever happens -------------------------------------------------------------------------------------------------

PEOPLE = 6
EXAMPLES = 1000 if LONG else 40

answers = st.tuples(
    st.just("answer"),
    st.integers(0, PEOPLE - 1),
    st.sampled_from((*["yes"] * 4, "maybe", "no", "no", "no")),
    st.sampled_from((None, 0, 1, 2)),
    st.sampled_from((None, None, True, False)),
)
changes = st.tuples(st.just("seats"), st.integers(1, 6) | st.none())
working = st.tuples(st.just("work"))
passing = st.tuples(st.just("pass"), st.sampled_from([timedelta(minutes=5), timedelta(hours=3), timedelta(hours=9)]))
running_out = st.tuples(st.just("run out"))
chances = st.sampled_from((answers,) * 6 + (changes, working, passing, *(running_out,) * 3))
steps = st.lists(chances.flatmap(lambda kind: kind), min_size=8, max_size=40)

BEGINNINGS = [
    berlin(2026, 3, 4, 12),  # seats are given
    berlin(2026, 3, 5, 12),
    berlin(2026, 3, 8, 12),
    berlin(2026, 3, 10, 18),
    berlin(2026, 3, 11, 9),  # the last day
]
parties = st.lists(st.sampled_from((None, 0, 0, 0, 1, 2)), min_size=PEOPLE, max_size=PEOPLE)
"""What everybody says first: None is nothing."""


class Watch:
    """Looks at a meeting after each step, and says what must never happen."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting, self.taken, self.before = meeting, rsvps.taken(meeting.id), replay.replay(meeting.id)

    def look(self, now: Any) -> None:
        meeting = self.meeting
        rows = list(
            session().scalars(
                select(Rsvp).where(Rsvp.meeting_id == meeting.id).execution_options(populate_existing=True)
            )
        )
        assert max(Counter(one.member_id for one in rows).values(), default=1) == 1
        taken = sum(one.party for one in rows if one.seat in ("held", "offered"))
        free = None if meeting.seats is None else meeting.seats - taken
        assert free is None or free >= 0 or taken <= self.taken, "more seats are given or offered than there are"
        short = rsvps.phase(meeting, now) == rsvps.SHORT
        for one in rows:
            fits = free is None or one.party <= free
            if one.seat == "waiting" and now < START:
                assert not fits or one.let_pass or (short and not one.short_notice), "a seat stays empty"
                assert fits or not one.let_pass
            assert (one.seat == "offered") == (one.offered_until is not None)
            assert one.seat == "waiting" or not one.let_pass
        told = replay.replay(meeting.id)
        assert told == replay.standing_now(meeting.id), "the journal tells something else"
        assert replay.line(told) == line(meeting)
        self._order_is_kept(told)
        self.taken, self.before = taken, told

    def _order_is_kept(self, told: dict[int, Any]) -> None:
        """Who waited before and after, with no larger party and no offer let pass, stands in the same order."""
        same = [
            number
            for number in replay.line(self.before)
            if number in told
            and told[number].seat == "waiting"
            and (told[number].passes, told[number].turn) == (self.before[number].passes, self.before[number].turn)
        ]
        assert [number for number in replay.line(told) if number in same] == same
        grown = [number for number in replay.line(told) if number in self.before and number not in same]
        for number in grown:
            was, is_ = self.before[number], told[number]
            assert is_.turn != was.turn or is_.passes > was.passes or was.seat == "offered"


def take_step(meeting: Meeting, cast: list[int], clock: Any, step: Any) -> None:
    match step:
        case ("answer", place, choice, guests, short):
            by = "coordinator" if clock.now > DEADLINE and place % 2 else "page"
            try:
                with session().begin_nested():
                    rsvps.answer(meeting.id, cast[place], choice, guests=guests, short_notice=short, by=by)
            except Refused:
                session().expire_all()
        case ("seats", number):
            announcing.edit(meeting.id, seats=number)
        case ("work",):
            rsvps.expire_offers(meeting.id)
            people.send_all()
            rsvps.lapse(meeting.id)
        case ("pass", while_):
            clock.now += while_
        case ("run out",):
            soonest = select(func.min(Rsvp.offered_until)).where(Rsvp.meeting_id == meeting.id)
            clock.now = max(clock.now, session().scalar(soonest) or clock.now)
            rsvps.expire_offers(meeting.id)


@pytest.mark.timeout(900)
def test_whatever_happens_seats_are_exact_the_queue_is_fair_and_the_journal_tells_it_all(app, clock):
    with transaction():
        cast = [who.id for who in crowd(PEOPLE)]
        series = people.series(offers=OFFERS, standing_lapses=True)
        for number in cast:
            series_rules.join(series, people.members.by_id(number))
        series_id = series.id
        for number in cast[:1]:
            rsvps.come_normally(series_id, number)
    clock.advance(minutes=1)

    @given(st.sampled_from(BEGINNINGS), parties, steps)
    @profile(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    def holds(begins: Any, first: list[Any], taken: list[Any]) -> None:
        clock.set(begins)
        db.begin_writing()
        try:
            meeting = announced_meeting(series_rules.by_id(series_id), seats=3, guests_allowed=2)
            watch = Watch(meeting)
            said = [("answer", place, "yes", guests, None) for place, guests in enumerate(first) if guests is not None]
            for step in [*said, *taken]:
                take_step(meeting, cast, clock, step)
                watch.look(clock.now)
        finally:
            session().rollback()

    holds()
