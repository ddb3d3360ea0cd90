"""Host and caterer: their secret links, the numbers frozen at the deadline, later differences told once."""

import pytest
from sqlalchemy import select

from asanokai import announcing, catering, db, meetings, programme, questions, topics
from asanokai.catering import Catered, counting
from asanokai.composing import Composer
from asanokai.db import session
from asanokai.errors import BadInput, Missing
from asanokai.letters import Letter
from tests import people
from tests.pages import Reader, statements
from tests.people import announced_meeting, berlin, say
from tests.world import lead, plain

KOCH = "koch@jena.example"


@pytest.fixture
def meeting(app, clock) -> int:
    """A meeting on 12 March that Katrin (with a guest) and Emma come to; Akiko coordinates it."""
    with db.transaction():
        series = people.series(guests_allowed=2)
        people.coordinate(series, people.akiko())
        row = announced_meeting(series, people=[people.katrin(), people.emma(), people.kenji()])
        say(row, people.katrin(), "yes", guests=1)
        say(row, people.emma(), "yes")
        people.oskar(), people.naoko()
        return row.id


def link(app, meeting_id, kind="caterer", **made) -> str:
    with db.transaction():
        pack = catering.make(meeting_id, kind, **made)
        return f"/pack/{app.extensions['tokens'].mint('pack', [pack.id, pack.nonce])}"


def beat() -> int:
    with db.transaction():
        counting.freeze_due()
        return counting.tell_changes()


def changes() -> list[tuple[str, dict]]:
    """The letters about new numbers: to whom, before and now."""
    with db.reading() as found:
        rows = found.scalars(select(Letter).where(Letter.kind == "catering_change").order_by(Letter.id))
        return [
            (letter.address or "coordinator", letter.facts["before"]["coming"], letter.facts["now"]["coming"])
            for letter in rows
        ]


def answers(meeting_id, who, choice) -> None:
    with db.transaction():
        say(meetings.by_id(meeting_id), who, choice, by="coordinator")


# --- links ------------------------------------------------------------------------------------------------------------


def test_the_caterer_sees_numbers_and_the_running_order_and_no_names(app, client, meeting):
    with db.transaction():
        row = meetings.by_id(meeting)
        topics.post(row, {"en": "Light"})
        programme.adopt(row, topics.of(row))
    answer = client.get(link(app, meeting, language="en"))
    said = plain(answer.text)
    assert (answer.status_code, answer.headers["X-Robots-Tag"], answer.headers["Cache-Control"]) == (
        200,
        "noindex",
        "no-store",
    )
    assert "3 people so far" in said and "1 guests among them" in said and "Light" in said
    assert "It is settled at the deadline: Monday, 9 March 2026, 12:00." in said
    assert not [name for name in ("Lindner", "Whitfield", "Optik Jena") if name in said]


def test_the_host_also_sees_who_arrives_with_organisation_and_guests(app, client, meeting):
    said = plain(client.get(link(app, meeting, "host", language="en")).text)
    assert "Name Organisation Guests Dr. Katrin Lindner Optik Jena 1 Emma Whitfield Micro-Nano Ilmenau" in said
    assert "Yamada" not in said


def test_it_speaks_the_language_it_was_made_for_unless_another_is_asked_for(app, client, meeting):
    address = link(app, meeting, language="ja")
    assert "ご来場の人数" in client.get(address).text
    assert "Wie viele kommen" in client.get(address + "?lang=de").text


def test_a_link_ends_with_the_day_after_the_meeting_and_when_made_anew_or_withdrawn(app, client, clock, meeting):
    old = link(app, meeting)
    new = link(app, meeting)
    assert [client.get(one).status_code for one in (old, new)] == [410, 200]
    host = link(app, meeting, "host")
    with db.transaction():
        catering.withdraw(meeting, "host")
    assert client.get(host).status_code == 410
    clock.set(berlin(2026, 3, 13, 23, 59))
    assert client.get(new).status_code == 200
    clock.set(berlin(2026, 3, 14))
    assert client.get(new).status_code == 410
    assert client.get("/pack/nonsense").status_code == 404


def test_the_page_takes_as_many_statements_for_many_as_for_few(app, client, meeting):
    address = link(app, meeting, "host")
    with statements() as few:
        client.get(address)
    with db.transaction():
        for who in people.crowd(30):
            say(meetings.by_id(meeting), who, "yes")
    with statements() as many:
        client.get(address)
    assert len(few) == len(many)


def test_a_link_is_mailed_to_its_address_unless_it_was_withdrawn_meanwhile(app, clock, meeting):
    address = link(app, meeting, address=KOCH, language="en")
    with db.transaction():
        (letter,) = session().scalars(select(Letter).where(Letter.kind == "pack"))
        letter.state = "claimed"
        session().flush()
        (work,) = Composer(app).gather([letter.id])
        mail = Composer(app).compose(work)
        assert (work.to, work.language, work.greeting) == (KOCH, "en", "Hello,")
        assert mail.sequence is None
        catering.withdraw(meeting, "caterer")
        (dropped,) = Composer(app).gather([letter.id])
        assert dropped.reason == "the link was withdrawn"
    assert address.startswith("/pack/")


def test_what_cannot_be_is_refused(app, meeting):
    with db.transaction():
        with pytest.raises(BadInput):
            catering.make(meeting, "caterer", address="nonsense")
        with pytest.raises(Missing):
            catering.make(meeting, "florist")
        with pytest.raises(Missing):
            catering.withdraw(meeting, "host")
        with pytest.raises(BadInput):
            catering.set_deadline(meeting, own=berlin(2026, 3, 12, 9), lead="3 days before at 12:00")


# --- food -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def plates(meeting) -> int:
    """The series asks what they eat."""
    with db.transaction():
        series_id = meetings.by_id(meeting).series_id
        choices = [{"en": "Everything"}, {"en": "Vegetarian"}, {"en": "Vegan"}]
        return questions.add({"en": "Food"}, "food", series_id=series_id, choices=choices).id


def fills_in(app, meeting_id, who, plates, plate, **form) -> None:
    """Somebody answers by the form behind the letter's link."""
    with db.reading():
        token = app.extensions["tokens"].mint("answer", [meeting_id, who().id])
    sent = Reader(app).post(f"/answer/{token}", {"answer": "yes", f"question_{plates}": plate, **form})
    assert sent.status_code in (200, 303), sent.text


def test_food_is_counted_from_the_answer_form_and_who_said_nothing_is_a_number_too(app, client, clock, meeting, plates):
    address = link(app, meeting, language="en")
    fills_in(app, meeting, people.katrin, plates, "1", guests="2")
    fills_in(app, meeting, people.emma, plates, "0")
    fills_in(app, meeting, people.kenji, plates, "1")
    table = "Food Everything 1 Vegetarian 2 nothing known (guests included) 2 Running order"
    assert table.removesuffix(" Running order") in plain(client.get(address).text)
    clock.set(berlin(2026, 3, 9, 12))
    beat()
    assert frozen(meeting) == {"coming": 5, "guests": 2, "food": {f"{plates}:0": 1, f"{plates}:1": 2}}
    fills_in(app, meeting, people.kenji, plates, "2")
    fills_in(app, meeting, people.emma, plates, "", answer="no")
    assert (
        "Food Everything 0 1 at the deadline Vegetarian 1 2 at the deadline Vegan 1 0 at the deadline"
        " nothing known (guests included) 2" in plain(client.get(address).text)
    )
    clock.advance(minutes=1)
    assert (beat(), changes()) == (1, [("coordinator", 5, 4)])


def test_another_dish_alone_is_told_too_and_food_in_written_words_is_shown_but_not_compared(
    app, client, clock, meeting, plates
):
    address = link(app, meeting, language="en")
    with db.transaction():
        words = questions.add({"en": "Anything else"}, "food", meeting_id=meeting).id
    fills_in(app, meeting, people.emma, plates, "0", **{f"question_{words}": "no nuts"})
    clock.set(berlin(2026, 3, 9, 12))
    beat()
    fills_in(app, meeting, people.emma, plates, "0", **{f"question_{words}": "no milk"})
    assert beat() == 0
    fills_in(app, meeting, people.emma, plates, "2", **{f"question_{words}": "no milk"})
    assert (beat(), changes()) == (1, [("coordinator", 3, 3)])
    assert "Anything else no milk 1 nothing known (guests included) 2" in plain(client.get(address).text)


# --- the deadline -----------------------------------------------------------------------------------------------------


def test_at_the_deadline_the_numbers_are_frozen_and_a_difference_is_told_once_in_an_hour(app, client, clock, meeting):
    address = link(app, meeting, address=KOCH, language="en")
    clock.set(berlin(2026, 3, 9, 11, 59))
    assert beat() == 0
    clock.set(berlin(2026, 3, 9, 12))
    assert beat() == 0
    answers(meeting, people.kenji(), "yes")
    answers(meeting, people.katrin(), "no")
    clock.advance(minutes=1)
    assert beat() == 2
    assert changes() == [("coordinator", 3, 2), (KOCH, 3, 2)]
    answers(meeting, people.emma(), "no")
    clock.advance(minutes=59)
    assert beat() == 0
    answers(meeting, people.oskar(), "yes")
    answers(meeting, people.naoko(), "yes")
    clock.advance(minutes=1)
    assert beat() == 2
    assert changes()[2:] == [("coordinator", 2, 3), (KOCH, 2, 3)]
    clock.advance(hours=2)
    assert beat() == 0
    answers(meeting, people.emma(), "yes")
    said = plain(client.get(address).text)
    assert "3 people, as of the deadline" in said and "4 people now" in said and "has changed since: +1." in said


def test_what_comes_back_to_the_frozen_number_before_the_next_beat_is_told_to_nobody(app, clock, meeting):
    clock.set(berlin(2026, 3, 9, 12))
    beat()
    answers(meeting, people.kenji(), "yes")
    answers(meeting, people.kenji(), "no")
    assert beat() == 0


def test_a_cancellation_is_told_to_the_caterer_too(app, clock, meeting):
    link(app, meeting, address=KOCH)
    clock.set(berlin(2026, 3, 9, 12))
    beat()
    with db.transaction():
        announcing.cancel(meeting)
    clock.advance(hours=1)
    assert (beat(), changes()) == (2, [("coordinator", 3, 0), (KOCH, 3, 0)])
    assert beat() == 0


def test_a_deadline_of_its_own_goes_before_that_of_the_series_and_one_that_moves_away_opens_the_numbers(
    app, clock, meeting
):
    with db.transaction():
        catering.set_deadline(meeting, own=berlin(2026, 3, 10, 18), lead="5 days before at 09:00")
        assert catering.lead_of(meetings.by_id(meeting).series_id) == "5 days before at 09:00"
    clock.set(berlin(2026, 3, 9, 12))
    beat()
    assert frozen(meeting) is None
    clock.set(berlin(2026, 3, 10, 18))
    beat()
    assert frozen(meeting) == {"coming": 3, "guests": 1, "food": {}}
    with db.transaction():
        catering.set_deadline(meeting, own=berlin(2026, 3, 11, 18), lead="")
    beat()
    assert frozen(meeting) is None


def frozen(meeting_id):
    with db.reading() as found:
        row = found.get(Catered, meeting_id)
        return row.frozen if row else None


# --- the coordinators' page -------------------------------------------------------------------------------------------


def test_a_coordinator_makes_mails_copies_and_withdraws_a_link_and_sets_the_deadline(app, client, clock, meeting):
    akiko = Reader(app, people.akiko())
    akiko.get("/?lang=en")
    page = f"/coordinate/meetings/{meeting}/catering"
    assert "There is no link yet." in akiko.get(page).text
    made = akiko.post(f"{page}/caterer", {"address": KOCH, "language": "de"})
    assert (made.status_code, made.location) == (303, page)
    with db.reading() as found:
        (pack,) = found.scalars(select(catering.Pack))
        token = app.extensions["tokens"].mint("pack", [pack.id, pack.nonce])
        assert found.scalars(select(Letter.address).where(Letter.kind == "pack")).all() == [KOCH]
    assert f"/pack/{token}" in akiko.get(page).text
    akiko.post(page, {**lead("lead", "2", "10:00"), "own": ""})
    assert "Tuesday, 10 March 2026, 10:00" in akiko.get(page).text
    assert akiko.post(f"{page}/caterer/withdraw").status_code == 303
    assert client.get(f"/pack/{token}").status_code == 410
    assert akiko.post(f"{page}/florist", {"address": "", "language": "de"}).status_code == 404
    refused = akiko.post(f"{page}/host", {"address": "nonsense", "language": "de"})
    assert (refused.status_code, "This is not a mail address." in refused.text) == (422, True)


@pytest.mark.parametrize("typed", ["küche@jena.example", "a@b.example,c", "@", "a@<b>", "x" * 250 + "@jena.example"])
def test_what_no_letter_can_be_sent_to_is_no_address(app, clock, typed):
    with db.transaction():
        meeting = people.announced_meeting()
        with pytest.raises(BadInput) as refused:
            catering.make(meeting.id, "caterer", address=typed)
        assert refused.value.field == "address"
