"""A mail is written down, before anybody is told that it has come. Nothing here reads what it means."""

import hashlib
import re

from sqlalchemy import select

from asanokai import clock
from asanokai.db import affected, insert_missing, session
from asanokai.intake.opened import MOST_BYTES, Opened, open_mail
from asanokai.intake.recipient import first_of_ours, ours
from asanokai.intake.row import LONGEST_ADDRESS, LONGEST_SUBJECT, Incoming
from asanokai.tokens import Tokens

_ADDRESS_LIKE = re.compile(r"[^\s<>;,:\"]{1,200}@[^\s<>;,:\"]{1,255}")

DELIVERED_TO = ("delivered-to", "x-original-to", "original-recipient", "to", "cc")
"""Where the recipient stands when no envelope says it, in this order."""

MOST_HEADERS = 65536
"""Bytes that are kept of a mail that is larger than is read."""

_TRACE = re.compile(
    rb"^(?:received|return-path|delivered-to|x-original-to|envelope-to|x-envelope-[a-z]+|delivery-date|x-received"
    rb"|authentication-results|arc-[a-z-]+|received-spf|x-spam[a-z-]*|x-virus[a-z-]*|x-rspamd[a-z-]*|x-uid[a-z]*"
    rb"|x-ms-exchange-organization-[a-z-]+|x-mozilla-[a-z0-9-]+|content-length|lines|status|x-status)"
    rb":.*\r?\n(?:[ \t].*\r?\n)*",
    re.IGNORECASE | re.MULTILINE,
)
"""Headers that every way adds its own of: without them the same mail is the same by every way."""


def receive(
    raw: bytes,
    *,
    way: str,
    tokens: Tokens,
    recipient: str | None = None,
    sender: str | None = None,
    size: int | None = None,
) -> bool:
    """Write a mail down; whether it was new. `recipient` and `sender` are the envelope's.

    Where the envelope's recipient is not known, or bears no token since an operator's alias stands in between, it is
    the first of Delivered-To, X-Original-To, Original-recipient, To, Cc that bears one of ours; an unknown sender is
    what Return-Path says. `size` is the mail's own where only its headers were fetched; of a mail that is larger than
    is read the headers alone are kept. The caller's transaction must be committed before the mail is acknowledged.
    """
    raw, size = _cut(raw, size)
    mail = open_mail(raw)
    recipient = _recipient(mail, recipient, tokens)
    now = clock.now()
    inserted = session().execute(
        insert_missing(Incoming),
        {
            "digest": digest(raw, recipient, tokens),
            "raw_hash": hashlib.sha256(raw).hexdigest(),
            "raw": raw,
            "size": size,
            "way": way,
            "recipient": _kept(recipient, LONGEST_ADDRESS),
            "sender": _kept(_sender(mail) if sender is None else sender, LONGEST_ADDRESS),
            "author": _kept(mail.author, LONGEST_ADDRESS),
            "subject": _kept(mail.subject, LONGEST_SUBJECT),
            "came_at": now,
            "due_at": now,
        },
    )
    return affected(inserted) > 0


def find(raw: bytes, *, tokens: Tokens, recipient: str | None = None) -> int | None:
    """The number under which this mail is written down, None if it is not."""
    raw, _size = _cut(raw, None)
    recipient = _recipient(open_mail(raw), recipient, tokens)
    return session().scalar(select(Incoming.id).where(Incoming.digest == digest(raw, recipient, tokens)))


def digest(raw: bytes, recipient: str | None, tokens: Tokens) -> str:
    """What tells a mail to a recipient from every other, by whatever way it comes.

    Only a recipient who bears a token counts: by which plain address a mail came depends on the way.
    """
    whose = (recipient or "").rpartition("@")[0].strip("< ").lower() if ours(recipient, tokens) else ""
    head, gap, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    same = _TRACE.sub(b"", head + b"\n") + gap + body.rstrip()
    return hashlib.sha256(whose.encode() + b"\0" + same).hexdigest()


def _cut(raw: bytes, size: int | None) -> tuple[bytes, int]:
    """The bytes that are kept, and how many there are of the mail."""
    size = max(len(raw), size or 0)
    if size <= MOST_BYTES:
        return raw, size
    end = re.search(rb"\r?\n\r?\n", raw[:MOST_HEADERS])
    return raw[: end.end() if end else MOST_HEADERS], size


def _recipient(mail: Opened, recipient: str | None, tokens: Tokens) -> str | None:
    if ours(recipient, tokens):
        return recipient
    return first_of_ours(_addresses(mail), tokens) or recipient


def _addresses(mail: Opened) -> list[str]:
    """Every address-like word of the headers that say the recipient, in their order."""
    values = [value for name in DELIVERED_TO for key, value in mail.headers if key == name]
    return [word for value in values for word in _ADDRESS_LIKE.findall(value)]


def _sender(mail: Opened) -> str | None:
    """What the mail server wrote down of the envelope's sender; "" is that of bounces."""
    paths = mail.all("return-path")
    return paths[0].strip().strip("<>").strip() if paths else None


def _kept(words: str | None, longest: int) -> str | None:
    """Text that both databases can hold."""
    if words is None:
        return None
    return words.replace("\0", "").encode("utf-8", errors="replace").decode()[:longest]
