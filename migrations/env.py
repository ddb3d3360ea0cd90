"""How Alembic finds the database: through the app it is called for (`asanokai db upgrade`, tests, `make check`)."""

from alembic import context
from flask import current_app

from asanokai.db import UTCDateTime

database = current_app.extensions["migrate"].db


def render(kind: str, item: object, _autogen_context: object) -> str | bool:
    """Write our column types as plain SQLAlchemy ones: a step must not change when the program does."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run the steps in one transaction, so that a failing step leaves nothing half done."""
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            transaction_per_migration=True,
            render_item=render,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
