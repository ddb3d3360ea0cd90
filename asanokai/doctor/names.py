"""Questions to the DNS, short and few: two seconds each, twenty in all, none twice. Judges nothing.

Who asks gets a list, empty where the name has no such record, None where there is no such name; or `Away`, where no
server could be asked, so that nothing is taken for wrong that is only unknown.
"""

import ipaddress
import re
import time
from collections.abc import Callable
from typing import Any, Literal

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

EACH, IN_ALL = 2.0, 20.0
"""Seconds for one question, and for all of them."""

TRIED = 2
"""After as many questions without any answer there is no network, and nothing more is asked."""

Kind = Literal["A", "AAAA", "CNAME", "MX", "TXT"]

TRIAL = ("example", "test", "invalid", "localhost", "local", "internal", "localdomain", "home.arpa")
TRIAL_NAMES = ("example.com", "example.net", "example.org")
"""Domains nobody can have (RFC 2606, 6761, 6762): an installation with them is for trying out."""


_REGISTRY = re.compile(r"(?:ac|ad|co|com|ed|edu|go|gov|gr|lg|ne|net|or|org)\.[a-z]{2}")
"""Domains such as co.jp, below which strangers are registered."""


class Away(Exception):
    """The DNS could not be asked; says why."""


class Names:
    """Asks a resolver of dnspython's, or one that behaves like it; by default the machine's own."""

    def __init__(self, resolver: Any = None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._resolver = resolver
        self._monotonic = monotonic
        self._until = monotonic() + IN_ALL
        self._known: dict[tuple[str, str], list[str] | Away | None] = {}
        self._answered = self._failed = 0

    @property
    def silent(self) -> bool:
        """Whether nobody has answered anything."""
        return self._failed >= TRIED and not self._answered

    def txt(self, name: str) -> list[str] | None:
        """The texts of a name, each put together again from its strings (RFC 7208 3.3). Raises `Away`."""
        return self._ask(name, "TXT")

    def addresses(self, name: str) -> list[str] | None:
        """The IPv4 and IPv6 addresses of a name. Raises `Away`."""
        four, six = self._ask(name, "A"), self._ask(name, "AAAA")
        return None if four is None and six is None else [*(four or []), *(six or [])]

    def mail_servers(self, name: str) -> list[tuple[int, str]] | None:
        """Its MX records, the preferred first; the null MX (RFC 7505) is (0, ""). Raises `Away`."""
        found = self._ask(name, "MX")
        if found is None:
            return None
        return sorted(
            (int(number), host.rstrip(".").lower()) for number, host in (text.split(" ", 1) for text in found)
        )

    def alias(self, name: str) -> str | None:
        """What the name is only an alias of, None if it is one of its own. Raises `Away`."""
        return next(iter(self._ask(name, "CNAME") or []), "").rstrip(".") or None

    def exists(self, name: str) -> bool:
        """Whether there is such a name at all, with whatever records. Raises `Away`."""
        return self._ask(name, "TXT") is not None

    def _ask(self, name: str, kind: Kind) -> list[str] | None:
        key = (name.lower().rstrip("."), kind)
        if key not in self._known:
            try:
                self._known[key] = self._asked(key[0], kind)
            except Away as away:
                self._failed += 1
                self._known[key] = away
            else:
                self._answered += 1
        found = self._known[key]
        if isinstance(found, Away):
            raise found
        return found

    def _asked(self, name: str, kind: Kind) -> list[str] | None:
        left = self._until - self._monotonic()
        if self.silent or left <= 0:
            raise Away("no name server answers" if self.silent else "the time for questions to the DNS is over")
        try:
            if self._resolver is None:
                self._resolver = dns.resolver.Resolver()
            absolute = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
        except dns.resolver.NoResolverConfiguration as error:
            raise Away("this machine knows no name server") from error
        except (dns.exception.DNSException, UnicodeError):
            return None  # what cannot be a name is none
        try:
            answer = self._resolver.resolve(absolute, kind, lifetime=min(EACH, left))
        except dns.resolver.NXDOMAIN:
            return None
        except dns.resolver.NoAnswer:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise Away(f"{name}: {type(error).__name__}") from error
        return [_text(record, kind) for record in answer]


def _text(record: Any, kind: Kind) -> str:
    if kind == "TXT":
        return b"".join(record.strings).decode("utf-8", errors="replace")
    return str(record.to_text())


def for_trying_out(domain: str) -> bool:
    """Whether nobody could have this domain in the world."""
    name = domain.lower().rstrip(".")
    within = any(name == trial or name.endswith(f".{trial}") for trial in (*TRIAL, *TRIAL_NAMES))
    return within or "." not in name or is_address(name)


def is_address(host: str) -> bool:
    """Whether it is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def readable(domain: str) -> str:
    """A domain for an operator's eyes: one in another script as it is sent, and as it reads."""
    try:
        name = dns.name.from_text(domain, idna_codec=dns.name.IDNA_2008_Practical)
        sent = name.to_text(omit_final_dot=True)
        read = name.to_unicode(omit_final_dot=True, idna_codec=dns.name.IDNA_2008_Practical)
    except (dns.exception.DNSException, UnicodeError):
        return domain
    return sent if sent == read else f"{sent} ({read})"


def parents(domain: str) -> list[str]:
    """The domains above that can be somebody's own, the nearest first. Simple: not a list of all public suffixes."""
    labels = domain.strip(".").split(".")
    above = [".".join(labels[start:]) for start in range(1, len(labels) - 1)]
    return [name for name in above if not _REGISTRY.fullmatch(name)]


def same_organisation(one: str, other: str) -> bool:
    """Whether one lies below the other, or both below a third."""
    return bool({one.lower(), *parents(one.lower())} & {other.lower(), *parents(other.lower())})
