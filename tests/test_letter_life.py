"""A letter's life on a page of its own: what happened when, in whose words, and the button to send it again."""

import re

import pytest
from sqlalchemy import update

from asanokai import db, letters, meetings, members
from asanokai.intake import Incoming
from asanokai.letters import Letter
from tests import people
from tests.pages import Reader, statements
from tests.reporting import bounce_address, come, dsn, posted, recipient
from tests.world import plain as words_of

KATRIN = "katrin.lindner@optik-jena.example"
DUE = people.berlin(2026, 2, 19, 9)


@pytest.fixture
def invited(app, clock) -> int:
    """The number of Katrin's invitation, which has been sent; Akiko coordinates its series, Naoko another one."""
    with db.transaction():
        series, other = people.series(), people.series("hamamatsu", zone="Asia/Tokyo")
        people.coordinate(series, people.akiko())
        people.coordinate(other, people.naoko())
        people.announced_meeting(series, people=[people.katrin(), people.emma()])
        people.ludwig()
    clock.set(DUE)
    with db.transaction() as session:
        people.plan()
        people.send_all()
        session.execute(update(Letter).values(claimed_at=clock.now, attempts=1))
        return people.letters_to(people.katrin())[0].id


@pytest.fixture
def akiko(app, invited) -> Reader:
    reader = Reader(app, people.akiko())
    reader.get("/?lang=en")
    return reader


def life(page: str) -> list[str]:
    timeline = page.split('class="timeline"')[1].split("</ol>")[0]
    return [words_of(line) for line in re.findall(r"<li>.*?</li>", timeline, re.DOTALL)]


def told(reader: Reader, number: int) -> list[str]:
    """The life as it stands on the page, without the day."""
    lines = life(reader.get(f"/coordinate/letters/{number}").text)
    return [re.sub(r"(A mail came).*", r"\1", line.partition("2026, ")[2]) for line in lines]


SENT = ["17:00 Written down", "17:00 Taken up for sending", "17:00 Handed to the mail server"]


def test_a_letter_tells_its_life_in_its_coordinators_time(app, akiko, invited, clock):
    place = app.extensions["intake"]
    clock.advance(hours=1)
    waits = recipient(KATRIN, action="delayed", status="4.4.1", words="451 4.4.1 timed out")
    come(place, dsn(waits), bounce_address(place, invited))
    clock.advance(hours=1)
    come(place, dsn(recipient(KATRIN, words="550 5.1.1 <no> one")), bounce_address(place, invited))
    assert told(akiko, invited) == [
        *SENT,
        "18:00 A mail came",
        "18:00 on its way, but late 451 4.4.1 timed out",
        "19:00 A mail came",
        "19:00 came back 550 5.1.1 <no> one",
    ]


def test_what_was_answered_and_written_after_a_letter_stands_in_its_life(app, akiko, invited, clock):
    with db.reading():
        meeting_id = letters.by_id(invited).meeting_id
    clock.advance(minutes=30)
    with db.transaction():
        people.say(meetings.by_id(meeting_id), people.katrin(), "yes")
        reply = Incoming(
            digest="1", raw_hash="1", size=1, way="lmtp", came_at=clock.now, due_at=clock.now, state="parked"
        )
        reply.outcome, reply.member_id, reply.meeting_id = "message", people.katrin().id, meeting_id
        other = Incoming(
            digest="2", raw_hash="2", size=1, way="lmtp", came_at=clock.now, due_at=clock.now, state="taken"
        )
        other.outcome, other.member_id, other.meeting_id = "message", people.emma().id, meeting_id
        db.session().add_all([reply, other])
    assert told(akiko, invited) == [*SENT, "17:30 Answered: Yes", "17:30 A mail came"]


def test_a_letter_that_failed_before_anything_was_noted_says_so(akiko, invited, clock):
    with db.transaction() as session:
        session.get_one(Letter, invited).state = "dropped"
    assert told(akiko, invited) == [*SENT, "17:00 not sent"]


def test_a_letter_that_came_back_is_sent_again_from_its_page(app, akiko, invited, clock):
    place = app.extensions["intake"]
    page = f"/coordinate/letters/{invited}"
    assert "Send again" not in akiko.get(page).text
    come(place, dsn(recipient(KATRIN)), bounce_address(place, invited))
    words = words_of(akiko.get(page).text)
    assert "there is no such mailbox" in words and "This one letter is tried once more" in words
    response = akiko.post(f"{page}/retry", {"back": "letter"})
    assert (response.status_code, response.location) == (303, page)
    assert told(akiko, invited)[-1] == "17:00 sent again by the organisers"
    with db.reading():
        assert letters.by_id(invited).state == "queued"


def test_a_letter_its_reader_complained_of_is_not_offered_again(akiko, invited):
    with db.transaction() as session:
        session.get_one(Letter, invited).state = "failed"
        letters.note([invited], "complained")
    assert "/retry" not in akiko.get(f"/coordinate/letters/{invited}").text


def test_a_letter_is_seen_by_its_own_coordinators_and_those_about_accounts_by_administrators(app, akiko, invited):
    with db.transaction():
        account = posted(people.katrin(), "sign-in:1").id
    numbers = (invited, account, 4711)
    for who, seen in ((people.akiko, [200, 404, 404]), (people.naoko, [404] * 3), (people.ludwig, [200, 200, 404])):
        reader = Reader(app, who())
        assert [reader.get(f"/coordinate/letters/{number}").status_code for number in numbers] == seen


def test_every_list_of_letters_leads_to_their_lives(app, akiko, invited):
    with db.reading():
        letter = letters.by_id(invited)
    lists = ("letters", f"meetings/{letter.meeting_id}/letters", f"people/{letter.member_id}/letters")
    for place in lists:
        assert f'href="/coordinate/letters/{invited}"' in akiko.get(f"/coordinate/{place}").text


def test_a_life_takes_as_many_statements_however_long_it_is(akiko, invited):
    def asked() -> int:
        with statements() as found:
            assert akiko.get(f"/coordinate/letters/{invited}").status_code == 200
        return len(found)

    before = asked()
    with db.transaction():
        for words in range(20):
            letters.note([invited], "postponed", f"451 {words}")
    assert asked() == before


# --- who cannot be reached --------------------------------------------------------------------------------------------


@pytest.fixture
def katrin(app, invited) -> Reader:
    with db.transaction():
        members.suppress(members.addresses_of(people.katrin().id)[0], "unknown", letter_id=invited)
    reader = Reader(app, people.katrin())
    reader.get("/?lang=en")
    return reader


def lost() -> bool:
    with db.reading():
        return members.addresses_of(people.katrin().id)[0].suppressed_at is not None


def test_a_member_sees_that_letters_come_back_and_uses_the_address_again(katrin):
    for page in ("/me/", "/me/settings"):
        words = words_of(katrin.get(page).text)
        assert f"We have not written to {KATRIN} since Thursday, 19 February 2026, 9:00" in words
    assert "What the mail server said: there is no mailbox of that name" in words
    assert katrin.get("/me/").text.count('href="/me/settings#address"') == 1
    response = katrin.post("/me/address/again")
    assert (response.status_code, response.location, lost()) == (303, "/me/settings", False)
    assert "Letters to you come back" not in katrin.get("/me/").text
    assert katrin.post("/me/address/again").status_code == 303


def test_nobody_else_reads_of_it_but_those_who_coordinate(app, akiko, katrin):
    with db.reading():
        number = people.katrin().id
    for who, pages in ((people.emma, ("/me/", "/me/settings")), (people.naoko, ("/coordinate/",))):
        reader = Reader(app, who())
        assert all("come back" not in reader.get(f"{page}?lang=en").text for page in pages)
    foreign = Reader(app, people.naoko())
    assert foreign.get(f"/coordinate/people/{number}/letters").status_code == 404
    assert (foreign.post(f"/coordinate/people/{number}/address/again").status_code, lost()) == (404, True)


def test_a_coordinator_sees_who_cannot_be_reached_and_uses_the_address_again(akiko, katrin):
    assert "1 member cannot be reached by mail" in words_of(akiko.get("/coordinate/").text)
    with db.reading():
        number = people.katrin().id
    page = f"/coordinate/people/{number}/letters"
    words = words_of(akiko.get(page).text)
    assert "The address has not been written to since Thursday, 19 February 2026, 17:00" in words
    response = akiko.post(f"/coordinate/people/{number}/address/again")
    assert (response.status_code, response.location, lost()) == (303, page, False)
    assert "cannot be reached" not in akiko.get("/coordinate/").text


def test_a_complaint_is_shown_to_who_made_it(app, katrin, invited, clock):
    with db.transaction():
        address = members.addresses_of(people.katrin().id)[0]
        members.bounced(address, letter_id=invited, sort="complaint", status="", words="abuse")
        members.unsubscribe(people.katrin())
    assert "A letter was marked as spam at your provider" in words_of(katrin.get("/me/settings").text)
