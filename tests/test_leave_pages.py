"""The pages of leaving: by oneself with a box to tick, or by an administrator."""

import pytest

from asanokai import db
from asanokai import series as series_rules
from tests import people
from tests.pages import Reader
from tests.world import plain


@pytest.fixture
def katrin(app) -> Reader:
    with db.transaction():
        meeting = people.announced_meeting(people=[people.katrin()])
        people.say(meeting, people.katrin(), "yes")
        people.ludwig()
    reader = Reader(app, people.katrin())
    reader.get("/?lang=en")
    return reader


def standing() -> str:
    with db.reading():
        return people.katrin().standing


def test_the_page_says_what_ends_and_nothing_ends_by_looking(katrin):
    assert 'href="/me/leave"' in katrin.get("/me/settings").text
    shown = plain(katrin.get("/me/leave").text)
    assert ("Series: Asa no Kai Thuringia" in shown, "Seat given back: Thursday, 12 March 2026" in shown) == (
        True,
        True,
    )
    assert standing() == "accepted"


def test_without_the_tick_nobody_leaves(katrin):
    response = katrin.post("/me/leave", {})
    assert (response.status_code, "Please tick the box if you want to leave." in plain(response.text)) == (422, True)
    assert standing() == "accepted"


def test_who_leaves_is_signed_out_and_stays_so(katrin):
    response = katrin.post("/me/leave", {"sure": "y"})
    assert (response.status_code, response.location, standing()) == (303, "/", "left")
    assert "You have left." in plain(katrin.get("/").text)
    assert katrin.get("/me/").status_code == 303


def test_an_administrator_ends_a_membership_and_the_row_says_how_to_return(app, katrin):
    ludwig = Reader(app, people.ludwig())
    ludwig.get("/?lang=en")
    address = f"/coordinate/members/{people.katrin().id}"
    assert "Dr. Katrin Lindner leaves" in plain(ludwig.get(f"{address}/leave").text)
    assert (ludwig.post(f"{address}/leave").location, standing()) == ("/coordinate/members", "left")
    assert "To return, they apply again or are invited" in plain(ludwig.get(address).text)
    assert ludwig.post(f"{address}/leave").status_code == 409


def test_taking_somebody_off_a_series_gives_back_the_seat(app, katrin):
    ludwig = Reader(app, people.ludwig())
    with db.reading():
        series = series_rules.by_slug("asanokai").id
        number = people.katrin().id
    look = plain(
        ludwig.post(
            f"/coordinate/series/{series}/members/deeds?lang=en",
            {"deed": f"part:{series}", "whom": "ticked", "member": str(number)},
        ).text
    )
    assert "With a seat at a meeting to come, or waiting for one 1 person" in look
    ludwig.post(f"/coordinate/series/{series}/members/{number}/part")
    with db.reading():
        assert people.kinds_to(people.katrin()) == ["confirm"]
