"""Limits: what is wrong is counted, what is right never; a network has more than an address; nobody learns who is
known."""

from collections.abc import Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from asanokai import db, knocking, members
from asanokai.members import signing_in
from asanokai.web import limits, loading
from asanokai.web.guards import GUARDS
from asanokai.web.limits import Bounds
from tests import people
from tests.grounds import LONG
from tests.pages import TOKEN, facts, sign_in_link

OFFICE, NEXT_DESK, ELSEWHERE = "203.0.113.7", "203.0.113.8", "198.51.100.1"
ENGLISH = {"Accept-Language": "en"}
WORDS = "That was too often. Please wait a few minutes and try again."
PASSWORD = "many calm mornings"
MANY = 500 if LONG else 12
"""How many colleagues do what is right behind one address."""

SMALL = {
    "token": Bounds("3 per 10 minutes", "5 per 10 minutes"),
    "password": Bounds("4 per 10 minutes", "6 per 10 minutes", "2 per 10 minutes"),
    "letter": limits.BOUNDS["letter"]._replace(account="2 per 10 minutes"),
}


@pytest.fixture
def settings() -> dict[str, Any]:
    """Limits count, as in a real house."""
    return {"testing": False}


@pytest.fixture(autouse=True)
def small(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small bounds where there are many of the real ones; the counts begin at nothing."""
    monkeypatch.setattr(limits, "BOUNDS", {**limits.BOUNDS, **SMALL})
    limits.limiter.reset()
    yield
    limits.limiter.reset()


@pytest.fixture
def meeting(app):
    with db.transaction():
        return facts(people.announced_meeting(people=[people.emma()]))


def at(address: str) -> dict[str, Any]:
    return {"environ_base": {"REMOTE_ADDR": address}, "headers": ENGLISH}


def send(client: Any, page: str, form: dict[str, str], whence: str = OFFICE) -> Any:
    """Send a form of a page as a browser does."""
    token = TOKEN.search(client.get("/sign-in", **at(whence)).text)
    return client.post(page, data={"csrf_token": token[1], **form}, **at(whence))


def answer_link(app: Flask, meeting: Any, member_id: int) -> str:
    return "/answer/" + str(app.extensions["tokens"].mint("answer", [meeting.id, member_id]))


def forged(app: Flask) -> dict[str, str]:
    """Every page that a link opens, with a link that nobody minted."""
    routes = app.url_map.bind("localhost")
    by_link = {rule.endpoint: rule for rule in app.url_map.iter_rules() if GUARDS[rule.endpoint] is loading.bearer}
    made = {}
    for name, rule in sorted(by_link.items()):
        values: dict[str, Any] = dict.fromkeys(rule.arguments, 7)
        values |= {argument: "forged.abc.def" for argument in ("token", "secret") if argument in rule.arguments}
        made[name] = routes.build(name, values, "GET" if "GET" in rule.methods else "POST")
    return made


# --- links ------------------------------------------------------------------------------------------------------------


def test_links_that_are_worth_nothing_are_counted_on_every_page_that_a_link_opens(app, client):
    found = {}
    for name, address in forged(app).items():
        limits.limiter.reset()
        found[name] = [opened(client, name, address) for _ in range(4)]
    assert (found, len(found) >= 9) == ({key: [404, 404, 404, 429] for key in found}, True)


def opened(client: Any, name: str, address: str) -> int:
    only_sent = name == "speaking.remove"
    return int((send(client, address, {}) if only_sent else client.get(address, **at(OFFICE))).status_code)


def test_a_network_may_be_wrong_more_often_than_an_address_and_others_are_not_touched(app, client):
    said = [client.get("/answer/x.y.z", **at(whence)).status_code for whence in (*[OFFICE] * 4, *[NEXT_DESK] * 2)]
    other = client.get("/answer/x.y.z", **at(ELSEWHERE)).status_code
    assert (said, other) == ([404, 404, 404, 429, 404, 429], 404)


def test_who_is_told_to_wait_hears_how_long_and_in_their_language(app, client):
    for _ in range(3):
        client.get("/answer/x.y.z", **at(OFFICE))
    for language, words in (("en", WORDS), ("de", "Das waren zu viele Versuche."), ("ja", "回数")):
        told = client.get(f"/answer/x.y.z?lang={language}", **at(OFFICE))
        seconds = int(told.headers["Retry-After"])
        assert (told.status_code, words in told.text, 0 < seconds <= 600) == (429, True, True), language


def test_a_good_link_works_while_others_of_the_network_guess(app, client, meeting):
    for _ in range(9):
        client.get("/answer/x.y.z", **at(OFFICE))
    assert client.get("/answer/x.y.z", **at(OFFICE)).status_code == 429
    link = answer_link(app, meeting, people.emma().id)
    assert client.get(link, **at(OFFICE)).status_code == 200
    assert client.post(link, data={"answer": "yes"}, **at(OFFICE)).status_code == 303
    assert send(app.test_client(), sign_in_link(app, people.emma()), {}).status_code == 303


def test_a_link_that_is_over_counts_like_one_that_never_was(app, client, meeting, clock):
    link = answer_link(app, meeting, people.emma().id)
    clock.advance(days=120)
    assert [client.get(link, **at(OFFICE)).status_code for _ in range(4)] == [410, 410, 410, 429]


def test_a_whole_company_behind_one_address_is_never_told_to_wait(app, meeting, monkeypatch):
    letters = limits.BOUNDS["letter"]._replace(account="2 per day")
    monkeypatch.setattr(limits, "BOUNDS", {**limits.BOUNDS, "letter": letters})
    with db.transaction():
        series = people.series_rules.by_id(meeting.series_id)
        crowd = people.crowd(MANY)
        people.belong(series, *crowd)
        numbers = [member.id for member in crowd]
    client, said = app.test_client(), []
    for number in numbers:
        answered = client.post(answer_link(app, meeting, number), data={"answer": "no"}, **at(OFFICE))
        applied = send(
            client,
            "/join",
            {
                "salutation": "frau",
                "family": "Neu",
                "given": "Frieda",
                "series": str(meeting.series_id),
                "language": "de",
                "consent": "y",
            }
            | {"email": f"neu{number}@weimar.example"},
        )
        asked = send(client, "/sign-in", {"email": f"neu{number}@weimar.example"})
        with app.app_context():
            link = sign_in_link(app, members.by_id(number))
        said.append(
            (
                answered.status_code,
                applied.status_code,
                asked.status_code,
                send(app.test_client(), link, {}).status_code,
            )
        )
    assert said == [(303, 303, 303, 303)] * MANY


# --- passwords --------------------------------------------------------------------------------------------------------


@pytest.fixture
def emma(app, monkeypatch):
    """Her address; her password is quickly looked at."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(signing_in, "_hasher", lambda: quick)
    with db.transaction():
        members.set_password(people.emma(), PASSWORD, actor_id=None)
    return "emma.whitfield@ilmenau.example"


def by_password(app: Flask, email: str, password: str = "wrong", whence: str = OFFICE) -> Any:
    return send(app.test_client(), "/sign-in/password", {"email": email, "password": password}, whence)


def test_wrong_passwords_are_counted_for_an_account_alike_whether_it_is_there(app, emma):
    said = {}
    for typed in (emma, "nobody@nowhere.example", "no address at all"):
        limits.limiter.reset()
        addresses = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
        answers = [by_password(app, typed, whence=whence) for whence in addresses]
        said[typed] = [
            (answer.status_code, WORDS in answer.text, f'value="{typed}"' in answer.text) for answer in answers
        ]
    assert said == {key: [(422, False, True), (422, False, True), (429, True, True)] for key in said}


def test_the_right_password_opens_nothing_once_the_account_waits_but_a_link_does(app, emma):
    for _ in range(2):
        by_password(app, emma.upper(), whence=ELSEWHERE)
    refused = by_password(app, emma, PASSWORD)
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    assert send(app.test_client(), sign_in_link(app, people.emma()), {}).status_code == 303


def test_wrong_passwords_for_many_accounts_are_counted_for_the_address_and_the_network(app, emma):
    tries = [*[OFFICE] * 5, *[NEXT_DESK] * 3, ELSEWHERE]
    said = [by_password(app, f"a{number}@b.example", whence=whence).status_code for number, whence in enumerate(tries)]
    assert said == [422] * 4 + [429] + [422, 422, 429] + [422]


def test_right_passwords_are_not_counted(app, emma):
    assert [by_password(app, emma, PASSWORD).status_code for _ in range(8)] == [303] * 8


# --- letters ----------------------------------------------------------------------------------------------------------


def test_a_mailbox_gets_few_letters_that_strangers_ask_for_known_or_not(app, emma):
    said = {}
    for typed in (emma, "nobody@nowhere.example"):
        asked = [send(app.test_client(), "/sign-in", {"email": typed}, f"192.0.{n}.1") for n in range(3)]
        said[typed] = [answer.status_code for answer in asked]
        assert (WORDS in asked[-1].text, f'value="{typed}"' in asked[-1].text) == (True, True)
    knocking.answer()
    assert (said, people.kinds_to(people.emma())) == ({key: [303, 303, 429] for key in said}, ["sign_in"] * 2)


# --- who counts for whom ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", (True, True)),
        ("203.0.113.7", "203.0.113.250", (False, True)),
        ("203.0.113.7", "203.0.114.7", (False, False)),
        ("203.0.113.7", "::ffff:203.0.113.7", (True, True)),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", (True, True)),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", (False, True)),
        ("2001:db8:1:2::1", "2001:db8:1:102::1", (False, False)),
        ("fe80::1%eth0", "fe80::2", (True, True)),
        (None, "unix:", (True, True)),
    ],
)
def test_addresses_and_networks(one, other, same):
    first, second = limits.whence(one), limits.whence(other)
    assert (first[0] == second[0], first[1] == second[1]) == same


def test_the_real_bounds_let_a_network_be_wrong_more_often_than_an_address():
    counted = {
        kind: (limits.parse_many(b.address)[0].amount, limits.parse_many(b.network)[0].amount)
        for kind, b in limits.BOUNDS.items()
    }
    assert {kind for kind, (address, network) in counted.items() if network <= address} == set()


def test_a_storage_that_is_away_keeps_nobody_out(app, client, meeting, monkeypatch, caplog):
    def away(*_: object) -> bool:
        raise limits.StorageError(OSError("away"))

    monkeypatch.setattr(type(limits.limiter.limiter), "hit", away)
    monkeypatch.setattr(type(limits.limiter.limiter), "test", away)
    assert client.get("/answer/x.y.z", **at(OFFICE)).status_code == 404
    assert send(app.test_client(), "/sign-in", {"email": "a@b.example"}).status_code == 303
    assert "limits cannot be counted" in caplog.text
