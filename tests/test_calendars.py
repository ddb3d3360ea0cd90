"""What a calendar says is read right, from every program in the world, however it is put together or broken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asanokai.intake.calendars import Attendee, Said, said
from asanokai.intake.opened import open_mail
from tests.grounds import clients
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
