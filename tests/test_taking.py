"""Mail is written down once, taken in once, and what fails three times waits for a person."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import db, intake
from asanokai.intake import Incoming, taking
from asanokai.intake.outcome import Outcome

WORDS = (
    b"From: katrin@jena.example\r\nTo: someone@elsewhere.example\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHallo\r\n"
)


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


def come(place: intake.Place, raw: bytes = WORDS, **more: Any) -> bool:
    with db.transaction():
        return intake.receive(raw, way="lmtp", tokens=place.tokens, **more)


def rows() -> list[Incoming]:
    with db.reading() as session:
        return list(session.scalars(select(Incoming).order_by(Incoming.id)))


def test_a_mail_is_written_down_with_its_bytes_before_anything_is_read_from_it(place, clock):
    assert come(place, sender="katrin@jena.example")
    (row,) = rows()
    assert (row.state, row.author, row.subject, row.size) == ("waiting", "katrin@jena.example", "Grüße", len(WORDS))
    with db.reading() as session:
        assert session.scalar(select(Incoming.raw)) == WORDS


def test_the_same_mail_counts_once_by_whatever_way_it_comes(place):
    assert come(place)
    again = b"Received: from mx.example\r\n by here.example\r\nDelivered-To: someone@elsewhere.example\r\n" + WORDS
    assert not come(place, again)
    assert not come(place, WORDS.replace(b"\r\n", b"\n"))
    assert come(place, WORDS.replace(b"Hallo", b"Guten Tag"))


def test_the_recipient_is_the_first_header_that_bears_our_token(place):
    token = place.tokens.mint_address("member", 7)
    ours = f"rsvp+{token}@{place.reply_domain}"
    come(place, b"To: katrin@jena.example\r\nCc: " + ours.upper().encode() + b"\r\n\r\nHallo")
    assert [row.recipient for row in rows()] == [ours.upper()]


def test_what_no_reader_wants_waits_for_a_person_and_is_not_taken_in_again(place, clock):
    come(place)
    assert (intake.step(place), intake.step(place)) == (1, 0)
    (row,) = rows()
    assert (row.state, row.outcome, row.taken_at) == ("parked", "message", clock.now)


def test_a_mail_that_fails_three_times_is_parked_and_stops_no_other(place, clock, monkeypatch, caplog):
    def read(arrived: Any) -> Outcome:
        if "Hallo" in arrived.mail.text:
            raise ValueError("a fault")
        return Outcome("nothing")

    monkeypatch.setattr(taking, "READERS", (read,))
    come(place)
    come(place, WORDS.replace(b"Hallo", b"Guten Tag"))
    for _ in range(4):
        intake.step(place)
        clock.advance(minutes=2)
    assert [(row.state, row.outcome, row.attempts) for row in rows()] == [
        ("parked", "failed", 3),
        ("taken", "nothing", 1),
    ]
    assert [record.exc_info is not None for record in caplog.records if record.levelname == "ERROR"] == [True] * 3


def test_a_mail_at_which_the_process_dies_each_time_is_parked_after_three(place, clock, monkeypatch):
    def read(_arrived: Any) -> Outcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(taking, "READERS", (read,))
    come(place)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            intake.step(place)
        clock.advance(minutes=2)
    intake.step(place)
    assert [(row.state, row.outcome) for row in rows()] == [("parked", "failed")]


def test_a_mail_is_left_to_whoever_takes_it_in_first(place, clock):
    come(place)
    with db.transaction():
        (number,) = taking._claim(10)
        assert taking._claim(10) == []
    clock.advance(seconds=timedelta(minutes=2).total_seconds())
    with db.transaction():
        assert taking._claim(10) == [number]
