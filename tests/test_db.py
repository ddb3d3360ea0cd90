"""The database's edge: who commits, what a moment is, who may write, who plans."""

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError, StatementError

from asanokai import db as database
from asanokai import journal, members
from asanokai.db import insert_missing, session, transaction
from asanokai.journal import Entry
from asanokai.letters import Letter
from asanokai.members import Address, Member, Organisation
from tests import pages, people


def test_a_naive_moment_is_refused_by_every_column(app):
    with transaction():
        katrin = people.katrin()
        katrin.joined_at = datetime(2026, 3, 12, 8)
        with pytest.raises(StatementError, match="naive datetime refused"):
            session().flush()
        session().rollback()


def test_a_naive_moment_is_refused_in_a_comparison_too(app):
    with pytest.raises(StatementError, match="naive datetime refused"):
        session().query(Letter).where(Letter.due_at < datetime(2026, 3, 12, 8)).all()


def test_a_moment_comes_back_as_the_same_moment_in_utc(app):
    in_tokyo = datetime(2026, 3, 12, 16, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    with transaction():
        number = people.katrin().id
        members.by_id(number).joined_at = in_tokyo
    found = members.by_id(number).joined_at
    assert found == in_tokyo
    assert found.utcoffset() == timedelta(0)


def test_a_transaction_commits_at_its_end(app):
    with transaction():
        people.katrin()
    assert members.by_address("katrin.lindner@optik-jena.example") is not None


def test_a_transaction_that_fails_leaves_nothing(app):
    with pytest.raises(ZeroDivisionError), transaction():
        people.katrin()
        session().flush()
        raise ZeroDivisionError
    assert members.by_address("katrin.lindner@optik-jena.example") is None


def test_a_reading_transaction_leaves_nothing(app):
    with database.reading():
        people.katrin()
        session().flush()
    assert members.by_address("katrin.lindner@optik-jena.example") is None


def test_an_insert_that_exists_is_skipped_and_says_so(app):
    rows = insert_missing(Organisation)
    with transaction():
        first = session().execute(rows, {"name": "Optik", "normal": "optik"}).rowcount
        again = session().execute(rows, {"name": "OPTIK", "normal": "optik"}).rowcount
    assert (first, again) == (1, 0)
    assert [row.name for row in session().query(Organisation)] == ["Optik"]


def test_foreign_keys_and_checks_hold(app):
    for wrong in (
        Address(member_id=4711, text="a@b.example", normal="a@b.example"),
        Member(standing="odd", calendar_secret="x", created_at=datetime.now(UTC)),
    ):
        with transaction():
            session().add(wrong)
            with pytest.raises(IntegrityError):
                session().flush()
            session().rollback()


def test_sqlite_keeps_a_log_ahead_and_writes_it_through(app):
    if database.db.engine.dialect.name != "sqlite":
        pytest.skip("pragmas are SQLite's")
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    assert [session().execute(text(f"PRAGMA {name}")).scalar() for name in pragmas] == ["wal", 2, 1]


def test_a_writing_transaction_on_sqlite_shuts_out_every_other_writer_from_its_start(app):
    if database.db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    with transaction(), database.db.engine.connect() as other:
        other.execute(text("PRAGMA busy_timeout = 0"))
        with pytest.raises(OperationalError, match="locked"):
            other.execute(text("UPDATE member SET title = ''"))


def test_a_closed_connection_leaves_no_open_file_behind(app):
    if database.db.engine.dialect.name != "sqlite":
        pytest.skip("the queue's file is SQLite's")
    with transaction():
        record = session().connection().connection
        queue = record.info["queue"]
    database.dispose()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(queue)


def test_only_one_transaction_plans_at_a_time(app):
    with transaction():
        database.plan_alone()
        if database.db.engine.dialect.name == "postgresql":
            with database.db.engine.connect() as other:
                query = text("SELECT pg_try_advisory_xact_lock(:key)")
                assert other.execute(query, {"key": database.PLANNER_LOCK}).scalar() is False
    with transaction():
        database.plan_alone()


ON_DISK = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
NOT_WAITING = {"sqlite": 1, "postgresql": "off"}


def waits_for_disk(on) -> object:
    return on.execute(text(ON_DISK[database.db.engine.dialect.name])).scalar()


def names() -> list[str]:
    with database.reading():
        return list(session().scalars(select(Organisation.name).order_by(Organisation.id)))


def test_light_transactions_are_committed_each_for_itself(app):
    rows = insert_missing(Organisation)
    with database.light_transactions() as light:
        for name in ("Optik", "Glas"):
            with light() as on:
                on.execute(rows, {"name": name, "normal": name})
            assert names()[-1] == name
    assert names() == ["Optik", "Glas"]


def test_a_light_transaction_that_fails_undoes_what_is_not_one_statement_only_on_sqlite(app):
    rows = insert_missing(Organisation)
    with pytest.raises(ZeroDivisionError), database.light_transactions() as light:
        with light() as on:
            on.execute(rows, {"name": "Optik", "normal": "Optik"})
        with light() as on:
            on.execute(rows, {"name": "Stahl", "normal": "Stahl"})
            raise ZeroDivisionError
    assert names() == (["Optik", "Stahl"] if database.in_one_statement() else ["Optik"])


def test_between_two_light_transactions_others_may_write(app):
    rows = insert_missing(Organisation)
    with database.light_transactions() as light:
        for name in ("Optik", "Glas"):
            with light() as on:
                on.execute(rows, {"name": name, "normal": name})
            with transaction():
                session().execute(rows, {"name": f"{name} other", "normal": f"{name} other"})
    assert names() == ["Optik", "Optik other", "Glas", "Glas other"]


@pytest.mark.parametrize("failing", [False, True])
def test_only_light_transactions_do_not_wait_for_the_disk(app, failing):
    database.dispose()
    if database.db.engine.dialect.name == "postgresql":
        # The tests' server waits for nothing by itself.
        with database.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f'ALTER DATABASE "{database.db.engine.url.database}" SET synchronous_commit = on'))
        database.dispose()
    with transaction():
        before = waits_for_disk(session())
    try:
        with database.light_transactions() as light, light() as on:
            assert waits_for_disk(on) == NOT_WAITING[database.db.engine.dialect.name]
            if failing:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with transaction():
        assert waits_for_disk(session()) == before
    assert before in (2, "on")


def test_facts_that_are_nothing_are_null(app):
    with transaction():
        journal.write("look", "nothing", None)
    assert session().query(Entry).where(Entry.facts.is_(None)).count() == 1


# --- connections ------------------------------------------------------------------------------------------------------


def only_on_postgresql() -> None:
    if database.db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")


def cut_all() -> None:
    """End every connection to the app's database, as a restarted server does."""
    words = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"
    url = database.db.engine.url
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        other.execute(text(words), {"name": url.database})
    engine.dispose()


def test_a_request_that_reads_cannot_write(app, client, monkeypatch):
    only_on_postgresql()

    def writing_page() -> str:
        session().execute(insert_missing(Organisation), {"name": "Optik", "normal": "Optik"})
        return ""

    monkeypatch.setitem(app.view_functions, "programme.healthz", writing_page)
    with pytest.raises(InternalError, match="read-only transaction"):
        client.get("/healthz")
    assert names() == []


def test_a_request_that_reads_opens_no_transaction(app, client):
    only_on_postgresql()
    began: list[object] = []
    event.listen(database.db.engines["reading"], "begin", began.append)
    with pages.statements() as asked:
        assert client.get("/healthz").status_code == 200
    assert (len(began), asked) == (1, ["SELECT"])  # SQLAlchemy's own beginning: the server hears of none
    with database.db.engines["reading"].connect() as connection:
        assert connection.connection.info["idle_since"]
        connection.execute(text("SELECT 1"))
        assert connection.connection.dbapi_connection.info.transaction_status == TransactionStatus.IDLE


def test_after_the_database_was_restarted_nobody_notices(app, client):
    only_on_postgresql()
    with transaction():
        people.katrin()
    assert client.get("/healthz").status_code == 200
    cut_all()
    assert client.get("/healthz").status_code == 200
    with transaction():
        assert members.by_address("katrin.lindner@optik-jena.example") is not None


def test_a_connection_that_lay_idle_for_long_is_asked_before_it_is_used(app, client, monkeypatch):
    only_on_postgresql()
    pinged: list[object] = []
    ping = database.db.engine.dialect.do_ping
    monkeypatch.setattr(database.db.engine.dialect, "do_ping", lambda on: (pinged.append(on), ping(on))[1])
    client.get("/healthz")
    client.get("/healthz")
    assert pinged == []
    with database.db.engines["reading"].connect() as connection:
        record = connection.connection.info
    record["idle_since"] -= database.IDLE_UNASKED + 1
    client.get("/healthz")
    assert len(pinged) == 1
