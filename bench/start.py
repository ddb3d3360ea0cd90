"""`start`: from the start of `asanokai serve` to its first answer, and what it holds then.

The limit is a bare Flask app under the same gunicorn.
"""

from statistics import median

from bench import ground
from bench.ground import Ground, Server
from bench.results import Bound, Line

ROUNDS = 3
MOST_SECONDS = Bound("value", most=1.5)


def measure(on: Ground, database: str) -> list[Line]:
    """The figure on one kind of database. The files have been read before: a new process, not a new machine."""
    site = on.site(database)
    bare: list[Server] = []
    ours: list[Server] = []
    held: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        with ground.bare("bench.bare:app", site.settings) as limit:
            bare.append(limit)
            bare_held = limit.memory()
        with ground.program(site) as server:
            ours.append(server)
            held.append((server.memory(), bare_held))
    seconds = median(one.seconds for one in ours)
    detail = {"worst_s": round(max(one.seconds for one in ours), 2), "workers": 2}
    memory, bare_memory = median(one for one, _ in held), median(one for _, one in held)
    return [
        Line("start", database, seconds, "s", median(one.seconds for one in bare), "", MOST_SECONDS, detail),
        Line("start", database, memory, "MB", bare_memory, "memory"),
    ]
