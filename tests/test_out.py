"""The rules for letters going out, one test each, held against every kind of letter that they concern.

The letters are those of `tests.played`: all kinds, three languages, really delivered. What only a story can show, such
as which number follows which, is in `test_out_stories`.
"""

import re
from datetime import UTC, timedelta
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest

from asanokai import letters
from asanokai.composing.layout import CALENDAR
from asanokai.intake.recipient import ours
from tests import played
from tests.people import berlin
from tests.played import DOMAIN, SENDER, Corpus, Played

INVITED = berlin(2026, 2, 19, 9)
KATRIN = "katrin.lindner@optik-jena.example"
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
            f"Content-Type: text/calendar; charset=UTF-8; method={CALENDAR[one.kind]}; component=VEVENT",
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
        assert (part.get_param("method"), one.lines("METHOD")) == (CALENDAR[one.kind], [f"METHOD:{CALENDAR[one.kind]}"])


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
        cancelled = CALENDAR[one.kind] == "CANCEL"
        assert one.lines("STATUS") == [f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}"]


# --- who it is from and for -------------------------------------------------------------------------------------------


def test_the_reader_is_the_only_attendee_with_their_answer(corpus):
    for one in corpus.with_calendar:
        (line,) = one.lines("ATTENDEE")
        asks = ";RSVP=TRUE" if CALENDAR[one.kind] == "REQUEST" else ""
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
        assert (one.name, found - {one.reader}) == (one.name, set())


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
    assert {one.kind for one in plain.letters} == set(letters.OF_MEETING) - {"parted", "offer", "free", "lapsed"}
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

EVERY = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "OOF, AutoReply",
    "MIME-Version": "1.0",
}
ONCE = (*EVERY, "From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Language")


def test_every_letter_says_that_a_machine_wrote_it_and_suppresses_no_bounce(corpus):
    assert differing(corpus.letters, lambda one: {name: one.message[name] for name in EVERY} == EVERY) == []


def test_every_letter_has_what_it_must_once_and_nothing_that_is_not_known(corpus):
    may = {"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "References"}
    for one in corpus.letters:
        names = one.message.keys()
        assert [name for name in ONCE if names.count(name) != 1] == []
        assert set(names) - set(ONCE) <= may
        assert len(set(names)) == len(names)


def test_the_message_id_comes_from_the_row(corpus):
    wanted = [letters.message_id(one.key, DOMAIN) for one in corpus.letters]
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
