"""Handing mails over as a mail server does, by LMTP: one answer for each recipient after the mail's last dot."""

import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def conversation(port: int) -> Iterator[smtplib.LMTP]:
    """A conversation that has said hello."""
    with smtplib.LMTP(HOST, port, timeout=30) as client:
        client.ehlo()
        yield client


def hand_over(port: int, raw: bytes, *recipients: str, sender: str = "katrin@jena.example") -> list[str]:
    """What is answered: a line for each recipient, at RCPT if it is refused there, else after the mail. "" as the
    sender is that of bounces."""
    with conversation(port) as client:
        return over(client, raw, recipients, sender)


def over(client: smtplib.LMTP, raw: bytes, recipients: Sequence[str], sender: str) -> list[str]:
    """The same in a conversation that goes on."""
    said = [_line(client.mail(sender, ["BODY=8BITMIME"]))]
    if not said[0].startswith("250"):
        return said * len(recipients)
    at_once = {recipient: _line(client.rcpt(recipient)) for recipient in recipients}
    taken = [recipient for recipient, line in at_once.items() if line.startswith("250")]
    if taken:
        dotted(client, raw)
        at_once |= {recipient: _line(client.getreply()) for recipient in taken}
    else:
        client.rset()
    return [at_once[recipient] for recipient in recipients]


def dotted(client: smtplib.LMTP, raw: bytes) -> None:
    """The mail itself, up to its last dot; no answer is read."""
    client.putcmd("DATA")
    code, words = client.getreply()
    assert code == 354, words
    lines = raw.split(b"\r\n")
    client.send(b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines))
    client.send(b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")


def _line(reply: tuple[int, bytes]) -> str:
    return f"{reply[0]} {reply[1].decode()}"
