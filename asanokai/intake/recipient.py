"""Which of our addresses a mail came to, and whose token it bears.

`rsvp+<member>`, `bounce+<letter>`, `unsubscribe+<member>` and `probe+<any number>` at the reply domain. Mail systems
fold case, so tokens are read in any. A token says whom a mail is about, not who wrote it: whoever has the
letter has the token.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

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
    found = _OURS.fullmatch((address or "").strip().strip("<>").rpartition("@")[0])
    if found is None:
        return None
    kind = found[1].lower()
    number = tokens.read_address(PURPOSES[kind], found[2])
    return Ours(kind, number) if number is not None else None


def first_of_ours(addresses: Iterable[str], tokens: Tokens) -> str | None:
    """The first address that bears a token of ours."""
    return next((address for address in addresses if ours(address, tokens)), None)
