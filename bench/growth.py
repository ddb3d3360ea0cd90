"""`growth`: page, answer, letters and the coordinator's list pages with 100, 1 000, 10 000 and more members.

What it costs to write to one person, and the worker's memory, must not depend on how many there are. Of more than
10 000 letters all are planned and 10 000 sent.
"""

from math import ceil

from bench import answer, filling, ground, letters, load, page
from bench.ground import Ground, Site
from bench.progress import say
from bench.results import Bound, Line

SIZES, LONG_SIZES = (100, 1_000, 10_000), (100, 1_000, 10_000, 100_000)
REFERENCE = 1_000
SECONDS, LOOKING = 1.2, 0.4
ENOUGH_ANSWERS = 600
GIVEN_UP = 60_000
"""Milliseconds after which gunicorn ends a worker that has not answered."""
FLAT, FLAT_MEMORY = Bound("ratio", most=1.25), Bound("ratio", most=1.1)


def measure(on: Ground, database: str, *, sizes: tuple[int, ...] = SIZES) -> list[Line]:
    """The figure on one kind of database."""
    of_size: dict[int, list[Line]] = {}
    lists: dict[str, float] = {}
    for size in sizes:
        say(f"growth on {database}: {size} members")
        site = on.site(database)
        with site.opened():
            filled = filling.fill(size)
            site.analyse()
        of_size[size] = [*_figures(on, site, filled, size), *_lists(site, filled, size, lists)]
        if size > REFERENCE:
            of_size[size] += _flat(size, of_size[size], of_size[REFERENCE])
    return [line for lines in of_size.values() for line in lines]


def _figures(on: Ground, site: Site, filled: filling.Filled, size: int) -> list[Line]:
    """The three figures, in short."""
    rounds = ceil(ENOUGH_ANSWERS / size)
    return [
        page.compared(site, filled, rounds=1, seconds=SECONDS, name="growth", work=f"{size} page"),
        *answer.compared(
            on, site, filled, rounds=1, seconds=SECONDS, meetings=rounds, name="growth", work=f"{size} answer"
        ),
        *letters.compared(site, filled, rounds=1, by_two_as_well=False, name="growth", work=f"{size} letters"),
    ]


def _flat(size: int, lines: list[Line], reference: list[Line]) -> list[Line]:
    """Against the reference: the worker's processor time a letter, which holds on a busy machine, and its memory."""

    def found(within: list[Line], what: str) -> Line:
        return next(line for line in within if line.work.endswith(what))

    now, then = (found(some, " letters").detail["processor_ms"] for some in (lines, reference))
    held, before = found(lines, " memory"), found(reference, " memory")
    return [
        Line("growth", held.database, now, "ms", then, f"{size} processor time a letter", FLAT),
        Line("growth", held.database, held.value, "MB", before.value, f"{size} flat memory", FLAT_MEMORY),
    ]


def _lists(site: Site, filled: filling.Filled, size: int, first: dict[str, float]) -> list[Line]:
    """The milliseconds a coordinator waits for each list, beside those of the smallest size. They inform."""
    lines = []
    with site.opened() as app:
        cookie = filling.signed_in(app, filled.member_ids[0])
        meeting_id = filling.meeting(filled, invited=True)
    with ground.program(site) as server:
        for words, path in _addresses(filled.series_id, meeting_id).items():
            waited = _waited(server.port, load.get(path, cookie))
            named = f"{size} {words}" if waited else f"{size} {words} (no answer)"
            lines.append(Line("growth", site.database, waited or GIVEN_UP, "ms", first.get(words), named))
            first.setdefault(words, waited or GIVEN_UP)
    return lines


def _waited(port: int, request: str) -> float | None:
    """None if the server gave up."""
    try:
        load.run(port, [request] * 2, connections=2, seconds=0.3, expected=200)
        return load.run(port, [request], connections=1, seconds=LOOKING, expected=200, repeat=True).percentile(0.5)
    except RuntimeError as error:
        say(f"no answer to {request.partition(' HTTP')[0]}: {str(error).strip().splitlines()[-1]}")
        return None


def _addresses(series_id: int, meeting_id: int) -> dict[str, str]:
    return {
        "desk": "/coordinate/",
        "people of the series": f"/coordinate/series/{series_id}/members",
        "everybody": "/coordinate/members",
        "roll": f"/coordinate/meetings/{meeting_id}/roll",
        "outbox": "/coordinate/letters",
        "meeting's letters": f"/coordinate/meetings/{meeting_id}/letters",
    }
