"""Calendar text as clients get it: what RFC 5545 and 5546 ask for, and what no text from outside can break.

Pure: no app, no table. Everything written is read back by the icalendar library. That a letter carries it is tested
with `composing`, that a feed is served with `feeds`.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from asanokai.ical import Entry, Mailed, Reader, feed, printable_name
from tests.people import berlin

STARTS, ENDS = berlin(2026, 3, 12, 8), berlin(2026, 3, 12, 10)
STAMP = datetime(2026, 2, 19, 8, 0, 59, 999_999, tzinfo=UTC)
JAPANESE = "精密加工におけるフェムト秒レーザー、その応用と展望について浜松とイエナから"
HOSTILE = (
    "Licht\r\nATTENDEE:mailto:evil@evil.example\r\nEND:VEVENT",
    "a;b,c:d\\e\"f'g\tg",
    "bare\nline\rends\u2028and\u2029separators\x85",
    "\x00\x07\x1b\x7f",
    "🍵" * 60,
    JAPANESE * 8,
    "x" * 400,
    "X-OWN-LINES:1",
    "ends with X-OWN-LINES:1",
    "^n ^' ^^ RFC 6868",
    "=?utf-8?q?=0D=0AX-Evil:_1?=",
)


def entry(**values: str) -> Entry:
    usual: dict[str, Any] = {
        "uid": "0123456789abcdef@asanokai",
        "starts_at": STARTS,
        "ends_at": ENDS,
        "summary": "Asa no Kai: Licht & Präzision",
        "location": "Haus der Optik, Carl-Straße 1\n07743 Jena",
        "description": "Femtosekundenlaser – Dr. Kenji Yamada",
        "url": "https://kai.example/meetings/2026-03-12-asanokai",
    }
    return Entry(**{**usual, **values})


def reader(**values: str) -> Reader:
    usual = {
        "organizer_name": "Asa no Kai Thüringen",
        "organizer": "rsvp+aebagba@reply.example",
        "name": "Dr. Katrin Lindner",
        "address": "katrin@jena.example",
    }
    return Reader(**{**usual, **values})


def written(of: Entry | None = None, to: Reader | None = None, *, method: str = "REQUEST", sequence: int = 0) -> bytes:
    return Mailed(of or entry(), method).for_reader(to or reader(), sequence=sequence, stamp=STAMP)


def lines(text: bytes) -> list[str]:
    """The content lines, unfolded."""
    return text.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def event(text: bytes) -> Any:
    """The only VEVENT."""
    (found,) = Calendar.from_ical(text).walk("VEVENT")
    return found


# --- a mailed entry ---------------------------------------------------------------------------------------------------


def test_a_request_says_exactly_this():
    to = reader(partstat="ACCEPTED")
    assert lines(written(entry(), to, sequence=3)) == [
        "BEGIN:VCALENDAR",
        "PRODID:-//Asa no Kai//asanokai//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:0123456789abcdef@asanokai",
        "DTSTART:20260312T070000Z",
        "DTEND:20260312T090000Z",
        "SUMMARY:Asa no Kai: Licht & Präzision",
        "LOCATION:Haus der Optik\\, Carl-Straße 1\\n07743 Jena",
        "DESCRIPTION:Femtosekundenlaser – Dr. Kenji Yamada",
        "URL:https://kai.example/meetings/2026-03-12-asanokai",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "SEQUENCE:3",
        "DTSTAMP:20260219T080059Z",
        'ORGANIZER;CN="Asa no Kai Thüringen":mailto:rsvp+aebagba@reply.example',
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE"
        ';CN="Dr. Katrin Lindner":mailto:katrin@jena.example',
        "X-MICROSOFT-DISALLOW-COUNTER:TRUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_a_cancellation_asks_for_no_answer_and_keeps_everything_else():
    request, cancel = lines(written()), lines(written(entry(status="CANCELLED"), method="CANCEL"))
    changed = {before: after for before, after in zip(request, cancel, strict=True) if before != after}
    (asked,) = (line for line in changed if line.startswith("ATTENDEE"))
    assert changed == {
        "METHOD:REQUEST": "METHOD:CANCEL",
        "STATUS:CONFIRMED": "STATUS:CANCELLED",
        asked: asked.replace(";RSVP=TRUE", ""),
    }


def test_times_of_any_zone_are_written_in_utc_without_parts_of_a_second():
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 3, 12, 16, 0, 0, 5, tzinfo=tokyo)
    text = lines(written(entry(starts_at=moment, ends_at=moment + timedelta(hours=2))))  # type: ignore[arg-type]  # a maker of any entry
    assert [line for line in text if line.startswith("DT")] == [
        "DTSTART:20260312T070000Z",
        "DTEND:20260312T090000Z",
        "DTSTAMP:20260219T080059Z",
    ]


@pytest.mark.parametrize("field", ["starts_at", "ends_at"])
def test_naive_times_are_refused(field):
    with pytest.raises(TypeError, match="naive datetime refused"):
        Mailed(entry(**{field: datetime(2026, 3, 12, 8)}), "REQUEST")  # type: ignore[arg-type]  # a wrong one is the point


def test_a_naive_stamp_is_refused():
    with pytest.raises(TypeError, match="naive datetime refused"):
        Mailed(entry(), "REQUEST").for_reader(reader(), sequence=0, stamp=datetime(2026, 3, 12, 8))


def test_what_is_empty_has_no_line():
    names = [line.partition(":")[0] for line in lines(written(entry(location="", description="")))]
    assert ("LOCATION" in names, "DESCRIPTION" in names, "SUMMARY" in names) == (False, False, True)


# --- shape of the text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*HOSTILE, JAPANESE, "Carl-Straße " * 20])
def test_every_line_ends_with_crlf_has_at_most_75_octets_and_holds_whole_characters(text):
    content = written(
        entry(summary=text, location=text, description=text),
        reader(name=text, organizer_name=text, address=f"{'a' * 60}@{'b' * 60}.example"),
    )
    content += feed([(entry(summary=text, location=text, description=text), 0, STAMP)], name=text)
    *folded, last = content.split(b"\r\n")
    assert last == b""
    assert [line for line in folded if len(line) > 75 or b"\r" in line or b"\n" in line] == []
    assert [line.decode() for line in folded] == content.decode().split("\r\n")[:-1]


def test_a_line_is_folded_only_where_it_must_be():
    free = 75 - len(';CN="":mailto:x@y.example') - len("ORGANIZER")
    for length, pieces in ((free, 1), (free + 1, 2), (free + 75, 3)):
        text = written(to=reader(organizer_name="x" * length, organizer="x@y.example")).split(b"\r\n")
        first = next(place for place, line in enumerate(text) if line.startswith(b"ORGANIZER"))
        going_on = [line for line in text[first + 1 : first + 4] if line.startswith(b" x") or line == b" e"]
        assert 1 + len([line for line in going_on if not line.startswith(b"ATTENDEE")]) == pieces


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_can_add_a_line(text):
    plain = [line.partition(":")[0].partition(";")[0] for line in lines(written(to=reader(name="x")))]
    hostile = written(
        entry(summary=text, location=text, description=text),
        reader(name=text, organizer_name=text),
    )
    assert [line.partition(":")[0].partition(";")[0] for line in lines(hostile)] == plain
    assert [name for name, _value in event(hostile).property_items() if name == "ATTENDEE"] == ["ATTENDEE"]
    assert str(event(hostile)["ATTENDEE"]) == "mailto:katrin@jena.example"


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_written_is_read_again_but_for_control_characters(text):
    read = event(written(entry(summary=f"a{text}z"), reader(name=f"a{text}z")))
    for control in ("\r\n", "\r", "\u2028", "\u2029", "\x85", "\x00", "\x07", "\x1b", "\x7f"):
        text = text.replace(control, "\n" if control in ("\r\n", "\r") else " ")
    assert str(read["SUMMARY"]) == f"a{text}z"
    assert read["ATTENDEE"].params["CN"] == " ".join(f"a{text}z".replace('"', "'").replace("\\", "").split())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_brings_a_double_quote_into_the_parameters(text):
    content = lines(written(to=reader(name=text, organizer_name=text)))
    quotes = {line.partition(";")[0]: line.count('"') for line in content if line.startswith(("ORGANIZER", "ATTENDEE"))}
    assert quotes == {"ORGANIZER": 2, "ATTENDEE": 2}


def test_an_address_goes_into_the_link_as_rfc_6068_says():
    text = lines(written(to=reader(address="o'brien+kai%50@jena.example")))
    assert text[-4].rpartition(":")[2] == "o'brien+kai%2550@jena.example"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_is_one_property_in_folded_lines(text):
    content = written(entry(summary=text), reader(name=text))
    assert max(map(len, content.split(b"\r\n"))) <= 75
    read = event(content)
    assert (read["UID"], read["SEQUENCE"]) == ("0123456789abcdef@asanokai", 0)
    assert read["ATTENDEE"].params["CN"] == printable_name(text.replace("\\", ""))


# --- a feed -----------------------------------------------------------------------------------------------------------


def test_a_feed_names_nobody_and_says_how_often_to_ask():
    other = entry(uid="other@asanokai", status="CANCELLED", summary="Abgesagt", location="", description="")
    text = lines(feed([(entry(), 2, STAMP), (other, 5, STAMP)], name="Asa no Kai;\r\nX-EVIL:1", refresh_hours=6))
    assert text[:10] == [
        "BEGIN:VCALENDAR",
        "PRODID:-//Asa no Kai//asanokai//EN",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        "NAME:Asa no Kai\\; X-EVIL:1",
        "X-WR-CALNAME:Asa no Kai\\; X-EVIL:1",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
        "BEGIN:VEVENT",
        "UID:0123456789abcdef@asanokai",
    ]
    assert text[-12:] == [
        "BEGIN:VEVENT",
        "UID:other@asanokai",
        "DTSTART:20260312T070000Z",
        "DTEND:20260312T090000Z",
        "SUMMARY:Abgesagt",
        "URL:https://kai.example/meetings/2026-03-12-asanokai",
        "STATUS:CANCELLED",
        "TRANSP:OPAQUE",
        "SEQUENCE:5",
        "DTSTAMP:20260219T080059Z",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    assert [line for line in text if line.startswith(("ATTENDEE", "ORGANIZER", "METHOD"))] == []
