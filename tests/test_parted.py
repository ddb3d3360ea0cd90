"""The last letter to whoever left: what it takes out of the calendar, and when it is not sent."""

from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import select

from asanokai import announcing, db, leaving, meetings, rsvps
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.worker import send_due
from tests import people
from tests.people import announced_meeting, berlin

KATRIN = "katrin.lindner@optik-jena.example"


@pytest.fixture
def told(app, clock, smtp) -> list[int]:
    """One that is over, one that Katrin was invited to and comes to, and one that nobody has heard of yet."""
    with db.transaction():
        series = people.series()
        both = [
            announced_meeting(
                series, people.FIRST_MORNING.replace(month=month), people=[people.katrin(), people.emma()]
            )
            for month in (3, 4)
        ]
        numbers, series_id = [meeting.id for meeting in both], series.id
    clock.set(berlin(2026, 3, 19, 12))
    with db.transaction():
        numbers.append(announced_meeting(series_rules.by_id(series_id), people.FIRST_MORNING.replace(month=5)).id)
    sent(app)
    say(numbers[1], "yes")
    sent(app)
    return numbers


def say(meeting_id: int, choice: str) -> None:
    with db.transaction():
        rsvps.answer(meeting_id, people.katrin().id, choice, by="page")


def sent(app) -> None:
    total = send_due(app, Night())
    assert (total.failed, total.postponed) == (0, 0)


def leave() -> None:
    with db.transaction():
        leaving.leave(people.katrin(), actor_id=people.katrin().id)


def entries(smtp, method: str) -> list[dict[str, Any]]:
    """What the letters to Katrin say to her calendar by that method."""
    found = []
    for mail in smtp.to(KATRIN):
        for part in mail.message.walk():
            if part.get_content_type() == "text/calendar" and part.get_param("method") == method:
                calendar = Calendar.from_ical(part.get_payload(decode=True))
                (event,) = calendar.walk("VEVENT")
                assert str(calendar["METHOD"]) == method
                found.append(
                    {
                        "uid": str(event["UID"]),
                        "sequence": int(event["SEQUENCE"]),
                        "status": str(event["STATUS"]),
                        "attendee": str(event["ATTENDEE"]),
                        "organizer": str(event["ORGANIZER"]),
                        "starts": event["DTSTART"].dt,
                        "stamp": event["DTSTAMP"].dt,
                    }
                )
    return found


def parted() -> list[tuple[int, str, str | None]]:
    """The last letters: of which meeting, how they ended and why."""
    with db.reading() as found:
        rows = found.scalars(select(Letter).where(Letter.kind == "parted").order_by(Letter.meeting_id)).all()
        return [(row.meeting_id, row.state, row.reason) for row in rows]


def test_each_meeting_told_of_is_cancelled_for_who_left_alone_with_a_higher_sequence(app, smtp, told):
    before = {entry["uid"]: entry for entry in entries(smtp, "REQUEST")}
    leave()
    sent(app)
    with db.reading():
        coming = [meetings.by_id(number) for number in told[1:]]
        uids = [(meeting.uid, meeting.starts_at) for meeting in coming if meeting.uid in before]
    cancelled = entries(smtp, "CANCEL")
    assert ([(entry["uid"], entry["starts"]) for entry in cancelled], len(before), len(uids)) == (uids, 1, 1)
    for entry in cancelled:
        known = before[entry["uid"]]
        assert entry["sequence"] > known["sequence"] and entry["stamp"] > known["stamp"]
        assert (entry["status"], entry["attendee"]) == ("CANCELLED", f"mailto:{KATRIN}")
        assert entry["organizer"] == known["organizer"]
    with db.reading():
        assert [meeting.sequence for meeting in coming] == [0] * len(coming)
    assert {mail.to for mail in smtp.letters if str(mail.message["Subject"]).startswith("Sie nehmen nicht")} == {KATRIN}


def test_it_is_the_only_letter_about_it_and_goes_out_although_its_reader_has_left(app, smtp, told):
    leave()
    sent(app)
    with db.reading():
        assert people.katrin().standing == "left"
        after = [(row.kind, row.state) for row in people.letters_to(people.katrin())][-2:]
    assert ("parted", "sent") in after
    assert {state for _meeting, state, _reason in parted()} == {"sent"}
    letter = smtp.to(KATRIN)[-1].message
    assert (letter["List-Unsubscribe"], "unsubscribe" in letter.get_body(("plain",)).get_content()) == (None, False)
    with db.reading() as found:
        told_no = select(Letter.state).where(Letter.kind == "confirm", Letter.reason == leaving.GONE)
        assert set(found.scalars(told_no)) == {"dropped"}


def test_what_was_never_sent_to_a_calendar_needs_no_cancelling(app, smtp, clock):
    with db.transaction():
        announced_meeting(people=[people.katrin()])
    leave()
    sent(app)
    assert (parted(), entries(smtp, "CANCEL")) == ([], [])


def test_an_entry_that_is_just_leaving_is_cancelled_too(app, clock):
    with db.transaction():
        announced_meeting(people=[people.katrin()])
        clock.set(berlin(2026, 2, 20, 12))
        people.plan()
        for letter in people.letters_to(people.katrin(), "invite"):
            letter.state, letter.claimed_by = "claimed", "a sender"
        session().flush()
    leave()
    assert [state for _meeting, state, _reason in parted()] == ["queued"]


def test_who_is_back_and_has_answered_before_it_goes_out_keeps_the_entry(app, smtp, told):
    leave()
    with db.transaction():
        katrin = people.katrin()
        katrin.standing = "accepted"
        session().flush()
        rsvps.answer(told[1], katrin.id, "yes", by="page")
    sent(app)
    assert parted()[0] == (told[1], "dropped", "overtaken by a later answer")
    assert [entry["uid"] for entry in entries(smtp, "CANCEL")] == []
    newest = entries(smtp, "REQUEST")[-1]
    with db.reading():
        assert newest["sequence"] == rsvps.required(told[1], people.katrin().id).sequence > 0


def test_a_meeting_cancelled_before_it_goes_out_leaves_the_calendar_all_the_same(app, smtp, told):
    leave()
    with db.transaction():
        announcing.cancel(told[1])
    sent(app)
    (words,) = (
        mail.message.get_body(("plain",)).get_content()
        for mail in smtp.to(KATRIN)
        if str(mail.message["Subject"]).startswith("Sie nehmen nicht")
    )
    assert "weil Sie die Runde verlassen haben." in " ".join(words.split()) and "findet statt" not in words
    assert len(entries(smtp, "CANCEL")) == 1


def test_it_is_of_no_use_once_the_meeting_is_over(app, smtp, clock, told):
    leave()
    with db.reading():
        clock.set(meetings.by_id(told[1]).ends_at)
    clock.advance(minutes=1)
    sent(app)
    assert parted() == [(told[1], "dropped", "missed")]
