"""From the button in a mail program to the roll: an invitation is sent, answered from its bytes, and taken in.

The invitations go to a real SMTP server; what every program answers is made from the very bytes that came there
(`tests.grounds.clients`), and comes back by `intake`. Everybody here reads with another program.
"""

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from asanokai import announcing, db, intake, members, rsvps
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.rsvps import Rsvp
from asanokai.worker import send_due
from tests import people
from tests.grounds import clients
from tests.grounds.shared import shared
from tests.pages import facts

LATER = people.berlin(2026, 3, 12, 9)


@pytest.fixture
def meeting(app, clock, smtp):
    """A meeting to which one person for each program was invited an hour ago."""
    with db.transaction():
        crowd = [people.member(f"{client}@jena.example", family=f"Leser {client}") for client in clients.CLIENTS]
        made = facts(people.announced_meeting(people=crowd, title={"de": "Licht & Präzision, kurz"}, seats=None))
    clock.set(people.berlin(2026, 2, 19, 12))
    send_due(app, Night())
    clock.advance(hours=1)
    return made


def asked(smtp, client: str) -> clients.Asked:
    """The newest entry that came to the person with this program."""
    mine = [one for one in smtp.to(f"{client}@jena.example") if b"text/calendar" in one.content]
    return clients.Asked.of(mine[-1].content)


def comes(app, raw: bytes, recipient: str) -> Incoming | None:
    """The mail comes to this address, and is taken in; None if it had come before."""
    place = app.extensions["intake"]
    with db.transaction():
        new = intake.receive(raw, way="lmtp", tokens=place.tokens, recipient=recipient, sender="x@jena.example")
    if not new:
        return None
    assert intake.step(place) == 1
    session().rollback()
    return session().scalars(select(Incoming).order_by(Incoming.id.desc())).first()


def says(app, smtp, client: str, word: str, at, **more) -> tuple:
    """Somebody presses a button and the mail comes: state and outcome."""
    letter = asked(smtp, client)
    row = comes(app, clients.answer(client, letter, word, at=at, **more), letter.organizer)
    return row and (row.state, row.outcome)


def own(meeting, client: str) -> Rsvp:
    session().rollback()
    return rsvps.required(meeting.id, members.by_address(f"{client}@jena.example").id)


def entry(smtp, client: str) -> tuple[str, str, int, str]:
    """What the newest entry says that came to that person: method, status, SEQUENCE, PARTSTAT."""
    newest = smtp.to(f"{client}@jena.example")[-1]
    part = next(part for part in newest.message.walk() if part.get_content_type() == "text/calendar")
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), str(event["STATUS"]), event["SEQUENCE"], event["ATTENDEE"].params["PARTSTAT"]


def of_all(result) -> dict:
    """What is expected of every program."""
    return dict.fromkeys(clients.CLIENTS, result)


def test_every_program_accepts_is_unsure_and_declines_and_gets_no_letter_for_it(app, clock, smtp, meeting):
    letters = len(smtp.letters)
    for word, answer in (("ACCEPTED", "yes"), ("TENTATIVE", "maybe"), ("DECLINED", "no")):
        clock.advance(minutes=1)
        seen = {client: says(app, smtp, client, word, clock.now) for client in clients.CLIENTS}
        assert seen == of_all(("taken", "answered"))
        stands = {client: own(meeting, client) for client in clients.CLIENTS}
        assert {client: (row.answer, row.by) for client, row in stands.items()} == of_all((answer, "calendar"))
        words = {client: row.comment for client, row in stands.items() if row.comment}
        assert words in ({}, {"nextcloud_page": "Foo bar"})  # which has a field for it
    send_due(app, Night())
    assert len(smtp.letters) == letters


def test_answers_out_of_order_and_doubled_end_as_the_newest(app, clock, smtp, meeting):
    for word, ago in (("TENTATIVE", 7), ("ACCEPTED", 9), ("DECLINED", 8)):
        at = clock.now - timedelta(minutes=ago)
        for client in clients.CLIENTS:
            letter = asked(smtp, client)
            raw = clients.answer(client, letter, word, at=at)
            assert [comes(app, raw, letter.organizer) is None for _ in range(2)] == [False, True]
    assert {client: own(meeting, client).answer for client in clients.CLIENTS} == of_all("maybe")


def test_a_proposal_of_another_time_is_no_answer(app, clock, smtp, meeting):
    proposed = meeting.starts_at + timedelta(hours=1)
    for client in clients.COUNTERING:
        assert says(app, smtp, client, "COUNTER", clock.now, proposed=proposed) == ("parked", "counter")
        assert own(meeting, client).answer == "invited"
    found = session().scalars(select(Incoming.facts)).all()
    assert [fact["proposed_at"] for fact in found] == [proposed.isoformat()] * len(clients.COUNTERING)


def test_a_word_is_kept_or_left_out_but_never_made_up(app, clock, smtp, meeting):
    word = "Komme erst um neun."
    for client in clients.CLIENTS:
        says(app, smtp, client, "ACCEPTED", clock.now, comment=word)
    kept = {client: own(meeting, client).comment for client in clients.CLIENTS}
    assert set(kept.values()) - {word, "", "Foo bar"} == set()
    assert sum(words == word for words in kept.values()) > len(kept) / 2


def test_an_answer_to_the_invitation_after_the_meeting_was_moved_is_flagged_until_the_next(app, clock, smtp, meeting):
    before = {client: asked(smtp, client) for client in clients.CLIENTS}
    with db.transaction():
        announcing.move(meeting.id, announcing.Change(starts_at=LATER))
    clock.advance(minutes=1)
    for client, letter in before.items():
        comes(app, clients.answer(client, letter, "ACCEPTED", at=clock.now), letter.organizer)
    rows = {client: own(meeting, client) for client in clients.CLIENTS}
    assert {client: (row.answer, row.meant_start) for client, row in rows.items()} == of_all(("yes", meeting.starts_at))
    send_due(app, Night())
    assert {client: entry(smtp, client)[3] for client in clients.CLIENTS} == of_all("ACCEPTED")
    clock.advance(minutes=1)
    for client in clients.CLIENTS:
        says(app, smtp, client, "DECLINED", clock.now)
    rows = {client: own(meeting, client) for client in clients.CLIENTS}
    assert {client: (row.answer, row.meant_start) for client, row in rows.items()} == of_all(("no", None))


def test_what_is_refused_sets_the_calendar_right(app, clock, smtp, meeting):
    says(app, smtp, "gmail", "DECLINED", clock.now)
    first = asked(smtp, "gmail").sequence
    clock.set(meeting.answer_until + timedelta(hours=1))
    assert says(app, smtp, "gmail", "ACCEPTED", clock.now) == ("taken", "refused")
    send_due(app, Night())
    assert entry(smtp, "gmail") == ("REQUEST", "CONFIRMED", first + 1, "DECLINED")
    with db.transaction():
        announcing.cancel(meeting.id, reason={})
        session().execute(update(Letter).where(Letter.kind == "cancelled").values(state="dropped"))
    clock.advance(hours=1)
    assert says(app, smtp, "gmail", "TENTATIVE", clock.now) == ("taken", "refused")
    send_due(app, Night())
    assert entry(smtp, "gmail") == ("CANCEL", "CANCELLED", first + 3, "DECLINED")


# --- as they were sent in the world -----------------------------------------------------------------------------------

REAL = {
    "apple-accept.eml": ("answered", "yes", ""),
    "korganizer-tentative.ics": ("answered", "maybe", ""),
    "evolution-reply-with-comment.ics": ("answered", "yes", "See you there"),
    "apple-reply-without-attendee.eml": ("unclear", "invited", ""),
}
THEIRS = (
    (b"1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C", b"libkcal-1387792342.429", b"UID:invite"),
    (b"xyzzy@example.com", b"testuserb@example.com", b"user@no.where"),
)


def test_real_answers_say_the_same_about_our_own_meeting(app, clock, smtp, meeting):
    """All bytes as they came but UID and attendee."""
    folder, seen = shared("imip"), {}
    for client, name in zip(clients.CLIENTS, REAL, strict=False):
        letter, raw = asked(smtp, client), folder.joinpath(name).read_bytes()
        for theirs in THEIRS[0]:
            raw = raw.replace(theirs, (b"UID:" if theirs.startswith(b"UID") else b"") + letter.uid.encode())
        for theirs in THEIRS[1]:
            raw = raw.replace(theirs, letter.attendee.encode())
        if name.endswith(".ics"):
            raw = b"From: " + letter.attendee.encode() + b"\nContent-Type: text/calendar; method=REPLY\n\n" + raw
        row, rsvp = comes(app, raw, letter.organizer), own(meeting, client)
        seen[name] = (row.outcome, rsvp.answer, rsvp.comment)
    assert seen == REAL
