"""A meeting is announced, edited, moved, called off, paused, dropped: what becomes of it, and who is told."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from asanokai import announcing, letters, meetings, rsvps
from asanokai.announcing import Change
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Missing, Refused
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Address
from asanokai.rsvps import Rsvp
from tests import people
from tests.pages import statements
from tests.people import FIRST_MORNING, announced_meeting, berlin, kinds_to, letters_to, readers, say, seats, tokyo

INVITED_AT = berlin(2026, 2, 19, 9)
STARTS, NEXT_WEEK = berlin(2026, 3, 12, 8), berlin(2026, 3, 19, 8)
ELSEWHERE = {"de": "Kaisersaal, Erfurt", "ja": "エアフルト"}


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def invited(clock, *who, **values):
    """A meeting that those people have been invited to by letters that arrived."""
    meeting = announced_meeting(people=who, **values)
    clock.set(INVITED_AT)
    people.plan()
    people.send_all()
    return meeting


def moved_facts(who, state="queued"):
    return [letter.facts for letter in letters_to(who, "moved") if letter.state == state]


def verbs(meeting):
    query = select(Entry.verb).where(Entry.object == "meeting", Entry.object_id == meeting.id).order_by(Entry.id)
    return list(session().scalars(query))


def in_state(state, clock):
    """A meeting in one of its four states; a held one lies behind the clock."""
    if state == "draft":
        return people.meeting()
    meeting = announced_meeting()
    if state == "cancelled":
        announcing.cancel(meeting.id)
    if state == "held":
        clock.set(meeting.ends_at)
        meetings.mark_held()
        session().expire_all()
    return meeting


# --- announcing -------------------------------------------------------------------------------------------------------


def test_announcing_opens_a_draft_for_answers_and_plans_its_letters(clock):
    series, katrin = people.series(), people.katrin()
    people.belong(series, katrin)
    draft = people.meeting(series)
    session().flush()
    with pytest.raises(Refused):
        say(draft, katrin, "yes")
    announcing.announce(draft.id)
    assert (draft.state, draft.announced_at, draft.sequence) == ("announced", clock.now, 0)
    assert sorted(people.moments(draft)) == [("eve", 1), ("invite", 1), ("remind", 1)]
    assert say(draft, katrin, "yes").seat == "held"
    assert kinds_to(katrin) == ["confirm"]


@pytest.mark.parametrize("state", ["announced", "cancelled", "held"])
def test_only_a_draft_is_announced(clock, state):
    meeting = in_state(state, clock)
    announced_at = meeting.announced_at
    clock.advance(hours=1)
    with pytest.raises(Refused):
        announcing.announce(meeting.id)
    assert (meeting.state, meeting.announced_at) == (state, announced_at)


@pytest.mark.parametrize("now", [STARTS, berlin(2026, 3, 11, 12)])
def test_a_draft_that_has_begun_or_whose_deadline_has_passed_is_not_announced(clock, now):
    draft = people.meeting()
    session().flush()
    clock.set(now)
    with pytest.raises(Refused):
        announcing.announce(draft.id)
    assert (draft.state, people.moments(draft)) == ("draft", {})
    clock.set(berlin(2026, 3, 11, 12) - timedelta(seconds=1))
    assert announcing.announce(draft.id).state == "announced"


def test_what_does_not_exist_is_missing():
    for verb in (
        lambda: announcing.announce(4711),
        lambda: announcing.edit(4711, seats=3),
        lambda: announcing.move(4711, Change(starts_at=NEXT_WEEK)),
        lambda: announcing.cancel(4711),
        lambda: announcing.pause(4711, True),
        lambda: announcing.change_series(4711, seats=3),
    ):
        with pytest.raises(Missing):
            verb()


# --- editing ----------------------------------------------------------------------------------------------------------


def test_editing_changes_what_it_is_given_and_tells_nobody(clock):
    katrin = people.katrin()
    meeting = invited(clock, katrin)
    version, others = meeting.version, (meeting.starts_at, meeting.sequence, meeting.seats, meeting.venue)
    announcing.edit(meeting.id, title={"de": "Mikro"}, join_link="https://video.example/1", guests_allowed=3)
    assert (meeting.title, meeting.join_link, meeting.guests_allowed) == (
        {"de": "Mikro"},
        "https://video.example/1",
        3,
    )
    assert (meeting.starts_at, meeting.sequence, meeting.seats, meeting.venue) == others
    assert meeting.version == version + 1
    assert kinds_to(katrin) == []


@pytest.mark.parametrize(
    "values",
    [
        {"seats": 0},
        {"seats": -3},
        {"seats": 100_001},
        {"guests_allowed": -1},
        {"guests_allowed": 21},
        {"guests_allowed": None},
        {"answer_until": STARTS + timedelta(seconds=1)},
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(values):
    meeting = announced_meeting()
    before = {field: getattr(meeting, field) for field in (*values, "title", "version")}
    with pytest.raises(BadInput) as refused:
        announcing.edit(meeting.id, title={"de": "Neu"}, **values)
    assert refused.value.field in values
    assert {field: getattr(meeting, field) for field in before} == before


@pytest.mark.parametrize("field", ["starts_at", "state", "uid", "sequence", "venue"])
def test_time_place_and_state_are_not_edited(field):
    meeting = announced_meeting()
    with pytest.raises(TypeError):
        announcing.edit(meeting.id, **{field: "x"})


def test_more_seats_seat_who_waits_in_order_and_tell_them(clock):
    first, second, third = people.crowd(3)
    meeting = announced_meeting(people=[first, second, third], seats=1, guests_allowed=1)
    for who, guests in ((first, 0), (second, 1), (third, 0)):
        say(meeting, who, "yes", guests)
    announcing.edit(meeting.id, seats=2)
    assert seats(meeting) == {
        first.id: ("yes", "held", 0),
        second.id: ("yes", "waiting", 1),
        third.id: ("yes", "held", 0),
    }
    announcing.edit(meeting.id, seats=None)
    assert seats(meeting)[second.id] == ("yes", "held", 1)
    assert readers("seat", state="queued") == [second.id, third.id]


def test_fewer_seats_take_none_away_and_let_nobody_move_up(clock):
    first, second, third = people.crowd(3)
    meeting = announced_meeting(people=[first, second, third], seats=2)
    for who in (first, second, third):
        say(meeting, who, "yes")
    before = seats(meeting)
    announcing.edit(meeting.id, seats=1)
    assert seats(meeting) == before
    say(meeting, first, "no")
    assert seats(meeting)[third.id] == ("yes", "waiting", 0)
    say(meeting, second, "no")
    assert seats(meeting)[third.id] == ("yes", "held", 0)


def test_more_seats_in_a_draft_a_cancelled_or_a_begun_meeting_seat_nobody(clock):
    first, second = people.crowd(2)
    meeting = announced_meeting(people=[first, second], seats=1)
    for who in (first, second):
        say(meeting, who, "yes")
    clock.set(STARTS)
    announcing.edit(meeting.id, seats=10)
    assert seats(meeting)[second.id] == ("yes", "waiting", 0)
    clock.set(STARTS - timedelta(days=2))
    announcing.cancel(meeting.id)
    announcing.edit(meeting.id, seats=20)
    assert seats(meeting)[second.id] == ("yes", "waiting", 0)


def test_another_deadline_moves_the_end_of_an_invitations_use_along(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    clock.set(INVITED_AT)
    people.plan()
    announcing.edit(meeting.id, answer_until=berlin(2026, 3, 10, 18))
    assert letters_to(katrin)[0].useless_after == berlin(2026, 3, 10, 18)
    with pytest.raises(Refused):
        clock.set(berlin(2026, 3, 10, 18, 1))
        say(meeting, katrin, "yes")


# --- moving -----------------------------------------------------------------------------------------------------------


def test_moving_tells_everyone_invited_or_answering_by_one_letter_and_keeps_their_answers(clock):
    silent, coming, not_coming, waits = people.crowd(4)
    meeting = invited(clock, silent, coming, not_coming, waits, seats=1)
    for who, choice in ((coming, "yes"), (not_coming, "no"), (waits, "yes")):
        say(meeting, who, choice)
    people.send_all()
    before = seats(meeting)
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    assert announcing.touched(meeting) == 4
    assert {who.id: kinds_to(who) for who in (silent, coming, not_coming, waits)} == {
        who.id: ["moved"] for who in (silent, coming, not_coming, waits)
    }
    assert seats(meeting) == before
    (letter,) = letters_to(coming, "moved")
    assert (letter.key, letter.due_at, letter.useless_after) == (
        f"moved:{meeting.id}:{coming.id}:1",
        clock.now,
        NEXT_WEEK + timedelta(hours=2),
    )
    old = {name: letter.facts[name] for name in ("old_starts_at", "old_ends_at", "old_venue", "sequence")}
    assert old == {
        "old_starts_at": STARTS.isoformat(),
        "old_ends_at": (STARTS + timedelta(hours=2)).isoformat(),
        "old_venue": meeting.venue,
        "sequence": 1,
    }


def test_who_never_heard_of_the_meeting_is_not_told_that_it_moved_or_is_off(clock):
    told, queued, outsider = people.katrin(), people.emma(), people.oskar()
    series = people.series()
    meeting = invited(clock, told, of=series)
    people.belong(series, queued)
    clock.advance(hours=1)
    people.plan()
    assert kinds_to(queued) == ["invite"]
    assert announcing.touched(meeting) == 1
    announcing.move(meeting.id, Change(venue=ELSEWHERE))
    assert readers("moved") == [told.id]
    assert kinds_to(queued) == ["invite"]  # which will say where it is now
    announcing.cancel(meeting.id)
    assert readers("cancelled") == [told.id]
    assert (kinds_to(queued), letters_to(outsider)) == ([], [])


def test_who_answered_before_any_letter_left_is_told(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    say(meeting, katrin, "no")
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    assert readers("moved") == [katrin.id]


def test_who_cannot_be_written_to_is_neither_told_nor_counted(clock):
    katrin, left, suppressed = people.katrin(), people.emma(), people.kenji()
    unsubscribed = people.naoko()
    meeting = invited(clock, katrin, left, suppressed, unsubscribed)
    left.standing, unsubscribed.unsubscribed_at = "left", clock.now
    session().execute(update(Address).where(Address.member_id == suppressed.id).values(suppressed_at=clock.now))
    # Who wants no more invitations has the entry in the calendar still.
    assert announcing.touched(meeting) == 2
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    announcing.cancel(meeting.id)
    assert readers("moved") == readers("cancelled") == [katrin.id, unsubscribed.id]


def test_moving_takes_the_same_number_of_statements_for_one_reader_and_for_twenty(clock):
    asked = []
    for number, size in enumerate((1, 20)):
        clock.set(berlin(2026, 2, 1, 9))
        crowd = people.crowd(size)
        meeting = invited(clock, *crowd, of=people.series(f"size-{number}"))
        session().flush()
        with statements() as made:
            announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
            announcing.move(meeting.id, Change(venue=ELSEWHERE))
            announcing.cancel(meeting.id)
        asked.append(len(made))
        assert [len(letters_to(who, "moved", "cancelled")) for who in crowd] == [3] * size
    assert asked[0] == asked[1]


def test_moved_twice_before_the_letter_left_there_is_one_and_it_says_what_was_last_known(clock):
    katrin = people.katrin()
    meeting = invited(clock, katrin)
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 26, 8)))
    announcing.move(meeting.id, Change(venue=ELSEWHERE))
    assert kinds_to(katrin) == ["moved"]
    (facts,) = moved_facts(katrin)
    assert (facts["old_starts_at"], facts["old_venue"]["de"], facts["sequence"]) == (
        STARTS.isoformat(),
        "Haus der Optik, Jena",
        3,
    )
    dropped = [letter.reason for letter in letters_to(katrin, "moved") if letter.state == "dropped"]
    assert dropped == ["overtaken by a later change"] * 2


def test_each_reader_is_told_what_they_last_knew(clock):
    """The letter of the first move had reached Katrin and not Emma when it moved again; and so on."""
    katrin, emma, kenji = people.katrin(), people.emma(), people.kenji()
    meeting = invited(clock, katrin, emma, kenji)
    days = [STARTS, NEXT_WEEK, berlin(2026, 3, 26, 8), berlin(2026, 4, 2, 8)]
    for number, who in ((1, katrin), (2, emma)):
        announcing.move(meeting.id, Change(starts_at=days[number]))
        (letter,) = (letter for letter in letters_to(who, "moved") if letter.state == "queued")
        letter.state, letter.sent_at = "sent", clock.now
        session().flush()
    announcing.move(meeting.id, Change(starts_at=days[3]))
    known = {who.id: [facts["old_starts_at"] for facts in moved_facts(who)] for who in (katrin, emma, kenji)}
    # Katrin's second letter still waited; she knows the day of the first move.
    assert known == {
        katrin.id: [days[1].isoformat()],
        emma.id: [days[2].isoformat()],
        kenji.id: [days[0].isoformat()],
    }
    assert {facts["sequence"] for who in (katrin, emma, kenji) for facts in moved_facts(who)} == {3}


def test_moved_back_before_the_letter_left_nobody_is_told_of_nothing(clock):
    katrin, emma = people.katrin(), people.emma()
    meeting = invited(clock, katrin, emma)
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    letters_to(emma, "moved")[0].state = "sent"
    session().flush()
    announcing.move(meeting.id, Change(starts_at=STARTS))
    assert (kinds_to(katrin), kinds_to(emma)) == ([], ["moved"])
    assert [facts["old_starts_at"] for facts in moved_facts(emma)] == [NEXT_WEEK.isoformat()]


def test_a_letter_on_its_way_while_the_meeting_moves_again_counts_as_read(clock):
    katrin = people.katrin()
    meeting = invited(clock, katrin)
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    assert len(letters.claim("sender")) == 1
    announcing.move(meeting.id, Change(starts_at=berlin(2026, 3, 26, 8)))
    assert [facts["old_starts_at"] for facts in moved_facts(katrin)] == [NEXT_WEEK.isoformat()]


def test_a_move_that_changes_nothing_does_nothing(clock):
    katrin = people.katrin()
    meeting = invited(clock, katrin, wall=datetime(2026, 3, 12, 8))
    same = Change(
        starts_at=STARTS.astimezone(ZoneInfo("Asia/Tokyo")),
        ends_at=STARTS + timedelta(hours=2),
        venue=dict(meeting.venue),
    )
    for change in (same, Change()):
        before = (meeting.version, meeting.sequence, verbs(meeting))
        announcing.move(meeting.id, change)
        assert (meeting.version, meeting.sequence, verbs(meeting)) == before
    assert kinds_to(katrin) == []


def test_the_same_doubled_hour_is_no_move(clock):
    """Two in the morning comes twice on 25 October: Python calls the same moment in two zones unequal there."""
    clock.set(berlin(2026, 10, 1, 9))
    meeting = announced_meeting(people.event(), datetime(2026, 10, 25, 2, 30))
    announcing.move(meeting.id, Change(starts_at=datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))))
    assert meeting.sequence == 0


def test_the_place_moves_alone(clock):
    katrin = people.katrin()
    meeting = invited(clock, katrin)
    times, moments = (meeting.starts_at, meeting.ends_at, meeting.answer_until), people.moments(meeting)
    announcing.move(meeting.id, Change(venue=ELSEWHERE))
    assert (meeting.venue, meeting.sequence) == (ELSEWHERE, 1)
    assert (meeting.starts_at, meeting.ends_at, meeting.answer_until) == times
    assert (people.moments(meeting), meeting.path) == (moments, "2026-03-12-asanokai")
    announcing.move(meeting.id, Change(venue={}))
    assert (meeting.venue, meeting.sequence) == (None, 2)


def test_a_draft_moves_silently(clock):
    series, katrin = people.series(), people.katrin()
    people.belong(series, katrin)
    draft = people.meeting(series)
    session().flush()
    announcing.move(draft.id, Change(starts_at=NEXT_WEEK, venue=ELSEWHERE))
    assert (draft.starts_at, draft.venue, draft.sequence, draft.state) == (NEXT_WEEK, ELSEWHERE, 0, "draft")
    assert (people.moments(draft), letters_to(katrin)) == ({}, [])
    announcing.move(draft.id, Change(starts_at=berlin(2026, 1, 8, 8)))
    assert draft.starts_at == berlin(2026, 1, 8, 8)


@pytest.mark.parametrize("state", ["cancelled", "held"])
def test_what_is_over_or_cancelled_does_not_move(clock, state):
    meeting = in_state(state, clock)
    with pytest.raises(Refused):
        announcing.move(meeting.id, Change(starts_at=clock.now + timedelta(days=7)))
    assert meeting.starts_at == STARTS


def test_what_is_over_does_not_move_although_nobody_has_called_it_held_yet(clock):
    meeting = invited(clock, people.katrin())
    clock.set(meeting.ends_at)
    with pytest.raises(Refused):
        announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    assert (meeting.state, meeting.starts_at) == ("announced", STARTS)


def test_an_announced_meeting_does_not_move_into_the_past(clock):
    meeting = invited(clock, people.katrin())
    clock.set(berlin(2026, 3, 5, 9))
    for moment in (berlin(2026, 3, 4, 8), clock.now):
        with pytest.raises(BadInput) as refused:
            announcing.move(meeting.id, Change(starts_at=moment))
        assert refused.value.field == "starts"
    assert (meeting.starts_at, meeting.sequence) == (STARTS, 0)


def test_a_journey_under_way_may_still_change_its_place_and_its_end(clock):
    katrin = people.katrin()
    clock.set(berlin(2026, 3, 2, 9))
    journey = announced_meeting(
        people.event(minutes=4 * 24 * 60), datetime(2026, 3, 23, 9), people=[katrin], venue={"de": "Jena"}
    )
    people.plan()
    people.send_all()
    clock.set(berlin(2026, 3, 24, 12))
    announcing.move(journey.id, Change(venue=ELSEWHERE, ends_at=berlin(2026, 3, 28, 18)))
    assert (journey.starts_at, journey.ends_at) == (berlin(2026, 3, 23, 9), berlin(2026, 3, 28, 18))
    (letter,) = letters_to(katrin, "moved")
    assert letter.useless_after == berlin(2026, 3, 28, 18)
    with pytest.raises(BadInput):
        announcing.move(journey.id, Change(ends_at=clock.now))


@pytest.mark.parametrize(
    ("old", "new", "ends"),
    [
        (datetime(2026, 3, 9, 9), berlin(2026, 3, 27, 9), berlin(2026, 3, 30, 18)),
        (datetime(2026, 3, 27, 9), berlin(2026, 4, 7, 10), berlin(2026, 4, 10, 19)),
        (datetime(2026, 10, 5, 9), berlin(2026, 10, 23, 9), berlin(2026, 10, 26, 18)),
        (datetime(2026, 10, 23, 9), berlin(2026, 11, 2, 9), berlin(2026, 11, 5, 18)),
    ],
)
def test_a_journey_moved_onto_or_off_a_clock_change_ends_at_the_same_hour_of_its_last_day(clock, old, new, ends):
    journey = announced_meeting(people.event(minutes=3 * 24 * 60 + 9 * 60), old)
    announcing.move(journey.id, Change(starts_at=new))
    assert (journey.starts_at, journey.ends_at) == (new, ends)
    deadline = new.astimezone(ZoneInfo("Europe/Berlin")).date() - timedelta(days=1)
    assert journey.answer_until == berlin(deadline.year, deadline.month, deadline.day, 12)


def test_a_night_moved_onto_a_clock_change_lasts_as_many_hours(clock):
    night = announced_meeting(people.event(minutes=5 * 60), datetime(2026, 3, 20, 23))
    announcing.move(night.id, Change(starts_at=datetime(2026, 3, 28, 23, tzinfo=ZoneInfo("Europe/Berlin"))))
    assert (night.starts_at, night.ends_at) == (berlin(2026, 3, 28, 23), berlin(2026, 3, 29, 5))


def test_a_meeting_in_japan_keeps_its_japanese_deadline(clock):
    online = announced_meeting(people.series("online", zone="Asia/Tokyo"), datetime(2026, 3, 12, 8))
    announcing.move(online.id, Change(starts_at=tokyo(2026, 4, 2, 7)))
    assert (online.answer_until, online.local_date) == (tokyo(2026, 4, 1, 12), date(2026, 4, 2))
    assert people.moments(online)["eve", 1] == (tokyo(2026, 4, 1, 17), False)


def test_letters_that_wait_are_of_use_until_the_new_deadline_and_the_new_end(clock):
    katrin, emma = people.katrin(), people.emma()
    meeting = announced_meeting(people=[katrin, emma])
    clock.set(INVITED_AT)
    people.plan()
    say(meeting, emma, "yes")
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    assert [(letter.kind, letter.useless_after) for letter in letters_to(emma)] == [
        ("invite", berlin(2026, 3, 18, 12)),
        ("confirm", NEXT_WEEK + timedelta(hours=2)),
        ("moved", NEXT_WEEK + timedelta(hours=2)),
    ]


# --- SEQUENCE ---------------------------------------------------------------------------------------------------------


def test_what_each_reader_gets_rises_with_every_change_and_never_falls(clock):
    """One reader's own entry was ahead, because an answer went from no to yes."""
    katrin, emma = people.katrin(), people.emma()
    meeting = invited(clock, katrin, emma)
    seen = {who.id: [] for who in (katrin, emma)}

    def note():
        for who in (katrin, emma):
            rsvp = rsvps.required(meeting.id, who.id)
            session().refresh(rsvp)
            seen[who.id].append(max(meeting.sequence, rsvp.sequence))

    note()
    for choice in ("no", "yes", "no", "yes"):
        say(meeting, katrin, choice)
    note()
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    note()
    announcing.move(meeting.id, Change(venue=ELSEWHERE))
    note()
    say(meeting, emma, "no")
    announcing.edit(meeting.id, seats=5)
    note()
    announcing.cancel(meeting.id)
    note()
    assert seen == {katrin.id: [0, 2, 3, 4, 4, 5], emma.id: [0, 0, 1, 2, 2, 3]}


# --- cancelling -------------------------------------------------------------------------------------------------------


def test_cancelling_tells_everyone_who_was_written_to_once_and_keeps_the_answers(clock):
    silent, coming = people.katrin(), people.emma()
    meeting = invited(clock, silent, coming)
    say(meeting, coming, "yes")
    people.send_all()
    before = seats(meeting)
    announcing.cancel(meeting.id, reason={"de": "Krankheit", "en": ""})
    assert (meeting.state, meeting.cancelled_at, meeting.reason, meeting.sequence) == (
        "cancelled",
        clock.now,
        {"de": "Krankheit"},
        1,
    )
    assert seats(meeting) == before
    for who in (silent, coming):
        (letter,) = letters_to(who, "cancelled")
        assert (letter.key, letter.state, letter.due_at, letter.useless_after) == (
            f"cancelled:{meeting.id}:{who.id}",
            "queued",
            clock.now,
            meeting.ends_at,
        )


def test_a_cancellation_drops_what_was_still_to_be_sent(clock):
    katrin, emma, kenji = people.katrin(), people.emma(), people.kenji()
    series = people.series(seats=1)
    other = announced_meeting(people.event(), people=[katrin])
    say(other, katrin, "yes")
    meeting = invited(clock, katrin, of=series)
    people.belong(series, emma, kenji)
    clock.advance(hours=1)
    people.plan()
    say(meeting, emma, "yes")
    say(meeting, kenji, "yes")
    say(meeting, emma, "no")
    announcing.move(meeting.id, Change(venue=ELSEWHERE))
    announcing.cancel(meeting.id)
    waiting = session().scalars(select(Letter).where(Letter.meeting_id == meeting.id, Letter.state == "queued"))
    assert sorted((letter.kind, letter.member_id) for letter in waiting) == sorted(
        ("cancelled", who.id) for who in (katrin, emma, kenji)
    )
    reasons = {
        letter.kind: letter.reason
        for who in (katrin, emma, kenji)
        for letter in letters_to(who)
        if letter.state == "dropped" and letter.meeting_id == meeting.id
    }
    assert reasons == dict.fromkeys(("invite", "confirm", "waiting", "seat", "moved"), "the meeting was cancelled")


def test_moved_and_then_cancelled_before_the_letter_left_there_is_only_the_cancellation(clock):
    katrin = people.katrin()
    meeting = invited(clock, katrin)
    announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    announcing.cancel(meeting.id)
    assert (kinds_to(katrin), meeting.sequence) == (["cancelled"], 2)


def test_after_a_cancellation_there_is_nothing_more(clock):
    katrin, emma = people.katrin(), people.emma()
    series = people.series(seats=1)
    meeting = invited(clock, katrin, emma, of=series)
    say(meeting, katrin, "yes")
    say(meeting, emma, "yes")
    announcing.cancel(meeting.id)
    people.send_all()
    people.belong(series, people.kenji())
    announcing.edit(meeting.id, seats=10, answer_until=STARTS)
    for choice in ("yes", "no"):
        with pytest.raises(Refused):
            say(meeting, emma, choice)
    with pytest.raises(Refused):
        announcing.move(meeting.id, Change(starts_at=NEXT_WEEK))
    with pytest.raises(Refused):
        announcing.cancel(meeting.id)
    for day in range(30):
        clock.set(INVITED_AT + timedelta(days=day, hours=8))
        assert people.plan() == 0
    assert session().scalar(select(Letter.id).where(Letter.state == "queued")) is None


@pytest.mark.parametrize("state", ["draft", "cancelled", "held"])
def test_only_an_announced_meeting_is_cancelled(clock, state):
    meeting = in_state(state, clock)
    session().flush()
    sequence = meeting.sequence
    with pytest.raises(Refused):
        announcing.cancel(meeting.id)
    assert (meeting.state, meeting.sequence) == (state, sequence)


def test_a_meeting_is_cancelled_until_its_very_end(clock):
    meeting = invited(clock, people.katrin())
    clock.set(meeting.ends_at)
    with pytest.raises(Refused):
        announcing.cancel(meeting.id)
    clock.set(meeting.ends_at - timedelta(seconds=1))
    announcing.cancel(meeting.id)
    assert readers("cancelled") == [people.katrin().id]


# --- pausing, dropping ------------------------------------------------------------------------------------------------


def test_a_pause_is_noted_and_ended(clock):
    meeting = announced_meeting()
    announcing.pause(meeting.id, True)
    assert meeting.paused_at == clock.now
    announcing.pause(meeting.id, False)
    assert meeting.paused_at is None
    assert verbs(meeting)[-2:] == ["pause", "resume"]


def test_a_dropped_draft_is_cancelled_was_never_announced_and_nobody_is_told(clock):
    series, katrin = people.series(), people.katrin()
    people.belong(series, katrin)
    draft = people.meeting(series)
    session().flush()
    meetings.delete_draft(draft, actor_id=None)
    assert (draft.state, draft.public, draft.announced_at, draft.sequence) == ("cancelled", True, None, 0)
    with pytest.raises(Refused):
        announcing.announce(draft.id)
    clock.set(INVITED_AT)
    assert (people.plan(), letters_to(katrin)) == (0, [])


def test_a_draft_that_was_announced_meanwhile_is_not_dropped(clock):
    draft = people.meeting()
    session().flush()
    table = meetings.Meeting.__table__
    session().execute(table.update().where(table.c.id == draft.id).values(state="announced"))
    assert draft.state == "draft"  # as the other coordinator's page still has it
    with pytest.raises(Refused):
        meetings.delete_draft(draft, actor_id=None)
    assert draft.state == "announced"


# --- the journal ------------------------------------------------------------------------------------------------------


def test_every_verb_stands_in_the_journal(clock):
    ludwig = people.ludwig()
    draft = people.meeting()
    session().flush()
    announcing.announce(draft.id, actor_id=ludwig.id)
    announcing.edit(draft.id, seats=3, actor_id=ludwig.id)
    announcing.move(draft.id, Change(starts_at=NEXT_WEEK), actor_id=ludwig.id)
    announcing.pause(draft.id, True, actor_id=ludwig.id)
    announcing.cancel(draft.id, actor_id=ludwig.id)
    assert verbs(draft) == ["add", "announce", "edit", "move", "pause", "cancel"]


def test_changing_a_series_keeps_what_its_meetings_have(clock):
    series = people.series()
    meeting = announced_meeting(series)
    draft = people.meeting(series, FIRST_MORNING.replace(month=4, day=9))
    session().flush()
    kept = [(one.seats, one.zone, one.ends_at, one.answer_until, one.venue) for one in (meeting, draft)]
    moments = people.moments(meeting)
    announcing.change_series(
        series.id, seats=7, zone="Asia/Tokyo", minutes=30, deadline="5 days before at 12:00", venue=ELSEWHERE
    )
    assert (series.seats, series.minutes, series.venue) == (7, 30, ELSEWHERE)
    assert [(one.seats, one.zone, one.ends_at, one.answer_until, one.venue) for one in (meeting, draft)] == kept
    assert people.moments(meeting) == moments
    with pytest.raises(BadInput):
        announcing.change_series(series.id, plan={"invite": "bald"})
    assert session().scalar(select(Rsvp.id)) is None
