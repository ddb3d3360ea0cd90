"""Mail coming back: whether the ways in are open, when the last mail came, and on request a letter to ourselves.

The letter to ourselves goes out as every letter, through the operator's mail server, and must come in by LMTP or IMAP
through the worker. It is taken in as nothing (`intake.probe`).
"""

import contextlib
import imaplib
import socket
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from flask import Flask
from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError
from sqlalchemy import func, select

from asanokai import db
from asanokai.doctor.check import Check, hint, in_one_line, judged, ok, said, wrong
from asanokai.doctor.mail_out import Probe, probe
from asanokai.intake import Incoming
from asanokai.intake.opened import open_mail
from asanokai.transport import Transport
from config import LOOPBACK, Config

PATIENCE = 5.0
"""Seconds until a port or a mailbox has answered."""

BETWEEN_LOOKS = 0.5
"""Seconds between two looks whether a letter has come."""


def examine(config: Config, *, usable: bool) -> list[Check]:
    """The ways in that are set up. `usable`: the database can be asked."""
    checks = list(_ways(config))
    if config.intake_lmtp or config.intake_imap:
        if not config.authserv_id:
            checks.append(
                hint(
                    "mail in",
                    "ASANOKAI_AUTHSERV_ID is missing: answers from calendars that bear no token are then never taken "
                    "at once; set it to the name your mail server writes into Authentication-Results",
                )
            )
        if usable:
            checks.append(_last())
    return checks


def _ways(config: Config) -> list[Check]:
    on = bool(config.intake_lmtp or config.intake_imap)
    if not config.reply_domain:
        if on:
            words = "ASANOKAI_REPLY_DOMAIN is missing, so no letter says where answers should come: set it"
            return [hint("mail in", words)]
        return [ok("mail in", "off (ASANOKAI_REPLY_DOMAIN is not set): answers come by links alone")]
    if not on:
        words = (
            "ASANOKAI_REPLY_DOMAIN is set, but neither ASANOKAI_INTAKE_LMTP nor ASANOKAI_INTAKE_IMAP: answers and "
            "bounces come in only if your mail server hands them to “asanokai intake”"
        )
        return [hint("mail in", words)]
    checks = []
    if config.intake_lmtp:
        checks.append(_lmtp(config.intake_lmtp))
    if config.intake_imap:
        checks.append(_imap(config.intake_imap))
    return checks


def _last() -> Check:
    with db.reading() as session:
        last = session.scalar(select(func.max(Incoming.came_at)))
    if last is None:
        return hint("mail in", "no mail has come yet: try it by “asanokai doctor --round-trip”")
    return ok("mail in", f"the last mail came at {said(last)}")


# --- the ways ---------------------------------------------------------------------------------------------------------


def _lmtp(where: str) -> Check:
    """Whether somebody speaks LMTP there (RFC 2033): greets, and answers LHLO."""
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    if host in ("0.0.0.0", "::"):
        host = "localhost"
    try:
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.settimeout(PATIENCE)
            stream = connection.makefile("rwb")
            greeting = _reply(stream.readline)
            stream.write(b"LHLO localhost\r\n")
            stream.flush()
            answer = _reply(stream.readline)
            stream.write(b"QUIT\r\n")
            with contextlib.suppress(OSError):
                stream.flush()
    except OSError as error:
        name = type(error).__name__
        words = f"LMTP at {where} (ASANOKAI_INTAKE_LMTP): {name}: {in_one_line(error)}: is the worker running?"
        return wrong("mail in", words)
    if not greeting.startswith("220") or not answer.startswith("250"):
        said_there = " ".join((answer or greeting).split())[:100]
        return wrong("mail in", f"who answers at {where} (ASANOKAI_INTAKE_LMTP) speaks no LMTP: “{said_there}”")
    return ok("mail in", f"LMTP at {where} answers")


def _reply(readline: Callable[[int], bytes]) -> str:
    """A reply, to its last line (RFC 5321 4.2.1); "" at the end."""
    for _ in range(100):
        line = readline(1000).decode("ascii", errors="replace")
        if line[3:4] != "-":
            return line
    return ""


def _imap(url: str) -> Check:
    """Whether the mailbox lets us in and has the folder. Marks nothing as read."""
    parts = urlsplit(url)
    host, folder = parts.hostname or "", unquote(parts.path.strip("/")) or "INBOX"
    where = f"IMAP {host} {folder}"
    try:
        count = _count(url, folder)
    except (OSError, ImapToolsError, imaplib.IMAP4.error, ValueError) as error:
        words = f"{where} (ASANOKAI_INTAKE_IMAP): {type(error).__name__}: {in_one_line(error)}"
        # What a server says may hold the command it refuses, with the password.
        return wrong("mail in", words.replace(unquote(parts.password or "\0"), "***"))
    hints = []
    if parts.scheme == "imap" and host not in LOOPBACK:
        hints.append("ASANOKAI_INTAKE_IMAP sends user name and password unencrypted: write imaps://")
    return judged("mail in", [f"{where} lets us in; {count} mails lie there"], hints=hints, wrongs=[])


def _count(url: str, folder: str) -> int:
    """How many mails lie in the folder. Raises what connecting, logging in and asking raise."""
    parts = urlsplit(url)
    kind, usual = (MailBox, 993) if parts.scheme == "imaps" else (MailBoxUnencrypted, 143)
    mailbox: BaseMailBox = kind(parts.hostname or "", parts.port or usual, timeout=PATIENCE)
    try:
        mailbox.login(unquote(parts.username or ""), unquote(parts.password or ""), initial_folder=None)
        mailbox.folder.set(folder, readonly=True)
        return mailbox.folder.status(folder, ["MESSAGES"])["MESSAGES"]
    finally:
        try:
            mailbox.client.logout()
        except (OSError, imaplib.IMAP4.error):
            with contextlib.suppress(OSError):
                mailbox.client.shutdown()


# --- there and back ---------------------------------------------------------------------------------------------------


def round_trip(
    app: Flask,
    wait: float,
    *,
    pause: Callable[[float], object] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Check:
    """Send a letter to ourselves and wait until it has come in, at most `wait` seconds."""
    config: Config = app.config["ASANOKAI"]
    if not config.reply_domain:
        return wrong("round trip", "ASANOKAI_REPLY_DOMAIN is missing: there is no address for anything to come back to")
    letter = probe(app, None)
    with Transport(app) as sender:
        outcome = sender.send(letter.reply, letter.reply, letter.content)
    if outcome.state != "sent":
        words = f"not sent to {letter.reply}: {outcome.state}: {' '.join(outcome.words.split())}"
        return wrong("round trip", words)
    start = monotonic()
    while True:
        came = _came(letter)
        spent = monotonic() - start
        if came is not None:
            return _told(*came, spent=spent)
        if spent >= wait:
            words = (
                f"the server took a letter to {letter.reply}, but it has not come in within {wait:.0f} s: does "
                f"mail for {config.reply_domain} go to ASANOKAI_INTAKE_LMTP or ASANOKAI_INTAKE_IMAP, and is the worker "
                "running?"
            )
            return wrong("round trip", words)
        pause(min(BETWEEN_LOOKS, wait - spent))


def _came(letter: Probe) -> tuple[str, bool, str] | None:
    """By what way something came to the letter's address, whether it is the letter, and its subject."""
    with db.reading() as session:
        query = select(Incoming.way, Incoming.raw, Incoming.subject)
        row = session.execute(query.where(func.lower(Incoming.recipient) == letter.reply).order_by(Incoming.id)).first()
    if row is None:
        return None
    return row.way, open_mail(row.raw or b"").header("message-id") == letter.message_id, row.subject or ""


def _told(way: str, own: bool, subject: str, *, spent: float) -> Check:
    if not own:
        return wrong("round trip", f"instead of the letter came “{subject}” (by {way}): read it in the mail pages")
    return ok("round trip", f"a letter to ourselves came in by {way.upper()} after {spent:.1f} s")
