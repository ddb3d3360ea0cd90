"""`asanokai run` as somebody tries it: a real process with its children, its links, its letters and its end."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

PATIENCE = 90
RUN = [sys.executable, "-m", "asanokai.cli", "run"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One `asanokai run` in a folder of its own. `.wait()` until it has said all it says."""

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self.port, self.folder = port, folder
        self.seen: set[int] = set()
        self.said, self.complained = folder / "said", folder / "complained"
        variables = {**os.environ, "ASANOKAI_INSTANCE": str(folder / "instance"), "PORT": str(port), **settings}
        with self.said.open("wb") as out, self.complained.open("wb") as errors:
            # A group of its own, so that a signal to it is one to make and program, as Ctrl-C is.
            self.process = subprocess.Popen(
                RUN, cwd=folder, env=variables, stdout=out, stderr=errors, start_new_session=True
            )

    def wait(self) -> list[str]:
        """The addresses it prints."""
        self.until(lambda: "Stop with Ctrl-C." in self.said.read_text())
        return [line for line in self.said.read_text().splitlines() if line.startswith("http")]

    def until(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not reached():
            words = f"{self.said.read_text()}\n{self.complained.read_text()}"
            assert self.process.poll() is None, f"it has stopped: {words}"
            assert time.monotonic() < end, f"it takes too long: {words}"
            time.sleep(0.05)

    def children(self) -> list[int]:
        """The processes it has started, and theirs."""
        found = [self.process.pid]
        for pid in found:
            tasks = Path(f"/proc/{pid}/task")
            lists = [(task / "children").read_text() for task in tasks.glob("*")] if tasks.exists() else []
            found += [int(child) for words in lists for child in words.split()]
        self.seen.update(found[1:])
        return found[1:]

    def end(self) -> None:
        """Whatever happened: nothing is left."""
        self.children()
        # Who lost its parent is no child any more, but was seen as one.
        for pid in (self.process.pid, *self.seen):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@contextmanager
def running(folder: Path, port: int = 0, **settings: str) -> Iterator[Running]:
    program = Running(folder, port or free_port(), **settings)
    try:
        yield program
    finally:
        program.end()


class Browser:
    """Cookies, forms, redirects."""

    def __init__(self) -> None:
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))

    def get(self, address: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        try:
            with self.opener.open(address, urlencode(data).encode() if data else None, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def press(self, address: str, **fields: str) -> tuple[int, str]:
        """Open a page and send its form back."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(address)[1])
        assert token
        return self.get(address, {"csrf_token": token[1], **fields})


def shape(addresses: list[str]) -> list[str]:
    """The addresses without what differs from run to run."""
    return [re.sub(r"(/sign-in/)\S+", r"\1…", address) for address in addresses]


@pytest.mark.timeout(300)
def test_a_stranger_tries_it_out_stops_it_and_starts_it_again(tmp_path):
    """One long test, since each start takes seconds."""
    # Nothing in the environment may send a letter away or lead a link astray.
    astray = {
        "MAIL_SERVER": "smtp.example.org",
        "MAIL_USE_TLS": "yes",
        "MAIL_USERNAME": "postbote",
        "ASANOKAI_BASE_URL": "https://breakfast.example.org",
        "http_proxy": "http://127.0.0.1:9",
    }
    with running(tmp_path, **astray) as program:
        home, coordinator, member, letters = program.wait()
        base = f"http://localhost:{program.port}"
        assert shape([home, coordinator, member]) == [f"{base}/", f"{base}/sign-in/…", f"{base}/sign-in/…"]
        assert re.fullmatch(r"http://localhost:\d+/", letters)
        assert program.said.read_text().startswith("Demo data: 36 members, 2 series, ")
        assert Browser().get(f"{base}/healthz")[0] == 200
        assert Browser().get(f"{base}/?lang=ja")[0] == 200

        # --- the links sign in, the one at the desk and the other not -------------------------------------------------
        chief, plain = Browser(), Browser()
        assert [who.press(link)[0] for who, link in ((chief, coordinator), (plain, member))] == [200, 200]
        assert [who.get(f"{base}/me/")[0] for who in (chief, plain, Browser())] == [200, 200, 200]
        assert [who.get(f"{base}/coordinate/")[0] for who in (chief, plain)] == [200, 404]

        # --- a letter somebody asks for reaches the catcher and is shown ----------------------------------------------
        who = "katrin.lindner@asanokai.example"
        assert Browser().press(f"{base}/sign-in", email=who)[0] == 200
        program.until(lambda: Browser().get(letters)[1].count("<tr><td>") >= 20)
        page = unescape(Browser().get(letters)[1])
        first = re.search(r'<a href="(/[^"]+)">', page)
        assert first
        status, letter = Browser().get(letters.rstrip("/") + first[1])
        senders = r"asanokai@localhost|rsvp\+[a-z2-7]+@reply\.localhost"
        assert (status, bool(re.search(senders, unescape(letter)))) == (200, True)
        kept = len(list((tmp_path / "instance" / "letters").glob("*.eml")))

        # --- Ctrl-C ends everything -----------------------------------------------------------------------------------
        family = program.children()
        assert len(family) >= 4
        os.killpg(program.process.pid, signal.SIGINT)
        assert program.process.wait(30) == 0
        assert [pid for pid in family if alive(pid)] == []
        assert "Traceback" not in program.complained.read_text()
        for port in (program.port, urlsplit(letters).port):
            with pytest.raises(ConnectionRefusedError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()

    # --- the second start keeps the data and mints new links ----------------------------------------------------------
    with running(tmp_path) as again:
        _home, new_coordinator, _member, letters = again.wait()
        assert again.said.read_text().startswith("The database already holds members; no demo data was added.\n")
        assert new_coordinator.rpartition("/")[2] != coordinator.rpartition("/")[2]
        assert len(list((tmp_path / "instance" / "letters").glob("*.eml"))) >= kept
        assert Browser().press(new_coordinator)[0] == 200

        # --- a second one on the same port says so --------------------------------------------------------------------
        (tmp_path / "other").mkdir()
        with running(tmp_path / "other", again.port) as second:
            assert second.process.wait(30) == 1
            words = f"Port {again.port} is taken. Choose another one: PORT={again.port + 1} make run\n"
            assert (second.said.read_text(), second.complained.read_text()) == ("", words)
            assert not (tmp_path / "other" / "instance").exists()

        # --- a closed terminal ends everything as well ----------------------------------------------------------------
        family = again.children()
        os.killpg(again.process.pid, signal.SIGHUP)
        assert again.process.wait(60) == 0
        assert [pid for pid in family if alive(pid)] == []


@pytest.mark.timeout(200)
def test_a_child_that_dies_ends_the_others_and_says_which(tmp_path):
    with running(tmp_path) as program:
        program.wait()
        family = program.children()
        by_words = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in family}
        (worker,) = [pid for pid, words in by_words.items() if b"worker" in words]
        os.kill(worker, signal.SIGKILL)
        assert program.process.wait(40) == 1
        assert [pid for pid in family if alive(pid)] == []
        assert program.complained.read_text().splitlines()[-1] == "The worker has stopped; see above."


@pytest.mark.timeout(200)
def test_it_ends_by_term_while_it_is_still_starting_and_where_a_script_has_switched_ctrl_c_off(tmp_path):
    """What a script starts with & ignores INT from its birth on."""
    database = tmp_path / "instance" / "asanokai.sqlite"
    for moment in ("the database is made", "the children have started"):
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            program = Running(tmp_path, free_port())
        finally:
            signal.signal(signal.SIGINT, before)
        try:
            program.until(database.exists)
            if moment == "the children have started":
                program.until(lambda program=program: "worker running" in program.complained.read_text())
            family = program.children()
            program.process.terminate()
            assert program.process.wait(40) == 0
            assert [pid for pid in family if alive(pid)] == []
            assert "Traceback" not in program.complained.read_text()
        finally:
            program.end()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("256.1.1.1", "Nothing can listen at 256.1.1.1 port "),
        ("192.0.2.1", "Nothing can listen at 192.0.2.1 port "),
        ("nowhere.invalid", "Nothing can listen at nowhere.invalid port "),
    ],
)
def test_a_host_that_is_not_ours_is_said_to_be_none(tmp_path, host, words):
    with running(tmp_path, HOST=host) as program:
        assert program.process.wait(60) == 1
        assert (program.said.read_text(), program.complained.read_text()[: len(words)]) == ("", words)


@contextmanager
def served(folder: Path, database_url: str, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The web server with one worker, from a folder that is not its own, and its port; it answers already."""
    port = free_port()
    variables = {**os.environ, "ASANOKAI_INSTANCE": str(folder), "ASANOKAI_DATABASE_URL": database_url}
    variables["ASANOKAI_BASE_URL"] = f"http://localhost:{port}"
    command = [sys.executable, "-m", "asanokai.cli", "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1", *words]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            assert server.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, (folder / "log").read_text()
            try:
                Browser().get(f"http://localhost:{port}/healthz")
                break
            except OSError:
                time.sleep(0.1)
        yield server, port
    finally:
        server.kill()
        server.wait()


def test_the_web_server_says_what_it_cannot_do_and_ends_by_term(tmp_path, database_url):
    with served(tmp_path, database_url) as (server, port):
        status, _page = Browser().get(f"http://localhost:{port}/healthz")
        server.terminate()
        assert (status, server.wait(30)) == (200, 0)


@pytest.mark.parametrize(("words", "said"), [((), True), (("--quiet",), False)])
def test_the_web_server_says_that_it_listens_unless_it_is_to_be_quiet(tmp_path, database_url, words, said):
    with served(tmp_path, database_url, *words):
        assert ("Listening at" in (tmp_path / "log").read_text()) is said


def test_connections_on_which_nobody_says_anything_keep_nobody_else_waiting(tmp_path, database_url):
    # Browsers open some in advance.
    with served(tmp_path, database_url) as (_server, port), ExitStack() as silent:
        for _ in range(5):
            silent.enter_context(socket.create_connection(("127.0.0.1", port)))
        asked = time.monotonic()
        status, _page = Browser().get(f"http://localhost:{port}/healthz")
        assert (status, time.monotonic() - asked < 3) == (200, True)
