"""The pages about one's own data: what deletion ends is said first, a box is ticked, and it is done."""

import pytest
from sqlalchemy import select

from asanokai import applying, clock, db, erased, erasing, importing, members, worker
from asanokai.db import session
from asanokai.errors import BadInput
from asanokai.members import Member
from tests import people, world
from tests.pages import Reader
from tests.world import plain

ADDRESS = "katrin.lindner@optik-jena.example"


@pytest.fixture
def katrin(app) -> Reader:
    with db.transaction():
        meeting = people.announced_meeting(people=[people.katrin()])
        people.say(meeting, people.katrin(), "yes")
        people.ludwig()
    reader = Reader(app, people.katrin())
    reader.get("/?lang=en")
    return reader


def standing(number: int) -> str:
    with db.reading():
        return session().get_one(Member, number).standing


def number() -> int:
    with db.reading():
        return people.katrin().id


def test_the_page_says_what_ends_and_what_stays_before_anything_is_deleted(katrin):
    assert 'href="/me/data"' in katrin.get("/me/settings").text
    assert 'href="/me/data/delete"' in katrin.get("/me/data").text
    shown = plain(katrin.get("/me/data/delete").text)
    assert [
        words in shown
        for words in (
            "Series: Asa no Kai Thuringia",
            "Seat given back: Thursday, 12 March 2026",
            "Numbers stay: how many came",
            "3 days at most",
        )
    ] == [True] * 4
    assert standing(number()) == "accepted"


def test_without_the_tick_nothing_is_deleted(katrin):
    response = katrin.post("/me/data/delete", {"keep_texts": "y"})
    assert (response.status_code, standing(number())) == (422, "accepted")


def test_who_deletes_is_signed_out_and_the_worker_does_the_rest(katrin):
    who = number()
    response = katrin.post("/me/data/delete", {"sure": "y"})
    assert (response.status_code, response.location, standing(who)) == (303, "/", "left")
    assert "Your account is closed." in plain(katrin.get("/").text)
    assert katrin.get("/me/").status_code == 303
    with db.transaction():
        people.send_all()
    assert (worker.erase_step(), standing(who)) == (1, "erased")


def test_an_administrator_deletes_who_asked_in_writing(app, katrin):
    who, ludwig = number(), Reader(app, people.ludwig())
    ludwig.get("/?lang=en")
    address = f"/coordinate/members/{who}"
    assert f'href="{address}/erase"' in ludwig.get(address).text
    assert "Delete the data of Dr. Katrin Lindner" in plain(ludwig.get(f"{address}/erase").text)
    assert (ludwig.post(f"{address}/erase").location, standing(who)) == ("/coordinate/members", "left")
    assert "Deletion was asked for" in plain(ludwig.get(f"{address}/erase").text)
    with db.transaction():
        people.send_all()
    worker.erase_step()
    assert "This account is deleted already." in plain(ludwig.get(f"{address}/erase").text)
    assert ludwig.post(f"{address}/erase").status_code == 409


# --- coming back ------------------------------------------------------------------------------------------------------


@pytest.fixture
def gone(app) -> None:
    with db.transaction():
        erasing.ask(people.katrin(), why="administrator", actor_id=people.ludwig().id)
        assert erasing.step() == 1
        assert erased.is_known(ADDRESS)


def test_no_file_no_invitation_and_no_hand_brings_a_deleted_person_back(gone):
    sheet = importing.read(f"Name;E-Mail\nKatrin Lindner;{ADDRESS}\n".encode())
    with db.transaction():
        series = people.series()
        (verdict,) = importing.take(sheet, series=series)
        assert (verdict.verdict, verdict.words()) == ("bad", "had their data deleted and is not added again by a file")
        with pytest.raises(BadInput):
            applying.invite(ADDRESS, {"family": "Lindner"}, series_id=series.id, inviter_id=people.ludwig().id)
        with pytest.raises(BadInput):
            members.add(ADDRESS, family="Lindner", actor_id=people.ludwig().id)
        assert members.by_address(ADDRESS) is None


def test_who_applies_and_confirms_is_known_again(gone):
    with db.transaction():
        asked = applying.apply({"family": "Lindner"}, ADDRESS, series_id=people.series().id, **world.CONSENT)
        secret = applying.mint_confirmation(asked)
        session().flush()
        assert erased.is_known(ADDRESS)
        applying.confirm(asked.id, secret, from_address=None)
        assert (erased.is_known(ADDRESS), asked.confirmed_at) == (False, clock.now())
        assert session().scalar(select(Member.standing).where(Member.id == asked.member_id)) != "erased"
