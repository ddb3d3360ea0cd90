"""A composed mail → the SMTP server, over one open Flask-Mail connection. What a failure means is decided here.

Nothing else in the program speaks SMTP. It knows no letter's row: the worker settles by the `Outcome`.
"""

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from flask import Flask
from flask_mail import Connection, Mail

LONGEST_WORDS = 500
BROKEN = (OSError, smtplib.SMTPException, ValueError)
"""What connecting raises; ValueError for a host or a password that smtplib cannot put into ASCII."""


@dataclass(frozen=True)
class Outcome:
    """How a sending ended.

    sent: the server took it. later: it may take it another time (4xx, or the connection broke while sending). refused:
    it never will (5xx). away: the server could not be reached, the mail was not tried.
    """

    state: str
    words: str = ""


class TimedConnection(Connection):
    """Flask-Mail's connection with a time-out, which it does not pass on itself."""

    def __init__(self, mail: Mail, timeout: float) -> None:
        super().__init__(mail)
        self.timeout = timeout

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Connect, start TLS and log in as configured. Raises OSError, smtplib.SMTPException or ValueError."""
        kind = smtplib.SMTP_SSL if self.mail.use_ssl else smtplib.SMTP
        host = kind(self.mail.server, self.mail.port, timeout=self.timeout)
        try:
            if self.mail.use_tls:
                host.starttls()
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
            # Said once here; sendmail would otherwise say it again for every letter to learn what the server can.
            host.ehlo_or_helo_if_needed()
        except BROKEN:
            host.close()
            raise
        return host


@dataclass(frozen=True)
class Looked:
    """What connecting as for a letter shows: the version of TLS ("" without), the server's certificate (DER, b""
    without) and why nobody vouches for it ("" if it is vouched for, or there is none)."""

    tls: str = ""
    certificate: bytes = b""
    doubt: str = ""


def look(app: Flask) -> Looked:
    """Connect and log in as for a letter, send none. Raises what is in `BROKEN`."""
    mail, timeout = Mail(app), float(app.config["MAIL_TIMEOUT"])
    host = TimedConnection(mail, timeout).configure_host()
    try:
        sock = host.sock
        if not isinstance(sock, ssl.SSLSocket):
            return Looked()
        return Looked(sock.version() or "", sock.getpeercert(binary_form=True) or b"", _doubt(mail, timeout))
    finally:
        _part(host)


def _doubt(mail: Mail, timeout: float) -> str:
    """What speaks against the server's certificate. Letters go out all the same, as between mail servers."""
    host: smtplib.SMTP | None = None
    try:
        trusting = ssl.create_default_context()
        if mail.use_ssl:
            host = smtplib.SMTP_SSL(mail.server, mail.port, timeout=timeout, context=trusting)
        else:
            host = smtplib.SMTP(mail.server, mail.port, timeout=timeout)
            host.starttls(context=trusting)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except BROKEN as error:
        return _words(error)
    finally:
        if host is not None:
            _part(host)
    return ""


def _part(host: smtplib.SMTP) -> None:
    try:
        host.quit()
    except (OSError, smtplib.SMTPException):
        host.close()


class Transport:
    """Sends mails one after the other over a connection that stays open. Use as a context manager, or `close()`."""

    def __init__(self, app: Flask) -> None:
        self._timeout = float(app.config["MAIL_TIMEOUT"])
        self._mail = Mail(app)
        self._connection: TimedConnection | None = None

    def __enter__(self) -> "Transport":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def send(self, envelope_from: str, to: str, content: bytes) -> Outcome:
        """Hand one mail to the server. Raises nothing: every failure is an `Outcome`."""
        try:
            host = self._host()
        except BROKEN as error:
            self.close()
            return Outcome("away", _words(error))
        try:
            _hand_over(host, envelope_from, to, content)
        except smtplib.SMTPRecipientsRefused as refused:
            return self._answered(*refused.recipients[to])
        except smtplib.SMTPResponseException as refused:
            return self._answered(refused.smtp_code, refused.smtp_error)
        except ValueError as error:
            # An address that no command can carry. The conversation stands in its middle, so the next begins anew.
            self.close()
            return Outcome("refused", _words(error))
        except (OSError, smtplib.SMTPException) as error:
            # Broken while sending: whether the server took it nobody knows. It goes again under the same Message-ID.
            self.close()
            return Outcome("later", _words(error))
        return Outcome("sent")

    def _host(self) -> smtplib.SMTP:
        if self._connection is None:
            connection = TimedConnection(self._mail, self._timeout)
            connection.__enter__()
            self._connection = connection
        assert self._connection.host is not None
        return self._connection.host

    def _answered(self, code: int, said: bytes | str) -> Outcome:
        words = f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"[:LONGEST_WORDS]
        if code == 421:
            # RFC 5321 3.8: the server is about to close; the next mail needs a new connection.
            self.close()
        return Outcome("later" if 400 <= code < 500 else "refused", words)

    def close(self) -> None:
        """End the connection, politely if it still stands."""
        connection, self._connection = self._connection, None
        if connection is None or connection.host is None:
            return
        _part(connection.host)


_DOT_FIRST = re.compile(rb"^\.", re.MULTILINE)


def _hand_over(host: smtplib.SMTP, envelope_from: str, to: str, content: bytes) -> None:
    """One mail, with the line ends of a mail, into the conversation. Raises as `smtplib.SMTP.sendmail` does, and
    ValueError for an address that no command can carry.

    A server that takes commands in groups (RFC 2920) hears MAIL, RCPT and DATA at once, so a letter waits for two
    answers instead of four.
    """
    if any(sign in address for address in (envelope_from, to) for sign in "\r\n"):
        raise ValueError("an address with a line end")
    if not host.has_extn("pipelining"):
        host.sendmail(envelope_from, [to], content)
        return
    refusal, opened = _envelope(host, envelope_from, to, len(content))
    if not refusal or opened:
        # RFC 2920 3.1: whom nobody may hear has said DATA all the same; it is ended by an empty mail to nobody.
        body = _DOT_FIRST.sub(b"..", content) if not refusal else b""
        host.send(body + (b".\r\n" if not body or body.endswith(b"\r\n") else b"\r\n.\r\n"))
        code, words = host.getreply()
        refusal = refusal or (None if code == 250 else smtplib.SMTPDataError(code, words))
    if refusal:
        if refusal.smtp_code != 421:
            with suppress(smtplib.SMTPServerDisconnected):
                host.rset()
        raise refusal


def _envelope(
    host: smtplib.SMTP, envelope_from: str, to: str, octets: int
) -> tuple[smtplib.SMTPResponseException | None, bool]:
    """Say from whom, to whom and that the mail follows; what was refused first, and whether the server waits for a
    mail."""
    size = f" size={octets}" if host.has_extn("size") else ""
    commands = (f"mail FROM:{smtplib.quoteaddr(envelope_from)}{size}", f"rcpt TO:{smtplib.quoteaddr(to)}", "data")
    host.send("".join(f"{command}\r\n" for command in commands))
    refusal, code = None, 0
    for taken in ((250,), (250, 251), (354,)):
        code, words = host.getreply()
        if code not in taken:
            refusal = refusal or smtplib.SMTPResponseException(code, words)
            if code == 421:
                break
    return refusal, code == 354


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:LONGEST_WORDS]
