"""The mail catcher of `asanokai run`: takes real mails over SMTP, keeps them, shows them, and lets nobody else look."""

import smtplib
import socket
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from sqlalchemy import select

from asanokai import db
from asanokai.catcher import Catcher, _hand_over, free_port, reply, viewer
from asanokai.intake import Incoming
from asanokai.intake.lmtp import Listener
from tests.grounds.smtp import serving

ENTRY = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:\xe6\x9c\x9d\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def catcher(clock, tmp_path):
    """A running catcher: `.port` takes mails into `tmp_path / "letters"`."""
    catcher = Catcher()
    catcher.address = catcher.start(tmp_path / "letters")
    yield catcher
    catcher.stop()


@pytest.fixture
def pages(catcher, tmp_path):
    return viewer(tmp_path / "letters").test_client()


def send(catcher, content: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port, local_hostname="localhost", timeout=5) as connection:
        connection.sendmail("bounce@asanokai.example", ["katrin@optik-jena.example"], content)


def letter(subject: str = "朝の会 & Frühstück", *, entry: bool = True) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["Subject"], mail["From"], mail["To"] = subject, "asanokai@asanokai.example", "katrin@optik-jena.example"
    mail.set_content("Guten Morgen <b>Katrin</b>: https://asanokai.example/answer/x")
    mail.add_alternative("<p lang='ja'>おはようございます</p><script>alert(1)</script>", subtype="html")
    if entry:
        mail.add_attachment(ENTRY, maintype="text", subtype="calendar", filename="invite.ics")
    return mail.as_bytes()


def names(pages) -> list[str]:
    """The addresses that the list leads to, in its order."""
    return [part.split('"')[0] for part in pages.get("/").text.split('<a href="')[1:]]


def test_a_letter_is_kept_as_it_came(catcher, tmp_path):
    content = letter()
    send(catcher, content)
    (kept,) = (tmp_path / "letters").iterdir()
    assert (kept.suffix, kept.read_bytes()) == (".eml", content)


def test_what_was_caught_before_is_still_shown(catcher, tmp_path, clock):
    send(catcher, letter("the first"))
    catcher.stop()
    again = Catcher()
    again.start(tmp_path / "letters")
    clock.advance(seconds=1)
    send(again, letter("the second"))
    again.stop()
    shown = viewer(tmp_path / "letters").test_client().get("/").text
    assert (shown.count("<tr><td>"), shown.index("the second") < shown.index("the first")) == (2, True)


def test_the_list_says_how_to_begin_while_there_is_no_letter(pages):
    page = pages.get("/").text
    assert ("No letter yet." in page, "<table>" in page) == (True, False)


def test_the_newest_stand_first_even_within_one_moment(catcher, pages):
    for number in range(3):
        send(catcher, letter(f"number {number}"))
    page = pages.get("/").text
    assert sorted((page.index(f"number {number}") for number in range(3)), reverse=True) == [
        page.index(f"number {number}") for number in range(3)
    ]


def test_a_letter_is_shown_with_its_headers_its_parts_and_its_words(catcher, pages):
    send(catcher, letter())
    (address,) = names(pages)
    page = unescape(unescape(pages.get(address).text))
    shown = [
        "<h1>朝の会 & Frühstück</h1>",
        "<dt>To</dt><dd>katrin@optik-jena.example</dd>",
        "<dt>Parts</dt><dd>text/plain, text/html, text/calendar</dd>",
        f'<a href="{address}/invite.ics">',
        f'<iframe src="{address}/page" sandbox=',
        "Guten Morgen <b>Katrin</b>",
    ]
    assert [words for words in shown if words not in page] == []


def test_what_stands_in_a_letter_is_text_on_the_catchers_own_pages(catcher, pages):
    send(catcher, letter("<script>alert(1)</script>"))
    (address,) = names(pages)
    assert [page for page in (pages.get("/").text, pages.get(address).text) if "<script>" in page] == []


def test_the_letters_own_page_runs_no_script_and_loads_nothing(catcher, pages):
    send(catcher, letter())
    response = pages.get(f"{names(pages)[0]}/page")
    assert "おはようございます" in response.text
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_the_calendar_entry_is_shown_as_text(catcher, pages):
    send(catcher, letter())
    response = pages.get(f"{names(pages)[0]}/invite.ics")
    assert (response.data, response.content_type) == (ENTRY, "text/plain; charset=utf-8")


def test_a_letter_without_a_calendar_entry_offers_none(catcher, pages):
    send(catcher, letter(entry=False))
    (address,) = names(pages)
    assert ("invite.ics" in pages.get(address).text, pages.get(f"{address}/invite.ics").status_code) == (False, 404)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header at all, only words",
        b"Subject: \xff\xfe\x00\r\nFrom: <<>>\r\nTo: =?utf-8?q?=FF?= <@>\r\nDate: yesterday\r\n\r\n\xff\xfe",
        b"Content-Type: text/plain; charset=klingon\r\nSubject: x\r\n\r\nnuqneH\xff",
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n=",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/calendar\r\n\r\n",
        b"Message-ID: [\r\nReferences: <\r\nList-Unsubscribe: \r\nTo: [\r\n\r\n",
        b'Content-Type: multipart/alternative\r\nTo: a@[\r\nFrom: "\r\n\r\n',
    ],
)
def test_a_mail_that_cannot_be_read_hides_no_other(catcher, pages, content):
    send(catcher, content)
    send(catcher, letter("a good one"))
    assert "a good one" in pages.get("/").text
    good, bad = names(pages)
    assert [pages.get(f"{bad}{page}").status_code for page in ("", "/page")] == [200, 200]
    assert "a good one" in pages.get(good).text


def test_what_is_no_letter_is_not_there(catcher, pages, tmp_path):
    (tmp_path / "secret.eml").write_bytes(letter("the secret"))
    asked = [
        "/nothing",
        "/..%2Fsecret",
        "/../secret",
        "/%2e%2e/secret",
        "/a%00b",
        "/" + "x" * 5000,
        "/20260201T090000000000-00000",
    ]
    assert [pages.get(address).status_code for address in asked] == [404] * len(asked)


def test_only_this_machine_can_reach_it(catcher):
    for port in (catcher.port, urlsplit(catcher.address).port):
        with socket.socket() as probe:
            # Another address of this machine: it would be taken if the catcher listened on all.
            probe.bind(("127.0.0.2", port))


def test_a_page_in_the_web_cannot_read_the_letters_under_a_name_of_its_own(pages):
    hosts = ["localhost:1234", "127.0.0.1:1234", "evil.example"]
    assert [pages.get("/", headers={"Host": host}).status_code for host in hosts] == [200, 200, 400]


# --- answering as a calendar does -------------------------------------------------------------------------------------


INVITATION = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1@asanokai\r\nSEQUENCE:2\r\n"
    b"DTSTAMP:20260201T090000Z\r\nDTSTART:20260312T070000Z\r\nDTEND:20260312T090000Z\r\nSUMMARY:\xe6\x9c\x9d\xe3\x81\xae\r\n"
    b"ORGANIZER;CN=Asa no Kai:mailto:rsvp+abc@reply.localhost\r\n"
    b"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:katrin@optik-jena.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def invitation() -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["Subject"], mail["From"], mail["To"] = "Einladung", "asanokai@asanokai.example", "katrin@optik-jena.example"
    mail.set_content("Guten Morgen")
    mail.add_alternative(INVITATION, maintype="text", subtype="calendar", params={"method": "REQUEST"})
    return mail.as_bytes()


def test_an_invitation_can_be_answered_as_a_calendar_would(catcher, tmp_path, clock):
    send(catcher, invitation())
    with serving() as server:
        pages = viewer(tmp_path / "letters", server.port).test_client()
        (address,) = names(pages)
        assert pages.get(address).text.count('<button name="choice"') == 3
        said = pages.post(f"{address}/answer", data={"choice": "ACCEPTED"})
        (handed,) = server.letters
    assert (handed.mail_from, handed.to) == ("katrin@optik-jena.example", "rsvp+abc@reply.localhost")
    assert "is on its way back" in pages.get(said.location).text
    away = pages.post(f"{address}/answer", data={"choice": "ACCEPTED"})
    assert "does not take mail now" in pages.get(away.location).text


def test_the_answer_says_what_calendars_say(clock):
    mail = reply(INVITATION, "DECLINED")
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "katrin@optik-jena.example",
        "rsvp+abc@reply.localhost",
        "Declined: 朝の",
    )
    (part,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "REPLY"
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    (event,) = calendar.walk("VEVENT")
    assert (calendar["METHOD"], event["UID"], event["SEQUENCE"], event["ATTENDEE"].params["PARTSTAT"]) == (
        "REPLY",
        "1@asanokai",
        2,
        "DECLINED",
    )
    assert event["DTSTAMP"].dt == clock.now


def test_only_invitations_have_buttons_and_only_our_own_page_may_press_them(catcher, tmp_path, clock):
    send(catcher, letter())
    clock.advance(seconds=1)
    send(catcher, invitation())
    pages = viewer(tmp_path / "letters", 9).test_client()
    asked, plain = names(pages)
    assert "<button" not in pages.get(plain).text
    assert "<button" not in viewer(tmp_path / "letters").test_client().get(asked).text
    foreign = {"Sec-Fetch-Site": "cross-site"}
    codes = [
        pages.post(f"{asked}/answer", data={"choice": "ACCEPTED"}, headers=foreign).status_code,
        pages.post(f"{asked}/answer", data={"choice": "PERHAPS"}).status_code,
        pages.post(f"{asked}/answer", data={"choice": "ACCEPTED"}).status_code,
    ]
    assert codes == [400, 400, 303]


def test_the_answer_goes_the_whole_way_into_the_programs_own_mail(app, tmp_path, clock):
    listener = Listener(app, f"127.0.0.1:{free_port()}")
    listener.start()
    try:
        _hand_over(
            reply(INVITATION.replace(b"abc@reply.localhost", b"abc@reply.asanokai.example"), "ACCEPTED"),
            port_of(listener),
        )
    finally:
        listener.stop()
    with db.reading() as session:
        assert session.scalars(select(Incoming.recipient)).all() == ["rsvp+abc@reply.asanokai.example"]


def port_of(listener: Listener) -> int:
    return int(listener.address.rpartition(":")[2])
