"""`planning`: from an invitation's moment to a letter's row for each of 100 000 members, by the worker's own step.

The rows are made by the database within one statement, so a worker holds no more memory for many members than for few.
"""

from bench import filling
from bench.ground import Ground, Site
from bench.progress import say
from bench.results import Bound, Line
from bench.sender import Sender, timed

FEW, MANY = 1_000, 100_000
WITHIN = Bound("value", most=10)
FLAT = Bound("ratio", most=1.1)


def measure(on: Ground, database: str) -> list[Line]:
    """The figure on one kind of database."""
    (_, held), (seconds, peak) = (_planned(on.site(database), size) for size in (FEW, MANY))
    return [
        Line("planning", database, seconds, "s", work=f"{MANY} members", bound=WITHIN),
        Line("planning", database, peak, "MB", held, f"{MANY} members flat memory", FLAT),
    ]


def _planned(site: Site, size: int) -> tuple[float, float]:
    """Seconds, and the worker's memory in megabytes."""
    with site.opened():
        say(f"filling in {size} members")
        filled = filling.fill(size)
        site.analyse()
        filling.meeting(filled)
        with Sender.started(site.settings, "worker") as sender:
            seconds, (answer,) = timed([sender], {"do": "plan"})
    if answer["done"] < size:
        raise RuntimeError(f"{answer['done']} letters planned for {size} members")
    return seconds, answer["peak_mb"]
