"""A winmail.dat says which answer was pressed in Outlook, to which meeting and when; garbage costs nothing."""

import struct
import time
from datetime import UTC, datetime

import pytest
from tnefparse import TNEF
from tnefparse.mapi import decode_mapi

from asanokai.intake import winmail
from asanokai.intake.calendars import said
from asanokai.intake.opened import Part, open_mail
from asanokai.intake.winmail import Pressed
from tests.grounds import clients
from tests.grounds.answering import part
from tests.grounds.winmail import BLOB, CLASSES, attribute, global_id
from tests.grounds.winmail import winmail as written

STARTS = datetime(2026, 3, 12, 7, tzinfo=UTC)
STAMP = datetime(2026, 3, 5, 7, 0, 12, tzinfo=UTC)
HEAD = struct.pack("<IH", 0x223E9F78, 1)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("state", CLASSES)
def test_the_answer_is_read_from_the_message_class_of_any_age(state, old):
    content = written(
        state,
        uid="meeting-7@asanokai.example",
        starts_at=STARTS,
        sender="Katrin@Jena.Example",
        stamped_at=STAMP,
        old=old,
    )
    assert winmail.read(content) == Pressed(state, "meeting-7@asanokai.example", "katrin@jena.example", STARTS, STAMP)


@pytest.mark.parametrize("state", CLASSES)
def test_the_message_class_alone_is_an_answer(state):
    assert winmail.read(written(state)) == Pressed(state)
    assert winmail.read(HEAD + attribute(0x00078008, CLASSES[state].encode() + b"\0")) == Pressed(state)


def test_a_proposed_time_is_read():
    content = written("TENTATIVE", uid="7@x", starts_at=STARTS, proposed_at=STAMP)
    assert winmail.read(content) == Pressed("TENTATIVE", "7@x", starts_at=STARTS, proposed_at=STAMP)


@pytest.mark.parametrize(
    "name",
    [
        b"IPM.Note",
        b"IPM.Schedule.Meeting.Request",
        b"IPM.Schedule.Meeting.Canceled",
        b"REPORT.IPM.Schedule.Meeting.Resp.Neg.NDR",
        b"",
    ],
)
def test_what_is_no_answer_says_nothing(name):
    assert winmail.read(HEAD + attribute(0x00078008, name + b"\0")) is None


@pytest.mark.parametrize(
    ("kind", "name", "is_one"),
    [
        ("application/ms-tnef", "", True),
        ("application/vnd.ms-tnef", "x", True),
        ("application/octet-stream", "WINMAIL.DAT", True),
        ("application/octet-stream", "win.dat", True),
        ("text/plain", "", False),
    ],
)
def test_it_is_found_by_type_name_or_its_first_bytes(kind, name, is_one):
    assert winmail.is_winmail(Part(kind, {}, name, written("ACCEPTED"))) is is_one


def test_a_mail_says_what_its_winmail_says():
    asked = clients.asked()
    (one,) = said(open_mail(clients.answer("outlook_winmail", asked, "DECLINED", at=STAMP)))
    assert (one.source, one.method, one.uid, one.attendee.address, one.attendee.partstat, one.stamped_at) == (
        "tnef",
        "REPLY",
        asked.uid,
        asked.attendee,
        "DECLINED",
        STAMP,
    )


def test_a_winmail_beside_a_calendar_says_the_same_once():
    asked = clients.asked()
    calendar = clients.answer("plain", asked, at=STAMP).partition(b"MIME-Version: 1.0\r\n")[2]
    tnef = part(written("ACCEPTED"), "application/ms-tnef; name=winmail.dat", "base64")
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + calendar + b"\r\n--b\r\n" + tnef + b"\r\n--b--"
    assert [one.source for one in said(open_mail(raw))] == ["ics"]


@pytest.mark.parametrize(
    ("blob", "uid"),
    [
        (global_id("meeting-7@asanokai.example"), "meeting-7@asanokai.example"),
        (global_id("x")[:50], ""),
        (
            BLOB + b"\0" * 20 + struct.pack("<I", 2) + b"ab",
            (BLOB + b"\0" * 20 + struct.pack("<I", 2) + b"ab").hex().upper(),
        ),
        (BLOB, ""),
        (b"", ""),
        (b"\0" * 60, ""),
        (global_id("\xff" * 40), "ÿ" * 40),
    ],
)
def test_the_uid_is_read_from_outlooks_number(blob, uid):
    assert winmail._uid(blob) == uid


def test_properties_of_every_kind_are_passed_over():
    kinds = [
        struct.pack("<HHHH", 0x0002, 0x3001, 7, 0),
        struct.pack("<HHI", 0x0003, 0x3002, 7),
        struct.pack("<HHQ", 0x0014, 0x3003, 7),
        struct.pack("<HH", 0x0048, 0x3004) + b"g" * 16,
        struct.pack("<HHIHHHH", 0x1002, 0x3005, 3, 1, 2, 3, 0),
        struct.pack("<HHIII", 0x1003, 0x3006, 2, 1, 2),
        struct.pack("<HHII", 0x101E, 0x3007, 2, 3) + b"ab\0\0" + struct.pack("<I", 2) + b"c\0\0\0",
        struct.pack("<HH", 0x001E, 0x8002)
        + b"g" * 16
        + struct.pack("<II", 1, 6)
        + "abc".encode("utf-16-le")
        + b"\0\0"
        + struct.pack("<II", 1, 2)
        + b"x\0\0\0",
        struct.pack("<HHII", 0x001F, 0x5D01, 1, 24) + "k@j.example\0".encode("utf-16-le"),
    ]
    data = struct.pack("<I", len(kinds)) + b"".join(kinds)
    content = HEAD + attribute(0x00078008, b"IPM.Schedule.Meeting.Resp.Pos\0") + attribute(0x00069003, data)
    assert winmail.read(content) == Pressed("ACCEPTED", sender="k@j.example")
    assert len(decode_mapi(data)) == 13


def test_another_reader_finds_the_same_in_a_whole_file():
    content = written("DECLINED", uid="7@x", starts_at=STARTS, sender="k@j.example", stamped_at=STAMP)
    attributes = winmail._attributes(content)
    theirs = TNEF(content)
    assert {one.name: one.data for one in theirs.msgprops}[winmail.MESSAGE_CLASS] == "IPM.Schedule.Meeting.Resp.Neg"
    ours = winmail._properties(attributes[winmail.PROPERTIES])
    assert ours == {(one.guid_prop if one.guid else one.name): _raw(one.raw_data) for one in theirs.mapiprops}


def _raw(value: bytes | list[str | bytes]) -> bytes:
    """What the library has decoded, padding and all, as it stood in the file."""
    first = value if isinstance(value, bytes) else value[0]
    return first.encode("cp1252").rstrip(b"\0") + b"\0" if isinstance(first, str) else first


def test_every_cut_and_every_changed_byte_is_read_or_not_but_never_raises():
    whole = written(
        "ACCEPTED", uid="meeting-7@asanokai.example", starts_at=STARTS, sender="k@j.example", stamped_at=STAMP
    )
    for at in range(len(whole)):
        winmail.read(whole[:at])
        for byte in (0x00, 0x7F, 0xFF):
            winmail.read(whole[:at] + bytes([byte]) + whole[at + 1 :])


def test_a_prepared_file_takes_no_time():
    many = b"".join(attribute(0x00089006, b"") for _ in range(150_000))
    lies = attribute(0x00069003, struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHI", 0x101E, 1, 0xFFFFFFFF) * 100_000)
    rows = attribute(0x00069004, struct.pack("<I", 0xFFFFFFFF) + b"\0" * 1_000_000)
    strings = struct.pack("<HHI", 0x001E, 0x3001, 0x0FFFFFFF) + b"\0" * 1_000_000
    values = attribute(0x00069003, struct.pack("<I", 1) + strings)
    multiple = attribute(
        0x00069003, struct.pack("<I", 60_000) + struct.pack("<HHI", 0x1002, 0x3001, 0x7FFFFFFF) + b"\0" * 60_000
    )
    for content in (many, lies, rows, values, multiple, b"\0" * 1_000_000, b"IPM." * 250_000):
        begun = time.process_time()
        winmail.read(HEAD + content)
        winmail.read(content)
        assert time.process_time() - begun < 1
