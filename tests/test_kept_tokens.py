"""What the cookie holds besides who is signed in, tried in every way it must not work: questions to a device with
passkeys, the way to a provider, who owes a code. Altered, for another purpose, under a lost key, too late, twice,
somebody else's, after its member has left or was erased.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import asanokai
from asanokai import db, leaving, members
from asanokai.provider import Claims, NotBelieved
from asanokai.tokens import Tokens
from config import OpenId
from tests import people
from tests.authenticator import Device
from tests.conftest import DATABASES
from tests.grounds import LONG
from tests.pages import Reader, sign_in_link
from tests.test_all_tokens import altered
from tests.test_erasing import erase
from tests.test_second_factor import code, half_in, with_factor

pytestmark = pytest.mark.parametrize("database_url", DATABASES if LONG else ["sqlite"], indirect=True)

BACK = "/sign-in/provider/back"


def cookie_of(reader: Reader) -> dict[str, Any]:
    with reader.client.session_transaction() as cookie:
        return dict(cookie)


def put(reader: Reader, **values: Any) -> None:
    with reader.client.session_transaction() as cookie:
        cookie.update(values)
    reader.token = None


def key_of(who: people.Member, app: Flask) -> tuple[Reader, Device]:
    """Somebody signed in, and the device that has just made their passkey."""
    reader, device = Reader(app, who), Device()
    made = device.create(json.loads(reader.get("/me/keys/new").text))
    assert reader.post("/me/keys", {"name": "x", "answer": made}).status_code == 303
    return reader, device


QUESTIONS = {
    "passkey-add": ("/me/keys/new", "/me/keys"),
    "passkey-sign-in": ("/sign-in/passkey/asked", "/sign-in/passkey"),
    "passkey-prove": ("/me/prove/asked", "/me/prove/passkey"),
}
"""What a device is asked for → where the question comes from, and where the answer goes."""


def asked(reader: Reader, device: Device, purpose: str) -> str:
    """A device's answer to a new question of that purpose."""
    question = json.loads(reader.get(QUESTIONS[purpose][0]).text)
    return Device().create(question) if purpose == "passkey-add" else device.get(question)


def answered(reader: Reader, purpose: str, answer: str) -> int:
    return reader.post(QUESTIONS[purpose][1], {"name": "y", "answer": answer}).status_code


@pytest.fixture
def emma(app, clock) -> tuple[Reader, Device]:
    with db.transaction():
        people.emma(), people.katrin()
    return key_of(people.emma(), app)


def test_no_question_to_a_device_is_missing(app):
    source = "".join(file.read_text(encoding="utf-8") for file in Path(asanokai.__file__).parent.rglob("web/*.py"))
    assert set(re.findall(r"challenges\.keep\(\s*\"([a-z-]+)\"", source)) == set(QUESTIONS)


@pytest.mark.parametrize("purpose", QUESTIONS)
def test_a_question_to_a_device_is_answered_once_in_five_minutes_where_it_was_asked_and_as_what_it_was_asked(
    app, emma, clock, purpose
):
    reader, device = emma
    late = asked(reader, device, purpose)
    clock.advance(minutes=5, seconds=1)
    found = {"late": answered(reader, purpose, late)}
    theirs = asked(Reader(app, people.emma()), device, purpose)
    found["asked in another browser"] = answered(reader, purpose, theirs)
    for other in sorted({*QUESTIONS} - {purpose}):
        if other != "passkey-add" and purpose != "passkey-add":  # a key is made by another kind of answer
            found[f"asked for {other}"] = answered(reader, purpose, asked(reader, device, other))
    question = json.loads(reader.get(QUESTIONS[purpose][0]).text)
    token = cookie_of(reader)["asked"][-1]
    answer = Device().create(question) if purpose == "passkey-add" else device.get(question)
    value = app.extensions["tokens"].read(purpose, token)
    strange = [*altered(token)[::5], Tokens(["a key that was given up"]).mint(purpose, value)]
    strange += [app.extensions["tokens"].mint(other, value) for other in {*QUESTIONS} - {purpose}]
    for number, other in enumerate(strange):
        put(reader, asked=[other])
        found[f"altered {number}"] = answered(reader, purpose, answer)
    assert found == dict.fromkeys(found, 422)
    put(reader, asked=[token])
    assert answered(reader, purpose, answer) == 303
    put(reader, asked=[token])
    assert answered(reader, purpose, answer) == 422, "twice, by a cookie that is played back"


@pytest.mark.parametrize("purpose", ["passkey-add", "passkey-prove"])
def test_a_question_to_one_member_is_not_answered_by_another_in_the_same_browser(app, emma, purpose):
    reader, device = emma
    answer, kept = asked(reader, device, purpose), cookie_of(reader)["asked"]
    reader.sign_in(people.katrin())
    put(reader, asked=kept)
    assert answered(reader, purpose, answer) == 422


@pytest.mark.parametrize("end", ["left", "erased"])
def test_a_passkey_and_its_open_question_end_with_the_member(app, emma, end):
    _reader, device = emma
    visitor = Reader(app)
    answer = asked(visitor, device, "passkey-sign-in")
    with db.transaction():
        emma_ = people.emma()
        erase(emma_) if end == "erased" else leaving.leave(emma_, actor_id=emma_.id)
    assert answered(visitor, "passkey-sign-in", answer) == 422
    assert visitor.get("/me/").status_code == 303


class TestProvider:
    """Where the operator has set a provider; what it answers is put in its place."""

    @pytest.fixture
    def settings(self):
        return {"openid": OpenId("https://id.example", "asanokai", "secret", "Jena-ID")}

    @pytest.fixture
    def there(self, app, clock, monkeypatch):
        """Emma's identity comes back for every code, if the nonce is the one that was sent."""
        sent: list[dict[str, str]] = []

        class Provider:
            def address(self, **secrets: Any) -> str:
                sent.append(secrets)
                return "https://id.example/auth"

            def may_come_from(self, issuer: str | None) -> bool:
                return issuer == "https://id.example"

            def redeem(self, code: str, *, verifier: str, nonce: str) -> Claims:
                if (verifier, nonce) not in {(one["verifier"], one["nonce"]) for one in sent}:
                    raise NotBelieved
                return Claims("https://id.example", "7", "emma.whitfield@ilmenau.example", True)

        app.extensions["provider"] = Provider()
        with db.transaction():
            people.emma()
        return sent

    def test_a_way_to_a_provider_is_gone_once_in_ten_minutes_by_who_began_it(self, app, there, clock):
        def back(reader: Reader, **other: str) -> int:
            way = {"code": "c", "state": there[-1]["state"], "iss": "https://id.example", **other}
            return reader.post(BACK, way).status_code

        def go() -> Reader:
            reader = Reader(app)
            assert reader.get("/sign-in/provider/go").status_code == 303
            return reader

        reader = go()
        clock.advance(minutes=10, seconds=1)
        found = {"late": back(reader), "in another browser": back(Reader(app))}
        reader = go()
        found |= {
            "another state": back(reader, state="x" * 43),
            "another issuer": back(reader, iss="https://x.example"),
        }
        token, tokens = cookie_of(reader)["outside"], app.extensions["tokens"]
        value = tokens.read("outside", token)
        strange = [*altered(token)[::5], Tokens(["a key that was given up"]).mint("outside", value)]
        strange += [tokens.mint("passkey-sign-in", value), tokens.mint("outside", [value[0], "n", "v", 0])]
        for number, other in enumerate(strange):
            put(reader, outside=other)
            found[f"altered {number}"] = back(reader)
        assert found == {**dict.fromkeys(found, 409), f"altered {len(strange) - 1}": 422}
        put(reader, outside=token)
        assert back(reader) == 303
        put(reader, outside=token)
        assert back(reader) == 409, "twice, by a cookie that is played back"

    def test_a_way_to_a_provider_leads_nowhere_when_its_member_is_erased(self, app, there):
        reader = Reader(app)
        reader.get("/sign-in/provider/go")
        with db.transaction():
            erase(people.emma())
        way = {"code": "c", "state": there[-1]["state"], "iss": "https://id.example"}
        assert (reader.post(BACK, way).status_code, reader.get("/me/").status_code) == (403, 303)


# --- half signed in ---------------------------------------------------------------------------------------------------


ENDS_OF_HALF = {
    "late": lambda clock: clock.advance(minutes=10),
    "left": lambda _clock: leaving.leave(people.emma(), actor_id=people.emma().id),
    "erased": lambda _clock: erase(people.emma()),
    "signed out everywhere": lambda _clock: members.sign_out_everywhere(people.emma()),
}


@pytest.mark.parametrize("end", ENDS_OF_HALF)
def test_who_owes_a_code_owes_it_for_ten_minutes_and_no_longer_than_they_are_a_member(app, clock, end):
    with db.transaction():
        with_factor(people.emma())
    clock.advance(minutes=1)
    reader = half_in(app, people.emma())
    digits = code(people.emma().id)
    with db.transaction():
        ENDS_OF_HALF[end](clock)
    for address in ("/sign-in/code", "/me/"):
        assert reader.get(address).headers.get("Location") == "/sign-in"
    assert reader.post("/sign-in/code", {"code": digits}).headers["Location"] == "/sign-in"


def test_a_half_cookie_is_nobodys_when_altered_when_spent_and_as_the_cookie_of_who_is_in(app, clock):
    with db.transaction():
        with_factor(people.emma())
    clock.advance(minutes=1)
    reader = half_in(app, people.emma())
    half = cookie_of(reader)["half"]
    for value in (half[:-1], half[1:], half.swapcase(), "", "x" * 100):
        put(reader, half=value)
        assert (value, reader.get("/sign-in/code").headers.get("Location")) == (value, "/sign-in")
    put(reader, half=half)
    assert reader.post("/sign-in/code", {"code": code(people.emma().id)}).headers["Location"] == "/me/"
    spent = Reader(app)
    put(spent, half=half, _user_id=half)
    clock.advance(minutes=1)
    assert spent.post("/sign-in/code", {"code": code(people.emma().id)}).headers["Location"] == "/sign-in"
    assert spent.get("/me/").status_code == 303


# --- the link that proves it once more --------------------------------------------------------------------------------


def test_a_link_that_proves_it_once_more_is_a_sign_in_link_and_ends_like_one(app, clock):
    with db.transaction():
        people.katrin()
    katrin = Reader(app, people.katrin())
    clock.advance(minutes=15)
    links = []
    for _ in range(2):
        katrin.get("/me/data/delete")
        assert katrin.post("/me/prove/link").headers["Location"] == "/me/prove"
        links.append(sign_in_link(app, people.katrin()))
    assert katrin.post(links[0]).status_code == 410, "a later one replaces it"
    clock.advance(minutes=15, seconds=1)
    assert (katrin.post(links[1]).status_code, katrin.get("/me/data/delete").status_code) == (410, 303)
    link = sign_in_link(app, people.katrin())
    assert katrin.post(link).headers["Location"] == "/me/data/delete"
    katrin.token = None
    assert (katrin.post(link).status_code, katrin.get("/me/data/delete").status_code) == (410, 200)
