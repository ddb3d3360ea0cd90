"""The journal: a row per verb, without names, and enough in it to replay the waiting list."""

import json

import pytest
from sqlalchemy import select

from asanokai import announcing, journal, rsvps
from asanokai.db import session, transaction
from asanokai.journal import Entry
from tests import people
from tests.people import announced_meeting, crowd, say


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


def entries() -> list[Entry]:
    return list(session().scalars(select(Entry).order_by(Entry.id)))


def test_an_entry_says_who_did_what_to_what_and_when(clock):
    ludwig = people.ludwig()
    journal.write("pause", "meeting", 7, actor_id=ludwig.id, seats=40)
    last = entries()[-1]
    assert (last.at, last.actor_id, last.verb, last.object, last.object_id, last.facts) == (
        clock.now,
        ludwig.id,
        "pause",
        "meeting",
        7,
        {"seats": 40},
    )


def test_every_verb_of_a_meetings_life_is_noted(clock):
    katrin, kenji = people.katrin(), people.kenji()
    meeting = announced_meeting(people=[katrin, kenji], seats=1)
    say(meeting, katrin, "yes")
    say(meeting, kenji, "yes")
    announcing.edit(meeting.id, seats=2)
    announcing.move(meeting.id, announcing.Change(venue={"de": "Weimar"}))
    announcing.pause(meeting.id, True)
    announcing.pause(meeting.id, False)
    announcing.cancel(meeting.id)
    assert [(entry.verb, entry.object) for entry in entries()] == [
        ("add", "member"),
        ("add", "member"),
        ("add", "series"),
        ("join", "series"),
        ("join", "series"),
        ("add", "meeting"),
        ("announce", "meeting"),
        ("answer", "rsvp"),
        ("answer", "rsvp"),
        ("edit", "meeting"),
        ("seat", "rsvp"),
        ("move", "meeting"),
        ("pause", "meeting"),
        ("resume", "meeting"),
        ("cancel", "meeting"),
    ]


def test_no_names_no_addresses_and_no_free_text_stand_in_it(clock):
    katrin = people.katrin()
    meeting = announced_meeting(people=[katrin])
    say(meeting, katrin, "yes", comment="Ich bringe Frau Whitfield mit.")
    announcing.cancel(meeting.id, reason={"de": "Der Redner ist krank."})
    written = json.dumps([entry.facts for entry in entries()], ensure_ascii=False)
    for secret in ("Lindner", "Katrin", "optik-jena", "Whitfield", "krank", "Redner"):
        assert secret not in written


def replay(meeting_id: int) -> list[int]:
    """Who waits, in order, by the journal alone."""
    places: dict[int, tuple[str, int]] = {}
    for entry in entries():
        facts = entry.facts or {}
        if facts.get("meeting") != meeting_id or entry.object != "rsvp":
            continue
        if entry.verb == "answer" and facts["seat"] == "waiting":
            places[facts["member"]] = (facts["asked_at"], facts["turn"])
        else:
            places.pop(facts["member"], None)
    return sorted(places, key=lambda member: places[member])


def test_the_waiting_list_can_be_replayed_from_it(clock):
    one, two, three, four, five, six, seven = crowd(7)
    meeting = announced_meeting(people=[one, two, three, four, five, six, seven], seats=2, guests_allowed=2)
    early = clock.now
    steps = [
        (one, "yes", 0),
        (two, "yes", 0),
        (three, "yes", 2),
        (four, "yes", 0),
        (five, "yes", 1),
        (six, "yes", 0),
        (four, "yes", 1),  # grows: to the end
        (five, "yes", 0),  # shrinks: keeps the place
        (three, "no", 0),
        (one, "no", 0),  # five is seated
        (three, "yes", 0),
    ]
    for who, choice, guests in steps:
        clock.advance(minutes=1)
        say(meeting, who, choice, guests)
        assert replay(meeting.id) == [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)]
    # An application approved later stands where its opt-in was.
    say(meeting, seven, "yes", asked_at=early, by="coordinator")
    expected = [seven.id, six.id, four.id, three.id]
    assert [rsvp.member_id for rsvp in rsvps.waiting(meeting.id)] == expected
    assert replay(meeting.id) == expected
