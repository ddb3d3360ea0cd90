"""`lists`: the coordinator's list pages with ten thousand members and two hundred meetings, one request at a time.

What counts is the processor's time: SQLite works in the process that answers, so nothing else is waited for, and what
neighbours do on the machine does not count. What the clock on the wall showed stands in the detail.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

from flask import Flask
from sqlalchemy import insert

from asanokai import announcing, clock, meetings
from asanokai.db import session, table_of, transaction
from asanokai.letters import Letter
from asanokai.rsvps import Rsvp
from asanokai.series import Series
from asanokai.web import guards
from bench import filling
from bench.ground import Ground
from bench.results import Bound, Line

MEMBERS, MEETINGS, AHEAD = 10_000, 200, 12
EACH = 7
"""Times each page is asked for; the median counts."""

MOST = Bound("value", most=150)

NO_LISTS = ("paper",)
"""Sheets to print hold everybody at once."""


def measure(on: Ground, database: str) -> list[Line]:
    """The figure on SQLite, where everything is done by the process that answers."""
    if database != "sqlite":
        return []
    site = on.site(database)
    with site.opened():
        filled = filling.fill(MEMBERS)
        newest = filling.meeting(filled, invited=True)
        _ahead(filled)
        _earlier(filled)
        _letters(filled, newest)
        site.analyse()
    with site.opened() as app:
        return [_line(database, name, *taken) for name, taken in _timed(app, filled, newest)]


def _line(database: str, name: str, busy: float, wall: float) -> Line:
    return Line("lists", database, busy, "ms", work=name, bound=MOST, detail={"wall_ms": round(wall, 1)})


def _ahead(filled: filling.Filled) -> None:
    """A year of meetings to come, all announced: their letters are still ahead, to everybody."""
    with transaction():
        series = session().get_one(Series, filled.series_id)
        for place in range(1, AHEAD + 1):
            wall = (clock.now() + timedelta(days=28 + 30 * place)).replace(hour=8, minute=0, second=0, microsecond=0)
            announcing.announce(meetings.add(series, wall.replace(tzinfo=None)).id)


def _earlier(filled: filling.Filled) -> None:
    """The other meetings, two weeks apart into the past; of each a hundred have answered."""
    with transaction():
        series = session().get_one(Series, filled.series_id)
        now = clock.now()
        for place in range(1, MEETINGS - AHEAD):
            wall = (now - timedelta(days=14 * place)).replace(hour=8, minute=0, second=0, microsecond=0, tzinfo=None)
            row = meetings.add(series, wall)
            row.state, row.announced_at = "held", row.starts_at - timedelta(days=30)
            numbers = filled.member_ids if place <= 12 else filled.member_ids[place * 40 :: 97]
            rows = [
                {
                    "meeting_id": row.id,
                    "member_id": number,
                    "answer": ("yes", "no", "invited")[number % 3],
                    "seat": "held" if number % 3 == 0 else None,
                    "invited_at": now,
                }
                for number in numbers
            ]
            session().execute(insert(table_of(Rsvp)), rows)


def _letters(filled: filling.Filled, meeting_id: int) -> None:
    with transaction():
        now = clock.now()
        rows = [
            {
                "key": f"bench:{number}",
                "kind": "invite",
                "member_id": number,
                "meeting_id": meeting_id,
                "state": "sent",
                "due_at": now,
                "sent_at": now,
                "created_at": now,
            }
            for number in filled.member_ids
        ]
        session().execute(insert(table_of(Letter)), rows)


def _timed(app: Flask, filled: filling.Filled, meeting_id: int) -> Iterator[tuple[str, tuple[float, float]]]:
    cookie = filling.signed_in(app, filled.member_ids[0])
    for name, address in {**_special(filled), **_from_routes(app, filled, meeting_id)}.items():
        if _once(app, address, cookie) is None:
            continue  # not there in the state this meeting is in
        times = [taken for _ in range(EACH) if (taken := _once(app, address, cookie))]
        yield name, (statistics.median(busy for busy, _ in times), statistics.median(wall for _, wall in times))


def _special(filled: filling.Filled) -> dict[str, str]:
    people = f"/coordinate/series/{filled.series_id}/members"
    return {
        "members, last page": f"{people}?page=100",
        "members, searched": f"{people}?q=%E4%BD%90%E8%97%A4",
        "members, silent lately": f"{people}?silent=1&sort=newest",
    }


def _from_routes(app: Flask, filled: filling.Filled, meeting_id: int) -> dict[str, str]:
    """Endpoint → address of every page that a member or a coordinator may open about the series, the meeting, a member
    or nothing in particular: so a list that is added later is measured without being named here."""
    known = {"series_id": filled.series_id, "meeting_id": meeting_id, "member_id": filled.member_ids[1]}
    guarded = (
        guards.member,
        guards.coordinator,
        guards.administrator,
        guards.of_series,
        guards.of_meeting,
        guards.within,
    )
    routes = app.url_map.bind("localhost")
    return {
        rule.endpoint: routes.build(rule.endpoint, {name: known[name] for name in rule.arguments})
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)
        if "GET" in (rule.methods or ())
        and set(rule.arguments) <= set(known)
        and guards.GUARDS[rule.endpoint] in guarded
        and rule.endpoint.partition(".")[0] not in NO_LISTS
    }


def _once(app: Flask, address: str, cookie: str) -> tuple[float, float] | None:
    """Milliseconds one request keeps the processor busy, and those on the wall; None where there is no page."""
    busy, wall = time.process_time(), time.perf_counter()
    response = app.test_client(use_cookies=False).get(address, headers={"Cookie": cookie})
    busy, wall = (time.process_time() - busy) * 1000, (time.perf_counter() - wall) * 1000
    if response.status_code in (303, 404):
        return None
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")
    return busy, wall
