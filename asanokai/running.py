"""Starting the program: the web server, and for trying it out everything at once with demo data and a mail catcher.

Real installations start `asanokai serve` and `asanokai worker` as two services and never call `everything`.
"""

import errno
import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, NoReturn

import click
import flask_migrate
from flask import Flask, current_app
from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import SQLAlchemyError

from asanokai import catcher, db, demo, doctor, members
from asanokai.app import create_app
from asanokai.members import Member
from config import HOME, Config

log = logging.getLogger(__name__)

DEMO_LINK_LIFE = timedelta(days=1)
STARTS_WITHIN, STOPS_WITHIN = 120, 30
"""Seconds the pages may take to come, and the children to go."""


# The app is loaded once and shared by the workers; each opens its own database connections after the fork.
GUNICORN = ("--preload", "--access-logfile", "/dev/null", "--timeout", "60", "--graceful-timeout", "20")
"""How the pages are served, in gunicorn's own words."""

SILENCE = 30
"""Seconds the kernel keeps a connection on which nothing is said yet to itself."""


def serve(bind: str, workers: int, *, quiet: bool = False) -> None:
    """Serve the pages until TERM or INT; `quiet`: say only what goes wrong. Does not return."""
    os.chdir(HOME)
    level = "warning" if quiet else "info"
    _Server("--bind", bind, "--workers", str(workers), "--log-level", level, *GUNICORN).run()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn within this process: as a program of its own it would import everything once more."""

    def __init__(self, *words: str) -> None:
        self._words = words
        super().__init__()

    def load_config(self) -> None:
        """Take the settings from the words it was made with, and none from elsewhere."""
        for name, value in vars(self.cfg.parser().parse_args(self._words)).items():
            if value is not None and name in self.cfg.settings:
                self.cfg.set(name, value)
        self.cfg.set("when_ready", _accept_when_spoken_to)

    def load(self) -> Flask:
        """The app, before the workers are forked."""
        app = create_app(Config.from_env())
        with app.app_context():
            _warn_of_gaps()
        return app


def _warn_of_gaps() -> None:
    """Say in one line what the pages of law still lack. Whoever finds the database away says so."""
    try:
        missing = "" if doctor.schema_problem() else doctor.unfilled()
    except (SQLAlchemyError, OSError):
        return
    finally:
        db.db.session.remove()
        db.dispose()  # each worker opens connections of its own
    if missing:
        log.warning("pages of law: %s", missing)


def _accept_when_spoken_to(server: Any) -> None:
    """Have the kernel keep to itself the connections on which nothing is said yet.

    Browsers open some in advance, and a worker of one thread would wait for each. Workers of several threads would not,
    but served little more than half as many pages.
    """
    for listener in server.LISTENERS:
        if listener.sock.family != socket.AF_UNIX and hasattr(socket, "TCP_DEFER_ACCEPT"):
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, SILENCE)


def sign_in_link(member: Member, life: timedelta) -> str:
    """A link that signs the member in once within `life`. Needs a writing transaction."""
    nonce = members.mint_sign_in(member, life=life)
    token = current_app.extensions["tokens"].mint("sign-in", [member.id, nonce])
    return str(current_app.extensions["links"].sign_in(token))


def everything(host: str, port: int) -> int:
    """Migrate, fill, start catcher, worker and web, print the addresses, wait for Ctrl-C. Returns the exit code."""
    problem = _cannot_listen(host, port)
    if problem:
        click.echo(problem, err=True)
        return 1
    _end_by_signals()
    try:
        with ExitStack() as started:
            return _run(host, port, started)
    except KeyboardInterrupt:
        return 0


def _end_by_signals() -> None:
    """Let Ctrl-C, TERM and a closed terminal (HUP) end us in order: web and worker, in sessions of their own, would
    stay."""

    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    # INT even where a script's & has switched it off; HUP not where nohup has.
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, interrupted)


def _run(host: str, port: int, started: ExitStack) -> int:
    caught = catcher.Catcher()
    started.callback(caught.stop)
    _keep_here(port, caught.port, caught.answers_port)
    config = Config.from_env()
    address = caught.start(config.instance / "letters")
    invited = _prepare(config)
    children: dict[str, subprocess.Popen[bytes]] = {}
    started.callback(_stop, children)
    children["worker"] = _start("-m", "asanokai.cli", "worker")
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    children["web server"] = _start("-m", "asanokai.cli", "serve", "--bind", bind, "--quiet")
    if _answers(port, children):
        _print(config, invited, address)
        while not _stopped(children):
            time.sleep(0.5)
    words = _stopped(children) or f"Nothing answers at {config.base_url}"
    click.echo(f"{words}; see above.", err=True)
    return 1


FOREIGN = ("MAIL_", "ASANOKAI_BASE_URL", "ASANOKAI_REPLY_DOMAIN", "ASANOKAI_INTAKE_")
"""Settings that would lead away from here."""


def _keep_here(port: int, letters_port: int, answers_port: int) -> None:
    """Settings under which nothing leaves the machine, whatever the environment says about mail and addresses."""
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ["ASANOKAI_BASE_URL"] = f"http://localhost:{port}"
    os.environ.setdefault("ASANOKAI_DESIGN", "yes")
    # Answers come back as they do from real calendars; no mail leaves for that domain.
    os.environ |= {"ASANOKAI_REPLY_DOMAIN": "reply.localhost", "ASANOKAI_INTAKE_LMTP": f"127.0.0.1:{answers_port}"}
    os.environ |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(letters_port)}


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches us alone, and we end the children in order.
    return subprocess.Popen([sys.executable, *arguments], cwd=HOME, start_new_session=True)


def _prepare(config: Config) -> dict[str, str]:
    app = create_app(config)
    with app.app_context():
        flask_migrate.upgrade()
        with db.transaction():
            click.echo(demo.fill())
        with db.transaction():
            found = {words: members.by_address(address) for words, address in demo.DOORS.items()}
            return {words: sign_in_link(member, DEMO_LINK_LIFE) for words, member in found.items() if member}


def _print(config: Config, invited: dict[str, str], letters_at: str) -> None:
    click.echo("\nAsa no Kai is running. The public pages:\n")
    click.echo(f"{config.base_url}/")
    for words, link in invited.items():
        click.echo(f"\n{words}:\n\n{link}")
    click.echo(f"\nThe letters it sends are caught here:\n\n{letters_at}\n")
    click.echo("Stop with Ctrl-C.")
    sys.stdout.flush()


def _cannot_listen(host: str, port: int) -> str:
    """Why nothing can listen there; "" if it can."""
    try:
        family, kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else 8000
            return f"Port {port} is taken. Choose another one: PORT={other} make run"
        return f"Nothing can listen at {host} port {port}: {error.strerror}"
    return ""


def _answers(port: int, children: dict[str, subprocess.Popen[bytes]]) -> bool:
    """Wait until the pages are there; False if a child stops before, or after two minutes."""
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end and not _stopped(children):
        # No urllib: it would ask a proxy that the environment names.
        connection = http.client.HTTPConnection("localhost", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    return False


def _stopped(children: dict[str, subprocess.Popen[bytes]]) -> str:
    """Which child has ended by itself; "" if none has."""
    ended = [name for name, child in children.items() if child.poll() is not None]
    return f"The {ended[0]} has stopped" if ended else ""


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """End them all; another Ctrl-C does not interrupt it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    for child in children.values():
        try:
            child.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
