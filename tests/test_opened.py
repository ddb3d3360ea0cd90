"""A mail is opened whatever it looks like: headers, parts, words, addresses, in any charset, within bounds."""

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message

import pytest

from asanokai.intake.opened import MOST_BYTES, MOST_CALENDAR, Opened, decoded, is_mail, open_mail
from tests import fuzz
from tests.grounds.shared import shared

JAPANESE = "会議に欠席します。①髙㈱ 参加いたします"


def mail(*lines: str | bytes) -> bytes:
    return b"\r\n".join(line.encode() if isinstance(line, str) else line for line in lines)


def leaves(opened: Opened) -> list[tuple[str, str, bytes, bool]]:
    return [(part.kind, part.name, part.content, part.inside) for part in opened.parts]


def nested(kind: str, *parts: bytes, boundary: str = "b") -> bytes:
    lead = f"Content-Type: {kind}; boundary={boundary}\r\n\r\n".encode()
    return lead + b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts) + f"--{boundary}--".encode()


# --- structure --------------------------------------------------------------------------------------------------------


def test_the_parts_are_read_in_their_order_with_types_names_and_bytes():
    raw = nested(
        "multipart/mixed",
        nested(
            "multipart/alternative", mail("Content-Type: TEXT/Plain", "", "Hallo"), mail("", "ohne Typ"), boundary="bb"
        ),
        mail("Content-Type: application/ICS; name=a.ics", "Content-Transfer-Encoding: base64", "", "SGFs", "bG8="),
    )
    assert leaves(open_mail(b"From: a@b.example\r\n" + raw)) == [
        ("text/plain", "", b"Hallo", False),
        ("text/plain", "", b"ohne Typ", False),
        ("application/ics", "a.ics", b"Hallo", False),
    ]


def test_what_lies_in_a_returned_mail_is_marked_and_its_headers_are_given():
    inner = mail("Message-ID: <1@asanokai.example>", "Subject: =?utf-8?q?Einladung_f=C3=BCr?=", "", "Text")
    status = mail("Content-Type: message/delivery-status", "", "Reporting-MTA: dns; a", "", "Status: 5.1.1", "")
    opened = open_mail(
        nested("multipart/report; report-type=delivery-status", status, b"Content-Type: message/rfc822\r\n\r\n" + inner)
    )
    assert leaves(opened) == [
        ("message/delivery-status", "", b"Reporting-MTA: dns; a\r\n\r\nStatus: 5.1.1\r\n", False),
        ("text/plain", "", b"Text", True),
    ]
    assert opened.returned == [("message-id", "<1@asanokai.example>"), ("subject", "Einladung für")]
    assert opened.reports("message/delivery-status") == ["Reporting-MTA: dns; a\r\n\r\nStatus: 5.1.1\r\n"]
    assert opened.returned_header("Message-Id") == "<1@asanokai.example>"


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822-headers", "message/global-headers"])
def test_the_headers_of_a_returned_mail_may_come_alone(kind):
    opened = open_mail(
        nested("multipart/report", mail(f"Content-Type: {kind}", "", "Message-ID: <1@x>", "To: k@j.example"))
    )
    assert opened.returned == [("message-id", "<1@x>"), ("to", "k@j.example")]


def test_a_returned_mail_in_base64_is_read_too():
    inner = base64.b64encode(mail("Message-ID: <1@x>", "Content-Type: text/calendar", "", "BEGIN:VCALENDAR"))
    opened = open_mail(mail("Content-Type: message/global", "Content-Transfer-Encoding: base64", "", inner))
    assert (opened.returned, leaves(opened)) == (
        [("message-id", "<1@x>"), ("content-type", "text/calendar")],
        [("text/calendar", "", b"BEGIN:VCALENDAR", True)],
    )


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            b"Content-Type: multipart/mixed\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b--", id="unnamed"
        ),
        pytest.param(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--b\r\n\r\nHallo\r\n--b--", id="wrong"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHallo", id="without an end"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b  \r\n\r\nHallo\r\n--b", id="blank after it"
        ),
        pytest.param(
            b'Content-Type: multipart/mixed; boundary="b\r\n\r\n--b\r\n\r\nHallo\r\n--b--', id="quote not closed"
        ),
        pytest.param(b"Content-Type: multipart/mixed boundary=b\r\n\r\n--b\r\n\r\nHallo\r\n--b--", id="no semicolon"),
        pytest.param(b"Content-Type: multipart/mixed;\n\tboundary=b\n\n--b\n\nHallo\n--b--", id="LF"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\r\r--b\r\rHallo\r--b--", id="CR"),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\r\r\n\r\r\n--b\r\r\n\r\r\nHallo\r\r\n--b--", id="CR CR LF"
        ),
        pytest.param(
            b"From x@y Thu Mar 12\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHallo\r\n--b--",
            id="mbox",
        ),
        pytest.param(
            b"\xef\xbb\xbf\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHallo\r\n--b--", id="mark"
        ),
        pytest.param(b"Content-Type: multipart/mixed\r\n\r\nHallo", id="no parts"),
        pytest.param(b"Content-Type: nonsense\r\n\r\nHallo", id="no type"),
        pytest.param(b"\r\nHallo", id="no headers"),
        pytest.param(b"Subject: x\r\nHallo", id="no empty line"),
    ],
)
def test_a_part_is_found_however_the_mail_is_broken(raw):
    (part,) = open_mail(raw).parts
    assert (part.kind, part.content.strip()) == ("text/plain", b"Hallo")


def test_two_levels_with_the_same_boundary_are_read():
    inner = b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\neins\r\n--b--\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + inner + b"--b\r\n\r\nzwei\r\n--b--"
    assert b"zwei" in [part.content for part in open_mail(raw).parts]


def test_a_line_that_is_no_header_does_not_end_the_headers():
    opened = open_mail(b"From: a@b.example\r\nwhat is this\r\nSubject: Hallo\r\n\r\nText")
    assert (opened.author, opened.subject, opened.text) == ("a@b.example", "Hallo", "Text")


def test_a_line_that_is_no_header_is_not_taken_for_the_beginning_of_base64():
    raw = b"Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\nstray line\r\n\r\nSGFsbG8="
    assert [part.content for part in open_mail(raw).parts] == [b"Hallo"]


def test_the_standard_librarys_parser_finds_the_same_parts():
    for raw in fuzz.corpus():
        found = [part for part in open_mail(raw).own_parts if not part.kind.startswith("message/")]
        assert [(part.kind, part.content) for part in found] == list(theirs(message_from_bytes(raw)))


def theirs(message: Message) -> Iterator[tuple[str, bytes]]:
    """The leaves of a mail outside of the mails and reports in it."""
    if message.get_content_maintype() == "message":
        return
    if not message.is_multipart():
        yield message.get_content_type(), message.get_payload(decode=True)
        return
    for part in message.get_payload():
        yield from theirs(part)


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("base64", b"SGFs bG8\r\n=", b"Hallo"),
        ("base64", b"SGFsbG8", b"Hallo"),
        ("BASE64 ", b"*SG-Fs\x00bG8=*", b"Hallo"),
        ("base64", b"SGFs==\r\nbG8=\r\n", b"Hallo"),
        ("base64", b"SGFsbG8=S", b"Hallo"),
        ("base64", b"", b""),
        ("base64", b"BEGIN:VCALENDAR\r\n", b"BEGIN:VCALENDAR\r\n"),
        ("quoted-printable", b"Hal=\r\nlo=3D=ZZ", b"Hallo==ZZ"),
        ("quoted-printable", b"Hal= \t\r\nlo=", b"Hallo"),
        ("x-uuencode", b"begin 644 a.txt\n%2&%L;&\\\n`\nend\n", b"Hallo"),
        ("x-uuencode", b"begin 644 a.txt\n\x80\x81\x82\nend", b""),
        ("8bit", "Grüße".encode(), "Grüße".encode()),
        ("binary", b"\x00\xff", b"\x00\xff"),
        ("made-up", b"Hallo", b"Hallo"),
    ],
)
def test_a_body_is_decoded_as_far_as_it_can_be(encoding, body, content):
    raw = b"Content-Type: application/x\r\nContent-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body
    assert [part.content for part in open_mail(raw).parts] == [content]


# --- charsets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "label"),
    [
        *(
            (codec, label)
            for codec in ("cp932",)
            for label in ("shift_jis", "Shift-JIS", "x-sjis", "cp932", "Windows-31J", "utf-8", "us-ascii", None)
        ),
        *(
            ("utf-8", label)
            for label in (
                "utf-8",
                "UTF8",
                "utf8mb4",
                "us-ascii",
                "x-unknown",
                "iso-8859-1",
                "gb18030x",
                "punycode",
                "",
                None,
            )
        ),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-8"),
        ("utf-16-be", "utf-16"),
        ("utf-8-sig", "us-ascii"),
        ("gb18030", "gb2312"),
        ("gb18030", "gb18030"),
    ],
)
def test_text_is_read_in_the_charset_it_is_in(charset, label):
    assert decoded(JAPANESE.encode(charset), label) == JAPANESE


def test_japanese_mail_is_read_with_the_signs_its_codec_does_not_know():
    assert decoded(b"\x1b$B-!9b-j\x1b(B OK", "ISO-2022-JP") == "①高㈱ OK"
    assert decoded("会議に欠席します".encode("iso2022_jp"), None) == "会議に欠席します"
    assert decoded("会議に欠席します".encode("euc_jp"), None) == "会議に欠席します"


@pytest.mark.parametrize("label", ["us-ascii", "utf-8", "iso-8859-1", "windows-1252", None, "ansi_x3.4-1968"])
def test_western_text_is_read_under_a_wrong_label(label):
    assert decoded("Gäste für später – „Grüße“ €".encode("cp1252"), label) == "Gäste für später – „Grüße“ €"


def test_what_comes_out_can_be_stored_by_both_databases():
    for content, label in (
        (b"a\x00b", "utf-8"),
        (b"+2AA-", "utf-7"),
        (b"\\ud800", "unicode_escape"),
        (b"\xed\xa0\x80x", None),
    ):
        text = decoded(content, label)
        assert "\0" not in text
        text.encode("utf-8")
    raw = b"Subject: =?utf-16?b?2AAAAA==?= \x00 \xed\xa0\x80\r\nFrom: \x00<a\xed\xa0\x80@b>\r\n\r\n\x00"
    opened = open_mail(raw)
    said = opened.subject + opened.author + opened.text + str(opened.headers)
    assert "\0" not in said
    said.encode("utf-8")


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?B?44GK5pep?= =?UTF-8?B?44GG44GU?=\r\n =?utf-8?B?44GW?=", "お早うござ"),
        (b"=?utf-8?b?44GK5p?= =?utf-8?b?ep?=", "お早"),
        (b"=?iso-8859-1*de?Q?Gr=FC=DFe_aus?= Jena", "Grüße aus Jena"),
        (b"=?utf-8?q?offen", "=?utf-8?q?offen"),
        (b"=?x-unknown?q?Gr=FC=DFe?=", "Grüße"),
        (b"=?utf-8?q?mit blank?=", "mit blank"),
        (b"=?utf-8?x?nichts?=", "=?utf-8?x?nichts?="),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?ISO-2022-JP?B?GyRCMnE1RBsoQg==?=", "会議"),
        ("お早う".encode("iso2022_jp"), "お早う"),
        ("会議のお知らせ".encode("cp932"), "会議のお知らせ"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"eins\r\n\tzwei\r\n   drei", "eins zwei drei"),
    ],
)
def test_a_header_is_read_in_any_coding(raw, line):
    assert open_mail(b"Subject: " + raw + b"\r\n\r\n").subject == line


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("name*=utf-8''Einladung%20f%C3%BCr.ics", "Einladung für.ics"),
        ("name*0*=utf-8'de'Ein%6C; name*1=adung; name*2*=%2Eics", "Einladung.ics"),
        ('name="=?utf-8?q?Einladung=2Eics?="', "Einladung.ics"),
        ('name="a;b\\"c.ics"', 'a;b"c.ics'),
        ("name=mit blank.ics", "mit blank.ics"),
        ('NAME = "x.ics" ; charset=utf-8', "x.ics"),
        ("name*=kaputt", "kaputt"),
        ("name*=x-unknown''a%FCb", "aüb"),
    ],
)
def test_the_name_of_a_part_is_read_in_any_coding(value, name):
    opened = open_mail(f"Content-Type: text/calendar; {value}\r\n\r\nx".encode())
    assert (opened.parts[0].kind, opened.parts[0].name) == ("text/calendar", name)


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("katrin@jena.example", ["katrin@jena.example"]),
        ("Katrin <Katrin@Jena.Example>", ["katrin@jena.example"]),
        ('"evil@x.example" <katrin@jena.example>', ["katrin@jena.example"]),
        ("evil@x.example <katrin@jena.example>", ["katrin@jena.example"]),
        ("=?utf-8?q?evil=40x=2Eexample?= <katrin@jena.example>", ["katrin@jena.example"]),
        ("=?utf-8?q?=22=3Cevil=40x=2Ee=3E=22=2C?= <katrin@jena.example>", ["katrin@jena.example"]),
        ("=?utf-8?b?PGV2aWxAeC5leGFtcGxlPg==?= <katrin@jena.example>", ["katrin@jena.example"]),
        ("katrin@jena.example (evil@x.example, (nested))", ["katrin@jena.example"]),
        ('"Vogel, Katrin" <katrin@jena.example>, b@c.example', ["katrin@jena.example", "b@c.example"]),
        ("Vogel, Katrin <katrin@jena.example>", ["katrin@jena.example"]),
        ("Freunde: a@b.example, C <c@d.example>;, e@f.example", ["a@b.example", "c@d.example", "e@f.example"]),
        ("undisclosed-recipients:;", []),
        ("taro..yamada.@docomo.example", ["taro..yamada.@docomo.example"]),
        ('"taro..yamada."@docomo.example', ["taro..yamada.@docomo.example"]),
        ('<"taro..yamada."@docomo.example>', ["taro..yamada.@docomo.example"]),
        ("<.taro@docomo.example>", [".taro@docomo.example"]),
        ('"a b"@c.example', ['"a b"@c.example']),
        ("<@relay.example:katrin@jena.example>", ["katrin@jena.example"]),
        ('"offen <katrin@jena.example>', ["katrin@jena.example"]),
        ("katrin@jena.example;b@c.example", ["katrin@jena.example", "b@c.example"]),
        ("<mailto:katrin@jena.example>", ["katrin@jena.example"]),
        ("'katrin@jena.example'", ["katrin@jena.example"]),
        ("山田 <taro@東京.example>", ["taro@東京.example"]),
        ("niemand", []),
        ("<>", []),
    ],
)
def test_addresses_are_read_and_names_that_look_like_addresses_are_not(value, addresses):
    opened = open_mail(f"From: {value}\r\n\r\n".encode())
    assert (opened.addresses("from"), opened.author) == (addresses, addresses[0] if addresses else "")


def test_nobody_wrote_a_mail_with_two_different_senders():
    assert open_mail(b"From: a@b.example\r\nFrom: A@B.example\r\n\r\n").author == "a@b.example"
    assert open_mail(b"From: a@b.example\r\nFrom: c@d.example\r\n\r\n").author == ""
    assert open_mail(b"From: a@b.example, c@d.example\r\n\r\n").author == "a@b.example"


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Thu, 12 Mar 2026 08:00:00 +0100 (CET)", datetime(2026, 3, 12, 7, tzinfo=UTC)),
        ("12 Mar 2026 08:00 GMT", datetime(2026, 3, 12, 8, tzinfo=UTC)),
        ("Thu, 12 Mar 2026 08:00:00 -0000", datetime(2026, 3, 12, 8, tzinfo=UTC)),
        ("Thu, 32 Mar 2026 08:00:00 +0100", None),
        ("Thu, 12 Mar 1601 08:00:00 +0100", None),
        ("12 Mar 2026 08:00:00 +9999999", None),
        ("", None),
        ("gestern", None),
    ],
)
def test_the_date_is_read_or_there_is_none(value, moment):
    assert open_mail(f"Date: {value}\r\n\r\n".encode()).date == moment


def test_the_mails_it_answers_are_named_the_nearest_first():
    opened = open_mail(b"In-Reply-To: your mail of Monday <3@x>\r\nReferences: <1@x>\r\n <2@x> <3@x>\r\n\r\n")
    assert (opened.in_reply_to, opened.message_ids) == ("<3@x>", ["<3@x>", "<2@x>", "<1@x>"])


# --- words ------------------------------------------------------------------------------------------------------------


def test_flowed_text_is_put_together():
    flowed = "Content-Type: text/plain; format=flowed"
    assert open_mail(mail(flowed, "", "Ja, ", "gerne.", "> alt ", "> er", " Raum", "-- ", "Katrin")).text == (
        "Ja, gerne.\n> alt er\nRaum\n-- \nKatrin"
    )
    assert open_mail(mail(f"{flowed}; delsp=yes; charset=utf-8", "", "欠席 ", "します")).text == "欠席します"


def test_html_alone_is_read_as_words_with_its_quotes_marked():
    markup = (
        "<!DOCTYPE html><html><head><title>T</title><style>p{}</style></head><body><!-- <b>weg -->"
        "<p>Ja,&nbsp;gerne &amp; 1 < 2</p>"
        "<script>alert('<p>')</script><blockquote>Ihre Einladung<br>zum Frühstück</blockquote><hr><p>Katrin</body>"
    )
    raw = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + markup.encode()
    assert open_mail(raw).text == (
        "Ja, gerne & 1 < 2\n\n> Ihre Einladung\n> zum Frühstück\n\n________________________________\n\nKatrin"
    )


def test_html_speaks_where_the_plain_text_is_empty_and_files_do_not():
    plain, markup = mail("Content-Type: text/plain", "", "  "), mail("Content-Type: text/html", "", "<p>Ja</p>")
    file = mail("Content-Type: text/plain", "Content-Disposition: attachment", "", "Datei")
    calendar = mail("Content-Type: text/plain", "", "BEGIN:VCALENDAR")
    assert open_mail(nested("multipart/mixed", plain, markup, file, calendar)).text == "Ja"


# --- bounds -----------------------------------------------------------------------------------------------------------


def deep(levels: int) -> bytes:
    raw = b"Content-Type: text/plain\r\n\r\nHallo"
    for level in range(levels):
        raw = (
            f'Content-Type: multipart/mixed; boundary="{level}"\r\n\r\n--{level}\r\n'.encode()
            + raw
            + f"\r\n--{level}--".encode()
        )
    return raw


def calendar_mail(size: int = 0, events: int = 1) -> bytes:
    text = b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\nEND:VEVENT\r\n" * events + b"X" * size
    return b"Content-Type: text/calendar\r\n\r\n" + text


BOUNDS = {
    "nothing": (b"", ""),
    "10 MB": (b"Subject: x\r\n\r\n" + b"x" * (MOST_BYTES - 14), ""),
    "more than 10 MB": (b"Subject: x\r\n\r\n" + b"x" * MOST_BYTES, "size"),
    "10 levels": (deep(10), ""),
    "11 levels": (deep(11), "depth"),
    "100000 levels": (
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(100000)),
        "depth",
    ),
    "100000 mails in mails": (b"Content-Type: message/rfc822\r\n\r\n" * 100000, "depth"),
    "100 parts": (nested("multipart/mixed", *[b"\r\nHallo"] * 100), ""),
    "101 parts": (nested("multipart/mixed", *[b"\r\nHallo"] * 101), "parts"),
    "a million parts": (nested("multipart/mixed", *[b""] * 1000000), "parts"),
    "a million headers": (b"A: b\r\n" * 1000000 + b"\r\n", "headers"),
    "a header of 5 MB": (b"From: " + b"a" * 5_000_000 + b"\r\n\r\nHallo", ""),
    "a header of 5 MB, folded": (b"From: " + b"a\r\n " * 1_250_000 + b"\r\n\r\nHallo", ""),
    "ten million empty lines": (b"Subject: x\r\n" + b"\n" * 10_000_000, ""),
    "ten million CRs": (b"\r" * 10_000_000, ""),
    "CRs within lines": (b"Subject: x\r\r\n\n" + (b"\r" * 3_000_000 + b"x\n") * 3, ""),
    "lines of an mbox": (b"From \n" * 1_500_000, ""),
    "blanks in parameters": (
        nested(
            "multipart/mixed",
            *[b"Content-Type: text/plain" + b" " * 8000 + b"\r\nContent-Disposition: a" + b"\t" * 8000 + b"\r\n\r\n"]
            * 90,
        ),
        "",
    ),
    "multiparts without boundaries": (
        nested("multipart/mixed", *[b"Content-Type: multipart/x\r\n\r\n" + (b"--x" + b" " * 195 + b"\r\n") * 80] * 90),
        "",
    ),
    "uuencoded empty lines": (b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin \n" + b"\n" * 9_000_000, ""),
    "Japanese of another kind": (
        b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B" + b"-!" * 4_500_000,
        "",
    ),
    "no line at all": (b"x" * 10_000_000, ""),
    "only boundaries": (b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * 9_000_000, ""),
    "quotes": (b"From: " + b'"\\' * 15000 + b"\r\nTo: " + b"(" * 30000 + b"\r\nCc: " + b"<" * 30000 + b"\r\n\r\n", ""),
    "at signs": (
        b"From: " + b"a[@" * 10000 + b"\r\nTo: " + b"@" * 30000 + b"\r\nCc: " + b"a" * 30000 + b"[@\r\n\r\n",
        "",
    ),
    "encoded words": (b"Subject: " + b"=?utf-8?q?a?= " * 2000 + b"\r\nFrom: " + b"=?" * 15000 + b"\r\n\r\n", ""),
    "parameters": (b"Content-Type: text/plain" + b';a="\\"' * 5000 + b"\r\n\r\n", ""),
    "a calendar of 1 MB": (calendar_mail(MOST_CALENDAR - 45), ""),
    "a calendar of more": (calendar_mail(MOST_CALENDAR), "calendar"),
    "20 events": (calendar_mail(events=20), ""),
    "21 events": (calendar_mail(events=21), "events"),
    "base64 of nothing but padding": (b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 9_000_000, ""),
    "unclosed comments": (b"Content-Type: text/html\r\n\r\n" + b"<!--" * 2_000_000, ""),
    "unclosed tags": (b"Content-Type: text/html\r\n\r\n" + b"<a b='" * 1_500_000, ""),
    "punycode": (b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 5_000_000 + b"-b", ""),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_no_mail_takes_long_and_what_is_too_much_is_said(name):
    raw, too_much = BOUNDS[name]
    begun = time.process_time()
    opened = open_mail(raw)
    assert (opened.too_much, len(opened.text) < 300_000, opened.author, is_mail(raw)) is not None
    assert opened.too_much == too_much
    assert time.process_time() - begun < 2


def test_the_headers_of_a_mail_that_is_too_large_are_known():
    assert open_mail(b"From: a@b.example\r\n\r\n" + b"x" * MOST_BYTES).author == "a@b.example"


# --- what is a mail ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "is_one"),
    [
        (b"From: a@b.example\r\n\r\nHallo", True),
        (b"From a@b Thu Mar 12\nReceived: x\n\n", True),
        (b"Return-Path: <>\r\nX: y", True),
        (b"\xef\xbb\xbfSubject: x\r\n\r\n", True),
        (b"BEGIN:VCALENDAR\r\nTO:x\r\nEND:VCALENDAR", False),
        ("BEGIN:VCALENDAR\r\nTO:x".encode("utf-16"), False),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", False),
        (b"%PDF-1.7\r\n", False),
        (b"Hallo Katrin,\r\nSubject folgt", False),
        (b"", False),
    ],
)
def test_a_mail_is_told_from_a_calendar_file_and_a_picture(raw, is_one):
    assert is_mail(raw) is is_one


# --- real mails, where they are there ---------------------------------------------------------------------------------


def test_every_real_mail_is_opened_the_same_twice_and_says_who_and_when():
    files = [
        file
        for folder in ("imip", "bounces", "auto_replies", "requests")
        for file in sorted(shared(folder).glob("*.eml"))
    ]
    seen = {}
    for file in files:
        raw = file.read_bytes()
        assert is_mail(raw)
        opened = open_mail(raw)
        assert open_mail(raw) == opened
        seen[file.name] = (
            opened.author,
            opened.date is not None,
            len(opened.own_parts),
            len(opened.parts),
            len(opened.returned),
        )
        assert opened.too_much == ""
        assert not [part for part in opened.parts if part.kind.startswith("multipart/")]
    assert seen["postfix-bounced-invitation.eml"] == ("mailer-daemon@relay11.example.com", True, 2, 4, 12)
    assert seen["apple-accept.eml"] == ("xyzzy@example.com", True, 4, 4, 0)
    assert seen["rfc3464-01.eml"] == ("mailer-daemon@smtpgw.example.jp", True, 2, 3, 11)
    assert seen["arf-01.eml"] == ("kijitora@example.co.jp", True, 2, 3, 9)
    assert all(author and dated for author, dated, *_rest in seen.values())
