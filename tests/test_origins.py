"""Hosts and origins: another name gets no page, another site's form is not taken, mail programs are."""

from typing import Any

import pytest
from flask import request

from asanokai import db, members
from asanokai.db import READING
from tests import people
from tests.pages import TOKEN

BASE = "https://breakfast.example.org"
HERE = {"base_url": BASE}
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://elsewhere.example"},
    {"Origin": "http://breakfast.example.org"},
    {"Origin": "https://breakfast.example.org:8443"},
    {"Origin": "https://breakfast.example.org.elsewhere.example"},
    {"Origin": "nonsense"},
]
OUR_OWN = [
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": BASE},
    {"Sec-Fetch-Site": "none"},
    {"Origin": BASE},
    {"Origin": "null"},
    {},
]


WORDS = {"kind": "imprint"}
"""Arguments that are a word out of a list."""


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"base_url": BASE}


def test_every_send_from_another_site_is_refused_before_anybody_looks(app, client):
    wrong = {}
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - set(READING)):
            address = app.url_map.bind("localhost").build(
                rule.endpoint, {name: 7 if "id" in name else WORDS.get(name, "x") for name in rule.arguments}, method
            )
            for headers in FOREIGN:
                answer = client.open(address, method=method, headers=headers, **HERE)
                if answer.status_code != 403:
                    wrong[rule.endpoint, str(headers)] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("headers", OUR_OWN, ids=str)
def test_a_form_of_our_own_pages_is_taken_whatever_the_browser_says(app, client, headers):
    token = TOKEN.search(client.get("/sign-in", **HERE).text)
    form = {"csrf_token": token[1], "email": "a@b.example"}
    assert client.post("/sign-in", data=form, headers=headers, **HERE).status_code == 303
    assert client.post("/sign-in", data={**form, "csrf_token": "x"}, headers=headers, **HERE).status_code == 400


def test_one_click_of_a_mail_program_stops_letters_and_a_foreign_page_cannot(app):
    with db.transaction():
        emma = people.emma()
        link = f"/unsubscribe/{app.extensions['tokens'].mint('unsubscribe', emma.id)}"
    click = {"data": {"List-Unsubscribe": "One-Click"}, **HERE}
    foreign = app.test_client().post(link, headers={"Origin": "https://elsewhere.example"}, **click)
    before = members.by_id(emma.id).unsubscribed_at
    db.session().expire_all()
    program = app.test_client().post(link, **click)
    assert (foreign.status_code, before, program.status_code < 400) == (403, None, True)
    assert members.by_id(emma.id).unsubscribed_at is not None


def test_the_words_say_what_happened(client):
    said = client.post("/sign-in", headers={"Origin": "https://elsewhere.example", "Accept-Language": "en"}, **HERE)
    assert "This was sent from another website and was not taken. Please use the page itself." in said.text


# --- hosts ------------------------------------------------------------------------------------------------------------

OTHERS = (
    "elsewhere.example",
    "breakfast.example.org.elsewhere.example",
    "localhost",
    "127.0.0.1:8000",
    "[::1]",
    "x y",
    "",
)


@pytest.mark.parametrize("host", OTHERS)
@pytest.mark.parametrize("address", ["/", "/sign-in", "/nothing", "/static/asanokai.css"])
def test_another_name_gets_no_page(client, host, address):
    answer = client.get(address, headers={"Host": host}, **HERE)
    assert (answer.status_code, answer.data) == (400, b"Bad Request\n")


def test_monitors_ask_this_machine(client):
    answers = [client.get("/healthz", headers={"Host": host}, **HERE) for host in ("127.0.0.1:8000", "localhost")]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "ok\n")] * 2
    assert client.get("/healthz", headers={"Host": "elsewhere.example"}, **HERE).status_code == 400


def test_what_a_visitor_says_about_proxies_counts_for_nothing_without_one(app, client):
    said = {"X-Forwarded-Host": "elsewhere.example", "X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "http"}
    seen = []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(_seen()))
    assert client.get("/", headers=said, **HERE).status_code == 200
    assert seen == [("127.0.0.1", "breakfast.example.org", "https")]


def _seen() -> Any:
    return request.remote_addr, request.host, request.scheme


class TestBehindOneProxy:
    @pytest.fixture
    def settings(self):
        return {"base_url": BASE, "proxies": 1}

    def test_only_what_our_own_proxy_added_counts(self, app, client):
        said = {"X-Forwarded-For": "192.0.2.66, 198.51.100.9", "X-Forwarded-Proto": "https"}
        seen = []
        app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(_seen()))
        assert client.get("/", headers=said, base_url="http://breakfast.example.org").status_code == 200
        assert seen == [("198.51.100.9", "breakfast.example.org", "https")]
        assert client.get("/", headers={**said, "X-Forwarded-Host": "elsewhere.example"}, **HERE).status_code == 400
