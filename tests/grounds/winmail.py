"""Writes a winmail.dat (MS-OXTNEF) as Outlook sends it for an answered meeting, with as little as that needs."""

import struct
from datetime import UTC, datetime

CLASSES = {
    "ACCEPTED": "IPM.Schedule.Meeting.Resp.Pos",
    "DECLINED": "IPM.Schedule.Meeting.Resp.Neg",
    "TENTATIVE": "IPM.Schedule.Meeting.Resp.Tent",
}
OLD_CLASSES = {
    "ACCEPTED": "IPM.Microsoft Schedule.MtgRespP",
    "DECLINED": "IPM.Microsoft Schedule.MtgRespN",
    "TENTATIVE": "IPM.Microsoft Schedule.MtgRespA",
}
MEETING = "90da d86e 0b45 1b10 98da 00aa 003f 1305"
APPOINTMENT = "0220 0600 0000 0000 c000 0000 0000 0046"
BLOB = bytes.fromhex("040000008200e00074c5b7101a82e008")


def winmail(
    partstat: str,
    *,
    uid: str = "",
    starts_at: datetime | None = None,
    sender: str = "",
    stamped_at: datetime | None = None,
    proposed_at: datetime | None = None,
    old: bool = False,
) -> bytes:
    """The bytes of a winmail.dat that gives this answer. Without `uid` it says to which meeting by nothing."""
    properties = [_string(0x001A, CLASSES[partstat])]
    if uid:
        properties += [_binary(0x0003, MEETING, global_id(uid)), _binary(0x0023, MEETING, global_id(uid))]
    if starts_at:
        properties.append(_named(0x0040, 0x820D, APPOINTMENT) + _filetime(starts_at))
    if stamped_at:
        properties.append(_named(0x0040, 0x0001, MEETING) + _filetime(stamped_at))
    if proposed_at:
        properties.append(_named(0x0040, 0x8250, APPOINTMENT) + _filetime(proposed_at))
        properties.append(_named(0x000B, 0x8257, APPOINTMENT) + struct.pack("<HH", 1, 0))
    if sender:
        properties.append(_string(0x5D01, sender))
    name = (OLD_CLASSES if old else CLASSES)[partstat].encode() + b"\0"
    return b"".join(
        (
            struct.pack("<IH", 0x223E9F78, 1),
            attribute(0x00089006, struct.pack("<I", 0x10000)),
            attribute(0x00069007, struct.pack("<II", 1252, 0)),
            attribute(0x00078008, name),
            attribute(0x00069003, struct.pack("<I", len(properties)) + b"".join(properties)),
        )
    )


def attribute(name: int, data: bytes, level: int = 1) -> bytes:
    """One attribute with its length and checksum."""
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def global_id(uid: str) -> bytes:
    """What Outlook makes of a foreign UID: its own number around it (MS-OXOCAL 2.2.1.27)."""
    data = b"vCal-Uid" + struct.pack("<I", 1) + uid.encode() + b"\0"
    return BLOB + b"\0" * 20 + struct.pack("<I", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _string(tag: int, text: str) -> bytes:
    data = text.encode("cp1252") + b"\0"
    return struct.pack("<HHII", 0x001E, tag, 1, len(data)) + _padded(data)


def _named(kind: int, number: int, guid: str) -> bytes:
    return struct.pack("<HH", kind, 0x8001) + bytes.fromhex(guid) + struct.pack("<II", 0, number)


def _binary(number: int, guid: str, data: bytes) -> bytes:
    return _named(0x0102, number, guid) + struct.pack("<II", 1, len(data)) + _padded(data)


def _filetime(moment: datetime) -> bytes:
    since = moment - datetime(1601, 1, 1, tzinfo=UTC)
    return struct.pack("<Q", (since.days * 86400 + since.seconds) * 10_000_000)
