"""One morning: its times and their zone, its address, the moments at which letters are due, its states."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from asanokai import announcing, meetings
from asanokai import series as rules
from asanokai.announcing import Change
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing, Refused
from tests import people
from tests.people import FIRST_MORNING, announced_meeting, berlin, moments, tokyo


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


# --- the rule proposes, the row decides -------------------------------------------------------------------------------


def test_the_rule_proposes_drafts_for_twelve_months_and_only_once(clock):
    series = people.series()
    proposed = meetings.propose(series)
    assert [meeting.local_date.isoformat()[:7] for meeting in proposed] == [
        *(f"2026-{month:02}" for month in range(3, 13)),
        "2027-01",
    ]
    assert {meeting.state for meeting in proposed} == {"draft"}
    assert meetings.propose(series) == []
    clock.advance(days=31)
    assert [meeting.local_date for meeting in meetings.propose(series)] == [date(2027, 2, 11)]


def test_a_proposed_meeting_copies_its_series_and_is_edited_itself_from_then_on():
    series = people.series(seats=40, guests_allowed=2, deadline="3 days before at 12:00", public=False)
    first = meetings.propose(series)[0]
    assert (first.zone, first.seats, first.guests_allowed, first.public, first.venue) == (
        "Europe/Berlin",
        40,
        2,
        False,
        series.venue,
    )
    assert (first.starts_at, first.ends_at) == (berlin(2026, 3, 12, 8), berlin(2026, 3, 12, 10))
    assert first.answer_until == berlin(2026, 3, 9, 12)
    rules.change(series, actor_id=None, seats=10, zone="Asia/Tokyo", minutes=30)
    assert (first.zone, first.seats, first.ends_at) == ("Europe/Berlin", 40, berlin(2026, 3, 12, 10))


def test_a_proposed_date_that_was_moved_or_dropped_does_not_come_back():
    series = people.series()
    first, second, *_ = meetings.propose(series)
    announcing.move(first.id, Change(starts_at=berlin(2026, 3, 17, 8)))
    meetings.delete_draft(second, actor_id=None)
    assert meetings.propose(series) == []


def test_a_series_that_begins_at_another_hour_does_not_meet_twice_on_its_days():
    series = people.series()
    before = len(meetings.propose(series))
    rules.change(series, actor_id=None, first="2026-03-12T09:00")
    assert meetings.propose(series) == []
    assert len(meetings.of_series(series)) == before


def test_an_event_proposes_nothing():
    assert meetings.propose(people.event()) == []


# --- times ------------------------------------------------------------------------------------------------------------


def test_hours_are_counted_by_the_clock_and_days_on_the_calendar():
    night = people.event("night", minutes=300)
    spring = meetings.add(night, datetime(2026, 3, 28, 23, 0))
    assert (spring.ends_at - spring.starts_at, spring.ends_at) == (timedelta(hours=5), berlin(2026, 3, 29, 5))
    autumn = meetings.add(night, datetime(2026, 10, 24, 23, 0))
    assert (autumn.ends_at - autumn.starts_at, autumn.ends_at) == (timedelta(hours=5), berlin(2026, 10, 25, 3))
    days = people.event("days", minutes=2 * 24 * 60 + 9 * 60)
    journey = meetings.add(days, datetime(2026, 10, 24, 8, 0))
    assert (journey.starts_at, journey.ends_at) == (berlin(2026, 10, 24, 8), berlin(2026, 10, 26, 17))


def test_a_meeting_in_the_spring_gap_still_lasts_as_long_as_it_should():
    short = people.event(minutes=20)
    meeting = meetings.add(short, datetime(2026, 3, 29, 2, 30))
    assert (meeting.starts_at, meeting.ends_at) == (berlin(2026, 3, 29, 3, 30), berlin(2026, 3, 29, 3, 50))


def test_an_event_lasts_several_days():
    journey = people.meeting(people.event(), datetime(2026, 3, 27, 9), wall_end=datetime(2026, 3, 31, 18))
    assert (journey.starts_at, journey.ends_at) == (berlin(2026, 3, 27, 9), berlin(2026, 3, 31, 18))
    assert (journey.local_date, journey.path) == (date(2026, 3, 27), "2026-03-27-delegation")


def test_a_meeting_that_ends_before_it_starts_is_refused():
    with pytest.raises(BadInput):
        people.meeting(wall_end=FIRST_MORNING)
    meeting = announced_meeting(people.event())
    with pytest.raises(BadInput):
        announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 13, 8), ends_at=berlin(2026, 3, 13, 7)))


def test_the_deadline_never_lies_after_the_start():
    late = people.series(deadline="0 days before at 12:00")
    assert people.meeting(late).answer_until == berlin(2026, 3, 12, 8)


def test_a_coordinator_in_tokyo_enters_and_sees_other_wall_times():
    online = people.series("online", zone="Asia/Tokyo", first="2026-03-12T18:00")
    meeting = announced_meeting(online, datetime(2026, 3, 12, 18))
    assert meeting.starts_at == tokyo(2026, 3, 12, 18) == berlin(2026, 3, 12, 10)
    assert meeting.answer_until == tokyo(2026, 3, 11, 12)
    assert moments(meeting)["eve", 1] == (tokyo(2026, 3, 11, 17), False)
    after_the_change = people.meeting(online, datetime(2026, 4, 9, 18))
    assert after_the_change.starts_at == tokyo(2026, 4, 9, 18) == berlin(2026, 4, 9, 11)


def test_the_date_of_a_meeting_is_the_one_on_its_own_calendar():
    early = people.series("early", zone="Asia/Tokyo")
    meeting = announced_meeting(early, datetime(2026, 3, 12, 8))
    assert (meeting.local_date, meeting.path) == (date(2026, 3, 12), "2026-03-12-early")
    assert meeting.starts_at.date() == date(2026, 3, 11)


@pytest.mark.parametrize(
    ("old", "new", "deadline"),
    [
        (datetime(2026, 3, 26, 8), berlin(2026, 4, 2, 9), berlin(2026, 4, 1, 12)),
        (datetime(2026, 10, 22, 8), berlin(2026, 10, 29, 8), berlin(2026, 10, 28, 12)),
    ],
)
def test_moved_over_a_clock_change_the_deadline_keeps_its_distance_in_local_time(old, new, deadline):
    meeting = announced_meeting(wall=old)
    announcing.move(meeting.id, Change(starts_at=new))
    assert (meeting.starts_at, meeting.ends_at, meeting.answer_until) == (new, new + timedelta(hours=2), deadline)


def test_moved_to_an_earlier_hour_the_deadline_does_not_pass_the_start():
    meeting = announced_meeting(people.series(deadline="0 days before at 07:30"))
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 12, 7)))
    assert meeting.answer_until == berlin(2026, 3, 12, 7)


# --- addresses --------------------------------------------------------------------------------------------------------


def test_an_address_is_date_and_short_name_and_a_number_where_that_is_taken():
    series = people.series()
    paths = [people.meeting(series, FIRST_MORNING.replace(hour=hour)).path for hour in (8, 12, 18)]
    assert paths == ["2026-03-12-asanokai", "2026-03-12-asanokai-2", "2026-03-12-asanokai-3"]


def test_the_old_address_of_a_moved_meeting_leads_on():
    meeting = announced_meeting()
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 26, 8)))
    assert meetings.by_path("2026-03-26-asanokai") == (meeting, True)
    assert meetings.by_path("2026-03-19-asanokai") == (meeting, False)
    assert meetings.by_path("2026-03-12-asanokai") == (meeting, False)


def test_an_old_address_is_never_given_to_another_meeting():
    series = people.series()
    meeting = announced_meeting(series)
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    other = people.meeting(series)
    assert other.path == "2026-03-12-asanokai-2"
    assert meetings.by_path("2026-03-12-asanokai") == (meeting, False)


def test_a_meeting_that_moves_back_has_its_old_address_again():
    meeting = announced_meeting()
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 12, 9)))
    assert meetings.by_path("2026-03-12-asanokai") == (meeting, True)
    assert meetings.by_path("2026-03-19-asanokai") == (meeting, False)


def test_a_draft_that_moves_leaves_no_address_behind():
    draft = people.meeting()
    session().flush()
    announcing.move(draft.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    with pytest.raises(Missing):
        meetings.by_path("2026-03-12-asanokai")


def test_a_uid_is_ascii_and_stays_for_life():
    meeting = announced_meeting()
    uid = meeting.uid
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    announcing.cancel(meeting.id)
    assert meeting.uid == uid and uid.isascii() and " " not in uid


# --- moments ----------------------------------------------------------------------------------------------------------


def test_the_plan_becomes_moments_in_local_time(clock):
    assert moments(announced_meeting()) == {
        ("invite", 1): (berlin(2026, 2, 19, 9), False),
        ("remind", 1): (berlin(2026, 3, 10, 9), False),
        ("eve", 1): (berlin(2026, 3, 11, 17), False),
    }


def test_moments_on_the_other_side_of_a_clock_change_keep_their_hour(clock):
    clock.set(berlin(2026, 3, 1, 9))
    assert moments(announced_meeting(wall=datetime(2026, 4, 9, 8)))["invite", 1] == (berlin(2026, 3, 19, 9), False)
    clock.set(berlin(2026, 10, 1, 9))
    autumn = announced_meeting(people.event(), wall=datetime(2026, 11, 12, 8))
    assert moments(autumn)["invite", 1] == (berlin(2026, 10, 22, 9), False)


def test_announced_late_it_invites_at_once_and_plans_no_reminder_that_is_past(clock):
    clock.set(berlin(2026, 3, 10, 10))
    assert moments(announced_meeting()) == {
        ("invite", 1): (berlin(2026, 3, 10, 10), False),
        ("eve", 1): (berlin(2026, 3, 11, 17), False),
    }


def test_announced_at_the_very_moment_of_the_reminder_it_still_reminds(clock):
    clock.set(berlin(2026, 3, 10, 9))
    assert moments(announced_meeting())["remind", 1] == (berlin(2026, 3, 10, 9), False)


def test_moving_recomputes_what_is_still_open(clock):
    meeting = announced_meeting()
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 4, 2, 9)))
    assert moments(meeting) == {
        ("invite", 1): (berlin(2026, 3, 12, 9), False),
        ("remind", 1): (berlin(2026, 3, 31, 9), False),
        ("eve", 1): (berlin(2026, 4, 1, 17), False),
    }


def test_moved_later_a_reminder_that_was_done_is_due_again_and_the_invitation_stays_where_it_began(clock):
    meeting = announced_meeting()
    clock.set(berlin(2026, 3, 10, 9, 30))
    people.plan()
    assert moments(meeting)["remind", 1] == (berlin(2026, 3, 10, 9), True)
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    assert moments(meeting) == {
        ("invite", 1): (berlin(2026, 2, 19, 9), False),
        ("remind", 1): (berlin(2026, 3, 17, 9), False),
        ("eve", 1): (berlin(2026, 3, 18, 17), False),
    }


def test_moved_earlier_what_is_past_by_then_is_not_made_up_for(clock):
    meeting = announced_meeting()
    clock.set(berlin(2026, 3, 9, 10))
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 10, 12)))
    assert moments(meeting)["remind", 1] == (berlin(2026, 3, 8, 9), True)
    assert moments(meeting)["eve", 1] == (berlin(2026, 3, 9, 17), False)


def test_a_reminder_left_out_at_a_late_announcement_is_planned_when_the_meeting_moves_away(clock):
    clock.set(berlin(2026, 3, 10, 10))
    meeting = announced_meeting()
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    assert moments(meeting)["remind", 1] == (berlin(2026, 3, 17, 9), False)


def test_moved_so_that_a_left_out_reminder_lies_after_the_announcement_but_is_past_it_stays_left_out(clock):
    clock.set(berlin(2026, 3, 10, 10))
    meeting = announced_meeting()
    clock.set(berlin(2026, 3, 11, 10))
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 13, 8)))
    assert ("remind", 1) not in moments(meeting)


def test_a_later_deadline_opens_the_invitation_again(clock):
    meeting = announced_meeting()
    clock.set(berlin(2026, 3, 11, 13))
    people.plan()
    assert moments(meeting)["invite", 1] == (berlin(2026, 2, 19, 9), True)
    announcing.edit(meeting.id, answer_until=berlin(2026, 3, 11, 20))
    assert moments(meeting)["invite", 1] == (berlin(2026, 2, 19, 9), False)


def test_a_changed_plan_adds_and_drops_steps_when_moments_are_set_anew(clock):
    series = people.series()
    meeting = announced_meeting(series)
    plan = {
        "invite": "14 days before at 10:00",
        "remind": ["5 days before at 09:00", "1 day before at 09:00"],
        "eve": "",
    }
    rules.change(series, actor_id=None, plan=plan)
    meetings.set_moments(meeting)
    assert moments(meeting) == {
        ("invite", 1): (berlin(2026, 2, 26, 10), False),
        ("remind", 1): (berlin(2026, 3, 7, 9), False),
        ("remind", 2): (berlin(2026, 3, 11, 9), False),
    }


# --- states and lists -------------------------------------------------------------------------------------------------


def test_what_was_announced_and_is_over_was_held(clock):
    meeting, draft = announced_meeting(), people.meeting(people.event())
    clock.set(meeting.ends_at - timedelta(seconds=1))
    assert meetings.mark_held() == 0
    clock.set(meeting.ends_at)
    assert meetings.mark_held() == 1
    session().expire_all()
    assert (meeting.state, draft.state) == ("held", "draft")


def test_only_a_draft_can_be_dropped():
    meeting = announced_meeting()
    with pytest.raises(Refused):
        meetings.delete_draft(meeting, actor_id=None)
    assert meeting.state == "announced"


def test_the_programme_shows_announced_and_cancelled_but_no_draft_and_no_dropped_one(clock):
    series = people.series()
    plain = announced_meeting(series)
    private = announced_meeting(series, datetime(2026, 4, 9, 8), public=False)
    called_off = announced_meeting(series, datetime(2026, 5, 14, 8))
    announcing.cancel(called_off.id)
    draft = people.meeting(series, datetime(2026, 6, 11, 8))
    dropped = people.meeting(series, datetime(2026, 7, 9, 8))
    meetings.delete_draft(dropped, actor_id=None)
    session().flush()
    assert draft.state == "draft"
    assert meetings.upcoming() == [plain, private, called_off]
    assert meetings.upcoming(public_only=True) == [plain, called_off]
    assert meetings.upcoming(limit=1) == [plain]
    assert meetings.past() == []
    clock.set(berlin(2026, 5, 1, 8))
    assert meetings.upcoming() == [called_off]
    assert meetings.past() == [private, plain]
    assert meetings.past(public_only=True) == [plain]


def test_a_series_meeting_is_found_by_its_date_cancelled_ones_last():
    series = people.series()
    first = announced_meeting(series)
    announcing.cancel(first.id)
    assert meetings.on_date(series, date(2026, 3, 12)) is first
    second = people.meeting(series, FIRST_MORNING.replace(hour=12))
    session().flush()
    assert meetings.on_date(series, date(2026, 3, 12)) is second
    with pytest.raises(Missing):
        meetings.on_date(series, date(2026, 3, 13))


def test_a_pause_of_meeting_or_series_holds_its_letters_back(clock):
    morning, journey = people.series(), people.event()
    one, two, three = announced_meeting(morning), announced_meeting(journey), announced_meeting(people.event("day"))
    announcing.pause(one.id, True)
    journey.paused_at = clock.now
    session().flush()
    assert sorted(meetings.held_back()) == sorted([one.id, two.id])
    announcing.pause(one.id, False)
    journey.paused_at = None
    session().flush()
    assert meetings.held_back() == []
    assert three.paused_at is None


def test_what_does_not_exist_is_missing():
    for ask in (meetings.by_id, meetings.for_update):
        with pytest.raises(Missing):
            ask(4711)
    with pytest.raises(Missing):
        meetings.by_path("2026-03-12-nothing")


def test_locking_reads_the_row_afresh():
    meeting = announced_meeting()
    session().flush()
    session().execute(
        meetings.Meeting.__table__.update().where(meetings.Meeting.__table__.c.id == meeting.id).values(seats=3)
    )
    assert meeting.seats == 40
    assert meetings.for_update(meeting.id).seats == 3
    assert session().scalars(select(meetings.Meeting.seats)).all() == [3]


def test_a_day_somebody_has_added_by_hand_is_not_proposed_a_second_time(app):
    series = people.series()
    meetings.add(series, datetime(2026, 4, 9, 9, 30))
    days = [meeting.local_date for meeting in meetings.propose(series, until=berlin(2026, 5, 31))]
    assert days == [date(2026, 3, 12), date(2026, 5, 14)]
