"""Mail of strangers who mean harm, and what it does not do.

They know how the program works and what its numbers are; some have got hold of a letter that was forwarded, and so know
a member's reply address.
"""

import hashlib
import logging
import time
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import clock, db, intake, merging, terminal
from asanokai.db import session
from asanokai.intake import answers, reported
from asanokai.intake.fresh import new_words
from asanokai.intake.opened import open_mail
from asanokai.letters import Letter
from asanokai.members import Member
from tests import people
from tests.pages import facts
from tests.reporting import bounce_address, come, dsn, feedback, plain, recipient

KATRIN = "katrin.lindner@optik-jena.example"
SERVER = "mx.asanokai.example"
STRANGER = "x@evil.example"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"authserv_id": SERVER}


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


@pytest.fixture
def meeting(app, clock):
    """A meeting that Katrin and Emma were invited to yesterday; the invitations have gone."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma()], guests_allowed=2)
        clock.set(people.berlin(2026, 2, 19, 12))
        people.plan()
        people.send_all()
        clock.advance(days=1)
        return facts(made)


@pytest.fixture
def katrin(meeting):
    return SimpleNamespace(id=people.katrin().id)


def address(place: intake.Place, who: Any) -> str:
    return f"rsvp+{place.tokens.mint_address('member', who.id)}@{place.reply_domain}"


def accepted(uid: str, attendee: str = KATRIN, *, word: str = "ACCEPTED", head: str = f"From: {KATRIN}\r\n") -> bytes:
    """A calendar's answer, given now."""
    lines = [
        *("BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{uid}", f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}"),
        *(f"ATTENDEE;PARTSTAT={word}:mailto:{attendee}", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return f"{head}Content-Type: text/calendar; charset=utf-8\r\n\r\n{chr(10).join(lines)}".encode()


def letters_of(kind: str) -> list[Letter]:
    session().rollback()
    return list(session().scalars(select(Letter).where(Letter.kind == kind).order_by(Letter.id)))


# --- reports ----------------------------------------------------------------------------------------------------------


def test_the_number_of_a_letter_that_nobody_has_seen_cannot_be_worked_out(app, place, meeting, katrin, smtp):
    (letter,) = [one for one in letters_of("invite") if one.member_id == katrin.id]
    guess = hashlib.sha256(letter.key.encode()).hexdigest()[:32]
    assert place.tokens.mark("letter", letter.key) != guess
    row = come(place, feedback("abuse", returned=f"Message-ID: <{guess}@{place.mail_domain}>\r\n\r\n"), "x@y.example")
    assert (row.outcome, row.member_id) == ("complaint", None)


def test_what_a_stranger_writes_in_a_report_makes_no_line_of_the_log_and_steers_no_terminal(place, meeting):
    written, to = StringIO(), bounce_address(place, letters_of("invite")[0].id)
    log, out = logging.getLogger(), logging.StreamHandler(written)
    out.setFormatter(terminal.Log("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.addHandler(out)
    try:
        words = b"550 5.7.1 no\x1b[2J\xc2\x9b31m\xe2\x80\xaedlrow\r2026-02-20 INFO all is well"
        raw = dsn(recipient(KATRIN, status="5.7.1", words="WORDS")).replace(b"WORDS", words)
        come(place, raw, to)
        try:
            raise ValueError("x\n2026-02-20 INFO all is well\x1b[2J")
        except ValueError:
            log.exception("a fault\n2026-02-20 INFO all is well")
    finally:
        log.removeHandler(out)
    lines = written.getvalue().split("\n")
    ours = [line for line in lines if line and not line.startswith("    ")]
    assert len(ours) == 2 and "policy" in ours[0] and "ERROR root: a fault\\x0a2026-02-20 INFO" in ours[1]
    assert not set(written.getvalue()) & set("\r\x1b\x9b\u202e")


BAD = [
    b"550 5.1.1 \xe5\xae\x9b\xe5\x85\x88",
    b"550 5.1.1 \xff\xe4 user unknown",
    b"550 5.1.1 a\0b",
    b"550 \xed\xa0\x80",
]


@pytest.mark.parametrize("words", BAD)
def test_bytes_that_are_no_text_in_a_report_are_kept_as_far_as_a_database_can(place, meeting, words):
    letter = letters_of("invite")[0]
    to = bounce_address(place, letter.id)
    raw = dsn(recipient(KATRIN, words="WORDS")).replace(b"WORDS", words)
    assert come(place, raw, to).outcome == "bounce"
    by_hand = plain("<WHO@x.example>:\nWORDS\n").replace(b"base64", b"8bit")
    head, _gap, _body = by_hand.partition(b"\n\n")
    body = b"\n\nHi. This is the qmail-send program at x.\n\n<a" + words[-3:] + b"@x.example>:\n" + words + b"\n"
    assert come(place, head + body, to).outcome == "bounce"


# --- whose ------------------------------------------------------------------------------------------------------------

PASS = f"Authentication-Results: {SERVER}; dmarc=pass header.from=optik-jena.example\r\n"
PASS_EVIL = f"Authentication-Results: {SERVER}; dmarc=pass header.from=evil.example\r\n"
PASS_ANY = f"Authentication-Results: {SERVER}; dmarc=pass\r\n"
FORGED = {
    "no word of our server": f"From: {KATRIN}\r\n",
    "one below the true one": f"{PASS.replace('pass', 'fail')}{PASS}From: {KATRIN}\r\n",
    "two From": f"{PASS_EVIL}From: {STRANGER}\r\nFrom: {KATRIN}\r\n",
    "two in one From": f"{PASS_EVIL}From: {STRANGER}, {KATRIN}\r\n",
    "a name like an address": f'{PASS_EVIL}From: "{KATRIN}" <{STRANGER}>\r\n',
    "an encoded name": f"{PASS_EVIL}From: =?utf-8?q?{KATRIN}?= <{STRANGER}>\r\n",
    "a group": f"{PASS_EVIL}From: {KATRIN}:{STRANGER};\r\n",
    "a bare CR": f"{PASS_EVIL}From: {STRANGER}\rFrom: {KATRIN}\r\n",
    "a From that names nobody": f"{PASS_ANY}From: undisclosed:;\r\nFrom: {KATRIN}\r\n",
    "a blank before the colon": f"{PASS_ANY}From: {STRANGER}\r\nFrom : {KATRIN}\r\n",
    "an encoded address": f"{PASS_ANY}From: =?utf-8?q?x=40evil.example?=\r\nFrom: {KATRIN}\r\n",
    "quoted": f'Authentication-Results: {SERVER}; spf=pass smtp.mailfrom="x; {PASS[22:-2]}"\r\nFrom: {KATRIN}\r\n',
    "another header": f"ARC-{PASS}From: {KATRIN}\r\n",
}


@pytest.mark.parametrize("head", FORGED.values(), ids=FORGED)
def test_nobody_answers_for_a_member_by_a_forged_head(place, meeting, katrin, head):
    row = come(place, accepted(meeting.uid, head=head), "info@reply.asanokai.example", STRANGER)
    assert row.outcome in ("asked back", "unclear")
    session().rollback()
    assert people.seats(meeting)[katrin.id] == ("invited", None, 0)


def test_who_was_made_one_with_another_row_is_unsubscribed_by_the_old_address_too(place, katrin, meeting):
    with db.transaction():
        other, boss = people.member("doppelt@jena.example", family="Lindner").id, people.akiko().id
    with db.transaction():
        merging.merge(katrin.id, other, {}, actor_id=boss)
    to = f"unsubscribe+{place.tokens.mint_address('unsubscribe', other)}@{place.reply_domain}"
    row = come(place, b"From: doppelt@jena.example\r\nSubject: x\r\n\r\n", to, "doppelt@jena.example")
    assert (row.outcome, row.member_id) == ("unsubscribed", katrin.id)
    session().rollback()
    assert session().get_one(Member, katrin.id).unsubscribed_at is not None


# --- letters that strangers cause -------------------------------------------------------------------------------------

LURES = {
    "words and a link": '"Konto gesperrt: http://evil.example/login "@evil.example',
    "a page": "www.evil.example@evil.example",
    "a path": "evil.example/login@evil.example",
}


@pytest.mark.parametrize("author", LURES.values(), ids=LURES)
def test_no_letter_of_ours_carries_a_strangers_words(place, meeting, katrin, author):
    head = f"From: {author}\r\n"
    come(place, accepted(meeting.uid, head=head), "info@reply.asanokai.example", STRANGER)
    come(place, accepted(meeting.uid, "nobody", head=head), address(place, katrin), STRANGER)
    told = [letter.facts["address"] for kind in ("ask_back", "answered") for letter in letters_of(kind)]
    assert told == ["", ""]


def test_who_has_got_a_reply_address_cannot_have_its_member_written_to_without_end(place, meeting, katrin):
    for number in range(answers.MOST_TOLD + 3):
        word, author = ("ACCEPTED", "DECLINED")[number % 2], f"x{number}@evil.example"
        raw = accepted(meeting.uid, author, word=word, head=f"From: {author}\r\n")
        assert come(place, raw, address(place, katrin), author).outcome == "answered"
    assert len(letters_of("answered")) == answers.MOST_TOLD


# --- time -------------------------------------------------------------------------------------------------------------


def test_looking_for_a_recipient_takes_no_longer_the_longer_a_word_is(place):
    began = time.perf_counter()
    come(place, b"To: " + b"a" * 32_000 + b"\r\nCc: " + b"a@" * 16_000 + b"\r\n\r\nHallo", None, STRANGER)
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("sign", ["\n", ",", "<", "\r\n\r\n", "a@b.c ", "=", " "], ids=repr)
def test_a_report_of_any_size_is_read_within_a_breath(sign):
    words = sign * (1_000_000 // len(sign))
    for raw in (
        dsn(recipient(KATRIN, words=words), text=words),
        b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + words.encode(),
    ):
        began = time.process_time()
        reported.read(open_mail(raw), raw, "")
        assert time.process_time() - began < 2


@pytest.mark.parametrize("line", ["_____\n", "> \n", "From: x\n", "Am 1.1.2026\n", "2026/1/1 <@", "ja, "], ids=repr)
def test_what_is_new_in_a_mail_is_found_within_a_breath(line):
    began = time.process_time()
    new_words(line * 100_000 + "!")
    assert time.process_time() - began < 2
