"""`weight`: what a page of the demo costs who opens it for the first time, in bytes and requests.

Counted between a real browser and the program's own web server, with all that the service worker fetches so that the
own page can be read without a connection.
"""

from asanokai import demo
from asanokai.db import transaction
from bench import ground
from bench.ground import Ground
from bench.results import Bound, Line
from tests.grounds import browser, pictures
from tests.grounds.weight import MOST_BYTES, MOST_REQUESTS, Cost, cost

PAGES = ("me", "meeting", "answer", "desk")
LIGHT = Bound("value", most=MOST_BYTES / 1000)
FEW = Bound("value", most=MOST_REQUESTS)
NONE = Bound("value", most=0)


def measure(on: Ground, database: str) -> list[Line]:
    """The figure; on one database, since the same bytes come from both."""
    if database != "sqlite":
        return []
    site = on.site(database)
    with site.opened() as app:
        with transaction():
            demo.fill()
        visits = pictures.visits(app, PAGES)
    lines: list[Line] = []
    foreign: list[str] = []
    with ground.program(site) as server, browser.launched() as chromium:
        for name, (address, cookies) in visits.items():
            alone, whole = (
                cost(chromium, server.port, address, cookies, worker=worker) for worker in ("block", "allow")
            )
            lines += _lines(name, database, alone, whole)
            foreign += whole.foreign
    return [*lines, Line("weight", database, len(foreign), "requests", None, "of others", NONE, {"asked": foreign})]


def _lines(name: str, database: str, alone: Cost, whole: Cost) -> list[Line]:
    kb, page_kb = whole.bytes / 1000, round(alone.bytes / 1000, 1)
    return [
        Line("weight", database, kb, "kB", None, name, LIGHT, {"without_worker_kb": page_kb}),
        Line("weight", database, len(whole.asked), "requests", None, name, FEW, {"without_worker": len(alone.asked)}),
    ]
