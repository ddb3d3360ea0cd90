"""Mail from the operator's own mail server over LMTP (RFC 2033): in the database before "250".

aiosmtpd speaks; what it leaves out is here: one answer per recipient, lines of any length, words for what is refused.
Writing happens in threads of their own, a few at a time, so that nobody waits for the disk who only says hello. If it
fails, the answer is 451 and the mail server keeps the mail.
"""

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Coroutine
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session, syntax
from flask import Flask

from asanokai import db
from asanokai.intake.opened import MOST_BYTES
from asanokai.intake.outcome import Place
from asanokai.intake.receiving import receive
from asanokai.intake.recipient import ours

log = logging.getLogger(__name__)
# It tells of every command, with the addresses in it.
logging.getLogger("mail.log").setLevel(logging.WARNING)

AT_ONCE = 4
"""Mails that are written down at the same time."""

MOST_CONNECTIONS = 50
MOST_RECIPIENTS = 100
PATIENCE = 120.0
"""Seconds of silence after which a connection is closed."""

STOPS_WITHIN = 10.0
"""Seconds that mails have to be written down which are here when the worker is to stop."""

DOT = b".\r\n"
"""On a line of its own it ends a mail."""

TAKEN = "250 2.1.5 Taken."
TOO_LARGE = "552 5.3.4 This mail is too large."
UNKNOWN = "550 5.1.1 Nobody lives here."
LATER = "451 4.3.0 It cannot be kept now; please try again."
BUSY = "421 4.3.2 Too many connections; please try again."


class Listener:
    """Listens at host:port from `start` to `stop`."""

    def __init__(self, app: Flask, address: str) -> None:
        self._app = app
        self.address = address
        self._controller: _Controller | None = None
        self._lock = threading.Lock()

    @property
    def listening(self) -> bool:
        """Whether it does."""
        return self._controller is not None

    def start(self) -> None:
        """Listen, if it does not. Raises OSError if the port is taken."""
        with self._lock:
            if self._controller is None:
                self._controller = self._started()

    def _started(self) -> "_Controller":
        host, _, port = self.address.rpartition(":")
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
        family, _kind, _protocol, _name, where = found[0]
        controller = _Controller(_Desk(self._app), socket.create_server(where[:2], family=family, backlog=100))
        try:
            controller.start()
        except BaseException:
            controller.stop(no_assert=True)
            raise
        return controller

    def stop(self) -> None:
        """Listen no more. What is being written down is answered, unless the database keeps it waiting."""
        with self._lock:
            if self._controller is not None:
                self._controller.finish()
                self._controller.stop()
                self._controller = None


class _Desk:
    """aiosmtpd's hooks: who may be written to, and the writing down."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.place: Place = app.extensions["intake"]
        self.conversations: set[_Conversation] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._busy = 0
        self._quiet = threading.Condition()
        self._trouble = ""

    async def handle_EHLO(
        self, _server: Any, session: Session, _envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        """Say what RFC 2033 demands beside aiosmtpd's own."""
        session.host_name = name
        return [*answers[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", *answers[-1:]]

    async def handle_RCPT(
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take those who are ours."""
        if not self.knows(address):
            return UNKNOWN
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients."
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_exception(self, error: Exception) -> str:
        """A mistake of ours, or aiosmtpd's: the mail server keeps what it has."""
        log.error("a conversation with the mail server failed", exc_info=error)
        return LATER

    def knows(self, address: str) -> bool:
        """Whether the address is at the reply domain, bears a token of ours, or is the letters' plain sender."""
        domain = address.rpartition("@")[2].lower().rstrip(".")
        if self.place.reply_domain and domain == self.place.reply_domain:
            return True
        return address.lower() == self.place.sender.lower() or ours(address, self.place.tokens) is not None

    async def keep(self, raw: bytes, envelope: Envelope) -> list[str]:
        """Write the mail down, and say for each recipient what came of it."""
        sender = (envelope.mail_from or "").strip("<>")
        async with self._slots:
            loop = asyncio.get_running_loop()
            written: asyncio.Future[list[str]] = loop.create_future()

            def work() -> None:
                answers = [self._keep(raw, recipient, sender) for recipient in envelope.rcpt_tos]
                self._count(-1)
                # Nobody waits for it any more where the connection was lost, and no loop runs where we were stopped.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_tell, written, answers)

            self._count(1)
            # A daemon: a database that hangs must not keep the worker from ending.
            threading.Thread(target=work, name="lmtp", daemon=True).start()
            return await written

    def _keep(self, raw: bytes, recipient: str, sender: str) -> str:
        try:
            with self.app.app_context(), db.transaction():
                receive(raw, way="lmtp", tokens=self.place.tokens, recipient=recipient, sender=sender)
        except Exception as error:
            # The boundary of one mail: whatever it is, its sender's server keeps it and comes again.
            self._note(error)
            return LATER
        self._trouble = ""
        return TAKEN

    def _note(self, error: Exception) -> None:
        words = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        if self._trouble != words:
            log.error("mail cannot be written down; its server is told to keep it: %s", words)
        self._trouble = words

    def _count(self, more: int) -> None:
        with self._quiet:
            self._busy += more
            self._quiet.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until nothing is being written down."""
        with self._quiet:
            self._quiet.wait_for(lambda: self._busy == 0, seconds)


def _tell(written: asyncio.Future[list[str]], answers: list[str]) -> None:
    if not written.done():
        written.set_result(answers)


class _Conversation(LMTP):
    """aiosmtpd's conversation, with a DATA of our own."""

    event_handler: _Desk

    async def _handle_client(self) -> None:
        others = self.event_handler.conversations
        if len(others) >= MOST_CONNECTIONS:
            await self.push(BUSY)
            if self.transport:
                self.transport.close()
            return
        others.add(self)
        try:
            await super()._handle_client()
        finally:
            others.discard(self)

    async def push(self, status: Any) -> None:
        """Answer. aiosmtpd's own words for what is too large lack the code that RFC 2034 wants."""
        await super().push(TOO_LARGE if isinstance(status, str) and status.startswith("552 Error") else status)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:
        """Take a mail in; one answer for each recipient that was taken (RFC 2033 4.2)."""
        if await self.check_helo_needed("LHLO"):
            return
        assert self.envelope is not None
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 There is no recipient.")
            return
        await self.push("354 End with a dot on a line of its own.")
        raw = await self._content()
        envelope = self.envelope
        self.envelope = self._create_envelope()
        if raw is None:
            answers = [TOO_LARGE] * len(envelope.rcpt_tos)
        else:
            answers = await self.event_handler.keep(raw, envelope)
        await self.push("\r\n".join(answers))

    async def _content(self) -> bytes | None:
        """The mail up to its last dot, None if it is too large. A line ends with CR LF and nothing else (RFC 5321
        2.3.8): a bare LF is what the mail holds."""
        pieces: list[bytes] = []
        size, before, ended = 0, b"\r\n", False
        while not ended:
            try:
                piece = await self._reader.readuntil(DOT)
                ended = (before + piece).endswith(b"\r\n" + DOT)
            except asyncio.LimitOverrunError as overrun:
                piece = await self._reader.read(overrun.consumed)
            before = (before + piece)[-2:]
            size += len(piece)
            pieces.append(piece)
            if size > MOST_BYTES + len(DOT):
                pieces.clear()
            self._reset_timeout()
            # What has come is read without waiting: the others must have their turn in between.
            await asyncio.sleep(0)
        if size > MOST_BYTES + len(DOT):
            return None
        raw = b"".join(pieces).removesuffix(DOT)
        return raw.removeprefix(b".").replace(b"\r\n.", b"\r\n")


class _Controller(Controller):
    """Makes conversations of our kind at a port that is bound already: aiosmtpd itself takes five seconds to notice
    that one is taken."""

    handler: _Desk

    def __init__(self, desk: _Desk, listener: socket.socket) -> None:
        self._listener = listener
        host, port = listener.getsockname()[:2]
        # The host's own name would be looked up in DNS otherwise, which may take seconds where there is none.
        super().__init__(
            desk, host, port, server_hostname="asanokai", ident="LMTP", data_size_limit=MOST_BYTES, timeout=PATIENCE
        )

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listener)

    def factory(self) -> _Conversation:
        """One conversation."""
        return _Conversation(self.handler, loop=self.loop, **self.SMTP_kwargs)

    def finish(self) -> None:
        """Take no further connection, answer what is being written down, and close the others."""
        self._on_loop(self._refuse())
        self.handler.wait(STOPS_WITHIN)
        self._on_loop(self._close())

    async def _refuse(self) -> None:
        if self.server is not None:
            self.server.close()

    async def _close(self) -> None:
        # The answers to what has just been written down go first.
        await asyncio.sleep(0.05)
        for conversation in list(self.handler.conversations):
            if isinstance(conversation.transport, asyncio.WriteTransport):
                conversation.transport.abort()
        await asyncio.sleep(0)

    def _on_loop(self, step: Coroutine[Any, Any, None]) -> None:
        # Whatever keeps the loop busy must not keep the worker from ending.
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(step, self.loop).result(STOPS_WITHIN)
