"""Calendar text as clients send it → what it says (RFC 5545, 5546). Pure, tolerant, bounded; knows no table.

The ICS is believed, not the part's `method=`: Google labels a COUNTER as REPLY, Apple gives none.

    contentlines  the text → components and properties
    moments       times and zones → moments
    winmail       winmail.dat → the same as said here
"""

import html
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote

from asanokai.intake import contentlines, winmail
from asanokai.intake.contentlines import Component, Property
from asanokai.intake.headers import unbased
from asanokai.intake.moments import Zones, moment, zones_of
from asanokai.intake.opened import MOST_CALENDAR, MOST_EVENTS, Opened, Part

MOST_ATTENDEES = 200
LONGEST_COMMENT = 2000
LONGEST = 500

_UNTOLD = b"QkVHSU46VkNBTEVO"
"""BEGIN:VCALEN in base64: some encode the text, and do not say so."""

ANSWERS = ("ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED")
METHODS = ("REQUEST", "REPLY", "COUNTER", "DECLINECOUNTER", "CANCEL", "PUBLISH", "REFRESH", "ADD")


@dataclass(frozen=True)
class Attendee:
    """Who answers: address in lower case ("" if none can be read), PARTSTAT in capitals, NEEDS-ACTION without.

    `guests`: how many come along (X-NUM-GUESTS, as Google sends it), None where it is not said.
    """

    address: str
    partstat: str
    name: str = ""
    delegated_to: str = ""
    sent_by: str = ""
    guests: int | None = None


@dataclass(frozen=True)
class Said:
    """What one VEVENT says. Moments are aware, None where missing or unreadable. `attendee` is None without ATTENDEE.

    `method` in capitals, from the calendar, else from the part, else REPLY where an answer stands in it. `comment`:
    COMMENT, else X-RESPONSE-COMMENT, else "". `proposed_at`: the start a COUNTER asks for; its `starts_at` is then the
    start it was asked for, where that is told. `attendees`: all of them, since some name others too; `attendee` is the
    one that answers, as far as can be seen. `occurrence` is a RECURRENCE-ID. `source`: ics or tnef; of a winmail.dat
    the message class tells the PARTSTAT, and `uid` and `attendee`'s address may be missing.
    """

    method: str
    uid: str
    attendee: Attendee | None
    sequence: int | None = None
    stamped_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    organizer: str = ""
    comment: str = ""
    proposed_at: datetime | None = None
    source: str = "ics"
    attendees: tuple[Attendee, ...] = ()
    occurrence: str = ""


def said(mail: Opened) -> list[Said]:
    """What the mail's own calendar parts and winmail.dat say; the same twice is said once. Never raises."""
    found: dict[tuple[object, ...], Said] = {}
    size = 0
    for part in mail.own_parts:
        if part.is_calendar:
            size += len(part.content)
            each = _of_calendar(part, mail.author) if size <= MOST_CALENDAR * 2 else []
        elif winmail.is_winmail(part):
            each = _of_winmail(part)
        else:
            continue
        for one in each:
            who = one.attendee
            key = (one.method, one.uid, one.occurrence, who and (who.address, who.partstat))
            found.setdefault(key, one)
    # A winmail.dat beside a calendar says the same with less: it may not know which meeting.
    plain = [one for one in found.values() if one.source == "ics"]
    return (plain or list(found.values()))[:MOST_EVENTS]


def _of_calendar(part: Part, author: str) -> list[Said]:
    if len(part.content) > MOST_CALENDAR:
        return []
    labelled = part.parameters.get("method", "").strip().upper()
    content = unbased(part.content) if part.content.lstrip()[:16] == _UNTOLD else part.content
    found: list[Said] = []
    for calendar in contentlines.calendars(content, part.parameters.get("charset")):
        zones = zones_of(calendar)
        events = [event for event in calendar.inner if event.name == "VEVENT"]
        found += [_event(event, calendar, zones, labelled, author) for event in events[: MOST_EVENTS - len(found)]]
    return found


def _of_winmail(part: Part) -> list[Said]:
    answer = winmail.read(part.content)
    if answer is None:
        return []
    who = Attendee(answer.sender, answer.partstat)
    method = "COUNTER" if answer.proposed_at else "REPLY"
    return [
        Said(
            method=method,
            uid=answer.uid,
            attendee=who,
            stamped_at=answer.stamped_at,
            starts_at=answer.starts_at,
            proposed_at=answer.proposed_at,
            source="tnef",
            attendees=(who,),
        )
    ]


def _event(event: Component, calendar: Component, zones: Zones, labelled: str, author: str) -> Said:
    lines = event.all("ATTENDEE")[:MOST_ATTENDEES]
    attendees = tuple(_attendee(line) for line in lines)
    organizer = _address(line) if (line := event.get("ORGANIZER")) else ""
    chairs = {
        _address(line) for line in event.all("ATTENDEE")[:MOST_ATTENDEES] if line.first("ROLE").upper() == "CHAIR"
    }
    who = _answering(attendees, author, frozenset((chairs | {organizer}) - {""}))
    method = _method(calendar, event, labelled, who, attendees)
    starts_at = moment(event.get("DTSTART"), zones)
    result = Said(
        method=method,
        uid=contentlines.unescaped(event.value("UID"))[:LONGEST],
        attendee=who,
        sequence=_number(event.value("SEQUENCE")),
        stamped_at=moment(event.get("DTSTAMP"), zones, floating=UTC),
        starts_at=starts_at,
        ends_at=moment(event.get("DTEND"), zones),
        organizer=organizer,
        comment=_comment(event),
        attendees=attendees,
        occurrence=event.value("RECURRENCE-ID")[:LONGEST],
    )
    return _countered(result, event, zones) if method == "COUNTER" else result


def _countered(result: Said, event: Component, zones: Zones) -> Said:
    original = event.get("X-MS-OLK-ORIGINALSTART") or event.get("X-MICROSOFT-ORIGINALSTART")
    return replace(result, proposed_at=result.starts_at, starts_at=moment(original, zones))


def _method(
    calendar: Component, event: Component, labelled: str, who: Attendee | None, all_: tuple[Attendee, ...]
) -> str:
    for said in (calendar.value("METHOD"), event.value("METHOD"), labelled):
        word = re.sub(r"[^A-Z].*", "", said.strip().strip("\"'").upper())
        if word in METHODS:
            return word
    # Who names no method answers if one alone stands in it, with an answer. Organizers send many, or a file to keep.
    return "REPLY" if who is not None and len(all_) == 1 and who.partstat in ANSWERS else ""


def _answering(attendees: tuple[Attendee, ...], author: str, chairs: frozenset[str]) -> Attendee | None:
    """The attendee who answers: who wrote the mail, if it is one with an answer; else the first with one, else the one
    who wrote. The organizer never: some programs name that one too, as having accepted."""
    guests = [who for who in attendees if who.address not in chairs] or list(attendees)
    answered = [who for who in guests if who.partstat in ANSWERS]
    written = [who for who in guests if who.address and author in (who.address, who.sent_by)]
    both = [who for who in written if who in answered]
    return next(iter([*both, *answered, *written, *guests]), None)


_STATES = {"CONFIRMED": "ACCEPTED", "ACCEPT": "ACCEPTED", "DECLINE": "DECLINED", "NEEDS ACTION": "NEEDS-ACTION"}
"""What older programs (vCalendar 1.0) and careless ones write for it."""


def _attendee(line: Property) -> Attendee:
    state = (line.first("PARTSTAT") or line.first("STATUS")).strip("\"' ").upper()[:40]
    return Attendee(
        address=_address(line),
        partstat=_STATES.get(state, state) or "NEEDS-ACTION",
        name=line.first("CN")[:LONGEST],
        delegated_to=_bare(line.first("DELEGATED-TO")),
        sent_by=_bare(line.first("SENT-BY")),
        guests=_number(line.first("X-NUM-GUESTS")),
    )


_ADDRESS = re.compile(r"[^\s<>\"';:,()@]{1,64}@[^\s<>\"';:,()@?]{1,255}")


def _address(line: Property) -> str:
    """The address of an ATTENDEE or ORGANIZER; of those that hide it (X.400, UUIDs, "invalid:nomail") the EMAIL."""
    return _bare(line.value) or _bare(line.first("EMAIL")) or _bare(line.first("X-EMAIL")) or _bare(line.first("CN"))


def _bare(text: str) -> str:
    """The address in a mailto: link, in <…>, or as it is; "" if there is none."""
    plain = re.sub(r"\s+", "", unquote(text[:1000])) if "<" not in text else text[:1000]
    if plain.lower().startswith(("invalid:", "urn:", "/o=", "/cn=")):
        return ""
    found = _ADDRESS.search(re.sub(r"(?i)mailto:", " ", plain))
    return found[0].lower() if found else ""


def _number(text: str) -> int | None:
    found = re.match(r"\s*\"?\+?(\d{1,9})", text, re.ASCII)
    return int(found[1]) if found else None


def _comment(event: Component) -> str:
    texts = [line.text.strip() for name in ("COMMENT", "X-RESPONSE-COMMENT") for line in event.all(name)]
    # Google writes it into the attendee's line, as HTML and with the escapes of a text.
    said = [line.first("X-RESPONSE-COMMENT") for line in event.all("ATTENDEE")[:MOST_ATTENDEES]]
    texts += [html.unescape(contentlines.unescaped(text)).strip() for text in said]
    return next((text for text in texts if text), "").strip()[:LONGEST_COMMENT]
