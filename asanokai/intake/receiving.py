"""A mail is written down, before anybody is told that it has come. Nothing here reads what it means."""

import hashlib
import re

from sqlalchemy import select

from asanokai import clock
from asanokai.db import affected, insert_missing, session
from asanokai.intake.opened import open_mail
from asanokai.intake.recipient import first_of_ours
from asanokai.intake.row import LONGEST_ADDRESS, LONGEST_SUBJECT, Incoming
from asanokai.tokens import Tokens

DELIVERED_TO = ("delivered-to", "x-original-to", "original-recipient", "to", "cc")
"""Where the recipient stands when no envelope says it, in this order."""

_TRACE = re.compile(
    rb"^(?:received|return-path|delivered-to|x-original-to|envelope-to|delivery-date|x-received|authentication-results"
    rb"|arc-[a-z-]+|received-spf|x-spam[a-z-]*|x-uid[a-z]*|status|x-status):.*\r?\n(?:[ \t].*\r?\n)*",
    re.IGNORECASE | re.MULTILINE,
)
"""Headers that every way adds its own of: without them the same mail is the same by every way."""


def receive(raw: bytes, *, way: str, tokens: Tokens, recipient: str | None = None, sender: str | None = None) -> bool:
    """Write a mail down; whether it was new. `recipient` and `sender` are the envelope's.

    Without a recipient it is the first of Delivered-To, X-Original-To, Original-recipient, To, Cc that bears a token of
    ours. The caller's transaction must be committed before the mail is acknowledged.
    """
    mail = open_mail(raw)
    if recipient is None:
        recipient = first_of_ours(_recipients(mail.headers), tokens)
    now = clock.now()
    inserted = session().execute(
        insert_missing(Incoming),
        {
            "digest": digest(raw, recipient),
            "raw_hash": hashlib.sha256(raw).hexdigest(),
            "raw": raw,
            "size": len(raw),
            "way": way,
            "recipient": _kept(recipient, LONGEST_ADDRESS),
            "sender": _kept(sender, LONGEST_ADDRESS),
            "author": _kept(mail.author, LONGEST_ADDRESS),
            "subject": _kept(mail.subject, LONGEST_SUBJECT),
            "came_at": now,
            "due_at": now,
        },
    )
    return affected(inserted) > 0


def digest(raw: bytes, recipient: str | None) -> str:
    """What tells a mail to a recipient from every other, by whatever way it comes."""
    head, gap, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    same = _TRACE.sub(b"", head + b"\n") + gap + body.rstrip()
    return hashlib.sha256((recipient or "").lower().encode() + b"\0" + same).hexdigest()


def known(raw: bytes, recipient: str | None) -> bool:
    """Whether the mail is written down already."""
    return session().scalar(select(Incoming.id).where(Incoming.digest == digest(raw, recipient))) is not None


def _recipients(headers: list[tuple[str, str]]) -> list[str]:
    """Every address-like word of these headers, in their order."""
    values = [value for name in DELIVERED_TO for key, value in headers if key == name]
    return [word for value in values for word in re.findall(r"[^\s<>;,:\"]+@[^\s<>;,:\"]+", value)]


def _kept(words: str | None, longest: int) -> str | None:
    """Text that both databases can hold."""
    if words is None:
        return None
    return words.replace("\0", "").encode("utf-8", errors="replace").decode()[:longest]
