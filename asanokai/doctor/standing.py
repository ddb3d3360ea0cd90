"""What everything else stands on: settings, database, migrations, disk, backups, limits, clock."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from asanokai import backup, clock, db
from asanokai.doctor.check import Check, hint, in_one_line, ok, said, wrong
from asanokai.letters import Letter
from config import Config

ASTRAY = timedelta(minutes=1)
"""How far two clocks may differ."""

OLD = timedelta(days=2)
"""How old the newest backup may be."""

MIB = 1024 * 1024
GIB = 1024 * MIB
FULL, NARROW = 100 * MIB, GIB
"""Free space below which nothing is safe any more, and below which it is worth a look."""


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


def settings(config: Config) -> Check:
    # Settings that cannot be used have stopped the program before it gets here.
    return ok("settings", f"pages at {config.base_url}, letters from {config.sender}")


def database() -> list[Check]:
    where = db.db.engine.url.render_as_string(hide_password=True)
    try:
        problem = schema_problem()
    except (SQLAlchemyError, OSError) as error:
        return [wrong("database", f"{where} cannot be reached: {in_one_line(error)}")]
    if problem:
        return [ok("database", where), wrong("migrations", problem)]
    return [ok("database", where), ok("migrations", "up to date")]


def clock_right(config: Config, *, usable: bool) -> Check:
    """The machine's time against the letters' and, where it has one of its own, the database's."""
    now = clock.now()
    astray = list(_astray(config, now, usable=usable))
    return (wrong if astray else ok)("clock", "; ".join([said(now), *astray]))


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
        yield f"a letter was written at {said(newest)}, which is still to come"
    if there is not None and abs(there - clock.system_time()) > ASTRAY:
        yield f"the database's clock says {said(there)}"


def disk(config: Config) -> Check:
    """How much room is left beside the database's file, or in the instance folder."""
    file = _file(db.db.engine.url)
    place = file.parent if file is not None else _first_there(config.instance)
    try:
        free = shutil.disk_usage(place).free
        holds = f"; the database has {_amount(file.stat().st_size)}" if file and file.exists() else ""
    except OSError as error:
        return hint("disk", f"{place} (ASANOKAI_INSTANCE): {error.strerror}")
    words = f"{_amount(free)} free in {place}{holds}"
    if free < FULL:
        return wrong("disk", f"{words}: make room, or answers and letters will be refused soon")
    if free < NARROW:
        return hint("disk", f"{words}: make room before it is full")
    return ok("disk", words)


def backups(config: Config) -> list[Check]:
    """How old the newest backup is, where a folder for them is set."""
    if not config.backups:
        return []
    try:
        newest = backup.newest(Path(config.backups))
    except OSError as error:
        return [wrong("backups", f"{config.backups} (ASANOKAI_BACKUPS): {error.strerror}")]
    if newest is None:
        return [wrong("backups", f"there is none in {config.backups}: let cron or a timer call “asanokai backup”")]
    words = f"the newest is of {said(newest)}"
    if clock.now() - newest > OLD:
        return [wrong("backups", f"{words}, older than two days: does cron or the timer still run “asanokai backup”?")]
    return [ok("backups", words)]


def limits(config: Config) -> Check:
    """Whether what is wrong too often is counted once, or by each web process for itself."""
    where = config.limits_storage.partition("://")[0]
    count = config.web_processes
    if where == "memory" and count > 1:
        return hint(
            "limits",
            f"wrong links, passwords and codes are counted in memory, by each of {count} web processes for itself, so "
            f"that somebody may be wrong {count} times as often: set ASANOKAI_LIMITS_STORAGE to a store that they "
            "share, or WEB_CONCURRENCY to 1",
        )
    processes = "one web process" if count == 1 else f"{count} web processes"
    return ok("limits", f"counted in {where} for {processes}")


def _first_there(folder: Path) -> Path:
    """The folder, or as much of its way as has been made: it is made when something is first kept there."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def _amount(size: int) -> str:
    return f"{size // GIB} GiB" if size >= GIB else f"{max(size // MIB, 1)} MiB"
