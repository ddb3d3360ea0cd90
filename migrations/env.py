"""How Alembic finds the database: through the app it is called for (`asanokai db upgrade`, tests, `make check`)."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from asanokai.db import UTCDateTime

database = current_app.extensions["migrate"].db


def render(kind: str, item: object, _autogen_context: object) -> str | bool:
    """Write our column types as plain SQLAlchemy ones: a step must not change when the program does."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run each step in a transaction, so that a failing one leaves nothing half done.

    SQLite changes a table by building it anew and dropping the old one, which takes along the rows that cascade from
    it: so its foreign keys rest meanwhile and are checked at the end.
    """
    with database.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            _pragma(connection, "foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            transaction_per_migration=True,
            render_item=render,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        if sqlite:
            broken = _pragma(connection, "foreign_key_check")
            _pragma(connection, "foreign_keys=ON")
            if broken:
                raise RuntimeError(f"rows point to rows that are gone: {broken[:5]}")


def _pragma(connection: Connection, words: str) -> list[tuple[Any, ...]]:
    """Said past SQLAlchemy, which would begin a transaction: inside one the foreign keys cannot be turned off."""
    cursor = connection.connection.cursor()
    try:
        return cursor.execute(f"PRAGMA {words}").fetchall()
    finally:
        cursor.close()


run()
