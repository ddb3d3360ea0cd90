"""Many at once, in processes of their own and on both databases: seats, the line, letters and members stay exact.

No request may fail here: nobody is told to try again because somebody else was quicker. The processes are started once
and wait for each other before every race.
"""

import multiprocessing
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pyotp
import pytest
from flask import Flask, current_app
from sqlalchemy import func, select, update

from asanokai import announcing, applying, clock, db, factors, letters, meetings, members, merging, proposals, rsvps
from asanokai import series as series_rules
from asanokai.app import create_app
from asanokai.composing import Dropped
from asanokai.db import session, transaction
from asanokai.errors import Refused
from asanokai.invitations import Night
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Application, Member
from asanokai.proposals import Vote, Words
from asanokai.rsvps import Rsvp, replay
from asanokai.worker import plan_step
from tests import people
from tests.grounds import LONG
from tests.people import berlin, crowd
from tests.test_journal import replayed

pytestmark = pytest.mark.timeout(600 if LONG else 180)

PROCESSES = 4
TOGETHER = 60
"""Seconds that the processes wait for each other, and that a race may take."""

INVITED_AT = berlin(2026, 2, 19, 9)


# --- the processes ----------------------------------------------------------------------------------------------------


class Task(NamedTuple):
    """What one process is to do: each step in turn, by a function of this module."""

    config: Any
    now: datetime
    act: Callable[..., Any]
    steps: Sequence[tuple[Any, ...]]


_gate: Any = None


def join_the_crew(gate: Any) -> None:
    global _gate
    _gate = gate


def run(task: Task) -> tuple[list[Any], list[str]]:
    """In a process of its own: what each step came to, and the story of what went wrong."""
    clock.use(lambda: task.now)
    app = create_app(task.config)
    came_to, wrong = [], []
    with app.app_context():
        _gate.wait(TOGETHER)
        for step in task.steps:
            try:
                came_to.append(task.act(*step))
            except Exception:
                wrong.append(traceback.format_exc())
        db.db.session.remove()
        db.dispose()
    return came_to, wrong


@pytest.fixture(scope="module")
def crew() -> Iterator[Any]:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(PROCESSES, join_the_crew, (spawn.Barrier(PROCESSES),)) as pool:
        yield pool


Race = Callable[..., list[list[Any]]]


@pytest.fixture
def race(crew: Any, app: Flask, config: Any) -> Race:
    """Runs (function, steps) at once, one for each process; what their steps came to. Fails if any step failed."""

    def race(*lanes: tuple[Callable[..., Any], Sequence[tuple[Any, ...]]]) -> list[list[Any]]:
        assert len(lanes) == PROCESSES
        session().rollback()
        tasks = [Task(config, clock.now(), act, steps) for act, steps in lanes]
        done = crew.map_async(run, tasks, chunksize=1).get(TOGETHER * 2)
        wrong = [story for _came_to, stories in done for story in stories]
        assert wrong == [], wrong[0]
        return [came_to for came_to, _wrong in done]

    return race


def lanes_of(act: Callable[..., Any], steps: Sequence[tuple[Any, ...]]) -> list[tuple[Any, list[tuple[Any, ...]]]]:
    """The steps dealt out like cards, one hand for each process."""
    return [(act, list(steps[place::PROCESSES])) for place in range(PROCESSES)]


# --- what they do -----------------------------------------------------------------------------------------------------


def set_a_factor(member_id: int) -> int:
    """Begin and confirm, each in a request of its own; how often it could be confirmed."""
    vault = current_app.extensions["vault"]
    try:
        with transaction():
            factors.begin(member_id, vault)
        with transaction():
            secret = factors.waiting_secret(member_id, vault)
            return int(bool(secret and factors.confirm(member_id, pyotp.TOTP(secret).at(clock.now()), vault)))
    except Refused:
        return 0


def answer(meeting_id: int, member_id: int, choice: str, guests: int = 0) -> bool:
    with transaction():
        meetings.by_id(meeting_id)  # a page has looked at it before it is locked
        return rsvps.answer(meeting_id, member_id, choice, guests=guests, by="link").changed


def answer_or_be_refused(meeting_id: int, member_id: int, choice: str, guests: int = 0) -> bool:
    try:
        return answer(meeting_id, member_id, choice, guests)
    except Refused:
        return False


def give_seats(meeting_id: int, seats: int) -> None:
    with transaction():
        announcing.edit(meeting_id, seats=seats)


def let_offers_run_out(meeting_id: int) -> int:
    with transaction():
        return rsvps.expire_offers(meeting_id)


def vote_or_be_refused(series_id: int, proposal_id: int, member_id: int) -> bool:
    try:
        with transaction():
            proposals.vote(series_rules.by_id(series_id), proposal_id, member_id)
            return True
    except Refused:
        return False


def merge(series_id: int, proposal_id: int, into_id: int) -> None:
    with transaction():
        proposals.merge(series_rules.by_id(series_id), proposal_id, into_id, actor_id=None)


def plan() -> int:
    return plan_step(Night())


def claim(name: str, size: int) -> list[int]:
    with transaction():
        letters.release_expired()
        return letters.claim(name, size)


def deliver(name: str) -> int:
    """Claim what is due and write it out, as a sender does, but send nothing."""
    with transaction():
        claimed = letters.claim(name, 50)
        gathered = current_app.extensions["composer"].gather(claimed)
    for work in gathered:
        with transaction():
            letters.settle(work.letter_id, "dropped" if isinstance(work, Dropped) else "sent", by=name)
    return len(gathered)


def apply(typed: str, series_id: int, meeting_id: int | None, message: str = "") -> int:
    with transaction():
        return applying.apply(
            {"family": "Neumann", "given": "Frieda", "language": "de"},
            typed,
            series_id=series_id,
            meeting_id=meeting_id,
            message=message,
            consent_text="Ja.",
            consent_version="1",
            from_address=None,
        ).id


# --- what is seen afterwards ------------------------------------------------------------------------------------------


def meeting_for(cast: Sequence[Member], **values: Any) -> int:
    return people.announced_meeting(people=cast, **values).id


def the_seats_are_exact(meeting_id: int) -> None:
    """No seat too many, none empty that somebody in line could have, and the journal tells how it came to that."""
    meeting = session().get_one(Meeting, meeting_id, populate_existing=True)
    line = rsvps.waiting(meeting_id)
    assert meeting.seats is not None
    free = meeting.seats - rsvps.taken(meeting_id)
    assert free >= 0
    assert [row.member_id for row in line if row.party <= free] == []
    assert replayed(meeting_id) == (people.seats(meeting), [row.member_id for row in line])


def everybody_was_told_how_it_stands(meeting_id: int) -> None:
    """One letter for each revision, the last of the kind that fits."""
    for row in session().scalars(select(Rsvp).where(Rsvp.meeting_id == meeting_id)):
        told = session().scalars(
            select(Letter.key)
            .where(Letter.meeting_id == meeting_id, Letter.member_id == row.member_id)
            .where(Letter.kind.in_(("confirm", "waiting", "seat")))
        )
        revisions = sorted((int(key.rpartition(":")[2]), key.partition(":")[0]) for key in told)
        assert [revision for revision, _kind in revisions] == list(range(1, row.revision + 1))
        assert revisions[-1][1] in (("waiting",) if row.seat == "waiting" else ("confirm", "seat"))


def count(what: Any, *criteria: Any) -> int:
    return session().scalar(select(func.count()).select_from(what).where(*criteria)) or 0


# --- seats ------------------------------------------------------------------------------------------------------------


def test_a_second_factor_that_is_set_stays_whoever_begins_again_at_that_moment(app, race):
    with transaction():
        numbers = [member.id for member in crowd(20)]
    came_to = race(*[(set_a_factor, [(number,) for number in numbers])] * PROCESSES)
    with db.reading():
        assert {number: factors.codes_left(number) for number in numbers} == dict.fromkeys(numbers, factors.CODES)
        assert [factors.of(number) is not None for number in numbers] == [True] * len(numbers)
    # Whose codes were shown has the factor that is set, and nobody else was shown any.
    assert [sum(place) for place in zip(*came_to, strict=True)] == [1] * len(numbers)


def test_ninety_who_answer_at_once_get_forty_seats_and_each_one_place(app, race):
    with transaction():
        cast = crowd(90)
        meeting_id = meeting_for(cast, seats=40)
        asking = [(meeting_id, who.id, "yes", int(place % 5 == 0)) for place, who in enumerate(cast)]
    race(*lanes_of(answer, asking))
    the_seats_are_exact(meeting_id)
    everybody_was_told_how_it_stands(meeting_id)
    rows = session().scalars(select(Rsvp).where(Rsvp.meeting_id == meeting_id)).all()
    assert sorted(row.turn or 0 for row in rows) == list(range(1, 91))
    assert {row.member_id: row.guests for row in rows} == {member: guests for _of, member, _yes, guests in asking}
    assert rsvps.taken(meeting_id) == 40
    assert count(Letter) == count(Entry, Entry.verb == "answer") == 90
    line = rsvps.waiting(meeting_id)
    assert [row.turn for row in line] == sorted(row.turn or 0 for row in line)


def test_the_same_click_in_several_processes_is_one_answer(app, race):
    with transaction():
        cast = crowd(12)
        meeting_id = meeting_for(cast, seats=8)
        clicks = [(meeting_id, who.id, "yes", place % 2) for place, who in enumerate(cast)]
    came_to = race(*[(answer, clicks)] * PROCESSES)
    assert [sum(changed) for changed in zip(*came_to, strict=True)] == [1] * len(cast)
    the_seats_are_exact(meeting_id)
    assert set(session().execute(select(Rsvp.answer, Rsvp.revision))) == {("yes", 1)}
    assert (count(Rsvp), count(Letter), count(Entry, Entry.verb == "answer")) == (12, 12, 12)


def test_different_clicks_of_one_member_are_taken_one_after_the_other(app, race):
    with transaction():
        (who,) = crowd(1)
        meeting_id = meeting_for([who], seats=8)
    clicks = [(meeting_id, who.id, choice, guests) for choice, guests in (("yes", 0), ("no", 0), ("yes", 1))] * 4
    came_to = race(*[(answer, clicks)] * PROCESSES)
    row = session().scalars(select(Rsvp)).one()
    assert row.revision == sum(map(sum, came_to)) == count(Entry, Entry.verb == "answer") == count(Letter)
    the_seats_are_exact(meeting_id)


def test_while_some_give_seats_back_and_some_ask_the_line_moves_up_in_order(app, race):
    with transaction():
        seated, waiting, coming = crowd(20), crowd(20), crowd(16)
        meeting_id = meeting_for([*seated, *waiting, *coming], seats=30, guests_allowed=2)
        for place, who in enumerate([*seated, *waiting]):
            rsvps.answer(meeting_id, who.id, "yes", guests=place % 3 % 2 + place % 7 // 6, by="page")
        before = [row.member_id for row in rsvps.waiting(meeting_id)]
        held = [
            member for member, row in people.seats(session().get_one(Meeting, meeting_id)).items() if row[1] == "held"
        ]
        leaving = [*held[::2], *before[::4]]
        steps = [(meeting_id, member, "no") for member in leaving]
        steps += [(meeting_id, who.id, "yes", place % 3) for place, who in enumerate(coming)]
    race(*lanes_of(answer, steps))
    the_seats_are_exact(meeting_id)
    everybody_was_told_how_it_stands(meeting_id)
    line = [row.member_id for row in rsvps.waiting(meeting_id)]
    stayed = [member for member in before if member in line]
    assert line[: len(stayed)] == stayed
    assert set(line[len(stayed) :]) <= {who.id for who in coming}
    assert count(Rsvp) == 56
    promoted = set(session().scalars(select(Letter.member_id).where(Letter.kind == "seat")))
    seated_now = set(session().scalars(select(Rsvp.member_id).where(Rsvp.seat == "held")))
    assert {member for member in before if member in seated_now} <= promoted
    assert len(promoted) == count(Letter, Letter.kind == "seat") >= 1


def test_while_the_seats_are_changed_no_step_gives_more_than_there_are(app, race):
    numbers = [12, 3, 20, 8, 25, 1, 15, 10]
    with transaction():
        cast = crowd(45)
        meeting_id = meeting_for(cast, seats=6, guests_allowed=2)
        asking = [(meeting_id, who.id, "yes", place % 3) for place, who in enumerate(cast)]
        wavering = [(meeting_id, who.id, choice, 0) for who in cast[::4] for choice in ("yes", "no")]
    race(
        (answer_or_be_refused, asking[::2]),
        (answer_or_be_refused, asking[1::2]),
        (answer_or_be_refused, wavering),
        (give_seats, [(meeting_id, seats) for seats in numbers]),
    )
    everybody_was_told_how_it_stands(meeting_id)
    meeting = session().get_one(Meeting, meeting_id, populate_existing=True)
    assert meeting.seats == numbers[-1]
    line = rsvps.waiting(meeting_id)
    free = meeting.seats - rsvps.taken(meeting_id)
    assert [row.member_id for row in line if row.party <= free] == []
    assert replayed(meeting_id) == (people.seats(meeting), [row.member_id for row in line])
    assert no_step_gave_too_many(meeting_id, 6) == numbers


def test_while_offers_run_out_and_are_taken_too_late_each_seat_goes_to_one(app, race):
    with transaction():
        seated, waiting, coming = crowd(10), crowd(14), crowd(8)
        series = people.series(offers="14 days before at 09:00")
        meeting_id = meeting_for([*seated, *waiting, *coming], of=series, seats=10)
        for who in [*seated, *waiting]:
            rsvps.answer(meeting_id, who.id, "yes", by="page")
        clock.use(lambda: berlin(2026, 3, 2, 9))
        for who in seated[:6]:
            rsvps.answer(meeting_id, who.id, "no", by="page")
        asked = [who.id for who in waiting[:6]]
        assert [row.member_id for row in rsvps.waiting(meeting_id)] == [who.id for who in waiting[6:]]
    clock.use(lambda: berlin(2026, 3, 6, 9))
    steps = [(meeting_id, member, "yes") for member in asked] + [(meeting_id, who.id, "yes") for who in coming]
    came_to = race(
        (let_offers_run_out, [(meeting_id,)] * 6),
        (let_offers_run_out, [(meeting_id,)] * 6),
        (answer, steps[::2]),
        (answer, steps[1::2]),
    )
    assert sum(came_to[0]) + sum(came_to[1]) in (0, 6)  # or whoever answered first saw them run out
    told = replay.replay(meeting_id)
    assert told == replay.standing_now(meeting_id)
    assert [told[member].passes for member in asked] == [1] * 6
    assert {told[who.id].seat for who in waiting[6:12]} == {"offered"}
    assert rsvps.taken(meeting_id) == 10
    assert replay.line(told) == [row.member_id for row in rsvps.waiting(meeting_id)]


def no_step_gave_too_many(meeting_id: int, seats: int) -> list[int]:
    """Walk through the journal: after every entry no more is taken than there is, or than was before. The numbers of
    seats that were set, in their order."""
    parties: dict[int, int] = {}
    numbers = []
    for entry in session().scalars(select(Entry).order_by(Entry.id)):
        before, facts = sum(parties.values()), entry.facts or {}
        if (entry.verb, entry.object, entry.object_id) == ("edit", "meeting", meeting_id):
            seats = facts["seats"]
            numbers.append(seats)
        if entry.object == "rsvp":
            held = facts["seat"] in ("held", "offered")
            parties[facts["member"]] = 1 + facts["guests"] if held else 0
        assert sum(parties.values()) <= max(seats, before)
    return numbers


# --- letters ----------------------------------------------------------------------------------------------------------


def test_no_letter_is_claimed_by_two_and_none_is_left(app, race):
    size, each = 7, (400 if LONG else 240) // 7 + 1
    with transaction():
        for number in range(each * size):
            letters.post("sign_in" if number % 9 == 0 else "invite", f"letter:{number}")
        # A sender that died holds some of them; its lease has run out.
        session().execute(
            update(Letter)
            .where(Letter.id % 5 == 0)
            .values(state="claimed", claimed_by="dead", claimed_until=clock.now() - timedelta(seconds=1))
        )
    claims = race(*[(claim, [(f"sender {number}", size)] * each) for number in range(PROCESSES)])
    won = [{letter for batch in batches for letter in batch} for batches in claims]
    assert Counter(letter for mine in won for letter in mine) == Counter(session().scalars(select(Letter.id)))
    assert max(len(batch) for batches in claims for batch in batches) == size
    rows = session().execute(select(Letter.id, Letter.claimed_by, Letter.state, Letter.attempts))
    assert {tuple(row) for row in rows} == {
        (letter, f"sender {number}", "claimed", 1) for number, mine in enumerate(won) for letter in mine
    }


def test_planners_at_once_and_people_who_answer_meanwhile_double_nothing(app, race, clock):
    with transaction():
        cast = crowd(60)
        meeting_id = meeting_for(cast, seats=20)
        answering = [(meeting_id, who.id, "yes") for who in cast[::2]]
    clock.set(INVITED_AT)
    planned = race((plan, [()] * 5), (plan, [()] * 5), (answer, answering[::2]), (answer, answering[1::2]))
    # Where each planner found the other at work, the next beat comes back to it.
    assert sum(planned[0] + planned[1]) + plan() == len(cast)
    assert plan() == 0
    assert people.readers("invite") == sorted(who.id for who in cast)
    the_rows = session().execute(select(Rsvp.member_id, Rsvp.answer, Rsvp.invited_at).order_by(Rsvp.member_id))
    assert [tuple(row) for row in the_rows] == [
        (who.id, "yes" if place % 2 == 0 else "invited", INVITED_AT) for place, who in enumerate(cast)
    ]
    assert rsvps.taken(meeting_id) == 20
    assert count(Letter, Letter.kind.in_(("confirm", "waiting"))) == len(answering)


# --- members ----------------------------------------------------------------------------------------------------------


def test_applications_by_one_address_at_once_make_one_member_and_one_application_each(app, race):
    with transaction():
        series = people.series()
        meeting_id = people.announced_meeting(series).id
        wishes = [(series.id, None), (series.id, meeting_id)] * 3
    typed = ("frieda@weimar.example", "Frieda@Weimar.example", " FRIEDA@weimar.example", "frieda@WEIMAR.EXAMPLE ")
    came_to = race(*[(apply, [(address, *wish) for wish in wishes]) for address in typed])
    (for_the_series, for_the_meeting) = session().scalars(
        select(Application.id).order_by(Application.meeting_id.desc())
    )
    assert {number for numbers in came_to for number in numbers} == {for_the_series, for_the_meeting}
    assert (count(Member), list(session().scalars(select(Address.normal)))) == (1, ["frieda@weimar.example"])
    assert set(session().scalars(select(Application.member_id))) == set(session().scalars(select(Member.id)))
    letter = Letter.facts["application"].as_integer()
    states = session().execute(select(letter, Letter.state, func.count()).group_by(letter, Letter.state))
    assert {tuple(row) for row in states} == {
        (number, state, times)
        for number in (for_the_series, for_the_meeting)
        for state, times in (("queued", 1), ("dropped", 11))
    }


def test_who_applies_again_while_the_earlier_letter_is_leaving_is_not_held_up(app, race):
    with transaction():
        number = people.series().id
    applying_again = [("frieda@weimar.example", number, None, f"{time}. Versuch") for time in range(12)]
    race((apply, applying_again), (apply, applying_again), (deliver, [("one",)] * 24), (deliver, [("other",)] * 24))
    deliver("last")
    assert count(Application) == 1
    assert count(Letter, Letter.kind == "opt_in") == 24
    states = set(session().scalars(select(Letter.state)))
    assert states <= {"sent", "dropped"}
    assert session().scalar(select(Letter.state).order_by(Letter.id.desc()).limit(1)) == "sent"


def merge_rows_or_be_refused(kept_id: int, other_id: int) -> int | None:
    try:
        with transaction():
            members.by_id(kept_id), members.by_id(other_id)  # a page has looked at both
            return merging.merge(kept_id, other_id, {}, actor_id=kept_id).id
    except Refused:
        return None


def test_two_rows_merged_both_ways_at_once_leave_one_of_them(app, race):
    with transaction():
        pairs = [(one.id, other.id) for one, other in zip(crowd(8), crowd(8), strict=True)]
    back = [(other, one) for one, other in pairs]
    came_to = race(*[(merge_rows_or_be_refused, way) for way in (pairs, back, pairs, back)])
    for place, pair in enumerate(pairs):
        (kept,) = {told[place] for told in came_to} - {None}
        states = dict(session().execute(select(Member.id, Member.standing).where(Member.id.in_(pair))).all())
        assert states == {number: "accepted" if number == kept else "erased" for number in pair}


def test_no_vote_is_lost_or_counted_twice_while_proposals_are_merged(app, race):
    with transaction():
        series, cast = people.series(), crowd(20)
        number = series.id
        one, into = (proposals.propose(series, cast[place].id, Words({"de": "Licht"})).id for place in (0, 1))
        voters = [member.id for member in cast]
    votes = [(number, one, voter) for voter in voters]
    came_to = race(
        (vote_or_be_refused, votes[::2]),
        (vote_or_be_refused, votes[1::2]),
        (vote_or_be_refused, [(number, into, voter) for voter in voters[:5] * 2]),
        (merge, [(number, one, into)]),
    )
    kept = {
        voter
        for hand, told in zip((voters[::2], voters[1::2]), came_to[:2], strict=True)
        for voter, taken in zip(hand, told, strict=True)
        if taken
    }
    counted = session().execute(select(Vote.proposal_id, Vote.member_id)).all()
    assert sorted(counted) == sorted((into, voter) for voter in kept | {voters[0], *voters[:5]})


def test_whoever_is_just_being_sent_an_invitation_is_told_that_the_meeting_is_off(app, clock):
    with db.transaction():
        meeting_id = people.announced_meeting(people=[people.emma()]).id
    clock.set(people.berlin(2026, 2, 19, 9))
    with db.transaction():
        people.plan()

    def call_off():
        with app.app_context(), db.transaction():
            announcing.cancel(meeting_id)

    caller = threading.Thread(target=call_off)
    with db.transaction():
        # PostgreSQL has the canceller wait for this claim; SQLite does not let it begin before the claim has ended.
        assert len(letters.claim("a sender")) == 1
        caller.start()
        caller.join(0.5)
        assert caller.is_alive()
    caller.join(20)
    with db.reading() as session:
        told = session.execute(select(Letter.kind, Letter.state).order_by(Letter.id)).all()
    assert [tuple(row) for row in told] == [("invite", "claimed"), ("cancelled", "queued")]
