"""A mail catcher for trying the program out: takes every letter over SMTP on loopback and shows it in a browser.

For `asanokai run` only; nothing is sent on and nothing here is reachable from another machine. The letters are kept as
files, newest last in name. An invitation can be answered as its reader's calendar would: the reply goes back over the
program's own LMTP port.
"""

import itertools
import re
import smtplib
import socket
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask, Response, abort, redirect, render_template, request
from icalendar import Calendar, Event, vCalAddress
from werkzeug.serving import BaseWSGIServer, make_server

from asanokai import clock

SHOWN = 200
LOOPBACK = "127.0.0.1"
ANSWERS = {"ACCEPTED": "Accept", "TENTATIVE": "Maybe", "DECLINED": "Decline"}
"""What calendars call an answer, and what stands on their button."""

HEADERS = ("Subject", "From", "To", "Date", "Message-ID", "References", "List-Unsubscribe")


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


class Catcher:
    """Takes mails and shows them, each on a free loopback port. The SMTP port is known before anything listens."""

    def __init__(self) -> None:
        # aiosmtpd cannot be told to choose a port and say which.
        self.port, self.answers_port = free_port(), free_port()
        self._mails: Controller | None = None
        self._pages: BaseWSGIServer | None = None

    def start(self, folder: Path) -> str:
        """Take mails into `folder` and show them; the pages' address."""
        folder.mkdir(parents=True, exist_ok=True)
        self._mails = Controller(_Keep(folder), hostname=LOOPBACK, port=self.port, data_size_limit=10_000_000)
        self._mails.start()
        self._pages = make_server(LOOPBACK, 0, viewer(folder, self.answers_port), threaded=True)
        threading.Thread(target=self._pages.serve_forever, args=(0.1,), daemon=True).start()
        return f"http://localhost:{self._pages.server_port}/"

    def stop(self) -> None:
        """Close both ports. What was caught stays."""
        if self._pages is not None:
            self._pages.shutdown()
            self._pages.server_close()
        if self._mails is not None:
            self._mails.stop()
        self._pages = self._mails = None


def free_port() -> int:
    """A port on loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def viewer(folder: Path, answers_port: int = 0) -> Flask:
    """A small app of its own that shows the caught letters; answers to them go to `answers_port`, if there is one."""
    app = Flask(__name__, template_folder=str(Path(__file__).parent.parent / "templates" / "catcher"))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # Another name that leads here is a page in the web trying to read the letters through its reader's browser.
    app.config["TRUSTED_HOSTS"] = ["localhost", LOOPBACK]

    @app.get("/")
    def listed() -> str:
        newest = sorted(folder.glob("*.eml"), reverse=True)[:SHOWN]
        return render_template("list.html", mails=[(path.stem, _read(path)) for path in newest])

    @app.get("/<name>")
    def shown(name: str) -> str:
        mail = _read(_path(folder, name))
        buttons = ANSWERS if answers_port and mail.asks else {}
        return render_template("mail.html", name=name, mail=mail, buttons=buttons, said=request.args.get("said", ""))

    @app.post("/<name>/answer")
    def answered(name: str) -> Any:
        """Answer as a calendar does."""
        entry, choice = _read(_path(folder, name)).calendar, request.form.get("choice", "")
        # Another site's page must not answer through its reader's browser.
        elsewhere = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
        if entry is None or choice not in ANSWERS or not answers_port or elsewhere:
            abort(400)
        try:
            _hand_over(reply(entry, choice), answers_port)
        except (OSError, smtplib.SMTPException, ValueError, KeyError) as error:
            return redirect(f"/{name}?said=away&why={type(error).__name__}", 303)
        return redirect(f"/{name}?said={choice}", 303)

    @app.get("/<name>/page")
    def page(name: str) -> Response:
        response = Response(_read(_path(folder, name)).html, mimetype="text/html")
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response

    @app.get("/<name>/invite.ics")
    def calendar(name: str) -> Response:
        entry = _read(_path(folder, name)).calendar
        if entry is None:
            abort(404)
        return Response(entry, mimetype="text/plain")

    return app


@dataclass(frozen=True)
class _Mail:
    """A mail as far as it can be read: anything on this machine may have sent it."""

    headers: dict[str, str]
    text: str
    html: str
    calendar: bytes | None
    parts: list[str]

    @property
    def asks(self) -> bool:
        """Whether a calendar would offer buttons."""
        return self.calendar is not None and b"METHOD:REQUEST" in self.calendar and b"ATTENDEE" in self.calendar


def _path(folder: Path, name: str) -> Path:
    # As `_Keep` names them: nothing else is looked for on the disk.
    if not re.fullmatch(r"[0-9T]{21,24}-[0-9]{5,9}", name, re.ASCII):
        abort(404)
    path = folder / f"{name}.eml"
    return path if path.is_file() else abort(404)


def _read(path: Path) -> _Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    leaves = [part for part in message.walk() if not part.is_multipart()]
    entries = [part.get_payload(decode=True) for part in leaves if part.get_content_type() == "text/calendar"]
    return _Mail(
        headers={name: found for name in HEADERS if (found := _header(message, name))},
        text=_text(message, "plain"),
        html=_text(message, "html"),
        calendar=entries[0] if entries and isinstance(entries[0], bytes) else None,
        parts=[part.get_content_type() for part in leaves],
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return _clean(str(message[name] or ""))
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):
        # Python's own reader of headers raises all of these for what is none.
        return "(unreadable)"


def _text(message: EmailMessage, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        return "" if part is None else _clean(str(part.get_content()))
    except (ValueError, LookupError, AttributeError, TypeError):
        return "(unreadable)"


def _clean(words: str) -> str:
    """Without the halves of surrogate pairs that stand for undecodable bytes: no page can show them."""
    return words.encode(errors="replace").decode()


def reply(entry: bytes, choice: str) -> EmailMessage:
    """The mail that the reader's calendar answers an invitation with (RFC 6047). Raises ValueError or KeyError for what
    is no invitation."""
    asked = Calendar.from_ical(entry).walk("VEVENT")[0]
    reader, organizer = (str(asked[name]).partition(":")[2] for name in ("ATTENDEE", "ORGANIZER"))
    said = Event()
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "ORGANIZER"):
        if name in asked:
            said[name] = asked[name]
    said.add("DTSTAMP", clock.now())
    attendee = vCalAddress(f"mailto:{reader}")
    attendee.params["PARTSTAT"] = choice
    said["ATTENDEE"] = attendee
    calendar = Calendar()
    for name, words in (("PRODID", "-//Asa no Kai//Mail catcher//EN"), ("VERSION", "2.0"), ("METHOD", "REPLY")):
        calendar.add(name, words)
    calendar.add_component(said)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Date"] = reader, organizer, clock.now()
    mail["Subject"] = f"{choice.title()}: {_clean(str(asked.get('SUMMARY', '')))}".replace("\n", " ").replace("\r", " ")
    mail.set_content("")
    mail.add_alternative(calendar.to_ical(), maintype="text", subtype="calendar", params={"method": "REPLY"})
    return mail


def _hand_over(mail: EmailMessage, port: int) -> None:
    with smtplib.LMTP(LOOPBACK, port, timeout=10) as connection:
        connection.sendmail(mail["From"], [mail["To"]], mail.as_bytes())
