"""Absolute addresses in letters lead where the pages are: held against the app's own table of routes."""

from urllib.parse import urlsplit

import pytest

from asanokai.links import Links

BASE = "https://breakfast.example.org"
ADDRESSES = {
    "home": ((), "programme.home", {}),
    "imprint": ((), "programme.imprint", {}),
    "privacy": ((), "programme.privacy", {}),
    "accessibility": ((), "programme.accessibility", {}),
    "me": ((), "account.me", {}),
    "devices": ((), "devices.mine", {}),
    "data": ((), "mydata.show", {}),
    "second_factor": ((), "second_factor.show", {}),
    "keys": ((), "keys.mine", {}),
    "meeting": (("2026-03-12-asanokai",), "programme.meeting", {"path": "2026-03-12-asanokai"}),
    "picture": (("2026-03-12-asanokai", "ja"), "paper.picture", {"path": "2026-03-12-asanokai"}),
    "answer": (("tok.en-_1",), "answer.by_link", {"token": "tok.en-_1"}),
    "unsubscribe": (("tok.en-_1",), "wishes.unsubscribe", {"token": "tok.en-_1"}),
    "undo": (("tok.en-_1",), "undo.by_link", {"token": "tok.en-_1"}),
    "sign_in": (("tok.en-_1",), "signing_in.open_link", {"token": "tok.en-_1"}),
    "confirm": (("tok.en-_1",), "joining.confirm", {"token": "tok.en-_1"}),
    "pack": (("tok.en-_1",), "pack.show", {"token": "tok.en-_1"}),
    "speaking": (("tok.en-_1",), "speaking.show", {"token": "tok.en-_1"}),
    "address": (("tok.en-_1",), "address.confirm", {"token": "tok.en-_1"}),
    "objection": (("tok.en-_1",), "address.objection", {"token": "tok.en-_1"}),
    "log_of_member": ((7,), "log.of_member", {"member_id": 7}),
    "coordinate": ((), "desk.home", {}),
    "coordinate_meeting": ((7,), "meeting.show", {"meeting_id": 7}),
    "coordinate_applications": ((), "desk.applications", {}),
    "calendar": (("secret-_1",), "feeds.personal", {"secret": "secret-_1"}),
}
"""Link → what it is given, the page it leads to, and what that page reads out of the address."""


def test_every_link_is_looked_at():
    assert sorted(ADDRESSES) == sorted(name for name in vars(Links) if not name.startswith("_") and name != "base")


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_a_link_leads_to_its_page_under_the_base_url(app, name):
    given, endpoint, read = ADDRESSES[name]
    address = getattr(Links(BASE), name)(*given)
    assert address.startswith(f"{BASE}/")
    found = app.url_map.bind("breakfast.example.org").match(urlsplit(address).path, method="GET")
    assert found == (endpoint, read)


@pytest.mark.parametrize("choice", ["yes", "maybe", "no"])
def test_an_answer_link_says_the_choice_in_its_query(choice):
    assert Links(BASE).answer("t", choice) == f"{BASE}/answer/t?answer={choice}"


def test_what_is_no_ascii_is_written_so_that_mail_programs_keep_the_link_whole():
    assert Links(BASE).meeting("2026-03-12-朝 会") == f"{BASE}/meetings/2026-03-12-%E6%9C%9D%20%E4%BC%9A"


def test_a_token_given_to_the_app_comes_back_as_it_was(app):
    token = app.extensions["tokens"].mint("sign-in", [7, "a nonce"])
    address = app.extensions["links"].sign_in(token)
    _endpoint, read = app.url_map.bind("localhost").match(urlsplit(address).path)
    assert app.extensions["tokens"].read("sign-in", read["token"]) == [7, "a nonce"]
