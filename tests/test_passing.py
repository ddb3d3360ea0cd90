"""Seats that go out of turn: moving up with a reason, and passing on to a colleague."""

import pytest

from asanokai import rsvps
from asanokai import series as series_rules
from asanokai.db import session, transaction
from asanokai.errors import BadInput, Refused
from asanokai.rsvps import Rsvp
from tests import people
from tests.people import berlin, say


@pytest.fixture(autouse=True)
def writing(app):
    with transaction():
        yield


@pytest.fixture
def colleague():
    return people.member("klaus@optik-jena.example", organisation="Optik Jena")


@pytest.fixture
def meeting(colleague):
    """One seat: Katrin has it, Emma waits before Kenji."""
    found = people.announced_meeting(people=[people.katrin(), people.emma(), people.kenji(), colleague], seats=1)
    for who in (people.katrin(), people.emma(), people.kenji()):
        say(found, who, "yes")
    return found


def how(meeting) -> dict[str, str | None]:
    seats = people.seats(meeting)
    everybody = {"katrin": people.katrin(), "emma": people.emma(), "kenji": people.kenji()}
    return {name: seats[who.id][1] for name, who in everybody.items()}


# --- moving up --------------------------------------------------------------------------------------------------------


def test_a_free_seat_goes_to_who_is_moved_up_with_a_letter_and_the_reason_stays_with_it(meeting):
    meeting.seats = 2
    rsvp = rsvps.move_up(meeting.id, people.kenji().id, " Hält das Grußwort ", actor_id=people.akiko().id)
    assert how(meeting) == {"katrin": "held", "emma": "waiting", "kenji": "held"}
    assert people.kinds_to(people.kenji()) == ["waiting", "seat"]
    notes = [(note.reason, note.actor_id, note.other_id) for note in rsvps.notes_on(rsvp)]
    assert notes == [("Hält das Grußwort", people.akiko().id, None)]


def test_without_a_free_seat_nobody_is_moved_up(meeting):
    with pytest.raises(Refused, match="No seat is free"):
        rsvps.move_up(meeting.id, people.kenji().id, "Grußwort", actor_id=None)
    meeting.seats = 2
    say(meeting, people.kenji(), "yes", guests=1)
    with pytest.raises(Refused, match="No seat is free"):
        rsvps.move_up(meeting.id, people.kenji().id, "Grußwort", actor_id=None)
    assert how(meeting)["kenji"] == "waiting"


def test_moving_up_wants_a_reason_and_somebody_who_waits(meeting):
    meeting.seats = 2
    with pytest.raises(BadInput, match="Please say why"):
        rsvps.move_up(meeting.id, people.kenji().id, "  ", actor_id=None)
    with pytest.raises(Refused, match="Only somebody who waits"):
        rsvps.move_up(meeting.id, people.katrin().id, "Grußwort", actor_id=None)


# --- passing on -------------------------------------------------------------------------------------------------------


def test_the_colleague_has_the_seat_at_once_and_nobody_who_waits_gets_it(meeting, colleague):
    theirs = rsvps.pass_on(meeting.id, people.katrin().id, colleague.id, by="page", actor_id=people.katrin().id)
    assert people.seats(meeting)[people.katrin().id] == ("no", None, 0)
    assert (theirs.answer, theirs.seat, theirs.by) == ("yes", "held", "colleague")
    assert how(meeting) == {"katrin": None, "emma": "waiting", "kenji": "waiting"}
    assert [people.kinds_to(who) for who in (people.katrin(), colleague)] == [["confirm", "confirm"], ["confirm"]]
    assert [note.other_id for note in rsvps.notes_on(theirs)] == [people.katrin().id]


def test_guests_are_not_passed_on_and_their_seats_go_to_who_waits(meeting, colleague):
    meeting.seats = 2
    say(meeting, people.katrin(), "yes", guests=1)
    rsvps.pass_on(meeting.id, people.katrin().id, colleague.id, by="page", actor_id=None)
    assert how(meeting) == {"katrin": None, "emma": "held", "kenji": "waiting"}


def test_a_seat_is_passed_on_until_the_meeting_begins(meeting, colleague, clock):
    clock.set(berlin(2026, 3, 12, 8))
    with pytest.raises(Refused, match="cannot be answered now"):
        rsvps.pass_on(meeting.id, people.katrin().id, colleague.id, by="page", actor_id=None)
    clock.set(berlin(2026, 3, 12, 7, 59))
    assert rsvps.pass_on(meeting.id, people.katrin().id, colleague.id, by="page", actor_id=None).late


def test_a_calendar_that_was_told_no_is_told_anew(meeting, colleague):
    say(meeting, colleague, "no")
    before = rsvps.required(meeting.id, colleague.id).sequence
    assert rsvps.pass_on(meeting.id, people.katrin().id, colleague.id, by="page", actor_id=None).sequence > before


def test_who_belonged_once_may_take_the_seat(meeting, colleague):
    series_rules.part(series_rules.by_id(meeting.series_id), colleague)
    assert [one.id for one in rsvps.colleagues(meeting, people.katrin().id)] == [colleague.id]


def test_nobody_else_may(meeting, colleague):
    of_another_house = people.emma()
    never_belonged = people.member("neu@optik-jena.example", organisation="Optik Jena")
    gone = people.member("weg@optik-jena.example", organisation="Optik Jena")
    people.belong(series_rules.by_id(meeting.series_id), gone)
    gone.standing = "left"
    session().flush()
    for who in (of_another_house, never_belonged, gone, people.katrin()):
        with pytest.raises(Refused, match="Nobody with this address"):
            rsvps.pass_on(meeting.id, people.katrin().id, who.id, by="page", actor_id=None)
    for typed in ("neu@optik-jena.example", "nobody@jena.example", "emma.whitfield@ilmenau.example"):
        with pytest.raises(BadInput, match="Nobody with this address"):
            rsvps.colleague_by_address(meeting, people.katrin().id, typed)
    assert rsvps.colleague_by_address(meeting, people.katrin().id, "KLAUS@optik-jena.example").id == colleague.id


def test_who_comes_already_or_has_no_organisation_takes_and_passes_nothing(meeting, colleague):
    say(meeting, colleague, "yes")
    assert rsvps.colleagues(meeting, people.katrin().id) == []
    alone = people.member("allein@jena.example", organisation="")
    assert rsvps.colleagues(meeting, alone.id) == []


def test_who_waits_has_no_seat_to_pass_on(meeting, colleague):
    with pytest.raises(Refused, match="no seat to pass on"):
        rsvps.pass_on(meeting.id, people.emma().id, colleague.id, by="page", actor_id=None)


# --- a page has looked before -----------------------------------------------------------------------------------------


def elsewhere(rsvp, **values) -> None:
    """Somebody else's transaction has ended between a page's look and its lock: the row is not what was read."""
    session().flush()
    table = Rsvp.__table__
    session().execute(table.update().where(table.c.id == rsvp.id).values(**values))


def test_a_seat_that_was_given_back_meanwhile_is_not_passed_on(meeting, colleague):
    seen = rsvps.required(meeting.id, people.katrin().id)
    elsewhere(seen, answer="no", seat=None)
    with pytest.raises(Refused, match="no seat to pass on"):
        rsvps.pass_on(meeting.id, people.katrin().id, colleague.id, by="page", actor_id=None)


def test_who_has_a_seat_meanwhile_is_not_moved_up(meeting):
    seen = rsvps.required(meeting.id, people.emma().id)
    elsewhere(seen, seat="held")
    with pytest.raises(Refused, match="Only somebody who waits"):
        rsvps.move_up(meeting.id, people.emma().id, "Grußwort", actor_id=None)
