"""Who is due which letter and when, who is not and why; and that the forecast says what planning then does."""

from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, text, update

from asanokai import announcing, clock, invitations, letters, meetings
from asanokai import series as rules
from asanokai.announcing import Change
from asanokai.db import session, transaction
from asanokai.invitations import REASONS, Night
from asanokai.letters import Letter
from asanokai.meetings import Moment
from asanokai.members import Address
from asanokai.rsvps import Rsvp
from tests import people
from tests.pages import statements
from tests.people import FIRST_MORNING, announced_meeting, berlin, letters_to, readers, tokyo

INVITED_AT = berlin(2026, 2, 19, 9)
REMINDED_AT = berlin(2026, 3, 10, 9)
EVE_AT = berlin(2026, 3, 11, 17)
DEADLINE = berlin(2026, 3, 11, 12)
STARTS = berlin(2026, 3, 12, 8)
TWO_REMINDERS = {"remind": ["5 days before at 09:00", "2 days before at 09:00"], "eve": "1 day before at 17:00"}


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def rows(kind=None):
    """The ledger: key → (due, of use until)."""
    query = select(Letter.key, Letter.due_at, Letter.useless_after).order_by(Letter.key)
    found = session().execute(query.where(Letter.kind == kind) if kind else query)
    return {key: (due_at, useless_after) for key, due_at, useless_after in found}


def plan_at(clock, moment, **options):
    clock.set(moment)
    return people.plan(**options)


def told(meeting):
    """The meeting's forecast: (kind, step, due, readers, who is left out) in order."""
    found = invitations.forecast(until=meeting.starts_at, meeting_ids=[meeting.id])
    return [(line.kind, line.step, line.due_at, line.readers, line.left_out) for line in found]


def settle(letter, state, reason=None):
    letter.state, letter.reason, letter.settled_at = state, reason, clock.now()
    session().flush()


def open_steps(meeting):
    """The steps that are still to come, or whose time has come: (kind, step)."""
    return sorted(step for step, (_due, done) in people.moments(meeting).items() if not done)


def set_reminders(meeting, *words, **more):
    """Change the plan of an announced meeting's series."""
    series = rules.by_id(meeting.series_id)
    plan = {**series.plan, "remind": list(words), **more}
    announcing.change_series(series.id, plan=plan)


# --- the invitation ---------------------------------------------------------------------------------------------------


def test_nobody_is_invited_before_the_planned_moment_and_everybody_at_it(clock):
    katrin, emma = people.katrin(), people.emma()
    meeting = announced_meeting(people=[katrin, emma])
    assert plan_at(clock, INVITED_AT - timedelta(seconds=1)) == 0
    assert plan_at(clock, INVITED_AT) == 2
    assert rows() == {
        f"invite:{meeting.id}:{katrin.id}": (INVITED_AT, DEADLINE),
        f"invite:{meeting.id}:{emma.id}": (INVITED_AT, DEADLINE),
    }
    assert people.seats(meeting) == {who.id: ("invited", None, 0) for who in (katrin, emma)}


def test_announced_after_the_planned_moment_the_invitation_is_due_at_the_announcement(clock):
    clock.set(berlin(2026, 3, 2, 11))
    katrin = people.katrin()
    announced_meeting(people=[katrin])
    people.plan()
    assert [letter.due_at for letter in letters_to(katrin)] == [berlin(2026, 3, 2, 11)]


def test_who_joins_later_is_invited_at_once_and_until_the_deadline(clock):
    katrin, emma, kenji = people.katrin(), people.emma(), people.kenji()
    series = people.series()
    announced_meeting(series, people=[katrin])
    plan_at(clock, INVITED_AT)
    clock.set(berlin(2026, 3, 5, 10))
    people.belong(series, emma)
    assert people.plan() == 1
    clock.set(DEADLINE)
    people.belong(series, kenji)
    people.plan()
    assert [letters_to(who)[0].due_at for who in (katrin, emma, kenji)] == [
        INVITED_AT,
        berlin(2026, 3, 5, 10),
        DEADLINE,
    ]


def test_who_joins_after_the_deadline_is_not_invited(clock):
    series, emma = people.series(), people.emma()
    meeting = announced_meeting(series, people=[people.katrin()])
    plan_at(clock, INVITED_AT)
    clock.set(DEADLINE + timedelta(seconds=1))
    people.belong(series, emma)
    assert invitations.left_out(meeting, "invite", clock.now) == [(emma, "invited too late")]
    people.plan()
    assert letters_to(emma) == []
    assert open_steps(meeting) == [("eve", 1)]


def test_who_should_have_been_invited_while_nobody_planned_is_shown_as_missed(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    clock.set(DEADLINE + timedelta(hours=1))
    people.plan()
    (invitation,) = letters_to(katrin, "invite")
    assert (invitation.key, invitation.useless_after) == (f"invite:{meeting.id}:{katrin.id}", DEADLINE)
    assert invitation.useless_after < clock.now  # so it settles as missed
    assert people.seats(meeting) == {}


def test_an_invitation_that_was_missed_goes_out_when_the_deadline_moves_on(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    clock.set(DEADLINE + timedelta(hours=1))
    people.plan()
    settle(letters_to(katrin)[0], "dropped", "missed")
    announcing.edit(meeting.id, answer_until=berlin(2026, 3, 11, 20))
    assert people.plan() == 1
    assert [(letter.state, letter.due_at) for letter in letters_to(katrin, "invite")] == [
        ("dropped", berlin(2026, 3, 11, 13)),
        ("queued", berlin(2026, 3, 11, 13)),
    ]
    assert letters_to(katrin, "invite")[1].key == f"invite:{meeting.id}:{katrin.id}"
    assert people.plan() == 0


@pytest.mark.parametrize(
    "reason", ["unsubscribed", "switched off", "address suppressed", "no address", "not a member any more"]
)
def test_an_invitation_held_up_by_something_that_has_passed_is_planned_again(clock, reason):
    katrin = people.katrin()
    announced_meeting(people=[katrin])
    plan_at(clock, INVITED_AT)
    settle(letters_to(katrin)[0], "dropped", reason)
    assert people.plan() == 1
    assert [letter.state for letter in letters_to(katrin)] == ["dropped", "queued"]
    assert people.plan() == 0


@pytest.mark.parametrize("state", ["queued", "claimed", "sent", "failed", "bounced"])
def test_an_invitation_is_planned_once_however_it_ended(clock, state):
    katrin = people.katrin()
    announced_meeting(people=[katrin])
    plan_at(clock, INVITED_AT)
    settle(letters_to(katrin)[0], state)
    assert people.plan() == 0


def test_who_has_answered_still_gets_the_invitation_and_keeps_the_answer(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    people.say(meeting, katrin, "yes", guests=1)
    people.send_all()
    plan_at(clock, INVITED_AT)
    assert people.kinds_to(katrin) == ["invite"]
    assert people.seats(meeting) == {katrin.id: ("yes", "held", 1)}
    assert session().scalar(select(Rsvp.invited_at)) == INVITED_AT


def test_who_only_coordinates_or_belongs_elsewhere_or_left_the_series_is_not_invited(clock):
    series, other = people.series(), people.event()
    katrin, emma = people.katrin(), people.emma()
    people.coordinate(series, people.akiko())
    people.belong(other, people.oskar())
    announced_meeting(series, people=[katrin, emma])
    rules.part(series, emma)
    clock.advance(seconds=1)
    plan_at(clock, INVITED_AT)
    assert readers("invite") == [katrin.id]


def test_a_draft_and_a_cancelled_meeting_plan_nothing(clock):
    series = people.series()
    people.belong(series, people.katrin())
    people.meeting(series)
    cancelled = announced_meeting(series, FIRST_MORNING.replace(hour=12))
    announcing.cancel(cancelled.id)
    for moment in (INVITED_AT, REMINDED_AT, EVE_AT):
        assert plan_at(clock, moment) == 0
    for number in session().scalars(select(Moment.id)):
        assert invitations.plan(number, night=Night()) == 0
    assert rows() == {}


# --- reminder and evening note ----------------------------------------------------------------------------------------


def test_only_the_silent_are_reminded(clock):
    katrin, emma, kenji, naoko = people.katrin(), people.emma(), people.kenji(), people.naoko()
    meeting = announced_meeting(people=[katrin, emma, kenji, naoko])
    plan_at(clock, INVITED_AT)
    people.say(meeting, katrin, "yes")
    people.say(meeting, emma, "maybe")
    people.say(meeting, kenji, "no")
    plan_at(clock, REMINDED_AT)
    assert rows("remind") == {
        f"remind:{meeting.id}:{naoko.id}:1": (REMINDED_AT, REMINDED_AT + timedelta(hours=12)),
    }


def test_who_was_invited_after_the_reminders_moment_is_not_reminded(clock):
    katrin, emma = people.katrin(), people.emma()
    series = people.series()
    meeting = announced_meeting(series, people=[katrin])
    plan_at(clock, INVITED_AT)
    clock.set(REMINDED_AT + timedelta(minutes=5))
    people.belong(series, emma)
    people.plan()
    assert (readers("invite"), readers("remind")) == ([katrin.id, emma.id], [katrin.id])
    assert invitations.left_out(meeting, "remind", REMINDED_AT) == [(emma, "invited too late")]


def test_a_worker_that_wakes_after_the_reminder_invites_and_does_not_remind_in_one_breath(clock):
    katrin = people.katrin()
    announced_meeting(people=[katrin])
    plan_at(clock, REMINDED_AT + timedelta(minutes=5))
    assert people.kinds_to(katrin) == ["invite"]


def test_announced_after_a_steps_moment_it_is_not_planned_and_the_forecast_says_why(clock):
    clock.set(berlin(2026, 3, 11, 18))
    series = people.series(deadline="0 days before at 07:00")
    people.belong(series, people.katrin(), people.emma())
    draft = people.meeting(series)
    session().flush()
    before = [(line.kind, line.readers, line.left_out) for line in invitations.would_go_out(draft)]
    assert before == [
        ("remind", 0, {"announced too late": 2}),
        ("eve", 0, {"announced too late": 0}),
        ("invite", 2, {}),
    ]
    meeting = announcing.announce(draft.id)
    assert open_steps(meeting) == [("invite", 1)]
    assert [(line.kind, line.left_out) for line in invitations.too_late(meeting)] == [
        ("remind", {"announced too late": 2}),
        ("eve", {"announced too late": 0}),
    ]
    people.plan()
    people.say(meeting, people.katrin(), "yes")
    clock.set(STARTS - timedelta(minutes=1))
    people.plan()
    assert (readers("invite"), readers("remind"), readers("eve")) == (
        [people.katrin().id, people.emma().id],
        [],
        [],
    )


def test_nothing_is_too_late_for_a_meeting_announced_in_time(clock):
    meeting = announced_meeting(people=[people.katrin()])
    clock.set(EVE_AT + timedelta(hours=1))
    assert invitations.too_late(meeting) == []


def test_the_evening_note_goes_to_who_holds_a_seat_and_not_to_the_waiting_list(clock):
    katrin, emma, kenji, naoko = people.katrin(), people.emma(), people.kenji(), people.naoko()
    meeting = announced_meeting(people=[katrin, emma, kenji, naoko], seats=1)
    plan_at(clock, INVITED_AT)
    people.say(meeting, katrin, "yes")
    people.say(meeting, emma, "yes")
    people.say(meeting, kenji, "maybe")
    assert people.seats(meeting)[emma.id] == ("yes", "waiting", 0)
    plan_at(clock, EVE_AT)
    assert rows("eve") == {
        f"eve:{meeting.id}:{katrin.id}:2026-03-12": (EVE_AT, EVE_AT + timedelta(hours=3)),
    }
    assert sorted(reason for _who, reason in invitations.left_out(meeting, "eve", EVE_AT)) == ["has no seat"] * 3


def test_a_guest_of_one_evening_who_never_was_invited_gets_the_evening_note_but_no_reminder(clock):
    oskar = people.oskar()
    meeting = announced_meeting(people=[people.katrin()])
    people.say(meeting, oskar, "yes", by="coordinator")
    for moment in (INVITED_AT, REMINDED_AT, EVE_AT):
        plan_at(clock, moment)
    assert [letter.kind for letter in letters_to(oskar)] == ["confirm", "eve"]


def test_who_was_invited_after_the_evening_notes_moment_gets_none_although_planning_was_late(clock):
    katrin, emma = people.katrin(), people.emma()
    series = people.series(deadline="0 days before at 07:00")
    meeting = announced_meeting(series, people=[katrin])
    plan_at(clock, INVITED_AT)
    people.say(meeting, katrin, "yes")
    clock.set(EVE_AT + timedelta(minutes=10))
    people.belong(series, emma)
    (invite,) = session().scalars(select(Moment.id).where(Moment.kind == "invite"))
    (eve,) = session().scalars(select(Moment.id).where(Moment.kind == "eve"))
    invitations.plan(invite, night=Night())
    people.say(meeting, emma, "yes")
    assert invitations.plan(eve, night=Night()) == 1
    assert readers("eve") == [katrin.id]


def test_a_plan_may_remind_several_times_each_time_those_who_are_still_silent(clock):
    katrin, emma = people.katrin(), people.emma()
    series = people.series(plan={"invite": "21 days before at 09:00", **TWO_REMINDERS})
    meeting = announced_meeting(series, people=[katrin, emma])
    plan_at(clock, INVITED_AT)
    plan_at(clock, berlin(2026, 3, 7, 9))
    people.say(meeting, katrin, "no")
    plan_at(clock, REMINDED_AT)
    assert set(rows("remind")) == {
        f"remind:{meeting.id}:{katrin.id}:1",
        f"remind:{meeting.id}:{emma.id}:1",
        f"remind:{meeting.id}:{emma.id}:2",
    }


def test_a_reminder_for_after_the_deadline_and_an_evening_note_for_after_the_start_are_not_planned(clock):
    plan = {
        "invite": "21 days before at 09:00",
        "remind": ["1 day before at 13:00"],
        "eve": "0 days before at 09:00",
    }
    series = people.series(plan=plan)
    people.belong(series, people.katrin())
    draft = people.meeting(series)
    session().flush()
    assert [line.kind for line in invitations.would_go_out(draft)] == ["invite"]
    meeting = announcing.announce(draft.id)
    assert list(people.moments(meeting)) == [("invite", 1)]
    announcing.edit(meeting.id, answer_until=berlin(2026, 3, 11, 18))
    assert people.moments(meeting)["remind", 1] == (berlin(2026, 3, 11, 13), False)


# --- the plan is edited midway ----------------------------------------------------------------------------------------


class TestEditingRemindersMidway:
    """Told apart by their moments: what went is not repeated, what is still to come is not skipped."""

    @pytest.fixture
    def meeting(self, clock):
        plan = {"invite": "21 days before at 09:00", **TWO_REMINDERS}
        meeting = announced_meeting(people.series(plan=plan), people=[people.katrin()])
        plan_at(clock, INVITED_AT)
        plan_at(clock, berlin(2026, 3, 7, 9))
        assert self.reminded() == [berlin(2026, 3, 7, 9)]
        clock.advance(hours=1)
        return meeting

    def reminded(self):
        return [letter.due_at for letter in letters_to(people.katrin(), "remind")]

    def rest(self, clock):
        """Plan every hour until the start."""
        while clock.now < STARTS:
            clock.advance(hours=1)
            people.plan()
        return self.reminded()[1:]

    def test_the_one_that_went_is_taken_out_and_the_other_still_comes(self, meeting, clock):
        set_reminders(meeting, "2 days before at 09:00")
        assert self.rest(clock) == [REMINDED_AT]

    def test_one_is_put_before_those_there_are(self, meeting, clock):
        set_reminders(meeting, "7 days before at 09:00", "5 days before at 09:00", "2 days before at 09:00")
        assert self.rest(clock) == [REMINDED_AT]

    def test_one_is_put_between(self, meeting, clock):
        set_reminders(meeting, "5 days before at 09:00", "3 days before at 10:00", "2 days before at 09:00")
        assert self.rest(clock) == [berlin(2026, 3, 9, 10), REMINDED_AT]

    def test_they_change_places(self, meeting, clock):
        set_reminders(meeting, "2 days before at 09:00", "5 days before at 09:00")
        assert self.rest(clock) == [REMINDED_AT]

    def test_the_one_that_went_is_put_off_and_goes_then(self, meeting, clock):
        set_reminders(meeting, "3 days before at 09:00")
        assert self.rest(clock) == [berlin(2026, 3, 9, 9)]

    def test_the_next_is_brought_forward_into_the_past_and_not_made_up_for(self, meeting, clock):
        set_reminders(meeting, "5 days before at 09:00", "6 days before at 09:00")
        assert self.rest(clock) == []

    def test_all_are_taken_out(self, meeting, clock):
        set_reminders(meeting)
        assert self.rest(clock) == []

    def test_taken_out_and_put_back_what_went_is_not_repeated(self, meeting, clock):
        set_reminders(meeting)
        set_reminders(meeting, *TWO_REMINDERS["remind"])
        assert self.rest(clock) == [REMINDED_AT]

    def test_one_whose_time_has_come_is_not_lost_by_an_edit_before_it_was_planned(self, meeting, clock):
        clock.set(REMINDED_AT + timedelta(minutes=1))
        set_reminders(meeting, "7 days before at 09:00", "5 days before at 09:00", "2 days before at 09:00")
        assert self.rest(clock) == [REMINDED_AT]

    def test_two_at_the_same_moment_are_one(self, meeting, clock):
        set_reminders(meeting, "2 days before at 09:00", "2 days before at 09:00")
        assert self.rest(clock) == [REMINDED_AT]

    def test_the_evening_note_moves_and_goes_once(self, meeting, clock):
        people.say(meeting, people.katrin(), "yes")
        set_reminders(meeting, eve="1 day before at 18:00")
        self.rest(clock)
        assert [letter.due_at for letter in letters_to(people.katrin(), "eve")] == [berlin(2026, 3, 11, 18)]

    def test_an_evening_note_that_went_is_not_repeated_for_the_same_morning(self, meeting, clock):
        people.say(meeting, people.katrin(), "yes")
        plan_at(clock, EVE_AT)
        set_reminders(meeting, eve="1 day before at 19:00")
        expected = [line for line in told(meeting) if line[0] == "eve"]
        assert expected == [("eve", 1, berlin(2026, 3, 11, 19), 0, {"has it already": 1})]
        self.rest(clock)
        assert [letter.due_at for letter in letters_to(people.katrin(), "eve")] == [EVE_AT]


def test_a_changed_plan_reaches_announced_meetings_of_the_series_and_no_others(clock):
    series, other = people.series(), people.event()
    mine, theirs = announced_meeting(series), announced_meeting(other)
    held = announced_meeting(series, datetime(2026, 2, 10, 8))
    kept = people.moments(held)
    clock.set(berlin(2026, 2, 10, 9))
    announcing.change_series(series.id, plan={"invite": "14 days before at 10:00"})
    assert people.moments(mine) == {("invite", 1): (berlin(2026, 2, 26, 10), False)}
    assert people.moments(theirs)["invite", 1] == (INVITED_AT, False)
    assert people.moments(held) == kept


def test_an_invitation_that_began_stays_where_it_began_when_the_plan_changes(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    plan_at(clock, INVITED_AT)
    announcing.change_series(meeting.series_id, plan={"invite": "7 days before at 09:00"})
    assert people.moments(meeting) == {("invite", 1): (INVITED_AT, False)}
    plan_at(clock, berlin(2026, 3, 5, 9))
    assert [letter.key for letter in letters_to(katrin)] == [f"invite:{meeting.id}:{katrin.id}"]


# --- the meeting moves ------------------------------------------------------------------------------------------------


def test_moved_to_another_day_the_silent_are_reminded_for_the_new_day_too(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    for moment in (INVITED_AT, REMINDED_AT):
        plan_at(clock, moment)
        people.send_all()
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    assert [line[:4] for line in told(meeting)] == [
        ("remind", 2, berlin(2026, 3, 17, 9), 1),
        ("eve", 1, berlin(2026, 3, 18, 17), 0),
    ]
    plan_at(clock, berlin(2026, 3, 17, 9))
    assert [(letter.key, letter.due_at) for letter in letters_to(katrin, "remind")] == [
        (f"remind:{meeting.id}:{katrin.id}:1", REMINDED_AT),
        (f"remind:{meeting.id}:{katrin.id}:2", berlin(2026, 3, 17, 9)),
    ]


def test_a_reminder_that_still_waited_is_dropped_by_the_move_and_planned_anew_for_the_new_day(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    plan_at(clock, INVITED_AT)
    people.send_all()
    plan_at(clock, REMINDED_AT)
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 19, 8)))
    plan_at(clock, berlin(2026, 3, 17, 9))
    assert [(letter.state, letter.reason, letter.due_at) for letter in letters_to(katrin, "remind")] == [
        ("dropped", "the meeting was moved", REMINDED_AT),
        ("queued", None, berlin(2026, 3, 17, 9)),
    ]
    assert letters_to(katrin, "remind")[1].key == f"remind:{meeting.id}:{katrin.id}:1"


def test_moved_by_an_hour_nobody_is_reminded_twice(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    for moment in (INVITED_AT, REMINDED_AT):
        plan_at(clock, moment)
        people.send_all()
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 12, 9)))
    plan_at(clock, DEADLINE - timedelta(minutes=1))
    assert len(letters_to(katrin, "remind")) == 1


def test_the_evening_note_of_a_moved_meeting_comes_the_evening_before_the_new_day(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    plan_at(clock, INVITED_AT)
    people.say(meeting, katrin, "yes")
    plan_at(clock, EVE_AT)
    people.send_all()
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 13, 8)))
    plan_at(clock, berlin(2026, 3, 12, 17))
    assert [letter.key for letter in letters_to(katrin, "eve")] == [
        f"eve:{meeting.id}:{katrin.id}:2026-03-12",
        f"eve:{meeting.id}:{katrin.id}:2026-03-13",
    ]


# --- the night --------------------------------------------------------------------------------------------------------


def test_the_night_is_the_readers_own(clock):
    katrin, naoko = people.katrin(), people.naoko()
    series = people.series(
        plan={
            "invite": "21 days before at 15:00",
            "remind": ["3 days before at 15:00"],
            "eve": "1 day before at 17:00",
        }
    )
    meeting = announced_meeting(series, people=[katrin, naoko])
    plan_at(clock, berlin(2026, 2, 19, 15))
    plan_at(clock, berlin(2026, 3, 9, 15))
    people.say(meeting, katrin, "yes")
    people.say(meeting, naoko, "yes")
    plan_at(clock, EVE_AT)
    in_tokyo = tokyo(2026, 2, 20, 7), tokyo(2026, 3, 10, 7)
    assert rows("invite") == {
        f"invite:{meeting.id}:{katrin.id}": (berlin(2026, 2, 19, 15), DEADLINE),
        f"invite:{meeting.id}:{naoko.id}": (in_tokyo[0], DEADLINE),
    }
    assert rows("remind") == {
        f"remind:{meeting.id}:{katrin.id}:1": (berlin(2026, 3, 9, 15), berlin(2026, 3, 10, 3)),
        f"remind:{meeting.id}:{naoko.id}:1": (in_tokyo[1], in_tokyo[1] + timedelta(hours=12)),
    }
    # One in the morning in Tokyo: an evening note is not held.
    assert rows("eve") == {
        f"eve:{meeting.id}:{who.id}:2026-03-12": (EVE_AT, EVE_AT + timedelta(hours=3)) for who in (katrin, naoko)
    }


def test_who_joins_at_night_is_invited_in_the_morning(clock):
    series, katrin = people.series(), people.katrin()
    announced_meeting(series)
    clock.set(berlin(2026, 3, 1, 23, 30))
    people.belong(series, katrin)
    people.plan()
    assert letters_to(katrin)[0].due_at == berlin(2026, 3, 2, 7)


def test_nothing_is_held_beyond_its_use(clock):
    """Five in the afternoon in Jena is one at night in Hamamatsu, and the answer is due by eight in the evening."""
    series, naoko = people.series(deadline="1 day before at 20:00"), people.naoko()
    announced_meeting(series)
    clock.set(EVE_AT)
    people.belong(series, naoko)
    people.plan()
    assert letters_to(naoko)[0].due_at == EVE_AT


def test_a_reminder_planned_late_in_the_night_waits_for_the_morning_if_it_is_of_use_then(clock):
    series = people.series(
        plan={"invite": "21 days before at 09:00", "remind": ["3 days before at 20:30", "2 days before at 10:30"]}
    )
    katrin = people.katrin()
    announced_meeting(series, people=[katrin])
    plan_at(clock, INVITED_AT)
    plan_at(clock, berlin(2026, 3, 9, 22))
    plan_at(clock, berlin(2026, 3, 10, 22))
    found = [(letter.due_at, letter.useless_after) for letter in letters_to(katrin, "remind")]
    assert found == [
        (berlin(2026, 3, 10, 7), berlin(2026, 3, 10, 8, 30)),
        (berlin(2026, 3, 10, 10, 30), berlin(2026, 3, 10, 22, 30)),
    ]


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        (berlin(2026, 3, 5, 20, 59), None),
        (berlin(2026, 3, 5, 21), berlin(2026, 3, 6, 7)),
        (berlin(2026, 3, 6, 0), berlin(2026, 3, 6, 7)),
        (berlin(2026, 3, 6, 6, 59), berlin(2026, 3, 6, 7)),
        (berlin(2026, 3, 6, 7), None),
        # The clocks change within the night: seven is seven.
        (berlin(2026, 3, 28, 23), berlin(2026, 3, 29, 7)),
        (berlin(2026, 10, 24, 23), berlin(2026, 10, 25, 7)),
    ],
)
def test_a_night_lasts_from_nine_to_seven_on_the_readers_clock(moment, ends):
    assert Night().after(moment, "Europe/Berlin") == (ends or moment)


def test_the_night_can_be_set_also_within_one_day_or_to_none():
    siesta, none = Night.parse("12:00-14:00"), Night.parse("00:00-00:00")
    assert siesta == Night(time(12), time(14))
    assert siesta.after(berlin(2026, 3, 5, 13), "Europe/Berlin") == berlin(2026, 3, 5, 14)
    assert siesta.after(berlin(2026, 3, 5, 23), "Europe/Berlin") == berlin(2026, 3, 5, 23)
    assert none.after(berlin(2026, 3, 5, 3), "Europe/Berlin") == berlin(2026, 3, 5, 3)


def test_the_set_night_is_the_one_that_holds(clock):
    katrin = people.katrin()
    announced_meeting(people=[katrin])
    plan_at(clock, INVITED_AT, night=Night(time(8), time(10)))
    assert letters_to(katrin)[0].due_at == berlin(2026, 2, 19, 10)


# --- clock changes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "invited", "hour"),
    [
        (datetime(2026, 4, 9, 8), berlin(2026, 3, 19, 9), 8),
        (datetime(2026, 11, 12, 8), berlin(2026, 10, 22, 9), 7),
    ],
)
def test_letters_are_due_at_nine_on_either_side_of_a_clock_change(clock, wall, invited, hour):
    clock.set(invited - timedelta(days=3))
    katrin, naoko = people.katrin(), people.naoko()
    meeting = announced_meeting(wall=wall, people=[katrin, naoko])
    assert plan_at(clock, invited - timedelta(seconds=1)) == 0
    assert plan_at(clock, invited) == 2
    assert {due for due, _until in rows().values()} == {invited}
    assert invited == datetime(invited.year, invited.month, invited.day, hour, tzinfo=UTC)
    reminded = berlin(wall.year, wall.month, wall.day - 2, 9)
    assert plan_at(clock, reminded - timedelta(seconds=1)) == 0
    assert plan_at(clock, reminded) == 2
    assert (reminded.hour, meeting.starts_at.hour) == (15 - hour, 14 - hour)


def test_an_evening_note_on_the_eve_of_the_clock_change_goes_at_five(clock):
    spring, katrin = people.event("spring"), people.katrin()
    meeting = announced_meeting(spring, datetime(2026, 3, 29, 9), people=[katrin])
    clock.set(berlin(2026, 3, 8, 9))
    people.plan()
    people.say(meeting, katrin, "yes")
    plan_at(clock, berlin(2026, 3, 28, 17))
    assert letters_to(katrin, "eve")[0].due_at == datetime(2026, 3, 28, 16, tzinfo=UTC)
    assert meeting.starts_at == datetime(2026, 3, 29, 7, tzinfo=UTC)


# --- twice, late, side by side ----------------------------------------------------------------------------------------


def test_planning_twice_or_again_by_another_process_changes_nothing(clock):
    crowd = people.crowd(5)
    meeting = announced_meeting(people=crowd)
    people.say(meeting, crowd[0], "yes")
    for moment in (INVITED_AT, REMINDED_AT, EVE_AT):
        clock.set(moment)
        due = invitations.due_moments()
        people.plan()
        ledger, seats = rows(), people.seats(meeting)
        clock.advance(seconds=10)
        for number in due:  # as another process would, that saw the same moments due
            session().execute(update(Moment).where(Moment.id == number).values(done_at=None))
            assert invitations.plan(number, night=Night()) == 0
        assert people.plan() == 0
        assert (rows(), people.seats(meeting)) == (ledger, seats)


def test_planned_late_the_letters_have_the_same_keys_moments_and_ends(clock):
    katrin, emma = people.katrin(), people.emma()
    meeting = announced_meeting(people=[katrin, emma])
    plan_at(clock, INVITED_AT)
    people.say(meeting, katrin, "yes")
    plan_at(clock, REMINDED_AT + timedelta(hours=11))
    plan_at(clock, EVE_AT + timedelta(hours=2))
    assert rows("remind") | rows("eve") == {
        f"remind:{meeting.id}:{emma.id}:1": (REMINDED_AT, REMINDED_AT + timedelta(hours=12)),
        f"eve:{meeting.id}:{katrin.id}:2026-03-12": (EVE_AT, EVE_AT + timedelta(hours=3)),
    }


def test_grace_ends_where_the_use_ends(clock):
    plan = {
        "invite": "21 days before at 09:00",
        "remind": ["1 day before at 09:00"],
        "eve": "0 days before at 06:30",
    }
    katrin, emma = people.katrin(), people.emma()
    meeting = announced_meeting(people.series(plan=plan), people=[katrin, emma])
    plan_at(clock, INVITED_AT)
    people.say(meeting, katrin, "yes")
    plan_at(clock, berlin(2026, 3, 11, 9))
    plan_at(clock, berlin(2026, 3, 12, 6, 30))
    assert [until for _due, until in rows("remind").values()] == [DEADLINE]
    assert [until for _due, until in rows("eve").values()] == [STARTS]


def test_a_moment_that_is_unknown_not_due_or_done_plans_nothing(clock):
    meeting = announced_meeting(people=[people.katrin()])
    (remind,) = session().scalars(select(Moment.id).where(Moment.meeting_id == meeting.id, Moment.kind == "remind"))
    assert invitations.plan(4711, night=Night()) == 0
    assert invitations.plan(remind, night=Night()) == 0
    plan_at(clock, INVITED_AT)
    plan_at(clock, REMINDED_AT)
    assert remind not in invitations.due_moments()
    assert invitations.plan(remind, night=Night()) == 0


def test_due_moments_come_in_the_order_of_their_time(clock):
    series = people.series()
    later = announced_meeting(series, datetime(2026, 3, 13, 8))
    sooner = announced_meeting(series, datetime(2026, 3, 12, 8))
    clock.set(REMINDED_AT)
    kinds = [session().get_one(Moment, number) for number in invitations.due_moments()]
    assert [(moment.kind, moment.meeting_id) for moment in kinds] == [
        ("invite", sooner.id),
        ("invite", later.id),
        ("remind", sooner.id),
    ]


def test_the_statements_of_a_moment_do_not_grow_with_the_members(clock):
    counted = []
    for number, size in enumerate((1, 30)):
        series = people.series(f"size-{number}")
        crowd = people.crowd(size)
        meeting = announced_meeting(series, people=crowd)
        sent = []
        for moment in (INVITED_AT, REMINDED_AT, EVE_AT):
            clock.set(moment)
            if moment == EVE_AT:
                session().execute(
                    update(Rsvp).where(Rsvp.meeting_id == meeting.id).values(answer="yes", seat="held", turn=1)
                )
            due = session().scalars(
                select(Moment.id).where(
                    Moment.meeting_id == meeting.id, Moment.due_at <= moment, Moment.done_at.is_(None)
                )
            )
            due = due.all()
            session().flush()
            with statements() as asked:
                posted = sum(invitations.plan(one, night=Night()) for one in due)
            sent.append((len(asked), posted))
        assert [posted for _asked, posted in sent] == [size] * 3
        counted.append([asked for asked, _posted in sent])
        clock.set(datetime(2026, 2, 1, 9, tzinfo=UTC))
    assert counted[0] == counted[1]


# --- pauses -----------------------------------------------------------------------------------------------------------


def test_a_pause_holds_letters_back_and_loses_none(clock):
    katrin = people.katrin()
    series = people.series()
    meeting = announced_meeting(series, people=[katrin])
    announcing.pause(meeting.id, True)
    plan_at(clock, INVITED_AT)
    assert people.kinds_to(katrin) == ["invite"]
    assert letters.claim("test", held_meetings=meetings.held_back()) == []
    announcing.pause(meeting.id, False)
    rules.pause(series, True, actor_id=None)
    session().flush()
    assert letters.claim("test", held_meetings=meetings.held_back()) == []
    assert letters.claim("test", everything_held=True) == []
    rules.pause(series, False, actor_id=None)
    session().flush()
    assert letters.claim("test", held_meetings=meetings.held_back()) == [letters_to(katrin)[0].id]


# --- who is left out, and why -----------------------------------------------------------------------------------------


def left_member():
    return people.member(standing="left")


def unsubscribed():
    someone = people.member()
    someone.unsubscribed_at = clock.now()
    return someone


def without_letters():
    someone = people.member()
    session().flush()
    for kind in people.members.OF_AUDIENCE:
        people.members.mute(someone, kind)
    return someone


def suppressed():
    someone = people.member()
    session().flush()
    session().execute(update(Address).where(Address.member_id == someone.id).values(suppressed_at=clock.now()))
    return someone


OUT_OF_REACH = {
    "not a member any more": left_member,
    "unsubscribed": unsubscribed,
    "switched off": without_letters,
    "no address": lambda: people.member(email=None),
    "address suppressed": suppressed,
}


@pytest.mark.parametrize("reason", OUT_OF_REACH)
def test_who_cannot_be_reached_gets_no_planned_letter_and_the_forecast_says_why(clock, reason):
    katrin, other = people.katrin(), OUT_OF_REACH[reason]()
    meeting = announced_meeting(people=[katrin, other])
    assert told(meeting)[:2] == [
        ("invite", 1, INVITED_AT, 1, {reason: 1}),
        ("remind", 1, REMINDED_AT, 1, {reason: 1}),
    ]
    session().add(Rsvp(meeting_id=meeting.id, member_id=other.id, invited_at=clock.now))
    session().flush()
    plan_at(clock, INVITED_AT)
    assert told(meeting)[0] == ("remind", 1, REMINDED_AT, 1, {reason: 1})
    plan_at(clock, REMINDED_AT)
    session().execute(update(Rsvp).values(answer="yes", seat="held"))
    assert told(meeting) == [("eve", 1, EVE_AT, 1, {reason: 1})]
    plan_at(clock, EVE_AT)
    assert [readers(kind) for kind in ("invite", "remind", "eve")] == [[katrin.id]] * 3
    for kind in ("invite", "remind", "eve"):
        assert dict(invitations.left_out(meeting, kind, EVE_AT))[other] == reason


def test_every_reason_is_given_and_no_other(clock):
    """One of each. Reminders know the most reasons; the rest is told by the other two letters."""
    series = people.series()
    answered, silent, late, parted = (people.member() for _ in range(4))
    unreachable = {reason: make() for reason, make in OUT_OF_REACH.items()}
    meeting = announced_meeting(series, people=[answered, silent, parted, *unreachable.values()])
    plan_at(clock, INVITED_AT)
    people.say(meeting, answered, "maybe")
    rules.part(series, parted)
    clock.set(REMINDED_AT + timedelta(minutes=1))
    people.belong(series, late)
    session().flush()
    not_invited = [(late, "not invited")]
    assert late_reasons(meeting) == not_invited
    people.plan()
    assert late_reasons(meeting) == [(late, "invited too late")]
    found = {who.id: reason for who, reason in invitations.left_out(meeting, "remind", REMINDED_AT)}
    assert found == {
        answered.id: "has answered",
        late.id: "invited too late",
        parted.id: "not a member any more",
        **{who.id: reason for reason, who in unreachable.items()},
    }
    evening = {who.id: reason for who, reason in invitations.left_out(meeting, "eve", EVE_AT)}
    assert evening == {who.id: "has no seat" for who in (answered, silent, late, parted)}
    assert {reason for _kind, reason in counted(meeting)} | {"not invited", "announced too late"} == set(REASONS)


def late_reasons(meeting):
    return [pair for pair in invitations.left_out(meeting, "remind", REMINDED_AT) if "invited" in pair[1]]


def counted(meeting):
    """Every reason of every kind of letter, those hidden from lists of names too."""
    kinds = (("invite", INVITED_AT), ("remind", REMINDED_AT), ("eve", EVE_AT))
    found = set()
    for kind, due_at in kinds:
        people_ = invitations.audience(meeting, kind, due_at).subquery()
        found |= {(kind, reason) for reason in session().scalars(select(people_.c.reason)) if reason}
    return found


def test_names_of_the_left_out_stand_in_the_order_of_lists():
    last, first = people.member(family="Zeiss", given="A"), people.member(family="Abbe", given="Z")
    for who in (last, first):
        who.unsubscribed_at = clock.now()
    meeting = announced_meeting(people=[last, first, people.katrin()])
    assert [who.family for who, _reason in invitations.left_out(meeting, "invite", clock.now())] == ["Abbe", "Zeiss"]


# --- the forecast -----------------------------------------------------------------------------------------------------


def test_the_forecast_says_what_planning_then_does(clock):
    crowd = people.crowd(6)
    crowd[5].unsubscribed_at = clock.now
    series = people.series(seats=1, plan={"invite": "21 days before at 09:00", **TWO_REMINDERS})
    meeting = announced_meeting(series, people=crowd)
    people.say(meeting, crowd[0], "yes")
    people.say(meeting, crowd[1], "yes")
    steps = [INVITED_AT, berlin(2026, 3, 7, 9), REMINDED_AT, EVE_AT]
    assert [(line[0], line[2]) for line in told(meeting)] == list(
        zip(("invite", "remind", "remind", "eve"), steps, strict=True)
    )
    seen, planned = [], []
    for step in steps:
        clock.set(step)
        kind, _step, due_at, count, left_out = told(meeting)[0]
        assert due_at == step
        seen.append((kind, count, left_out))
        before = session().scalar(select(func.count()).select_from(Letter).where(Letter.kind == kind))
        people.plan()
        planned.append(session().scalar(select(func.count()).select_from(Letter).where(Letter.kind == kind)) - before)
        if step == INVITED_AT:
            people.say(meeting, crowd[2], "no")
    assert seen == [
        ("invite", 5, {"unsubscribed": 1}),
        ("remind", 2, {"unsubscribed": 1, "has answered": 3}),
        ("remind", 2, {"unsubscribed": 1, "has answered": 3}),
        ("eve", 1, {"has no seat": 4}),
    ]
    assert planned == [count for _kind, count, _left_out in seen]
    assert told(meeting) == []


def test_before_the_invitation_the_forecast_counts_those_who_will_be_silent(clock):
    katrin, emma = people.katrin(), people.emma()
    meeting = announced_meeting(people=[katrin, emma])
    people.say(meeting, emma, "no")
    assert told(meeting) == [
        ("invite", 1, INVITED_AT, 2, {}),
        ("remind", 1, REMINDED_AT, 1, {"has answered": 1}),
        ("eve", 1, EVE_AT, 0, {"has no seat": 1}),
    ]


@pytest.mark.parametrize(
    ("plan", "left_out"),
    [
        ({"invite": "", "remind": ["2 days before at 09:00"]}, {"not invited": 1}),
        ({"invite": "1 day before at 09:00", "remind": ["2 days before at 09:00"]}, {"invited too late": 1}),
    ],
)
def test_the_forecast_promises_no_reminder_to_who_will_not_have_been_invited(clock, plan, left_out):
    series, katrin = people.series(plan=plan), people.katrin()
    people.belong(series, katrin)
    draft = people.meeting(series)
    session().flush()
    before = [(line.readers, line.left_out) for line in invitations.would_go_out(draft) if line.kind == "remind"]
    meeting = announcing.announce(draft.id)
    after = [(line[3], line[4]) for line in told(meeting) if line[0] == "remind"]
    assert before == after == [(0, left_out)]
    plan_at(clock, REMINDED_AT)
    assert readers("remind") == []


def test_the_forecast_leaves_out_what_is_done_over_cancelled_a_draft_or_beyond_its_end(clock):
    series = people.series()
    people.belong(series, people.katrin())
    people.meeting(series, datetime(2026, 4, 1, 8))
    cancelled = announced_meeting(series, datetime(2026, 3, 24, 8))
    announcing.cancel(cancelled.id)
    shown, other = announced_meeting(series), announced_meeting(series, datetime(2026, 3, 26, 8))
    found = invitations.forecast(until=berlin(2026, 3, 10, 9))
    assert [(line.meeting.id, line.kind) for line in found] == [
        (shown.id, "invite"),
        (other.id, "invite"),
        (shown.id, "remind"),
    ]
    assert invitations.forecast(until=STARTS, meeting_ids=[]) == []
    assert {line.meeting.id for line in invitations.forecast(until=STARTS, meeting_ids=[other.id])} == {other.id}
    clock.set(STARTS)
    assert [line.meeting.id for line in invitations.forecast(until=STARTS, meeting_ids=[shown.id])] == []


def test_a_reminder_whose_time_has_come_is_forecast_for_those_who_were_invited_in_time(clock):
    series = people.series()
    meeting = announced_meeting(series, people=[people.katrin()])
    plan_at(clock, INVITED_AT)
    clock.set(REMINDED_AT + timedelta(minutes=5))
    people.belong(series, people.emma())
    assert told(meeting)[1] == ("remind", 1, REMINDED_AT, 1, {"not invited": 1})
    people.plan()
    assert readers("remind") == [people.katrin().id]


def test_an_invitation_that_went_is_forecast_again_only_for_who_joins_later(clock):
    series = people.series()
    meeting = announced_meeting(series, people=[people.katrin()])
    plan_at(clock, INVITED_AT)
    assert [line[0] for line in told(meeting)] == ["remind", "eve"]
    clock.advance(days=1)
    people.belong(series, people.emma())
    assert told(meeting)[0] == ("invite", 1, INVITED_AT, 1, {"has it already": 1})


def test_what_would_go_out_is_what_the_forecast_says_after_announcing(clock):
    series = people.series()
    people.belong(series, people.katrin(), people.emma(), unsubscribed())
    draft = people.meeting(series)
    session().flush()
    before = invitations.would_go_out(draft)
    assert [(line.kind, line.due_at, line.readers, line.left_out) for line in before] == [
        ("invite", INVITED_AT, 2, {"unsubscribed": 1}),
        ("remind", REMINDED_AT, 2, {"unsubscribed": 1}),
        ("eve", EVE_AT, 0, {}),
    ]
    announcing.announce(draft.id)
    assert invitations.forecast(until=STARTS) == before


def test_announced_late_the_invitation_would_go_out_now(clock):
    clock.set(berlin(2026, 3, 2, 11))
    series = people.series()
    draft = people.meeting(series)
    session().flush()
    assert invitations.would_go_out(draft)[0].due_at == berlin(2026, 3, 2, 11)
    assert invitations.invited_at(draft, series) == INVITED_AT
    series.plan = {"invite": ""}
    assert invitations.invited_at(draft, series) is None


def test_the_forecast_takes_the_same_number_of_statements_for_one_meeting_and_for_five(clock):
    asked = []
    series = people.series()
    people.belong(series, *people.crowd(3))
    for day in (12, 13, 14, 15, 16):
        announced_meeting(series, datetime(2026, 3, day, 8))
        session().flush()
        with statements() as made:
            lines = invitations.forecast(until=berlin(2026, 4, 1))
        asked.append((len(made), len(lines)))
    assert asked == [(asked[0][0], 3 * count) for count in range(1, 6)]


def test_counting_many_audiences_needs_few_statements_and_mixes_nothing_up(clock, monkeypatch):
    monkeypatch.setattr(invitations.forecasting, "MOST_AT_ONCE", 2)
    series = people.series()
    people.belong(series, *people.crowd(3))
    meeting = announced_meeting(series)
    people.say(meeting, people.member(), "yes")
    assert [(line[0], line[3]) for line in told(meeting)] == [("invite", 3), ("remind", 3), ("eve", 1)]


def test_who_takes_the_invitations_up_again_is_invited_at_once(clock):
    katrin = people.katrin()
    announced_meeting(people=[katrin])
    katrin.unsubscribed_at = clock.now
    plan_at(clock, INVITED_AT)
    assert letters_to(katrin) == []
    katrin.unsubscribed_at = None
    clock.advance(days=1)
    assert people.plan() == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_first_letters_are_planned_without_reading_the_growing_ledger_for_each_member(clock):
    announced_meeting(people=people.crowd(20))
    session().connection().exec_driver_sql("ANALYZE letter")  # from now on it is known to be empty
    read = text("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'letter'")
    before = session().scalar(read)
    assert plan_at(clock, INVITED_AT) == 20
    assert session().scalar(read) - before < 10
