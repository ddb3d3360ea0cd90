"""The ways in, side by side: by file, over LMTP and from a mailbox a mail counts once; `asanokai intake` says what
came of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import db, intake
from asanokai.intake import Incoming, taking
from asanokai.intake.outcome import Outcome
from tests import people
from tests.test_cli import Shell, said

WORDS = b"From: katrin@jena.example\r\nSubject: Hallo\r\nMessage-ID: <1@jena.example>\r\n\r\nHallo\r\n"
TRACE = (
    b"Return-Path: <katrin@jena.example>\r\nDelivered-To: %s\r\nReceived: from mx.example\r\n\tby here.example;\r\n"
    b"\tSun, 1 Feb 2026 10:00:00 +0100\r\nAuthentication-Results: here.example;\r\n dmarc=pass\r\nX-Spam-Score: 0\r\n"
)


@pytest.fixture
def shell(app: Any, config: Any) -> Shell:
    return Shell(config)


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


@pytest.fixture
def to(place: intake.Place) -> str:
    return f"rsvp+{place.tokens.mint_address('member', 7)}@{place.reply_domain}"


@pytest.fixture
def answered(app: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Every mail is a member's answer to a meeting: the member's number, the meeting's path."""
    with db.transaction():
        meeting = people.announced_meeting(people=[people.katrin()])
        found = people.katrin().id, meeting.id, meeting.path
    outcome = Outcome("answered", member_id=found[0], meeting_id=found[1])
    monkeypatch.setattr(taking, "READERS", (lambda _arrived: outcome,))
    return found[0], found[2]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def rows() -> list[Incoming]:
    with db.reading() as session:
        return list(session.scalars(select(Incoming).order_by(Incoming.id)))


# --- once -------------------------------------------------------------------------------------------------------------


def receive(place: intake.Place, raw: bytes, **more: Any) -> bool:
    with db.transaction():
        return intake.receive(raw, tokens=place.tokens, **more)


def test_the_same_mail_over_lmtp_from_a_mailbox_and_from_a_file_counts_once(place, to):
    assert receive(
        place, b"To: " + to.encode() + b"\r\n" + WORDS, way="lmtp", recipient=to, sender="katrin@jena.example"
    )
    stored = TRACE % to.encode() + b"To: " + to.encode() + b"\r\n" + WORDS
    assert not receive(place, stored, way="imap")
    assert not receive(place, stored.replace(b"\r\n", b"\n"), way="file")
    assert [(row.recipient, row.sender, row.way) for row in rows()] == [(to, "katrin@jena.example", "lmtp")]


def test_a_plain_recipient_of_the_envelope_makes_no_other_mail_of_it(place):
    assert receive(place, WORDS, way="imap")
    assert not receive(place, WORDS, way="lmtp", recipient="asanokai@asanokai.example")


def test_where_an_alias_stands_in_between_the_headers_say_whose_it_is(place, to):
    assert receive(place, b"To: <" + to.encode() + b">\r\n" + WORDS, way="lmtp", recipient="asanokai@asanokai.example")
    assert [row.recipient for row in rows()] == [to]


def test_a_mail_to_two_members_addresses_is_one_for_each(place, to):
    other = to.replace(to[5:-24], place.tokens.mint_address("member", 8))
    assert receive(place, WORDS, way="lmtp", recipient=to)
    assert receive(place, WORDS, way="lmtp", recipient=other)
    assert not receive(place, WORDS, way="lmtp", recipient=to.upper())


@pytest.mark.parametrize(
    ("header", "sender"), [(b"Return-Path: <>", ""), (b"Return-Path: <a@b.example>", "a@b.example")]
)
def test_an_unknown_sender_is_what_the_mail_server_wrote_down(place, header, sender):
    receive(place, header + b"\r\n" + WORDS, way="imap")
    receive(place, WORDS, way="imap")
    assert [row.sender for row in rows()] == [sender]


def test_of_a_mail_that_is_too_large_the_headers_are_kept_and_a_person_looks(place):
    assert receive(place, WORDS + b"x" * (10 * 1024 * 1024), way="lmtp")
    intake.step(place)
    (row,) = rows()
    assert (row.outcome, row.state, row.subject, row.size) == (
        "too much",
        "parked",
        "Hallo",
        len(WORDS) + 10 * 1024 * 1024,
    )
    with db.reading() as session:
        assert session.scalars(select(Incoming.raw)).one() == WORDS.removesuffix(b"Hallo\r\n")


# --- from files -------------------------------------------------------------------------------------------------------


def test_a_file_is_taken_in_at_once_and_a_second_time_it_was_seen_before(shell, answered, tmp_path):
    member, meeting = answered
    file = write(tmp_path / "answer.eml", WORDS)
    words = f"the answer was entered; member {member}, meeting {meeting}\n"
    assert said(shell("intake", file)) == (0, f"{file} new: {words}", "")
    assert said(shell("intake", file)) == (0, f"{file} seen before: {words}", "")
    assert [(row.way, row.state, row.attempts) for row in rows()] == [("file", "taken", 1)]


def test_what_arrived_and_still_waits_is_taken_in(shell, place, answered, tmp_path):
    receive(place, WORDS, way="lmtp")
    assert "seen before: the answer was entered" in shell("intake", write(tmp_path / "a.eml", WORDS)).stdout
    assert [row.way for row in rows()] == ["lmtp"]


def test_several_files_are_told_of_in_one_document(shell, answered, tmp_path):
    member, meeting = answered
    mail, calendar = write(tmp_path / "a.eml", WORDS), write(tmp_path / "a.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    result = shell("intake", mail, calendar, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (
        1,
        {
            "mails": [
                {
                    "file": str(mail),
                    "verdict": "new",
                    "number": 1,
                    "state": "taken",
                    "outcome": "answered",
                    "reason": None,
                    "member": member,
                    "meeting": meeting,
                },
                {
                    "file": str(calendar),
                    "verdict": "refused",
                    "number": None,
                    "state": "",
                    "outcome": None,
                    "reason": "this is not a mail; please save it with its headers, as an .eml file",
                    "member": None,
                    "meeting": None,
                },
            ]
        },
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n",
        b"\xef\xbb\xbfBEGIN:VCALENDAR\n",
        b"\x00\x01\x02",
        b"Hallo!",
    ],
)
def test_what_is_no_mail_is_refused_and_the_others_are_taken(shell, content, tmp_path):
    bad, good, missing = write(tmp_path / "bad", content), write(tmp_path / "good", WORDS), tmp_path / "missing"
    code, out, err = said(shell("intake", bad, missing, good))
    assert (code, out.startswith(f"{good} new: "), err.splitlines()) == (
        1,
        True,
        [
            f"{bad}: this is not a mail; please save it with its headers, as an .eml file",
            f"{missing}: cannot be read: No such file or directory",
        ],
    )


def test_a_mail_comes_from_standard_input_too_with_an_mbox_line_before_it(shell, answered):
    result = shell("intake", "-", input=b"From katrin@jena.example Sun Feb  1 10:00:00 2026\n" + WORDS)
    assert (result.exit_code, result.stdout.partition(";")[0]) == (0, "- new: the answer was entered")
    assert [row.size for row in rows()] == [len(WORDS)]


def test_a_mail_that_fails_waits_for_its_next_turn(shell, monkeypatch, tmp_path):
    def read(_arrived: Any) -> Outcome:
        raise ValueError("a fault")

    monkeypatch.setattr(taking, "READERS", (read,))
    file = write(tmp_path / "a.eml", WORDS)
    assert said(shell("intake", file))[:2] == (0, f"{file} new: it waits and is tried again\n")
