"""One snapshot of the database becomes one file, whole or not at all.

All is read in one transaction that only reads: SQLite's write-ahead log and PostgreSQL's REPEATABLE READ show the
moment it began, whatever others write meanwhile, and hold up nobody. The file is written under another name, brought
to the disk and then renamed, so that under the final name there is never half a backup.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from alembic.migration import MigrationContext
from sqlalchemy import Connection, column, inspect, select, text
from sqlalchemy import table as named

from asanokai import clock, db, erased
from asanokai.backup import folder
from asanokai.backup.envelope import Lock
from asanokai.backup.form import KINDS, Manifest, Writer, kind_of
from asanokai.erased import sync_folder
from asanokai.errors import Refused

VERSIONS = "alembic_version"
LIST = "erasures"
"""The name of the copy of the list of erasures beside the backups."""

AT_ONCE = 2000
"""Rows fetched from the database at once."""

PROGRAM = "asanokai"


@dataclass(frozen=True)
class Made:
    """A backup that lies there now."""

    path: Path
    tables: int
    rows: int
    size: int
    dropped: int


def make(into: Path, lock: Lock | None = None, *, keep: int | None = None) -> Made:
    """Write a backup into the folder and a copy of the list of erasures beside it; remove those older than the newest
    `keep`. Raises `Refused` with plain words where that cannot be done; then nothing is left there."""
    lock = lock or Lock()
    try:
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(into):
            return _make(into, lock, keep)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise Refused(f"No backup could be written to {into}: {why}. Nothing was left there.") from error


def _make(into: Path, lock: Lock, keep: int | None) -> Made:
    folder.drop_halves(into)
    erased.the_list().begin()
    moment, number = clock.now(), 0
    while (final := into / folder.name(moment, number, encrypted=bool(lock))).exists():
        number += 1
    part = into / f"{folder.PART}{os.getpid()}.part"
    try:
        with _new(part) as file, lock.around(file) as stream:
            manifest = _write(stream)
        os.replace(part, final)
        sync_folder(into)
    finally:
        part.unlink(missing_ok=True)
    _copy_list(into)
    dropped = folder.drop_old(into, keep) if keep else 0
    return Made(final, len(manifest.tables), manifest.rows, final.stat().st_size, dropped)


@contextmanager
def _alone(into: Path) -> Iterator[None]:
    """Nobody else writes a backup there. Raises `Refused` if somebody does."""
    file = os.open(into / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        if error.errno != errno.EAGAIN:
            raise
        raise Refused(f"Another backup is just being written to {into}.") from error
    finally:
        os.close(file)


@contextmanager
def _new(path: Path) -> Iterator[IO[bytes]]:
    """A new file that nobody else may read; on the disk when it is left."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _copy_list(into: Path) -> None:
    """Lay the list as it stands now beside the backups: a disk that is lost takes the other one along."""
    source = erased.the_list().path
    copy = into / LIST
    if copy.exists() and copy.samefile(source):
        return
    part = into / f"{folder.PART}{os.getpid()}.list.part"
    with suppress(FileNotFoundError):
        part.unlink()
    with _new(part) as file, source.open("rb") as there:
        shutil.copyfileobj(there, file)
    os.replace(part, copy)
    sync_folder(into)


# --- the snapshot -----------------------------------------------------------------------------------------------------


def _write(stream: IO[bytes]) -> Manifest:
    with _snapshot() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None:
            raise Refused("There is nothing to back up: the database is empty.")
        manifest = Manifest(
            revision=revision,
            database=connection.dialect.name,
            made_at=clock.now(),
            program=PROGRAM,
            erasures=erased.the_list().standing(),
        )
        writer = Writer(stream, manifest)
        for name, columns in tables(connection):
            writer.table(name, columns, _rows(connection, name, columns))
        writer.end(erased.the_list())
    return manifest


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """A connection that sees one moment. Raises `Refused` if SQLite finds its file damaged."""
    engine = db.db.engine
    sqlite = engine.dialect.name == "sqlite"
    options = {} if sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        try:
            if sqlite:
                _check(connection)
            yield connection
        finally:
            connection.rollback()


def _check(connection: Connection) -> None:
    """The pages, and what points to what: a backup of a damaged file would be found out when it is needed."""
    damage = [row[0] for row in connection.execute(text("PRAGMA integrity_check(3)")) if row[0] != "ok"]
    astray = connection.execute(text("PRAGMA foreign_key_check")).first()
    if astray is not None:
        damage.append(f"a row of {astray[0]} points to a row of {astray[2]} that is gone")
    if damage:
        raise Refused(f"The database is damaged, and was not backed up: {'; '.join(damage)}")


def tables(connection: Connection) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Every table with its columns and their kinds; what others point to comes first."""
    looked = inspect(connection)
    for name, _circles in looked.get_sorted_table_and_fkc_names():
        if name is not None and name != VERSIONS:
            yield (
                name,
                [(one["name"], kind_of(one["type"])) for one in looked.get_columns(name) if not one.get("computed")],
            )


def _rows(connection: Connection, name: str, columns: list[tuple[str, str]]) -> Iterator[Any]:
    query = select(*(column(one, KINDS[kind]) for one, kind in columns)).select_from(named(name))
    keys = inspect(connection).get_pk_constraint(name)["constrained_columns"]
    query = query.order_by(*(column(key) for key in keys))
    with connection.execution_options(yield_per=AT_ONCE).execute(query) as result:
        yield from result
