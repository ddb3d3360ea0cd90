"""The bytes of a mail → what is in it: headers, parts, words. Never raises, never fetches, bounded in all it reads.

Tolerant of everything that is sent in the world: bad encodings, doubled parts, missing boundaries, bytes that are no
text. It judges nothing: what a mail means is for the readers. Written over the stdlib's parser with the `compat32`
policy, since the newer ones raise on broken headers and take quadratic time on long ones.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

MOST_BYTES = 10 * 1024 * 1024
MOST_CALENDAR = 1024 * 1024
MOST_PARTS = 100
MOST_DEPTH = 10


@dataclass(frozen=True)
class Part:
    """One leaf: its type in lower case ("text/calendar"), the `parameters` of its Content-Type, file name, bytes.

    `inside`: it lies in a forwarded or returned mail (message/rfc822), so it is not what this mail says.
    """

    kind: str
    parameters: dict[str, str]
    name: str
    content: bytes
    inside: bool = False

    @property
    def text(self) -> str:
        """The bytes as text, by their charset or what fits; never raises."""
        return decoded(self.content, self.parameters.get("charset"))


@dataclass(frozen=True)
class Opened:
    """What is in a mail. `too_much` says why it was not read to its end, "" if it was."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    kind: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    too_much: str = ""

    def header(self, name: str) -> str:
        """The first header of that name, decoded to one line; "" without."""
        return next((value for key, value in self.headers if key == name.lower()), "")

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key == name.lower()]

    def addresses(self, *names: str) -> list[str]:
        """The addresses in these headers, in lower case, in the order of the names given."""
        found = [address for name in names for address in _addresses(self.all(name))]
        return list(dict.fromkeys(address.lower() for address in found))

    @property
    def author(self) -> str:
        """The address in From, "" without."""
        return next(iter(self.addresses("from")), "")

    @property
    def subject(self) -> str:
        return self.header("subject")

    @property
    def date(self) -> datetime | None:
        """What Date says, in UTC."""
        try:
            moment = parsedate_to_datetime(self.header("date"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            return None

    @property
    def own_parts(self) -> list[Part]:
        """The parts that are this mail's own."""
        return [part for part in self.parts if not part.inside]

    @property
    def text(self) -> str:
        """The words of the mail: its plain text, else that of its HTML."""
        plain = [part.text for part in self.own_parts if part.kind == "text/plain" and not part.name]
        return "\n".join(plain).strip()


def open_mail(raw: bytes) -> Opened:
    """Read a mail. Never raises."""
    if len(raw) > MOST_BYTES:
        return Opened(headers=_headers(message_from_bytes(raw[:65536].partition(b"\n\n")[0])), too_much="size")
    try:
        message = message_from_bytes(raw)
        parts = list(_leaves(message, depth=0, inside=False))
    except RecursionError:
        return Opened(too_much="depth")
    too_much = "parts" if len(parts) > MOST_PARTS else ""
    return Opened(
        headers=_headers(message),
        parts=parts[:MOST_PARTS],
        kind=message.get_content_type(),
        parameters=_parameters(message),
        too_much=too_much,
    )


def _leaves(message: Message, *, depth: int, inside: bool) -> Iterator[Part]:
    if depth > MOST_DEPTH:
        return
    payload = message.get_payload()
    if isinstance(payload, list):
        nested = inside or message.get_content_type() == "message/rfc822"
        for part in payload:
            assert isinstance(part, Message)
            yield from _leaves(part, depth=depth + 1, inside=nested)
        return
    content = message.get_payload(decode=True)
    yield Part(
        kind=message.get_content_type(),
        parameters=_parameters(message),
        name=_line(message.get_filename() or ""),
        content=content if isinstance(content, bytes) else b"",
        inside=inside,
    )


def _parameters(message: Message) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (message.get_params() or [])[1:]}


def _headers(message: Message) -> list[tuple[str, str]]:
    return [(name.lower(), _line(str(value))) for name, value in message.items()]


def _line(value: str) -> str:
    """A header in one line, its encoded words decoded."""
    try:
        pieces = decode_header(value)
    except (ValueError, LookupError):
        pieces = [(value, None)]
    words = "".join(piece if isinstance(piece, str) else decoded(piece, charset) for piece, charset in pieces)
    return " ".join(words.split())


def decoded(content: bytes, charset: str | None) -> str:
    """Bytes as text: by the charset they claim, else as UTF-8, else as Windows-1252, which fits all. Never raises."""
    for guess in (charset or "utf-8", "utf-8-sig"):
        try:
            return content.decode(guess)
        except (LookupError, UnicodeError, ValueError):
            continue
    return content.decode("cp1252", errors="replace")


_ANGLE = re.compile(r"<([^<>\s]+@[^<>\s]+)>")


def _addresses(values: list[str]) -> list[str]:
    found = [address for value in values for address in _ANGLE.findall(value)]
    return found or [address for _name, address in getaddresses(values) if "@" in address]
