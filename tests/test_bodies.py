"""What may stand in an address or a body: refused or taken as plain words, never a fault, and never more than words.

`test_bad_input` does the same to every field of every form.
"""

import gzip
import json
import re
import zlib
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asanokai import db
from tests import people, world
from tests.grounds import LONG
from tests.pages import Reader, sign_in_link
from tests.world import Actor, addresses

QUERIES = (
    *("page", "lang", "kind", "language", "part", "message", "meeting", "who", "v", "step", "state", "series", "sent"),
    *("q", "name", "member", "from", "answer", "about", "sort", "view", "year", "next", "format"),
)
"""What pages read from their addresses, and some that none reads."""

INJECTED = {
    "SQL": "1' OR '1'='1' UNION SELECT password_hash FROM member; --",
    "LIKE": "%_\\%",
    "template": "{{ 7 * 191 }}${7*191}#{7*191}<%= 7*191 %>",
    "format": "%(x)s %s %n {0.__class__} {}",
    "script": "\"'><script>alert(1)</script>",
    "header": "x\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>",
    "formula": '=HYPERLINK("https://evil.example";"x")',
    "LDAP": "*)(uid=*))(|(uid=*",
    "XML": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "shell": "$(id) `id` ; id | id",
    "path": "../../../../etc/passwd",
    "NUL": "a\0b",
    "number": "9" * 5000,
    "direction": "\u202egpj.exe\u2028",
}
FINE = {200, 301, 302, 303, 304, 308, 400, 403, 404, 405, 409, 410, 413, 414, 415, 422, 429}


@pytest.fixture
def built(app, clock) -> world.World:
    return world.build(app, clock)


def trouble(answer: Any) -> list[str]:
    """What is wrong with an answer: a fault, a split header, words that have become markup or more than words."""
    found = [] if answer.status_code in FINE else [str(answer.status_code)]
    if "evil" in str(answer.headers.getlist("Set-Cookie")) or any("\n" in words for _, words in answer.headers):
        found.append("a header")
    if "html" in answer.content_type:
        # ?lang= and ?q= come back in links and fields; as markup never.
        found += [sign for sign in ("<script>alert", "1337", "root:x:0") if sign in answer.text]
    return found


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_whatever_stands_in_a_query_is_words(app, built):
    reader, wrong = Actor(app, "administrator"), {}
    kinds = list(INJECTED)
    for number, (name, address) in enumerate(addresses(app, built, "GET").items()):
        for kind in kinds if LONG else (kinds[number % len(kinds)], kinds[(number + 5) % len(kinds)]):
            answer = reader.get(f"{address}?{urlencode(dict.fromkeys(QUERIES, INJECTED[kind]))}")
            if found := trouble(answer):
                wrong[name, kind] = found
            answer.close()
    assert wrong == {}


PATHS = (
    *("../../etc/passwd", "..%2f..%2fetc%2fpasswd", "..%252f..%252fetc%252fpasswd", "%2e%2e/%2e%2e/etc/passwd"),
    *("..%5c..%5cwindows%5cwin.ini", "%00", "%0d%0aSet-Cookie:%20evil=1", "%ff%fe", "%c0%ae%c0%ae/", "x" * 5000),
    *("%7b%7b7*191%7d%7d", "'%20OR%20'1'='1", "%e2%80%ae", "-1", "1e9", "9" * 400, ".", "%20", ";id", "~root"),
)


def test_whatever_stands_in_a_path_leads_nowhere(app, built):
    reader, wrong = Actor(app, "administrator"), {}
    for rule in app.url_map.iter_rules():
        if not rule.arguments:
            continue
        for number, path in enumerate(PATHS):
            if not LONG and (number + len(rule.rule)) % 4:
                continue
            address = re.sub(r"<[^>]+>", path, rule.rule)
            for method in ("GET", "POST") if "POST" in rule.methods else ("GET",):
                answer = reader.client.open(address, method=method, data={"csrf_token": reader.token or ""})
                # A path that ends in dots leads to the page above, whose name is another matter.
                if found := trouble(answer) + ([] if answer.status_code != 200 or path in (".", "%20") else ["a page"]):
                    wrong[rule.endpoint, path[:20], method] = found
                answer.close()
    assert wrong == {}


ELSEWHERE = ("//evil.example", "/\\evil.example", "https://evil.example", "/me/\r\nX: y", "/%0d%0aX:y")
ELSEWHERE += (
    "///evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "https:evil.example",
    "\\\\evil",
)
ELSEWHERE += ("javascript:alert(1)", "http:/evil.example", "/\u2028/evil.example", "evil.example", "")


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_after_signing_in_one_is_led_nowhere_else(app, wanted):
    with db.transaction():
        people.emma()
    visitor = Reader(app)
    visitor.get("/sign-in")
    with visitor.client.session_transaction() as planted:
        planted["next"] = wanted
    answer = visitor.post(sign_in_link(app, people.emma()))
    assert answer.status_code == 303
    assert re.fullmatch(r"/(?![/\\])[^\r\n\\]*", answer.location)


# --- bodies -----------------------------------------------------------------------------------------------------------

FORM = urlencode({"email": "a@b.example"}).encode()
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
BODIES: dict[str, tuple[bytes, dict[str, str]]] = {
    "gzip": (gzip.compress(FORM), {"Content-Encoding": "gzip"}),
    "a gzip bomb": (gzip.compress(b"\0" * 50_000_000), {"Content-Encoding": "gzip"}),
    "deflate": (zlib.compress(FORM), {"Content-Encoding": "deflate"}),
    "an encoding nobody knows": (FORM, {"Content-Encoding": "br, gzip, x"}),
    "deep JSON": (DEEP, {"Content-Type": "application/json"}),
    "deep JSON in a field": (b"email=" + quote(DEEP[:100_000]).encode(), {}),
    "thousands of fields": (b"&".join(b"a%d=1" % number for number in range(20_000)), {}),
    "one field thousands of times": (b"email=x&" * 20_000, {}),
    "thousands of empty fields": (b"&" * 500_000, {}),
    "a long name": (b"a" * 1_000_000 + b"=1", {}),
    "a NUL in a name": (b"em%00ail=x&\0=\0", {}),
    "not UTF-8": (b"\xff\xfe=\xc3(&email=%ff%fe", {}),
    "UTF-16": ("email=a@b.example".encode("utf-16"), {}),
    "XML": (INJECTED["XML"].encode(), {"Content-Type": "application/xml"}),
    "a kind with a line break": (FORM, {"Content-Type": "text/plain; charset=x;\t y"}),
    "an endless boundary": (b"--x", {"Content-Type": "multipart/form-data; boundary=" + "x" * 5000}),
    "parts without end": (b"--x\r\n" * 5000, {"Content-Type": "multipart/form-data; boundary=x"}),
    "headers of a part without end": (
        b'--x\r\nContent-Disposition: form-data; name="email"\r\n' + b"X: y\r\n" * 50_000,
        {"Content-Type": "multipart/form-data; boundary=x"},
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_strange_body_is_refused_or_taken_as_words(app, client, kind):
    body, headers = BODIES[kind]
    usual = {"Content-Type": "application/x-www-form-urlencoded"}
    for address in ("/sign-in", "/sign-in/password", "/unsubscribe/x.y.z"):
        answer = client.post(address, data=body, headers={**usual, **headers})
        assert 400 <= answer.status_code < 500, (address, answer.status_code)


def test_a_body_in_pieces_whose_length_nobody_says_is_bounded_too(client):
    body, until_it_ends = BytesIO(b"email=" + b"x" * 6_000_000), {"wsgi.input_terminated": True}
    kind = "application/x-www-form-urlencoded"
    answer = client.post("/sign-in", content_type=kind, input_stream=body, environ_overrides=until_it_ends)
    assert answer.status_code == 413


def test_json_never_takes_the_place_of_a_form(app, client):
    body = json.dumps({"email": ["a@b.example"], "csrf_token": {"$ne": ""}, "__proto__": {"x": 1}})
    assert client.post("/sign-in", data=body, content_type="application/json").status_code == 400


def test_a_method_in_a_header_or_a_field_changes_nothing(app, client):
    for headers in ({"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "PUT"}):
        assert client.get("/privacy", headers=headers).status_code == 200
    assert client.open("/privacy", method="TRACE").status_code == 405


KINDS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "")


@settings(max_examples=300 if LONG else 15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=300), kind=st.sampled_from(KINDS))
def test_any_bytes_at_all_are_no_fault(app, client, body, kind):
    for address in ("/sign-in", "/answer/x.y.z"):
        assert 400 <= client.post(address, data=body, content_type=kind).status_code < 500
