"""Reports about our letters as mailers write them, made to measure for the letter they are about."""

import base64
import hashlib
from collections.abc import Iterable
from email.message import Message
from typing import Any

from sqlalchemy import select

from asanokai import clock, db, intake, letters
from asanokai.intake import Incoming
from asanokai.letters import Letter
from asanokai.members import Member

BOUNDARY = "=-limit-7"


def posted(to: Member, key: str, *, kind: str = "sign_in", sent: bool = True, **more: Any) -> Letter:
    """A letter to somebody that has been sent, in the transaction that is running."""
    letters.post(kind, key, member_id=to.id, **more)
    letter = db.session().scalars(select(Letter).where(Letter.key == key)).one()
    if sent:
        letter.state = "sent"
        letter.sent_at = letter.settled_at = letter.claimed_at = clock.now()
        letter.message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@reply.asanokai.example>"
        db.session().flush()
    return letter


def bounce_address(place: intake.Place, letter_id: int) -> str:
    """Where reports about the letter go."""
    return f"bounce+{place.tokens.mint_address('letter', letter_id)}@{place.reply_domain}"


def recipient(address: str, *, action: str = "failed", status: str = "5.1.1", words: str = "", first: str = "") -> str:
    """What a status part says of one recipient."""
    lines = [f"Original-Recipient: rfc822; {first}"] if first else []
    lines += [f"Final-Recipient: rfc822; {address}"] if address else []
    lines += [f"Action: {action}"] if action else []
    lines += [f"Status: {status}"] if status else []
    lines += [f"Diagnostic-Code: smtp; {words}"] if words else []
    return "\r\n".join(lines)


def dsn(
    *recipients: str, returned: str = "", subject: str = "Undelivered Mail Returned to Sender", text: str = ""
) -> bytes:
    """A report as RFC 3464 describes it; `returned` are the headers, or the whole, of the letter."""
    status = "\r\n\r\n".join(
        ["Reporting-MTA: dns; mx.jena.example\r\nArrival-Date: Sun, 1 Feb 2026 10:00:00 +0100", *recipients]
    )
    parts = [("text/plain; charset=utf-8", text or "I'm sorry to have to inform you that it came back.")]
    parts += [("message/delivery-status", status)]
    parts += [("message/rfc822", returned)] if returned else []
    return in_parts("delivery-status", parts, subject=subject)


def feedback(kind: str, *fields: str, returned: str) -> bytes:
    """A complaint as RFC 5965 describes it."""
    told = "\r\n".join([f"Feedback-Type: {kind}", "User-Agent: Loop/1.0", "Version: 1", *fields])
    parts = [
        ("text/plain", "This is an email abuse report."),
        ("message/feedback-report", told),
        ("message/rfc822", returned),
    ]
    return in_parts("feedback-report", parts, subject="complaint", author="feedback@provider.example")


def in_parts(
    kind: str, parts: Iterable[tuple[str, str]], *, subject: str, author: str = "MAILER-DAEMON@mx.jena.example"
) -> bytes:
    """A multipart/report of these parts."""
    head = [
        f"From: Mail Delivery System <{author}>",
        f"Subject: {subject}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type={kind}; boundary="{BOUNDARY}"',
    ]
    body = "".join(f"--{BOUNDARY}\r\nContent-Type: {type_}\r\n\r\n{content}\r\n" for type_, content in parts)
    return ("\r\n".join(head) + f"\r\n\r\n{body}--{BOUNDARY}--\r\n").encode()


def plain(
    words: str, *headers: str, author: str = "MAILER-DAEMON@mx.jena.example", subject: str = "failure notice"
) -> bytes:
    """A report in nothing but words."""
    content = Message()
    content["From"], content["Subject"] = author, subject
    for header in headers:
        name, _colon, value = header.partition(": ")
        content[name] = value
    content["Content-Type"] = "text/plain; charset=utf-8"
    content["Content-Transfer-Encoding"] = "base64"
    content.set_payload(base64.encodebytes(words.encode()).decode())
    return content.as_bytes()


def come(place: intake.Place, raw: bytes, to: str | None = None, sender: str | None = "") -> Incoming:
    """A mail comes and is taken in; its row."""
    with db.transaction():
        intake.receive(raw, way="lmtp", tokens=place.tokens, recipient=to, sender=sender)
    while intake.step(place):
        pass
    with db.reading() as session:
        return session.scalars(select(Incoming).order_by(Incoming.id.desc()).limit(1)).one()
