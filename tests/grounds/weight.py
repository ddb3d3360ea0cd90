"""What a page costs whoever opens it for the first time: every request and every byte of the answers.

Counted on the wire, by a relay between browser and server. A browser does not tell about everything it fetches: not the
size of a service worker's program, and not what it fetches for itself.
"""

import select
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext

MOST_BYTES, MOST_REQUESTS = 60_000, 10
"""What a page may cost, with what a service worker fetches so that it can be read without a connection."""

HOST = "127.0.0.1"
VERBS = (b"GET ", b"HEAD ", b"POST ")
AT_WORK = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  if (active.state === "activating") await new Promise((done) => active.addEventListener("statechange", done));
}"""
"""Wait until the worker has fetched all it wants to keep."""


@dataclass
class Cost:
    """`asked` are the addresses in their order, `foreign` those of other hosts, `bytes` what came, with the headers."""

    asked: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    bytes: int = 0


def cost(
    browser: Browser, port: int, address: str, cookies: Sequence[Any], *, worker: Literal["allow", "block"] = "allow"
) -> Cost:
    """What a browser that has never been here fetches for a page of the server at `port`, until nothing more comes."""
    with _relay(port) as (relay, found):
        context = browser.new_context(base_url=f"http://localhost:{relay}", service_workers=worker)
        context.on("request", lambda request: _note(found, request.url))
        try:
            context.add_cookies(cookies)
            _visit(context, address, worker)
        finally:
            context.close()
    return found


def _visit(context: BrowserContext, address: str, worker: str) -> None:
    page = context.new_page()
    answer = page.goto(address, wait_until="networkidle")
    assert answer is not None and answer.status == 200, f"{address}: {answer and answer.status}"
    if worker == "allow":
        page.evaluate(AT_WORK)


def _note(found: Cost, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob") and parts.hostname != "localhost":
        found.foreign.append(url)


@contextmanager
def _relay(to: int) -> Iterator[tuple[int, Cost]]:
    """A port that leads to another one, and what has passed."""
    found, lock = Cost(), threading.Lock()

    class Passing(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # a browser that has gone
                self._pass_on(self.request)

        def _pass_on(self, browser: socket.socket) -> None:
            # A browser opens connections in advance; the server only learns of those that are used.
            said = browser.recv(65536)
            if not said:
                return
            with socket.create_connection((HOST, to)) as server:
                self._to_server(server, said)
                while True:
                    for one in select.select([browser, server], [], [])[0]:
                        said = one.recv(65536)
                        if not said:
                            return
                        if one is browser:
                            self._to_server(server, said)
                        else:
                            with lock:
                                found.bytes += len(said)
                            browser.sendall(said)

        def _to_server(self, server: socket.socket, said: bytes) -> None:
            if said.startswith(VERBS):
                with lock:
                    found.asked.append(said.split(b" ", 2)[1].decode())
            server.sendall(said)

    class Relay(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 32

    with Relay((HOST, 0), Passing) as relay:
        thread = threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield relay.server_address[1], found
        finally:
            relay.shutdown()
            thread.join()
