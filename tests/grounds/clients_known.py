"""The programs most people have: Outlook and Exchange, Gmail, Apple's, Thunderbird. Each a function of its own, since
each has habits of its own.
"""

import binascii
from collections.abc import Callable
from datetime import timedelta

from tests.grounds.answering import (
    IU,
    SAGT,
    SAYS,
    TOKYO,
    Answer,
    calendar,
    escaped,
    folded,
    head,
    local,
    multipart,
    part,
    vtimezone,
    z,
)
from tests.grounds.winmail import winmail

# --- Microsoft --------------------------------------------------------------------------------------------------------


def _exchange_event(a: Answer, zone: str, stamp: str, *, language: str = "en-US", mailto: str = "mailto") -> list[str]:
    """No ORGANIZER; the attendee first; times by the sender's zone under a name of Windows."""
    original = [f"X-MS-OLK-ORIGINALSTART;TZID={zone}:{local(a.asked.starts_at)}"] if a.proposed else []
    return [
        f"ATTENDEE;PARTSTAT={a.state};CN={a.asked.attendee_name}:{mailto}:{a.sender}",
        f"COMMENT;LANGUAGE={language}:{escaped(a.comment)}\\n",
        f"UID:{a.asked.uid}",
        f"SUMMARY;LANGUAGE={language}:{SAYS[a.partstat]}: {escaped(a.asked.summary)}",
        f"DTSTART;TZID={zone}:{local(a.starts_at)}",
        f"DTEND;TZID={zone}:{local(a.ends_at)}",
        "CLASS:PUBLIC",
        "PRIORITY:5",
        f"DTSTAMP:{stamp}",
        "TRANSP:OPAQUE",
        "STATUS:CONFIRMED",
        f"SEQUENCE:{a.asked.sequence}",
        f"X-MICROSOFT-CDO-APPT-SEQUENCE:{a.asked.sequence}",
        "X-MICROSOFT-CDO-OWNERAPPTID:0",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
        "X-MICROSOFT-CDO-IMPORTANCE:1",
        "X-MICROSOFT-CDO-INSTTYPE:0",
        "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        *original,
    ]


def _outlook365(a: Answer, zone: str = "W. Europe Standard Time", says: dict[str, str] = SAYS) -> bytes:
    lines = calendar("Microsoft Exchange Server 2010", None, _exchange_event(a, zone, z(a.at)), vtimezone(zone))
    lines.insert(1, f"METHOD:{a.method}")
    parts = [
        part(f"{a.comment}\r\n", 'text/plain; charset="iso-8859-1"', "quoted-printable"),
        part(f"<html><body><p>{a.comment}</p></body></html>", 'text/html; charset="iso-8859-1"', "quoted-printable"),
        part(folded(lines), f'text/calendar; charset="utf-8"; method={a.method}', "base64"),
    ]
    top = head(a, f"{says[a.partstat]}: {a.asked.summary}", "X-MS-Has-Attach:", "X-MS-TNEF-Correlator:")
    return top + multipart("alternative", parts, "_000_AM5P190MB0354A58E34_")


def _outlook_japan(a: Answer) -> bytes:
    """The subject in Japanese, the zone Tokyo's name at Microsoft. Its clock says what Tokyo's says."""
    event = _exchange_event(a, "Tokyo Standard Time", z(a.at), language="ja-JP")
    event = [line.replace(local(a.starts_at), local(a.starts_at, TOKYO)) for line in event]
    event = [line.replace(local(a.ends_at), local(a.ends_at, TOKYO)) for line in event]
    zone = vtimezone("Tokyo Standard Time", "+0900", "+0900")
    lines = calendar("Microsoft Exchange Server 2010", a.method, event, zone)
    parts = [
        part(a.comment.encode("iso2022_jp", errors="replace"), "text/plain; charset=iso-2022-jp"),
        part(folded(lines), f'text/calendar; charset="utf-8"; method={a.method}', "base64"),
    ]
    return head(a, f"{IU[a.partstat]}: {a.asked.summary}") + multipart("alternative", parts, "_000_TYAPR01_")


def _outlook_classic(a: Answer) -> bytes:
    """Outlook for Windows at an IMAP or POP account: its own calendar writer, no VTIMEZONE needed, tabs as folds."""
    event = [
        f"ATTENDEE;PARTSTAT={a.state}:mailto:{a.sender}",
        "CLASS:PUBLIC",
        f"CREATED:{z(a.at)}",
        f"DESCRIPTION:{escaped(a.comment)}\\n",
        f"DTEND:{z(a.ends_at)}",
        f"DTSTAMP:{z(a.at)}",
        f"DTSTART:{z(a.starts_at)}",
        f"LAST-MODIFIED:{z(a.at)}",
        "PRIORITY:5",
        f"SEQUENCE:{a.asked.sequence}",
        f"SUMMARY;LANGUAGE=de:{SAGT[a.partstat]}: {escaped(a.asked.summary)}",
        "TRANSP:OPAQUE",
        f"UID:{a.asked.uid}",
        "X-ALT-DESC;FMTTYPE=text/html:<html><body></body></html>",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
        f"X-MS-OLK-APPTSEQTIME:{z(a.at)}",
        "X-MS-OLK-CONFTYPE:0",
        *([f"X-MS-OLK-ORIGINALSTART:{z(a.asked.starts_at)}"] if a.proposed else []),
    ]
    lines = calendar("-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN", a.method, event)
    lines.insert(4, "X-MS-OLK-FORCEINSPECTOROPEN:TRUE")
    text = folded(lines).replace(b"\r\n ", b"\r\n\t")
    parts = [
        part(f"{a.comment}\r\n", 'text/plain; charset="utf-8"', "quoted-printable"),
        part(text, f'text/calendar; method={a.method}; charset="utf-8"', "7bit"),
    ]
    top = head(a, f"{SAGT[a.partstat]}: {a.asked.summary}", "Thread-Index: AdwQ", agent="Microsoft Outlook 16.0")
    return top + multipart("alternative", parts, "----=_NextPart_000_0001_01DC")


def _outlook_mac(a: Answer) -> bytes:
    event = [
        f"UID:{a.asked.uid}",
        f'ORGANIZER;CN="{a.asked.organizer_name}":mailto:{a.asked.organizer}',
        f'ATTENDEE;CN="{a.asked.attendee_name}";CUTYPE=INDIVIDUAL;PARTSTAT={a.state}',
        f" ;ROLE=REQ-PARTICIPANT:mailto:{a.sender}",
        f"DTSTART;TZID=W. Europe Standard Time:{local(a.starts_at)}",
        f"DTEND;TZID=W. Europe Standard Time:{local(a.ends_at)}",
        f"DTSTAMP:{z(a.at)}",
        f"SEQUENCE:{a.asked.sequence}",
        *([f"COMMENT:{escaped(a.comment)}"] if a.comment else []),
    ]
    prodid = "-//Microsoft Corporation//Microsoft Outlook 16.0.0//EN"
    lines = calendar(prodid, a.method, event, vtimezone("W. Europe Standard Time"))
    text = "\r\n".join(lines)
    parts = [
        part("", 'text/plain; charset="UTF-8"'),
        part(text, f'text/calendar; name="meeting.ics"; charset="UTF-8"; method={a.method}', "quoted-printable"),
    ]
    top = head(a, f"{SAYS[a.partstat]}: {a.asked.summary}", "User-Agent: Microsoft-MacOutlook/16.78")
    return top + multipart("alternative", parts, "B_3791_")


def _exchange2007(a: Answer) -> bytes:
    """A zone by a name that nobody else knows, MAILTO in capitals, and the calendar the only part there is."""
    zone = "(GMT+01.00) Sarajevo/Warsaw/Zagreb"
    event = _exchange_event(a, f'"{zone}"', z(a.at), mailto="MAILTO")
    lines = calendar("Microsoft CDO for Microsoft Exchange", a.method, event, vtimezone(zone))
    body = part(
        folded(lines), f'text/calendar; method={a.method}; charset="utf-8"', "8bit", "Content-class: urn:content"
    )
    return head(a, f"{SAYS[a.partstat]}: {a.asked.summary}", agent="Microsoft Exchange V6.5") + body


def _outlook_winmail(a: Answer) -> bytes:
    """Rich text to the outside: no calendar part at all, everything in a winmail.dat."""
    parts = [
        part(f"{a.comment}\r\n", 'text/plain; charset="us-ascii"'),
        part(
            winmail(a.partstat, uid=a.asked.uid, starts_at=a.asked.starts_at, sender=a.sender, stamped_at=a.at),
            'application/ms-tnef; name="winmail.dat"',
            "base64",
            'Content-Disposition: attachment; filename="winmail.dat"',
        ),
    ]
    return head(a, f"{SAYS[a.partstat]}: {a.asked.summary}") + multipart("mixed", parts, "_NextPart_TNEF_")


# --- Google, Apple, Mozilla -------------------------------------------------------------------------------------------


def _google_event(a: Answer) -> list[str]:
    comment = f';X-RESPONSE-COMMENT="{a.comment}"' if a.comment else ""
    return [
        f"DTSTART:{z(a.starts_at)}",
        f"DTEND:{z(a.ends_at)}",
        f"DTSTAMP:{z(a.at)}",
        f"ORGANIZER;CN={a.asked.organizer_name}:mailto:{a.asked.organizer}",
        f"UID:{a.asked.uid}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={a.state};CN={a.asked.attendee_name}"
        f";X-NUM-GUESTS=0{comment}:mailto:{a.sender}",
        f"CREATED:{z(a.asked.starts_at - timedelta(days=30))}",
        "DESCRIPTION:",
        f"LAST-MODIFIED:{z(a.at)}",
        f"SEQUENCE:{a.asked.sequence}",
        "STATUS:CONFIRMED",
        f"SUMMARY:{escaped(a.asked.summary)}",
        "TRANSP:OPAQUE",
        "BEGIN:VALARM",
        "ACTION:EMAIL",
        f"ATTENDEE:mailto:someone.else@{a.sender.rpartition('@')[2]}",
        "TRIGGER:-P0DT0H10M0S",
        "END:VALARM",
    ]


def _gmail(a: Answer) -> bytes:
    """Every answer is `Auto-Submitted`, and is labelled as REPLY even where it is a COUNTER."""
    text = folded(calendar("-//Google Inc//Google Calendar 70.9054//EN", a.method, _google_event(a)))
    said = f"{a.asked.attendee_name} has {SAYS[a.partstat].lower()} this invitation.\r\n"
    spoken = [
        part(said, 'text/plain; charset="UTF-8"; format=flowed; delsp=yes', "base64"),
        part(f"<div>{said}</div>", 'text/html; charset="UTF-8"', "quoted-printable"),
        part(text, 'text/calendar; charset="UTF-8"; method=REPLY', "7bit"),
    ]
    parts = [
        multipart("alternative", spoken, "0000000000008c6d6005be1c767c"),
        part(
            text,
            'application/ics; name="invite.ics"',
            "base64",
            'Content-Disposition: attachment; filename="invite.ics"',
        ),
    ]
    top = head(
        a,
        f"{SAYS[a.partstat]}: {a.asked.summary} @ Thu Mar 12, 2026 8am ({a.asked.attendee})",
        "Auto-Submitted: auto-generated",
        "Sender: Google Calendar <calendar-notification@google.com>",
        f"Reply-To: {a.sender}",
    )
    return top + multipart("mixed", parts, "0000000000008c6d6205be1c767e")


def _apple_event(a: Answer) -> list[str]:
    return [
        f"SEQUENCE:{a.asked.sequence}",
        f"DTSTART;TZID=Europe/Berlin:{local(a.starts_at)}",
        f"UID:{a.asked.uid}",
        f'ORGANIZER;CN="{a.asked.organizer_name}":mailto:{a.asked.organizer}',
        f"DTSTAMP:{z(a.at)}",
        f"SUMMARY:{escaped(a.asked.summary)}",
        f'ATTENDEE;CN="{a.asked.attendee_name}";CUTYPE=INDIVIDUAL;EMAIL="{a.sender}";PARTSTAT={a.state}'
        f";ROLE=REQ-PARTICIPANT:mailto:{a.sender}",
        f"CREATED:{z(a.at)}",
        f"DTEND;TZID=Europe/Berlin:{local(a.ends_at)}",
        *([f"COMMENT:{escaped(a.comment)}"] if a.comment else []),
    ]


def _apple(a: Answer) -> bytes:
    """Apple Mail: no `method=`, quoted-printable with every line break encoded, the calendar between pieces of HTML."""
    text = folded(calendar("-//Apple Inc.//macOS 14.4//EN", a.method, _apple_event(a), vtimezone("Europe/Berlin")))
    calendar_part = (
        b"Content-Disposition: attachment;\r\n\tfilename=iCal-20260305-080000.ics\r\nContent-Type: text/calendar;\r\n"
        b'\tx-unix-mode=0644;\r\n\tname="iCal-20260305-080000.ics"\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + binascii.b2a_qp(text, istext=False).replace(b"=0D=0A", b"=0D=0A=\n").replace(b"=\n=\n", b"=\n")
    )
    inner = [
        part("<html><body>", "text/html; charset=us-ascii"),
        calendar_part,
        part("</body></html>", "text/html; charset=us-ascii"),
    ]
    said = f"{a.asked.attendee_name} has {SAYS[a.partstat].lower()} your invitation."
    parts = [
        part(said, "text/plain; charset=us-ascii; format=flowed; delsp=yes"),
        multipart("mixed", inner, "Apple-Mail-2--253014167"),
    ]
    top = head(a, f"{SAYS[a.partstat]}: {a.asked.summary}", "X-Mail-Calendar-Part: Yes", agent="Apple Mail (2.3774)")
    return top + multipart("alternative", parts, "Apple-Mail-1--253014167")


def _ios(a: Answer) -> bytes:
    lines = calendar("-//Apple Inc.//iPhone OS 17.4//EN", a.method, _apple_event(a))
    parts = [
        part("\r\n\r\nVon meinem iPhone gesendet\r\n", "text/plain; charset=utf-8"),
        part(
            folded(lines),
            'text/calendar; name="meeting.ics"',
            "base64",
            "Content-Disposition: attachment; filename=meeting.ics",
        ),
    ]
    return head(a, f"{SAGT[a.partstat]}: {a.asked.summary}", agent="iPhone Mail (21E219)") + multipart(
        "mixed", parts, "Apple-Mail-A"
    )


def _icloud(a: Answer) -> bytes:
    """Apple's server: the attendee is a number, the address stands beside it."""
    event = [
        line.replace(f":mailto:{a.sender}", ":urn:uuid:00000000-0000-4000-8000-000000000007")
        for line in _apple_event(a)
    ]
    event = [line.replace("PARTSTAT=", "SCHEDULE-STATUS=2.0;PARTSTAT=") for line in event]
    text = folded(calendar("-//CALENDARSERVER.ORG//NONSGML Version 1//EN", a.method, event))
    parts = [
        part(SAYS[a.partstat], "text/plain; charset=utf-8"),
        part(text, f"text/calendar; charset=utf-8; method={a.method}", "quoted-printable"),
    ]
    return head(a, f"Re: {a.asked.summary}") + multipart("alternative", parts, "=_icloud")


def _thunderbird(a: Answer) -> bytes:
    event = [
        f"CREATED:{z(a.asked.starts_at - timedelta(days=30))}",
        f"LAST-MODIFIED:{z(a.at)}",
        f"DTSTAMP:{z(a.at)}",
        f"UID:{a.asked.uid}",
        f"SUMMARY:{escaped(a.asked.summary)}",
        f"ORGANIZER;RSVP=TRUE;CN={a.asked.organizer_name};PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:{a.asked.organizer}",
        f"ATTENDEE;RSVP=TRUE;CN={a.asked.attendee_name};PARTSTAT={a.state};ROLE=REQ-PARTICIPANT:mailto:{a.sender}",
        f"DTSTART;TZID=Europe/Berlin:{local(a.starts_at)}",
        f"DTEND;TZID=Europe/Berlin:{local(a.ends_at)}",
        f"SEQUENCE:{a.asked.sequence}",
        f"X-MOZ-RECEIVED-SEQUENCE:{a.asked.sequence}",
        f"X-MOZ-RECEIVED-DTSTAMP:{z(a.at - timedelta(days=1))}",
        "X-MOZ-GENERATION:1",
        *([f"COMMENT:{escaped(a.comment)}"] if a.comment else []),
    ]
    text = folded(
        calendar("-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", a.method, event, vtimezone("Europe/Berlin"))
    )
    spoken = [
        part(
            f"{a.asked.attendee_name} <{a.sender}> hat Ihre Termineinladung angenommen.",
            "text/plain; charset=UTF-8; format=flowed",
        ),
        part(text, f"text/calendar; method={a.method}; charset=UTF-8", "8bit"),
    ]
    parts = [
        multipart("alternative", spoken, "------------Boundary_(ID_qyG4ZdjoAsiZ+Jo19dCbWQ)"),
        part(
            text, 'application/ics; name="invite.ics"', "8bit", "Content-Disposition: attachment; filename=invite.ics"
        ),
    ]
    top = head(a, f"Re: {a.asked.summary}", "User-Agent: Mozilla Thunderbird")
    return top + multipart("mixed", parts, "------------nO4nsense")


def _plain(a: Answer) -> bytes:
    """What the RFCs say, and nothing else."""
    event = [
        f"UID:{a.asked.uid}",
        f"SEQUENCE:{a.asked.sequence}",
        f"DTSTAMP:{z(a.at)}",
        f"DTSTART:{z(a.starts_at)}",
        f"ORGANIZER:mailto:{a.asked.organizer}",
        f"ATTENDEE;PARTSTAT={a.state}:mailto:{a.sender}",
        *([f"COMMENT:{escaped(a.comment)}"] if a.comment else []),
    ]
    text = folded(calendar("-//Example//EN", a.method, event))
    return head(a, f"Re: {a.asked.summary}") + part(text, f"text/calendar; charset=utf-8; method={a.method}", "8bit")


KNOWN: dict[str, Callable[[Answer], bytes]] = {
    "outlook365": _outlook365,
    "outlook_japan": _outlook_japan,
    "outlook_classic": _outlook_classic,
    "outlook_mac": _outlook_mac,
    "exchange2007": _exchange2007,
    "outlook_winmail": _outlook_winmail,
    "gmail": _gmail,
    "apple": _apple,
    "ios": _ios,
    "icloud": _icloud,
    "thunderbird": _thunderbird,
    "plain": _plain,
}

COUNTERING = (
    "outlook365",
    "outlook_japan",
    "outlook_classic",
    "outlook_mac",
    "exchange2007",
    "gmail",
    "thunderbird",
    "plain",
)
