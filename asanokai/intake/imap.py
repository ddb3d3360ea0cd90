"""Mail from a mailbox over IMAP (RFC 3501): looked for every half minute, in the database before anything is deleted.

How far a folder has been read stands in the row `mailbox`: a numbering and the last number of it. Each mail is written
down first, then marked or deleted in the mailbox, and only then the row moves on; whatever is cut off in between is
done again, and a mail seen twice counts once. imap-tools connects and speaks; nothing here reads what a mail means.
"""

import contextlib
import imaplib
import logging
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError
from sqlalchemy import select, update

from asanokai import clock, db
from asanokai.db import insert_missing, session
from asanokai.intake.opened import MOST_BYTES
from asanokai.intake.receiving import receive
from asanokai.intake.row import TRIES, Mailbox
from asanokai.tokens import Tokens

log = logging.getLogger(__name__)

TIMEOUT = 20.0
"""Seconds a mail server may be silent."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)
"""How long a server that is away is left alone at first, and at most."""

LATER = timedelta(hours=1)
"""When a mail that could not be fetched three times is asked for again."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")
AFTER = ("keep", "delete")


class Away(OSError):
    """The mailbox cannot be reached or read; the words say why, plainly and without the password."""


@dataclass(frozen=True)
class Account:
    """Whose mailbox where. `after`: what is done with a mail that was written down."""

    host: str
    port: int
    encrypted: bool
    user: str
    password: str
    folder: str
    after: str

    @property
    def name(self) -> str:
        """The folder in one line, without the password."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"


def account(url: str) -> Account:
    """Read imap(s)://user:password@host[:port]/folder?after=keep|delete; special signs as %XX. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not (parts.hostname and parts.username and parts.password):
        raise ValueError("a mailbox is imaps://user:password@host/INBOX")
    after = parse_qs(parts.query).get("after", ["keep"])[-1]
    if after not in AFTER:
        raise ValueError("after must be keep or delete")
    encrypted = parts.scheme == "imaps"
    return Account(
        host=parts.hostname,
        port=parts.port or (993 if encrypted else 143),
        encrypted=encrypted,
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        after=after,
    )


def look(url: str) -> str:
    """Connect, log in, open the folder and count; what was found in plain words. Raises `Away`, an OSError."""
    found = account(url)
    with _opened(found) as box:
        count = len(box.uids("ALL", None))
        encrypted = isinstance(box.client.sock, ssl.SSLSocket)
    deleted = "deleted once they are here" if found.after == "delete" else "left where they are"
    how = "TLS" if encrypted else "no encryption"
    return f"{found.name} can be read ({how}); {count} mails in it, new ones are {deleted}"


class Fetcher:
    """Looks into one mailbox, again and again. A server that is away is asked after growing pauses."""

    def __init__(self, url: str, tokens: Tokens, stopping: threading.Event | None = None) -> None:
        self.account = account(url)
        self._tokens = tokens
        self._stopping = stopping or threading.Event()
        self._quiet_until = clock.now()
        self._pauses = 0
        self._trouble = ""
        self._failed: dict[int, int] = {}
        self._again: dict[int, datetime] = {}

    def step(self) -> int:
        """Take every new mail; how many were new. Raises what the database fails with, but nothing of the mailbox."""
        if clock.now() < self._quiet_until:
            return 0
        try:
            with _opened(self.account) as box:
                count = self._read(box)
        except Away as trouble:
            self._rest(str(trouble))
            return 0
        if self._pauses:
            log.info("the mailbox %s can be read again", self.account.name)
        self._pauses, self._trouble = 0, ""
        return count

    def _read(self, box: BaseMailBox) -> int:
        validity = _validity(box)
        new = 0
        for uid in self._waiting(box, self._last(validity)):
            if self._stopping.is_set():
                break
            try:
                found = _fetched(box, uid)
            except Exception:
                # The boundary of one mail: it is asked for again, but not for ever.
                if self._failing(uid):
                    self._move(validity, uid)
                raise
            if found is not None:
                new += self._keep(*found)
                self._settle(box, uid, complete=found[1] <= MOST_BYTES)
            self._move(validity, uid)
            self._failed.pop(uid, None)
            self._again.pop(uid, None)
        return new

    def _waiting(self, box: BaseMailBox, last: int) -> list[int]:
        """What has come since, and what could not be fetched an hour ago."""
        found = box.uids(f"UID {last + 1}:*", None)
        # The last mail always answers to "*", however low its number.
        fresh = [uid for uid in map(int, found) if uid > last]
        return [*sorted(fresh), *(uid for uid, moment in self._again.items() if moment <= clock.now())]

    def _keep(self, raw: bytes, size: int) -> int:
        with db.transaction():
            return int(receive(raw, way="imap", tokens=self._tokens, size=size))

    def _settle(self, box: BaseMailBox, uid: int, *, complete: bool) -> None:
        """Mark or delete in the mailbox what is in the database. What the server refuses of that is no harm."""
        try:
            # A mail of which only the headers are here must not be deleted there.
            if self.account.after == "delete" and complete:
                _delete(box, uid)
            else:
                _ask(box, "STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")
        except Refusal as refusal:
            log.warning("mail %s in %s was taken but could not be marked there: %s", uid, self.account.name, refusal)

    def _failing(self, uid: int) -> bool:
        """Count it; whether it is given up for now."""
        self._failed[uid] = self._failed.get(uid, 0) + 1
        if self._failed[uid] < TRIES:
            return False
        if uid not in self._again:
            log.error("mail %s in %s cannot be fetched and is left there; the others go on", uid, self.account.name)
        self._again[uid] = clock.now() + LATER
        return True

    def _last(self, validity: int) -> int:
        """Up to which number the folder has been read; from its beginning where it was numbered anew."""
        now = clock.now()
        with db.transaction():
            session().execute(insert_missing(Mailbox), {"name": self.account.name, "last_uid": 0})
            query = select(Mailbox).where(Mailbox.name == self.account.name)
            row = session().scalars(query.with_for_update().execution_options(populate_existing=True)).one()
            if row.validity != validity:
                row.validity, row.last_uid = validity, 0
                self._failed.clear()
                self._again.clear()
            row.seen_at = now
            return row.last_uid

    def _move(self, validity: int, uid: int) -> None:
        further = Mailbox.name == self.account.name, Mailbox.validity == validity, Mailbox.last_uid < uid
        with db.transaction():
            session().execute(update(Mailbox).where(*further).values(last_uid=uid))

    def _rest(self, words: str) -> None:
        if self._trouble != words:
            log.error("the mailbox cannot be read; it is asked again after a pause: %s", words)
        # Capped, since a server that is away for a week would make a number no timedelta can hold.
        self._quiet_until = clock.now() + min(FIRST_PAUSE * 2 ** min(self._pauses, 10), LONGEST_PAUSE)
        self._pauses += 1
        self._trouble = words


# --- speaking with the server -----------------------------------------------------------------------------------------


class Refusal(imaplib.IMAP4.error):
    """The server said no to one command; the conversation goes on."""


@contextlib.contextmanager
def _opened(found: Account) -> Iterator[BaseMailBox]:
    """The folder, selected. Raises `Away` for whatever goes wrong with the mailbox, within the block too."""
    box = None
    try:
        box = _connected(found)
        _log_in(box, found)
        _select(box, found)
        yield box
        box.logout()
    except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
        raise Away(f"{found.name}: {_words(error).replace(found.password, '***')}") from error
    finally:
        if box is not None:
            with contextlib.suppress(OSError, AttributeError):
                box.client.shutdown()


def _connected(found: Account) -> BaseMailBox:
    if found.encrypted:
        return MailBox(found.host, found.port, timeout=TIMEOUT, ssl_context=ssl.create_default_context())
    box = MailBoxUnencrypted(found.host, found.port, timeout=TIMEOUT)
    if found.host not in LOOPBACK and "STARTTLS" in box.client.capabilities:
        box.client.starttls(ssl_context=ssl.create_default_context())
    return box


def _log_in(box: BaseMailBox, found: Account) -> None:
    if "LOGINDISABLED" in box.client.capabilities:
        raise Away("the server wants no password without encryption; write imaps:// instead of imap://")
    plain = (found.user + found.password).isascii()
    (box.login if plain else box.login_utf8)(found.user, found.password, None)


def _select(box: BaseMailBox, found: Account) -> None:
    try:
        box.folder.set(found.folder)
    except MailboxFolderSelectError as error:
        names = ", ".join(folder.name for folder in box.folder.list())
        raise Away(f"the folder {found.folder} cannot be opened; there are: {names}") from error


def _validity(box: BaseMailBox) -> int:
    _code, answer = box.client.response("UIDVALIDITY")
    return int(answer[0]) if answer and answer[0] else 0


def _fetched(box: BaseMailBox, uid: int) -> tuple[bytes, int] | None:
    """The bytes of a mail and its size, of one that is too large its headers alone; None if it is gone."""
    size = _size(_ask(box, "FETCH", str(uid), "(UID RFC822.SIZE)"), uid)
    if size is None:
        return None
    part = "BODY.PEEK[]" if size <= MOST_BYTES else "BODY.PEEK[HEADER]"
    for piece in _ask(box, "FETCH", str(uid), f"(UID {part})"):
        if isinstance(piece, tuple) and b"BODY[" in piece[0].upper():
            return piece[1], size
    if size and _size(_ask(box, "FETCH", str(uid), "(UID RFC822.SIZE)"), uid) is not None:
        raise Refusal(f"the server says that there is a mail {uid} but does not give it")
    return None


def _size(answer: list[Any], uid: int) -> int | None:
    """What the answer says of this mail's size; servers may tell of others in between."""
    for piece in answer:
        words = b" ".join(piece) if isinstance(piece, tuple) else piece or b""
        found = re.search(rb"RFC822\.SIZE (\d+)", words, re.IGNORECASE)
        if found and re.search(rb"\bUID %d\b" % uid, words, re.IGNORECASE):
            return int(found[1])
    return None


def _delete(box: BaseMailBox, uid: int) -> None:
    """Delete this mail and no other: what others have flagged as deleted is theirs."""
    _ask(box, "STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
    # Asked anew: before the login servers may say less than after it.
    _status, said = box.client.capability()
    if b"UIDPLUS" in said[-1].upper().split():
        _ask(box, "EXPUNGE", str(uid))
    elif box.uids("DELETED", None) == [str(uid)]:
        box.client.expunge()


def _ask(box: BaseMailBox, *command: str) -> list[Any]:
    """Give a command by UID; what was answered. Raises `Refusal` if the server says no."""
    try:
        status, answer = box.client.uid(*command)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise Refusal(str(error)) from error
    if status != "OK":
        raise Refusal(f"{command[0]}: {_said(answer)}")
    return list(answer)


def _words(error: Exception) -> str:
    """What went wrong, for whoever runs the server."""
    match error:
        case Away():
            return str(error)
        case ssl.SSLCertVerificationError():
            return f"its certificate cannot be trusted: {error.verify_message}"
        case socket.gaierror():
            return "there is no host of this name"
        case TimeoutError():
            return f"it did not answer within {TIMEOUT:.0f} seconds"
        case MailboxLoginError():
            return f"the login was refused: {_said(error.command_result[1])}"
        case imaplib.IMAP4.abort():
            return f"the connection was lost: {error}"
        case OSError():
            return error.strerror or str(error)
    return str(error)


def _said(answer: Any) -> str:
    pieces = [piece.decode(errors="replace") for piece in answer or [] if isinstance(piece, bytes)]
    return " ".join(" ".join(pieces).split())[:200]
