"""SPF (RFC 7208): whether a domain says who may send for it, once, readable, within ten look-ups.

It counts as a receiver would in the worst case: every term that asks the DNS, in what is included and in what is
redirected to as well. It cannot know by which address the operator's mail server sends; only what can be known is said.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from asanokai.doctor.check import Check, hint, judged, wrong
from asanokai.doctor.names import Away, Names, is_address, readable

MOST_LOOKUPS = 10
FOLLOWED = 40
"""So many look-ups are followed at most: what has more is beyond the limit anyway."""

ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")
"""Terms that cost a look-up (RFC 7208 4.6.4)."""

_NAME = r"[^\s/:=%]*(?:%(?:\{[slodiphcrtv]\d*r?[.+,/_=-]*\}|[%_-])[^\s/:=%]*)*"
_PREFIX = r"(?:/\d{1,3})?(?://\d{1,3})?"
_TERM = re.compile(
    rf"(?P<sign>[+?~-]?)(?:(?P<word>all|include:(?P<include>{_NAME})|(?P<host>a|mx)(?::(?P<of>{_NAME}))?(?P<size>{_PREFIX})"
    rf"|ptr(?::{_NAME})?|ip4:(?P<four>[0-9./]+)|ip6:(?P<six>[0-9a-f:./]+)|exists:{_NAME}))"
    rf"|(?:redirect=(?P<redirect>{_NAME})|exp={_NAME}|[a-z][a-z0-9._-]*=\S*)",
    re.IGNORECASE,
)
_PRIVATE = [
    ipaddress.ip_network(block)
    for block in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
]


@dataclass(frozen=True)
class Term:
    """One term of a record: *all*, *include*, *ip4* …, with what it is about and, for a directive, its sign."""

    word: str
    about: str = ""
    sign: str = "+"
    size: str = ""


@dataclass
class Walk:
    """What was met on the way through a record and all it includes."""

    lookups: int = 0
    wrongs: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def examine(names: Names, domain: str, *, envelope: bool, server: str) -> Check:
    """Look at the domain's record. `envelope`: letters go out with it as their sender, so receivers do ask it."""
    shown = readable(domain)
    try:
        records = _records(names, domain)
        if not records:
            words = f"{shown}: there is no SPF record (a TXT that begins with v=spf1)"
            if envelope:
                return wrong("SPF", f"{words}: receivers such as Gmail refuse letters. Name your mail server in one")
            return hint("SPF", f"{words}; letters do not go out under this domain's envelope, so one is not needed")
        if len(records) > 1:
            return wrong("SPF", f"{shown}: there are {len(records)} SPF records; receivers then believe none. Keep one")
        walk = Walk()
        ending = _follow(names, domain, records[0], walk, ())
        seen = [f"{shown}: “{_short(records[0])}”, {walk.lookups} look-ups"]
        _judge_ending(ending, walk)
        if walk.lookups > MOST_LOOKUPS:
            walk.wrongs.append(
                f"it takes more than {MOST_LOOKUPS} DNS look-ups (RFC 7208 4.6.4): replace includes by ip4/ip6"
            )
        if envelope and not walk.wrongs:
            seen += _covered(names, domain, server, walk)
    except Away as away:
        return hint("SPF", f"{shown}: could not be asked ({away})")
    return judged("SPF", seen, hints=walk.hints, wrongs=walk.wrongs)


def _records(names: Names, domain: str) -> list[str]:
    return [text for text in names.txt(domain) or [] if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]


def _short(record: str) -> str:
    return record if len(record) <= 120 else f"{record[:119]}…"


def _judge_ending(ending: str, walk: Walk) -> None:
    if ending == "+":
        walk.wrongs.append("it ends in +all: everybody may send for this domain. Write -all or ~all")
    elif ending == "?":
        walk.hints.append("it ends in ?all, which says nothing about others: write -all or ~all")
    elif not ending and not walk.wrongs:
        walk.hints.append("it does not end in -all or ~all, so it says nothing about others")


# --- reading ----------------------------------------------------------------------------------------------------------


def terms(record: str) -> Iterator[Term | str]:
    """The terms of a record in their order; what is none comes as the text it is. What follows *all* counts as well."""
    for text in record.split()[1:]:
        found = _TERM.fullmatch(text)
        yield _term(found) or text if found else text


def _term(found: "re.Match[str]") -> Term | None:
    sign = found["sign"] or "+"
    if found["redirect"] is not None:
        return Term("redirect", found["redirect"]) if found["redirect"] else None
    if found["word"] is None:
        return Term("other")
    for kind in ("four", "six"):
        if found[kind] is not None:
            network = _network(found[kind])
            version = 4 if kind == "four" else 6
            return Term("ip", str(network), sign) if network and network.version == version else None
    word = found["word"].partition(":")[0].partition("/")[0].lower()
    about = found["include"] if word == "include" else found["of"]
    if about == "" or (word == "include" and about is None):
        return None
    return Term(word, about or "", sign, found["size"] or "")


def _network(written: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(written, strict=False)
    except ValueError:
        return None


def _follow(names: Names, domain: str, record: str, walk: Walk, path: tuple[str, ...]) -> str:
    """Count a record and what it asks for; the sign of its *all*, "" without. Raises `Away`."""
    read = list(terms(record))
    ending, redirect = "", ""
    for term in read:
        if isinstance(term, str):
            walk.wrongs.append(
                f"“{term[:60]}” in the record of {domain} is no SPF term: receivers then believe none of it"
            )
            continue
        if ending and term.word != "redirect":
            continue  # what stands behind it is never looked at
        if term.word == "all":
            ending = term.sign
        elif term.word == "redirect":
            redirect = term.about
        elif term.word in ASKING:
            walk.lookups += 1
            if term.word == "ptr":
                walk.hints.append(f"{domain} uses ptr, which is slow and should not be used (RFC 7208 5.5)")
            if term.word == "include":
                _enter(names, term.about, walk, (*path, domain))
    if redirect and not ending:
        walk.lookups += 1
        ending = _enter(names, redirect, walk, (*path, domain))
    return ending


def _enter(names: Names, domain: str, walk: Walk, path: tuple[str, ...]) -> str:
    """Follow an include or redirect."""
    if "%" in domain or walk.lookups > FOLLOWED:
        return ""  # depends on the mail; or is too long already
    if domain.lower() in (passed.lower() for passed in path):
        walk.wrongs.append(f"{domain} includes itself")
        return ""
    records = _records(names, domain)
    if len(records) != 1:
        what = "has no SPF record" if not records else f"has {len(records)} SPF records"
        walk.wrongs.append(f"it includes {domain}, which {what}: receivers then believe none of it")
        return ""
    return _follow(names, domain, records[0], walk, path)


# --- who may send -----------------------------------------------------------------------------------------------------


def _covered(names: Names, domain: str, server: str, walk: Walk) -> list[str]:
    """Whether the server that takes the letters may send, as far as that can be known from its name."""
    addresses = [server.strip("[]")] if is_address(server) else names.addresses(server) or []
    public = [address for address in addresses if not _is_private(address)]
    if not public:
        return ["by which address your mail server sends cannot be seen from here: compare it with the record"]
    found = {address: may_send(names, domain, address) for address in public}
    if any(verdict == "yes" for verdict in found.values()):
        return [f"MAIL_SERVER ({', '.join(a for a, verdict in found.items() if verdict == 'yes')}) is covered"]
    if all(verdict == "no" for verdict in found.values()):
        walk.hints.append(
            f"MAIL_SERVER ({', '.join(public)}) is not in it: right only if letters leave by another address"
        )
    return []


def _is_private(address: str) -> bool:
    number = ipaddress.ip_address(address)
    return any(number in block for block in _PRIVATE if block.version == number.version)


def may_send(names: Names, domain: str, address: str, depth: int = 0) -> str:
    """Whether the domain lets the address send: yes, no, or *unknown* where that depends on the mail. Raises `Away`."""
    records = _records(names, domain)
    if len(records) != 1 or depth > MOST_LOOKUPS:
        return "unknown"
    unknown, redirect = False, ""
    for term in terms(records[0]):
        if isinstance(term, str):
            return "unknown"
        if term.word == "redirect":
            redirect = term.about
            continue
        matched = _matches(names, term, domain, address, depth)
        if matched == "yes":
            return "yes" if term.sign == "+" and not unknown else "unknown" if unknown else "no"
        unknown = unknown or matched == "unknown"
    if redirect and "%" not in redirect:
        return may_send(names, redirect, address, depth + 1)
    return "unknown" if unknown or redirect else "no"


def _matches(names: Names, term: Term, domain: str, address: str, depth: int) -> str:
    if term.word == "all":
        return "yes"
    if term.word == "ip":
        return "yes" if _holds(term.about, address) else "no"
    if "%" in term.about or term.word in ("ptr", "exists"):
        return "unknown"
    if term.word == "include":
        return may_send(names, term.about, address, depth + 1)
    if term.word in ("a", "mx"):
        hosts = [term.about or domain]
        if term.word == "mx":
            hosts = [host for _number, host in names.mail_servers(hosts[0]) or [] if host]
        four, _, six = term.size.partition("//")
        sizes = {4: four.strip("/") or "32", 6: six or "128"}
        found = [number for host in hosts for number in names.addresses(host) or []]
        blocks = [f"{number}/{sizes[ipaddress.ip_address(number).version]}" for number in found]
        return "yes" if any(_holds(block, address) for block in blocks) else "no"
    return "no"


def _holds(block: str, address: str) -> bool:
    network, number = _network(block), ipaddress.ip_address(address)
    return network is not None and network.version == number.version and number in network
