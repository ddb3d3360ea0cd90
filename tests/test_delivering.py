"""Delivery over a real SMTP server: who gets what, what a failure means, and that one bad letter stops nobody."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import announcing, db, letters, rsvps
from asanokai.announcing import Change
from asanokai.delivering import Delivery
from asanokai.invitations import Night
from asanokai.letters import PAUSES, Letter
from asanokai.transport import Transport
from asanokai.worker import send_due
from config import Mail
from tests import people
from tests.people import berlin

DUE = berlin(2026, 2, 19, 9)
"""Twenty-one days before the usual meeting, 09:00."""


def invited(*readers: Any, **values: Any) -> int:
    """An announced meeting whose invitations are due at `DUE`; its number."""
    with db.transaction():
        return people.announced_meeting(people=[make() for make in readers], **values).id


def deliver(app: Any) -> Any:
    return send_due(app, Night())


def states() -> dict[str, tuple[str, str | None]]:
    with db.reading() as session:
        found = session.scalars(select(Letter).order_by(Letter.id))
        return {letter.key: (letter.state, letter.reason) for letter in found}


def test_everybody_gets_one_invitation_in_their_language_at_the_planned_moment(app, clock, smtp):
    invited(people.katrin, people.emma, people.kenji)
    clock.set(DUE - timedelta(minutes=1))
    assert deliver(app).sent == 0
    clock.set(DUE)
    assert deliver(app).sent == 3
    assert deliver(app).sent == 0
    assert {letter.to: letter.message["Content-Language"] for letter in smtp.letters} == {
        "katrin.lindner@optik-jena.example": "de",
        "emma.whitfield@ilmenau.example": "en",
        "kenji.yamada@erfurt.example": "ja",
    }
    assert len(smtp.letters) == 3


def test_a_letter_names_only_its_reader(app, clock, smtp):
    invited(people.katrin, people.emma, people.kenji)
    clock.set(DUE)
    deliver(app)
    addresses = {letter.to for letter in smtp.letters}
    for letter in smtp.letters:
        parts = [part.get_payload(decode=True) or b"" for part in letter.message.walk() if not part.is_multipart()]
        whole = b"".join([letter.content, *parts]).decode()
        assert {address for address in addresses if address in whole} == {letter.to}


def test_a_refused_reader_is_noted_and_the_others_get_theirs(app, clock, smtp):
    invited(people.katrin, people.emma, people.kenji)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "550 5.1.1 no such person")
    clock.set(DUE)
    total = deliver(app)
    assert (total.sent, total.failed) == (2, 1)
    with db.reading() as session:
        failed = session.scalars(select(Letter).where(Letter.state == "failed")).one()
        assert (failed.reason, failed.server_words) == ("refused by the server", "550 5.1.1 no such person")


def test_a_failed_letter_goes_out_when_it_is_retried(app, clock, smtp):
    invited(people.emma)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "550 5.1.1 no such person", times=1)
    clock.set(DUE)
    deliver(app)
    with db.transaction() as session:
        letters.retry(session.scalars(select(Letter.id)).one())
    assert deliver(app).sent == 1


def test_a_temporary_refusal_is_tried_again_after_growing_pauses_until_it_has_failed(app, clock, smtp):
    invited(people.emma)
    smtp.faults.answer("emma.whitfield@ilmenau.example", "451 4.7.1 come back later")
    clock.set(DUE)
    tries = []
    for pause in PAUSES:
        total = deliver(app)
        tries.append((total.postponed, total.failed))
        clock.advance(seconds=pause.total_seconds() - 1)
        assert deliver(app).postponed == 0
        clock.advance(seconds=1)
    last = deliver(app)
    assert tries == [(1, 0)] * len(PAUSES)
    assert (last.postponed, last.failed) == (0, 1)
    assert list(states().values()) == [("failed", "refused too often")]


def test_a_server_that_is_away_costs_no_attempt_and_loses_nothing(app, clock, smtp):
    invited(people.katrin, people.emma)
    smtp.refuse()
    clock.set(DUE)
    total = deliver(app)
    assert (total.sent, bool(total.away)) == (0, True)
    with db.reading() as session:
        assert set(session.execute(select(Letter.state, Letter.attempts))) == {("queued", 0)}
    smtp.accept()
    assert deliver(app).sent == 2


def test_a_connection_dropped_after_the_mail_was_taken_leads_to_one_double_with_the_same_message_id(app, clock, smtp):
    invited(people.katrin, people.emma)
    smtp.faults.drop("before reply", times=1)
    clock.set(DUE)
    assert deliver(app).sent == 1
    clock.advance(seconds=PAUSES[0].total_seconds())
    assert deliver(app).sent == 1
    numbers = Counter(letter.message["Message-ID"] for letter in smtp.letters)
    assert sorted(numbers.values()) == [1, 2]
    assert {state for state, _reason in states().values()} == {"sent"}


class TestAStallingServer:
    @pytest.fixture
    def settings(self, smtp):
        return {"mail": Mail(server="127.0.0.1", port=smtp.port, timeout=0.3)}

    def test_does_not_hold_up_the_others_longer_than_the_time_out(self, app, clock, smtp):
        invited(people.katrin, people.emma, people.kenji)
        smtp.faults.stall(30, at="RCPT", times=1)
        clock.set(DUE)
        total = deliver(app)
        assert (total.sent, total.postponed) == (2, 1)


def test_a_letter_that_cannot_be_written_is_parked_and_the_others_go(app, clock, smtp, monkeypatch, caplog):
    invited(people.katrin, people.emma, people.kenji)
    clock.set(DUE)
    composer = app.extensions["composer"]
    write = composer.compose

    def broken(work: Any) -> Any:
        if work.to == "emma.whitfield@ilmenau.example":
            raise RuntimeError("no ink")
        return write(work)

    monkeypatch.setattr(composer, "compose", broken)
    total = deliver(app)
    assert (total.sent, total.failed) == (2, 1)
    assert Counter(states().values()) == {("sent", None): 2, ("failed", "could not be composed"): 1}
    assert len(caplog.records) == 1


def test_a_row_that_cannot_be_read_is_parked_and_the_others_go(app, clock, smtp, caplog):
    meeting_id = invited(people.katrin, people.emma)
    clock.set(DUE)
    deliver(app)
    with db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))
    with db.transaction() as session:
        broken = session.scalars(select(Letter).where(Letter.kind == "moved").order_by(Letter.id)).first()
        assert broken is not None
        broken.facts = {"old_starts_at": "yesterday"}
    total = deliver(app)
    assert (total.sent, total.failed) == (1, 1)


def test_a_paused_meeting_keeps_its_letters_and_sign_in_letters_still_go(app, clock, smtp):
    meeting_id = invited(people.katrin)
    with db.transaction():
        announcing.pause(meeting_id, True)
    clock.set(DUE)
    assert deliver(app).sent == 0
    with db.transaction():
        people.members.ask_for_sign_in("katrin.lindner@optik-jena.example")
    assert deliver(app).sent == 1
    with db.transaction():
        announcing.pause(meeting_id, False)
    assert deliver(app).sent == 1


def test_a_reader_who_unsubscribed_after_planning_gets_no_invitation(app, clock, smtp):
    invited(people.katrin, people.emma)
    clock.set(DUE)
    smtp.refuse()
    deliver(app)
    smtp.accept()
    with db.transaction():
        people.members.unsubscribe(people.emma())
    assert deliver(app).sent == 1
    assert sorted(states().values()) == [("dropped", "unsubscribed"), ("sent", None)]


def test_only_the_last_of_several_quick_answers_is_confirmed(app, clock, smtp):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    deliver(app)
    for choice in ("yes", "maybe", "no"):
        with db.transaction():
            rsvps.answer(meeting_id, people.katrin().id, choice, by="page")
    deliver(app)
    assert [letter.message["Subject"][:20] for letter in smtp.letters[1:]] == ["Ihre Absage: Asa no "]
    reasons = Counter(reason for _state, reason in states().values())
    assert reasons == {None: 2, "overtaken by a later answer": 2}


def test_nobody_is_told_of_a_move_or_a_cancellation_who_never_heard_of_the_meeting(app, clock, smtp):
    meeting_id = invited(people.katrin, people.emma)
    with db.transaction():
        rsvps.answer(meeting_id, people.katrin().id, "yes", by="page")
    with db.transaction():
        announcing.cancel(meeting_id)
    deliver(app)
    assert [(letter.to, letter.message["Subject"][:7]) for letter in smtp.letters] == [
        ("katrin.lindner@optik-jena.example", "Abgesag")
    ]


def test_two_deliveries_share_the_work_and_send_nothing_twice(app, clock, smtp):
    with db.transaction():
        people.announced_meeting(people=people.crowd(30))
    clock.set(DUE)
    with db.transaction():
        people.plan()
    with Transport(app) as one, Transport(app) as other:
        first = Delivery(app.extensions["composer"], one)
        second = Delivery(app.extensions["composer"], other)
        shares = [delivery.step(size=10).sent for delivery in (first, second, first, second)]
    assert shares == [10, 10, 10, 0]
    assert len({letter.to for letter in smtp.letters}) == len(smtp.letters) == 30


def test_the_calendar_entry_of_each_letter_is_remembered_on_the_answer(app, clock, smtp):
    meeting_id = invited(people.katrin)
    clock.set(DUE)
    deliver(app)
    with db.reading():
        rsvp = rsvps.required(meeting_id, people.katrin().id)
        assert (rsvp.sequence, rsvp.starts_at, rsvp.stamped_at) == (0, berlin(2026, 3, 12, 8), DUE)
