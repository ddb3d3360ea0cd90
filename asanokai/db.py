"""The database: base class, column types, and who opens and ends transactions.

The word ``commit(`` stands in this file only. Web requests: a POST opens a *writing* transaction before its first read
and ends it by the status of the answer; every other method is rolled back. Worker and command line use
`transaction()`. It knows no business word and no table.

SQLite: a writing transaction is ``BEGIN IMMEDIATE`` behind a file lock, because SQLite's own busy handler sleeps and
is unfair between processes. PostgreSQL: READ COMMITTED with row locks taken by the verbs; requests that only read have
connections of their own, which refuse to write and open no transaction: every statement sees its own moment anyway
there, and beginning and ending are two more ways to the server.
"""

import fcntl
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as BoundSession
from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    Table,
    cast,
    event,
    literal,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

WRITING = "asanokai_writing"
READING = ("GET", "HEAD", "OPTIONS")
READERS = "reading"
"""The bind whose connections only read, and the mark of a session that uses it."""
IDLE_UNASKED = 30
"""Seconds after which a connection that lay idle is asked whether it still lives."""
PLANNER_LOCK = 0x6173616E  # "asan": any number, the same in every process


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC; a naive one is refused with TypeError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("naive datetime refused: give it a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Facts = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""A small JSON object; assign whole values, changes inside one are not seen."""

Texts = Facts
"""One text in up to three languages: ``{"de": …, "en": …, "ja": …}``; read it through `languages.pick`."""

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every table's class stands on."""

    registry = registry(metadata=MetaData(naming_convention=NAMES), type_annotation_map={datetime: UTCDateTime()})


class ReadingSession(BoundSession):
    """Goes over the connections that only read while it is marked so, where the database has such."""

    def get_bind(self, *asked: Any, **more: Any) -> Engine | Connection:
        """The engine for a statement."""
        if self.info.get(READERS):
            return db.engines[READERS]
        return super().get_bind(*asked, **more)


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={"class_": ReadingSession, "expire_on_commit": False},
)
migrate = Migrate(render_as_batch=True, compare_type=True)


def init_app(app: Flask) -> None:
    """Bind the database to the app and lay the request's transaction around every view."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(Path(app.root_path).parent / "migrations"))
    with app.app_context():
        for engine in db.engines.values():
            _prepare(engine)
    app.before_request(_open_for_request)
    app.after_request(_end_of_request)


def session() -> Session:
    """This context's session."""
    return db.session()


def _open_for_request() -> None:
    if request.method not in READING:
        # Take in the body first: nobody may hold the write lock while typing slowly.
        request.form  # noqa: B018  reading it is what we want
        begin_writing()
    elif READERS in db.engines:
        if db.session().in_transaction():
            db.session.rollback()
        db.session.info[READERS] = True


def _end_of_request(response: Response) -> Response:
    if request.method in READING:
        db.session.close()  # as a rollback, but nothing need be expired that nobody looks at again
        db.session.info.pop(READERS, None)
    elif response.status_code >= 400:
        db.session.rollback()
    else:
        db.session.commit()
    return response


def begin_writing() -> None:
    """Open a transaction that may write. What was open before is rolled back: a read view cannot be upgraded."""
    db.session.rollback()
    db.session.info.pop(READERS, None)
    db.session.connection(execution_options={WRITING: True})


@contextmanager
def transaction() -> Iterator[Session]:
    """A writing transaction of its own, for worker, command line and what must outlive a refused request."""
    begin_writing()
    try:
        yield db.session()
        db.session.commit()
    finally:
        db.session.remove()


@contextmanager
def light_transactions() -> Iterator[Callable[[], AbstractContextManager[Connection]]]:
    """Opens small writing transactions one after the other over one connection, each without waiting for the disk.

    For many of them in a row that may be done again after a power cut. Between two of them nothing is locked. The
    session knows nothing of them. On PostgreSQL each statement is committed by itself, since BEGIN and COMMIT would be
    two of four ways to the server: what belongs together goes into one statement (`in_one_statement`).
    """
    own_commit = {} if db.engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    with db.engine.connect().execution_options(**{WRITING: True}, **own_commit) as connection:
        try:
            _wait_for_disk(connection, False)
            yield lambda: _light_transaction(connection)
            _wait_for_disk(connection, True)
        except BaseException:
            # Not back into the pool: whoever took it next would believe in full commits.
            connection.invalidate()
            raise


@contextmanager
def _light_transaction(connection: Connection) -> Iterator[Connection]:
    try:
        with connection.begin():
            yield connection
    finally:
        if not connection.invalidated:
            _release_queue(None, connection.connection)


def _wait_for_disk(connection: Connection, wait: bool) -> None:
    if connection.dialect.name == "sqlite":
        # Inside a transaction the pragma would change nothing, and SQLAlchemy would begin one.
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA synchronous={'FULL' if wait else 'NORMAL'}")
        cursor.close()
    else:
        with connection.begin():
            connection.exec_driver_sql("RESET synchronous_commit" if wait else "SET synchronous_commit = off")


@contextmanager
def reading() -> Iterator[Session]:
    """A transaction that only reads, ended by rolling back."""
    try:
        yield db.session()
    finally:
        db.session.remove()


def dispose() -> None:
    """Close every connection that lies idle."""
    for engine in db.engines.values():
        engine.dispose()


def own_trouble(error: BaseException) -> bool:
    """Whether it is the database's own trouble (away, full, locked, at odds with another transaction), which passes,
    and not a mistake in what it was asked."""
    if isinstance(error, (DisconnectionError, TimeoutError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_TROUBLES
    state = getattr(error.orig, "sqlstate", None)
    # Where the connection was lost nobody is left to say a state.
    return str(state)[:2] in _POSTGRESQL_TROUBLES if state else isinstance(error, OperationalError)


_SQLITE_TROUBLES = frozenset((5, 6, 7, 8, 10, 13, 14, 15))
"""BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL."""

_POSTGRESQL_TROUBLES = ("08", "25", "40", "53", "55", "57", "58")
"""Classes: connection, read-only, serialization and deadlock, resources, locks, operator's hand, its own system."""


def affected(result: Any) -> int:
    """How many rows an INSERT, UPDATE or DELETE touched."""
    return int(result.rowcount)


def moment(value: datetime) -> ColumnElement[datetime]:
    """An aware moment as a literal inside an INSERT … SELECT: PostgreSQL must be told its type there."""
    bound = literal(value, UTCDateTime())
    return cast(bound, UTCDateTime()) if db.engine.dialect.name == "postgresql" else bound


def in_one_statement() -> bool:
    """Whether a statement can change two tables, and is thus a transaction of its own. SQLite's cannot."""
    return db.engine.dialect.name == "postgresql"


def plan_alone() -> None:
    """Make this transaction the only planner; wait until it is. SQLite's writing transactions are alone already.

    Who left instead would come back only with its next beat, and two workers in step could keep each other away.
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PLANNER_LOCK})


def table_of(mapped: type[Base]) -> Table:
    """The table of a mapped class: statements on it pass the ORM by, which costs more than they do."""
    table = mapped.__table__
    assert isinstance(table, Table)  # declared as FromClause, since a class may be mapped to a join
    return table


def insert_missing(mapped: type[Base]) -> Any:
    """An INSERT for this database that skips rows whose unique key exists.

    With ``from_select`` the SELECT must have a WHERE on SQLite (its grammar wants one before ON CONFLICT).
    """
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    # psycopg's cursor forgets the count otherwise, once SQLAlchemy has asked for the new keys.
    return dialect.insert(table_of(mapped)).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def _prepare(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _connect_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _release_queue)
        event.listen(engine, "close", _leave_queue)
    else:
        event.listen(engine, "checkin", _note_idle)
        event.listen(engine, "checkout", _ask_idle)


def _note_idle(_dbapi_connection: Any, record: Any) -> None:
    record.info["idle_since"] = time.monotonic()


def _ask_idle(dbapi_connection: Any, record: Any, _proxy: Any) -> None:
    """Let nobody have a connection that the server has closed: the pool makes another one.

    SQLAlchemy's own pre-ping asks the server each time, which costs as much as a statement. What the server said last
    can be read without asking; only a connection that was cut without a word must be asked.
    """
    now = time.monotonic()
    idle = now - record.info.get("idle_since", now)
    ears = select.poll()
    ears.register(dbapi_connection, select.POLLIN)
    if idle > IDLE_UNASKED or ears.poll(0):
        try:
            db.engine.dialect.do_ping(dbapi_connection)
        except dbapi_connection.DatabaseError as error:
            raise DisconnectionError(str(error)) from error


def _connect_sqlite(dbapi_connection: Any, _record: Any) -> None:
    # pysqlite's own transactions begin at the first write and overbook: we emit BEGIN ourselves.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get(WRITING):
        _queue(connection)
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def _queue(connection: Connection) -> None:
    """Stand in line for the write lock. The line is a lock file beside the database; the kernel keeps the order."""
    database = connection.engine.url.database
    if not database or database == ":memory:":
        return
    info = connection.connection.info
    if "queue" not in info:
        info["queue"] = os.open(f"{database}.queue", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(info["queue"], fcntl.LOCK_EX)


def _release_queue(_dbapi_connection: Any, record: Any) -> None:
    queue = record.info.get("queue")
    if queue is not None:
        fcntl.flock(queue, fcntl.LOCK_UN)


def _leave_queue(_dbapi_connection: Any, record: Any) -> None:
    queue = record.info.pop("queue", None)
    if queue is not None:
        os.close(queue)
