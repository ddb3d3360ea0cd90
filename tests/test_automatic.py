"""Auto-replies count as nothing, unsubscribing by mail counts at once, and our own letters are not read."""

from email.header import Header
from typing import Any

import pytest

from asanokai import db, intake, letters, members
from asanokai.intake import automatic
from tests import people
from tests.grounds.shared import shared
from tests.reporting import BOUNDARY, come, in_parts, posted

KATRIN = "katrin.lindner@optik-jena.example"


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


def mail(subject: str, *headers: str, words: str = "Ich bin bis Montag nicht im Haus.") -> bytes:
    head = [
        f"From: Katrin <{KATRIN}>",
        f"Subject: {Header(subject).encode()}",
        *headers,
        "Content-Type: text/plain; charset=utf-8",
    ]
    return ("\r\n".join(head) + f"\r\n\r\n{words}\r\n").encode()


def reply_address(place: intake.Place, kind: str = "rsvp") -> str:
    with db.transaction():
        number = people.katrin().id
    token = place.tokens.mint_address({"rsvp": "member"}.get(kind, kind), number)
    return f"{kind}+{token}@{place.reply_domain}"


def subscribed() -> bool:
    with db.reading():
        return people.katrin().unsubscribed_at is None


RECEIPT = in_parts(
    "disposition-notification",
    [
        ("text/plain", "Read."),
        ("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"),
    ],
    subject="Gelesen: Einladung",
    author=KATRIN,
)
AUTOMATIC = {
    "RFC 3834": mail("Einladung", "Auto-Submitted: auto-replied"),
    "RFC 3834 with a comment": mail("Einladung", "Auto-Submitted: auto-generated (vacation)"),
    "vacation of old": mail("Re: Einladung", "Precedence: bulk"),
    "X-Autoreply": mail("Re: Einladung", "X-Autoreply: yes"),
    "X-Autorespond": mail("Re: Einladung", "X-Autorespond: Einladung"),
    "Outlook, German": mail("Automatische Antwort: Einladung", "X-MS-Exchange-Inbox-Rules-Loop: katrin@jena.example"),
    "Outlook, German of old": mail("Abwesenheitsnotiz: Einladung", "X-Auto-Response-Suppress: All"),
    "Outlook, English": mail("Automatic reply: Invitation", "X-Auto-Response-Suppress: All"),
    "Outlook, Japanese": mail("自動応答: ご案内", "X-Auto-Response-Suppress: All"),
    "Outlook, French": mail("Réponse automatique : Invitation"),
    "Outlook, Dutch": mail("Automatisch antwoord: Uitnodiging"),
    "Outlook, Italian": mail("Risposta automatica: Invito"),
    "Outlook, Spanish": mail("Respuesta automática: Invitación"),
    "Outlook, Polish": mail("Odpowiedź automatyczna: Zaproszenie"),
    "Exchange by its rules": mail("Urlaub", "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"),
    "Gmail": mail("Out of office Re: Invitation", "Precedence: bulk", "X-Autoreply: yes"),
    "Japanese, marked": mail("【自動返信】不在通知: ご案内", "Auto-Submitted: auto-replied"),
    "away, suppressing": mail("不在のお知らせ", "X-Auto-Response-Suppress: OOF"),
    "a list": mail("Re: Einladung", "List-Id: <talk.jena.example>"),
    "a receipt": RECEIPT,
    "a receipt of Outlook": mail("Gelesen: Einladung", "X-Auto-Response-Suppress: All"),
    "a receipt, Japanese": mail("開封済み: ご案内", "X-Auto-Response-Suppress: All"),
    "a challenge": mail("Your email requires verification verify#1x2"),
    "a challenge of TMDA": mail("Please confirm", "X-Delivery-Agent: TMDA/1.1"),
    "loops": mail("Re: Einladung", "X-Loop: katrin@jena.example"),
}
WRITTEN = {
    "a decline that says so": mail("不在のため欠席します", words="申し訳ありませんが欠席いたします。"),
    "an answer to somebody who was away": mail("Re: Automatische Antwort: Einladung"),
    "a subject alone": mail("Urlaub", words="Wann ist das nächste Treffen?"),
    "not automatic, it says": mail("Re: Einladung", "Auto-Submitted: no", words="Gibt es Tee?"),
    "from Exchange": mail("AW: Einladung", "X-Auto-Response-Suppress: DR, OOF", words="Gibt es Tee?"),
    "about reading": mail("Read the abstract", words="Who wrote it?"),
}


def test_auto_replies_count_as_nothing(place, clock):
    to = reply_address(place)
    with db.transaction():
        posted(people.katrin(), "an old letter")
    clock.advance(days=1)
    found = {name: come(place, raw, to, KATRIN) for name, raw in AUTOMATIC.items()}
    assert {name: (row.outcome, row.state) for name, row in found.items()} == dict.fromkeys(
        AUTOMATIC, ("automatic", "taken")
    )


def test_whatever_has_no_sender_to_return_it_to_is_automatic(place, clock):
    assert come(place, mail("Hallo"), reply_address(place), "").outcome == "automatic"
    returned = mail("Guten Tag", "Return-Path: <>")
    assert come(place, returned, reply_address(place), None).outcome == "automatic"


def test_what_people_write_is_not_taken_for_an_auto_reply(place, clock, monkeypatch):
    to = reply_address(place)
    with db.transaction():
        posted(people.katrin(), "an old letter")
    clock.advance(days=1)
    asked: list[Any] = []
    read = automatic.read
    monkeypatch.setattr("asanokai.intake.taking.READERS", (lambda arrived: asked.append(read(arrived)),))
    for raw in WRITTEN.values():
        come(place, raw, to, KATRIN)
    assert asked == [None] * len(WRITTEN)


def test_a_subject_like_that_within_minutes_of_our_letter_was_written_by_nobody(place, clock):
    to = reply_address(place)
    with db.transaction():
        number = posted(people.katrin(), "a letter").id
    clock.advance(minutes=1)
    assert come(place, mail("Urlaub bis Montag"), to, KATRIN).outcome == "automatic"
    with db.reading():
        referred = mail("Out of office", f"In-Reply-To: {letters.by_id(number).message_id}")
    row = come(place, referred, "asanokai@asanokai.example", KATRIN)
    assert (row.outcome, row.letter_id) == ("automatic", number)
    clock.advance(minutes=10)
    assert come(place, mail("Urlaub bis Dienstag"), to, KATRIN).outcome != "automatic"


def test_auto_replies_of_the_world_are_recognised(place, clock):
    to = reply_address(place)
    for name in ("rfc3834-01.eml", "rfc3834-02.eml"):
        raw = shared(f"auto_replies/{name}").read_bytes()
        assert [come(place, raw, to, None).outcome for _ in range(2)] == ["automatic"] * 2


# --- unsubscribing by mail --------------------------------------------------------------------------------------------


def test_writing_to_the_address_for_it_ends_the_invitations_once(place, clock):
    to = reply_address(place, "unsubscribe")
    away = come(place, mail("Automatic reply: unsubscribe"), to, KATRIN)
    assert (away.outcome, subscribed()) == ("automatic", True)
    for words in ("", "bitte"):
        row = come(place, mail("unsubscribe", words=words), to.upper(), KATRIN)
        assert (row.outcome, row.state, subscribed()) == ("unsubscribed", "taken", False)
    with db.reading():
        assert row.member_id == people.katrin().id


def test_an_answer_address_does_not_end_them(place, clock):
    token = reply_address(place).partition("+")[2]
    assert come(place, mail("unsubscribe"), f"unsubscribe+{token}", KATRIN).outcome != "unsubscribed"
    assert subscribed()


def test_nobody_is_unsubscribed_twice_over_who_is_gone(place, clock):
    to = reply_address(place, "unsubscribe")
    with db.transaction():
        members.by_id(people.katrin().id).standing = "erased"
    assert come(place, mail("unsubscribe"), to, KATRIN).outcome == "nothing"
    gone = f"unsubscribe+{place.tokens.mint_address('unsubscribe', 4711)}@{place.reply_domain}"
    assert come(place, mail("unsubscribe"), gone, KATRIN).outcome == "nothing"


# --- loops ------------------------------------------------------------------------------------------------------------


def test_our_own_letters_are_not_read(place, clock):
    to = reply_address(place)
    with db.transaction():
        letter = posted(people.katrin(), "a letter")
        number, ours = letter.id, letter.message_id
    cases = {
        "by its number": mail("Ja", f"Message-ID: {ours}"),
        "by its sender": mail("Ja").replace(KATRIN.encode(), to.encode()),
        "by its list": mail("Ja", f"List-Id: Asa no Kai <asanokai.{place.mail_domain}>"),
        "by its mark": mail("Ja", f"X-Loop: asanokai@{place.reply_domain}"),
        "by its way": mail("Ja", *["Received: from a by b"] * 51),
    }
    found = {name: come(place, raw, to, KATRIN) for name, raw in cases.items()}
    assert {name: (row.outcome, row.state) for name, row in found.items()} == dict.fromkeys(cases, ("own", "taken"))
    assert found["by its number"].letter_id == number


def test_a_mail_that_only_refers_to_a_letter_is_read(place, clock):
    with db.transaction():
        ours = posted(people.katrin(), "a letter").message_id
    forward = mail("WG: Einladung", f"References: {ours}", "X-Loop: x", words="Geht ihr hin?").replace(
        b"X-Loop: x\r\n", b""
    )
    assert come(place, forward, "asanokai@asanokai.example", KATRIN).outcome == "message"


def test_what_is_too_much_waits_for_a_person(place, clock):
    head = [f"From: {KATRIN}", f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"', "", ""]
    many = "\r\n".join(head) + f"--{BOUNDARY}\r\n\r\nx\r\n" * 101 + f"--{BOUNDARY}--\r\n"
    row = come(place, many.encode(), reply_address(place), KATRIN)
    assert (row.outcome, row.state) == ("too much", "parked")
