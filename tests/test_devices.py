"""Devices: what the cookie is worth, what ends it, who hears of it, and proving once more who one is."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from asanokai import db, devices, leaving, members
from asanokai.db import session
from asanokai.devices import Device
from asanokai.errors import Missing
from asanokai.tokens import hashed
from tests import people
from tests.pages import Reader, sign_in_link, statements

PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/127.0 Safari/537.36"
PASSWORD = "ein langes Passwort"


def rows() -> list[Device]:
    with db.reading() as reading:
        found = list(reading.scalars(select(Device).order_by(Device.id)))
        reading.expunge_all()
        return found


def inside(reader: Reader) -> bool:
    """Whether the reader is signed in."""
    return reader.get("/me/devices").status_code == 200


def by(user_agent: str, app: Flask, member: people.Member) -> Reader:
    """A reader with that browser, signed in by a link."""
    reader = Reader(app)
    reader.client.environ_base["HTTP_USER_AGENT"] = user_agent
    reader.sign_in(member)
    return reader


@pytest.fixture
def emma(app, clock) -> int:
    with db.transaction():
        return people.emma().id


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (PHONE, "Firefox, Android"),
        (DESK, "Chrome, Windows"),
        (f"{DESK} Edg/127.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Linux"),
        ("curl/8.5", ""),
        ("", ""),
        ("Windows" * 10_000, "Windows"),
    ],
)
def test_a_browser_is_called_plainly(said, name):
    assert devices.name_of(said) == name


def test_only_a_hash_of_the_token_is_kept_and_no_address(app, emma):
    reader = by(PHONE, app, people.emma())
    (device,) = rows()
    with reader.client.session_transaction() as cookie:
        token = cookie["_user_id"]
        assert sorted(cookie) == ["_fresh", "_permanent", "_user_id", "day", "known"]
    assert (device.member_id, device.name, device.by, device.token_hash) == (
        emma,
        "Firefox, Android",
        "link",
        hashed(token),
    )
    assert len(token) >= 43
    assert "127.0.0.1" not in str(vars(device))


def test_signing_in_again_ends_the_session_before_and_its_cookie(app, emma):
    reader = by(PHONE, app, people.emma())
    stolen = reader.client.get_cookie("asanokai").value
    reader.sign_in(people.emma())
    thief = Reader(app)
    thief.client.set_cookie("asanokai", stolen)
    assert (inside(reader), inside(thief), len(rows())) == (True, False, 1)


def test_one_statement_says_who_is_there(app, emma):
    reader = by(PHONE, app, people.emma())
    with statements() as asked:
        reader.get("/me/leave")
    with statements() as asked_more:
        reader.get("/imprint")
    assert (asked[0], asked_more) == ("SELECT", ["SELECT", "SELECT"])  # who is there; the imprint's words


def test_the_page_lists_what_is_signed_in_and_says_which_one_this_is(app, emma, clock):
    by(DESK, app, people.emma())
    clock.advance(hours=2)
    phone = by(PHONE, app, people.emma())
    page = phone.get("/me/devices?lang=de").text
    assert page.count("Dieses Gerät") == 1
    assert page.index("Firefox, Android") < page.index("Dieses Gerät") < page.index("Chrome, Windows")
    assert page.count("/sign-out") == 3  # the menu's, the other device's, everywhere


def test_one_device_is_signed_out_at_once_and_the_others_stay(app, emma):
    desk, phone, third = (by(browser, app, people.emma()) for browser in (DESK, PHONE, PHONE))
    number = rows()[0].id
    assert phone.post(f"/me/devices/{number}/sign-out").headers["Location"] == "/me/devices"
    assert [inside(reader) for reader in (desk, phone, third)] == [False, True, True]


def test_all_others_are_signed_out_at_once(app, emma):
    desk, phone, third = (by(browser, app, people.emma()) for browser in (DESK, PHONE, PHONE))
    phone.post("/me/devices/others")
    assert [inside(reader) for reader in (desk, phone, third)] == [False, True, False]


def test_this_one_can_be_signed_out_by_its_number_too(app, emma):
    phone = by(PHONE, app, people.emma())
    assert phone.post(f"/me/devices/{rows()[0].id}/sign-out").headers["Location"] == "/"
    assert (inside(phone), rows()) == (False, [])


def test_signing_out_ends_the_cookie_itself_and_not_only_the_browsers_copy(app, emma):
    phone = by(PHONE, app, people.emma())
    kept = phone.client.get_cookie("asanokai").value
    phone.post("/sign-out")
    phone.client.set_cookie("asanokai", kept)
    assert not inside(phone)


def test_signing_out_everywhere_ends_all(app, emma):
    desk, phone = (by(browser, app, people.emma()) for browser in (DESK, PHONE))
    phone.post("/sign-out", {"everywhere": "yes"})
    assert (inside(desk), inside(phone), rows()) == (False, False, [])


def test_another_members_device_is_not_there(app, emma):
    by(PHONE, app, people.emma())
    with db.transaction():
        katrin = people.katrin()
    stranger = by(DESK, app, katrin)
    number = rows()[0].id
    assert stranger.post(f"/me/devices/{number}/sign-out").status_code == 404
    with pytest.raises(Missing):
        devices.sign_out(people.katrin().id, number)


def test_a_new_password_ends_the_others_and_keeps_this_one(app, emma):
    desk, phone = (by(browser, app, people.emma()) for browser in (DESK, PHONE))
    phone.post("/me/password", {"password": PASSWORD, "again": PASSWORD})
    assert (inside(desk), inside(phone)) == (False, True)


def test_leaving_and_losing_the_right_to_everything_end_all(app, clock):
    with db.transaction():
        people.ludwig()
        members.make_administrator(people.katrin(), True, actor_id=None)
        people.emma()
    readers = [by(DESK, app, who()) for who in (people.katrin, people.emma, people.ludwig)]
    with db.transaction():
        members.make_administrator(people.katrin(), False, actor_id=None)
        members.make_administrator(people.ludwig(), True, actor_id=None)
        leaving.leave(people.emma(), actor_id=people.emma().id)
    assert [inside(reader) for reader in readers] == [False, False, True]


# --- how long ---------------------------------------------------------------------------------------------------------


def test_a_device_ends_after_sixty_days_without_use(app, emma, clock):
    used, unused = (by(browser, app, people.emma()) for browser in (DESK, PHONE))
    clock.advance(days=59)

    used.post("/me/calendar")
    clock.advance(days=2)
    assert (inside(used), inside(unused)) == (True, False)


def test_a_device_ends_after_half_a_year_however_much_it_is_used(app, emma, clock):
    reader = by(DESK, app, people.emma())
    for _ in range(8):
        clock.advance(days=22)
        reader.post("/me/calendar")
        assert inside(reader)
    clock.advance(days=4, seconds=1)
    assert not inside(reader)


def test_use_is_noted_when_something_is_sent_and_at_most_once_an_hour(app, emma, clock):
    reader = by(DESK, app, people.emma())
    began, noted = clock.now, []
    for minutes, act in ((59, reader.post), (2, reader.get), (1, reader.post), (30, reader.post)):
        clock.advance(minutes=minutes)
        act("/me/calendar" if act == reader.post else "/me/")
        noted.append(rows()[0].used_at - began)
    assert noted == [timedelta(), timedelta(), timedelta(minutes=62), timedelta(minutes=62)]


def test_what_has_ended_is_deleted_by_the_worker(app, emma, clock):
    old = devices.begin(people.emma().id, by="link", name="")[0]
    clock.advance(days=40)
    fresh = devices.begin(people.emma().id, by="link", name="")[0]
    half = devices.begin(people.emma().id, by="link", name="", waits=True)[0]
    assert devices.forget() == 0
    clock.advance(days=20)
    assert devices.forget() == 2
    assert list(session().scalars(select(Device.id))) == [fresh.id]
    assert {old.id, half.id}.isdisjoint({fresh.id})


def test_there_are_fifty_at_most_and_the_one_used_longest_ago_ends(app, emma, clock):
    first = devices.begin(emma, by="link", name="first")[0].id
    for _ in range(devices.MOST):
        clock.advance(minutes=1)
        devices.begin(emma, by="link", name="")
    found = devices.of_member(emma)
    assert (len(found), first in {device.id for device in found}) == (devices.MOST, False)


@pytest.mark.parametrize("cookie", ["", ".", "1.x", "朝", "x" * 100_000])
def test_a_cookie_of_rubbish_signs_nobody_in(app, emma, cookie):
    reader = Reader(app)
    with reader.client.session_transaction() as held:
        held["_user_id"] = cookie if len(cookie) < 3000 else cookie[:3000]
    assert not inside(reader)


def test_who_has_begun_to_sign_in_is_not_in(app, emma):
    with db.transaction():
        device, token = devices.begin(emma, by="link", name="", waits=True)
        assert devices.waiting(token) is device
    reader = Reader(app)
    with reader.client.session_transaction() as held:
        held["_user_id"] = token
    assert not inside(reader)


# --- the letter -------------------------------------------------------------------------------------------------------


def told() -> list[str]:
    return [letter.facts["name"] for letter in people.letters_to(people.emma(), "new_device")]


def test_a_member_hears_of_a_new_device_but_not_of_the_first(app, emma):
    by(DESK, app, people.emma())
    assert told() == []
    by(PHONE, app, people.emma())
    assert told() == ["Firefox, Android"]


def test_nobody_hears_of_a_browser_that_was_signed_in_before(app, emma):
    by(DESK, app, people.emma())
    phone = by(PHONE, app, people.emma())
    phone.sign_in(people.emma())
    phone.post("/sign-out")
    phone.token = None
    phone.sign_in(people.emma())
    assert told() == ["Firefox, Android"]


def test_a_stranger_is_told_of_although_no_device_is_signed_in(app, emma):
    by(DESK, app, people.emma()).post("/sign-out", {"everywhere": "yes"})
    by(DESK, app, people.emma())
    assert told() == ["Chrome, Windows"]


# --- proving it once more ---------------------------------------------------------------------------------------------


@pytest.fixture
def chief(app, clock) -> Reader:
    with db.transaction():
        members.set_password(people.ludwig(), PASSWORD, actor_id=None)
    reader = by(DESK, app, people.ludwig())
    clock.advance(minutes=15)
    return reader


def test_what_is_delicate_asks_again_after_a_quarter_of_an_hour_and_leads_back(chief, app):
    assert chief.get("/coordinate/").status_code == 200
    assert chief.get("/coordinate/settings").headers["Location"] == "/me/prove"
    assert chief.post("/me/prove", {"password": "wrong"}).status_code == 422
    assert chief.get("/coordinate/settings").status_code == 303
    assert chief.post("/me/prove", {"password": PASSWORD}).headers["Location"] == "/coordinate/settings"
    assert chief.get("/coordinate/settings").status_code == 200


def test_a_link_by_mail_proves_it_too_and_leads_back(chief, app):
    chief.get("/coordinate/settings")
    assert chief.post("/me/prove/link").headers["Location"] == "/me/prove"
    assert people.kinds_to(people.ludwig()) == ["sign_in"]
    assert chief.post(sign_in_link(app, people.ludwig())).headers["Location"] == "/coordinate/settings"
    assert chief.get("/coordinate/settings").status_code == 200


def test_what_was_sent_too_late_is_not_done(chief, app):
    response = chief.post("/me/password", {"password": PASSWORD * 2, "again": PASSWORD * 2})
    assert response.headers["Location"] == "/me/prove"
    assert members.by_password("ludwig.haase@asanokai.example", PASSWORD) is not None
    assert chief.post("/me/prove", {"password": PASSWORD}).headers["Location"] == "/me/settings"


def test_nobody_is_let_past_by_proving_that_they_are_somebody_else(chief, app, emma):
    chief.get("/coordinate/settings")
    assert chief.post(sign_in_link(app, people.emma())).headers["Location"] == "/coordinate/settings"
    assert chief.get("/coordinate/settings").status_code == 404
