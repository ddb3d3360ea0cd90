"""winmail.dat (MS-OXTNEF) → which answer to which meeting. Outlook sends it for rich text to the outside.

Walked here in linear time, and only as far as an answer needs. The library tnefparse, which the tests compare with,
believes every count that stands in a file: a prepared one of some hundred bytes keeps it busy for hours.
"""

import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asanokai.intake.opened import MOST_CALENDAR, Part

KINDS = ("application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef")
SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTRIBUTES = 500
MOST_PROPERTIES = 256 * 1024
"""Bytes of MAPI properties that are read."""

MESSAGE_CLASS, ORIGINAL_CLASS, PROPERTIES = 0x8008, 0x9008, 0x9003
_CLASS = re.compile(
    r"(?<![.\w])IPM\.(?:Schedule\.Meeting\.Resp\.(Pos|Neg|Tent)|Microsoft Schedule\.MtgResp([PNA]))", re.IGNORECASE
)
_STATES = {
    "pos": "ACCEPTED",
    "p": "ACCEPTED",
    "neg": "DECLINED",
    "n": "DECLINED",
    "tent": "TENTATIVE",
    "a": "TENTATIVE",
}
_BLOB = bytes.fromhex("040000008200e00074c5b7101a82e008")
_ADDRESS = re.compile(r"[^\s<>\"@:;,]{1,64}@[^\s<>\"@:;,]{1,255}")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

# Numbers of named properties (MS-OXPROPS): the meeting's identity, what the answerer changed when, times.
GLOBAL_IDS = (0x0003, 0x0023)
ATTENDEE_CHANGE, STARTS, PROPOSED_STARTS, IS_PROPOSAL = 0x0001, 0x820D, 0x8250, 0x8257
SENDERS = (0x5D02, 0x5D01, 0x0065, 0x0C1F, 0x0076)
CLASS_PROPERTY = 0x001A


@dataclass(frozen=True)
class Pressed:
    """What was pressed in Outlook. `uid` is "" where the file does not say which meeting."""

    partstat: str
    uid: str = ""
    sender: str = ""
    starts_at: datetime | None = None
    stamped_at: datetime | None = None
    proposed_at: datetime | None = None


def is_winmail(part: Part) -> bool:
    """Whether it is such a file, whatever it is called."""
    named = part.kind in KINDS or part.name.lower() == "winmail.dat"
    return named or (part.kind == "application/octet-stream" and part.content.startswith(SIGNATURE))


def read(content: bytes) -> Pressed | None:
    """The answer in it, None if there is none. Never raises."""
    content = content[: MOST_CALENDAR * 2]
    attributes = _attributes(content)
    found = _properties(attributes.get(PROPERTIES, b""))
    classes = [attributes.get(name, b"").decode("latin-1") for name in (MESSAGE_CLASS, ORIGINAL_CLASS)]
    # What cannot be walked is searched: the message class alone is an answer for whoever bears a token.
    said = next((match for text in [*classes, _text(found, CLASS_PROPERTY)] if (match := _CLASS.search(text))), None)
    if said is None and not attributes:
        said = _CLASS.search(content[:MOST_PROPERTIES].replace(b"\0", b"").decode("latin-1"))
    if said is None:
        return None
    return Pressed(
        partstat=_STATES[(said[1] or said[2]).lower()],
        uid=next((uid for number in GLOBAL_IDS if (uid := _uid(found.get(number, b"")))), ""),
        sender=next((address for tag in SENDERS if (address := _address(_text(found, tag)))), ""),
        starts_at=_moment(found, STARTS),
        stamped_at=_moment(found, ATTENDEE_CHANGE),
        proposed_at=_moment(found, PROPOSED_STARTS) if any(found.get(IS_PROPOSAL, b"")) else None,
    )


def _attributes(content: bytes) -> dict[int, bytes]:
    """The attributes of the message itself, each by its number, the first of a kind."""
    found: dict[int, bytes] = {}
    if not content.startswith(SIGNATURE):
        return found
    at = 6
    for _ in range(MOST_ATTRIBUTES):
        if at + 9 > len(content):
            break
        level, name, length = struct.unpack_from("<BII", content, at)
        if level == 1:
            found.setdefault(name & 0xFFFF, content[at + 9 : at + 9 + length])
        at += 9 + length + 2
    return found


Properties = dict[int, bytes]

_FIXED = {0x0002: 4, 0x000B: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x0048: 16}
_FIXED |= dict.fromkeys((0x0005, 0x0006, 0x0007, 0x0014, 0x0040), 8)
_SIZED = (0x001E, 0x001F, 0x000D, 0x0102)
UNICODE = 0x001F


def _properties(data: bytes) -> Properties:
    """The MAPI properties by their number, of named ones that within their set; as far as they can be followed."""
    data = data[:MOST_PROPERTIES]
    found: Properties = {}
    try:
        count, at = struct.unpack_from("<I", data)[0], 4
        for _ in range(min(count, MOST_ATTRIBUTES)):
            kind, number = struct.unpack_from("<HH", data, at)
            number, at = _numbered(data, number, at + 4)
            value, at = _value(data, kind, at)
            found.setdefault(number, value)
    except (struct.error, ValueError):
        # It ends before it should, or goes on in a way nobody knows: what was found is good.
        return found
    return found


def _numbered(data: bytes, number: int, at: int) -> tuple[int, int]:
    """The number of a property: from 0x8000 on it is told within a set, or by a name, which is nobody's here."""
    if number < 0x8000:
        return number, at
    kind, told = struct.unpack_from("<II", data, at + 16)
    if kind == 0:
        return told, at + 24
    return -1, at + 24 + told + -told % 4


def _value(data: bytes, kind: int, at: int) -> tuple[bytes, int]:
    """The first value of a property, and where the next property begins."""
    many, kind = bool(kind & 0x1000), kind & ~0x1000
    if kind in _FIXED and not many:
        return data[at : at + _FIXED[kind]], at + _FIXED[kind]
    count = struct.unpack_from("<I", data, at)[0]
    at += 4
    if kind in _FIXED:
        size = 2 if kind in (0x0002, 0x000B) else _FIXED[kind]
        return data[at : at + size], at + size * count + -(size * count) % 4
    if kind not in _SIZED or count > MOST_ATTRIBUTES:
        raise ValueError(kind)
    first = b""
    for index in range(count):
        length = struct.unpack_from("<I", data, at)[0]
        value = data[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4
        if index == 0:
            first = value.decode("utf-16-le", errors="replace").encode() if kind == UNICODE else value
    return first, at


def _text(found: Properties, number: int) -> str:
    return found.get(number, b"").decode("utf-8", errors="replace").replace("\0", "")


def _address(text: str) -> str:
    match = _ADDRESS.search(text)
    return match[0].lower() if match else ""


def _uid(blob: bytes) -> str:
    """The UID in a global object id: the calendar's own where it came from a calendar, else Outlook's number."""
    if not blob.startswith(_BLOB) or len(blob) < 40:
        return ""
    data = blob[40 : 40 + struct.unpack_from("<I", blob, 36)[0]]
    if data[:8].lower() == b"vcal-uid":
        return data[12:].split(b"\0")[0].decode("utf-8", errors="replace").strip()
    return blob[:40].hex().upper() + data.hex().upper() if 0 < len(data) < 200 else ""


def _moment(found: Properties, number: int) -> datetime | None:
    raw = found.get(number, b"")
    if len(raw) != 8:
        return None
    ticks = struct.unpack("<Q", raw)[0]
    try:
        moment = _EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return moment if 1990 <= moment.year < 2100 else None
