"""Faults on the way of a mail: killed workers, a full disk, a database that is gone. Nothing is lost, nothing doubled.

The workers are real processes that are killed, or kill themselves at a chosen step (`tests.dying`); mails are handed
over as a mail server does it: again and again until they are acknowledged.
"""

import random
import resource
import signal
import smtplib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from asanokai import db, intake
from asanokai.app import create_app
from asanokai.intake import Incoming, taking
from asanokai.intake.outcome import Outcome
from asanokai.journal import Entry
from config import Config
from tests.dying import MAILBOX_STEPS, STEPS, Forge, forge
from tests.grounds import LONG, dovecot, migrations, postgres
from tests.grounds.lmtp import HOST, hand_over
from tests.workers import environment

pytestmark = pytest.mark.xdist_group("intake faults")

TO = "asanokai@asanokai.example"
PATIENCE = 110


@pytest.fixture(scope="module")
def forging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    with forge(tmp_path_factory.mktemp("forge") / "said") as found:
        yield found


@pytest.fixture
def port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


def settings_for(config: Config, port: int, folder: Path, clock: Any) -> dict[str, str]:
    return {**environment(config, 9, folder, clock.now), "ASANOKAI_INTAKE_LMTP": f"{HOST}:{port}"}


def mail(number: int, size: int = 0) -> bytes:
    return f"From: katrin@jena.example\r\nSubject: {number}\r\n\r\n{'x' * size}\r\n".encode()


def deliver(port: int, raw: bytes, *, patience: float = PATIENCE) -> str:
    """As a mail server does: again until there is an answer that settles it; what was answered at last."""
    end = time.monotonic() + patience
    said = ""
    while time.monotonic() < end:
        try:
            (said,) = hand_over(port, raw, TO)
            if said[0] in "25":
                return said
        except (OSError, smtplib.SMTPException) as error:
            said = repr(error)
        time.sleep(0.02)
    raise AssertionError(f"not taken: {said}")


def once(port: int, raw: bytes) -> str:
    """One try."""
    try:
        return hand_over(port, raw, TO)[0]
    except (OSError, smtplib.SMTPException):
        return "lost"


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, "nothing goes on"
        time.sleep(0.02)


def as_time_passes(clock: Any, folder: Path) -> bool:
    """Put the workers' clock forward, in one step: they may read it at any moment."""
    clock.advance(seconds=10)
    fresh = folder / "clock.new"
    fresh.write_text(clock.now.isoformat())
    fresh.rename(folder / "clock")
    return True


def waiting() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).where(Incoming.state == "waiting")) or 0


def ends() -> tuple[list[tuple[str | None, str]], list[int]]:
    """Each mail's subject and state, and how often the journal says of it that it was taken in. PostgreSQL's numbers
    have gaps where somebody died."""
    with db.reading() as session:
        rows = session.execute(select(Incoming.id, Incoming.subject, Incoming.state).order_by(Incoming.id)).all()
        entries = Counter(session.scalars(select(Entry.object_id).where(Entry.verb == "take in")))
    return [(subject, state) for _, subject, state in rows], [entries[number] for number, *_ in rows if entries[number]]


# --- killed at each step ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_on_the_way_of_a_mail_loses_and_doubles_nothing(
    app, clock, config, forging, port, tmp_path, step
):
    settings = settings_for(config, port, tmp_path, clock)
    forging.start(settings, die=step)
    until(lambda: _listens(port))
    answer = once(port, mail(1))
    forging.wait()
    acknowledged = answer.startswith("250")
    assert acknowledged or answer == "lost"
    if acknowledged:
        assert waiting() + len(ends()[1]) == 1
    clock.advance(minutes=2)
    forging.start(settings_for(config, port, tmp_path, clock))
    until(lambda: _listens(port))
    if not acknowledged:
        assert deliver(port, mail(1)) == "250 2.1.5 Taken."
    until(lambda: waiting() == 0)
    forging.end()
    assert ends() == ([("1", "parked")], [1])


def _listens(port: int) -> bool:
    try:
        # Its greeting: where nobody listens, a connection may find itself.
        with socket.create_connection((HOST, port), timeout=1) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    with dovecot.serving() as found:
        yield found


@pytest.mark.parametrize("step", MAILBOX_STEPS)
def test_a_worker_that_dies_while_it_reads_a_mailbox_loses_and_doubles_nothing(
    app, clock, config, forging, server, tmp_path, step
):
    server.clear()
    server.append(mail(1), mail(2))
    settings = environment(config, 9, tmp_path, clock.now) | {"ASANOKAI_INTAKE_IMAP": server.url(after="delete")}
    forging.start(settings, die=step)
    forging.wait()
    forging.start(settings)

    def all_taken() -> bool:
        # A mailbox that did not answer in time is looked for again half a minute later, by a clock that else stands.
        clock.advance(seconds=1)
        moved = tmp_path / "clock.moved"
        moved.write_text(clock.now.isoformat())
        moved.replace(tmp_path / "clock")
        return len(ends()[0]) == 2 and waiting() == 0 and not server.flags()

    until(all_taken)
    forging.end()
    assert ends() == ([("1", "parked"), ("2", "parked")], [1, 1])


KILLS = 20 if LONG else 3
MAILS = 400 if LONG else 45


@pytest.mark.timeout(600)
def test_workers_killed_again_and_again_take_every_mail_once(app, clock, config, forging, port, tmp_path):
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print("seed", seed)
    done = 0

    def send() -> None:
        nonlocal done
        for number in range(MAILS):
            deliver(port, mail(number))
            done += 1

    sending = threading.Thread(target=send)
    forging.start(settings_for(config, port, tmp_path, clock))
    sending.start()
    for number in range(KILLS):
        goal = MAILS * (number + 1) // (KILLS + 1)
        until(lambda goal=goal: done >= goal)
        time.sleep(chance.random() * 0.03)
        forging.end()
        clock.advance(minutes=2)
        forging.start(settings_for(config, port, tmp_path, clock))
    sending.join()
    until(lambda: waiting() == 0)
    forging.end(signal.SIGTERM)
    rows, entries = ends()
    assert sorted(rows, key=lambda row: int(row[0])) == [(str(number), "parked") for number in range(MAILS)]
    assert set(entries) == {1}


# --- no room, no database ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_a_full_disk_the_mail_server_keeps_the_mails_and_the_worker_goes_on_when_there_is_room(
    app, clock, config, forging, port, tmp_path
):
    path = Path(config.database_url.removeprefix("sqlite:///"))
    # Whatever is written lies in the file beside it first; both may have as many bytes.
    forging.start(settings_for(config, port, tmp_path, clock), most_bytes=path.stat().st_size + 600_000)
    until(lambda: _listens(port))
    answers = [once(port, mail(number, 200_000)) for number in range(8)]
    assert {answer[:3] for answer in answers} == {"250", "451"}
    kept = [str(number) for number, answer in enumerate(answers) if answer.startswith("250")]
    assert forging.alive
    soft, hard = resource.prlimit(forging.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(forging.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert (soft < 10_000_000, [row[0] for row in ends()[0]]) == (True, kept)
    for number in range(8):
        assert deliver(port, mail(number, 200_000)) == "250 2.1.5 Taken."
    until(lambda: as_time_passes(clock, tmp_path) and waiting() == 0)
    forging.end(signal.SIGTERM)
    rows, entries = ends()
    assert (sorted(rows), entries) == ([(str(number), "parked") for number in range(8)], [1] * 8)


def test_without_its_database_server_the_mail_server_keeps_the_mails_and_the_worker_goes_on_when_it_is_back(
    clock, forging, port, tmp_path
):
    with postgres.server() as server:
        name = server.create()
        with psycopg.connect(host=str(server.directory), user="postgres", dbname="postgres", autocommit=True) as admin:
            # As everywhere but in tests: what is acknowledged has left the server's own memory.
            admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = on".encode())
        url = server.url(name)
        migrations.upgrade(url)
        config = Config.for_tests(database_url=url)
        forging.start(settings_for(config, port, tmp_path, clock))
        assert deliver(port, mail(1)) == "250 2.1.5 Taken."
        server.crash()
        assert [once(port, mail(number)) for number in (2, 3)] == [
            "451 4.3.0 It cannot be kept now; please try again."
        ] * 2
        assert forging.alive
        server.start()
        for number in (2, 3):
            assert deliver(port, mail(number)) == "250 2.1.5 Taken."
        with create_app(config).app_context():
            until(lambda: as_time_passes(clock, tmp_path) and waiting() == 0)
            assert ends() == ([(str(number), "parked") for number in (1, 2, 3)], [1, 1, 1])
            forging.end(signal.SIGTERM)
            db.db.session.remove()
            db.dispose()


# --- the database's own trouble costs a mail no attempt ---------------------------------------------------------------


def trouble(app: Any) -> None:
    """What both databases really raise: one is full, the other has closed the connection."""
    if db.db.engine.dialect.name == "postgresql":
        db.session().execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    else:
        pages = db.session().scalar(text("PRAGMA page_count"))
        db.session().execute(text(f"PRAGMA max_page_count = {pages}"))
        try:
            db.session().execute(text("CREATE TABLE fills AS SELECT zeroblob(10000000) AS room"))
        finally:
            db.session().execute(text("PRAGMA max_page_count = 4294967294"))


def come(place: intake.Place, *numbers: int) -> None:
    with db.transaction():
        for number in numbers:
            intake.receive(mail(number), way="lmtp", tokens=place.tokens)


def attempts() -> list[tuple[str | None, str, int]]:
    with db.reading() as session:
        query = select(Incoming.subject, Incoming.state, Incoming.attempts).order_by(Incoming.id)
        return [tuple(row) for row in session.execute(query)]


def test_a_mail_waits_as_if_untried_while_the_database_has_trouble_and_others_go_first(app, place, clock, monkeypatch):
    ill, seen = [True], []

    def read(arrived: Any) -> Outcome:
        seen.append(arrived.mail.subject)
        if ill and arrived.mail.subject == "1":
            trouble(app)
        return Outcome("nothing")

    monkeypatch.setattr(taking, "READERS", (read,))
    come(place, 1, 2, 3)
    for _ in range(5):
        with pytest.raises(OperationalError):
            intake.step(place)
        clock.advance(seconds=1)
        intake.step(place)
        clock.advance(seconds=10)
    assert attempts() == [("1", "waiting", 0), ("2", "taken", 1), ("3", "taken", 1)]
    ill.clear()
    intake.step(place)
    assert (attempts()[0], seen[:4]) == (("1", "taken", 1), ["1", "2", "3", "1"])


def test_a_mistake_in_what_the_database_was_asked_counts_as_the_mails_own_failure(app, place, clock, monkeypatch):
    monkeypatch.setattr(taking, "READERS", (lambda _: db.session().execute(text("SELECT * FROM nowhere")),))
    come(place, 1)
    for _ in range(4):
        intake.step(place)
        clock.advance(minutes=2)
    assert attempts() == [("1", "parked", 3)]


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OperationalError("", {}, type("E", (Exception,), {"sqlite_errorcode": 5})()), True),
        (OperationalError("", {}, type("E", (Exception,), {"sqlite_errorcode": 1})()), False),
        (OperationalError("", {}, type("E", (Exception,), {"sqlstate": "40P01"})()), True),
        (OperationalError("", {}, type("E", (Exception,), {"sqlstate": "40001"})()), True),
        (OperationalError("", {}, type("E", (Exception,), {"sqlstate": None})()), True),
        (OperationalError("", {}, type("E", (Exception,), {"sqlstate": "22001"})()), False),
        (ValueError("no database"), False),
    ],
    ids=["locked", "no such table", "deadlock", "serialization", "lost", "too long", "other"],
)
def test_the_databases_own_trouble_is_told_from_mistakes(error, passes):
    assert db.own_trouble(error) is passes


# --- two workers ------------------------------------------------------------------------------------------------------


def test_two_that_take_at_once_take_each_mail_once(app, place, clock, monkeypatch):
    seen: list[str] = []

    def read(arrived: Any) -> Outcome:
        seen.append(arrived.mail.subject)
        return Outcome("nothing")

    monkeypatch.setattr(taking, "READERS", (read,))
    monkeypatch.setattr(taking, "BATCH", 5)
    come(place, *range(40))
    start = threading.Barrier(3)

    def work() -> None:
        with app.app_context():
            start.wait()
            while intake.step(place, 5):
                pass

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    rows, entries = ends()
    assert (sorted(seen, key=int), {state for _, state in rows}) == ([str(number) for number in range(40)], {"taken"})
    assert entries == [1] * 40


def test_a_mail_that_two_have_claimed_is_taken_by_one(app, place, clock, monkeypatch):
    """The first was slow for longer than it may be, and the second took the mail over."""
    seen: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def read(arrived: Any) -> Outcome:
        seen.append(arrived.mail.subject)
        return Outcome("nothing")

    monkeypatch.setattr(taking, "READERS", (read,))
    come(place, 1)
    with db.transaction():
        claimed = taking._claim(5)
    clock.advance(minutes=2)

    def slow() -> None:
        with app.app_context():
            begun.set()
            go_on.wait(10)
            taking.take(claimed[0], place)

    first = threading.Thread(target=slow)
    first.start()
    begun.wait(10)
    assert intake.step(place) == 1
    go_on.set()
    first.join()
    assert (seen, ends()[1]) == (["1"], [1])
