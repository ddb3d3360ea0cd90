"""The many other programs and servers, each as a line of habits: what its calendar holds, what its mail looks like.

What is written of each is what was reported of it; where nobody described one in full it has the habits of its kind.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from tests.grounds.answering import (
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


@dataclass(frozen=True)
class Habits:
    """How a program writes an answer.

    `attendee` is its ATTENDEE line up to the address, with {state} and {name}; `times` the way it writes DTSTART: utc,
    olson, quoted, windows, custom, tokyo, floating. `shape`: alone, alternative, mixed, attached (a file beside the
    text), doubled (as text and as file). `more` and `first` are lines of its events; `fold` is where it folds, by
    octets or characters, `end` its line end.
    """

    prodid: str
    attendee: str = 'ATTENDEE;PARTSTAT={state};CN="{name}":mailto:'
    times: str = "utc"
    shape: str = "alternative"
    kind: str = "text/calendar; charset=UTF-8; method={method}"
    encoding: str = "base64"
    organizer: str = 'ORGANIZER;CN="{organizer_name}":mailto:'
    first: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    stamp: str = "{stamp}"
    sequence: bool = True
    method: bool = True
    end: str = "\r\n"
    fold: int = 75
    octets: bool = True
    charset: str = "utf-8"
    says: str = "text/plain; charset=utf-8"
    sender: str = ""
    headers: tuple[str, ...] = ()
    comment: str = "COMMENT:{comment}"


def _start(a: Answer, how: str) -> list[str]:
    zones = {
        "utc": ("", None),
        "olson": (";TZID=Europe/Berlin", vtimezone("Europe/Berlin")),
        "long": (
            ";TZID=/freeassociation.sourceforge.net/Europe/Berlin",
            vtimezone("/freeassociation.sourceforge.net/Europe/Berlin"),
        ),
        "quoted": (';TZID="Europe/Berlin"', vtimezone("Europe/Berlin")),
        "windows": (";TZID=W. Europe Standard Time", None),
        "custom": (';TZID="(UTC+01:00) Amsterdam, Berlin"', vtimezone("(UTC+01:00) Amsterdam, Berlin")),
        "notes": (';TZID="Westeuropa"', vtimezone("Westeuropa", year="1950")),
        "tokyo": (";TZID=Asia/Tokyo", None),
        "floating": ("", vtimezone("Europe/Berlin")),
    }
    name, zone = zones[how]
    clock = (lambda m: local(m, TOKYO)) if how == "tokyo" else z if how == "utc" else local
    return [*(zone or []), f"DTSTART{name}:{clock(a.starts_at)}", f"DTEND{name}:{clock(a.ends_at)}"]


def _text(h: Habits, a: Answer) -> bytes:
    names = {"state": a.state, "name": a.asked.attendee_name, "organizer_name": a.asked.organizer_name}
    said = _start(a, h.times)
    zone, times = said[:-2], said[-2:]
    comment = [h.comment.format(comment=escaped(a.comment))] if a.comment and h.comment else []
    event = [
        *h.first,
        *times,
        f"UID:{a.asked.uid}",
        f"DTSTAMP:{h.stamp.format(stamp=z(a.at), local=local(a.at), bare=z(a.at)[:-1])}",
        *([f"SEQUENCE:{a.asked.sequence}"] if h.sequence else []),
        *([h.organizer.format(**names) + a.asked.organizer] if h.organizer else []),
        *(line for line in (h.attendee.format(**names) + a.sender).split("\n")),
        f"SUMMARY:{escaped(a.asked.summary)}",
        *comment,
        *h.more,
    ]
    lines = calendar(h.prodid, a.method if h.method else None, event, zone)
    text = folded(lines, end=h.end, width=h.fold, octets=h.octets)
    return text if h.charset == "utf-8" else text.decode().encode(h.charset, errors="replace")


def _mail(h: Habits, a: Answer) -> bytes:
    text = _text(h, a)
    kind = h.kind.format(method=a.method, lower=a.method.lower())
    words = part(f"{SAYS[a.partstat]}: {a.asked.summary}\r\n", h.says)
    file = 'Content-Disposition: attachment; filename="invite.ics"'
    headers = tuple(line.format(sender=a.sender) for line in h.headers)
    top = head(replace(a, sender=h.sender or a.sender), f"{SAGT[a.partstat]}: {a.asked.summary}", *headers)
    if h.shape == "alone":
        return top + part(text, kind, h.encoding)
    if h.shape == "attached":
        return top + multipart("mixed", [words, part(text, kind, h.encoding, file)], "=_attached")
    if h.shape == "doubled":
        spoken = multipart("alternative", [words, part(text, kind, h.encoding)], "=_spoken")
        again = part(text, 'application/ics; name="invite.ics"', "base64", file)
        return top + multipart("mixed", [spoken, again], "=_doubled")
    return top + multipart(h.shape, [words, part(text, kind, h.encoding)], "=_usual")


_NAMED = 'ATTENDEE;CN="{name}";CUTYPE=INDIVIDUAL;PARTSTAT={state};ROLE=REQ-PARTICIPANT:mailto:'
_CHAIR = 'ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED;CN="{organizer_name}";RSVP=FALSE:mailto:chair@asanokai.example'
_ICS = 'application/octet-stream; name="reply.ics"'

HABITS = {
    "yahoo": Habits("-//Yahoo//Calendar//EN", _NAMED, "olson", "mixed", more=("CLASS:PUBLIC", "X-YAHOO-YID:katrin")),
    "yahoo_japan": Habits(
        "-//Yahoo Japan Corporation//Calendar//JA", times="tokyo", shape="attached", kind=_ICS, method=False
    ),
    "evolution": Habits(
        "-//Ximian//NONSGML Evolution Calendar//EN",
        "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={state};RSVP=TRUE;\n CN={name};LANGUAGE=de:mailto:",
        "long",
        "alone",
        'text/calendar; name="calendar.ics"; charset="utf-8"; METHOD={method}',
        "8bit",
    ),
    "korganizer": Habits(
        "-//K Desktop Environment//NONSGML libkcal 4.3//EN",
        'ATTENDEE;CN="{name}";RSVP=TRUE;PARTSTAT={state};X-UID=25640640;\n ROLE=REQ-PARTICIPANT:mailto:',
        shape="mixed",
        kind='text/calendar; name="cal.ics"; method="{lower}"; charset="utf-8"',
        encoding="8bit",
        organizer='ORGANIZER;CN="{organizer_name}":MAILTO:',
        more=("REQUEST-STATUS:2.0;Success.", "X-KDE-KCALCORE-ENABLED:FALSE", ""),
        end="\n",
        sequence=False,
    ),
    "zimbra": Habits(
        "Zimbra-Calendar-Provider",
        'ATTENDEE;CN="{name}";ROLE=REQ-PARTICIPANT;CUTYPE=INDIVIDUAL;PARTSTAT={state}:mailto:',
        "quoted",
        kind="text/calendar; charset=utf-8; method={method}; name=meeting.ics",
        encoding="7bit",
        more=(
            "X-ALT-DESC;FMTTYPE=text/html:<html></html>",
            "BEGIN:VALARM",
            "ATTENDEE:mailto:me@x.example",
            "END:VALARM",
        ),
    ),
    "sogo": Habits("-//Inverse inc./SOGo 5.9.0//EN", _NAMED, "olson", "mixed", encoding="quoted-printable"),
    "nextcloud": Habits(
        "-//Sabre//Sabre VObject 4.5.4//EN",
        "ATTENDEE;PARTSTAT={state};CN={name};CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;LANGUAGE=de;SCHEDULE-STATUS=1.2:mailto:",
        shape="attached",
        kind='text/calendar; name=event.ics; method={method}; charset="utf-8"',
        sender="invitations-noreply@cloud.example",
        headers=("Reply-To: {sender}",),
        more=("REQUEST-STATUS:2.0;Success",),
    ),
    "nextcloud_page": Habits(
        "-//Nextcloud/Nextcloud CalDAV Server//EN",
        "ATTENDEE;PARTSTAT={state};X-RESPONSE-COMMENT=Foo bar;X-NUM-GUESTS=0:mailto:",
        shape="attached",
        comment="",
    ),
    "roundcube": Habits(
        "-//Roundcube libcalendaring 3.5.11//Sabre VObject 4.5.4//EN",
        _NAMED,
        "olson",
        "mixed",
        "text/calendar; name=event.ics; method={method}; charset=UTF-8",
        "8bit",
        says="text/plain; charset=UTF-8; format=flowed",
    ),
    "horde": Habits(
        "-//The Horde Project//Horde iCalendar Library//EN",
        shape="attached",
        kind="text/calendar; charset=UTF-8; name=event-reply.ics; METHOD={method}",
        encoding="quoted-printable",
    ),
    "notes": Habits(
        "-//Lotus Development Corporation//NONSGML Notes 9.0.1//EN_C",
        'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT={state}\n ;CN="{name}/Jena";RSVP=FALSE\n :mailto:',
        "notes",
        kind='text/calendar; charset="utf-8"; method={method}',
        first=("X-LOTUS-NOTICETYPE:A",),
        more=("X-LOTUS-UPDATE-SEQ:1", "X-LOTUS-CHILD-UID:339E5C32C008B37A6449A242D38ED1DF"),
        organizer="",
    ),
    "notes_with_others": Habits(
        "-//Lotus Development Corporation//NONSGML Notes 8.5.3//EN_S",
        'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT={state};CN="{name}/Jena":mailto:',
        first=(
            'ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED;CN="Chair":mailto:chair@asanokai.example',
            "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:other@jena.example",
        ),
    ),
    "exchange_with_others": Habits(
        "Microsoft Exchange Server 2010",
        "ATTENDEE;PARTSTAT={state};CN={name}:MAILTO:",
        "windows",
        first=("ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Andere:MAILTO:other@jena.example",),
        organizer="",
    ),
    "exchange_custom_zone": Habits("Microsoft Exchange Server 2010", times="custom", organizer=""),
    "groupwise": Habits(
        "-//Novell Inc//Groupwise 18.4",
        "attendee;partstat={state};cn={name}:MAILTO:",
        shape="mixed",
        kind='text/calendar; method={method}; name="Meeting.ics"',
        encoding="7bit",
    ),
    "kerio": Habits(
        "-//Kerio Technologies//Kerio Connect 10.0//EN", _NAMED, "olson", "alone", encoding="quoted-printable"
    ),
    "em_client": Habits(
        "-//eM Client/9.2.1735.0", _NAMED, "windows", kind="text/calendar; method={method}; charset=utf-8"
    ),
    "zoho": Habits("-//Zoho Corporation//Zoho Calendar-EU//EN", _NAMED, "olson", "doubled", encoding="7bit"),
    "fastmail": Habits(
        "-//CyrusIMAP.org//Cyrus 3.11.0-alpha0//EN",
        "ATTENDEE;X-JMAP-ID=a1b2;CN={name};EMAIL=katrin@x.example;CUTYPE=INDIVIDUAL;PARTSTAT={state}:mailto:",
        "olson",
        kind="text/calendar; charset=utf-8; method={method}; component=VEVENT",
        encoding="8bit",
    ),
    "proton": Habits(
        "-//Proton AG//ProtonCalendar 1.0.0//EN",
        "ATTENDEE;CN={name};ROLE=REQ-PARTICIPANT;RSVP=TRUE;PARTSTAT={state};X-PM-TOKEN=79d4d7:mailto:",
        shape="attached",
        kind="text/calendar; method={lower}; name=invite.ics",
    ),
    "tutanota": Habits(
        "-//Tutao GmbH//tutanota 2.150//EN", shape="attached", kind='text/calendar; name="=?utf-8?b?YS5pY3M=?="'
    ),
    "samsung": Habits(
        "-//Samsung Electronics Co., LTD//Samsung Calendar//EN",
        stamp="{bare}",
        shape="alone",
        encoding="7bit",
        sequence=False,
    ),
    "blackberry": Habits(
        "-//Research In Motion//RIM App//EN", shape="alone", kind="text/calendar; method={method}", end="\n"
    ),
    "gmx": Habits(
        "-//1&1 Mail & Media GmbH/GMX Kalender Server 3.10.0//NONSGML//DE",
        "ATTENDEE;CN={name};ROLE=REQ-PARTICIPANT;PARTSTAT={state};RSVP=TRUE:mailto:",
        "olson",
        "attached",
        encoding="quoted-printable",
    ),
    "webde": Habits(
        "-//1&1 Mail & Media GmbH/WEB.DE Kalender Server 3.10.0//NONSGML//DE", times="olson", shape="mixed"
    ),
    "open_xchange": Habits(
        "-//Open-Xchange//7.10.6-Rev40//EN",
        "ATTENDEE;CN={name};CUTYPE=INDIVIDUAL;PARTSTAT={state};ROLE=REQ-PARTICIPANT;EMAIL=katrin@jena.example:mailto:",
        "olson",
        "doubled",
        "text/calendar; charset=UTF-8; method={method}; name=response.ics",
        more=("X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY", "RELATED-TO:mailto:x@y.example"),
    ),
    "cybozu": Habits(
        "-//Cybozu//Garoon//JA",
        times="tokyo",
        shape="attached",
        kind="text/calendar; charset=Shift_JIS",
        charset="cp932",
    ),
    "desknets": Habits(
        "-//NEOJAPAN//desknet's NEO//JA", shape="attached", kind=_ICS, charset="iso2022_jp", organizer="", method=False
    ),
    "becky": Habits("-//RimArts//Becky! 2//JA", shape="attached", kind='text/plain; name="reply.txt"', encoding="7bit"),
    "line_works": Habits("-//Works Mobile Corp.//LINE WORKS//JA", _NAMED, "tokyo", "doubled"),
    "windows_mail": Habits(
        "-//Microsoft Corporation//Windows Live Calendar//EN", times="windows", kind="text/calendar; method={method}"
    ),
    "fairemail": Habits(
        "-//Michael Angstadt//biweekly 0.6.6//EN", shape="mixed", encoding="quoted-printable", end="\n", fold=60
    ),
    "davical": Habits(
        "-//davical.org//NONSGML AWL Calendar//EN", "ATTENDEE;PARTSTAT={state}:MAILTO:", shape="alone", encoding="8bit"
    ),
    "mailspring": Habits("-//Foundry 376//Mailspring//EN", shape="mixed", kind="text/calendar", encoding="base64"),
    "gnus": Habits(
        "Gnus",
        "ATTENDEE;partstat={state};CN={name}:mailto:",
        shape="mixed",
        kind="text/calendar; method={lower}",
        end="\n",
    ),
    "sun_convergence": Habits(
        "-//Sun/Calendar Server//EN", "ATTENDEE;PARTSTAT={state}:MAILTO:", "olson", "alone", fold=70
    ),
    "old_phone": Habits(
        "-//Sony Ericsson//EN", "ATTENDEE;ROLE=ATTENDEE;STATUS={state}:", shape="attached", kind="text/x-vcalendar"
    ),
    "vcs_file": Habits(
        "Outlook 97", "ATTENDEE;PARTSTAT={state}:", shape="attached", kind='application/octet-stream; name="a.VCS"'
    ),
    "utf16_file": Habits("-//Notepad//EN", shape="attached", kind=_ICS, charset="utf-16"),
    "latin1_as_utf8": Habits("-//Broken//EN", encoding="8bit", charset="latin-1", more=("LOCATION:Café Größe",)),
    "broken_folds": Habits(
        "-//Broken//EN", _NAMED, encoding="8bit", fold=40, octets=True, more=("LOCATION:Gasthof Größe, 東京",)
    ),
}

OTHER: dict[str, Callable[[Answer], bytes]] = {name: partial(_mail, habits) for name, habits in HABITS.items()}
COUNTERING = ("notes", "sogo", "zimbra", "roundcube", "open_xchange", "em_client", "evolution", "korganizer")
