"""Browsers that ask as fast as they are answered, in a process of their own: `run()` starts it and reads what it saw.

Each of them has one question open at a time and keeps its connection as long as the server does. It speaks just enough
HTTP/1.1 for answers with a Content-Length, to leave the processors to the server.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.ground import HOST
from config import HOME


@dataclass(frozen=True)
class Seen:
    """What the browsers saw. `statuses` are those of the requests in their order, as far as they were sent."""

    seconds: float
    latencies: list[float]
    statuses: list[int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """The milliseconds within which that share of the answers came."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def get(path: str, cookie: str = "") -> str:
    """A request for a page."""
    sent = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: de\r\n{sent}\r\n"


def post(path: str, body: str) -> str:
    """A request that sends a form."""
    kind = "application/x-www-form-urlencoded"
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


def run(
    port: int, requests: Sequence[str], *, connections: int, seconds: float, expected: int, repeat: bool = False
) -> Seen:
    """Send the requests, each once, or over and over with `repeat`, for so many seconds at most.

    Raises RuntimeError if any answer has another status than `expected`.
    """
    order = {
        "port": port,
        "requests": list(requests),
        "connections": connections,
        "seconds": seconds,
        "repeat": repeat,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(order),
        cwd=HOME,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the browsers failed:\n{done.stderr}")
    seen = Seen(**json.loads(done.stdout))
    wrong = Counter(seen.statuses)
    wrong.pop(expected, None)
    if wrong:
        raise RuntimeError(f"answers that should all be {expected}: {dict(wrong)}")
    return seen


class Browsers:
    """Shares out the requests among so many connections."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.port: int = order["port"]
        self.requests = [request.encode() for request in order["requests"]]
        self.repeat: bool = order["repeat"]
        self.next = 0
        self.latencies: list[float] = []
        self.statuses: list[int] = []

    async def ask(self, connections: int, seconds: float) -> dict[str, Any]:
        began = time.perf_counter()
        await asyncio.gather(*(self._one(began + seconds) for _ in range(connections)))
        return {
            "seconds": time.perf_counter() - began,
            "latencies": [round(latency, 6) for latency in self.latencies],
            "statuses": self.statuses,
        }

    async def _one(self, end: float) -> None:
        loop = asyncio.get_running_loop()
        connection: socket.socket | None = None
        while (began := time.perf_counter()) < end:
            place = self.next
            if place >= len(self.requests) and not self.repeat:
                break
            self.next += 1
            self.statuses.append(0)
            if connection is None:
                connection = socket.socket()
                connection.setblocking(False)
                await loop.sock_connect(connection, (HOST, self.port))
            await loop.sock_sendall(connection, self.requests[place % len(self.requests)])
            status, closing = await _answer(loop, connection)
            self.latencies.append(time.perf_counter() - began)
            self.statuses[place] = status
            if closing:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


async def _answer(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> tuple[int, bool]:
    """Read one answer to its end: its status, and whether the server closes the connection."""
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += await _more(loop, connection)
    head = data[:end].lower()
    length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
    left = length - (len(data) - end - 4)
    while left > 0:
        left -= len(await _more(loop, connection))
    return int(head[9:12]), b"\r\nconnection: close" in head


async def _more(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> bytes:
    received = await loop.sock_recv(connection, 65536)
    if not received:
        raise ConnectionError("the server closed the connection in the middle of an answer")
    return received


def main() -> None:
    """Read what to ask from standard input, write what was seen to standard output."""
    order = json.load(sys.stdin)
    json.dump(asyncio.run(Browsers(order).ask(order["connections"], order["seconds"])), sys.stdout)


if __name__ == "__main__":
    main()
