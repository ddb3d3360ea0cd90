"""A real SMTP server on loopback that remembers every mail and can be told to behave badly.

In a thread of the test (`SmtpServer`), or as a process of its own for tests that kill things: `python -m
tests.grounds.smtp --port 0 --maildir DIR` prints its port and writes one file per mail; `in_process()` starts
that and ends it. It is aiosmtpd, good for about a thousand mails a second: benchmarks bring a sink of their
own.
"""

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
Stage = Literal["CONNECT", "MAIL", "RCPT", "DATA"]
Drop = Literal["before reply", "after reply"]


@dataclass(frozen=True)
class Received:
    """A mail as it came: the envelope and the very bytes."""

    mail_from: str
    rcpt_tos: tuple[str, ...]
    content: bytes

    @property
    def to(self) -> str:
        """The only recipient; letters have one each. Raises ValueError if there are more."""
        (recipient,) = self.rcpt_tos
        return recipient

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return cast(EmailMessage, message_from_bytes(self.content, policy=policy.default))


class Faults:
    """What the server does wrong: each fault for `times` occasions, or until `clear()` where that is None."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies: dict[str, list[Any]] = {}
        self._stalls: dict[Stage, list[Any]] = {}
        self._drops: dict[Drop, list[Any]] = {}
        self.woken = 0
        self.one_by_one = False
        """Take no commands in groups, as a server without PIPELINING."""

    def answer(self, recipient: str, reply: str, *, times: int | None = None) -> None:
        """Answer RCPT TO this address with `reply`, such as "451 try later" or "550 unknown"."""
        with self._lock:
            self._replies[recipient.lower()] = [reply, times]

    def stall(self, seconds: float, *, at: Stage = "DATA", times: int | None = None) -> None:
        """Say nothing for so long before answering at this stage (at DATA: when the mail is already here)."""
        with self._lock:
            self._stalls[at] = [seconds, times]

    def drop(self, when: Drop = "before reply", *, times: int | None = 1) -> None:
        """Take a mail, keep it, and close the connection before or right after saying so."""
        with self._lock:
            self._drops[when] = [True, times]

    def clear(self) -> None:
        """Behave from now on; who is being stalled is answered."""
        self.one_by_one = False
        with self._lock:
            for faults in (self._replies, self._stalls, self._drops):
                faults.clear()
            self.woken += 1

    def take(self, kind: str, name: str) -> Any:
        """The fault to commit now, counted; None to behave."""
        with self._lock:
            faults: dict[Any, list[Any]] = getattr(self, f"_{kind}")
            fault = faults.get(name)
            if fault is None:
                return None
            value, times = fault
            if times is not None:
                fault[1] -= 1
                if fault[1] == 0:
                    del faults[name]
            return value


class _Conversation(SMTP):
    """aiosmtpd's own conversation, with the faults that its hooks cannot commit."""

    faults: Faults
    hang_up = False

    async def _handle_client(self) -> None:
        await _stall(self.faults, "CONNECT")
        await super()._handle_client()

    async def push(self, status: Any) -> None:
        await super().push(status)
        if self.hang_up and self.transport:
            self.transport.close()


class _Hooks:
    def __init__(self, faults: Faults, keep: Callable[[Received], None]) -> None:
        self.faults = faults
        self.keep = keep

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return responses if self.faults.one_by_one else [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await _stall(self.faults, "MAIL")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await _stall(self.faults, "RCPT")
        refused = self.faults.take("replies", address.lower())
        if refused:
            return str(refused)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: _Conversation, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        self.keep(Received(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        await _stall(self.faults, "DATA")
        if self.faults.take("drops", "before reply") and server.transport:
            # Closed, not aborted: the client sees an end of file where the reply should be.
            server.transport.close()
        elif self.faults.take("drops", "after reply"):
            server.hang_up = True
        return "250 OK"


async def _stall(faults: Faults, at: Stage) -> None:
    seconds = faults.take("stalls", at)
    woken = faults.woken
    until = time.monotonic() + (seconds or 0)
    while time.monotonic() < until and faults.woken == woken:
        await asyncio.sleep(min(0.02, max(0.0, until - time.monotonic())))


class SmtpServer:
    """A server in a thread of its own. `letters` is what came; `faults` is what it does wrong.

    `refuse()` closes the port so that connecting fails, `accept()` opens the same port again.
    """

    def __init__(self, port: int = 0, *, keep: Callable[[Received], None] | None = None) -> None:
        self.faults = Faults()
        self.port = port
        self.connections = 0
        self._letters: list[Received] = []
        self._came = threading.Condition()
        self._keep = keep
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="smtp", daemon=True)
        self._server: asyncio.Server | None = None
        self._open: WeakSet[_Conversation] = WeakSet()

    @property
    def letters(self) -> tuple[Received, ...]:
        """What has come since the last `clear()`, in order."""
        with self._came:
            return tuple(self._letters)

    def to(self, address: str) -> tuple[Received, ...]:
        """What has come for one address."""
        return tuple(letter for letter in self.letters if address in letter.rcpt_tos)

    def wait_for(self, number: int, *, seconds: float = 20) -> tuple[Received, ...]:
        """Wait until so many letters have come and return all of them; raises TimeoutError."""
        with self._came:
            if not self._came.wait_for(lambda: len(self._letters) >= number, seconds):
                raise TimeoutError(f"{len(self._letters)} of {number} letters after {seconds} s")
            return tuple(self._letters)

    def clear(self) -> None:
        """Forget all letters and faults, and listen."""
        self.faults.clear()
        self.accept()
        with self._came:
            self._letters.clear()
        self.connections = 0

    def start(self) -> "SmtpServer":
        """Listen on loopback, on `port` or, where that is 0, on a free one."""
        self._thread.start()
        self.accept()
        return self

    def stop(self) -> None:
        """Close the port and every connection, and end the thread."""
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def accept(self) -> None:
        """Listen, if it does not."""
        self._call(self._listen)

    def refuse(self) -> None:
        """Listen no more, and close what is open: connecting fails at once."""
        self._call(self._close)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        waiting = asyncio.all_tasks(self._loop)
        for task in waiting:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())

    def _call(self, step: Callable[[], Any]) -> None:
        asyncio.run_coroutine_threadsafe(step(), self._loop).result(10)

    async def _listen(self) -> None:
        if self._server:
            return
        # TCP is named since asyncio turns Nagle's algorithm off only then: 40 ms a greeting otherwise.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self.port))
        self.port = listener.getsockname()[1]
        self._server = await self._loop.create_server(self._answer, sock=listener)

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for conversation in list(self._open):
            if conversation.transport:
                conversation.transport.abort()
        self._open.clear()
        await asyncio.sleep(0)

    def _answer(self) -> _Conversation:
        self.connections += 1
        # The host's own name is looked up in DNS otherwise, which may take seconds where there is none.
        conversation = _Conversation(
            _Hooks(self.faults, self._take), hostname="localhost", enable_SMTPUTF8=True, loop=self._loop
        )
        conversation.faults = self.faults
        self._open.add(conversation)
        return conversation

    def _take(self, letter: Received) -> None:
        if self._keep:
            self._keep(letter)
        with self._came:
            self._letters.append(letter)
            self._came.notify_all()


@contextmanager
def serving(port: int = 0) -> Iterator[SmtpServer]:
    """A server in a thread that is gone after the block."""
    server = SmtpServer(port).start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def in_process(maildir: Path) -> Iterator[int]:
    """A server in a process of its own that writes into `maildir`; its port. Read it with `read_maildir`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.grounds.smtp", "--maildir", str(maildir)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(20)


def write_mail(maildir: Path, number: int, letter: Received) -> None:
    """Write a mail with its envelope in front. It appears under its name only when it is complete."""
    envelope = [f"Return-Path: <{letter.mail_from}>", *(f"Delivered-To: {to}" for to in letter.rcpt_tos)]
    unfinished = maildir / f".{number:06}"
    unfinished.write_bytes("".join(f"{line}\r\n" for line in envelope).encode() + letter.content)
    unfinished.rename(maildir / f"{number:06}.eml")


def read_maildir(maildir: Path) -> tuple[Received, ...]:
    """What a server in a process of its own has written so far, in order."""
    return tuple(_read_mail(path.read_bytes()) for path in sorted(maildir.glob("*.eml")))


def _read_mail(written: bytes) -> Received:
    first, rest = written.split(b"\r\n", 1)
    recipients = []
    while rest.startswith(b"Delivered-To: "):
        line, rest = rest.split(b"\r\n", 1)
        recipients.append(line.removeprefix(b"Delivered-To: ").decode())
    return Received(first.removeprefix(b"Return-Path: <").removesuffix(b">").decode(), tuple(recipients), rest)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input closes or a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m tests.grounds.smtp", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--maildir", type=Path, required=True)
    options = parser.parse_args(arguments)
    options.maildir.mkdir(parents=True, exist_ok=True)
    number = len(list(options.maildir.glob("*.eml")))

    def keep(letter: Received) -> None:
        nonlocal number
        number += 1
        write_mail(options.maildir, number, letter)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = SmtpServer(options.port, keep=keep).start()
    print(server.port, flush=True)
    try:
        # Read until whoever started us is gone.
        while os.read(sys.stdin.fileno(), 4096):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


if __name__ == "__main__":
    main()
