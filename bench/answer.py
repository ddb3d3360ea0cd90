"""`answer`: RSVP POSTs by link that commit, against a bare Flask view with one ORM insert and commit.

Different members answer *yes* to one meeting that has fewer seats than askers; every fifth brings a guest. Afterwards
the rows in the database are compared with what was answered, and the seats are counted.
"""

from typing import Any

from flask import Flask
from sqlalchemy import select

from asanokai.db import reading
from asanokai.rsvps import Rsvp
from bench import filling, ground, load
from bench.ground import Ground, Server, Site
from bench.results import Bound, Line
from bench.turns import Side, alternate

CONNECTIONS = 8
ROUNDS, SECONDS, WARM = 3, 2.2, 0.4
MEMBERS, SEATS, MOST_ASKERS = 3_000, 120, 5_000
LEAST = Bound("ratio", least=0.2)
MOST_P99_MS = {"postgresql": 100, "sqlite": 200}


def measure(on: Ground, database: str) -> list[Line]:
    """The figure on one kind of database."""
    site = on.site(database)
    with site.opened():
        filled = filling.fill(MEMBERS)
        site.analyse()
    return compared(on, site, filled, rounds=ROUNDS, seconds=SECONDS)


def compared(
    on: Ground,
    site: Site,
    filled: filling.Filled,
    *,
    rounds: int,
    seconds: float,
    meetings: int = 1,
    name: str = "answer",
    work: str = "",
) -> list[Line]:
    """Bare and ours by turns, ours each time to new meetings."""
    settings = {**site.settings, "BENCH_DATABASE_URL": on.empty(site.database)}
    given: list[int] = []
    with (
        site.opened() as app,
        ground.bare("bench.bare_commit:create_app()", settings) as limit,
        ground.program(site) as server,
    ):

        def everybody(seconds: float) -> load.Seen:
            seen, seats = _ours(app, server, filled, meetings, seconds)
            given.append(seats)
            return seen

        bare = Side(limit, lambda seconds: _bare(limit, seconds))
        ours = Side(server, everybody)
        alternate((bare, ours), rounds=rounds, seconds=seconds, warm=WARM)
    detail = {
        **ours.detail(),
        **bare.detail("bare_"),
        "connections": CONNECTIONS,
        "answers": sum(len(seen.latencies) for seen in ours.turns),
        "seats": _seats(filled),
        "seats_given": given[-1],
    }
    most = MOST_P99_MS[site.database]
    p99 = ours.percentile(0.99)
    return [
        Line(name, site.database, ours.rate, "answers/s", bare.rate, work, LEAST, detail),
        Line(name, site.database, p99, "ms", most, f"{work} p99".strip(), Bound("value", most=most)),
    ]


def _bare(limit: Server, seconds: float) -> load.Seen:
    request = load.post("/answer", "answer=yes&guests=0&comment=")
    return load.run(limit.port, [request], connections=CONNECTIONS, seconds=seconds, expected=200, repeat=True)


def _ours(app: Flask, server: Server, filled: filling.Filled, meetings: int, seconds: float) -> tuple[load.Seen, int]:
    """Let everybody answer to new meetings; what was seen, and how many seats the last meeting gave."""
    asked = [
        (meeting_id, member_id, int(member_id % 5 == 0))
        for meeting_id in [filling.meeting(filled, seats=_seats(filled), invited=True) for _ in range(meetings)]
        for member_id in filled.member_ids[:MOST_ASKERS]
    ]
    seen = load.run(
        server.port,
        [_request(app, *one) for one in asked],
        connections=CONNECTIONS,
        seconds=seconds,
        expected=303,
    )
    answered = asked[: len(seen.statuses)]
    given = [_checked(meeting_id, answered, _seats(filled)) for meeting_id in {one[0] for one in answered}]
    return seen, given[-1]


def _request(app: Flask, meeting_id: int, member_id: int, guests: int) -> str:
    token = app.extensions["tokens"].mint("answer", [meeting_id, member_id])
    return load.post(f"/answer/{token}", f"answer=yes&guests={guests}&comment=")


def _seats(filled: filling.Filled) -> int:
    return min(SEATS, len(filled.member_ids) // 2)


def _checked(meeting_id: int, answered: list[tuple[int, int, int]], seats: int) -> int:
    """The seats given. Raises RuntimeError if they are too many, or if the rows are not what was answered."""
    with reading() as session:
        rows: Any = session.execute(
            select(Rsvp.member_id, Rsvp.guests, Rsvp.seat).where(Rsvp.meeting_id == meeting_id, Rsvp.answer == "yes")
        ).all()
    kept = {(row.member_id, row.guests) for row in rows}
    said = {(member_id, guests) for of, member_id, guests in answered if of == meeting_id}
    if kept != said:
        raise RuntimeError(f"meeting {meeting_id}: {len(said)} answers were taken, {len(kept & said)} of them are kept")
    held: int = sum(1 + row.guests for row in rows if row.seat == "held")
    expected = min(seats, sum(1 + guests for _, guests in said))
    # The last seat stays empty where only parties of two came after it.
    if held > seats or held < expected - 1:
        raise RuntimeError(f"meeting {meeting_id}: {held} seats given of {seats}, {expected} were asked for")
    return held
