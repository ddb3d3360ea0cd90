"""Another secret key: what the old one signed works on as long as it stands among the fallbacks, and then no more."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from asanokai import db
from asanokai.app import create_app
from asanokai.errors import Missing
from asanokai.tokens import Tokens
from tests import people
from tests.conftest import Visitor
from tests.pages import TOKEN, Reader

OLD, NEW = "the key that somebody has seen, long enough", "the key that nobody has seen, long enough"
PURPOSES = ("sign-in", "answer", "unsubscribe", "undo", "opt-in", "speaking", "pack")


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"secret_key": OLD}


@pytest.fixture
def under(app: Flask, config: Any) -> Callable[..., Flask]:
    """The same house, started anew under other keys."""

    def started(*keys: str) -> Flask:
        made = create_app(replace(config, secret_key=keys[0], secret_key_fallbacks=keys[1:]))
        made.test_client_class = Visitor
        return made

    return started


def at(app: Flask, cookie: str, page: str = "/me/") -> Any:
    """A page for who comes with a cookie from before."""
    with app.app_context():
        client = app.test_client()
        client.set_cookie("asanokai", cookie)
        answer = client.get(page)
        kept = client.get_cookie("asanokai")
        db.db.session.remove()
        db.dispose()
    return answer, kept.value if kept else ""


def test_nobody_is_signed_out_while_the_old_key_is_kept_and_all_are_when_it_goes(app, under, clock):
    with db.transaction():
        people.emma()
    cookie = Reader(app, people.emma()).client.get_cookie("asanokai").value
    kept, gone = under(NEW, OLD), under(NEW)
    assert [at(house, cookie)[0].status_code for house in (kept, gone)] == [200, 303]
    # A day later the cookie has been given anew, under the new key.
    clock.advance(days=1)
    renewed = at(kept, cookie)[1]
    assert [at(house, renewed)[0].status_code for house in (kept, gone)] == [200, 200]
    assert at(app, renewed)[0].status_code == 303


def test_a_form_that_was_open_meanwhile_is_taken(app, under):
    visitor = app.test_client()
    token = TOKEN.search(visitor.get("/sign-in").text)[1]
    cookie = visitor.get_cookie("asanokai").value
    sent = []
    for keys in ((NEW, OLD), (NEW,)):
        house = under(*keys)
        with house.app_context():
            client = house.test_client()
            client.set_cookie("asanokai", cookie)
            form = {"csrf_token": token, "email": "a@b.example"}
            sent.append(client.post("/sign-in", data=form).status_code)
            db.db.session.remove()
            db.dispose()
    assert sent == [303, 400]


def test_links_and_addresses_that_were_sent_before_open_what_they_opened(clock):
    before, kept, gone = Tokens([OLD]), Tokens([NEW, OLD]), Tokens([NEW])
    links = {purpose: before.mint(purpose, [1, 2]) for purpose in PURPOSES}
    assert {purpose: kept.read(purpose, link) for purpose, link in links.items()} == {one: [1, 2] for one in PURPOSES}
    for purpose, link in links.items():
        with pytest.raises(Missing):
            gone.read(purpose, link)
    address = before.mint_address("reply", 77)
    assert [tokens.read_address("reply", address) for tokens in (kept, gone)] == [77, None]


def test_what_is_signed_afterwards_is_signed_under_the_new_key(clock):
    kept, gone = Tokens([NEW, OLD]), Tokens([NEW])
    assert gone.read("answer", kept.mint("answer", [1, 2])) == [1, 2]
    assert gone.read_address("reply", kept.mint_address("reply", 77)) == 77
