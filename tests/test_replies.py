"""Replies in plain words: whose they are, to which meeting, what is taken and what waits for a person."""

from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import clock, db, intake, letters, meetings, rsvps
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.letters import Letter
from asanokai.members import Address
from tests import people
from tests.pages import facts


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"reply_domain": "reply.asanokai.example", "authserv_id": "mx.asanokai.example"}


@pytest.fixture
def place(app: Any) -> intake.Place:
    return app.extensions["intake"]


@pytest.fixture
def meeting(app, clock):
    """A meeting of two seats that Katrin and Emma are invited to, and whose invitations have gone out."""
    with db.transaction():
        made = people.announced_meeting(people=[people.katrin(), people.emma()], seats=2, guests_allowed=1)
        clock.set(people.berlin(2026, 2, 20, 12))
        people.plan()
        _send()
        return facts(made)


def _send() -> None:
    for letter in session().scalars(select(Letter).where(Letter.state == "queued")):
        letter.message_id = f"<letter-{letter.id}@asanokai.example>"
    people.send_all()


def known(make: Any) -> SimpleNamespace:
    """Somebody of the cast, known beyond a transaction."""
    member = make()
    return SimpleNamespace(
        id=member.id, address=session().scalar(select(Address.normal).filter_by(member_id=member.id))
    )


def write(
    place: intake.Place, who: Any, words: str, *, to: Any = None, sender: str | None = None, **headers: str
) -> Incoming:
    """Somebody writes, and the mail is taken in; its row. `to`: whose token the recipient bears, "" for none."""
    mail = EmailMessage()
    usual = {
        "From": who.address,
        "To": "Asa no Kai <organiser@asanokai.example>",
        "Subject": "Re: Einladung",
        "Date": format_datetime(clock.now()),
        "Message-ID": f"<{abs(hash((words, str(headers))))}@client.example>",
    }
    for name, value in {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        mail[name] = value
    mail.set_content(words)
    token = place.tokens.mint_address("member", (to or who).id) if to != "" else ""
    with db.transaction():
        intake.receive(
            mail.as_bytes(),
            way="lmtp",
            tokens=place.tokens,
            recipient=f"rsvp+{token}@{place.reply_domain}" if token else "organiser@asanokai.example",
            sender=who.address if sender is None else sender,
        )
    intake.step(place)
    with db.reading():
        return session().scalars(select(Incoming).order_by(Incoming.id.desc())).first()


def stands(meeting: Any) -> dict[int, tuple[str, str | None, int]]:
    with db.reading():
        return people.seats(meeting)


def waiting_letters(who: Any) -> list[tuple[str, dict[str, Any] | None]]:
    with db.reading():
        return [(letter.kind, letter.facts) for letter in people.letters_to(who) if letter.state == "queued"]


def test_a_yes_in_words_is_taken_with_its_guests(place, meeting):
    katrin = known(people.katrin)
    row = write(place, katrin, "Ja, gerne mit einer Begleitung.\n\nViele Grüße\nKatrin Lindner")
    assert (row.state, row.outcome, row.member_id, row.meeting_id) == ("taken", "answered", katrin.id, meeting.id)
    assert stands(meeting)[katrin.id] == ("yes", "held", 1)


def test_a_no_in_words_frees_the_seat_and_is_acknowledged_with_a_way_back(place, meeting, clock):
    katrin = known(people.katrin)
    row = write(place, katrin, "Leider nein.", Message_ID="<one@client.example>")
    assert (row.state, row.outcome, row.member_id, row.meeting_id) == ("taken", "answered", katrin.id, meeting.id)
    assert row.facts == {
        "meeting": meeting.id,
        "member": katrin.id,
        "answer": "no",
        "revision": 1,
        "before": {"answer": "invited", "guests": 0, "comment": "", "kept": False},
    }
    assert stands(meeting)[katrin.id] == ("no", None, 0)
    assert waiting_letters(katrin) == [
        ("acknowledged", {"revision": 1, "mail": row.id, "undoable": True, "answers": "<one@client.example>"})
    ]


def test_a_second_answer_of_the_day_is_taken_and_confirmed_as_after_a_click(place, meeting, clock):
    katrin = known(people.katrin)
    write(place, katrin, "Ja")
    clock.advance(minutes=5)
    assert write(place, katrin, "Ich muss leider absagen.").outcome == "answered"
    assert stands(meeting)[katrin.id] == ("no", None, 0)
    assert [kind for kind, _facts in waiting_letters(katrin)] == ["acknowledged", "confirm"]
    clock.advance(days=1)
    write(place, katrin, "Ich komme gern.")
    assert [kind for kind, _facts in waiting_letters(katrin)] == ["acknowledged", "confirm", "acknowledged"]


def test_a_yes_without_a_seat_waits_and_says_so(place, meeting):
    katrin, emma = known(people.katrin), known(people.emma)
    write(place, katrin, "Ja, +1")
    assert write(place, emma, "Yes, I'll be there.").outcome == "waiting list"
    assert stands(meeting) == {katrin.id: ("yes", "held", 1), emma.id: ("yes", "waiting", 0)}
    assert [kind for kind, _facts in waiting_letters(emma)] == ["acknowledged"]


def test_the_same_answer_again_changes_nothing(place, meeting):
    katrin = known(people.katrin)
    write(place, katrin, "Ja")
    row = write(place, katrin, "Ja!")
    assert (row.state, row.outcome) == ("taken", "unchanged")
    assert [kind for kind, _facts in waiting_letters(katrin)] == ["acknowledged"]


def test_words_that_are_no_answer_wait_for_a_person(place, meeting):
    katrin = known(people.katrin)
    row = write(place, katrin, "Ja, wenn ich rechtzeitig zurück bin.")
    assert (row.state, row.outcome, row.member_id) == ("parked", "message", katrin.id)
    assert stands(meeting)[katrin.id] == ("invited", None, 0)
    assert waiting_letters(katrin) == []


def test_somebody_elses_words_are_never_an_answer_of_the_member(place, meeting):
    katrin, emma = known(people.katrin), known(people.emma)
    stranger = SimpleNamespace(id=0, address="jemand@anderswo.example")
    for who in (stranger, emma):
        row = write(place, who, "Ja", to=katrin)
        assert (row.outcome, row.member_id) == ("message", katrin.id)
    assert write(place, katrin, "Ja", From=f"{katrin.address}, {stranger.address}").outcome == "message"
    assert stands(meeting)[katrin.id] == ("invited", None, 0)


def test_without_a_token_only_a_sender_that_our_own_server_vouches_for_is_believed(place, meeting):
    katrin = known(people.katrin)
    forged = "other.example; dmarc=pass", "mx.asanokai.example; dmarc=fail", "mx.asanokai.example; spf=pass"
    for number, results in enumerate(("", *forged)):
        more = {"Authentication_Results": results} if results else {}
        row = write(place, katrin, "Ja" + "!" * number, to="", **more)
        assert (row.outcome, row.member_id) == ("message", katrin.id)
    row = write(
        place,
        katrin,
        "Ja.",
        to="",
        Authentication_Results="mx.asanokai.example; spf=pass; dmarc=pass header.from=optik-jena.example",
    )
    assert row.outcome == "answered"


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<some.list>"}, {"sender": ""}],
    ids=["automatic", "bulk", "list", "bounce"],
)
def test_what_a_program_sends_is_neither_believed_nor_answered(place, meeting, headers, monkeypatch):
    monkeypatch.setattr(intake.taking, "READERS", (intake.replies.read,))
    katrin = known(people.katrin)
    row = write(place, katrin, "Ja", **headers)
    assert (row.outcome, stands(meeting)[katrin.id][0], waiting_letters(katrin)) == ("message", "invited", [])


def test_of_two_meetings_the_one_is_meant_whose_letter_is_answered(place, meeting, clock):
    katrin = known(people.katrin)
    with db.transaction():
        later = people.announced_meeting(
            people.series_of(meetings.by_id(meeting.id)), people.datetime(2026, 4, 9, 8, 0)
        )
        people.plan()
        rsvps.answer(later.id, katrin.id, "maybe", by="page")
        _send()
        other = facts(later)
        confirmed = people.letters_to(SimpleNamespace(id=katrin.id), "confirm")[-1].message_id
        invited = people.letters_to(SimpleNamespace(id=katrin.id), "invite")[0].message_id
    assert write(place, katrin, "Ja").outcome == "message"
    assert write(place, katrin, "Ja.", References=f"<x@y.example> {confirmed}").meeting_id == other.id
    assert write(place, katrin, "Nein.", In_Reply_To=invited).meeting_id == meeting.id
    assert (stands(meeting)[katrin.id][0], stands(other)[katrin.id][0]) == ("no", "yes")


def test_yes_to_a_letter_in_which_anything_may_have_been_asked_is_a_message(place, meeting):
    katrin = known(people.katrin)
    with db.transaction():
        letters.post("own", "own:1", member_id=katrin.id, meeting_id=meeting.id, facts={"message": 1})
        letter = session().scalar(select(Letter).where(Letter.key == "own:1"))
        letter.message_id, letter.state = "<own@asanokai.example>", "sent"
    row = write(place, katrin, "Ja", In_Reply_To="<own@asanokai.example>")
    assert (row.outcome, row.meeting_id) == ("message", meeting.id)


def test_an_answer_that_is_older_than_what_stands_changes_nothing(place, meeting, clock):
    katrin = known(people.katrin)
    with db.transaction():
        rsvps.answer(meeting.id, katrin.id, "yes", by="page")
    row = write(place, katrin, "Absage", Date=format_datetime(clock.now - timedelta(hours=2)))
    assert (row.state, row.outcome) == ("taken", "older")
    assert stands(meeting)[katrin.id] == ("yes", "held", 0)


def test_of_an_answer_that_a_rule_refuses_the_member_is_told(place, meeting, clock):
    katrin = known(people.katrin)
    clock.set(people.berlin(2026, 3, 12, 7))
    row = write(place, katrin, "Ja")
    assert (row.state, row.outcome, row.facts) == ("taken", "refused", {"answer": "yes", "why": "late"})
    assert [kind for kind, _facts in waiting_letters(katrin)] == ["not_taken"]
    assert write(place, katrin, "Absage.").outcome == "answered"


def test_yes_to_the_time_that_was_is_asked_back_by_a_person(place, meeting):
    katrin = known(people.katrin)
    with db.transaction():
        letter = people.letters_to(SimpleNamespace(id=katrin.id), "invite")[0]
        letter.starts_at = meeting.starts_at - timedelta(days=7)
        number = letter.message_id
    row = write(place, katrin, "Ja", In_Reply_To=number)
    assert (row.state, row.outcome, row.facts) == ("parked", "unclear", {"answer": "yes"})


def test_more_guests_than_may_come_are_for_a_person_to_decide(place, meeting):
    katrin = known(people.katrin)
    row = write(place, katrin, "Ja, mit zwei Gästen")
    assert (row.state, row.outcome, row.facts) == ("parked", "refused", {"answer": "yes"})
    assert (stands(meeting)[katrin.id][0], waiting_letters(katrin)) == ("invited", [])


def test_a_subject_of_the_writers_own_is_part_of_what_is_said(place, meeting):
    katrin = known(people.katrin)
    assert write(place, katrin, "Ja", Subject="Sommerfest").outcome == "message"
    assert write(place, katrin, "Ja", Subject="Absage").outcome == "message"
    assert write(place, katrin, "Ja", Subject="Re: Einladung, 9. April 2026").outcome == "message"
    assert write(place, katrin, "Ja", Subject="WG: Einladung").outcome == "message"
    assert write(place, katrin, "Ich bin dabei", Subject="Zusage").outcome == "answered"


def test_who_has_left_or_belongs_to_nobody_writes_messages(place, meeting):
    with db.transaction():
        gone = known(people.juergen)
    row = write(place, gone, "Ja")
    assert (row.outcome, row.member_id, row.meeting_id) == ("message", gone.id, None)
    nobody = SimpleNamespace(id=0, address="jemand@anderswo.example")
    row = write(place, nobody, "Was ist das?", to="")
    assert (row.state, row.outcome, row.member_id, row.meeting_id) == ("parked", "message", None, None)
