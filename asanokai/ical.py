"""Values → calendar text: a mailed REQUEST or CANCEL for one reader (RFC 5546), and a feed (RFC 5545, RFC 7986).

One VEVENT with its own UID per mail, times in UTC, one ATTENDEE: the reader. What all readers of an entry share is laid
out once by the icalendar library; per reader four lines are put in, since building the whole anew takes 1 ms. Knows no
table and sends nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from icalendar import Calendar, Event, vText

PRODID = "-//Asa no Kai//asanokai//EN"
LONGEST = 75
"""Octets in a line, its CRLF not counted (RFC 5545 3.1)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u0085\u2028\u2029]")
_OWN_LINES = b"\r\nX-OWN-LINES:1\r\n"
"""Stands in the shared lines where the reader's go. No text can contain it: a folded line goes on with a space."""


@dataclass(frozen=True)
class Entry:
    """What a meeting's entry says to everybody. Times are aware; `status` is CONFIRMED or CANCELLED."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str
    description: str
    url: str
    status: str = "CONFIRMED"


@dataclass(frozen=True)
class Reader:
    """Whom the mail goes to, and the address answers come back to. `partstat` is what the reader has answered."""

    organizer_name: str
    organizer: str
    name: str
    address: str
    partstat: str = "NEEDS-ACTION"


class Mailed:
    """An entry on its way by mail with a METHOD: REQUEST or CANCEL. Raises TypeError for naive times."""

    def __init__(self, entry: Entry, method: str) -> None:
        self.method = method
        self.entry = entry
        calendar = _calendar()
        calendar.add("method", method)
        event = _event(entry)
        event.add("x-own-lines", "1")
        event.add("x-microsoft-disallow-counter", "TRUE")
        calendar.add_component(event)
        before, mark, after = _text(calendar).partition(_OWN_LINES)
        assert mark, "the mark of the reader's lines is gone"
        self._before, self._after = before + b"\r\n", after

    def for_reader(self, reader: Reader, *, sequence: int, stamp: datetime) -> bytes:
        """The calendar text for one reader. `stamp` (aware) is its DTSTAMP."""
        asks = ";RSVP=TRUE" if self.method == "REQUEST" else ""
        own = (
            f"SEQUENCE:{sequence:d}",
            f"DTSTAMP:{_utc(stamp)}",
            f"ORGANIZER;CN={_quoted(reader.organizer_name)}:mailto:{_address(reader.organizer)}",
            f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={reader.partstat}{asks}"
            f";CN={_quoted(reader.name)}:mailto:{_address(reader.address)}",
        )
        return b"".join((self._before, *(_folded(line) for line in own), self._after))


def feed(entries: Iterable[tuple[Entry, int, datetime]], *, name: str, refresh_hours: int = 12) -> bytes:
    """A calendar to subscribe to: entries with their SEQUENCE and DTSTAMP, nobody's address in it."""
    calendar = _calendar()
    called = vText(" ".join(_clean(name).split()))
    calendar.add("name", called)
    # The library knows no type for it and would write it unescaped.
    calendar.add("x-wr-calname", called)
    calendar.add("refresh-interval", timedelta(hours=refresh_hours))
    calendar["refresh-interval"].params["VALUE"] = "DURATION"
    calendar.add("x-published-ttl", f"PT{refresh_hours}H")
    for entry, sequence, stamp in entries:
        event = _event(entry)
        event.add("sequence", sequence)
        event.add("dtstamp", _aware(stamp))
        calendar.add_component(event)
    return _text(calendar)


def printable_name(name: str) -> str:
    """A name without control characters and double quotes: no CN may hold them (RFC 5545 3.2)."""
    return " ".join(_clean(name).replace("\n", " ").replace("\t", " ").replace('"', "'").split())


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstart", _aware(entry.starts_at))
    event.add("dtend", _aware(entry.ends_at))
    event.add("summary", _clean(entry.summary))
    if entry.location:
        event.add("location", _clean(entry.location))
    if entry.description:
        event.add("description", _clean(entry.description))
    event.add("url", _clean(entry.url))
    event.add("status", entry.status)
    event.add("transp", "OPAQUE")
    return event


def _text(calendar: Calendar) -> bytes:
    return bytes(calendar.to_ical(sorted=False))


def _clean(words: str) -> str:
    return _CONTROL.sub(" ", words.replace("\r\n", "\n").replace("\r", "\n"))


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise TypeError("naive datetime refused: give it a zone")
    return moment.astimezone(UTC).replace(microsecond=0)


def _utc(moment: datetime) -> str:
    return _aware(moment).strftime("%Y%m%dT%H%M%SZ")


def _quoted(name: str) -> str:
    # A circumflex begins an escape in a parameter (RFC 6868 3.1): "^n" would be read as a line's end. A backslash
    # begins none, but readers take it for one, each as it likes.
    return f'"{printable_name(name.replace(chr(92), "")).replace("^", "^^")}"'


def _address(address: str) -> str:
    """An address as the path of a mailto: link (RFC 6068 2)."""
    return quote(address, safe="!$&'()*+,;=:@-._~")


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets, no character cut in two (RFC 5545 3.1)."""
    octets = line.encode()
    if len(octets) <= LONGEST:
        return octets + b"\r\n"
    pieces, room = [], LONGEST
    while len(octets) > room:
        end = room
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[:end])
        octets, room = octets[end:], LONGEST - 1
    return b"\r\n ".join([*pieces, octets]) + b"\r\n"
