"""How often somebody may be wrong, and how many letters may be asked for. What is right is never counted: a whole
company sits behind one address.

Counted per address (of IPv6 the /64 that one host has to itself), per network (/24 and /56) with a higher bound, and
per account where one is meant: by what was typed, so that a bound tells nothing about whether it exists.

* A token is looked at first and counted only if it is worth nothing: whoever holds a good one is let through even while
  others of the network guess. That gives guessers nothing, since a good one cannot be guessed.
* A password or a code can be guessed: once the bound is reached, the right one is refused too.
* Letters are counted when they are asked for, known address or not.

Where the counts are kept is `ASANOKAI_LIMITS_STORAGE`; in memory each web process counts by itself.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import NamedTuple

from flask import Flask, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse_many
from limits.errors import StorageError

from asanokai import clock
from asanokai.errors import N_, TooOften

log = logging.getLogger(__name__)

limiter = Limiter(get_remote_address, headers_enabled=False)


class Bounds(NamedTuple):
    """How often from one address, from one network, and for one account."""

    address: str
    network: str
    account: str = ""


BOUNDS = {
    "token": Bounds("30 per 10 minutes", "300 per 10 minutes"),
    "password": Bounds("20 per 10 minutes", "100 per 10 minutes", "10 per 10 minutes; 50 per day"),
    "code": Bounds("20 per 10 minutes", "100 per 10 minutes", "5 per 10 minutes; 30 per day"),
    "passkey": Bounds("20 per 10 minutes", "100 per 10 minutes"),
    "letter": Bounds("1200 per hour", "3000 per hour", "5 per 10 minutes; 60 per day"),
}
"""What is counted → how often it may happen. An account is a mailbox where letters are asked for."""

PAUSE = 600
"""Seconds to wait, where nothing more exact is known."""


@dataclass(frozen=True)
class _Count:
    """One bound and whom it holds for."""

    bound: RateLimitItem
    key: tuple[str, ...]

    @property
    def reached(self) -> bool:
        return not limiter.limiter.test(self.bound, *self.key)

    @property
    def over_in(self) -> int:
        """Seconds until it is forgotten."""
        ends = limiter.limiter.get_window_stats(self.bound, *self.key).reset_time
        return max(int(ends - clock.system_time().timestamp()) + 1, 1)


def init_app(app: Flask) -> None:
    """Open the storage."""
    app.config.setdefault("RATELIMIT_STORAGE_OPTIONS", {"wrap_exceptions": True})
    limiter.init_app(app)


def hold(kind: str, *, account: str | None = None) -> None:
    """Raise `TooOften` if a bound for `kind` is reached. Counts nothing."""
    if not limiter.enabled:
        return
    try:
        reached = [count for count in _counts(kind, account) if count.reached]
        if reached:
            raise too_often(max(count.over_in for count in reached))
    except StorageError as error:
        _unreachable(error)


def failed(kind: str, *, account: str | None = None) -> bool:
    """Count one of `kind`; whether it was one too many."""
    if not limiter.enabled:
        return False
    try:
        # A list: each is counted, whatever the one before says.
        return not all([limiter.limiter.hit(count.bound, *count.key) for count in _counts(kind, account)])
    except StorageError as error:
        _unreachable(error)
        return False


def asked(kind: str, *, account: str) -> None:
    """Count what somebody asks for, or raise `TooOften`."""
    hold(kind, account=account)
    failed(kind, account=account)


def too_often(seconds: int = PAUSE) -> TooOften:
    """The refusal to raise, after noting for the answer when it is worth coming back."""
    g.retry_after = seconds
    return TooOften(N_("That was too often. Please wait a few minutes and try again."))


def _unreachable(error: StorageError) -> None:
    # Nobody may be kept out because the counter is away; guessing 128 bits or a long password is hopeless anyway.
    log.error("limits cannot be counted: %s", error)


def _counts(kind: str, account: str | None) -> Iterator[_Count]:
    bounds = BOUNDS[kind]
    address, network = whence(request.remote_addr)
    yield from (_Count(bound, (kind, "address", address)) for bound in parse_many(bounds.address))
    yield from (_Count(bound, (kind, "network", network)) for bound in parse_many(bounds.network))
    if account is not None and bounds.account:
        # Hashed: the storage may be another server's, and needs no list of addresses.
        key = hashlib.sha256(account.encode("utf-8", "replace")).hexdigest()
        yield from (_Count(bound, (kind, "account", key)) for bound in parse_many(bounds.account))


def whence(remote: str | None) -> tuple[str, str]:
    """The address and the network that a visitor counts for."""
    try:
        found = ip_address((remote or "").partition("%")[0])
    except ValueError:
        return "nowhere", "nowhere"
    plain = found if isinstance(found, IPv4Address) else found.ipv4_mapped or found
    if isinstance(plain, IPv4Address):
        return str(plain), f"{int(plain) >> 8:x}/24"
    return f"{int(plain) >> 64:x}/64", f"{int(plain) >> 72:x}/56"
