"""The migrations against the models: up, down, up again, and no difference left, on both databases.

`python -m tests.grounds.migrations` fails with a line for every difference; the tests use its steps. It
writes no migration: `flask db migrate` does.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect

from asanokai.app import create_app
from asanokai.db import db, dispose
from config import Config
from tests.grounds import places, postgres, sqlite


@contextmanager
def opened(database_url: str) -> Iterator[Flask]:
    """An app on a database, in its context; nothing is connected to the database afterwards."""
    app = create_app(Config.for_tests(database_url=database_url))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            dispose()


def upgrade(database_url: str) -> None:
    """Bring a database to the newest state by the real migrations."""
    with opened(database_url):
        flask_migrate.upgrade()


def differences() -> list[str]:
    """What Alembic would still change in the current app's database to make it match the models."""
    options = {"compare_type": True, "compare_server_default": _default_differs}
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return [str(difference) for difference in compare_metadata(context, db.metadata)]


def _default_differs(
    context: MigrationContext,
    _there: object,
    _column: object,
    there: str | None,
    _default: object,
    wanted: str | None,
) -> bool | None:
    """Whether a default in the database is not the model's. None leaves the question to Alembic.

    On SQLite, Alembic takes the default '' for something other than itself.
    """
    if context.dialect.name != "sqlite":
        return None
    return (there or "").strip("()'") != (wanted or "").strip("()'")


def problems(database_url: str) -> list[str]:
    """Everything that is wrong with the migrations on an empty database, one line each."""
    with opened(database_url) as app:
        heads = ScriptDirectory(app.extensions["migrate"].directory).get_heads()
        if len(heads) != 1:
            return [f"there must be one newest migration, not {len(heads)}: {', '.join(heads)}"]
        flask_migrate.upgrade()
        found = differences()
        flask_migrate.downgrade(revision="base")
        left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        found += [f"downgrading leaves the table {name}" for name in sorted(left)]
        flask_migrate.upgrade()
        return found + [f"after going down and up: {difference}" for difference in differences()]


def main() -> None:
    """Check on SQLite and on PostgreSQL."""
    with (
        tempfile.TemporaryDirectory(dir=places.quick()) as folder,
        postgres.server() as server,
        server.database() as database_url,
    ):
        wrong = [f"SQLite: {line}" for line in problems(sqlite.url(Path(folder) / "migrated.sqlite"))]
        wrong += [f"PostgreSQL: {line}" for line in problems(database_url)]
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        sys.exit(f"{len(wrong)} problems with the migrations")
    print("migrations: as the models say")


if __name__ == "__main__":
    main()
