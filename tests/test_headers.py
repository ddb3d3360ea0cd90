"""What every answer tells browsers: each page for each role, and each way in which something can come out."""

from typing import Any

import pytest

from asanokai import db, web
from asanokai.web import headers
from tests import people, world
from tests.pages import TOKEN, sign_in_link
from tests.world import addresses

BASE = "https://breakfast.example.org"
POLICIES = {
    headers.POLICY,
    web.loading.FRAMING,
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
    "default-src 'none'; sandbox",
}
"""All there are: pages, pages that frame a letter, framed letters (which run nothing), files that were uploaded."""

SAME_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": headers.PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"base_url": BASE}


@pytest.fixture
def built(app, clock) -> world.World:
    with db.transaction():
        return world.build(app, clock)


def wrong_with(response: Any) -> list[str]:
    """What an answer does not say, or says otherwise."""
    said = response.headers
    missing = [name for name, words in SAME_ALWAYS.items() if said.getlist(name) != [words]]
    if said.get("Content-Security-Policy") not in POLICIES:
        missing.append(f"policy: {said.get('Content-Security-Policy')}")
    framed = "frame-ancestors 'self'" in said.get("Content-Security-Policy", "")
    if said.get("X-Frame-Options") != ("SAMEORIGIN" if framed else "DENY"):
        missing.append("X-Frame-Options")
    if said.get("Referrer-Policy") not in ("no-referrer", "same-origin"):
        missing.append("Referrer-Policy")
    if "Server" in said or "X-Powered-By" in said:
        missing.append("tells what it is made of")
    if any(sign in words for _name, words in said for sign in "\r\n\0"):
        missing.append("a line break")
    for cookie in said.getlist("Set-Cookie"):
        name, *marks = cookie.split("; ")
        if not (name.startswith("__Host-") and {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(marks)):
            missing.append(f"cookie: {cookie}")
        if any(mark.startswith("Domain") for mark in marks):
            missing.append("a cookie for the whole domain")
    return missing


def opened(client: Any, address: str, method: str = "get", **more: Any) -> Any:
    return getattr(client, method)(address, base_url=more.pop("base_url", BASE), **more)


def test_every_page_says_it_to_everybody(app, built):
    wrong, seen = {}, set()
    for role in ("visitor", "member", "administrator"):
        client = app.test_client()
        if role != "visitor":
            _sign_in(app, client, role)
        for name, address in {**addresses(app, built, "GET"), "head": "/"}.items():
            response = opened(client, address, "head" if name == "head" else "get")
            seen.add(response.status_code)
            if found := wrong_with(response):
                wrong[role, name] = found
            response.close()
    assert (wrong, seen >= {200, 302, 303, 404}) == ({}, True)


def _sign_in(app: Any, client: Any, role: str) -> None:
    link = sign_in_link(app, world.ROLES[role]())
    token = TOKEN.search(opened(client, link).text)
    assert token
    assert opened(client, link, "post", data={"csrf_token": token[1]}).status_code == 303


def test_every_send_says_it_refused_or_not(app, built):
    client = app.test_client()
    wrong = {}
    for name, address in addresses(app, built, "POST").items():
        response = opened(client, address, "post", data={"answer": "no"})
        if found := wrong_with(response):
            wrong[name] = found
    assert wrong == {}


def test_every_way_to_fail_says_it(app, client, monkeypatch):
    def fails() -> str:
        raise ZeroDivisionError

    monkeypatch.setitem(app.view_functions, "programme.imprint", fails)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with db.transaction():
        people.event()
    answers = {
        400: opened(client, "/", base_url="https://elsewhere.example"),
        404: opened(client, "/nothing"),
        405: opened(client, "/", "put"),
        403: opened(client, "/sign-in", "post", headers={"Sec-Fetch-Site": "cross-site"}),
        413: opened(client, "/sign-in", "post", data=b"x" * 5_000_000, content_type="text/plain"),
        500: opened(client, "/imprint"),
        304: _again(client),
    }
    assert {status: response.status_code for status, response in answers.items()} == {one: one for one in answers}
    assert {status: wrong_with(response) for status, response in answers.items()} == {key: [] for key in answers}


def _again(client: Any) -> Any:
    first = opened(client, "/static/asanokai.css")
    return opened(client, "/static/asanokai.css", headers={"If-None-Match": first.headers["ETag"]})


def test_no_policy_lets_anything_inline_or_foreign_run():
    for policy in POLICIES:
        parts = dict(part.split(" ", 1) for part in policy.replace("sandbox", "sandbox all").split("; "))
        assert parts["default-src"] == "'none'"
        assert parts.get("script-src", "'self'") == "'self'"
        assert "unsafe-eval" not in policy
        assert "*" not in policy
        assert "http" not in policy


def test_who_else_signs_people_in_is_added_to_where_forms_may_lead(app, client):
    app.config["FORM_TARGETS"] = ["https://id.example.org"]
    policy = opened(client, "/sign-in").headers["Content-Security-Policy"]
    assert policy.endswith("; form-action 'self' https://id.example.org")


class TestWithoutEncryption:
    @pytest.fixture
    def settings(self):
        return {}

    def test_http_on_this_machine_promises_no_https(self, client):
        assert "Strict-Transport-Security" not in client.get("/").headers


# --- addresses that other programs know -------------------------------------------------------------------------------


def test_whom_to_tell_of_a_hole(app, client, clock):
    told = opened(client, "/.well-known/security.txt")
    assert (told.mimetype, told.text.splitlines()) == (
        "text/plain",
        [
            "Contact: mailto:asanokai@asanokai.example",
            "Expires: 2026-07-31T00:00:00Z",
            "Preferred-Languages: de, en, ja",
            f"Canonical: {BASE}/.well-known/security.txt",
        ],
    )


def test_password_managers_find_where_a_password_is_changed(client):
    assert opened(client, "/.well-known/change-password").location == "/me/settings"
