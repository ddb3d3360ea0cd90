"""Answers, seats and the waiting list: who comes, who waits, who is next, what each is told, and what is refused."""

from collections import Counter
from dataclasses import astuple
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from sqlalchemy import func, select

from asanokai import announcing, db, meetings, members, rsvps
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.composing import Dropped
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing, Refused
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.rsvps import LONGEST_COMMENT, Rsvp, Tally
from tests import people
from tests.grounds import LONG
from tests.pages import statements
from tests.people import announced_meeting, berlin, crowd, katrin, kenji, letters_to, say, seats
from tests.test_journal import replayed

DEADLINE = berlin(2026, 3, 11, 12)
"""The usual meeting's: noon of the day before."""

START = berlin(2026, 3, 12, 8)
A_SECOND = timedelta(seconds=1)
AFTER = DEADLINE + A_SECOND
BY_OTHERS = ("page", "link", "calendar", "reply", "deputy")


@pytest.fixture
def writing(app):
    with transaction():
        yield


in_one_transaction = pytest.mark.usefixtures("writing")


def queue(meeting: Meeting) -> list[int]:
    return [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)]


def keys_to(who: Any) -> list[str]:
    return [letter.key for letter in letters_to(who)]


def everything(meeting: Meeting) -> Any:
    """All that an answer can change: the rows, the letters, the journal; not when it was last said."""
    session().flush()
    rows = (
        select(*(column for column in Rsvp.__table__.c if column.name != "said_at"))
        .where(Rsvp.meeting_id == meeting.id)
        .order_by(Rsvp.id)
    )
    return (
        [tuple(row) for row in session().execute(rows)],
        list(session().scalars(select(Letter.key).order_by(Letter.id))),
        session().scalar(select(func.count(Entry.id))),
    )


def is_refused(meeting: Meeting, who: Any, choice: str, guests: int | None = None, **more: Any) -> Refused:
    """The refusal, having seen that it left everything as it was."""
    before = everything(meeting)
    with pytest.raises(Refused) as refusal:
        say(meeting, who, choice, guests, **more)
    assert everything(meeting) == before
    return refusal.value


# --- answering --------------------------------------------------------------------------------------------------------


@in_one_transaction
class TestAnswering:
    def test_a_first_answer_is_written_down_whole(self, clock):
        akiko, who = people.akiko(), katrin()
        meeting = announced_meeting(people=[who])
        clock.advance(minutes=5)
        given = rsvps.answer(
            meeting.id, who.id, "yes", guests=1, comment="Vegetarisch", by="coordinator", actor_id=akiko.id
        )
        row = given.rsvp
        assert given.changed
        assert (row.answer, row.seat, row.guests, row.party, row.comment) == ("yes", "held", 1, 2, "Vegetarisch")
        assert (row.late, row.by, row.revision, row.sequence, row.turn) == (False, "coordinator", 1, 0, 1)
        assert (row.asked_at, row.answered_at, row.invited_at) == (clock.now, clock.now, None)
        (entry,) = session().scalars(select(Entry).where(Entry.verb == "answer"))
        assert (entry.object, entry.object_id, entry.actor_id) == ("rsvp", row.id, akiko.id)
        assert entry.facts == {
            "meeting": meeting.id,
            "member": who.id,
            "answer": "yes",
            "seat": "held",
            "guests": 1,
            "turn": 1,
            "asked_at": clock.now.isoformat(),
            "until": None,
            "passes": 0,
            "let_pass": False,
            "short_notice": False,
            "late": False,
            "by": "coordinator",
            "before": ["invited", None, 0],
        }

    def test_the_row_is_made_with_the_invitation_and_silent_means_invited(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two])
        assert seats(meeting) == {}
        clock.set(berlin(2026, 2, 19, 9))
        people.plan()
        assert seats(meeting) == {one.id: ("invited", None, 0), two.id: ("invited", None, 0)}
        rows = session().scalars(select(Rsvp).order_by(Rsvp.id)).all()
        assert [(row.invited_at, row.revision, row.answered_at) for row in rows] == [(clock.now, 0, None)] * 2
        made = {row.id for row in rows}
        say(meeting, one, "no")
        assert set(session().scalars(select(Rsvp.id))) == made

    def test_who_answered_before_being_invited_keeps_the_answer(self, clock):
        who = katrin()
        meeting = announced_meeting(people=[who])
        answered = say(meeting, who, "yes", 1)
        clock.set(berlin(2026, 2, 19, 9))
        people.plan()
        session().refresh(answered)
        assert seats(meeting) == {who.id: ("yes", "held", 1)}
        assert (answered.revision, answered.invited_at) == (1, clock.now)

    @pytest.mark.parametrize("choice", ["yes", "maybe", "no"])
    def test_every_change_raises_the_revision_and_is_confirmed_under_its_number(self, choice):
        who = katrin()
        meeting = announced_meeting(people=[who])
        other = "no" if choice != "no" else "yes"
        assert [say(meeting, who, said).revision for said in (choice, other, choice)] == [1, 2, 3]
        assert keys_to(who) == [f"confirm:{meeting.id}:{who.id}:{revision}" for revision in (1, 2, 3)]
        letter = letters_to(who)[-1]
        assert (letter.kind, letter.member_id, letter.meeting_id, letter.facts) == (
            "confirm",
            who.id,
            meeting.id,
            {"revision": 3},
        )
        assert (letter.state, letter.address, letter.useless_after) == ("queued", None, meeting.ends_at)

    def test_a_changed_number_of_guests_and_a_changed_comment_are_changes(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "yes")
        assert say(meeting, who, "yes", 1).revision == 2
        assert say(meeting, who, "yes", comment="Mit Herrn Yamada").revision == 3
        assert len(keys_to(who)) == 3

    @pytest.mark.parametrize(("choice", "guests"), [("yes", 1), ("maybe", 1), ("no", 0)])
    def test_the_same_answer_twice_changes_nothing(self, clock, choice, guests):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, choice, guests, comment="Bis dann")
        before = everything(meeting)
        clock.advance(minutes=5)
        for more in ({}, {"guests": guests}, {"comment": "  Bis dann\r\n"}, {"by": "link"}):
            again = rsvps.answer(meeting.id, who.id, choice, **{"by": "page", **more})
            assert again.changed is False
        assert everything(meeting) == before

    def test_the_same_answer_from_the_waiting_list_keeps_the_place(self, clock):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=1)
        for who in (one, two, three):
            say(meeting, who, "yes")
        before = everything(meeting)
        clock.advance(minutes=5)
        assert rsvps.answer(meeting.id, two.id, "yes", by="page").changed is False
        assert everything(meeting) == before

    def test_the_same_answer_after_the_deadline_is_no_refusal(self, clock):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "yes", 1)
        clock.set(AFTER)
        before = everything(meeting)
        assert rsvps.answer(meeting.id, who.id, "yes", guests=1, by="link").changed is False
        assert everything(meeting) == before

    def test_what_is_not_given_stays_as_it_was_said(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "yes", 1, comment="Vegetarisch")
        row = say(meeting, who, "maybe")
        assert (row.answer, row.guests, row.comment) == ("maybe", 1, "Vegetarisch")
        row = say(meeting, who, "maybe", 0, comment="")
        assert (row.guests, row.comment) == (0, "")

    def test_who_declines_brings_nobody(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "yes", 1)
        row = say(meeting, who, "no", 1)
        assert (row.answer, row.seat, row.guests, row.asked_at, row.turn) == ("no", None, 0, None, None)
        assert say(meeting, who, "yes").guests == 0

    def test_maybe_holds_no_seat(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=1)
        say(meeting, one, "maybe")
        say(meeting, two, "yes")
        assert seats(meeting) == {one.id: ("maybe", None, 0), two.id: ("yes", "held", 0)}
        assert rsvps.taken(meeting.id) == 1

    def test_who_goes_from_yes_to_maybe_gives_the_seat_to_who_waits(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=1)
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        say(meeting, one, "maybe")
        assert seats(meeting) == {one.id: ("maybe", None, 0), two.id: ("yes", "held", 0)}

    def test_a_calendars_answer_taken_as_it_was_gets_no_letter_but_the_waiting_list_does(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=1)
        for choice in ("maybe", "no", "yes"):
            say(meeting, one, choice, by="calendar")
        assert keys_to(one) == []
        say(meeting, two, "yes", by="calendar")
        assert keys_to(two) == [f"waiting:{meeting.id}:{two.id}:1"]

    def test_a_comment_is_cleaned_and_cut(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        typed = "  Gru\u0308ße\x00\x1b\r\naus Jena\ud800\tund\r鳥取 \n"
        assert say(meeting, who, "yes", comment=typed).comment == "Grüße\naus Jena\tund\n鳥取"
        assert say(meeting, who, "yes", comment="朝" * (LONGEST_COMMENT + 1)).comment == "朝" * LONGEST_COMMENT

    @pytest.mark.parametrize(("choice", "by"), [("invited", "page"), ("perhaps", "page"), ("yes", "pigeon")])
    def test_what_is_no_answer_is_refused(self, choice, by):
        who = katrin()
        meeting = announced_meeting(people=[who])
        assert is_refused(meeting, who, choice, by=by).field == "answer"

    def test_a_meeting_that_is_not_there_is_missing(self):
        with pytest.raises(Missing):
            rsvps.answer(4711, katrin().id, "yes", by="page")

    def test_the_answer_is_read_afresh_under_the_lock(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        stale = say(meeting, who, "yes")
        table = Rsvp.__table__
        session().execute(table.update().where(table.c.id == stale.id).values(answer="no", seat=None, revision=7))
        assert (stale.answer, say(meeting, who, "maybe").revision) == ("yes", 8)


# --- when answers are taken -------------------------------------------------------------------------------------------


@in_one_transaction
class TestTheDeadline:
    def test_until_its_very_moment_everything_is_taken(self, clock):
        one, two, three = crowd(3)
        meeting = announced_meeting(people=[one, two, three])
        assert meeting.answer_until == DEADLINE
        say(meeting, three, "yes")
        clock.set(DEADLINE)
        assert (say(meeting, one, "yes").late, say(meeting, two, "maybe").late) == (False, False)
        assert (say(meeting, three, "yes", 1).late, say(meeting, one, "no").late) == (False, False)

    @pytest.mark.parametrize("by", BY_OTHERS)
    @pytest.mark.parametrize("before", [None, "no"])
    @pytest.mark.parametrize("choice", ["yes", "maybe"])
    def test_it_closes_yes_and_maybe(self, clock, before, choice, by):
        who = katrin()
        meeting = announced_meeting(people=[who])
        if before:
            say(meeting, who, before)
        clock.set(AFTER)
        assert is_refused(meeting, who, choice, by=by).status == 409

    def test_it_closes_a_change_between_yes_and_maybe(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two])
        say(meeting, one, "yes")
        say(meeting, two, "maybe")
        clock.set(AFTER)
        is_refused(meeting, one, "maybe")
        is_refused(meeting, two, "yes")

    @pytest.mark.parametrize("choice", ["yes", "maybe"])
    def test_it_closes_more_guests(self, clock, choice):
        who = katrin()
        meeting = announced_meeting(people=[who], guests_allowed=3)
        say(meeting, who, choice, 1)
        clock.set(AFTER)
        is_refused(meeting, who, choice, 2)

    def test_declining_is_taken_until_the_start_and_marked_late(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two])
        say(meeting, one, "yes")
        clock.set(START - A_SECOND)
        assert [say(meeting, who, "no").late for who in (one, two)] == [True, True]

    def test_fewer_guests_are_taken_until_the_start_and_marked_late(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], guests_allowed=3)
        say(meeting, one, "yes", 3)
        say(meeting, two, "maybe", 1)
        clock.set(START - A_SECOND)
        assert [(row.late, row.guests) for row in (say(meeting, one, "yes", 1), say(meeting, two, "maybe", 0))] == [
            (True, 1),
            (True, 0),
        ]
        assert rsvps.taken(meeting.id) == 2
        is_refused(meeting, one, "yes", 2)

    @pytest.mark.parametrize(("choice", "guests"), [("yes", 1), ("maybe", 1), ("no", 0)])
    def test_a_word_added_later_makes_a_timely_answer_no_late_one(self, clock, choice, guests):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, choice, guests)
        clock.set(AFTER)
        row = say(meeting, who, choice, comment="Ich bin dann in Kyōto.")
        assert (row.late, row.comment, row.revision) == (False, "Ich bin dann in Kyōto.", 2)

    def test_a_word_added_to_a_late_answer_leaves_it_late(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two])
        say(meeting, one, "yes", 1)
        clock.set(AFTER)
        say(meeting, one, "yes", 0)
        say(meeting, two, "no")
        assert [say(meeting, who, said, comment="Krank").late for who, said in ((one, "yes"), (two, "no"))] == [
            True,
            True,
        ]

    def test_who_comes_after_all_by_a_later_deadline_is_late_no_more(self, clock):
        who = katrin()
        meeting = announced_meeting(people=[who])
        clock.set(AFTER)
        say(meeting, who, "no")
        announcing.edit(meeting.id, answer_until=START)
        assert say(meeting, who, "yes").late is False

    def test_a_smaller_party_frees_its_seats_also_after_the_deadline(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=2)
        say(meeting, one, "yes", 1)
        say(meeting, two, "yes")
        clock.set(AFTER)
        say(meeting, one, "yes", 0)
        assert seats(meeting) == {one.id: ("yes", "held", 0), two.id: ("yes", "held", 0)}

    @pytest.mark.parametrize("by", ["coordinator", "program"])
    def test_a_coordinator_may_answer_for_somebody_until_the_start(self, clock, by):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], guests_allowed=2)
        say(meeting, two, "yes")
        clock.set(START - A_SECOND)
        assert (say(meeting, one, "yes", by=by).late, say(meeting, two, "yes", 2, by=by).late) == (False, False)
        assert seats(meeting) == {one.id: ("yes", "held", 0), two.id: ("yes", "held", 2)}
        clock.set(START)
        is_refused(meeting, one, "no", by=by)


@in_one_transaction
class TestMeetingsThatTakeNoAnswer:
    @pytest.mark.parametrize("by", ["page", "coordinator"])
    @pytest.mark.parametrize("choice", ["yes", "maybe", "no"])
    def test_a_draft(self, choice, by):
        is_refused(people.meeting(), katrin(), choice, by=by)

    @pytest.mark.parametrize("by", ["page", "coordinator"])
    @pytest.mark.parametrize("choice", ["yes", "maybe", "no"])
    def test_a_cancelled_one_and_the_same_answer_neither(self, choice, by):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "yes")
        announcing.cancel(meeting.id)
        assert "cancelled" in str(is_refused(meeting, who, choice, by=by))

    @pytest.mark.parametrize("by", ["page", "coordinator"])
    @pytest.mark.parametrize("choice", ["yes", "maybe", "no"])
    def test_one_that_has_begun_and_the_same_answer_neither(self, clock, choice, by):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "yes")
        clock.set(START)
        assert "begun" in str(is_refused(meeting, who, choice, by=by))

    def test_one_that_was_held(self, clock):
        who = katrin()
        meeting = announced_meeting(people=[who])
        clock.set(START + timedelta(hours=3))
        meetings.mark_held()
        is_refused(meeting, who, "no")


# --- guests and seats -------------------------------------------------------------------------------------------------


@in_one_transaction
class TestGuests:
    @pytest.mark.parametrize("by", ["page", "coordinator"])
    @pytest.mark.parametrize("choice", ["yes", "maybe"])
    def test_there_are_no_more_than_the_meeting_allows(self, choice, by):
        who = katrin()
        meeting = announced_meeting(people=[who], guests_allowed=2)
        refusal = is_refused(meeting, who, choice, 3, by=by)
        assert isinstance(refusal, BadInput)
        assert (refusal.field, refusal.facts) == ("guests", {"most": 2})
        assert say(meeting, who, choice, 2, by=by).guests == 2

    def test_one_is_usual(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        is_refused(meeting, who, "yes", 2)
        assert say(meeting, who, "yes", 1).guests == 1

    @pytest.mark.parametrize("choice", ["yes", "maybe"])
    def test_there_are_not_less_than_none(self, choice):
        who = katrin()
        meeting = announced_meeting(people=[who])
        assert is_refused(meeting, who, choice, -1).field == "guests"

    def test_who_was_allowed_more_before_keeps_them_and_brings_no_others_once_given_up(self):
        who = katrin()
        meeting = announced_meeting(people=[who], guests_allowed=3)
        say(meeting, who, "yes", 3)
        announcing.edit(meeting.id, guests_allowed=1)
        assert say(meeting, who, "yes", comment="Wir freuen uns.").guests == 3
        assert say(meeting, who, "yes", 2).guests == 2
        is_refused(meeting, who, "yes", 3)

    def test_they_count_in_the_seats(self):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=4, guests_allowed=2)
        say(meeting, one, "yes", 2)
        say(meeting, two, "yes", 1)
        say(meeting, three, "yes")
        assert seats(meeting) == {
            one.id: ("yes", "held", 2),
            two.id: ("yes", "waiting", 1),
            three.id: ("yes", "held", 0),
        }
        assert rsvps.taken(meeting.id) == 4

    def test_growth_that_fits_is_taken_and_what_does_not_is_refused_with_the_seat_kept(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=3, guests_allowed=3)
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        assert say(meeting, one, "yes", 1).seat == "held"
        refusal = is_refused(meeting, one, "yes", 2, comment="Drei?")
        assert (refusal.status, refusal.facts) == (409, {"free": 0})
        assert seats(meeting) == {one.id: ("yes", "held", 1), two.id: ("yes", "held", 0)}

    def test_a_refused_growth_says_how_many_more_would_fit(self):
        who = katrin()
        meeting = announced_meeting(people=[who], seats=3, guests_allowed=5)
        say(meeting, who, "yes")
        assert is_refused(meeting, who, "yes", 4).facts == {"free": 2}

    def test_growing_costs_a_seat_holder_nothing_in_the_order_of_asking(self, clock):
        who = katrin()
        meeting = announced_meeting(people=[who], seats=3)
        first = say(meeting, who, "yes")
        asked = (first.asked_at, first.turn)
        clock.advance(minutes=5)
        grown = say(meeting, who, "yes", 1)
        assert (grown.asked_at, grown.turn) == asked


@in_one_transaction
class TestSeats:
    def test_they_go_to_who_asks_first_and_the_others_wait_in_the_order_of_asking(self, clock):
        six = crowd(6)
        meeting = announced_meeting(seats=2)
        for place, who in enumerate(six):
            clock.advance(seconds=place % 2)  # some ask at the same moment
            say(meeting, who, "yes")
        assert [row[1] for row in seats(meeting).values()] == ["held"] * 2 + ["waiting"] * 4
        assert queue(meeting) == [who.id for who in six[2:]]
        rows = session().scalars(select(Rsvp).order_by(Rsvp.id)).all()
        assert [row.turn for row in rows] == [1, 2, 3, 4, 5, 6]

    def test_who_waits_is_told_so_by_a_letter_of_its_own(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=1)
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        assert keys_to(one) == [f"confirm:{meeting.id}:{one.id}:1"]
        assert keys_to(two) == [f"waiting:{meeting.id}:{two.id}:1"]

    def test_a_freed_seat_goes_to_the_first_in_line_with_a_letter_at_once(self, clock):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=1)
        for who in (one, two, three):
            say(meeting, who, "yes")
        clock.advance(days=1)
        say(meeting, one, "no")
        assert seats(meeting) == {
            one.id: ("no", None, 0),
            two.id: ("yes", "held", 0),
            three.id: ("yes", "waiting", 0),
        }
        assert keys_to(two) == [f"waiting:{meeting.id}:{two.id}:1", f"seat:{meeting.id}:{two.id}:2"]
        assert keys_to(three) == [f"waiting:{meeting.id}:{three.id}:1"]
        seat = letters_to(two, "seat")[0]
        assert (seat.due_at, seat.useless_after, seat.facts) == (clock.now, meeting.ends_at, {"revision": 2})
        (entry,) = session().scalars(select(Entry).where(Entry.verb == "seat"))
        row = rsvps.required(meeting.id, two.id)
        assert (entry.object, entry.object_id, entry.actor_id, row.revision) == ("rsvp", row.id, None, 2)
        assert entry.facts is not None
        assert {name: entry.facts[name] for name in ("meeting", "member", "seat", "guests")} == {
            "meeting": meeting.id,
            "member": two.id,
            "seat": "held",
            "guests": 0,
        }

    def test_the_first_whose_party_fits_is_next_and_the_larger_one_keeps_its_place(self):
        one, large, small, last = crowd(4)
        meeting = announced_meeting(seats=1, guests_allowed=2)
        say(meeting, one, "yes")
        say(meeting, large, "yes", 2)
        say(meeting, small, "yes")
        say(meeting, last, "yes")
        say(meeting, one, "no")
        assert (seats(meeting)[small.id], queue(meeting)) == (("yes", "held", 0), [large.id, last.id])
        announcing.edit(meeting.id, seats=4)
        assert queue(meeting) == [last.id]

    def test_a_party_is_never_split(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=2)
        say(meeting, one, "yes")
        say(meeting, two, "yes", 1)
        assert (seats(meeting)[two.id], rsvps.taken(meeting.id)) == (("yes", "waiting", 1), 1)

    def test_a_large_party_that_leaves_seats_everybody_who_fits(self):
        one, *others = crowd(6)
        meeting = announced_meeting(seats=4, guests_allowed=3)
        say(meeting, one, "yes", 3)
        for who, guests in zip(others, (0, 1, 2, 0, 0), strict=True):
            say(meeting, who, "yes", guests)
        say(meeting, one, "no")
        assert [seats(meeting)[who.id][1] for who in others] == ["held", "held", "waiting", "held", "waiting"]
        assert [len(letters_to(who, "seat")) for who in others] == [1, 1, 0, 1, 0]
        assert rsvps.taken(meeting.id) == 4

    def test_the_whole_line_moves_up_when_there_is_room(self):
        one, *others = crowd(9)
        meeting = announced_meeting(seats=1)
        for who in (one, *others):
            say(meeting, who, "yes")
        announcing.edit(meeting.id, seats=9)
        assert [seats(meeting)[who.id][1] for who in others] == ["held"] * 8
        assert [keys_to(who)[-1] for who in others] == [f"seat:{meeting.id}:{who.id}:2" for who in others]

    def test_a_smaller_party_gives_its_seats_to_who_waits(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=2)
        say(meeting, one, "yes", 1)
        say(meeting, two, "yes")
        say(meeting, one, "yes", 0)
        assert seats(meeting) == {one.id: ("yes", "held", 0), two.id: ("yes", "held", 0)}

    def test_a_party_that_waits_and_becomes_small_enough_is_seated_and_confirmed(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=2)
        say(meeting, one, "yes")
        say(meeting, two, "yes", 1)
        waited = rsvps.required(meeting.id, two.id)
        asked = (waited.asked_at, waited.turn)
        clock.advance(minutes=5)
        say(meeting, two, "yes", 0)
        assert seats(meeting)[two.id] == ("yes", "held", 0)
        assert (waited.asked_at, waited.turn) == asked
        assert keys_to(two) == [f"waiting:{meeting.id}:{two.id}:1", f"confirm:{meeting.id}:{two.id}:2"]

    def test_waiting_keeps_its_place_unless_the_party_grows(self, clock):
        one, two, three, four = crowd(4)
        meeting = announced_meeting(seats=1, guests_allowed=2)
        for who, guests in ((one, 0), (two, 1), (three, 1), (four, 0)):
            say(meeting, who, "yes", guests)
        clock.advance(minutes=5)
        say(meeting, two, "yes", 0)
        say(meeting, three, "yes", comment="Gerne am Fenster")
        assert queue(meeting) == [two.id, three.id, four.id]
        say(meeting, two, "yes", 1)
        assert queue(meeting) == [three.id, four.id, two.id]

    def test_leaving_the_line_loses_the_place(self, clock):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=1)
        for who in (one, two, three):
            say(meeting, who, "yes")
        for choice in ("maybe", "no"):
            clock.advance(minutes=5)
            first = queue(meeting)[0]
            say(meeting, members.by_id(first), choice)
            say(meeting, members.by_id(first), "yes")
            assert queue(meeting)[-1] == first

    def test_giving_a_seat_back_and_asking_again_joins_the_end_of_the_line(self):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=1)
        for who in (one, two, three):
            say(meeting, who, "yes")
        say(meeting, one, "no")
        say(meeting, one, "yes")
        assert queue(meeting) == [three.id, one.id]

    def test_an_application_stands_where_it_was_confirmed(self, clock):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=1)
        confirmed = clock.now
        clock.advance(minutes=5)
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        say(meeting, three, "yes", asked_at=confirmed, by="coordinator")
        assert queue(meeting) == [three.id, two.id]

    def test_lowered_below_what_is_taken_nobody_loses_a_seat_and_nobody_moves_up(self):
        one, two, three, four = crowd(4)
        meeting = announced_meeting(seats=3)
        for who in (one, two, three, four):
            say(meeting, who, "yes")
        before = seats(meeting)
        letters = len(session().scalars(select(Letter.id)).all())
        announcing.edit(meeting.id, seats=1)
        assert seats(meeting) == before
        assert len(session().scalars(select(Letter.id)).all()) == letters
        say(meeting, one, "no")
        say(meeting, two, "no")
        assert (rsvps.taken(meeting.id), queue(meeting)) == (1, [four.id])
        say(meeting, three, "no")
        assert (seats(meeting)[four.id], queue(meeting)) == (("yes", "held", 0), [])

    def test_over_the_seats_a_party_may_still_shrink_but_not_grow(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=4, guests_allowed=3)
        say(meeting, one, "yes", 2)
        say(meeting, two, "yes")
        announcing.edit(meeting.id, seats=1)
        assert is_refused(meeting, one, "yes", 3).facts == {"free": 0}
        assert (say(meeting, one, "yes", 1).seat, rsvps.taken(meeting.id)) == ("held", 3)

    def test_without_a_limit_nobody_waits(self):
        many = crowd(5)
        meeting = announced_meeting(seats=None, guests_allowed=20)
        for who in many:
            say(meeting, who, "yes", 20)
        assert (rsvps.taken(meeting.id), queue(meeting)) == (105, [])

    def test_when_the_limit_is_lifted_everybody_is_seated(self):
        many = crowd(4)
        meeting = announced_meeting(seats=1)
        for who in many:
            say(meeting, who, "yes", 1)
        assert len(queue(meeting)) == 4
        announcing.edit(meeting.id, seats=None)
        assert (rsvps.taken(meeting.id), queue(meeting)) == (8, [])

    def test_seats_of_other_meetings_are_their_own(self):
        one, two = katrin(), kenji()
        first = announced_meeting(people=[one, two], seats=1)
        second = announced_meeting(series_rules.by_id(first.series_id), berlin(2026, 4, 9, 8).replace(tzinfo=None))
        second.seats = 1
        say(first, one, "yes")
        say(second, two, "yes")
        say(first, two, "yes")
        assert (queue(first), queue(second)) == ([two.id], [])
        say(second, two, "no")
        assert queue(first) == [two.id]

    def test_until_the_start_seats_are_given_and_not_after_it(self, clock):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=1)
        for who in (one, two, three):
            say(meeting, who, "yes")
        clock.set(START - A_SECOND)
        say(meeting, one, "no")
        assert queue(meeting) == [three.id]
        clock.set(START)
        announcing.edit(meeting.id, seats=5)
        assert (queue(meeting), keys_to(three)) == ([three.id], [f"waiting:{meeting.id}:{three.id}:1"])

    def test_of_a_cancelled_meeting_no_seat_is_given(self):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=1)
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        announcing.cancel(meeting.id)
        announcing.edit(meeting.id, seats=5)
        assert (queue(meeting), letters_to(two, "seat")) == ([two.id], [])

    def test_who_waits_gets_no_evening_note_of_the_guests(self, clock):
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=1)
        clock.set(berlin(2026, 2, 19, 9))
        people.plan()
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        clock.set(berlin(2026, 3, 11, 17))
        people.plan()
        assert people.readers("eve") == [one.id]


@in_one_transaction
class TestTheReadersSequence:
    def test_who_comes_after_declining_gets_a_higher_one_than_the_entry_declined(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        assert [say(meeting, who, choice).sequence for choice in ("yes", "no", "yes")] == [0, 0, 1]
        for days in (1, 2, 3):  # a move raises also what was ahead
            announcing.move(meeting.id, Change(starts_at=START + timedelta(days=days)))
        assert [say(meeting, who, choice).sequence for choice in ("no", "maybe")] == [4, 5]

    def test_it_lies_above_the_meetings_own_too(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        for days in (1, 2):
            announcing.move(meeting.id, Change(starts_at=START + timedelta(days=days)))
        assert [say(meeting, who, choice).sequence for choice in ("no", "yes")] == [0, 3]

    def test_a_word_added_to_a_refusal_raises_nothing(self):
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "no")
        assert say(meeting, who, "no", comment="In Kyōto").sequence == 0

    def test_who_declined_then_waits_and_is_seated_has_an_entry_above_the_declined_one(self):
        one, two, three = crowd(3)
        meeting = announced_meeting(seats=1)
        say(meeting, one, "yes")
        say(meeting, two, "no")
        say(meeting, two, "yes")
        say(meeting, three, "yes")
        say(meeting, one, "no")
        assert seats(meeting)[two.id] == ("yes", "held", 0)
        assert [rsvps.required(meeting.id, who.id).sequence for who in (one, two, three)] == [0, 1, 0]


# --- letters that an answer overtakes ---------------------------------------------------------------------------------


def gathered(app: Any) -> dict[str, str | None]:
    """Each due letter's key, and why it would be dropped now."""
    with transaction():
        due = {letter.id: letter.key for letter in session().scalars(select(Letter))}
        found = app.extensions["composer"].gather(sorted(due))
        return {due[work.letter_id]: work.reason if isinstance(work, Dropped) else None for work in found}


def test_only_the_letter_of_the_last_revision_is_still_true(app):
    with transaction():
        one, two = katrin(), kenji()
        meeting = announced_meeting(people=[one, two], seats=1)
        say(meeting, one, "yes")
        say(meeting, two, "yes")
        say(meeting, two, "yes", comment="Gerne")
        say(meeting, one, "no")
        katrins, kenjis = f"{meeting.id}:{one.id}", f"{meeting.id}:{two.id}"
    overtaken = "overtaken by a later answer"
    assert gathered(app) == {
        f"confirm:{katrins}:1": overtaken,
        f"waiting:{kenjis}:1": overtaken,
        f"waiting:{kenjis}:2": overtaken,
        f"confirm:{katrins}:2": None,
        f"seat:{kenjis}:3": None,
    }


def test_a_calendars_answer_overtakes_the_confirmation_of_an_earlier_one(app):
    with transaction():
        who = katrin()
        meeting = announced_meeting(people=[who])
        say(meeting, who, "yes")
        say(meeting, who, "no", by="calendar")
        key = f"confirm:{meeting.id}:{who.id}:1"
    assert gathered(app) == {key: "overtaken by a later answer"}


def test_a_refusal_inside_a_larger_transaction_leaves_nothing_behind(app):
    with transaction():
        one, two = katrin(), kenji()
        meeting_id = announced_meeting(people=[one, two], seats=1).id
        rsvps.answer(meeting_id, one.id, "yes", by="page")
    with transaction():
        with pytest.raises(Refused):
            rsvps.answer(meeting_id, one.id, "yes", guests=1, comment="Zu zweit", by="page")
        rsvps.answer(meeting_id, two.id, "maybe", by="page")
    with db.reading():
        found = session().execute(select(Rsvp.member_id, Rsvp.answer, Rsvp.guests, Rsvp.comment, Rsvp.revision))
        assert sorted(tuple(row) for row in found) == sorted(
            [(one.id, "yes", 0, "", 1), (two.id, "maybe", 0, "", 1)],
        )


# --- what can be seen -------------------------------------------------------------------------------------------------


@in_one_transaction
class TestLooking:
    def test_a_place_in_line_counts_from_one_in_every_line_one_stands_in(self, clock):
        one, two, three = crowd(3)
        series = people.series()
        early = announced_meeting(series, seats=1)
        later = announced_meeting(series, berlin(2026, 4, 9, 8).replace(tzinfo=None), seats=1)
        roomy = announced_meeting(series, berlin(2026, 5, 14, 8).replace(tzinfo=None), seats=9)
        for meeting, asking in ((early, (one, two, three)), (later, (two, three, one)), (roomy, (one, two, three))):
            for who in asking:
                say(meeting, who, "yes")
        assert rsvps.places_in_line(one.id) == {later.id: 2}
        assert rsvps.places_in_line(two.id) == {early.id: 1}
        assert rsvps.places_in_line(three.id) == {early.id: 2, later.id: 1}
        assert rsvps.places_in_line(katrin().id) == {}
        for who in (one, two, three):
            for meeting_id, place in rsvps.places_in_line(who.id).items():
                assert rsvps.place_in_line(rsvps.required(meeting_id, who.id)) == place

    def test_places_take_one_statement_for_one_line_and_for_three(self):
        one, two = katrin(), kenji()
        series = people.series()
        asked = []
        for month in (3, 4, 5):
            meeting = announced_meeting(series, berlin(2026, month, 10, 8).replace(tzinfo=None), seats=1)
            say(meeting, one, "yes")
            say(meeting, two, "yes")
            with statements() as seen:
                places = rsvps.places_in_line(two.id)
            asked.append((len(places), seen))
        assert asked == [(1, ["SELECT"]), (2, ["SELECT"]), (3, ["SELECT"])]

    def test_a_tally_counts_answers_and_people(self, clock):
        many = crowd(8)
        meeting = announced_meeting(people=many, seats=3, guests_allowed=2)
        clock.set(berlin(2026, 2, 19, 9))
        people.plan()
        for who, choice, guests in zip(
            many, ("yes", "yes", "yes", "yes", "maybe", "no", "no"), (1, 0, 2, 0, 1, 0, 0), strict=False
        ):
            say(meeting, who, choice, guests)
        empty = announced_meeting(people.event())
        assert rsvps.tallies([meeting.id, empty.id]) == {
            meeting.id: Tally(yes=2, coming=3, waiting=2, queued=4, maybe=1, no=2, silent=1),
            empty.id: Tally(),
        }
        assert rsvps.tallies([]) == {}

    def test_tallies_take_one_statement_for_one_meeting_and_for_three(self):
        series = people.series()
        found = [announced_meeting(series, berlin(2026, month, 10, 8).replace(tzinfo=None)).id for month in (3, 4, 5)]
        for meeting_id in found:
            rsvps.answer(meeting_id, katrin().id, "yes", by="page")
        for some in (found[:1], found):
            with statements() as asked:
                tallies = rsvps.tallies(some)
            assert (asked, list(map(astuple, tallies.values()))) == (
                ["SELECT"],
                [(1, 1, 0, 0, 0, 0, 0, 0, 0)] * len(some),
            )

    def test_the_roll_is_by_name_and_who_waits_stands_last_in_the_order_of_asking(self, clock):
        ito = people.member(family="Ito", given="Naoko", organisation="Kaden")
        adler = people.member(family="Adler", given="Ute", organisation="")
        zeiss = people.member(family="Zeiss", given="Carl")
        binder = people.member(family="Binder", given="Ada")
        mori = people.member(family="Mori", given="Ken")
        meeting = announced_meeting(people=[mori], seats=1)
        clock.set(berlin(2026, 2, 19, 9))
        people.plan()
        for who, choice in ((ito, "yes"), (zeiss, "yes"), (binder, "yes"), (adler, "no")):
            say(meeting, who, choice)
        assert [(line.member.family, line.rsvp.answer, line.rsvp.seat) for line in rsvps.roll(meeting.id)] == [
            ("Adler", "no", None),
            ("Ito", "yes", "held"),
            ("Mori", "invited", None),
            ("Zeiss", "yes", "waiting"),
            ("Binder", "yes", "waiting"),
        ]
        assert [line.organisation for line in rsvps.roll(meeting.id)[:2]] == ["", "Kaden"]

    def test_the_roll_takes_one_statement_for_one_row_and_for_three(self):
        meeting = announced_meeting(seats=1)
        meeting_id, asked = meeting.id, []
        for who in crowd(3):
            say(meeting, who, "yes")
            session().expire_all()
            with statements() as seen:
                lines = rsvps.roll(meeting_id)
                named = [(line.member.name.sort_key(), line.organisation) for line in lines]
            asked.append((len(named), seen))
        assert asked == [(1, ["SELECT"]), (2, ["SELECT"]), (3, ["SELECT"])]

    def test_what_concerns_a_member_is_what_they_belong_to_and_what_they_answered(self, clock):
        who = katrin()
        own, other, former = people.series("own"), people.series("other"), people.series("former")
        people.belong(own, who)
        people.belong(former, who)
        mine = announced_meeting(own)
        cancelled = announced_meeting(own, berlin(2026, 3, 20, 8).replace(tzinfo=None))
        announcing.cancel(cancelled.id)
        draft = people.meeting(own, berlin(2026, 4, 9, 8).replace(tzinfo=None))
        dropped = people.meeting(own, berlin(2026, 5, 14, 8).replace(tzinfo=None))
        meetings.delete_draft(dropped, actor_id=None)
        answered = announced_meeting(other, berlin(2026, 3, 10, 8).replace(tzinfo=None))
        say(answered, who, "no")
        strange = announced_meeting(other, berlin(2026, 3, 11, 8).replace(tzinfo=None))
        parted = announced_meeting(former, berlin(2026, 3, 13, 8).replace(tzinfo=None))
        series_rules.part(former, who)
        session().flush()
        clock.advance(minutes=1)
        found = rsvps.concerning(who.id, since=clock.now)
        assert [meeting.id for meeting in found] == [answered.id, mine.id, cancelled.id]
        assert {draft.id, dropped.id, strange.id, parted.id} & {meeting.id for meeting in found} == set()
        assert [meeting.id for meeting in rsvps.concerning(who.id, since=answered.ends_at)] == [mine.id, cancelled.id]
        assert rsvps.concerning(people.oskar().id, since=clock.now) == []

    def test_an_answer_is_found_by_its_meeting_and_member(self):
        who, other = katrin(), kenji()
        meeting = announced_meeting(people=[who, other])
        row = say(meeting, who, "yes")
        assert rsvps.of(meeting.id, who.id) is row
        assert rsvps.required(meeting.id, who.id) is row
        assert rsvps.of_member(who.id, [meeting.id, 4711]) == {meeting.id: row}
        assert rsvps.of(meeting.id, other.id) is None
        with pytest.raises(Missing):
            rsvps.required(meeting.id, other.id)


# --- whatever happens -------------------------------------------------------------------------------------------------

PEOPLE = 7
EXAMPLES = 1000 if LONG else 50

answers = st.tuples(
    st.just("answer"),
    st.integers(0, PEOPLE - 1),
    st.sampled_from((*["yes"] * 5, "maybe", "no", "no")),
    st.sampled_from((None, 0, 1, 2, 2, 3)),
    st.sampled_from(("page", "page", "coordinator")),
)
changes = st.tuples(st.just("seats"), st.integers(1, 9) | st.none())
passing = st.tuples(st.just("pass"), st.just(timedelta(minutes=1)))
chances = st.sampled_from((answers,) * 8 + (changes, passing))
"""Mostly answers: a draw among alternatives would give each as often as the others."""

steps = st.lists(chances.flatmap(lambda kind: kind), min_size=10, max_size=40)
after_the_deadline = st.lists(answers, max_size=8)


class Watch:
    """Looks at a meeting before and after each step, and says what must never happen."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.line: dict[int, int] = {}
        self.taken = 0

    def look(self) -> None:
        rows = session().scalars(
            select(Rsvp).where(Rsvp.meeting_id == self.meeting.id).execution_options(populate_existing=True)
        )
        standing = {row.id: row for row in rows}
        assert max(Counter(row.member_id for row in standing.values()).values(), default=1) == 1
        taken = sum(row.party for row in standing.values() if row.seat == "held")
        waiting = rsvps.waiting(self.meeting.id)
        line = {row.member_id: row.party for row in waiting}
        free = None if self.meeting.seats is None else self.meeting.seats - taken
        assert free is None or free >= 0 or taken <= self.taken, "more seats are held than there are"
        fitting = [row.member_id for row in waiting if free is None or row.party <= free]
        assert fitting == [], "a seat stays empty"
        # Whoever is still there and asks for no more stands as before; whoever came or grew stands behind them.
        stayed = [member for member, party in self.line.items() if line.get(member, party + 1) <= party]
        assert list(line)[: len(stayed)] == stayed
        self._nobody_was_passed_over(standing, line, free)
        self.line, self.taken = line, taken

    def _nobody_was_passed_over(self, standing: dict[int, Rsvp], line: dict[int, int], free: int | None) -> None:
        """Who still waits, though somebody behind them was seated, would not have fitted at their turn."""
        seated = {row.member_id: row.party for row in standing.values() if row.seat == "held"}
        behind = 0
        for member in reversed(self.line):
            if member in seated:
                behind += seated[member]
            elif line.get(member, 99) <= self.line[member] and free is not None and behind:
                assert line[member] > free + behind


def take_step(meeting: Meeting, cast: list[int], clock: Any, step: Any) -> None:
    match step:
        case ("answer", place, choice, guests, by):
            before = everything(meeting)
            try:
                rsvps.answer(meeting.id, cast[place], choice, guests=guests, by=by)
            except Refused:
                assert everything(meeting) == before
        case ("seats", number):
            announcing.edit(meeting.id, seats=number)
        case ("pass", while_):
            clock.now += while_


@pytest.mark.timeout(900)
def test_whatever_is_answered_and_changed_seats_are_exact_the_line_is_fair_and_the_journal_tells_it_all(app, clock):
    with transaction():
        cast = [who.id for who in crowd(PEOPLE)]
        series_id = people.series().id
    began = clock.now

    @given(steps, after_the_deadline)
    @profile(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    def holds(early: list[Any], late: list[Any]) -> None:
        clock.set(began)
        db.begin_writing()
        try:
            meeting = announced_meeting(series_rules.by_id(series_id), seats=4, guests_allowed=3)
            watch = Watch(meeting)
            for step in [*early, ("pass", AFTER - began), *late]:
                take_step(meeting, cast, clock, step)
                watch.look()
                roll, line = replayed(meeting.id)
                assert (roll, line) == (seats(meeting), queue(meeting))
        finally:
            session().rollback()

    holds()
