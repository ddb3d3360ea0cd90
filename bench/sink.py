"""A mail server that takes everything and keeps nothing: as fast as asyncio goes, in a process of its own.

`python -m bench.sink` prints its port and ends when its standard input closes. It speaks EHLO, MAIL, RCPT, DATA, RSET,
QUIT, takes commands in groups as every mail server in use does (RFC 2920), and answers NOOP with how many mails and
bytes it has taken.
"""

import asyncio
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.ground import HOST
from config import HOME

END = b"\r\n.\r\n"


class Taken:
    """What has been taken so far."""

    mails = 0
    octets = 0


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, taken: Taken) -> None:
        self.taken = taken
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.in_data = False
        self.said = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        searched = max(len(self.buffer) - len(END), 0)
        self.buffer += data
        while (end := self.buffer.find(END if self.in_data else b"\r\n", searched)) >= 0:
            if self.in_data:
                self._mail(end)
            else:
                self._command(end)
            searched = 0
        self._answer()

    def _mail(self, end: int) -> None:
        self.taken.mails += 1
        self.taken.octets += end + 2
        del self.buffer[: end + len(END)]
        self.in_data = False
        self._say(b"250 taken")

    def _command(self, end: int) -> None:
        word = bytes(self.buffer[:4]).upper()
        del self.buffer[: end + 2]
        if word == b"DATA":
            self.in_data = True
            self._say(b"354 go on")
        elif word == b"NOOP":
            self._say(f"250 {self.taken.mails} {self.taken.octets}".encode())
        elif word == b"QUIT":
            self._say(b"221 bye")
            self._answer()
            assert self.transport
            self.transport.close()
        elif word == b"EHLO":
            self._say(b"250-sink\r\n250 PIPELINING")
        else:
            self._say(b"250 yes")

    def _say(self, words: bytes) -> None:
        self.said += words + b"\r\n"

    def _answer(self) -> None:
        """What there is to say, in one go: RFC 2920 3.2."""
        said, self.said = self.said, b""
        if said:
            assert self.transport
            self.transport.write(said)


@dataclass(frozen=True)
class Sink:
    """A running sink."""

    port: int
    pid: int

    def taken(self) -> tuple[int, int]:
        """Mails and bytes so far."""
        with smtplib.SMTP(HOST, self.port) as connection:
            mails, octets = connection.noop()[1].split()
            return int(mails), int(octets)


@contextmanager
def sinking() -> Iterator[Sink]:
    """A sink as long as the block."""
    command = [sys.executable, "-m", "bench.sink"]
    with subprocess.Popen(command, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        yield Sink(int(process.stdout.readline()), process.pid)
        process.stdin.close()


async def main() -> None:
    """Serve until standard input closes."""
    taken = Taken()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(taken), HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
