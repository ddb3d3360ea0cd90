"""The bytes of a mail → what is in it: headers, parts, words. Never raises, never fetches, bounded in all it reads.

Tolerant of everything that is sent in the world: bad encodings, doubled parts, missing boundaries, bytes that are no
text. It judges nothing: what a mail means is for the readers. Taken apart by hand over one buffer: the stdlib's parser
takes minutes over some mails of 10 MB, and goes as deep as a mail is nested.

    charsets  bytes → text
    headers   the head → headers, their words, parameters, addresses
    plain     HTML and flowed lines → words
"""

import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from asanokai.intake import headers as heads
from asanokai.intake.charsets import decoded
from asanokai.intake.plain import LONGEST as LONGEST_TEXT
from asanokai.intake.plain import unflowed, without_tags

__all__ = ["Opened", "Part", "decoded", "is_mail", "open_mail"]

MOST_BYTES = 10 * 1024 * 1024
MOST_CALENDAR = 1024 * 1024
MOST_EVENTS = 20
MOST_TEXT = 2 * MOST_CALENDAR
"""Bytes of a part that are read as text."""

MOST_PARTS = 100
MOST_DEPTH = 10

RETURNED = ("message/rfc822", "message/global", "message/news")
"""A whole mail within a mail."""

RETURNED_HEADERS = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
CALENDAR_KINDS = ("text/calendar", "application/ics", "application/calendar", "text/x-vcalendar", "text/vcalendar")
CALENDAR_NAMES = (".ics", ".vcs", ".ical", ".ifb")


@dataclass(frozen=True)
class Part:
    """One leaf: its type in lower case ("text/calendar"), the `parameters` of its Content-Type, file name, bytes.

    `inside`: it lies in a forwarded or returned mail (message/rfc822), so it is not what this mail says. `attached`:
    its sender wanted it to be a file. Reports (message/delivery-status and the like) are leaves with their raw text.
    """

    kind: str
    parameters: dict[str, str]
    name: str
    content: bytes
    inside: bool = False
    attached: bool = False

    @property
    def text(self) -> str:
        """The bytes as text, by their charset or what fits; never raises."""
        return decoded(self.content[:MOST_TEXT], self.parameters.get("charset"))

    @property
    def is_calendar(self) -> bool:
        """Whether it is calendar text, whatever it is called."""
        if self.kind in CALENDAR_KINDS or self.name.lower().endswith(CALENDAR_NAMES):
            return True
        return self.kind != "text/html" and begins_calendar(self.content)


@dataclass(frozen=True)
class Opened:
    """What is in a mail. `too_much` says why it was not read to its end, "" if it was.

    `returned`: the headers of the first mail that lies in it (message/rfc822, text/rfc822-headers), like `headers`.
    `undecoded` are the headers as they came: addresses are read from these, since a decoded name may look like one.
    """

    headers: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    kind: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    too_much: str = ""
    returned: list[tuple[str, str]] = field(default_factory=list)
    undecoded: list[tuple[str, str]] = field(default_factory=list, repr=False, compare=False)

    def header(self, name: str) -> str:
        """The first header of that name, decoded to one line; "" without."""
        return next((value for key, value in self.headers if key == name.lower()), "")

    def all(self, name: str) -> list[str]:
        """Every header of that name."""
        return [value for key, value in self.headers if key == name.lower()]

    def returned_header(self, name: str) -> str:
        """The first header of that name of the mail that lies in this one; "" without."""
        return next((value for key, value in self.returned if key == name.lower()), "")

    def addresses(self, *names: str) -> list[str]:
        """The addresses in these headers, in lower case, in the order of the names given."""
        values = self.undecoded or self.headers
        found = [a for name in names for key, value in values if key == name.lower() for a in heads.addresses(value)]
        return list(dict.fromkeys(address.lower() for address in found))

    @property
    def author(self) -> str:
        """The address in From, "" without, and "" where several From headers do not name the same one: then nobody can
        say who wrote it, and what checked the sender may have looked at another than we."""
        values = [value for key, value in self.undecoded or self.headers if key == "from"]
        named = [heads.addresses(value)[:1] for value in values if value.strip()]
        firsts = {"".join(found).lower() for found in named}
        return firsts.pop() if len(firsts) == 1 else ""

    @property
    def subject(self) -> str:
        return self.header("subject")

    @property
    def date(self) -> datetime | None:
        """What Date says, in UTC."""
        try:
            moment = parsedate_to_datetime(self.header("date")[:100])
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        return moment if 1990 <= moment.year < 2100 else None

    @property
    def message_ids(self) -> list[str]:
        """The mails that this one answers, with their angle brackets: In-Reply-To, then References, the last first."""
        before = _IDS.findall(" ".join(self.all("in-reply-to")))
        history = _IDS.findall(" ".join(self.all("references")))
        return list(dict.fromkeys(before + history[::-1]))

    @property
    def in_reply_to(self) -> str:
        """The mail that this one answers, "" if it does not say."""
        return next(iter(self.message_ids), "")

    @property
    def own_parts(self) -> list[Part]:
        """The parts that are this mail's own."""
        return [part for part in self.parts if not part.inside]

    def reports(self, kind: str) -> list[str]:
        """The raw text of its own parts of that kind, as message/delivery-status."""
        return [part.text for part in self.own_parts if part.kind == kind]

    @property
    def text(self) -> str:
        """The words of the mail: its plain text, else that of its HTML."""
        spoken = [part for part in self.own_parts if not part.attached and not part.name and not part.is_calendar]
        plain = [_unflowed(part) for part in spoken if part.kind == "text/plain"]
        words = "\n".join(plain).strip()
        if not words:
            words = "\n".join(without_tags(part.text) for part in spoken if part.kind == "text/html").strip()
        return words[:LONGEST_TEXT]


_IDS = re.compile(r"<[^<>\s]{1,990}>")


def _unflowed(part: Part) -> str:
    text = part.text[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    if part.parameters.get("format", "").lower() == "flowed":
        return unflowed(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return text


def begins_calendar(content: bytes) -> bool:
    """Whether these bytes are calendar text."""
    return content[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").upper().startswith(b"BEGIN:VCAL")


# --- opening ----------------------------------------------------------------------------------------------------------

_KNOWN = frozenset(
    word
    for line in (
        "from to cc subject date received message-id return-path delivered-to mime-version x-original-to",
        "sender reply-to",
    )
    for word in line.split()
)


def is_mail(raw: bytes) -> bool:
    """Whether these bytes are a mail at all: they begin with headers, one of which every mail has."""
    if begins_calendar(raw):
        return False
    raw = _trimmed(raw[: heads.MOST_HEAD])
    fields, _rest = heads.split_head(raw[: _head_end(raw, 0, len(raw))[0]])
    return any(name in _KNOWN for name, _value in fields[:200])


def open_mail(raw: bytes) -> Opened:
    """Read a mail. Never raises."""
    whole = len(raw) <= MOST_BYTES
    raw = _trimmed(raw if whole else raw[: heads.MOST_HEAD])
    opening = _Opening()
    fields = opening.mail(raw, 0, len(raw), depth=0, inside=False) if whole else _fields(raw, 0, len(raw))[0]
    kind, parameters = heads.parameters(_said(fields, "content-type"))
    undecoded = [(name, decoded(value, None)) for name, value in fields]
    return Opened(
        headers=[(name, heads.line(value)) for name, value in undecoded],
        parts=opening.parts[:MOST_PARTS],
        kind=kind if "/" in kind else "text/plain",
        parameters=parameters,
        too_much=(opening.too_much or _too_much(opening.parts, len(fields))) if whole else "size",
        returned=[(name, heads.line(value)) for name, value in opening.returned or []],
        undecoded=undecoded,
    )


def _trimmed(raw: bytes) -> bytes:
    """Without what is no part of a mail: a byte order mark, empty lines, the line of an mbox file; with one LF or CRLF
    for a line's end where it has others."""
    raw = raw[:_START].lstrip(b"\xef\xbb\xbf\r\n\t \0") + raw[_START:]
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    if b"\r\r\n" in raw:
        # Looked at from the first of a run only: from each of them it would take quadratic time.
        raw = re.sub(rb"(?<!\r)\r{2,}+\n", b"\r\n", raw)
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    return raw


_START = 4096


def _too_much(parts: list[Part], headers: int) -> str:
    if headers > heads.MOST_HEADERS:
        return "headers"
    calendars = [part.content for part in parts if not part.inside and part.is_calendar]
    if sum(len(content) for content in set(calendars)) > MOST_CALENDAR:
        return "calendar"
    if any(_events(content) > MOST_EVENTS for content in calendars):
        return "events"
    return ""


def _events(content: bytes) -> int:
    return content.replace(b"\0", b"").upper().count(b"BEGIN:VEVENT")


Fields = list[tuple[str, bytes]]


class _Opening:
    """A mail being taken apart: what has been found so far, and why it stopped."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.returned: Fields | None = None
        self.too_much = ""
        self.left = MOST_PARTS * 5
        """Parts of any kind that are still looked at, empty ones and multiparts too."""

    def mail(self, raw: bytes, start: int, end: int, *, depth: int, inside: bool, usual: str = "text/plain") -> Fields:
        """Take apart what lies from `start` to `end`, head and body; its headers."""
        fields, start = _fields(raw, start, end)
        kind, parameters = heads.parameters(_said(fields, "content-type"))
        if "/" not in kind:
            kind = usual
        if depth > MOST_DEPTH:
            self.too_much = self.too_much or "depth"
        elif kind.startswith("multipart/") and self._multipart(raw, start, end, kind, parameters, depth, inside):
            pass
        elif kind in RETURNED:
            self._returned(raw, start, end, fields, depth)
        else:
            self._leaf(
                raw[start:end], "text/plain" if kind.startswith("multipart/") else kind, parameters, fields, inside
            )
        return fields

    def _multipart(
        self, raw: bytes, start: int, end: int, kind: str, parameters: dict[str, str], depth: int, inside: bool
    ) -> bool:
        """Whether it could be taken apart at its boundary."""
        boundary = parameters.get("boundary", "").rstrip().encode("utf-8", errors="replace")
        pieces = _pieces(raw, start, end, boundary) if boundary else []
        if not pieces:
            pieces = _pieces(raw, start, end, _likely_boundary(raw, start, end))
        usual = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        for first, last in pieces:
            self.left -= 1
            if len(self.parts) > MOST_PARTS or self.left < 0:
                self.too_much = "parts"
                break
            self.mail(raw, first, last, depth=depth + 1, inside=inside, usual=usual)
        return bool(pieces)

    def _returned(self, raw: bytes, start: int, end: int, fields: Fields, depth: int) -> None:
        encoding = _encoding(fields)
        if encoding in ("base64", "quoted-printable"):
            raw = _plain(raw[start:end], encoding)
            start, end = 0, len(raw)
        while start < end and raw[start] in b"\r\n":
            start += 1
        inner = self.mail(raw, start, end, depth=depth + 1, inside=True)
        if self.returned is None or (not self.returned and inner):
            self.returned = inner

    def _leaf(self, body: bytes, kind: str, parameters: dict[str, str], fields: Fields, inside: bool) -> None:
        shown, more = heads.parameters(_said(fields, "content-disposition"))
        name = heads.line(more.get("filename") or parameters.get("name") or "")
        content = _plain(body, _encoding(fields))
        self.parts.append(Part(kind, parameters, name[:500], content, inside, shown == "attachment"))
        if len(self.parts) > MOST_PARTS:
            self.too_much = "parts"
        if kind in RETURNED_HEADERS and self.returned is None:
            self.returned = _fields(content.lstrip(b"\r\n"), 0, len(content))[0]


def _fields(raw: bytes, start: int, end: int) -> tuple[Fields, int]:
    """The headers that begin at `start`, and where the body begins."""
    head, body = _head_end(raw, start, end)
    fields, stray = heads.split_head(raw[start : min(head, start + heads.MOST_HEAD)])
    if stray.strip() and head - start <= heads.MOST_HEAD and _is_plain(fields):
        # The empty line was lost: the body begins where the headers end.
        found = raw.rfind(stray[:200].split(b"\n")[0], start, head)
        body = found if found > start or not fields else body
    return fields, body


def _is_plain(fields: Fields) -> bool:
    """Whether its body is text as it stands: what is lost before any other is no loss."""
    encoded = _encoding(fields) in ("base64", "quoted-printable")
    return not encoded and not _said(fields, "content-type").lower().lstrip().startswith("multipart/")


def _head_end(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where a head ends, and where the body begins after its empty line."""
    if raw.startswith(b"\n", start, end):
        return start, start + 1
    if raw.startswith(b"\r\n", start, end):
        return start, start + 2
    found = [(at, at + len(gap)) for gap in (b"\n\n", b"\n\r\n") if (at := raw.find(gap, start, end)) >= 0]
    return min(found, default=(end, end))


def _said(fields: Fields, name: str) -> str:
    """The first header of that name that says anything, as it came."""
    return next((decoded(value, None) for key, value in fields if key == name and value), "")


def _encoding(fields: Fields) -> str:
    return re.sub(r"[^a-z0-9-].*", "", _said(fields, "content-transfer-encoding").lower().lstrip("\"' "))


def _pieces(raw: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
    """Where the parts between these boundary lines lie; without the last boundary the last goes on to the end.

    A part after the closing line counts if another boundary line follows: two levels may have the same boundary.
    """
    if not boundary:
        return []
    mark = b"--" + boundary
    pieces: list[tuple[int, int]] = []
    at, begun, tries = start, -1, MOST_TRIES
    while (found := raw.find(mark, at, end)) >= 0 and tries and len(pieces) <= MOST_PARTS * 2:
        at, tries = found + len(mark), tries - 1
        if found > start and raw[found - 1] not in b"\r\n":
            continue
        closes = raw.startswith(b"--", at, end)
        line_end = _line_end(raw, at, end)
        if line_end - at > 200 or raw[at + 2 * closes : line_end].strip():
            continue
        if begun >= 0:
            pieces.append((begun, _without_break(raw, begun, found)))
        at = begun = min(line_end + 1, end)
        begun = -1 if closes else begun
    if begun >= 0 and (not pieces or raw[begun : begun + 1000].strip()):
        pieces.append((begun, end))
    return pieces


MOST_TRIES = 20_000


def _line_end(raw: bytes, at: int, end: int) -> int:
    found = raw.find(b"\n", at, end)
    return found if found >= 0 else end


def _without_break(raw: bytes, begun: int, at: int) -> int:
    """The end of a part: the line break before a boundary belongs to that (RFC 2046 5.1.1)."""
    if at > begun and raw[at - 1] == 0x0A:
        at -= 1
    if at > begun and raw[at - 1] == 0x0D:
        at -= 1
    return at


def _likely_boundary(raw: bytes, start: int, end: int) -> bytes:
    """The boundary of a multipart that names none, or a wrong one: the first line of that look that comes twice."""
    lead = raw[start : min(end, start + 16384)]
    found = re.search(rb"(?:\A|\n)--([^\s-][^\r\n]{0,120})\r?\n(?=[Cc]ontent-|\r?\n)", lead)
    boundary = found[1].rstrip() if found else b""
    return boundary if boundary and raw.count(b"--" + boundary, start, end) > 1 else b""


# --- encodings --------------------------------------------------------------------------------------------------------


def _plain(body: bytes, encoding: str) -> bytes:
    """A body as it was before it was encoded for its way; as it is where that cannot be said."""
    if encoding == "base64":
        # Calendar text that only claims to be encoded; a colon is no letter of base64.
        return body if begins_calendar(body) else heads.unbased(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(re.sub(rb"=[ \t]+(\r?\n)", rb"=\1", body))
    if encoding in ("x-uuencode", "uuencode", "x-uue"):
        return _unuued(body)
    return body


MOST_LINES = 250_000


def _unuued(body: bytes) -> bytes:
    out = []
    for line in body.partition(b"begin ")[2].split(b"\n", MOST_LINES)[1:MOST_LINES]:
        line = line.rstrip(b"\r")
        if line.strip() == b"end":
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            try:
                # Some write more at a line's end than belongs there.
                out.append(binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3]))
            except binascii.Error:
                continue
    return b"".join(out)
