"""What an invitation asked, what its reader pressed, and the pieces that answers by mail are put together from."""

import base64
import quopri
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True)
class Asked:
    """What an invitation says that an answer says again."""

    uid: str
    organizer: str
    attendee: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str = "Asa no Kai"
    organizer_name: str = "Asa no Kai"
    attendee_name: str = "Katrin Vogel"
    recipient: str = ""
    message_id: str = ""

    @classmethod
    def of(cls, raw: bytes) -> "Asked":
        """From the mail that was sent, or from its calendar text alone."""
        letter = message_from_bytes(raw, policy=policy.default)
        part = next((part for part in letter.walk() if part.get_content_type() == "text/calendar"), None)
        event = Calendar.from_ical(part.get_payload(decode=True) if part else raw).walk("VEVENT")[0]
        organizer, attendee = event["organizer"], event["attendee"]
        return cls(
            uid=str(event["uid"]),
            organizer=str(organizer).partition(":")[2],
            attendee=str(attendee).partition(":")[2],
            sequence=int(event["sequence"]),
            starts_at=event["dtstart"].dt.astimezone(UTC),
            ends_at=event["dtend"].dt.astimezone(UTC),
            summary=str(event["summary"]),
            organizer_name=str(organizer.params.get("CN", "")),
            attendee_name=str(attendee.params.get("CN", "")),
            message_id=str(letter["message-id"] or ""),
        )


def asked(**changed: object) -> Asked:
    """An invitation out of nothing, for tests that read only."""
    usual = Asked(
        uid="meeting-7@asanokai.example",
        organizer="rsvp+dafybeigdyrzt5sfp7@asanokai.example",
        attendee="katrin@jena.example",
        sequence=2,
        starts_at=datetime(2026, 3, 12, 7, 0, tzinfo=UTC),
        ends_at=datetime(2026, 3, 12, 8, 30, tzinfo=UTC),
    )
    return replace(usual, **changed)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Answer:
    """What the user pressed. `at` is the DTSTAMP and Date; `sender` the address that writes and answers."""

    asked: Asked
    partstat: str
    at: datetime
    comment: str = ""
    proposed: datetime | None = None
    sender: str = ""

    @property
    def method(self) -> str:
        return "COUNTER" if self.partstat == "COUNTER" else "REPLY"

    @property
    def state(self) -> str:
        return "TENTATIVE" if self.partstat == "COUNTER" else self.partstat

    @property
    def starts_at(self) -> datetime:
        return self.proposed or self.asked.starts_at

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + (self.asked.ends_at - self.asked.starts_at)


# --- pieces -----------------------------------------------------------------------------------------------------------


def z(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def local(moment: datetime, zone: ZoneInfo = BERLIN) -> str:
    return moment.astimezone(zone).strftime("%Y%m%dT%H%M%S")


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")


def folded(lines: Sequence[str], *, end: str = "\r\n", width: int = 75, octets: bool = True) -> bytes:
    """Lines folded at `width`, by octets even within a character, or by characters."""
    out = []
    for line in lines:
        text: bytes | str = line.encode() if octets else line
        pieces = [text[:width], *(text[at : at + width - 1] for at in range(width, len(text), width - 1))]
        out.append((end + " ").encode().join(p if isinstance(p, bytes) else p.encode() for p in pieces))
    return end.encode().join([*out, b""])


def vtimezone(name: str, standard: str = "+0100", daylight: str = "+0200", *, year: str = "1601") -> list[str]:
    """A zone as Microsoft writes it; Berlin's rules unless told otherwise, none where both offsets are the same."""
    rule = "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH="
    changes = standard != daylight
    return [
        "BEGIN:VTIMEZONE",
        f"TZID:{name}",
        "BEGIN:STANDARD",
        f"DTSTART:{year}0101T030000",
        f"TZOFFSETFROM:{daylight}",
        f"TZOFFSETTO:{standard}",
        *([f"{rule}10"] if changes else []),
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        f"DTSTART:{year}0101T020000",
        f"TZOFFSETFROM:{standard}",
        f"TZOFFSETTO:{daylight}",
        *([f"{rule}3"] if changes else []),
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    ]


def calendar(prodid: str, method: str | None, event: Sequence[str], before: Sequence[str] = ()) -> list[str]:
    return [
        "BEGIN:VCALENDAR",
        f"PRODID:{prodid}",
        "VERSION:2.0",
        "CALSCALE:GREGORIAN",
        *([f"METHOD:{method}"] if method else []),
        *before,
        "BEGIN:VEVENT",
        *event,
        "END:VEVENT",
        "END:VCALENDAR",
    ]


SAYS = {"ACCEPTED": "Accepted", "TENTATIVE": "Tentative", "DECLINED": "Declined", "COUNTER": "New Time Proposed"}
SAGT = {"ACCEPTED": "Zugesagt", "TENTATIVE": "Mit Vorbehalt", "DECLINED": "Abgelehnt", "COUNTER": "Neue Zeit"}
IU = {"ACCEPTED": "承諾", "TENTATIVE": "仮承諾", "DECLINED": "辞退", "COUNTER": "別の時刻の提案"}


def head(a: Answer, subject: str, *more: str, agent: str = "") -> bytes:
    """The headers every answer has. None has In-Reply-To."""
    lines = [
        f'From: "{a.asked.attendee_name}" <{a.sender}>',
        f"To: {a.asked.organizer_name} <{a.asked.recipient or a.asked.organizer}>",
        f"Subject: {_word(subject)}",
        f"Date: {format_datetime(a.at)}",
        f"Message-ID: <{uuid.uuid5(uuid.NAMESPACE_URL, repr(a))}@{a.sender.rpartition('@')[2]}>",
        *([f"X-Mailer: {agent}"] if agent else []),
        "MIME-Version: 1.0",
        *more,
    ]
    return "\r\n".join([*lines, ""]).encode()


def _word(text: str) -> str:
    return text if text.isascii() else f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def part(content: bytes | str, kind: str, encoding: str = "7bit", *more: str) -> bytes:
    """A part with its own head."""
    data = content.encode() if isinstance(content, str) else content
    if encoding == "base64":
        data = base64.encodebytes(data).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        data = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    headers = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *more, "", ""]
    return "\r\n".join(headers).encode() + data


def multipart(kind: str, parts: Sequence[bytes], boundary: str) -> bytes:
    lines = [f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()]
    lines += [f"--{boundary}\r\n".encode() + each + b"\r\n" for each in parts]
    return b"".join([*lines, f"--{boundary}--\r\n".encode()])
