"""winmail.dat (MS-OXTNEF) → which answer to which meeting. Outlook sends it for rich text to the outside.

The stream of attributes is walked here, in linear time: the library copies the rest of the file for each of them, which
takes minutes for a prepared one. Of the library only the reader of MAPI properties is used, over a piece whose size is
bounded, and guarded: it raises on much of what is sent.
"""

import logging
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tnefparse.mapi import decode_mapi

from asanokai.intake.opened import MOST_CALENDAR, Part

KINDS = ("application/ms-tnef", "application/vnd.ms-tnef", "application/x-ms-tnef")
SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTRIBUTES = 500
MOST_PROPERTIES = 64 * 1024
"""Bytes of MAPI properties that are read."""

MESSAGE_CLASS, ORIGINAL_CLASS, PROPERTIES = 0x8008, 0x9008, 0x9003
_CLASS = re.compile(
    r"IPM\.(?:Schedule\.Meeting\.Resp\.(Pos|Neg|Tent)|Microsoft Schedule\.MtgResp([PNA]))", re.IGNORECASE
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
        uid=next((uid for number in GLOBAL_IDS if (uid := _uid(_bytes(found, number)))), ""),
        sender=next((address for tag in SENDERS if (address := _address(_text(found, tag)))), ""),
        starts_at=_moment(found, STARTS),
        stamped_at=_moment(found, ATTENDEE_CHANGE),
        proposed_at=_moment(found, PROPOSED_STARTS) if any(_bytes(found, IS_PROPOSAL)) else None,
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


Properties = dict[int, Any]


def _properties(data: bytes) -> Properties:
    """The MAPI properties by their number: of named ones the number within their set."""
    if len(data) < 4:
        return {}
    data = data[:MOST_PROPERTIES]
    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)
    try:
        # Nothing is shorter than four bytes: a count that is larger is a lie, and the library would believe it.
        count = min(struct.unpack_from("<I", data)[0], len(data) // 4)
        found = decode_mapi(struct.pack("<I", count) + data[4:], "cp1252")
    except Exception:
        # A stranger's file in a stranger's library: what it raises is not known, and the message class is enough.
        return {}
    return {(one.guid_prop if one.guid else one.name): one.raw_data for one in reversed(found)}


def _bytes(found: Properties, number: int) -> bytes:
    raw = found.get(number)
    first = raw[0] if isinstance(raw, list) and raw else raw
    return first if isinstance(first, bytes) else b""


def _text(found: Properties, number: int) -> str:
    raw = found.get(number)
    first = raw[0] if isinstance(raw, list) and raw else raw
    return first.replace("\0", "") if isinstance(first, str) else ""


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
    raw = _bytes(found, number)
    if len(raw) != 8:
        return None
    ticks = struct.unpack("<Q", raw)[0]
    try:
        moment = _EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return moment if 1990 <= moment.year < 2100 else None
