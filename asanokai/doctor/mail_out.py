"""Letters going out: whether the server answers, encrypts and lets us in; on request a letter to try, really sent.

Only `transport` speaks SMTP. The letter to try goes the way of every letter: the same connection, From and envelope at
the same domains, with a token of their own, so that whatever comes back to it is known for what it is.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from flask import Flask

from asanokai import clock, transport
from asanokai.composing.mime import mailbox
from asanokai.doctor.check import Check, in_one_line, judged, ok, wrong
from asanokai.doctor.der import certificate_ends
from asanokai.transport import BROKEN, Looked, Transport
from config import LOOPBACK, Config, Mail

SOON = timedelta(days=14)
"""A certificate that ends within this time must be renewed."""

TO_DO = {
    "SMTPAuthenticationError": "mend MAIL_USERNAME and MAIL_PASSWORD",
    "SMTPNotSupportedError": "the server does not offer what MAIL_USE_TLS or MAIL_USERNAME ask for",
    "SSLError": "MAIL_USE_SSL is for port 465, MAIL_USE_TLS for 587",
    "SMTPServerDisconnected": "the server hung up: MAIL_USE_SSL is for port 465, MAIL_USE_TLS for 587",
}
"""What to do about an error; about all others: look at the address."""


def examine(app: Flask) -> Check:
    """Connect and log in as for a letter."""
    mail = app.config["ASANOKAI"].mail
    where = f"{mail.server} port {mail.port}"
    try:
        looked = transport.look(app)
    except BROKEN as error:
        name = type(error).__name__
        do = TO_DO.get(name, "is it running, and are MAIL_SERVER and MAIL_PORT right?")
        return wrong("mail out", f"{where}: {name}: {in_one_line(error)}; {do}")
    how = looked.tls or "no encryption"
    words = [f"{where} answers ({how}, {'logged in' if mail.username else 'without login'})"]
    hints, wrongs = _judge(mail, looked, words)
    return judged("mail out", words, hints=hints, wrongs=wrongs)


def _judge(mail: Mail, looked: Looked, words: list[str]) -> tuple[list[str], list[str]]:
    hints, wrongs, near = [], [], mail.server in LOOPBACK
    if not looked.tls and not near:
        if mail.username:
            hints.append("user name and password go over the network unencrypted: set MAIL_USE_TLS or MAIL_USE_SSL")
        else:
            hints.append("letters go over the network unencrypted: set MAIL_USE_TLS if the server can")
    ends = certificate_ends(looked.certificate) if looked.certificate else None
    if ends is not None:
        left = ends - clock.now()
        day = f"{ends:%Y-%m-%d}"
        if left <= timedelta():
            wrongs.append(f"the certificate of MAIL_SERVER ended on {day}: have it renewed")
        elif left <= SOON:
            hints.append(f"the certificate of MAIL_SERVER ends on {day}: have it renewed")
        else:
            words.append(f"certificate valid until {day}")
    if looked.doubt and not near and not wrongs:
        hints.append(f"nobody vouches for the certificate of MAIL_SERVER ({looked.doubt})")
    return hints, wrongs


# --- trying -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Probe:
    """A letter of the doctor's own. `reply` is the address that bears its token, the sender where there is no reply
    domain."""

    reply: str
    message_id: str
    content: bytes


def probe(app: Flask, to: str | None, *, now: datetime | None = None) -> Probe:
    """Write a letter to somebody or (None) to its own reply address."""
    config: Config = app.config["ASANOKAI"]
    reply = config.sender or f"asanokai@{config.mail_domain}"
    if config.reply_domain:
        token = app.extensions["tokens"].mint_address("probe", secrets.randbits(40))
        reply = f"probe+{token}@{config.reply_domain}"
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = f"{config.organisation}: asanokai doctor"
    mail["From"] = mailbox(config.organisation, reply)
    mail["To"] = to or reply
    mail["Date"] = format_datetime((now or clock.now()).replace(microsecond=0))
    mail["Message-ID"] = make_msgid(domain=config.mail_domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail.set_content(
        f"This letter was sent by “asanokai doctor” of {config.base_url} to try whether mail goes its way.\n"
        "It needs no answer.\n"
    )
    return Probe(reply, str(mail["Message-ID"]), mail.as_bytes())


def send_letter(app: Flask, to: str) -> Check:
    """Send a letter to try."""
    letter = probe(app, to)
    with Transport(app) as sender:
        outcome = sender.send(letter.reply, to, letter.content)
    if outcome.state == "sent":
        words = f"the server took it for {to} (from {letter.reply}); look whether it has come, and not as spam"
        return ok("letter", words)
    return wrong("letter", f"not sent to {to}: {outcome.state}: {' '.join(outcome.words.split())}")
