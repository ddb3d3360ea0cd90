"""The journal's page: what it shows and finds, the state of the seals, what is read on request and noted."""

import re

import pytest
from sqlalchemy import select, text

from asanokai import db, entering, journal, questions, seals
from asanokai.db import session
from asanokai.entering import Said
from asanokai.journal import Entry
from asanokai.seals import Sealer
from tests import people
from tests.pages import Reader, statements
from tests.world import plain

PAGE = "/coordinate/journal"


@pytest.fixture
def ludwig(app) -> Reader:
    with db.transaction():
        people.katrin()
        who = people.ludwig()
    reader = Reader(app, who)
    reader.get("/?lang=en")
    return reader


def rows(page) -> list[str]:
    """What happened, from the table."""
    found = re.findall(r"<tr><td><time.*?</tr>", page.text, re.S)
    return [plain(re.findall(r"<td>(.*?)</td>", row, re.S)[2]) for row in found]


def last() -> tuple:
    with db.reading():
        entry = session().scalars(select(Entry).order_by(Entry.id.desc())).first()
        return entry.verb, entry.object, entry.object_id, entry.actor_id


def test_it_shows_what_everybody_did_a_hundred_at_a_time(ludwig):
    with db.transaction():
        for _ in range(105):
            journal.write("announce", "meeting", 1)
    first, second = rows(ludwig.get(PAGE)), rows(ludwig.get(f"{PAGE}?page=2"))
    assert (len(first), first[0], len(second)) == (100, "Announced", 9)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("?area=access", ["Signed in"]),
        ("?area=authority", ["Made administrator: Ludwig Haase"]),
        ("?area=nonsense&who=katrin.lindner@optik-jena.example", ["Member added: Dr. Katrin Lindner"]),
        ("?who=KATRIN.Lindner@optik-jena.example&area=access", []),
        ("?who=nobody@jena.example", []),
        ("?who=%00%22", []),
        ("?day=2026-02-02", ["Announced"]),
        ("?day=2026-02-03", []),
        ("?day=nonsense&area=meetings", ["Announced"]),
    ],
)
def test_it_is_searched_by_area_member_and_day(ludwig, clock, search, found):
    clock.advance(hours=15)  # past midnight on Ludwig's clock, not yet in UTC
    with db.transaction():
        journal.write("announce", "meeting", 1)
    assert rows(ludwig.get(PAGE + search)) == found


def test_from_where_is_shown_on_request_and_that_it_was_read_is_noted(app, ludwig):
    with db.transaction():
        journal.write("leave", "member", people.katrin().id, said="Zieht nach <Hamamatsu>")
    with db.reading():
        number = session().scalars(select(Entry.id).where(Entry.verb == "leave")).one()
    assert "Hamamatsu" not in ludwig.get(PAGE).text
    page = ludwig.post(f"{PAGE}/{number}/aside")
    assert (page.status_code, "Zieht nach &lt;Hamamatsu&gt;" in page.text) == (200, True)
    with db.reading():
        chief = people.ludwig().id
    assert last() == ("read", "aside", number, chief)
    assert [ludwig.get(f"{PAGE}/{number}/aside").status_code, ludwig.post(f"{PAGE}/999999/aside").status_code] == [
        405,
        404,
    ]


def test_all_moments_stand_on_the_readers_clock_also_those_about_a_meeting_elsewhere(ludwig):
    with db.transaction():
        meeting = people.announced_meeting(people.series("hamamatsu", zone="Asia/Tokyo"))
        journal.write("pause", "meeting", meeting.id)
    page = ludwig.get(f"{PAGE}?area=meetings")
    times = re.findall(r"<tr><td><time[^>]*>([^<]*)</time>", page.text)
    assert (rows(page)[0], {time.rpartition(" ")[2] for time in times}) == ("Letters held back", {"10:00"})
    assert "Times on your own clock: Berlin" in page.text


def test_it_says_how_the_seals_stand(ludwig, clock):
    Sealer().step()
    with db.reading():
        head = seals.newest().head
    seen = ludwig.get(PAGE).text
    assert (head in seen.replace("<wbr>", ""), "not verified yet" in seen) == (True, True)
    seals.verify_due()
    assert "intact" in ludwig.get(PAGE).text
    clock.advance(days=2)
    with db.transaction() as writing:
        drop = " ON journal" if db.db.engine.dialect.name == "postgresql" else ""
        writing.execute(text(f"DROP TRIGGER journal_unaltered{drop}"))
        writing.execute(text("UPDATE journal SET verb = 'x' WHERE id = (SELECT min(id) FROM journal)"))
    seals.verify_due()
    assert "not as they were sealed. One of them was altered." in ludwig.get(PAGE).text


def test_it_asks_as_often_for_a_full_page_as_for_few_lines(ludwig):
    counts = []
    for more in (1, 40):
        with db.transaction():
            for who in people.crowd(more):
                journal.write("subscribe", "member", who.id, actor_id=who.id, said="x")
        ludwig.get(PAGE)
        with statements() as asked:
            ludwig.get(PAGE)
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- what is sensitive ------------------------------------------------------------------------------------------------


@pytest.fixture
def replied(app) -> tuple[str, int, int]:
    """Katrin's line on the roll, her answer's number, and the question about food that she answered."""
    with db.transaction():
        series = people.series()
        people.coordinate(series, people.akiko())
        session().flush()
        food = questions.add({"de": "Essen", "en": "Food"}, "food", series_id=series.id)
        train = questions.add({"de": "Zug", "en": "Train"}, "text", series_id=series.id)
        meeting = people.announced_meeting(series, people=[people.katrin()])
        said = Said("yes", replies={food.id: "Keine Nüsse", train.id: "9:12"})
        given = entering.enter(meeting.id, people.katrin().id, said, asked=[food, train], by="link")
        return f"/coordinate/meetings/{meeting.id}/roll/{people.katrin().id}", given.rsvp.id, food.id


def test_what_somebody_does_not_eat_is_shown_on_request_and_that_it_was_read_is_noted(app, replied):
    line, rsvp_id, _ = replied
    with db.reading():
        who = people.akiko()
    akiko = Reader(app, who)
    seen = akiko.get(line).text
    assert ("Nüsse" in seen, "9:12" in seen) == (False, True)
    assert "Nüsse" in akiko.post(f"{line}/replies").text
    assert last() == ("read", "reply", rsvp_id, who.id)


def test_who_answers_for_somebody_without_having_looked_takes_nothing_back(app, replied, clock):
    line, rsvp_id, food_id = replied
    with db.reading():
        akiko = Reader(app, people.akiko())
    clock.advance(minutes=1)
    assert akiko.post(line, {"answer": "maybe", "guests": "0", "comment": ""}).status_code == 303
    with db.reading():
        assert questions.replies(rsvp_id)[food_id] == "Keine Nüsse"
    assert akiko.post(line, {"answer": "maybe", f"question_{food_id}": ""}).status_code == 303
    with db.reading():
        assert food_id not in questions.replies(rsvp_id)


def test_who_has_replied_nothing_about_food_is_asked_as_ever_and_no_reading_is_noted(app, replied):
    line, _, food_id = replied
    with db.transaction():
        akiko = Reader(app, people.akiko())
    akiko.post(line, {"answer": "yes", f"question_{food_id}": ""})
    page = akiko.get(line).text
    assert (f'name="question_{food_id}"' in page, "/replies" in page) == (True, False)
    before = last()
    assert akiko.post(f"{line}/replies").status_code == 200
    assert last() == before
