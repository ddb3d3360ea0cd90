"""A member presses Accept, Maybe or Decline in any mail program or calendar, and the answer is in the roll."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from asanokai import db, intake
from asanokai.intake import Incoming
from asanokai.rsvps import Rsvp
from tests import people
from tests.grounds import LONG, clients

PRESSED = {"ACCEPTED": "yes", "TENTATIVE": "maybe", "DECLINED": "no"}


@pytest.fixture
def place(app) -> intake.Place:
    return app.extensions["intake"]


@pytest.fixture
def asked(place, clock) -> clients.Asked:
    """What Katrin's invitation asked, a day after it went out."""
    with db.transaction():
        katrin = people.katrin()
        meeting = people.announced_meeting(people=[katrin])
        clock.set(people.berlin(2026, 2, 19, 12))
        people.plan()
        people.send_all()
        clock.advance(days=1)
        return clients.asked(
            uid=meeting.uid,
            organizer=f"rsvp+{place.tokens.mint_address('member', katrin.id)}@{place.reply_domain}",
            attendee="katrin.lindner@optik-jena.example",
            sequence=0,
            starts_at=meeting.starts_at,
            ends_at=meeting.ends_at,
        )


def come(place: intake.Place, raw: bytes, asked: clients.Asked) -> tuple[str | None, str]:
    """A mail comes and is taken in: what came of it, and Katrin's answer."""
    with db.transaction():
        intake.receive(raw, way="lmtp", tokens=place.tokens, recipient=asked.organizer, sender=asked.attendee)
    intake.step(place)
    with db.reading() as session:
        row = session.scalars(select(Incoming).order_by(Incoming.id.desc()).limit(1)).one()
        return row.outcome, session.scalars(select(Rsvp.answer)).one()


def test_whatever_program_it_is_pressed_in(place, asked, clock):
    """One after the other, each a minute later: what a program says must stand until the next says something else."""
    states = list(PRESSED) * len(clients.CLIENTS)
    wanted, found = {}, {}
    for client in clients.CLIENTS:
        for state in list(PRESSED) if LONG else [states.pop(0)]:
            clock.advance(minutes=1)
            raw = clients.answer(client, asked, state, at=clock.now - timedelta(seconds=20))
            found[client, state] = come(place, raw, asked)
            wanted[client, state] = ("answered", PRESSED[state])
    assert found == wanted


def test_another_time_is_shown_to_a_person_whatever_program_proposes_it(place, asked, clock):
    found = {}
    for client in clients.COUNTERING:
        clock.advance(minutes=1)
        raw = clients.answer(client, asked, "COUNTER", at=clock.now - timedelta(seconds=20))
        found[client] = come(place, raw, asked)
    assert found == dict.fromkeys(clients.COUNTERING, ("counter", found["gmail"][1]))
