"""The rules for letters going out that only a story shows: which number follows which, and how long a link lives."""

import re
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from asanokai import announcing, db, leaving, letters, meetings, members, rsvps
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.errors import Missing
from asanokai.invitations import Night
from asanokai.tokens import Tokens
from asanokai.worker import send_due
from tests import people
from tests.pages import Reader
from tests.people import berlin
from tests.played import DOMAIN

INVITED = berlin(2026, 2, 19, 9)
KATRIN = "katrin.lindner@optik-jena.example"


def sent(app: Any) -> None:
    total = send_due(app, Night())
    assert (total.failed, total.postponed, total.away) == (0, 0, "")


def entries(smtp: Any, to: str = KATRIN) -> list[dict[str, Any]]:
    """What the letters to somebody said to their calendar, in order."""
    found = []
    for mail in smtp.to(to):
        for part in mail.message.walk():
            if part.get_content_type() == "text/calendar":
                calendar = Calendar.from_ical(part.get_payload(decode=True))
                (event,) = calendar.walk("VEVENT")
                found.append(
                    {
                        "method": str(calendar["METHOD"]),
                        "uid": str(event["UID"]),
                        "sequence": int(event["SEQUENCE"]),
                        "stamp": event["DTSTAMP"].dt,
                        "status": str(event["STATUS"]),
                        "starts": event["DTSTART"].dt,
                        "ends": event["DTEND"].dt,
                        "partstat": event["ATTENDEE"].params["PARTSTAT"],
                        "who": (str(event["ORGANIZER"]), str(event["ATTENDEE"])),
                    }
                )
    return found


def say(meeting_id: int, who: Any, choice: str) -> None:
    with db.transaction():
        rsvps.answer(meeting_id, who().id, choice, by="page")


@pytest.fixture
def invited(app, clock, smtp) -> int:
    """A meeting with two seats that Katrin, Emma and Kenji were invited to."""
    with db.transaction():
        number = people.announced_meeting(people=[people.katrin(), people.emma(), people.kenji()], seats=2).id
    clock.set(INVITED)
    sent(app)
    return number


def test_sequence_rises_with_time_place_and_status_alone_and_the_stamp_with_every_letter(app, smtp, invited):
    deeds = (
        lambda: announcing.move(invited, Change(starts_at=berlin(2026, 3, 13, 8))),
        lambda: announcing.move(invited, Change(venue={"de": "Erfurt"})),
        lambda: announcing.change(invited, {"note": {"de": "Neu"}}, Change(), announcing.Choices(tell=True)),
        lambda: rsvps.answer(invited, people.katrin().id, "yes", by="page"),
        lambda: announcing.cancel(invited),
    )
    for deed in deeds:
        with db.transaction():
            deed()
        sent(app)
    found = entries(smtp)
    assert [entry["sequence"] for entry in found] == [0, 1, 2, 2, 2, 3]
    stamps = [entry["stamp"] for entry in found]
    assert stamps == sorted(set(stamps))


def test_whoever_joins_late_gets_the_number_that_all_others_have(app, clock, smtp, invited):
    with db.transaction():
        announcing.move(invited, Change(venue={"de": "Erfurt"}))
        people.belong(series_rules.by_id(meetings.by_id(invited).series_id), people.naoko())
    clock.advance(minutes=1)
    sent(app)
    assert [entry["sequence"] for entry in entries(smtp, "naoko.ito@hamamatsu.example")] == [1]


def test_what_one_reader_needs_replaced_raises_their_number_alone(app, smtp, invited):
    for choice in ("no", "yes"):
        say(invited, people.katrin, choice)
        sent(app)
    assert [(entry["sequence"], entry["partstat"]) for entry in entries(smtp)] == [(0, "NEEDS-ACTION"), (1, "ACCEPTED")]
    with db.reading():
        assert meetings.by_id(invited).sequence == 0
        assert rsvps.required(invited, people.emma().id).sequence == 0
    with db.transaction():
        announcing.move(invited, Change(venue={"de": "Erfurt"}))
    sent(app)
    assert [entry["sequence"] for entry in entries(smtp)][-1] == 2
    assert [entry["sequence"] for entry in entries(smtp, "emma.whitfield@ilmenau.example")] == [0, 1]


def test_who_declined_and_gets_a_seat_from_the_waiting_list_has_a_higher_number_than_was_declined(app, smtp, invited):
    say(invited, people.katrin, "no")
    for who in (people.emma, people.kenji):
        say(invited, who, "yes")
    say(invited, people.katrin, "yes")
    sent(app)
    say(invited, people.emma, "no")
    sent(app)
    last = entries(smtp)[-1]
    assert (last["method"], last["sequence"], last["partstat"], last["status"]) == (
        "REQUEST",
        1,
        "ACCEPTED",
        "CONFIRMED",
    )


CANCELS = {
    "the meeting": lambda meeting_id: announcing.cancel(meeting_id),
    "leaving": lambda _meeting_id: leaving.leave(people.katrin(), actor_id=people.katrin().id),
    "leaving the series": lambda meeting_id: leaving.leave_series(
        series_rules.by_id(meetings.by_id(meeting_id).series_id), people.katrin(), actor_id=people.ludwig().id
    ),
}


@pytest.mark.parametrize("what", CANCELS)
def test_a_cancellation_is_the_same_entry_with_the_next_number(app, smtp, invited, what):
    with db.transaction():
        announcing.move(invited, Change(starts_at=berlin(2026, 3, 13, 8)))
    sent(app)
    with db.transaction():
        CANCELS[what](invited)
    sent(app)
    *_, before, after = entries(smtp)
    assert (before["method"], after["method"], after["status"]) == ("REQUEST", "CANCEL", "CANCELLED")
    assert after["sequence"] == before["sequence"] + 1 and after["stamp"] > before["stamp"]
    assert {name: after[name] for name in ("uid", "who", "starts", "ends")} == {
        name: before[name] for name in ("uid", "who", "starts", "ends")
    }


def test_who_left_a_series_hears_no_more_of_its_meetings_and_leaving_altogether_adds_nothing(app, smtp, invited):
    with db.transaction():
        CANCELS["leaving the series"](invited)
    sent(app)
    with db.transaction():
        announcing.move(invited, Change(venue={"de": "Erfurt"}))
        leaving.leave(people.katrin(), actor_id=people.katrin().id)
    sent(app)
    with db.transaction():
        announcing.cancel(invited)
    sent(app)
    assert [entry["method"] for entry in entries(smtp)] == ["REQUEST", "CANCEL"]


def test_the_feed_has_the_uid_and_number_of_the_letters(app, client, smtp, invited):
    with db.transaction():
        announcing.move(invited, Change(venue={"de": "Erfurt"}))
    sent(app)
    (event,) = Calendar.from_ical(client.get("/calendar.ics").data).walk("VEVENT")
    last = entries(smtp)[-1]
    assert (str(event["UID"]), int(event["SEQUENCE"])) == (last["uid"], last["sequence"])
    assert [name for name in ("ATTENDEE", "ORGANIZER") if name in event] == []


def test_a_letter_that_was_refused_for_now_keeps_its_message_id(app, clock, smtp, invited):
    smtp.clear()
    smtp.faults.answer(KATRIN, "451 later", times=1)
    say(invited, people.katrin, "yes")
    send_due(app, Night())
    with db.reading():
        (row,) = people.letters_to(people.katrin(), "confirm")
        key = row.key
    clock.advance(minutes=2)
    sent(app)
    assert [str(mail.message["Message-ID"]) for mail in smtp.to(KATRIN)] == [
        letters.message_id(key, DOMAIN, app.extensions["tokens"])
    ]


def test_who_answered_before_being_invited_finds_the_invitation_below_the_confirmation(app, clock, smtp):
    with db.transaction():
        number = people.announced_meeting(people=[people.katrin()]).id
    say(number, people.katrin, "yes")
    sent(app)
    clock.set(INVITED)
    sent(app)
    confirmed, invitation = (mail.message for mail in smtp.to(KATRIN))
    assert (confirmed["References"], invitation["References"]) == (None, confirmed["Message-ID"])
    assert [entry["partstat"] for entry in entries(smtp)] == ["ACCEPTED", "ACCEPTED"]


def test_no_double_quote_gets_into_a_name(app, clock, smtp):
    with db.transaction():
        odd = people.member(KATRIN, family='Lindner "Kati"', given="Katrin\\, Dr.: @home")
        people.announced_meeting(people=[odd])
    clock.set(INVITED)
    sent(app)
    ((mail,), (entry,)) = smtp.to(KATRIN), entries(smtp)
    assert entry["who"][1] == f"mailto:{KATRIN}"
    (part,) = [part for part in mail.message.walk() if part.get_content_type() == "text/calendar"]
    text = str(part.get_payload(decode=True), "utf-8").replace("\r\n ", "")
    (line,) = [line for line in text.split("\r\n") if line.startswith("ATTENDEE")]
    assert line.count('"') == 2


# --- links and how long they live -------------------------------------------------------------------------------------


def link(smtp: Any, page: str) -> str:
    found = re.findall(rf"http://localhost:8000(/{page}/[^\s?>]+)", smtp.to(KATRIN)[-1].message.as_string(policy=None))
    if not found:
        body = smtp.to(KATRIN)[-1].message.get_body(("plain",))
        found = re.findall(rf"http://localhost:8000(/{page}/[^\s?>]+)", body.get_content())
    return str(found[0])


def test_to_look_at_an_answer_link_changes_nothing_and_to_post_answers(app, client, smtp, invited):
    where = link(smtp, "answer")
    for ask in (client.get, client.head):
        assert ask(f"{where}?answer=yes").status_code == 200
    with db.reading():
        assert rsvps.required(invited, people.katrin().id).answer == "invited"
    assert client.post(where, data={"answer": "yes", "guests": "0"}).status_code == 303
    with db.reading():
        assert rsvps.required(invited, people.katrin().id).answer == "yes"


def test_one_click_ends_the_invitations_without_cookie_or_token_and_may_be_repeated(app, smtp, invited):
    where = link(smtp, "unsubscribe")
    for ask in ("get", "head"):
        assert getattr(app.test_client(), ask)(where).status_code == 200
    with db.reading():
        assert people.katrin().unsubscribed_at is None
    for _ in range(2):
        answered = app.test_client(use_cookies=False).post(
            where, data=b"List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )
        assert (answered.status_code, answered.headers.get("Location")) == (200, None)
    with db.reading():
        assert people.katrin().unsubscribed_at is not None


def test_an_answer_link_lives_until_thirty_days_after_the_meeting(app, client, clock, smtp, invited):
    where = link(smtp, "answer")
    with db.reading():
        over = meetings.by_id(invited).ends_at
    clock.set(over + timedelta(days=29, hours=23))
    assert client.get(where).status_code == 200
    clock.set(over + timedelta(days=30, minutes=1))
    assert client.get(where).status_code == 410


def test_an_unsubscribe_link_lives_two_years(app, client, clock, smtp, invited):
    where = link(smtp, "unsubscribe")
    clock.set(INVITED + timedelta(days=729))
    assert client.get(where).status_code == 200
    clock.set(INVITED + timedelta(days=731))
    assert client.get(where).status_code == 410


def test_a_sign_in_link_opens_once_within_a_quarter_of_an_hour(app, clock, smtp):
    def asked() -> str:
        with db.transaction():
            people.katrin()
            members.ask_for_sign_in(KATRIN)
        sent(app)
        return link(smtp, "sign-in")

    where = asked()
    reader = Reader(app)
    assert [app.test_client().head(where).status_code, reader.get(where).status_code] == [200, 200]
    assert (reader.post(where).status_code, reader.get("/me/").status_code) == (303, 200)
    other = Reader(app)
    other.post(where)
    assert other.get("/me/").status_code == 303
    clock.advance(minutes=1)
    late = asked()
    clock.advance(minutes=15, seconds=1)
    too_late = Reader(app)
    too_late.post(late)
    assert too_late.get("/me/").status_code == 303


def test_what_an_older_key_signed_is_read_as_long_as_the_key_is_listed(app):
    old, both, new = Tokens(["old" * 12]), Tokens(["new" * 12, "old" * 12]), Tokens(["new" * 12])
    token, in_address = old.mint("answer", [1, 2]), old.mint_address("member", 7)
    assert (both.read("answer", token), both.read_address("member", in_address.upper())) == ([1, 2], 7)
    assert both.mint_address("member", 7) == new.mint_address("member", 7) != in_address
    assert new.read_address("member", in_address) is None
    with pytest.raises(Missing):
        new.read("answer", token)


def test_an_address_that_answers_come_back_to_does_not_grow_old(app, clock):
    tokens = app.extensions["tokens"]
    made = tokens.mint_address("member", 7)
    clock.advance(days=5000)
    assert (tokens.read_address("member", made), tokens.mint_address("member", 7)) == (7, made)
