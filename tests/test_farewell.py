"""Who left is told a month before their data is deleted, once, and nothing goes before that."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from asanokai import leaving, letters, members, retention, worker
from asanokai.db import reading, session, transaction
from asanokai.invitations import Night
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Member
from asanokai.retention import Letters
from asanokai.worker import send_due
from tests import people
from tests.pages import Reader
from tests.people import berlin
from tests.test_cli import Shell
from tests.world import plain

LEFT_AT = berlin(2026, 2, 1, 12)
LIMIT = 365
TOLD_AT = LEFT_AT + timedelta(days=LIMIT - 31)


@pytest.fixture
def emma_id(app, clock) -> int:
    """Emma has left; her data is kept for a year."""
    clock.set(LEFT_AT)
    with transaction():
        people.ludwig()
        emma = people.emma()
        leaving.leave(emma, actor_id=emma.id)
        return emma.id


def standing(member_id: int) -> str:
    with reading():
        return session().get_one(Member, member_id).standing


def told() -> list[tuple[str, datetime]]:
    """The letters that say so: how far they are, and from when on they may go."""
    with reading():
        query = select(Letter.state, Letter.due_at).where(Letter.kind == "erased_soon").order_by(Letter.id)
        return [(state, due_at) for state, due_at in session().execute(query)]


def night(clock, moment: datetime) -> None:
    """The run of that night, and the mail of the morning after it."""
    clock.set(moment)
    retention.remove()


def deliver(app, clock, moment: datetime) -> None:
    clock.set(moment)
    send_due(app, Night())


def main_address(member_id: int) -> members.Address:
    address = members.main_address(session().get_one(Member, member_id))
    assert address is not None
    return address


# --- told, then gone --------------------------------------------------------------------------------------------------


def test_the_letter_goes_a_month_before_in_the_morning_and_once(app, clock, smtp, emma_id):
    night(clock, TOLD_AT)
    assert told() == []  # not a second too early
    at_night = berlin(2027, 1, 2, 2)
    night(clock, at_night)
    assert told() == [("queued", berlin(2027, 1, 2, 9))]
    smtp.clear()
    deliver(app, clock, berlin(2027, 1, 2, 8, 59))
    assert smtp.letters == ()
    deliver(app, clock, berlin(2027, 1, 2, 9))
    (came,) = smtp.letters
    words = came.message.get_body(("plain",)).get_content()
    assert (came.to, "Monday, 1 February 2027" in " ".join(words.split())) == ("emma.whitfield@ilmenau.example", True)
    for day in (2, 15, 29):
        night(clock, at_night + timedelta(days=day))
    assert told() == [("sent", berlin(2027, 1, 2, 9))]


def test_nothing_goes_before_the_letter_was_sent_thirty_days_ago(app, clock, smtp, emma_id):
    night(clock, TOLD_AT + timedelta(days=100))  # the program was not running when it was due
    sent_at = TOLD_AT + timedelta(days=101)
    deliver(app, clock, sent_at)
    found = []
    for moment in (timedelta(days=30) - timedelta(seconds=1), timedelta(days=30)):
        night(clock, sent_at + moment)
        found.append(standing(emma_id))
    assert found == ["left", "erased"]


def test_while_letters_are_paused_nobody_is_told_and_nobody_goes(app, clock, smtp, emma_id):
    assert "erased_soon" in letters.ASKED_FOR and "erased_soon" not in letters.UNPAUSED
    night(clock, TOLD_AT + timedelta(days=1))
    night(clock, TOLD_AT + timedelta(days=300))
    assert (told()[0][0], len(told()), standing(emma_id)) == ("queued", 1, "left")


# --- who cannot be told -----------------------------------------------------------------------------------------------


def suppressed(member_id: int) -> None:
    address = main_address(member_id)
    address.suppressed_at = LEFT_AT


def without_address(member_id: int) -> None:
    session().delete(main_address(member_id))


@pytest.mark.parametrize("make_dead", [suppressed, without_address])
def test_whose_address_is_dead_goes_at_the_limit_without_a_letter(
    app, clock, emma_id, make_dead: Callable[[int], None]
):
    with transaction():
        make_dead(emma_id)
    night(clock, LEFT_AT + timedelta(days=LIMIT))
    before = standing(emma_id)
    night(clock, LEFT_AT + timedelta(days=LIMIT, seconds=1))
    assert (before, standing(emma_id), told()) == ("left", "erased", [])


@pytest.mark.parametrize("state", ["failed", "dropped"])
def test_what_never_left_counts_for_nothing_and_is_posted_anew_after_a_month(app, clock, emma_id, state):
    night(clock, TOLD_AT + timedelta(days=1))
    with transaction():
        row = session().scalars(select(Letter).where(Letter.kind == "erased_soon")).one()
        row.state, row.settled_at = state, clock.now
    night(clock, clock.now + timedelta(days=29))
    assert [one for one, _due in told()] == [state]
    night(clock, clock.now + timedelta(days=2))
    assert [one for one, _due in told()] == [state, "queued"]
    night(clock, clock.now + timedelta(days=400))
    assert standing(emma_id) == "left"


def test_what_came_back_was_sent(app, clock, smtp, emma_id):
    night(clock, TOLD_AT + timedelta(days=1))
    deliver(app, clock, TOLD_AT + timedelta(days=2))
    with transaction():
        row = session().scalars(select(Letter).where(Letter.kind == "erased_soon")).one()
        letters.bounced(row.id, "552 5.2.2 mailbox full", clock.now, reason="came back")
    night(clock, clock.now + timedelta(days=30))
    assert standing(emma_id) == "erased"


# --- who comes back ---------------------------------------------------------------------------------------------------


def returns(member_id: int) -> None:
    with transaction():
        emma = session().get_one(Member, member_id)
        emma.standing, emma.left_at = "accepted", None


def test_who_is_back_before_the_letter_goes_gets_none(app, clock, smtp, emma_id):
    night(clock, TOLD_AT + timedelta(days=1))
    returns(emma_id)
    smtp.clear()
    deliver(app, clock, TOLD_AT + timedelta(days=2))
    with reading():
        row = session().scalars(select(Letter).where(Letter.kind == "erased_soon")).one()
        assert (row.state, row.reason, smtp.letters) == ("dropped", "takes part again", ())


def test_who_comes_back_after_the_letter_stays_and_is_told_anew_when_leaving_again(app, clock, smtp, emma_id):
    night(clock, TOLD_AT + timedelta(days=1))
    deliver(app, clock, TOLD_AT + timedelta(days=2))
    returns(emma_id)
    night(clock, TOLD_AT + timedelta(days=60))
    assert standing(emma_id) == "accepted"
    with transaction():
        leaving.leave(session().get_one(Member, emma_id), actor_id=emma_id)
        retention.change({"left": 30}, actor_id=None)
    night(clock, TOLD_AT + timedelta(days=91))
    # The letter about the former leaving is old enough, but was about that.
    assert ([state for state, _due in told()], standing(emma_id)) == (["sent", "queued"], "left")


def test_a_letter_that_went_long_ago_counts_no_more(app, clock, smtp, emma_id):
    night(clock, TOLD_AT + timedelta(days=1))
    deliver(app, clock, TOLD_AT + timedelta(days=2))
    with transaction():
        retention.change({"left": 3 * LIMIT}, actor_id=None)
    night(clock, LEFT_AT + timedelta(days=3 * LIMIT - 30))
    assert [state for state, _due in told()] == ["sent", "queued"]
    night(clock, LEFT_AT + timedelta(days=3 * LIMIT + 1))
    assert standing(emma_id) == "left"


# --- looking, saying --------------------------------------------------------------------------------------------------


def test_looking_says_how_many_would_be_told_and_how_many_stay_for_it(app, clock, config, emma_id):
    found = []
    for moment in (TOLD_AT, TOLD_AT + timedelta(seconds=1), LEFT_AT + timedelta(days=LIMIT, seconds=1)):
        clock.set(moment)
        with reading():
            left = next(line for line in retention.look() if line.kind.name == "left")
            found.append((retention.letters_before(), left.due))
    assert found == [(Letters(0, 0), 0), (Letters(1, 0), 0), (Letters(1, 1), 0)]
    assert told() == []
    ludwig = Reader(app, people.ludwig())
    ludwig.get("/?lang=en")
    page = plain(ludwig.get("/coordinate/retention").text)
    assert "The letter would go to 1 person now." in page
    assert "1 person stays until the letter was sent 30 days ago." in page


def test_the_command_says_how_many_letters_would_go(app, config, clock, emma_id):
    clock.set(LEFT_AT + timedelta(days=LIMIT + 1))
    lines = Shell(config)("retention").stdout.splitlines()
    assert "letters to who left, a month before\t1\tstay for their sake\t1" in lines


def test_the_limit_is_a_month_at_least_also_where_less_was_set_before(app, clock, emma_id):
    with transaction():
        session().add(retention.Limit(kind="left", days=3, changed_at=clock.now))
    with reading():
        assert (retention.limits()["left"], retention.BY_NAME["left"].least) == (30, 30)


def test_the_night_s_step_tells(app, clock, emma_id):
    clock.set(berlin(2027, 1, 2, 2))
    worker.keep_step()
    assert [state for state, _due in told()] == ["queued"]
    with reading():
        (noted,) = session().scalars(select(Entry.facts).where(Entry.verb == "remove", Entry.object == "retention"))
        assert noted == {"count": 0, "told": 1}


def test_who_was_only_an_applicant_is_not_told_that_they_took_part(app, clock, smtp, emma_id):
    with transaction():
        session().get_one(Member, emma_id).joined_at = None
    night(clock, TOLD_AT + timedelta(days=1))
    smtp.clear()
    deliver(app, clock, TOLD_AT + timedelta(days=2))
    words = " ".join(smtp.letters[0].message.get_body(("plain",)).get_content().split())
    assert ("You once applied for the meetings" in words, "no longer take part" in words) == (True, False)
