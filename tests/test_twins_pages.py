"""The pages that find who stands twice and make one of two."""

import pytest

from asanokai import db, meetings, members
from asanokai.db import session
from tests import people
from tests.pages import Reader, statements
from tests.world import plain, typed


@pytest.fixture
def ludwig(app) -> Reader:
    with db.transaction():
        people.ludwig(), people.katrin()
        members.add("k.lindner@privat.example", family="Lindner", given="Katrin", position="Direktorin", language="en")
    reader = Reader(app, people.ludwig())
    reader.get("/?lang=en")
    return reader


def numbers() -> tuple[int, int]:
    with db.reading():
        return people.katrin().id, members.by_address("k.lindner@privat.example").id


def test_who_stands_twice_is_found_looked_at_and_made_one(ludwig):
    one, other = numbers()
    listed = ludwig.get("/coordinate/members/twins").text
    address = f"/coordinate/members/{one}/merge/{other}"
    assert (f'href="{address}"' in listed, "1 pair" in plain(listed)) == (True, True)
    form = typed(ludwig.get(address).text, address)
    # Where the kept row says nothing, the other's is proposed.
    assert (form["email"], form["position"], form["language"]) == ("kept", "kept", "kept")
    response = ludwig.post(address, {**form, "position": "other"})
    assert (response.status_code, response.location) == (303, f"/coordinate/members/{one}")
    with db.reading():
        assert (people.katrin().position, session().get(members.Member, other).standing) == ("Direktorin", "erased")
    assert "Nobody seems to be listed twice" in plain(ludwig.get("/coordinate/members/twins").text)


def test_the_other_way_round_is_one_click_away(ludwig):
    one, other = numbers()
    assert (
        f'href="/coordinate/members/{other}/merge/{one}"' in ludwig.get(f"/coordinate/members/{one}/merge/{other}").text
    )


def test_an_answer_link_of_the_row_given_up_leads_to_the_kept_one(app, ludwig):
    one, other = numbers()
    with db.transaction():
        meeting = people.announced_meeting(people=[people.katrin(), members.by_id(other)])
        link = "/answer/" + app.extensions["tokens"].mint("answer", [meeting.id, other])
        stop = "/unsubscribe/" + app.extensions["tokens"].mint("unsubscribe", other)
        number = meeting.id
    ludwig.post(f"/coordinate/members/{one}/merge/{other}", {})
    visitor = Reader(app)
    assert "Katrin Lindner" in plain(visitor.get(f"{link}?lang=en").text)
    assert visitor.post(link, {"answer": "yes"}).status_code == 303
    visitor.post(stop)
    with db.transaction():
        assert people.seats(meetings.by_id(number)) == {one: ("yes", "held", 0)}
        assert people.katrin().unsubscribed_at is not None


def test_the_list_of_pairs_takes_as_many_statements_for_many_as_for_one(ludwig):
    counts = []
    for more in (0, 4, 60):
        with db.transaction():
            people.crowd(more, family="Gleich", given="Name", organisation="Eine Firma")
        with statements() as asked:
            ludwig.get("/coordinate/members/twins")
        counts.append(len(asked))
    assert counts[0] == counts[1] == counts[2]
