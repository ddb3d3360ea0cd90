"""What a calendar says is read right, from every program in the world, however it is put together or broken."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asanokai.intake.calendars import Attendee, Said, said
from asanokai.intake.opened import open_mail
from tests.grounds import answering, clients
from tests.grounds.shared import shared

ASKED = clients.asked()
STAMP = datetime(2026, 3, 5, 7, 0, 12, tzinfo=UTC)
STATES = ("ACCEPTED", "TENTATIVE", "DECLINED")


def heard(
    text: str | bytes, kind: str = "text/calendar; charset=utf-8", author: str = "katrin@jena.example"
) -> list[Said]:
    """What a mail says whose only part is this text."""
    content = text.encode() if isinstance(text, str) else text
    lead = f"From: {author}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    return said(open_mail(lead + content))


def reply(*lines: str, method: str = "METHOD:REPLY", end: str = "\r\n") -> str:
    """A REPLY with these lines in its event."""
    return end.join(
        ["BEGIN:VCALENDAR", *([method] if method else []), "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    )


def who(*lines: str, **more: Any) -> Attendee | None:
    (one,) = heard(reply(*lines), **more)
    return one.attendee


# --- programs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("client", clients.CLIENTS)
def test_an_answer_is_read_from(client, state):
    raw = clients.answer(client, ASKED, state, at=STAMP)
    (one,) = said(open_mail(raw))
    assert said(open_mail(raw)) == [one]
    assert (one.method, one.uid, one.stamped_at) == ("REPLY", ASKED.uid, STAMP)
    assert (one.attendee.address, one.attendee.partstat) == (ASKED.attendee, state)
    assert one.sequence in (ASKED.sequence, None)
    assert one.starts_at in (ASKED.starts_at, None)
    assert one.organizer in (ASKED.organizer, "")
    assert one.proposed_at is None


@pytest.mark.parametrize("client", clients.COUNTERING)
def test_another_time_is_read_from(client):
    proposed = ASKED.starts_at + timedelta(days=1, hours=2)
    (one,) = said(open_mail(clients.answer(client, ASKED, "COUNTER", proposed=proposed, comment="Geht's auch später?")))
    assert (one.method, one.uid, one.proposed_at, one.attendee.address) == (
        "COUNTER",
        ASKED.uid,
        proposed,
        ASKED.attendee,
    )


@pytest.mark.parametrize(
    "client", ["outlook365", "outlook_mac", "gmail", "apple", "ios", "icloud", "thunderbird", "plain"]
)
def test_a_comment_is_read_from(client):
    comment = "Bin dabei, bringe Kekse mit; やった"
    (one,) = said(open_mail(clients.answer(client, ASKED, "ACCEPTED", comment=comment)))
    assert one.comment == comment


@pytest.mark.parametrize("client", clients.CLIENTS)
def test_the_address_that_answers_is_read_whatever_was_asked(client):
    (one,) = said(open_mail(clients.answer(client, ASKED, sender="k.vogel@uni-jena.example")))
    assert one.attendee.address == "k.vogel@uni-jena.example"


def test_real_answers_are_read_the_same_twice():
    folder = shared("imip")
    heard_of = {}
    for file in sorted(folder.iterdir()):
        raw = file.read_bytes()
        if file.suffix == ".ics":
            raw = b"From: user@no.where\r\nContent-Type: text/calendar\r\n\r\n" + raw
        assert said(open_mail(raw)) == said(open_mail(raw))
        heard_of[file.name] = [
            (
                one.method,
                one.uid,
                one.attendee and (one.attendee.address, one.attendee.partstat),
                one.sequence,
                one.comment,
            )
            for one in said(open_mail(raw))
        ]
    apple = "1E71F9C8-AEDA-48EB-98D0-76E898F6BB5C"
    assert heard_of == {
        "apple-accept.eml": [("REPLY", apple, ("xyzzy@example.com", "ACCEPTED"), 7, "")],
        "apple-reply-without-attendee.eml": [("REPLY", apple, None, 7, "")],
        "evolution-reply-with-comment.ics": [("REPLY", "invite", ("user@no.where", "ACCEPTED"), 1, "See you there")],
        "korganizer-tentative.ics": [
            ("REPLY", "libkcal-1387792342.429", ("testuserb@example.com", "TENTATIVE"), None, "")
        ],
        "office365-counter-truncated.eml": [("COUNTER", "", None, None, "Will be better for me, thx")],
    }


@pytest.mark.parametrize("folder", ["bounces", "auto_replies"])
def test_a_bounced_invitation_says_nothing(folder):
    assert {file.name: said(open_mail(file.read_bytes())) for file in shared(folder).iterdir()} == {
        file.name: [] for file in shared(folder).iterdir()
    }


# --- lines ------------------------------------------------------------------------------------------------------------

EVENT = (
    "UID:meeting-7@asanokai.example",
    "DTSTAMP:20260305T070012Z",
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=Katrin:mailto:katrin@jena.example",
)
KATRIN = Attendee("katrin@jena.example", "ACCEPTED", "Katrin")
PLAIN = Said("REPLY", "meeting-7@asanokai.example", KATRIN, stamped_at=STAMP, attendees=(KATRIN,))
TEXT = reply(*EVENT)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT.encode(), id="as it should be"),
        pytest.param(reply(*EVENT, end="\n").encode(), id="LF"),
        pytest.param(reply(*EVENT, end="\r").encode(), id="CR"),
        pytest.param(reply(*EVENT, end="\r\r\n").encode(), id="CR CR LF"),
        pytest.param(reply(*EVENT, end="\r\n\r\n").encode(), id="empty lines between"),
        pytest.param(reply(*EVENT, end="  \r\n").encode(), id="blanks at the ends"),
        pytest.param(TEXT.lower().replace("t0", "T0").replace("katrin:", "Katrin:").encode(), id="lower case"),
        pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), id="a mark of UTF-8"),
        pytest.param(TEXT.encode("utf-16"), id="UTF-16 with a mark"),
        pytest.param(TEXT.encode("utf-16-le"), id="UTF-16 without"),
        pytest.param(TEXT.encode("utf-16-be"), id="UTF-16 the other way"),
        pytest.param(b"\r\n \r\n" + TEXT.encode(), id="empty lines before"),
        pytest.param(TEXT.replace("\r\n", "\r\n    ").join(["    ", ""]).encode(), id="moved in"),
        pytest.param(b"Hallo\r\n\r\n" + TEXT.encode(), id="words before"),
        pytest.param(TEXT.encode() + b"-- \r\nMit freundlichen Gr\xfc\xdfen: Katrin", id="words after"),
        pytest.param(TEXT.partition("END:VEVENT")[0].encode(), id="cut before its end"),
        pytest.param(TEXT.partition("\r\nEND:VEVENT")[0].encode(), id="cut in its last line"),
        pytest.param(TEXT.replace("BEGIN:VEVENT", "BEGIN:VEV").encode(), id="its event's beginning broken"),
        pytest.param(TEXT.partition("METHOD")[2].partition("\r\n")[2].encode(), id="its beginning cut off"),
        pytest.param(TEXT.replace("UID:", "X-A:ä\r\nUID:").encode("latin-1"), id="Latin-1 labelled as UTF-8"),
        pytest.param(TEXT.replace("UID:", "SUMMARY:OsnabrÃ¼ck\r\nUID:").encode(), id="mojibake"),
        pytest.param(TEXT.replace("UID", "item1.UID").replace("ATTENDEE", "a.ATTENDEE").encode(), id="names of groups"),
        pytest.param(
            TEXT.replace("END:VEVENT", "BEGIN:VALARM\r\nATTENDEE:mailto:x@y.example\r\nUID:2").encode(),
            id="an alarm that never ends",
        ),
        pytest.param(
            TEXT.replace("BEGIN:VEVENT", "BEGIN:VTODO\r\nUID:1\r\nEND:VTODO\r\nBEGIN:VEVENT").encode(),
            id="a task beside it",
        ),
        pytest.param(
            TEXT.replace("BEGIN:VEVENT", "BEGIN:X-OWN\r\nUID:1\r\nEND:X-OWN\r\nBEGIN:VEVENT").encode(),
            id="what nobody knows beside it",
        ),
        pytest.param(
            TEXT.replace("UID:", "X-ALT-DESC;FMTTYPE=text/html:<p>UID:no</p>\r\nUID:").encode(), id="a name in a value"
        ),
        pytest.param(TEXT.replace("UID:", 'X-A;B="a:b;UID:c":d\r\nUID:').encode(), id="signs in a quoted parameter"),
        pytest.param(TEXT.replace("UID:", ":\r\n;\r\n=\r\nUID;:").encode(), id="lines of nothing"),
    ],
)
def test_a_reply_is_read_however_its_lines_are_written(content):
    assert heard(content) == [PLAIN]


@pytest.mark.parametrize("width", range(5, 76, 5))
@pytest.mark.parametrize("blank", ["\r\n ", "\n\t", "\r ", "\r\n"])
def test_a_reply_is_read_wherever_its_lines_are_folded_even_within_a_character(width, blank):
    """Without a blank only lines that cannot begin a property go on: such folds are at 75, as programs have them."""
    if blank == "\r\n" and width < 75:
        return
    name = "Kätrin Vögel, 東京本社 営業部 部長代理"
    lines = [
        *EVENT[:2],
        f'ATTENDEE;CN="{name}";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:katrin@jena.example',
    ]
    octets = [line.encode() for line in reply(*lines).split("\r\n")]
    cut = [blank.encode().join(line[at : at + width] for at in range(0, len(line) or 1, width)) for line in octets]
    (one,) = heard(b"\r\n".join(cut))
    assert one.attendee == Attendee("katrin@jena.example", "ACCEPTED", name)


# --- attendees --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "attendee"),
    [
        ("ATTENDEE;PARTSTAT=accepted:MAILTO:Katrin@Jena.Example", Attendee("katrin@jena.example", "ACCEPTED")),
        ('ATTENDEE;PARTSTAT="ACCEPTED":mailto:katrin@jena.example', Attendee("katrin@jena.example", "ACCEPTED")),
        ("ATTENDEE ; PARTSTAT = ACCEPTED : mailto: katrin@jena.example ", Attendee("katrin@jena.example", "ACCEPTED")),
        ("ATTENDEE:mailto:katrin@jena.example", Attendee("katrin@jena.example", "NEEDS-ACTION")),
        ("ATTENDEE;PARTSTAT=:mailto:katrin@jena.example", Attendee("katrin@jena.example", "NEEDS-ACTION")),
        ("ATTENDEE;PARTSTAT:mailto:katrin@jena.example", Attendee("katrin@jena.example", "NEEDS-ACTION")),
        ("ATTENDEE;PARTSTAT=X-VIELLEICHT:mailto:katrin@jena.example", Attendee("katrin@jena.example", "X-VIELLEICHT")),
        ("ATTENDEE;PARTSTAT=DECLINED:katrin@jena.example", Attendee("katrin@jena.example", "DECLINED")),
        ("ATTENDEE;PARTSTAT=DECLINED:<katrin@jena.example>", Attendee("katrin@jena.example", "DECLINED")),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:mailto:katrin@jena.example", Attendee("katrin@jena.example", "DECLINED")),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:katrin%40jena.example", Attendee("katrin@jena.example", "DECLINED")),
        (
            "ATTENDEE;PARTSTAT=DECLINED:mailto:kat%2Brin@jena.example?subject=x",
            Attendee("kat+rin@jena.example", "DECLINED"),
        ),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:kat+rin@jena.example", Attendee("kat+rin@jena.example", "DECLINED")),
        (
            "ATTENDEE;PARTSTAT=DECLINED:mailto:taro..yamada.@docomo.example",
            Attendee("taro..yamada.@docomo.example", "DECLINED"),
        ),
        (
            "ATTENDEE;PARTSTAT=DECLINED;EMAIL=katrin@jena.example:invalid:nomail",
            Attendee("katrin@jena.example", "DECLINED"),
        ),
        (
            'ATTENDEE;PARTSTAT=DECLINED;EMAIL="Katrin@jena.example":/o=Org/ou=x/cn=Recipients/cn=kv',
            Attendee("katrin@jena.example", "DECLINED"),
        ),
        (
            "ATTENDEE;PARTSTAT=DECLINED;EMAIL=katrin@jena.example:urn:uuid:4711",
            Attendee("katrin@jena.example", "DECLINED"),
        ),
        ("ATTENDEE;PARTSTAT=DECLINED:invalid:nomail", Attendee("", "DECLINED")),
        (
            "ATTENDEE;PARTSTAT=DECLINED;CN=katrin@jena.example:",
            Attendee("katrin@jena.example", "DECLINED", "katrin@jena.example"),
        ),
        ("ATTENDEE;PARTSTAT=DECLINED", Attendee("", "DECLINED")),
        (
            'ATTENDEE;CN="Vogel; Katrin: Dr., a=b";PARTSTAT=TENTATIVE:mailto:katrin@jena.example',
            Attendee("katrin@jena.example", "TENTATIVE", "Vogel; Katrin: Dr., a=b"),
        ),
        (
            "ATTENDEE;PARTSTAT=TENTATIVE;CN=Vogel: Katrin:mailto:katrin@jena.example",
            Attendee("katrin@jena.example", "TENTATIVE", "Vogel"),
        ),
        (
            'ATTENDEE;PARTSTAT=TENTATIVE;CN="Katrin:mailto:katrin@jena.example',
            Attendee("katrin@jena.example", "TENTATIVE", "Katrin"),
        ),
        (
            "ATTENDEE;CN=Vogel: Katrin;PARTSTAT=TENTATIVE:mailto:katrin@jena.example",
            Attendee("katrin@jena.example", "TENTATIVE", "Vogel"),
        ),
        (
            "ATTENDEE;CN=^'Kat^' ^^^n;PARTSTAT=TENTATIVE:mailto:katrin@jena.example",
            Attendee("katrin@jena.example", "TENTATIVE", '"Kat" ^'),
        ),
        (
            "ATTENDEE;CN=kat@x.example;PARTSTAT=TENTATIVE:mailto:katrin@jena.example",
            Attendee("katrin@jena.example", "TENTATIVE", "kat@x.example"),
        ),
        (
            'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:Jan@jena.example","mailto:b@c.example":mailto:katrin@jena.example',
            Attendee("katrin@jena.example", "DELEGATED", delegated_to="jan@jena.example"),
        ),
        (
            'ATTENDEE;SENT-BY="MAILTO:Buero@jena.example";PARTSTAT=ACCEPTED:mailto:katrin@jena.example',
            Attendee("katrin@jena.example", "ACCEPTED", sent_by="buero@jena.example"),
        ),
        (
            "ATTENDEE;PARTSTAT=ACCEPTED;X-NUM-GUESTS=2:mailto:katrin@jena.example",
            Attendee("katrin@jena.example", "ACCEPTED", guests=2),
        ),
        (
            "ATTENDEE;ROLE=ATTENDEE;STATUS=CONFIRMED:Katrin Vogel <katrin@jena.example>",
            Attendee("katrin@jena.example", "ACCEPTED"),
        ),
        (
            "ATTENDEE;PARTSTAT=ACCEPTED;PARTSTAT=DECLINED:mailto:katrin@jena.example",
            Attendee("katrin@jena.example", "ACCEPTED"),
        ),
    ],
)
def test_an_attendee_is_read_however_it_is_written(line, attendee):
    assert who("UID:1", line) == attendee


OTHERS = "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:other@jena.example"
CHAIR = "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:chair@asanokai.example"
OWN = "ATTENDEE;PARTSTAT=DECLINED:mailto:katrin@jena.example"
UNANSWERED = "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:katrin@jena.example"
ORGANIZER = "ORGANIZER:mailto:chair@asanokai.example"


@pytest.mark.parametrize(
    ("lines", "author", "address"),
    [
        ((OTHERS, OWN), "somebody@else.example", "katrin@jena.example"),
        ((CHAIR, OWN), "katrin@jena.example", "katrin@jena.example"),
        ((CHAIR, OWN, ORGANIZER), "somebody@else.example", "katrin@jena.example"),
        ((OTHERS, UNANSWERED), "katrin@jena.example", "katrin@jena.example"),
        ((UNANSWERED, CHAIR), "katrin@jena.example", "katrin@jena.example"),
        ((CHAIR, UNANSWERED), "somebody@else.example", "katrin@jena.example"),
        ((CHAIR,), "somebody@else.example", "chair@asanokai.example"),
        ((OTHERS, UNANSWERED), "", "other@jena.example"),
    ],
)
def test_of_several_attendees_the_one_that_answers_is_chosen_and_all_are_given(lines, author, address):
    (one,) = heard(reply("UID:1", *lines), author=author)
    assert one.attendee.address == address
    assert len(one.attendees) == len([line for line in lines if line.startswith("ATTENDEE")])


def test_only_the_attendee_of_the_event_itself_counts():
    alarm = ("BEGIN:VALARM", "ACTION:EMAIL", "ATTENDEE;PARTSTAT=DECLINED:mailto:alarm@x.example", "END:VALARM")
    assert who("UID:1", *alarm) is None
    assert who(*alarm, *EVENT) == KATRIN


# --- methods ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "label", "method"),
    [
        ("METHOD:REPLY", "", "REPLY"),
        ("METHOD:REPLY", "method=REQUEST", "REPLY"),
        ("METHOD:COUNTER", "method=REPLY", "COUNTER"),
        ("METHOD:REPLY", "method=COUNTER", "REPLY"),
        ("method:reply ", "", "REPLY"),
        ('METHOD:"REPLY"', "", "REPLY"),
        ("METHOD;X-A=b:Reply", "", "REPLY"),
        ("METHOD:", "method=counter", "COUNTER"),
        ("METHOD:NONSENSE", 'method="REPLY"', "REPLY"),
        ("", "method=REPLY", "REPLY"),
        ("", "", "REPLY"),
        ("METHOD:REQUEST", "method=REPLY", "REQUEST"),
        ("METHOD:PUBLISH", "", "PUBLISH"),
    ],
)
def test_the_calendar_is_believed_not_the_part(inside, label, method):
    (one,) = heard(reply(*EVENT, method=inside), kind=f"text/calendar; {label}")
    assert one.method == method


def test_without_a_method_only_one_who_answers_alone_answers():
    assert [one.method for one in heard(reply("UID:1", OWN, OTHERS, method=""))] == [""]
    assert [one.method for one in heard(reply("UID:1", UNANSWERED, method=""))] == [""]
    assert [one.method for one in heard(reply("UID:1", method=""))] == [""]


# --- moments ----------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 7, 9, 10, tzinfo=UTC)
ZONE = "\r\n".join(answering.vtimezone("Eigene Zone")) + "\r\n"
JENA = ZONE.replace("Eigene Zone", "(UTC+01:00) Jena\\, Erfurt") + ZONE.replace(
    "Eigene Zone", "(UTC+01.00) Jena, Erfurt"
)
JAPAN = "\r\n".join(answering.vtimezone("Japan", "+0900", "+0900")) + "\r\n"


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("DTSTART:20260709T100000Z", NOON),
        ("DTSTART:20260709T100000z", NOON),
        ("DTSTART:20260709T100000.123Z", NOON),
        ("DTSTART:2026-07-09T10:00:00Z", NOON),
        ("DTSTART:20260709T120000+0200", NOON),
        ("DTSTART:20260709T1000Z", NOON),
        ("DTSTART;VALUE=DATE-TIME:20260709T100000Z", NOON),
        ("DTSTART;TZID=Europe/Berlin:20260709T120000", NOON),
        ('DTSTART;TZID="Europe/Berlin":20260709T120000', NOON),
        ("DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20260709T120000", NOON),
        ("DTSTART;TZID=/freeassociation.sourceforge.net/Tzfile/Europe/Berlin:20260709T120000", NOON),
        ("DTSTART;TZID=W. Europe Standard Time:20260709T120000", NOON),
        ("DTSTART;TZID=Tokyo Standard Time:20260709T190000", NOON),
        ("DTSTART;TZID=UTC:20260709T100000", NOON),
        ("DTSTART;TZID=Japan:20260709T190000", NOON),
        ("DTSTART;TZID=Eigene Zone:20260709T120000", NOON),
        ("DTSTART;TZID=Eigene Zone:20260109T110000", datetime(2026, 1, 9, 10, tzinfo=UTC)),
        ("DTSTART;TZID=(UTC+01:00) Nirgendwo:20260709T120000", None),
        ("DTSTART;TZID=(UTC+01:00) Jena, Erfurt:20260709T120000", NOON),
        ('DTSTART;TZID="(UTC+01:00) Jena, Erfurt":20260709T120000', NOON),
        ("DTSTART;TZID=(UTC+01.00) Jena, Erfurt:20260709T120000", NOON),
        ("DTSTART;TZID=tzone://Microsoft/Utc:20260709T100000", NOON),
        ("DTSTART;TZID=../../etc/passwd:20260709T120000", None),
        ("DTSTART;TZID=Europe:20260709T120000", None),
        ("DTSTART;VALUE=DATE:20260709", None),
        ("DTSTART:20260709", None),
        ("DTSTART:16010101T000000Z", None),
        ("DTSTART:99991231T235959Z", None),
        ("DTSTART:20261332T996099Z", None),
        ("DTSTART:00000000T000000Z", None),
        ("DTSTART:gestern", None),
        ("DTSTART:", None),
        ("DTSTART:２０２６０７０９T100000Z", None),
        ("DTSTART:20260709T095960Z", datetime(2026, 7, 9, 9, 59, 59, tzinfo=UTC)),
        ("DTSTART:20260708T240000Z", datetime(2026, 7, 9, tzinfo=UTC)),
        ("DTSTART;TZID=Europe/Berlin:20260329T023000", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_any_zone_or_there_is_none(line, moment):
    (one,) = heard(reply(*EVENT, line).replace("BEGIN:VEVENT", f"{ZONE}{JAPAN}{JENA}BEGIN:VEVENT"))
    assert one.starts_at == moment


def test_a_time_without_a_zone_is_meant_in_the_only_one_the_calendar_has():
    floating = reply(*EVENT[:1], EVENT[2], "DTSTART:20260709T120000", "DTSTAMP:20260709T100000")
    assert [(one.starts_at, one.stamped_at) for one in heard(floating)] == [(None, NOON)]
    assert [one.starts_at for one in heard(floating.replace("BEGIN:VEVENT", f"{ZONE}BEGIN:VEVENT"))] == [NOON]


@pytest.mark.parametrize(
    "rule", ["RRULE:FREQ=SECONDLY", "RRULE:FREQ=YEARLY;BYMONTH=99;BYDAY=7XX", "RRULE:", "DTSTART:x"]
)
def test_a_zone_with_rules_nobody_has_is_no_zone_or_its_first(rule):
    zone = ZONE.replace("RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3", rule)
    (one,) = heard(
        reply(*EVENT, "DTSTART;TZID=Eigene Zone:20260709T120000").replace("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT")
    )
    assert one.starts_at in (None, NOON, NOON + timedelta(hours=1))


# --- the rest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("SEQUENCE:3", 3),
        ("SEQUENCE: 3 ", 3),
        ("SEQUENCE:", None),
        ("SEQUENCE:x", None),
        ("SEQUENCE:-1", None),
        ("X:3", None),
        ("SEQUENCE:99999999999999999999", 999999999),
        ("SEQUENCE:٣", None),
    ],
)
def test_the_sequence_is_read_or_there_is_none(line, number):
    assert [one.sequence for one in heard(reply(*EVENT, line))] == [number]


@pytest.mark.parametrize(
    ("lines", "comment"),
    [
        (("COMMENT:Bis dann\\, Gruß\\nKatrin",), "Bis dann, Gruß\nKatrin"),
        (("COMMENT;LANGUAGE=de-DE:\\n",), ""),
        (("COMMENT:", "X-RESPONSE-COMMENT:später"), "später"),
        (("COMMENT:eins\\; zwei \\\\ drei",), "eins; zwei \\ drei"),
        (("COMMENT;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:sp=E4ter",), "später"),
        (
            ('ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT="it&#39\\;s &quot;late&quot;":mailto:a@b.example',),
            'it\'s "late"',
        ),
        (("X-ALT-DESC:<p>nein</p>", "DESCRIPTION:nein"), ""),
        (("COMMENT:" + "x" * 5000,), "x" * 2000),
    ],
)
def test_the_comment_is_read(lines, comment):
    assert [one.comment for one in heard(reply(*EVENT, *lines))] == [comment]


def test_another_time_is_told_from_the_one_it_was_asked_for():
    lines = ("DTSTART:20260709T100000Z", "X-MS-OLK-ORIGINALSTART:20260709T060000Z")
    (one,) = heard(reply(*EVENT, *lines, method="METHOD:COUNTER"))
    assert (one.proposed_at, one.starts_at) == (NOON, NOON - timedelta(hours=4))


def test_several_events_are_all_said_and_the_same_only_once():
    text = reply(*EVENT) + reply("UID:2", OWN) + reply("UID:2", "RECURRENCE-ID:20260709T100000Z", OWN) + reply(*EVENT)
    assert [(one.uid, one.occurrence) for one in heard(text)] == [
        ("meeting-7@asanokai.example", ""),
        ("2", ""),
        ("2", "20260709T100000Z"),
    ]


def test_each_calendar_has_its_own_method():
    text = reply("UID:1", OWN) + reply("UID:2", OWN, method="METHOD:COUNTER")
    assert [(one.uid, one.method) for one in heard(text)] == [("1", "REPLY"), ("2", "COUNTER")]


@pytest.mark.parametrize("kind", ["VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"])
def test_what_is_no_event_says_nothing(kind):
    assert heard(reply(*EVENT).replace("VEVENT", kind)) == []


# --- where it is found ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [
        "text/calendar",
        "TEXT/CALENDAR; charset=x-unknown",
        "text/calendar; charset=us-ascii",
        "application/ics",
        "application/calendar",
        "text/x-vcalendar",
        "text/plain",
        'text/plain; name="einladung.ics"',
        "application/octet-stream",
        'application/octet-stream; name="=?utf-8?q?Zusage=2Eics?="',
        "application/octet-stream; name=ZUSAGE.ICS",
        'image/png; name="a.vcs"',
        "nonsense",
    ],
)
def test_a_calendar_is_found_whatever_its_part_is_called(kind):
    assert heard(TEXT, kind=kind) == [PLAIN]


def test_a_calendar_in_base64_that_does_not_say_so_is_read():
    assert heard(answering.part(TEXT, "x/y", "base64").partition(b"\r\n\r\n")[2]) == [PLAIN]


def test_a_calendar_within_words_is_not_an_answer():
    assert heard("Sie schrieben:\r\n" + TEXT, kind="text/plain") == []
    assert heard(f"<pre>{TEXT}</pre>", kind="text/html") == []


def test_what_lies_in_a_returned_or_forwarded_mail_is_not_said():
    inner = b"Content-Type: text/calendar; method=REPLY\r\n\r\n" + TEXT.encode()
    assert said(open_mail(b"Content-Type: message/rfc822\r\n\r\n" + inner)) == []


def test_a_calendar_that_is_too_large_says_nothing_and_the_largest_takes_no_time():
    assert heard(TEXT + "X" * 1024 * 1024) == []
    lines = {
        "attendees": "ATTENDEE:mailto:a@b.example\r\n" * 30_000,
        "short lines": "A\r\n" * 300_000,
        "unknown names": "A:\r\n" * 250_000,
        "parameters": "ATTENDEE" + ";A=b" * 250_000 + "\r\n",
        "commas": "ATTENDEE;A=" + "," * 900_000 + "\r\n",
        "quotes": "ATTENDEE;A=" + '"' * 900_000 + "\r\n",
        "colons": "ATTENDEE" + ":" * 900_000 + "\r\n",
        "semicolons": "ATTENDEE" + ";" * 900_000 + "\r\n",
        "addresses": "ATTENDEE:" + "mailto:" * 100_000 + "\r\n",
        "escapes": "COMMENT:" + "\\" * 900_000 + "\r\n",
        "beginnings": "BEGIN:VALARM\r\n" * 70_000,
        "ends": "END:X\r\n" * 140_000,
        "zones": "BEGIN:VTIMEZONE\r\n" * 60_000,
        "ends of events": "END:VEVENT\r\n" * 80_000,
        "events and zones": "BEGIN:VTIMEZONE\r\nEND:VEVENT\r\n" * 30_000,
        "ends of events after many lines": "DTSTART:1\r\n" * 4000 + "END:VEVENT\r\n" * 20_000,
        "calendars": "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" * 30_000,
        "folds": "COMMENT:" + "\r\n a" * 200_000 + "\r\n",
        "CRs": "X:" + "\r" * 900_000 + "x\r\n",
        "blanks": "X:" + " " * 900_000 + "\r\n",
        "empty lines": "\r\n" * 450_000,
        "percent signs": "ATTENDEE:mailto:" + "%41" * 300_000 + "\r\n",
    }
    took = {}
    for name, line in lines.items():
        begun = time.process_time()
        assert len(heard(TEXT.replace("UID:", line + "UID:"))) <= 20
        took[name] = time.process_time() - begun
    assert {name: seconds for name, seconds in took.items() if seconds > 1} == {}
