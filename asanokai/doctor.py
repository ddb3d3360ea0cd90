"""Is everything as it must be? Settings, database, migrations, mail out, letters, clock: one plain line per check.

It changes nothing and repairs nothing. How the mail server is reached is handed in: only `transport` knows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import ColumnElement, func, or_, select, text, true
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from asanokai import clock, db, installation, letters, meetings
from asanokai.letters import Letter
from config import Config

LATE = timedelta(minutes=15)
"""A letter that is due for longer waits for a worker that does not run, or for a server that is away."""

ASTRAY = timedelta(minutes=1)
"""How far two clocks may differ."""


MARK = 6
"""How many signs of a check's line say whether it is well."""


@dataclass(frozen=True)
class Check:
    """What was looked at, whether it is well, and what there is to say."""

    about: str
    well: bool
    words: str

    def __str__(self) -> str:
        return f"{'ok' if self.well else 'WRONG':<{MARK}} {self.about}: {self.words}"


def examine(config: Config, *, reach_mail: Callable[[], object]) -> list[Check]:
    """Every check of the current app, in order. `reach_mail` connects and logs in as for a letter; it raises OSError
    or ValueError if it cannot."""
    checks = [_settings(config), *_database(), _mail_out(config, reach_mail)]
    usable = all(check.well for check in checks if check.about in ("database", "migrations"))
    if usable:
        checks.append(_pending())
    checks.append(_clock(config, usable=usable))
    return checks


def in_one_line(error: BaseException) -> str:
    """What an error of the database says, without the statement and the help page's address."""
    said = getattr(error, "orig", None) or error
    return " ".join(str(said).split())[:300]


def schema_problem() -> str:
    """Why the database's schema cannot be worked with; "" if it is the newest. Raises SQLAlchemyError if it is away."""
    url = db.db.engine.url
    # Looking must not make the file: it would be empty, and belong to whoever looked.
    file = _file(url)
    if file is not None and not file.exists():
        return f"There is no database at {url.database} yet. Make it by: asanokai db upgrade"
    script = ScriptDirectory(current_app.extensions["migrate"].directory)
    with db.db.engine.connect() as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
    if found == set(script.get_heads()):
        return ""
    if found - {step.revision for step in script.walk_revisions()}:
        return "The database was made by a newer version of this program. Install that one."
    return "The database is behind this version of the program. Bring it up to date by: asanokai db upgrade"


def _file(url: URL) -> Path | None:
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _settings(config: Config) -> Check:
    # Settings that cannot be used have stopped the program before it gets here.
    return Check("settings", True, f"pages at {config.base_url}, letters from {config.sender}")


def _database() -> list[Check]:
    where = db.db.engine.url.render_as_string(hide_password=True)
    try:
        problem = schema_problem()
    except (SQLAlchemyError, OSError) as error:
        return [Check("database", False, f"{where} cannot be reached: {in_one_line(error)}")]
    if problem:
        return [Check("database", True, where), Check("migrations", False, problem)]
    return [Check("database", True, where), Check("migrations", True, "up to date")]


def _mail_out(config: Config, reach: Callable[[], object]) -> Check:
    mail = config.mail
    where = f"{mail.server} port {mail.port}"
    try:
        reach()
    except (OSError, ValueError) as error:  # smtplib's own errors are OSErrors
        return Check("mail out", False, f"{where}: {type(error).__name__}: {in_one_line(error)}")
    how = "SSL" if mail.use_ssl else "TLS" if mail.use_tls else "no encryption"
    return Check("mail out", True, f"{where} answers ({how}, {'logged in' if mail.username else 'without login'})")


def _pending() -> Check:
    """Letters that are due and may go, and since when the oldest is."""
    with db.reading() as session:
        paused = installation.current().paused_at is not None
        due = Letter.state.in_(("queued", "claimed")), Letter.due_at <= clock.now(), _may_go(paused)
        count = session.scalar(select(func.count()).where(*due))
        oldest = session.scalar(select(func.min(Letter.due_at)).where(*due))
        planned = session.scalar(select(func.count()).where(Letter.state == "queued", Letter.due_at > clock.now()))
    words = f"{count} due, {planned} later{', all others paused' if paused else ''}"
    if oldest is None:
        return Check("letters", True, words)
    late = clock.now() - oldest
    if late <= LATE:
        return Check("letters", True, words)
    return Check("letters", False, f"{words}; the oldest waits since {_said(oldest)}: is the worker running?")


def _may_go(paused: bool) -> ColumnElement[bool]:
    if paused:
        return Letter.kind.in_(letters.UNPAUSED)
    held = meetings.held_back()
    return or_(Letter.meeting_id.is_(None), Letter.meeting_id.not_in(held)) if held else true()


def _clock(config: Config, *, usable: bool) -> Check:
    """The machine's time against the letters' and, where it has one of its own, the database's."""
    now = clock.now()
    wrong = list(_astray(config, now, usable=usable))
    return Check("clock", not wrong, "; ".join([_said(now), *wrong]))


def _astray(config: Config, now: datetime, *, usable: bool) -> Iterator[str]:
    if config.clock_file:
        yield "it stands still, since ASANOKAI_CLOCK is set"
    if not usable:
        return
    with db.reading() as session:
        newest = session.scalar(select(func.max(Letter.created_at)))
        there = None
        if db.db.engine.dialect.name == "postgresql":
            there = session.scalar(text("SELECT clock_timestamp()"))
    if newest is not None and newest > now + ASTRAY:
        yield f"a letter was written at {_said(newest)}, which is still to come"
    if there is not None and abs(there - clock.system_time()) > ASTRAY:
        yield f"the database's clock says {_said(there)}"


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
