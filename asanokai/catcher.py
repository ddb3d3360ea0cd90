"""A mail catcher for trying the program out: takes every letter over SMTP on loopback and shows it in a browser.

For `asanokai run` only; nothing is sent on and nothing here is reachable from another machine. The letters are kept as
files, newest last in name.
"""

import itertools
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask, Response, abort, render_template

from asanokai import clock

SHOWN = 200


class _Keep:
    """aiosmtpd's handler: one file per mail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = itertools.count()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Write the mail down before it is acknowledged."""
        name = f"{clock.now():%Y%m%dT%H%M%S%f}-{next(self.count):05}"
        fresh = self.folder / f"{name}.part"
        fresh.write_bytes(envelope.original_content)
        fresh.rename(self.folder / f"{name}.eml")
        return "250 caught"


def catch(folder: Path, port: int) -> Controller:
    """Start taking mails into `folder` on a loopback port (0: a free one); stop with `.stop()`."""
    folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(_Keep(folder), hostname="127.0.0.1", port=port, data_size_limit=10_000_000)
    controller.start()
    return controller


def viewer(folder: Path) -> Flask:
    """A small app of its own that shows the caught letters."""
    app = Flask(__name__, template_folder=str(Path(__file__).parent.parent / "templates" / "catcher"))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.get("/")
    def listed() -> str:
        newest = sorted(folder.glob("*.eml"), reverse=True)[:SHOWN]
        return render_template("list.html", mails=[(path.stem, _read(path)) for path in newest])

    @app.get("/<name>")
    def shown(name: str) -> str:
        mail = _read(_path(folder, name))
        return render_template("mail.html", name=name, mail=mail, text=_part(mail, "plain"), parts=_files(mail))

    @app.get("/<name>/page")
    def page(name: str) -> Response:
        words = _part(_read(_path(folder, name)), "html")
        response = Response(words, mimetype="text/html")
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response

    @app.get("/<name>/invite.ics")
    def calendar(name: str) -> Response:
        for part in _read(_path(folder, name)).walk():
            if part.get_content_type() == "text/calendar":
                return Response(part.get_payload(decode=True), mimetype="text/plain; charset=utf-8")
        abort(404)

    return app


def _path(folder: Path, name: str) -> Path:
    path = folder / f"{name}.eml"
    if path.parent != folder or not path.is_file():
        abort(404)
    return path


def _read(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _part(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _files(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
