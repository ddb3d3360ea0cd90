"""A backup goes back into an empty database, and nowhere else.

First the whole file is read and compared with its manifest, the list of erasures with what the backup noted of it, and
the place is looked at; only then is anything written. The tables are made as they were at the backup's step of the
migrations, filled in one transaction, and migrated forward. What must not happen twice comes last (`afterwards`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import flask_migrate
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, column, insert, inspect, text
from sqlalchemy import table as named

from asanokai import db, erased
from asanokai.backup import afterwards, making
from asanokai.backup.envelope import Key
from asanokai.backup.form import KINDS, Manifest, Table, read_manifest, read_rows
from asanokai.errors import Refused
from asanokai.night import Night


@dataclass(frozen=True)
class Restored:
    """What stands in the database now: how much came from which moment, and what was seen to afterwards."""

    made_at: datetime
    tables: int
    rows: int
    erased: int
    letters: int


def restore(path: Path, key: Key | None = None, *, night: Night, without_erasures: bool = False) -> Restored:
    """Fill the empty database from a backup. Raises `Refused` before anything is written where it cannot be done."""
    key = key or Key()
    lines = [] if without_erasures else _erasures()
    with key.opened(path) as stream:
        manifest = read_manifest(stream, None if without_erasures else erased.the_list())
    if not without_erasures and not erased.the_list().goes_on_from(manifest.erasures):
        raise Refused(
            f"The list of erasures at {erased.the_list().path} is older than this backup, or another one: people who "
            "were erased would be back. Put the newest copy there, or say --without-erasures."
        )
    steps = _steps()
    if manifest.revision not in steps:
        raise Refused("This backup was made by a newer version of this program. Install that one.")
    _look_empty()
    _go_to(manifest.revision, steps)
    newest = manifest.revision == steps[0]
    with db.transaction() as session:
        _load(session.connection(), manifest, key, path)
        done = afterwards.see_to(manifest.made_at, lines, night=night) if newest else None
    if done is None:
        flask_migrate.upgrade()
        with db.transaction():
            done = afterwards.see_to(manifest.made_at, lines, night=night)
    return Restored(manifest.made_at, len(manifest.tables), manifest.rows, done.erased, done.letters)


def _erasures() -> list[erased.Erasure]:
    try:
        return erased.the_list().read()
    except Refused as refused:
        raise Refused(
            f"{refused} Without it people who were erased after the backup would be back. Put the newest copy there "
            "(one lies beside the backups), or say --without-erasures."
        ) from refused


# --- the place --------------------------------------------------------------------------------------------------------


def _steps() -> list[str]:
    """The steps of the migrations, the newest first."""
    script = ScriptDirectory(current_app.extensions["migrate"].directory)
    return [step.revision for step in script.walk_revisions()]


def _look_empty() -> None:
    """Raises `Refused` if any table holds a row."""
    with db.db.engine.connect() as connection:
        looked = inspect(connection)
        for name in sorted(set(looked.get_table_names()) - {making.VERSIONS}):
            if connection.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1')).first():
                raise Refused(
                    f"The database is not empty (there are rows in “{name}”), and nothing was changed. A backup goes "
                    "into an empty database only: make a new one, or move this one away."
                )


def _go_to(revision: str, steps: Sequence[str]) -> None:
    """Make the tables as they were at this step. They are empty: going back loses nothing."""
    with db.db.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in steps:
        raise Refused("The database was made by a newer version of this program. Install that one.")
    if found is not None and steps.index(found) < steps.index(revision):
        flask_migrate.downgrade(revision=revision)
    elif found != revision:
        flask_migrate.upgrade(revision=revision)


# --- the rows ---------------------------------------------------------------------------------------------------------


def _load(connection: Connection, manifest: Manifest, key: Key, path: Path) -> None:
    """Write all rows, let every pointer be looked at, and go on counting where the backup stopped."""
    there = {name: columns for name, columns in making.tables(connection)}
    for table in manifest.tables:
        if {name for name, _kind in table.columns} != {name for name, _kind in there.get(table.name, [])}:
            raise Refused(f"The table “{table.name}” of this backup is not as this program knows it.")
    put = _copy if connection.dialect.name == "postgresql" else _insert
    with _pointers_last(connection), key.opened(path) as stream:
        for table, rows in read_rows(stream, manifest):
            put(connection, table, rows)
    if connection.dialect.name == "postgresql":
        _count_on(connection, manifest)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    columns = [column(name, KINDS[kind]) for name, kind in table.columns]
    connection.execute(insert(named(table.name, *columns)), rows)


def _copy(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """PostgreSQL's own way of taking in many rows: ten times as fast as statements."""
    quoted = ", ".join(f'"{name}"' for name, _kind in table.columns)
    cursor = connection.connection.cursor()
    with cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([_for_copy(row[name], kind) for name, kind in table.columns])
    cursor.close()


def _for_copy(value: Any, kind: str) -> Any:
    return Jsonb(value) if kind == "json" and value is not None else value


@contextmanager
def _pointers_last(connection: Connection) -> Iterator[None]:
    """Let rows point to later ones of their own table until all are there; then every pointer must lead somewhere."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        yield
        astray = connection.execute(text("PRAGMA foreign_key_check")).first()
        if astray is not None:
            raise Refused(f"A row of “{astray[0]}” in this backup points to a row of “{astray[2]}” that is not in it.")
        return
    own = list(_to_themselves(connection))
    for table, name in own:
        connection.execute(text(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{name}" DEFERRABLE INITIALLY DEFERRED'))
    yield
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table, name in own:
        connection.execute(text(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{name}" NOT DEFERRABLE'))


def _to_themselves(connection: Connection) -> Iterator[tuple[str, str]]:
    looked = inspect(connection)
    order = [name for name, _circles in looked.get_sorted_table_and_fkc_names() if name is not None]
    for place, table in enumerate(order):
        for key in looked.get_foreign_keys(table):
            if key["referred_table"] not in order[:place]:
                yield table, str(key["name"])


def _count_on(connection: Connection, manifest: Manifest) -> None:
    """Let new rows have numbers of their own: the sequences do not know what was copied in."""
    for table in manifest.tables:
        if ("id", "number") in table.columns:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), max(id)) "
                    f'FROM "{table.name}" HAVING max(id) IS NOT NULL'
                )
            )
