"""What coordinators hear at once shortly before a meeting: of what, who, when, and how many letters it makes."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import alerting, digesting, rsvps
from asanokai import clock as program_clock
from asanokai import series as series_rules
from asanokai.db import session, transaction
from asanokai.intake import Incoming
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.night import Night
from asanokai.series import Series
from asanokai.worker import plan_step, send_due
from tests import people
from tests.people import berlin

EVE = berlin(2026, 3, 11, 14)
"""The day before the meeting, two hours after its deadline."""

_numbers = count(1)


@pytest.fixture
def meeting(app, clock):
    """A breakfast on 12 March at eight that Kenji coordinates; Katrin and Emma said yes. It is the afternoon before."""
    with transaction():
        series = people.series()
        people.coordinate(series, people.kenji())
        made = people.announced_meeting(series, people=[people.katrin(), people.emma()])
        for who in (people.katrin(), people.emma()):
            people.say(made, who, "yes")
        clock.set(EVE)
        yield made


@pytest.fixture
def series(meeting) -> Series:
    return series_rules.by_id(meeting.series_id)


def ended_letter(meeting: Meeting | None, state: str = "failed", **values: Any) -> Letter:
    """A letter about the meeting to Emma that ended now in that state."""
    now = program_clock.now()
    usual = {"kind": "eve", "member_id": people.emma().id, "meeting_id": meeting.id if meeting else None}
    letter = Letter(
        key=f"x:{next(_numbers)}", state=state, due_at=now, settled_at=now, created_at=now, **{**usual, **values}
    )
    session().add(letter)
    session().flush()
    return letter


def parked(outcome: str = "message", **values: Any) -> Incoming:
    """A mail that waits for a person since now."""
    now = program_clock.now()
    text = f"{next(_numbers)}"
    usual = {"state": "parked", "outcome": outcome, "taken_at": now, "author": "who@jena.example", "subject": "Frage"}
    mail = Incoming(
        digest=text, raw_hash=text, raw=b"", size=0, way="lmtp", came_at=now, due_at=now, **{**usual, **values}
    )
    session().add(mail)
    session().flush()
    return mail


def beat(night: Night | None = None) -> int:
    """What the worker does for alerts, once."""
    return sum(alerting.post(number, night=night or Night()) for number in alerting.soon())


def alerts() -> list[Letter]:
    query = select(Letter).where(Letter.kind == "alert").order_by(Letter.id)
    return list(session().scalars(query.execution_options(populate_existing=True)))


def told() -> list[tuple[int | None, list[str]]]:
    """Who is told of what: the sorts of the items."""
    return [(row.member_id, [item.partition(":")[0] for item in (row.facts or {})["items"]]) for row in alerts()]


# --- of what ----------------------------------------------------------------------------------------------------------


def test_a_late_refusal_is_told_at_once_and_once(meeting, clock):
    people.say(meeting, people.katrin(), "no")
    assert (beat(), beat()) == (1, 0)
    clock.advance(hours=3)
    assert beat() == 0
    (letter,) = alerts()
    rsvp = rsvps.required(meeting.id, people.katrin().id)
    item, kenji = f"late:{rsvp.id}.{rsvp.revision}", people.kenji()
    assert (letter.key, letter.member_id, letter.meeting_id) == (
        f"alert:{item}:{meeting.id}:{kenji.id}",
        kenji.id,
        meeting.id,
    )
    assert (letter.facts, letter.due_at, letter.useless_after) == ({"items": [item]}, EVE, meeting.ends_at)


@pytest.mark.parametrize("choice", ["yes", "maybe"])
def test_whoever_comes_or_may_come_is_no_news(meeting, choice):
    people.say(meeting, people.katrin(), choice, by="coordinator")
    assert beat() == 0


def test_what_a_coordinator_entered_is_no_news_to_coordinators(meeting):
    people.say(meeting, people.katrin(), "no", by="coordinator")
    assert beat() == 0


def test_who_declines_again_after_having_come_back_is_told_again(meeting, clock):
    for choice, by in (("no", "link"), ("yes", "coordinator"), ("no", "calendar")):
        people.say(meeting, people.katrin(), choice, by=by)
        beat()
        people.send_all()
        clock.advance(minutes=1)
    assert [items for _who, items in told()] == [["late"], ["late"]]


@pytest.mark.parametrize("state", ["failed", "bounced"])
def test_a_letter_about_the_meeting_that_did_not_arrive_is_told(meeting, state):
    ended_letter(meeting, state)
    assert (beat(), told()) == (1, [(people.kenji().id, ["failed"])])


def test_other_letters_that_fail_are_left_to_the_digest(meeting):
    ended_letter(None)
    ended_letter(meeting, kind="alert")
    ended_letter(meeting, kind="pack", member_id=None, address="host@jena.example")
    ended_letter(meeting, "sent")
    assert beat() == 0


def test_a_letter_that_fails_once_more_is_told_once_more(meeting, clock):
    letter = ended_letter(meeting)
    beat()
    people.send_all()
    clock.advance(minutes=5)
    letter.settled_at = clock.now
    assert (beat(), beat()) == (1, 0)


def test_a_mail_that_waits_is_told_if_it_is_about_the_meeting_or_from_one_of_the_invited(meeting):
    parked("unclear", meeting_id=meeting.id)
    parked(member_id=people.emma().id)
    parked()
    parked(member_id=people.oskar().id)
    parked(state="taken", meeting_id=meeting.id)
    parked(state="settled", meeting_id=meeting.id)
    assert (beat(), told()) == (1, [(people.kenji().id, ["mail", "mail"])])


def test_a_mail_about_another_meeting_is_not_told_here(meeting, series):
    other = people.announced_meeting(series, people.FIRST_MORNING.replace(month=4, day=9))
    parked(member_id=people.emma().id, meeting_id=other.id)
    assert beat() == 0


def another(series: Series, clock: Any, hour: int = 18) -> Meeting:
    """Another meeting of the series on the same day."""
    clock.set(berlin(2026, 3, 1, 12))
    made = people.announced_meeting(series, people.FIRST_MORNING.replace(hour=hour), people=[people.emma()])
    people.say(made, people.emma(), "yes")
    clock.set(EVE)
    return made


def test_a_mail_from_who_is_invited_to_two_meetings_is_told_once(meeting, series, clock):
    another(series, clock)
    parked(member_id=people.emma().id)
    assert (beat(), beat(), len(alerts())) == (1, 0, 1)


# --- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("early", "posted"), [(timedelta(seconds=1), 0), (timedelta(0), 1)])
def test_coordinators_hear_at_once_from_48_hours_before(meeting, clock, early, posted):
    clock.set(meeting.starts_at - timedelta(hours=48) - early)
    assert alerting.soon() == [meeting.id] * posted


def test_what_happened_before_the_last_48_hours_is_left_to_the_digests(meeting, clock):
    meeting.answer_until = meeting.starts_at - timedelta(hours=50)
    clock.set(meeting.starts_at - timedelta(hours=49))
    people.say(meeting, people.katrin(), "no")
    ended_letter(meeting)
    parked(meeting_id=meeting.id)
    clock.set(meeting.starts_at - timedelta(hours=47))
    assert beat() == 0


def test_nothing_is_told_of_a_meeting_that_is_over_or_cancelled(meeting, clock):
    people.say(meeting, people.katrin(), "no")
    clock.set(meeting.ends_at)
    assert beat() == 0
    clock.set(EVE)
    meeting.state = "cancelled"
    session().flush()
    assert beat() == 0


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (berlin(2026, 3, 10, 20, 59), berlin(2026, 3, 10, 20, 59)),
        (berlin(2026, 3, 10, 21, 0), berlin(2026, 3, 11, 6, 0)),
        (berlin(2026, 3, 11, 5, 59), berlin(2026, 3, 11, 6, 0)),
        (berlin(2026, 3, 11, 6, 0), berlin(2026, 3, 11, 6, 0)),
        (berlin(2026, 3, 11, 21, 30), berlin(2026, 3, 11, 21, 30)),  # ten and a half hours before: the night waits
        (berlin(2026, 3, 12, 4, 0), berlin(2026, 3, 12, 4, 0)),
    ],
)
def test_a_night_holds_it_until_six_unless_the_meeting_is_within_twelve_hours(meeting, clock, at, due):
    clock.set(at)
    ended_letter(meeting)
    beat()
    assert [letter.due_at for letter in alerts()] == [due]


def test_six_is_six_on_the_coordinators_own_clock(meeting, series, clock):
    clock.set(people.tokyo(2026, 3, 11, 5, 0))
    people.coordinate(series, people.akiko())
    clock.advance(seconds=1)
    ended_letter(meeting)
    beat()
    due = {letter.member_id: letter.due_at for letter in alerts()}
    # 21:00 in Berlin is the beginning of its night: five in the morning in Tokyo.
    assert due == {people.akiko().id: people.tokyo(2026, 3, 11, 6), people.kenji().id: berlin(2026, 3, 11, 6)}


# --- how many ---------------------------------------------------------------------------------------------------------


def test_what_happens_within_a_beat_is_one_letter_for_each_coordinator(meeting, series):
    people.coordinate(series, people.naoko())
    for who in (people.katrin(), people.emma()):
        people.say(meeting, who, "no")
    ended_letter(meeting)
    parked(meeting_id=meeting.id)
    assert (beat(), beat()) == (2, 0)
    items = ["late", "late", "failed", "mail"]
    assert told() == [(people.kenji().id, items), (people.naoko().id, items)]


def test_two_meetings_make_two_letters(meeting, series, clock):
    other = another(series, clock)
    ended_letter(meeting)
    ended_letter(other)
    assert (beat(), [letter.meeting_id for letter in alerts()]) == (2, [meeting.id, other.id])


def test_what_happens_while_a_letter_waits_for_the_morning_is_added_to_it(meeting, clock):
    clock.set(berlin(2026, 3, 10, 22))
    ended_letter(meeting)
    clock.advance(minutes=1)
    assert beat() == 1
    clock.advance(hours=3)
    parked(meeting_id=meeting.id)
    assert (beat(), told()) == (0, [(people.kenji().id, ["failed", "mail"])])
    clock.set(berlin(2026, 3, 11, 6))
    people.send_all()
    ended_letter(meeting)
    assert (beat(), [len(items) for _who, items in told()]) == (1, [2, 1])


def test_what_cannot_wait_takes_along_what_waits_for_the_morning(meeting, series, clock):
    noon = another(series, clock, hour=12)
    clock.set(berlin(2026, 3, 11, 23))
    ended_letter(noon)
    beat()
    assert [letter.due_at for letter in alerts()] == [berlin(2026, 3, 12, 6)]
    clock.set(berlin(2026, 3, 12, 0, 30))
    parked(meeting_id=noon.id)
    assert beat() == 0
    assert [(letter.due_at, len((letter.facts or {})["items"])) for letter in alerts()] == [(clock.now, 2)]


# --- to whom ----------------------------------------------------------------------------------------------------------


def test_where_nobody_coordinates_the_administrators_are_told(meeting, series, clock):
    series_rules.part(series, people.kenji(), "coordinator")
    ludwig = people.ludwig()
    clock.advance(minutes=1)
    ended_letter(meeting)
    assert (beat(), told()) == (1, [(ludwig.id, ["failed"])])


def test_coordinators_of_other_series_and_administrators_hear_nothing_of_it(meeting):
    people.ludwig()
    people.coordinate(people.series("other"), people.oskar())
    ended_letter(meeting)
    assert (beat(), told()) == (1, [(people.kenji().id, ["failed"])])


# --- what it says -----------------------------------------------------------------------------------------------------


def delivered(app: Any, smtp: Any) -> list[Any]:
    """Everything that is due goes out; what came to Kenji."""
    session().commit()
    send_due(app, Night())
    return [mail.message for mail in smtp.to("kenji.yamada@erfurt.example")]


def test_it_says_what_happened_with_links_to_the_pages(meeting, app, smtp, clock):
    people.say(meeting, people.katrin(), "no", comment="Der Zug fällt aus.")
    ended_letter(meeting, server_words="550 5.1.1 unknown")
    mail = parked(member_id=people.emma().id, subject="Eine Frage")
    number, mail_number = meeting.id, mail.id
    (message,) = [mail for mail in delivered(app, smtp) if "直前のお知らせ" in mail["Subject"]]
    words = message.get_body(("plain",)).get_content()
    base = "http://localhost:8000/coordinate"
    for part in (
        "Lindner",
        "Der Zug fällt aus.",
        "550 5.1.1 unknown",
        "「Eine Frage」",
        f"{base}/mail/{mail_number}",
        f"{base}/meetings/{number}/letters",
        f"{base}/meetings/{number}\r\n",
    ):
        assert part in words, part
    assert (message["List-Unsubscribe"], message["From"].addresses[0].addr_spec) == (None, "asanokai@asanokai.example")


def test_what_no_longer_holds_is_left_out_and_a_letter_with_nothing_left_is_dropped(meeting, app, smtp, clock):
    people.say(meeting, people.katrin(), "no")
    mail = parked(meeting_id=meeting.id)
    beat()
    people.say(meeting, people.katrin(), "yes", by="coordinator")
    mail.state = "settled"
    session().flush()
    session().commit()
    send_due(app, Night())
    assert [(letter.state, letter.reason) for letter in alerts()] == [("dropped", "nothing to say")]


def test_a_refusal_that_stands_by_a_later_answer_is_told_by_the_letter_about_that(meeting):
    people.say(meeting, people.katrin(), "no")
    rsvp = rsvps.required(meeting.id, people.katrin().id)
    items = [f"late:{rsvp.id}.{rsvp.revision - 1}"], [f"late:{rsvp.id}.{rsvp.revision}"]
    assert [len(alerting.contents(those).late) for those in items] == [0, 1]


def test_whoever_coordinates_no_more_gets_none(meeting, series, app, smtp, clock):
    ended_letter(meeting)
    beat()
    clock.advance(minutes=1)
    series_rules.part(series, people.kenji(), "coordinator")
    delivered(app, smtp)
    (first, *_others) = alerts()
    assert (first.member_id, first.state) == (people.kenji().id, "dropped")


# --- the digest -------------------------------------------------------------------------------------------------------


def digest_of(who: Member, since: datetime, until: datetime) -> tuple[list[int], list[int]]:
    found = digesting.contents(who, since, until)
    return [mail.id for mail, _who in found.parked], [lost.id for lost in found.unreachable]


def test_the_digest_names_mails_that_came_to_wait_and_addresses_that_are_not_reached(meeting, series, clock):
    since = clock.now
    clock.advance(hours=1)
    emma, katrin = people.emma(), people.katrin()
    waiting = [parked("unclear", meeting_id=meeting.id), parked("failed", member_id=katrin.id)]
    parked(state="settled", meeting_id=meeting.id)
    stranger, outsider = parked(), parked(member_id=people.oskar().id)
    address = people.members.main_address(emma)
    address.suppressed_at = clock.now
    session().flush()
    ids = [mail.id for mail in waiting]
    assert digest_of(people.kenji(), since, clock.now) == (ids, [emma.id])
    assert digest_of(people.kenji(), clock.now, clock.now + timedelta(hours=1)) == ([], [])
    assert digest_of(people.ludwig(), since, clock.now) == ([stranger.id, outsider.id], [])


def test_a_mail_that_waits_alone_makes_a_digest(meeting, clock):
    clock.set(berlin(2026, 2, 20, 12))
    parked(meeting_id=meeting.id)
    clock.set(berlin(2026, 2, 21, 7))
    assert digesting.post_due() == 1


def test_one_coordinators_fault_stops_no_others_digest(app, clock, monkeypatch):
    with transaction():
        series = people.series()
        kenji, naoko = people.kenji(), people.katrin()
        people.coordinate(series, kenji, naoko)
        made = people.announced_meeting(series, people=[people.emma()])
        people.say(made, people.emma(), "yes")
        broken, whole = kenji.id, naoko.id
    post = digesting.post

    def failing(morning: digesting.Morning) -> bool:
        if morning.member_id == broken:
            raise ValueError("a fault")
        return post(morning)

    monkeypatch.setattr(digesting, "post", failing)
    clock.set(berlin(2026, 2, 2, 7))
    with pytest.raises(ValueError, match="a fault"):
        plan_step(Night())
    with transaction():
        assert people.readers("digest") == [whole]
