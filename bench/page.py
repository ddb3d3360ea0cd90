"""`page`: a signed-in member's meeting page against a bare Flask view rendering an inherited Jinja page of 15 KB."""

from bench import filling, ground, load
from bench.ground import Ground, Site
from bench.results import Bound, Line
from bench.turns import Side, alternate

CONNECTIONS = 16
ROUNDS, SECONDS, WARM = 3, 2.2, 0.4
LEAST = Bound("ratio", least=0.25)
MEMBERS = 200


def measure(on: Ground, database: str) -> list[Line]:
    """The figure on one kind of database."""
    site = on.site(database)
    with site.opened():
        filled = filling.fill(MEMBERS)
        site.analyse()
    return [compared(site, filled, rounds=ROUNDS, seconds=SECONDS)]


def compared(
    site: Site, filled: filling.Filled, *, rounds: int, seconds: float, name: str = "page", work: str = ""
) -> Line:
    """Bare and ours by turns."""
    with site.opened() as app:
        path = f"/meetings/{_meeting(filled)}"
        request = load.get(path, filling.signed_in(app, filled.member_ids[-1]))
    with ground.bare("bench.bare:app", site.settings) as limit, ground.program(site) as server:
        bare = Side(limit, lambda seconds: _load(limit.port, load.get("/page"), seconds))
        ours = Side(server, lambda seconds: _load(server.port, request, seconds))
        alternate((bare, ours), rounds=rounds, seconds=seconds, warm=WARM)
        memory = server.memory()
    detail = {**ours.detail(), **bare.detail("bare_"), "connections": CONNECTIONS, "server_mb": round(memory, 1)}
    return Line(name, site.database, ours.rate, "requests/s", bare.rate, work, LEAST, detail)


def _meeting(filled: filling.Filled) -> str:
    return filling.path(filling.meeting(filled, invited=True))


def _load(port: int, request: str, seconds: float) -> load.Seen:
    return load.run(port, [request], connections=CONNECTIONS, seconds=seconds, expected=200, repeat=True)
