"""A DNS that a test makes up: answers as dnspython's resolver does, with its own records and its own exceptions."""

from collections.abc import Mapping, Sequence
from typing import Any

import dns.message
import dns.name
import dns.rdata
import dns.resolver

QUOTED = 255
"""The longest string within a TXT record."""


class Zones:
    """Records by name and kind: `Zones({"jena.test": {"MX": ["10 mx.jena.test"], "TXT": ["v=spf1 -all"]}})`.

    A name that is not there does not exist; one that has others below it does, without a record. `silent` names, or all
    of them, get no answer in time; `broken` ones a server that fails.
    """

    def __init__(
        self,
        records: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        silent: Sequence[str] | None = (),
        broken: Sequence[str] = (),
    ) -> None:
        self.records = {self._key(name): dict(kinds) for name, kinds in records.items()}
        self.silent, self.broken = silent, broken
        self.asked: list[tuple[str, str, float]] = []

    @staticmethod
    def _key(name: str) -> str:
        return dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical).to_text().lower()

    def resolve(self, name: dns.name.Name, kind: str, *, lifetime: float) -> list[Any]:
        """Raises what `dns.resolver.Resolver.resolve` raises."""
        key = name.to_text().lower()
        plain = key.rstrip(".")
        self.asked.append((plain, kind, lifetime))
        if self.silent is None or plain in self.silent:
            raise dns.resolver.LifetimeTimeout(timeout=lifetime, errors=[])
        if plain in self.broken:
            raise dns.resolver.NoNameservers(request=dns.message.make_query(name, kind), errors=[])
        found = self.records.get(key)
        if found is None and not any(other.endswith(f".{key}") for other in self.records):
            raise dns.resolver.NXDOMAIN(qnames=[name], responses={})
        kinds = found or {}
        if kind not in kinds and kind != "CNAME" and "CNAME" in kinds:
            return self.resolve(dns.name.from_text(kinds["CNAME"][0]), kind, lifetime=lifetime)
        if not kinds.get(kind):
            raise dns.resolver.NoAnswer(response=dns.message.make_response(dns.message.make_query(name, kind)))
        return [dns.rdata.from_text("IN", kind, self._written(text, kind)) for text in kinds[kind]]

    @staticmethod
    def _written(text: str, kind: str) -> str:
        if kind == "TXT":
            pieces = [text[at : at + QUOTED] for at in range(0, len(text), QUOTED)] or [""]
            return " ".join('"' + piece.replace("\\", "\\\\").replace('"', '\\"') + '"' for piece in pieces)
        if kind == "MX":
            number, host = text.split()
            return f"{number} {host.rstrip('.')}."
        return f"{text.rstrip('.')}." if kind == "CNAME" else text
