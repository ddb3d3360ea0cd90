"""The ledger: a letter is a row first, posted once, claimed by one, settled once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from asanokai import letters
from asanokai.db import session, transaction
from asanokai.errors import Missing, Refused
from asanokai.letters import LEASE, PAUSES, Letter
from asanokai.tokens import Tokens
from tests import people


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def row(key: str) -> Letter:
    found = session().scalar(select(Letter).where(Letter.key == key).execution_options(populate_existing=True))
    assert found is not None
    return found


def number(key: str) -> int:
    return row(key).id


def test_a_letter_is_posted_once_however_often_it_is_caused(clock):
    assert letters.post("opt_in", "opt-in:1", address="a@jena.example") is True
    assert letters.post("sign_in", "opt-in:1", address="b@jena.example") is False
    assert (row("opt-in:1").kind, row("opt-in:1").address, row("opt-in:1").state) == (
        "opt_in",
        "a@jena.example",
        "queued",
    )
    assert (row("opt-in:1").due_at, row("opt-in:1").created_at, row("opt-in:1").attempts) == (clock.now, clock.now, 0)


def test_claiming_takes_what_is_due_in_the_order_of_its_time(clock):
    for key, minutes in (("c", -1), ("a", -5), ("later", 1), ("b", -5)):
        letters.post("invite", key, due_at=clock.now + timedelta(minutes=minutes))
    assert letters.claim("one") == [number("a"), number("b"), number("c")]
    assert (row("a").state, row("a").claimed_by, row("a").attempts) == ("claimed", "one", 1)
    assert row("a").claimed_until == clock.now + LEASE
    assert letters.claim("two") == []
    clock.advance(minutes=1)
    assert letters.claim("two") == [number("later")]


def test_whoever_waits_before_the_screen_comes_first(clock):
    for minute in range(3):
        letters.post("invite", f"invite:{minute}", due_at=clock.now - timedelta(minutes=9 - minute))
    letters.post("sign_in", "sign-in")
    letters.post("opt_in", "opt-in", due_at=clock.now - timedelta(minutes=1))
    assert letters.claim("one", 3) == [number("opt-in"), number("sign-in"), number("invite:0")]


def test_a_batch_is_no_larger_than_asked_for(clock):
    for count in range(5):
        letters.post("invite", f"invite:{count}")
    assert [len(letters.claim("one", 2)) for _ in range(4)] == [2, 2, 1, 0]


def test_letters_of_paused_meetings_stay_and_others_go(clock):
    one, two = people.announced_meeting(), people.announced_meeting(people.event())
    letters.post("invite", "one", meeting_id=one.id)
    letters.post("invite", "two", meeting_id=two.id)
    letters.post("sign_in", "none")
    assert letters.claim("by", held_meetings=[one.id]) == [number("none"), number("two")]


def test_when_everything_is_paused_only_what_was_asked_for_goes(clock):
    for kind in ("invite", "confirm", "moved", "eve", "sign_in", "opt_in", "welcome", "digest"):
        letters.post(kind, kind)
    went = letters.claim("by", everything_held=True)
    assert set(went) == {number(kind) for kind in ("sign_in", "opt_in", "welcome", "digest")}


def test_settling_says_how_it_ended_and_only_who_claimed_may(clock):
    letters.post("invite", "a")
    letters.claim("one")
    assert letters.settle(number("a"), "sent", by="two") is False
    facts = {"message_id": "<a@b.example>", "sequence": 2, "starts_at": people.berlin(2026, 3, 12, 8)}
    assert letters.settle(number("a"), "sent", by="one", server_words="250 ok", **facts) is True
    done = row("a")
    assert (done.state, done.sent_at, done.settled_at, done.server_words) == ("sent", clock.now, clock.now, "250 ok")
    assert {name: getattr(done, name) for name in facts} == facts
    assert (done.claimed_by, done.claimed_until) == (None, None)
    assert letters.settle(number("a"), "failed", by="one") is False
    assert row("a").state == "sent"


def test_what_a_dead_sender_held_goes_again_when_its_lease_runs_out(clock):
    letters.post("invite", "a")
    letters.claim("dead")
    clock.advance(seconds=LEASE.total_seconds())
    assert letters.release_expired() == 0
    clock.advance(seconds=1)
    assert letters.release_expired() == 1
    assert letters.claim("alive") == [number("a")]
    assert letters.settle(number("a"), "sent", by="dead") is False
    assert row("a").attempts == 2


def test_the_message_id_is_the_letters_own_the_same_at_every_attempt_and_not_to_be_guessed():
    ours, theirs = Tokens(["a secret of thirty-two characters"]), Tokens(["another one of thirty-two letters"])
    one = letters.message_id("invite:1:2", "asanokai.example", ours)
    assert one == letters.message_id("invite:1:2", "asanokai.example", ours)
    assert one != letters.message_id("invite:1:3", "asanokai.example", ours)
    assert one != letters.message_id("invite:1:2", "asanokai.example", theirs)
    assert one.startswith("<") and one.endswith("@asanokai.example>") and one.isascii()


def test_a_temporary_refusal_waits_longer_each_time_and_fails_at_last(clock):
    letters.post("invite", "a")
    waited = []
    for _ in PAUSES:
        letters.claim("one")
        assert letters.postpone(number("a"), row("a").attempts, by="one", server_words="451 later") == "queued"
        waited.append(row("a").due_at - clock.now)
        assert (row("a").state, row("a").server_words, row("a").claimed_by) == ("queued", "451 later", None)
        clock.set(row("a").due_at)
    assert tuple(waited) == PAUSES == tuple(sorted(PAUSES))
    letters.claim("one")
    assert letters.postpone(number("a"), row("a").attempts, by="one", server_words="451 no") == "failed"
    assert (row("a").state, row("a").reason, row("a").server_words) == ("failed", "refused too often", "451 no")


def test_letters_given_back_untried_count_no_attempt(clock):
    letters.post("invite", "a")
    letters.post("invite", "b")
    letters.give_back(letters.claim("one"), by="one")
    assert [(row(key).state, row(key).attempts) for key in "ab"] == [("queued", 0)] * 2
    claimed = letters.claim("two")
    letters.give_back(claimed, by="one")
    assert [row(key).state for key in "ab"] == ["claimed"] * 2


def test_what_is_no_longer_true_is_dropped_with_the_reason(clock):
    meeting, katrin, emma = people.announced_meeting(), people.katrin(), people.emma()
    for who in (katrin, emma):
        letters.post("remind", f"remind:{who.id}", meeting_id=meeting.id, member_id=who.id)
    letters.post("eve", "eve", meeting_id=meeting.id, member_id=katrin.id)
    assert letters.drop_queued("has answered", meeting_id=meeting.id, kinds=["remind"], member_id=katrin.id) == 1
    dropped = row(f"remind:{katrin.id}")
    assert (dropped.state, dropped.reason, dropped.settled_at) == ("dropped", "has answered", clock.now)
    assert letters.counts(meeting.id) == {"queued": 2, "dropped": 1}
    assert letters.post("remind", f"remind:{katrin.id}") is False


def test_what_is_dropped_to_be_planned_again_frees_its_key(clock):
    meeting = people.announced_meeting()
    letters.post("eve", "eve", meeting_id=meeting.id)
    for _ in range(2):
        assert letters.drop_queued("the meeting was moved", meeting_id=meeting.id, kinds=["eve"], again=True) == 1
        assert letters.post("eve", "eve", meeting_id=meeting.id) is True
    assert letters.counts() == {"queued": 1, "dropped": 2}


def test_only_a_failed_letter_is_tried_again(clock):
    ludwig = people.ludwig()
    letters.post("invite", "a")
    with pytest.raises(Refused):
        letters.retry(number("a"))
    letters.claim("one")
    letters.settle(number("a"), "failed", by="one", reason="refused", server_words="550 no")
    clock.advance(days=1)
    letters.retry(number("a"), actor_id=ludwig.id)
    session().flush()
    again = row("a")
    assert (again.state, again.due_at, again.attempts, again.reason, again.server_words, again.settled_at) == (
        "queued",
        clock.now,
        0,
        None,
        None,
        None,
    )
    with pytest.raises(Missing):
        letters.retry(4711)


def test_counts_are_of_one_meeting_or_of_all(clock):
    meeting = people.announced_meeting()
    letters.post("invite", "a", meeting_id=meeting.id)
    letters.post("sign_in", "b")
    letters.claim("one", 1)
    assert letters.counts() == {"queued": 1, "claimed": 1}
    assert letters.counts(meeting.id) == {"queued": 1}
