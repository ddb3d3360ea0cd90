"""Where this program may go by itself: to public hosts over https, and to hosts that the operator has named.

An address that somebody could choose must not lead into the network that this server stands in. So the name is resolved
once, every address it has must be public, and the connection goes to the one that was looked at: a name that answers
otherwise the second time gains nothing. Spellings that programs read differently are refused rather than understood;
nothing is followed elsewhere, and what comes back has a bound.

It knows nobody who is asked, and keeps nothing.
"""

import re
import socket
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Timer
from urllib.parse import SplitResult, urlencode, urlsplit

PORTS = (443, 8443)
MOST_BYTES = 1024 * 1024
SECONDS, ALTOGETHER = 10.0, 20.0
"""Until something is said, and until all is said: a host that drips would hold a process of ours for hours."""
LONGEST = 2000

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""What ends a host name is never a number: else some programs read an address in it (127.1, 0x7f000001, 0177.0.0.1)."""

_SPECIAL_4 = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "192.31.196.0/24", "192.52.193.0/24")))
"""Kept for protocols, relays of 6to4, name servers' own: Python counts some of them as public."""

_PUBLIC_6 = IPv6Network("2000::/3")
_SPECIAL_6 = tuple(map(IPv6Network, ("2002::/16", "2001::/23", "3fff::/20")))
"""6to4, Teredo and other protocols' own, documentation. NAT64 (64:ff9b::/96) and what wraps IPv4 (::ffff:0:0/96, ::/96)
lie outside `_PUBLIC_6` anyway."""

Resolve = Callable[[str, int], Sequence[str]]


class Forbidden(Exception):
    """It leads where this program may not go, or is written so that nobody can be sure where it leads."""


class Unreachable(Exception):
    """Nobody answered, or not as one should."""


@dataclass(frozen=True)
class Way:
    """Where an address leads: the host as its certificate names it, and the one address that was looked at."""

    host: str
    port: int
    address: str
    path: str


def allowed(url: str, *, named: Collection[str] = (), resolve: Resolve | None = None) -> Way:
    """The way to `url`. Hosts that the operator `named` may stand in a private network. Raises `Forbidden`, or
    `Unreachable` for a name that nobody knows."""
    parts = _parts(url)
    host, port = _host(parts), _port(parts)
    addresses = [host] if _literal(host) else list((resolve or _resolved)(host, port))
    if not addresses:
        raise Unreachable(f"{host} has no address")
    if host not in named and not all(is_public(address) for address in addresses):
        raise Forbidden(f"{host} leads into a private network")
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Way(host, port, addresses[0], path)


def is_public(address: str) -> bool:
    """Whether an address belongs to a host that anybody may call."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if found.is_multicast or not found.is_global:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _SPECIAL_4)
    return found.scope_id is None and found in _PUBLIC_6 and not any(found in network for network in _SPECIAL_6)


def ask(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    named: Collection[str] = (),
    context: ssl.SSLContext | None = None,
) -> tuple[int, bytes]:
    """GET, or POST a form: status and body. Redirects are not followed. Raises `Forbidden`, `Unreachable`."""
    way = allowed(url, named=named)
    connection = _Pinned(way, context or ssl.create_default_context())
    body = urlencode(form) if form is not None else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    over = Timer(ALTOGETHER, connection.hang_up)
    over.daemon = True
    over.start()
    try:
        connection.request("GET" if form is None else "POST", way.path, body, {**kind, **(headers or {})})
        with connection.getresponse() as response:
            content = response.read(MOST_BYTES + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"{way.host}: {type(error).__name__}") from error
    finally:
        over.cancel()
        connection.close()
    if connection.hung_up:
        raise Unreachable(f"{way.host} takes too long")
    if 300 <= response.status < 400:
        raise Forbidden(f"{way.host} leads elsewhere")
    if len(content) > MOST_BYTES:
        raise Unreachable(f"{way.host} says too much")
    return response.status, content


class _Pinned(HTTPSConnection):
    """Goes to the address that was looked at, and wants the certificate of the host that was meant."""

    def __init__(self, way: Way, context: ssl.SSLContext) -> None:
        super().__init__(way.host, way.port, timeout=SECONDS, context=context)
        self._way, self._trust = way, context
        self._line: socket.socket | None = None
        self.hung_up = False

    def connect(self) -> None:
        """Without asking for the name again."""
        plain = socket.create_connection((self._way.address, self._way.port), SECONDS)
        self._line = self.sock = self._trust.wrap_socket(plain, server_hostname=self._way.host)

    def hang_up(self) -> None:
        """End the conversation from another thread: what waits for more gets nothing. `sock` is gone by then where an
        answer goes on until the line ends."""
        self.hung_up = True
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


# --- reading an address -----------------------------------------------------------------------------------------------


def _parts(url: str) -> SplitResult:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise Forbidden("not the address of a website")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Forbidden("not the address of a website") from error
    if parts.scheme != "https":
        raise Forbidden("https only")
    if "@" in parts.netloc or parts.fragment:
        raise Forbidden("an address with credentials or a fragment")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        if not isinstance(_literal(host), IPv6Address):
            raise Forbidden("not a host")
        return host
    labels = host.split(".")
    plain = _literal(host)
    if plain is None and (_NUMBER.fullmatch(labels[-1]) or len(labels) < 2 or len(host) > 253):
        raise Forbidden("not a host")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise Forbidden("not a host")
    return host


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise Forbidden("not a port") from error
    found = 443 if port is None else port
    if found not in PORTS:
        raise Forbidden(f"ports {PORTS} only")
    return found


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _resolved(host: str, port: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} is not known") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))
