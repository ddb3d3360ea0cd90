"""Starting the program: the web server, and for trying it out everything at once with demo data and a mail catcher.

Real installations start `asanokai serve` and `asanokai worker` as two services and never call `everything`.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import click
import flask_migrate
from flask import current_app
from werkzeug.serving import make_server

from asanokai import catcher, db, demo, members
from asanokai.app import create_app
from asanokai.members import Member
from config import INSTANCE, Config, ConfigError

DEMO_LINK_LIFE = timedelta(days=1)
STOPS_WITHIN = 10


def serve(bind: str, workers: int) -> None:
    """Become gunicorn. Does not return."""
    arguments = ["-m", "gunicorn", "--bind", bind, "--workers", str(workers), *_GUNICORN, "wsgi:app"]
    os.chdir(Path(__file__).resolve().parent.parent)
    os.execv(sys.executable, [sys.executable, *arguments])


# The app is loaded once and shared by the workers; each opens its own database connections after the fork.
_GUNICORN = ("--preload", "--access-logfile", "/dev/null", "--timeout", "60", "--graceful-timeout", "20")


def sign_in_link(member: Member, life: timedelta) -> str:
    """A link that signs the member in once within `life`. Needs a writing transaction."""
    nonce = members.mint_sign_in(member, life=life)
    token = current_app.extensions["tokens"].mint("sign-in", [member.id, nonce])
    return str(current_app.extensions["links"].sign_in(token))


def everything(host: str, port: int) -> int:
    """Migrate, fill, start catcher, worker and web, print the addresses, wait for Ctrl-C. Returns the exit code."""
    os.environ.setdefault("ASANOKAI_BASE_URL", f"http://localhost:{port}")
    if not _free(host, port):
        click.echo(f"Port {port} is taken. Choose another one: PORT={port + 1} make run", err=True)
        return 1
    caught = catcher.catch(INSTANCE / "letters", _any_port())
    os.environ |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(caught.port)}
    try:
        config = Config.from_env()
    except ConfigError as error:
        click.echo(str(error), err=True)
        return 1
    seen = make_server("127.0.0.1", _any_port(), catcher.viewer(INSTANCE / "letters"), threaded=True)
    threading.Thread(target=seen.serve_forever, daemon=True).start()
    invited = _prepare(config)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    root = Path(__file__).resolve().parent.parent
    web = [sys.executable, "-m", "gunicorn", "--bind", f"{host}:{port}", "--workers", "2", "--log-level", "warning"]
    children = [
        subprocess.Popen([*web, *_GUNICORN, "wsgi:app"], cwd=root, start_new_session=True),
        subprocess.Popen([sys.executable, "-m", "asanokai.cli", "worker"], cwd=root, start_new_session=True),
    ]
    try:
        if _answers(f"http://localhost:{port}/healthz", children):
            _print(config, invited, seen.server_port)
            while all(child.poll() is None for child in children):
                time.sleep(1)
        click.echo("A part of the program stopped; see above.", err=True)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(children)
        seen.shutdown()
        caught.stop()


def _prepare(config: Config) -> dict[str, str]:
    app = create_app(config)
    with app.app_context():
        flask_migrate.upgrade()
        with db.transaction():
            click.echo(demo.fill())
        with db.transaction():
            found = {words: members.by_address(address) for words, address in demo.DOORS.items()}
            return {words: sign_in_link(member, DEMO_LINK_LIFE) for words, member in found.items() if member}


def _print(config: Config, invited: dict[str, str], letters_port: int) -> None:
    click.echo("\nAsa no Kai is running. The public pages:\n")
    click.echo(f"{config.base_url}/")
    for words, link in invited.items():
        click.echo(f"\n{words}:\n\n{link}")
    click.echo(f"\nThe letters it sends are caught here:\n\nhttp://localhost:{letters_port}/\n")
    click.echo("Stop with Ctrl-C.")
    sys.stdout.flush()


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str, children: list[subprocess.Popen[bytes]]) -> bool:
    for _ in range(300):
        if any(child.poll() is not None for child in children):
            return False
        try:
            with urllib.request.urlopen(address, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
