"""Where it is measured: databases on disk, real web servers, and what the kernel says about processes.

Both sides of a ratio stand on the same ground: the same gunicorn with the same arguments, the same database server, the
same folder on disk.
"""

import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import IO

from flask import Flask

from asanokai.app import create_app
from asanokai.db import db, dispose
from asanokai.running import GUNICORN
from config import HOME, Config
from tests.grounds import migrations, postgres, sqlite

HOST = "127.0.0.1"
PATIENCE = 60
"""Seconds a process may take to answer for the first time."""

# Tests throw their databases away before they need tending; an installation's is tended.
postgres.SETTINGS.update({"autovacuum": "on", "shared_buffers": "128MB"})


@dataclass(frozen=True)
class Site:
    """A migrated database of its own and the settings of the program that works on it."""

    database: str
    url: str
    port: int
    settings: dict[str, str]
    server_pid: int | None = None
    """The database server's, where it is one."""

    @contextmanager
    def opened(self) -> Iterator[Flask]:
        """The program in this process, in its context."""
        app = create_app(Config.from_env(self.settings))
        with app.app_context():
            try:
                yield app
            finally:
                db.session.remove()
                dispose()

    def worked(self) -> float:
        """Seconds of processor time the database server has used; 0 where the program's own process does its work."""
        return worked(self.server_pid) if self.server_pid else 0.0

    def analyse(self) -> None:
        """Let PostgreSQL know what was inserted in bulk, as its autovacuum does in the course of a minute."""
        if self.database == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")


class Ground:
    """Makes sites of both kinds, in one folder on disk and on one PostgreSQL that keeps its promises (fsync)."""

    def __init__(self, folder: Path, server: postgres.Postgres) -> None:
        self.folder = folder
        self._server = server
        self._number = count(1)

    def site(self, database: str) -> Site:
        """A migrated, empty database and settings for it."""
        return site_at(database, self.empty(database), self._server.pid if database == "postgresql" else None)

    def empty(self, database: str) -> str:
        """The URL of a database without tables."""
        if database == "postgresql":
            return self._server.url(self._server.create())
        return sqlite.url(self.folder / f"{next(self._number)}.sqlite")


def site_at(database: str, url: str, server_pid: int | None = None) -> Site:
    """A site on a database without tables, which it is given."""
    migrations.upgrade(url)
    port = free_port()
    return Site(database, url, port, _settings(url, port), server_pid)


@contextmanager
def prepared() -> Iterator[Ground]:
    """The ground, gone after the block."""
    # PostgreSQL keeps its files under /tmp; where that is on disk, SQLite's belong on the same one.
    folder = Path(tempfile.mkdtemp(prefix="asanokai-bench-", dir="/tmp"))
    try:
        with postgres.server(durable=True) as server:
            yield Ground(folder, server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(url: str, port: int) -> dict[str, str]:
    foreign = ("ASANOKAI_", "MAIL_", "FLASK_")
    hour = (datetime.now(UTC).hour + 5) % 24
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(foreign)},
        "ASANOKAI_DATABASE_URL": url,
        "ASANOKAI_BASE_URL": f"http://localhost:{port}",
        "ASANOKAI_SECRET_KEY": "a key for measuring only, long enough to be one",
        "ASANOKAI_ERASED_KEY": "another key for measuring only, long enough to be one",
        "ASANOKAI_SENDER": "asanokai@asanokai.example",
        "ASANOKAI_REPLY_DOMAIN": "reply.asanokai.example",
        # A minute that is not now, neither in Berlin nor in Tokyo.
        "ASANOKAI_NIGHT": f"{hour:02}:00-{hour:02}:01",
        "MAIL_SERVER": HOST,
    }


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


# --- web servers ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A web server that answers. `seconds` is what it took from its start to its first answer."""

    port: int
    pid: int
    seconds: float

    def memory(self) -> float:
        """Megabytes it holds with its workers; what they share is counted once."""
        return sum(_proportional(pid) for pid in (self.pid, *_children(self.pid)))

    def worked(self) -> float:
        """Seconds of processor time it has used; what else the machine does meanwhile does not count."""
        return sum(_processor_time(pid) for pid in (self.pid, *_children(self.pid)))


@contextmanager
def program(site: Site) -> Iterator[Server]:
    """The program's web server, by its own command."""
    bind = f"{HOST}:{site.port}"
    command = [sys.executable, "-m", "asanokai.cli", "serve", "--bind", bind, "--workers", "2"]
    with _serving(command, site.settings, site.port) as server:
        yield server


@contextmanager
def bare(app: str, settings: dict[str, str]) -> Iterator[Server]:
    """A limit's web server: the same gunicorn, another app."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", "--workers", "2", *GUNICORN, app]
    with _serving(command, settings, port) as server:
        yield server


@contextmanager
def _serving(command: Sequence[str], settings: dict[str, str], port: int) -> Iterator[Server]:
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=HOME, env=settings, stdout=log, stderr=log, start_new_session=True)
        try:
            _first_answer(process, port, log)
            yield Server(port, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _first_answer(process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > end:
            log.seek(0)
            raise RuntimeError(f"the web server did not come up:\n{log.read().decode(errors='replace')}")
        time.sleep(0.005)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=5) as connection:
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


# --- memory and processor time ------------------------------------------------------------------------------------


def peak_memory() -> float:
    """The most megabytes this process has held so far."""
    # Linux carries ru_maxrss over from whoever started this process; VmHWM begins anew.
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(number) for number in path.read_text().split()] if path.exists() else []


def _proportional(pid: int) -> float:
    path = Path(f"/proc/{pid}/smaps_rollup")
    if not path.exists():
        return 0.0
    return next(int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("Pss:")) / 1024


def worked(pid: int) -> float:
    """Seconds of processor time a process has used with its children, those that have ended too."""
    return _processor_time(pid, ended_children=True) + sum(_processor_time(child) for child in _children(pid))


def _processor_time(pid: int, *, ended_children: bool = False) -> float:
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return 0.0
    # The name may hold spaces; what follows it begins with field 3. User and system time are fields 14 and 15,
    # those of children that have ended 16 and 17.
    fields = path.read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11 : 15 if ended_children else 13])) / os.sysconf("SC_CLK_TCK")
