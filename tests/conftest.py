"""Fixtures. A test that asks for `app`, or for anything that stands on it, runs on SQLite and on PostgreSQL.

* `app`: in its context, on a migrated database of its own; the clock stands still
* `settings`: override it in a module or class to give `Config` other values
* `clock`: `clock.now`, `clock.set(moment)`, `clock.advance(days=1)`
* `smtp`: the server that the app's letters go to; without it, sending fails because nobody listens
* `site`: the address at which a browser finds the app; `browser`, `open_page(locale="ja-JP")`, `page`
* `database_url`: an empty copy of the migrated database without an app, for tests that start processes
"""

import contextvars
import gc
import os
import shutil
import socket
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from asanokai import clock as program_clock
from asanokai.app import create_app
from asanokai.db import db, dispose
from config import Config, Mail
from tests.grounds import LONG, compiled, migrations, places, postgres, sqlite
from tests.grounds.browser import Watched, launched
from tests.grounds.smtp import SmtpServer, serving

DATABASES = ("sqlite", "postgresql")
FIRST_MOMENT = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
NOBODY_LISTENS = 9
"""The port "discard", where connecting is refused at once."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is long, and mark what drives a browser."""
    spared = [] if LONG else [item for item in items if _spared(item)]
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in set(spared)]
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if not LONG and item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="make test-long runs it"))


def pytest_collection_finish() -> None:
    """Leave what is loaded for good out of the search for garbage, and search less often: a quarter of the time went
    into it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 20)


ON_BOTH = (
    *("test_db", "test_migrations", "test_races", "test_killing", "test_lists", "test_morning"),
    *("test_rsvps", "test_queue", "test_passing", "test_planning", "test_meetings", "test_announcing", "test_merging"),
    *(
        "test_letters",
        "test_invitations",
        "test_delivering",
        "test_worker",
        "test_archive",
        "test_directory",
        "test_seals",
    ),
)
"""What locks, counts or searches: tried whole on both databases."""


ALWAYS = "test_nonsense_in_all_fields_at_once_is_no_fault"
"""What one database takes and the other refuses: zero bytes, huge numbers, halves of letters."""


def _spared(item: pytest.Item) -> bool:
    """Whether PostgreSQL is spared a test in `make test`: of those outside `ON_BOTH` every sixth runs there, always
    the same."""
    if item.path.stem in ON_BOTH or "postgresql" not in item.name or item.name.startswith(ALWAYS):
        return False
    if item.path.parent.name == "browser":
        return True  # what a browser shows does not depend on the database
    return zlib.crc32(item.name.encode()) % 6 > 0


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """Keep the settings of whoever runs the tests out of them."""
    kept = pytest.MonkeyPatch()
    for name in os.environ:
        if name.startswith(("ASANOKAI_", "MAIL_", "FLASK_")) and name != "ASANOKAI_LONG":
            kept.delenv(name)
    yield
    kept.undo()


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Spare every test's app the compiling that those before it have done."""
    with compiled.once():
        yield


@pytest.fixture(autouse=True)
def kept_environment() -> Iterator[None]:
    """Undo what a test does to the environment: `asanokai run`, called in this process, keeps its children's mail here
    by it."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def quick_folder() -> Iterator[Path]:
    """A folder in memory, where there is some, for the databases of this worker."""
    folder = Path(tempfile.mkdtemp(prefix="asanokai-tests-", dir=places.quick()))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """This worker's PostgreSQL."""
    with postgres.server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Postgres) -> str:
    """A migrated PostgreSQL database to copy."""
    name = postgres_server.create()
    migrations.upgrade(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def sqlite_template(quick_folder: Path) -> Path:
    """A migrated SQLite file to copy."""
    path = quick_folder / "template.sqlite"
    migrations.upgrade(sqlite.url(path))
    sqlite.settle(path)
    return path


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database of the test's own; once for each kind."""
    if request.param == "postgresql":
        server: postgres.Postgres = request.getfixturevalue("postgres_server")
        with server.database(template=request.getfixturevalue("postgres_template")) as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(dir=request.getfixturevalue("quick_folder")) as folder:
            yield sqlite.copy(request.getfixturevalue("sqlite_template"), Path(folder) / "test.sqlite")


class Clock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = FIRST_MOMENT

    def set(self, moment: datetime) -> None:
        """Go to an aware moment; raises ValueError for a naive one."""
        if moment.tzinfo is None:
            raise ValueError("a moment must have a zone")
        self.now = moment.astimezone(UTC)

    def advance(self, **by: float) -> None:
        """Go on by so many days, hours, minutes, seconds."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The program's clock, at 1 February 2026, 09:00 UTC."""
    clock = Clock()
    program_clock.use(lambda: clock.now)
    yield clock
    program_clock.use(None)


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[SmtpServer]:
    """This worker's SMTP server."""
    with serving() as server:
        yield server


@pytest.fixture
def smtp(smtp_server: SmtpServer) -> Iterator[SmtpServer]:
    """The SMTP server, empty and well-behaved."""
    smtp_server.clear()
    yield smtp_server
    smtp_server.clear()


@pytest.fixture
def settings() -> dict[str, Any]:
    """What `Config.for_tests` is given beyond its own; override it."""
    return {}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A loopback port for the app's pages, taken first since the app must know its own address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def config(request: pytest.FixtureRequest, database_url: str, settings: dict[str, Any]) -> Config:
    """The app's settings, with the ports of the servers that the test asks for."""
    found: dict[str, Any] = {
        "mail": Mail(server="127.0.0.1", port=NOBODY_LISTENS, timeout=5),
        "erasures": request.getfixturevalue("tmp_path") / "erasures",
    }
    if "smtp" in request.fixturenames:
        found["mail"] = Mail(server="127.0.0.1", port=request.getfixturevalue("smtp").port, timeout=5)
    if "site" in request.fixturenames:
        found["base_url"] = f"http://localhost:{request.getfixturevalue('listener').getsockname()[1]}"
    return Config.for_tests(database_url=database_url, **{**found, **settings})


@pytest.fixture
def app(config: Config, clock: Clock) -> Iterator[Flask]:
    """The app, in its context. Nothing is connected to its database afterwards."""
    app = create_app(config)
    app.test_client_class = Visitor
    with app.app_context():
        try:
            yield app
        finally:
            # An open connection would keep PostgreSQL from dropping or copying the database.
            db.session.remove()
            dispose()


class Visitor(FlaskClient):
    """Asks as from outside: not in the test's own context.

    Otherwise Flask would hand all requests the test's `g` and database session, and with them who is signed
    in. The test's session is rolled back around each request, so that it neither holds locks nor sees old
    rows.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Make one request."""
        ours = db.session()
        pending = [*ours.new, *ours.dirty, *ours.deleted]
        assert not pending, f"the test must commit first (`db.transaction()`): {pending}"
        ours.rollback()
        response = contextvars.Context().run(super().open, *args, **kwargs)
        ours.rollback()
        return response


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without a browser."""
    return app.test_client()


@pytest.fixture
def site(app: Flask, config: Config, listener: socket.socket) -> Iterator[str]:
    """The app, served to a browser by threads of this process; its base URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield config.base_url
    server.shutdown()
    thread.join()
    # What a service worker asked for in the background may still be answered, over a connection to the database.
    for answering in threading.enumerate():
        if "process_request_thread" in answering.name:
            answering.join(5)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """This worker's Chromium."""
    with launched() as browser:
        yield browser


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[OpenPage]:
    """Opens pages with cookies of their own: `open_page(locale="ja-JP", color_scheme="dark")`.

    Options are those of Playwright's `new_context`. The test fails if anything went wrong on them (see
    `Watched`).
    """
    opened: list[Watched] = []

    def open_page(**options: Any) -> Page:
        usual = {"base_url": site, "locale": "en-GB", "viewport": {"width": 1280, "height": 800}}
        context = browser.new_context(**{**usual, **options})
        context.set_default_timeout(10_000)
        opened.append(Watched(context))
        return opened[-1].page()

    yield open_page
    for watched in opened:
        watched.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """One page, English, on a desk."""
    return open_page()
