"""What a page costs whoever opens it for the first time. `make bench` prints the figures for the demo's pages."""

from urllib.parse import urlsplit

import pytest

from asanokai import db
from tests import people
from tests.grounds.weight import MOST_BYTES, MOST_REQUESTS, cost
from tests.pages import Reader

once = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""The bytes do not depend on the kind of database."""

LOOK = ["/static/asanokai.css", "/static/disc.svg", "/static/offline.js", "/static/vendor/modern-normalize.css"]
QUICK = ["/static/quick.js", "/static/vendor/htmx.min.js"]
TO_KEEP = ["/offline", "/service-worker.js"]
"""What the service worker asks for: all else that it keeps, the page has fetched already."""


@pytest.fixture
def addresses(app):
    """Name of a page → its address and the one who looks; a morning that Emma is invited to and Akiko coordinates."""
    with db.transaction():
        series, emma, akiko = people.series(), people.emma(), people.akiko()
        people.coordinate(series, akiko)
        meeting = people.announced_meeting(series, people=[emma])
        answer = app.extensions["tokens"].mint("answer", [meeting.id, emma.id])
        found = {
            "me": ("/me/", emma),
            "meeting": (f"/meetings/{meeting.path}", None),
            "answer": (f"/answer/{answer}?answer=yes", None),
            "desk": ("/coordinate/", akiko),
        }
    return found


def cookies(app, site, who):
    """The cookies of somebody who has signed in."""
    if who is None:
        return []
    cookie = Reader(app, who).client.get_cookie("asanokai")
    return [{"name": "asanokai", "value": cookie.value, "url": site}]


PAGES = [
    ("me", [*QUICK, *TO_KEEP, "/me/"]),  # asked for once more by the worker, which has just come to be
    ("meeting", [*QUICK, *TO_KEEP]),
    ("answer", [*QUICK, *TO_KEEP]),
    ("desk", TO_KEEP),
]


@once
@pytest.mark.parametrize(("name", "more"), PAGES)
def test_the_first_visit_fetches_each_thing_once_and_nothing_from_elsewhere(app, site, browser, addresses, name, more):
    address, who = addresses[name]
    found = cost(browser, urlsplit(site).port, address, cookies(app, site, who))
    asked = sorted(urlsplit(one).path for one in found.asked)
    assert (asked, found.foreign) == (sorted([urlsplit(address).path, *LOOK, *more]), [])
    assert 10_000 < found.bytes <= MOST_BYTES
    assert len(asked) <= MOST_REQUESTS
