"""Which of our addresses a mail came to, and whose token it bears.

`rsvp+<member>`, `bounce+<letter>`, `unsubscribe+<member>` and `probe+<any number>` at the reply domain. Mail systems
fold case, so tokens are read in any. A token says whom a mail is about, not who wrote it: whoever has the
letter has the token.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asanokai.intake.row import LONGEST_ADDRESS
from asanokai.tokens import Tokens

PURPOSES = {"rsvp": "member", "bounce": "letter", "unsubscribe": "unsubscribe", "probe": "probe"}
"""What stands before the plus → what the token was minted for. A purpose of its own each: none opens another's door."""

_OURS = re.compile(r"(rsvp|bounce|unsubscribe|probe)\+([a-z2-7]{17,40})", re.IGNORECASE)


@dataclass(frozen=True)
class Ours:
    """`kind` is rsvp, bounce, unsubscribe or probe; `number` the member's or the letter's."""

    kind: str
    number: int


def ours(address: str | None, tokens: Tokens) -> Ours | None:
    """Whose token the address bears, whatever its domain (an operator's MTA may rewrite it); None if none of ours."""
    for local in _locals(address or ""):
        found = _OURS.fullmatch(local)
        number = tokens.read_address(PURPOSES[found[1].lower()], found[2]) if found else None
        if found is not None and number is not None:
            return Ours(found[1].lower(), number)
    return None


_TYPED = re.compile(r"\s*(?:rfc822|mailto|smtp|orcpt)\s*[;:=]\s*", re.IGNORECASE)
_SIGNED = re.compile(r"(?:prvs=[^=]*=|btv1==[^=]*==)", re.IGNORECASE)
_PLUS = re.compile(r"(?:%|=|\+)2b", re.IGNORECASE)


def _locals(address: str) -> Iterator[str]:
    """What stands left of the "@", as it is and as it was before mail systems wrote it in their ways.

    Quoted, with its type ("rfc822;…"), with a plus in hexadecimal ("%2B", and "+2B" in RFC 3461's xtext, where it may
    as well be the beginning of a token), or signed (BATV: "prvs=…").
    """
    plain = _TYPED.sub("", address[:LONGEST_ADDRESS].strip().strip("<>"), count=1)
    local = _SIGNED.sub("", plain.rpartition("@")[0].strip("\"' "), count=1)
    yield local
    if "2b" in local.lower():
        yield _PLUS.sub("+", local, count=1)


def first_of_ours(addresses: Iterable[str], tokens: Tokens) -> str | None:
    """The first address that bears a token of ours."""
    return next((address for address in addresses if ours(address, tokens)), None)
