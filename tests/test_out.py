"""The rules for letters going out, one test each, held against every kind of letter that they concern.

The letters are those of `tests.played`: all kinds, three languages, really delivered. What only a story can show, such
as which number follows which, is in `test_out_stories`.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta
from email import message_from_bytes, policy
from email.utils import getaddresses
from functools import partial
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar

from asanokai import letters
from asanokai.composing.layout import CALENDAR
from asanokai.ical import PRODID, Entry, Mailed, printable_name
from asanokai.ical import Reader as Person
from asanokai.intake.recipient import ours
from tests import played
from tests.grounds.ical_js import Property, Reader
from tests.grounds.shared import shared
from tests.people import berlin
from tests.played import DOMAIN, SENDER, Corpus, Played

OF_MAIL = ("acknowledged", "answered", "ask_back", "not_taken")
"""Letters that only mail which came can cause."""

TOLD = {kind: ("assistenz@optik-jena.example",) for kind in ("answered", "ask_back")}
"""Whose answer these tell of: an address that is nobody else's."""

pytestmark = pytest.mark.xdist_group("played letters")
"""All of them by one of the processes that test: playing the letters takes longer than looking at them."""

PARTSTATS = {"invited": "NEEDS-ACTION", "yes": "ACCEPTED", "maybe": "TENTATIVE", "no": "DECLINED"}


@pytest.fixture(scope="module")
def corpus(sqlite_template, smtp_server) -> Corpus:
    return played.play(sqlite_template, smtp_server)


@pytest.fixture(scope="module")
def plain(sqlite_template, smtp_server) -> Corpus:
    """Those about one meeting without a reply domain."""
    return played.play(sqlite_template, smtp_server, ("meeting",), reply_domain="")


def differing(found: list[Played], wanted: Any) -> list[str]:
    """The names of the letters that do not hold what is wanted."""
    return [f"{one.scene}/{one.name}" for one in found if not wanted(one)]


def method_of(one: Played) -> str:
    """What the letter's calendar asks for: what could not be taken since the meeting is cancelled says so."""
    return "CANCEL" if one.name.startswith("not_taken-cancelled") else CALENDAR[one.kind]


def shape(message: Any) -> Any:
    if not message.is_multipart():
        return message.get_content_type()
    return (message.get_content_type(), [shape(one) for one in message.iter_parts()])


def address(header: str | None) -> str:
    ((_name, found),) = getaddresses([str(header)])
    return found


# --- shape ------------------------------------------------------------------------------------------------------------


def test_every_kind_of_letter_is_there(corpus):
    kinds = {one.kind for one in corpus.letters}
    assert kinds == {*letters.OF_MEETING, *letters.ASKED_FOR} - {"test"}
    assert {one.message["Content-Language"] for one in corpus.letters} == {"de", "en", "ja"}
    assert {one.kind for one in corpus.with_calendar} == set(CALENDAR)


def test_the_calendar_is_the_last_alternative_of_three_and_the_first_part_of_two(corpus):
    alternative = ("multipart/alternative", ["text/plain", "text/html"])
    whole = (
        "multipart/mixed",
        [("multipart/alternative", ["text/plain", "text/html", "text/calendar"]), "application/ics"],
    )
    assert differing(corpus.letters, lambda one: shape(one.message) == (whole if one.calendar else alternative)) == []


def test_the_calendar_part_has_these_headers_and_no_other(corpus):
    for one in corpus.with_calendar:
        described = [
            f"Content-Type: text/calendar; charset=UTF-8; method={method_of(one)}; component=VEVENT",
            "Content-Transfer-Encoding: base64",
        ]
        ((head, _body),) = [
            (head, body)
            for head, _, body in (
                part.partition(b"\r\n\r\n") for part in re.split(rb"\r\n--[^\r\n]+\r\n", one.received.content)
            )
            if b"text/calendar" in head
        ]
        assert (one.name, head.decode().split("\r\n")) == (one.name, described)


def test_the_attachment_is_the_same_octets_as_a_file(corpus):
    for one in corpus.with_calendar:
        attached = one.part("application/ics")
        assert attached is not None
        assert attached.get_payload(decode=True) == one.calendar
        assert sorted((name, str(value)) for name, value in attached.items()) == [
            ("Content-Disposition", 'attachment; filename="invite.ics"'),
            ("Content-Transfer-Encoding", "base64"),
            ("Content-Type", 'application/ics; name="invite.ics"'),
        ]


def test_the_method_of_part_and_calendar_are_equal(corpus):
    for one in corpus.with_calendar:
        part = one.part("text/calendar")
        assert part is not None
        assert (part.get_param("method"), one.lines("METHOD")) == (method_of(one), [f"METHOD:{method_of(one)}"])


def test_there_is_one_event_without_recurrence_alarm_or_zone(corpus):
    for one in corpus.with_calendar:
        begun = re.findall(r"^BEGIN:(\S+)", one.calendar.decode(), re.MULTILINE)
        assert (one.name, begun) == (one.name, ["VCALENDAR", "VEVENT"])
        barred = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "DURATION", "TRIGGER", "TZID")
        assert [name for name in barred if one.lines(name)] == []


def test_each_meeting_has_its_own_uid_which_is_ascii_and_never_changes(corpus):
    by_meeting: dict[object, set[str]] = {}
    for one in corpus.with_calendar:
        assert one.lines("UID") == [f"UID:{one.uid}"] and one.uid.isascii()
        by_meeting.setdefault((one.scene, one.meeting_id), set()).add(str(one.entry["UID"]))
    assert [len(uids) for uids in by_meeting.values()] == [1] * len(by_meeting)
    within = [(scene, *uids) for (scene, _meeting), uids in by_meeting.items()]  # type: ignore[misc]  # pairs
    assert len(set(within)) == len(within)


def test_times_are_in_utc_and_end_by_dtend(corpus):
    def utc(moment: Any) -> str:
        return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    for one in corpus.with_calendar:
        assert (one.lines("DTSTART"), one.lines("DTEND")) == (
            [f"DTSTART:{utc(one.starts_at)}"],
            [f"DTEND:{utc(one.ends_at)}"],
        )
        assert [re.fullmatch(r"DTSTAMP:\d{8}T\d{6}Z", line) is not None for line in one.lines("DTSTAMP")] == [True]


def test_a_mail_program_gets_lines_of_75_octets_that_end_in_crlf_and_cut_no_character(corpus):
    assert any(len(one.calendar.decode()) < len(one.calendar) for one in corpus.with_calendar)
    for one in corpus.with_calendar:
        lines = one.calendar.split(b"\r\n")
        assert lines.pop() == b""
        assert [line for line in lines if len(line) > 75 or b"\n" in line or b"\r" in line] == []
        for line in lines:
            line.decode()  # each by itself


def test_place_and_words_stand_in_the_entry(corpus):
    for one in corpus.with_calendar:
        language = str(one.message["Content-Language"])
        assert str(one.entry["LOCATION"]) == one.venue[language]
        assert str(one.entry["SUMMARY"]).endswith(f": {one.summary[language]}")
        assert one.lines("X-MICROSOFT-DISALLOW-COUNTER") == ["X-MICROSOFT-DISALLOW-COUNTER:TRUE"]
        cancelled = method_of(one) == "CANCEL"
        assert one.lines("STATUS") == [f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}"]


# --- who it is from and for -------------------------------------------------------------------------------------------


def test_the_reader_is_the_only_attendee_with_their_answer(corpus):
    for one in corpus.with_calendar:
        (line,) = one.lines("ATTENDEE")
        asks = ";RSVP=TRUE" if method_of(one) == "REQUEST" else ""
        wanted = f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={PARTSTATS[one.answer]}{asks};CN="
        ((name, to),) = getaddresses([str(one.message["To"])])
        assert line == f'{wanted}"{name}":mailto:{to}'
        assert (to, one.received.rcpt_tos) == (one.reader, (one.reader,))


def test_nobody_else_is_named_in_a_letter(corpus):
    mine = re.compile(rf"(rsvp|bounce|unsubscribe)\+[a-z2-7]+@{re.escape(DOMAIN)}|[0-9a-f]{{32}}@{re.escape(DOMAIN)}")
    for one in corpus.of_meetings:
        text = b"".join(one.octets(kind) for kind in ("text/plain", "text/html", "text/calendar")).decode()
        heads = "\n".join(f"{name}: {value}" for name, value in one.message.items())
        found = set(re.findall(r"[\w.+-]+@[\w.-]+\.\w+", mine.sub("", text.replace("\r\n ", "") + heads)))
        # The number of the mail that it answers, and the address whose answer it tells of.
        told = {str(one.message["In-Reply-To"] or "").strip("<>"), *TOLD.get(one.kind, ())}
        assert (one.name, found - {one.reader, *told}) == (one.name, set())


def test_from_is_the_organizer_by_an_address_that_stays_the_readers_own(corpus):
    for one in corpus.of_meetings:
        wanted = f"rsvp+{corpus.tokens.mint_address('member', one.member_id)}@{DOMAIN}"
        assert address(one.message["From"]) == wanted
        if one.calendar:
            ((name, _address),) = getaddresses([str(one.message["From"])])
            assert one.lines("ORGANIZER") == [f'ORGANIZER;CN="{name}":mailto:{wanted}']


def test_the_envelope_says_which_letter_it_was(corpus):
    for one in corpus.letters:
        assert one.received.mail_from == f"bounce+{corpus.tokens.mint_address('letter', one.letter_id)}@{DOMAIN}"
        for form in (one.received.mail_from, one.received.mail_from.upper()):
            read = ours(form, corpus.tokens)
            assert read is not None and (read.kind, read.number) == ("bounce", one.letter_id)
    for scene in {one.scene for one in corpus.letters}:
        senders = [one.received.mail_from for one in corpus.letters if one.scene == scene]
        assert len(set(senders)) == len(senders)


def test_addresses_are_lower_case_base32_below_forty_characters_and_read_in_any_case(corpus):
    for one in corpus.of_meetings:
        offered = re.findall(r"mailto:([^>]+)", one.message["List-Unsubscribe"] or "")
        for back in (address(one.message["From"]), one.received.mail_from, *offered):
            local = back.rpartition("@")[0]
            assert re.fullmatch(r"(rsvp|bounce|unsubscribe)\+[a-z2-7]+", local) and len(local) <= 40
            read = {ours(form, corpus.tokens) for form in (back, back.upper(), back.title())}
            assert len(read) == 1 and None not in read


def test_without_a_reply_domain_there_is_one_plain_organizer_and_links_do_everything(plain):
    elsewhere = {"parted", "offer", "free", "lapsed", *OF_MAIL}
    assert {one.kind for one in plain.letters} == set(letters.OF_MEETING) - elsewhere
    for one in plain.letters:
        assert (address(one.message["From"]), one.received.mail_from) == (SENDER, SENDER)
        assert "+" not in f"{one.message['From']}{one.message['List-Unsubscribe'] or ''}"
        if one.calendar:
            assert [line.rpartition(":mailto:")[2] for line in one.lines("ORGANIZER")] == [SENDER]
    for one in plain.of_meetings:
        if one.kind not in ("cancelled", "thanks", "parted"):
            assert re.search(r"http://localhost:8000/answer/\S+", one.octets("text/plain").decode())
        assert re.fullmatch(r"<http://localhost:8000/unsubscribe/[^>\s]+>", one.message["List-Unsubscribe"])


# --- headers ----------------------------------------------------------------------------------------------------------

EVERY: dict[str, str] = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "OOF, AutoReply",
    "MIME-Version": "1.0",
}
SUBMITTED = {"reply": {"Auto-Submitted": "no"}, "acknowledged": {"Auto-Submitted": "auto-replied"}}
"""A coordinator has written the one; the other answers a mail by itself (RFC 3834 5)."""

ONCE = (*EVERY, "From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Language")


def test_every_letter_says_that_a_machine_wrote_it_and_suppresses_no_bounce(corpus):
    def says(one: Played) -> bool:
        return {name: one.message[name] for name in EVERY} == EVERY | SUBMITTED.get(one.kind, {})

    assert differing(corpus.letters, says) == []


def test_every_letter_has_what_it_must_once_and_nothing_that_is_not_known(corpus):
    may = {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "References", "In-Reply-To"}
    for one in corpus.letters:
        names = one.message.keys()
        assert [name for name in ONCE if names.count(name) != 1] == []
        assert set(names) - set(ONCE) <= may
        assert len(set(names)) == len(names)


def test_the_message_id_comes_from_the_row(corpus):
    wanted = [letters.message_id(one.key, DOMAIN, corpus.tokens) for one in corpus.letters]
    assert [str(one.message["Message-ID"]) for one in corpus.letters] == wanted


def test_letters_to_an_audience_say_how_to_leave_by_link_and_mail(corpus):
    for one in corpus.of_meetings:
        if one.kind == "parted":
            continue
        by_mail, by_link = re.findall(r"<([^>]+)>", one.message["List-Unsubscribe"])
        read = ours(by_mail.removeprefix("mailto:"), corpus.tokens)
        assert read is not None and (read.kind, read.number) == ("unsubscribe", one.member_id)
        token = by_link.removeprefix("http://localhost:8000/unsubscribe/")
        assert corpus.tokens.read("unsubscribe", token, life=timedelta(days=20000)) == one.member_id
        assert str(one.message["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
        assert re.fullmatch(rf"<[a-z-]+\.{re.escape(DOMAIN)}>", one.message["List-Id"])


def test_what_somebody_asked_for_has_no_list_headers_no_calendar_and_the_plain_sender(corpus):
    for one in corpus.asked_for:
        if one.kind == "reply":
            continue  # belongs to what was written before, and is answered as that was
        assert [name for name in one.message if name.startswith("List-") or name == "References"] == []
        assert (one.calendar, address(one.message["From"])) == (b"", SENDER)


def test_references_names_the_first_letter_that_the_reader_has_of_the_meeting(corpus):
    found = [one.message["References"] for thread in corpus.threads for one in thread]
    assert len(corpus.threads) >= 12 and len(found) > 60
    first = ("invite", "invite-kept", "waiting-offers")
    for thread in corpus.threads:
        begun = next((one for one in thread if one.name.partition(".")[0] in first), None)
        for one in thread:
            follows = one.message["References"]
            if one is begun:
                assert follows is None
            elif begun is not None:
                assert str(follows) == str(begun.message["Message-ID"])
            else:
                assert follows is not None


def test_no_name_of_a_sender_looks_like_phishing(corpus):
    for one in corpus.letters:
        ((name, _address),) = getaddresses([str(one.message["From"])])
        assert name and not set(name) & set('@:,"<>')


# --- words ------------------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """Where a letter leads, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.add(str(given["href"]))
        self.loads += [str(given[name]) for name in ("src", "background", "srcset") if given.get(name)]
        if tag in ("link", "script", "img", "iframe"):
            self.loads.append(tag)


def test_html_names_its_language_loads_nothing_and_stays_below_100_kilobytes(corpus):
    for one in corpus.letters:
        page = one.octets("text/html")
        read = Links()
        read.feed(page.decode())
        assert page.decode().startswith(f'<!DOCTYPE html><html lang="{one.message["Content-Language"]}"')
        assert (len(page) < 100_000, read.loads, b"url(" in page) == (True, [], False)


def test_the_plain_text_leads_wherever_the_html_does(corpus):
    for one in corpus.letters:
        read = Links()
        read.feed(one.octets("text/html").decode())
        text = one.octets("text/plain").decode()
        missing = {link for link in read.links if link not in text and urlsplit(link).scheme in ("http", "https")}
        assert (one.name, missing) == (one.name, set())


# --- two readers that know nothing of each other, nor of us ----------------------------------------------------------


@pytest.fixture(scope="module")
def ical_js(browser) -> Iterator[Reader]:
    reader = Reader(browser)
    yield reader
    reader.close()


Read = tuple[str, dict[str, str], str]


def by_python(text: bytes) -> tuple[list[Read], list[Read]]:
    """What the icalendar library reads: the calendar's properties, and those of its only event."""
    calendar = Calendar.from_ical(text)
    (event,) = calendar.subcomponents
    assert (event.name, event.subcomponents, calendar.errors, event.errors) == ("VEVENT", [], [], [])
    return _plain(calendar), _plain(event)


def _plain(component: Any) -> list[Read]:
    found = component.property_items(recursive=False)
    return _sorted((name, dict(value.params), _said(value)) for name, value in found if name not in ("BEGIN", "END"))


def _sorted(found: Iterable[Read]) -> list[Read]:
    return sorted(found, key=lambda read: read[0])


def _said(value: Any) -> str:
    if hasattr(value, "dt"):
        return f"{value.dt.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return str(value)


def by_javascript(ical_js: Reader, text: bytes) -> tuple[list[Read], list[Read]]:
    """What ical.js reads."""
    calendar, event = ical_js.read(text)

    def flat(found: list[Property]) -> list[Read]:
        assert all(len(values) == 1 for _name, _parameters, values in found)
        return _sorted((name, parameters, values[0]) for name, parameters, values in found)

    return flat(calendar), flat(event)


def put_in(one: Played) -> tuple[list[Read], list[Read]]:
    """What the rows say should stand in the entry; the description is compared elsewhere."""
    method, language = method_of(one), str(one.message["Content-Language"])
    ((sender, organizer),) = getaddresses([str(one.message["From"])])
    ((name, _to),) = getaddresses([str(one.message["To"])])
    attendee = {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": PARTSTATS[one.answer], "CN": name}
    if method == "REQUEST":
        attendee["RSVP"] = "TRUE"
    assert one.starts_at and one.ends_at
    event = [
        ("UID", {}, one.uid),
        ("DTSTART", {}, f"{one.starts_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("DTEND", {}, f"{one.ends_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("DTSTAMP", {}, f"{one.stamped_at:%Y-%m-%dT%H:%M:%SZ}"),
        ("SEQUENCE", {}, str(one.sequence)),
        ("SUMMARY", {}, f"{one.series[language]}: {one.summary[language]}"),
        ("LOCATION", {}, one.venue[language]),
        ("URL", {}, f"http://localhost:8000/meetings/{one.path}"),
        ("STATUS", {}, "CANCELLED" if method == "CANCEL" else "CONFIRMED"),
        ("TRANSP", {}, "OPAQUE"),
        ("X-MICROSOFT-DISALLOW-COUNTER", {}, "TRUE"),
        ("ORGANIZER", {"CN": sender}, f"mailto:{organizer}"),
        ("ATTENDEE", attendee, f"mailto:{one.reader}"),
    ]
    calendar = [("PRODID", {}, PRODID), ("VERSION", {}, "2.0"), ("CALSCALE", {}, "GREGORIAN"), ("METHOD", {}, method)]
    return _sorted(calendar), _sorted(event)


def test_both_readers_find_every_property_parameter_and_value_that_was_put_in(corpus, ical_js):
    for one in corpus.with_calendar:
        python, javascript = by_python(one.calendar), by_javascript(ical_js, one.calendar)
        assert (one.name, python) == (one.name, javascript)
        (said,) = [value for name, _parameters, value in python[1] if name == "DESCRIPTION"]
        assert said.endswith(f"http://localhost:8000/meetings/{one.path}")
        calendar, event = put_in(one)
        assert (python[0], [read for read in python[1] if read[0] != "DESCRIPTION"]) == (calendar, event)


AWKWARD = (
    'Licht; Glas, Kristall\\ und "mehr"\nzweite Zeile\n\n dritte: mit Abstand',
    "光と精密加工" * 40,
    "\\n \\, \\; ^n ^' ^^ =?utf-8?Q?x?= BEGIN:VALARM\nEND:VEVENT",
    "🍵🇯🇵 ẞ é é" + "\u3000" * 30 + "x" * 200,
)


@pytest.mark.parametrize("words", AWKWARD)
def test_both_readers_find_awkward_words_as_they_were_written(ical_js, words):
    entry = Entry(
        uid="0123456789abcdef@asanokai",
        starts_at=berlin(2026, 3, 12, 8),
        ends_at=berlin(2026, 3, 12, 10),
        summary=words.replace("\n", " "),
        location=words,
        description=f"{words}\n\nhttp://localhost:8000/meetings/x?a=1&b=2;c,d",
        url="http://localhost:8000/meetings/x?a=1&b=2;c,d",
    )
    name = printable_name(words)
    reader = Person(name, "rsvp+abc@reply.asanokai.example", name, "o'neil+a%b@xn--bcher-kva.example")
    text = Mailed(entry, "REQUEST").for_reader(reader, sequence=3, stamp=berlin(2026, 2, 1, 9))
    found = [dict((read[0], read) for read in by(text)[1]) for by in (by_python, partial(by_javascript, ical_js))]
    for read in found:
        assert read["ATTENDEE"][1]["CN"] == " ".join(name.replace("\\", "").split())
        assert (read["SUMMARY"][2], read["LOCATION"][2], read["DESCRIPTION"][2]) == (
            entry.summary,
            entry.location,
            entry.description,
        )
        assert read["URL"][2] == entry.url
        assert read["ATTENDEE"][2] == "mailto:o'neil+a%25b@xn--bcher-kva.example"
    assert found[0] == found[1]


OTHERS: dict[str, tuple[str, bool, str]] = {
    # property: (whose invitations have it, whether ours have, why not or why otherwise)
    "METHOD": ("Google, Outlook, Teams", True, ""),
    "PRODID": ("Google, Outlook, Teams", True, ""),
    "VERSION": ("Google, Outlook, Teams", True, ""),
    "CALSCALE": ("Google", True, ""),
    "UID": ("Google, Outlook, Teams", True, ""),
    "DTSTART": ("Google, Outlook, Teams", True, "in UTC, as Google's; Microsoft's name a zone of their own"),
    "DTEND": ("Google, Outlook, Teams", True, "likewise"),
    "DTSTAMP": ("Google, Outlook, Teams", True, ""),
    "SEQUENCE": ("Google, Outlook, Teams", True, ""),
    "SUMMARY": ("Google, Outlook, Teams", True, "without LANGUAGE: each reader gets their own"),
    "DESCRIPTION": ("Google, Outlook, Teams", True, "plain text; Google's holds HTML, which others show as it is"),
    "LOCATION": ("Google, Outlook, Teams", True, "left out where it would be empty"),
    "STATUS": ("Google, Outlook, Teams", True, ""),
    "TRANSP": ("Google, Outlook, Teams", True, ""),
    "ORGANIZER": ("Google, Outlook, Teams", True, ""),
    "ATTENDEE": ("Google, Outlook, Teams", True, "the reader alone: no guest learns of another"),
    "X-MICROSOFT-DISALLOW-COUNTER": ("Outlook, Teams", True, "TRUE: nobody can move a meeting of forty"),
    "URL": ("", True, "the meeting's page; no parameter, so that Thunderbird and Apple show it"),
    "CREATED": ("Google", False, "says nothing to the reader"),
    "LAST-MODIFIED": ("Google", False, "DTSTAMP says it where there is a METHOD (RFC 5545 3.8.7.2)"),
    "CLASS": ("Outlook, Teams", False, "PUBLIC is what no CLASS means"),
    "PRIORITY": ("Outlook, Teams", False, "5 is normal, and so is none"),
    "TZID": ("Outlook, Teams", False, "times are in UTC: no VTIMEZONE that others read differently"),
    "TZOFFSETFROM": ("Outlook, Teams", False, "likewise"),
    "TZOFFSETTO": ("Outlook, Teams", False, "likewise"),
    "RRULE": ("Outlook, Teams", False, "in their VTIMEZONE alone; each of our meetings is an entry of its own"),
    "TRIGGER": ("Outlook, Teams", False, "when to be reminded is the reader's own business: no VALARM"),
    "ACTION": ("Outlook, Teams", False, "likewise"),
}
"""Beside these, everything that begins with X-: what a program says to itself."""


def test_our_invitation_has_what_good_invitations_have_or_there_is_a_reason(corpus):
    ours = {
        name
        for one in corpus.with_calendar
        if one.kind == "invite"
        for part in by_python(one.calendar)
        for name, _parameters, _value in part
    }
    assert ours == {name for name, (_whose, have, _why) in OTHERS.items() if have}
    assert [name for name, (_whose, have, why) in OTHERS.items() if not have and not why] == []


REQUESTS = {
    "meet-meeting-invite.eml": "Google",
    "outlook-test-invite.eml": "Outlook",
    "teams-meeting-invite.eml": "Teams",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_table_says_truly_what_others_send_and_our_shape_is_googles(corpus, name):
    theirs = message_from_bytes(shared(f"requests/{name}").read_bytes(), policy=policy.default)
    (part,) = [part for part in theirs.walk() if part.get_content_type() == "text/calendar"]
    text = str(part.get_payload(decode=True), "utf-8").replace("\r\n", "\n").replace("\n ", "")
    names = {re.split("[:;]", line)[0] for line in text.split("\n") if line} - {"BEGIN", "END"}
    known = {one for one in names if not one.startswith("X-") or one in OTHERS}
    assert known == {one for one, (whose, _have, _why) in OTHERS.items() if REQUESTS[name] in whose.split(", ")}
    invitation = next(one for one in corpus.with_calendar if one.kind == "invite")
    alternative = shape(invitation.message)[1][0]
    assert shape(theirs) == (shape(invitation.message) if REQUESTS[name] == "Google" else alternative)
    assert (part.get_param("method"), part["Content-Disposition"]) == ("REQUEST", None)
