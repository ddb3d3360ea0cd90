"""A real IMAP server: Debian's Dovecot on a loopback port, with a folder of its own for everything it writes.

`python -m tests.grounds.dovecot` installs it if the machine has none (`make test` calls it). There is one user; mails
are put straight into the maildir, or by `append`. Killing Dovecot leaves its children: it is a session of its own here,
and the whole group is ended.
"""

import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tests.grounds.browser import apt

HOST = "127.0.0.1"
USER, PASSWORD = "organisers", "a pass word/with@signs%"
PATIENCE = 20.0

# Whoever has typed a wrong password is not made to wait: mode 0 of the penalty's listener.
# Without anything that Debian's own files set up; a user of its own only where one must be given up.
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = {host}
protocols = imap
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%n
mailbox_list_index = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%n
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


def found() -> str | None:
    """Where Dovecot's IMAP server is."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def install() -> None:
    """Make sure that there is a Dovecot, where apt can be called. Raises CalledProcessError."""
    command = apt()
    if found() or not command:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Debian starts what it installs, at the usual ports; none of it is wanted here.
    lock = Path("/usr/sbin/policy-rc.d")
    ours = command == ["apt-get"] and not lock.exists()
    if ours:
        lock.write_text("#!/bin/sh\nexit 101\n")
        lock.chmod(0o755)
    try:
        for arguments in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "dovecot-imapd"]):
            subprocess.run([*command, *arguments], check=True, env=environment, stdout=sys.stderr)
    finally:
        if ours:
            lock.unlink()


class Dovecot:
    """One server. It may be stopped and started again at the same port; its mails stay."""

    def __init__(self, folder: Path, *, certificate: tuple[Path, Path] | None = None) -> None:
        self.folder = folder
        self.port, self.tls_port = _free_port(), _free_port() if certificate else 0
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        root = os.geteuid() == 0
        self._user = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
        self._prepare()

    @property
    def maildir(self) -> Path:
        """Where the mails of the inbox are."""
        return self.folder / "mail" / USER

    def url(self, folder: str = "INBOX", *, port: int = 0, after: str = "", scheme: str = "imap") -> str:
        """What the program is given."""
        query = f"?after={after}" if after else ""
        return f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@{HOST}:{port or self.port}/{quote(folder)}{query}"

    def start(self) -> None:
        """Listen, and wait until it greets."""
        self._process = subprocess.Popen(
            [found() or "dovecot", "-F", "-c", str(self.folder / "conf")],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + PATIENCE
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > end:
                log = self.folder / "log"
                raise RuntimeError(f"Dovecot did not start:\n{log.read_text() if log.exists() else ''}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it and everything it has started."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def clear(self) -> None:
        """Forget every mail and folder, and with them the numbering."""
        shutil.rmtree(self.maildir, ignore_errors=True)

    def append(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into a folder, as a mail server does."""
        with self.session() as client:
            for mail in mails:
                status, words = client.append(folder, "", "", mail)
                assert status == "OK", words

    def drop(self, *mails: bytes) -> None:
        """Put mails into the inbox behind the server's back, which takes a hundredth of the time."""
        for name in ("", "cur", "new", "tmp"):
            (self.maildir / name).mkdir(exist_ok=True)
        for number, mail in enumerate(mails):
            (self.maildir / "new" / f"{1_700_000_000 + number}.{number}.test").write_bytes(mail)
        if os.geteuid() == 0:
            for path in (self.maildir, *self.maildir.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def left(self) -> list[str]:
        """The maildir's letters for the flags of each mail that is left: S for seen, T for deleted."""
        return sorted(
            path.name.partition(":2,")[2] for name in ("cur", "new") for path in (self.maildir / name).iterdir()
        )

    def flags(self, folder: str = "INBOX") -> list[str]:
        """The flags of each mail, in order; one entry for each mail that is there."""
        with self.session() as client:
            client.select(folder, readonly=True)
            _status, answer = client.uid("FETCH", "1:*", "(FLAGS)")
        told = [piece.decode() for piece in answer if isinstance(piece, bytes)]
        return sorted(
            " ".join(flag for flag in line.partition("FLAGS (")[2].partition(")")[0].split() if flag != "\\Recent")
            for line in told
        )

    @contextmanager
    def session(self) -> Iterator[imaplib.IMAP4]:
        """A conversation, logged in."""
        client = imaplib.IMAP4(HOST, self.port, timeout=PATIENCE)
        try:
            client.login(USER, PASSWORD)
            yield client
        finally:
            client.logout()

    def _greets(self) -> bool:
        try:
            with closing(socket.create_connection((HOST, self.port), timeout=PATIENCE)) as connection:
                return connection.recv(64).startswith(b"* OK")
        except OSError:
            return False

    def _prepare(self) -> None:
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "users").write_text(f"{USER}:{PASSWORD}\n")
        words = ""
        if self._certificate:
            words = "ssl_cert = <{}\nssl_key = <{}".format(*self._certificate)
        group = grp.getgrgid(self._user.pw_gid).gr_name
        configuration = CONFIGURATION.format(
            folder=self.folder,
            host=HOST,
            port=self.port,
            tls_port=self.tls_port,
            ssl="yes" if words else "no",
            certificate=words,
            user=self._user.pw_name,
            group=group,
        )
        (self.folder / "conf").write_text(configuration)
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)


@contextmanager
def serving(*, certificate: tuple[Path, Path] | None = None) -> Iterator[Dovecot]:
    """A running server, gone after the block."""
    assert found(), "Dovecot is not installed: make test does it as root on Debian, else install dovecot-imapd"
    # Short: the path of a socket may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="asanokai-imap-", dir="/tmp"))
    server = Dovecot(folder, certificate=certificate)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as error:
        sys.exit(f"No Dovecot could be installed: {error}")
