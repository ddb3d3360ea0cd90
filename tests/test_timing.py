"""When letters go: due, too late, missed, nights, holidays, pauses; one test for each rule.

They are planned and delivered as the worker does it, at the moments that the rules are about.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from asanokai import (
    announcing,
    asking,
    db,
    holidays,
    installation,
    invitations,
    letters,
    meetings,
    members,
    rsvps,
    speakers,
    topics,
    writing,
)
from asanokai import clock as program_clock
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.letters import Letter
from asanokai.letters.holding import AT_NIGHT, ON_HOLIDAYS, may_go_from
from asanokai.night import Night
from asanokai.speakers import Reach
from asanokai.topics import SpeakerText
from asanokai.worker import plan_step, send_due
from tests import people
from tests.people import FIRST_MORNING, announced_meeting, berlin, tokyo

PLAN = {
    "invite": "21 days before at 09:00",
    "remind": ["7 days before at 09:00", "2 days before at 09:00"],
    "eve": "1 day before at 17:00",
}
INVITED, REMINDED, EVENING = berlin(2026, 2, 19, 9), berlin(2026, 3, 5, 9), berlin(2026, 3, 11, 17)
KATRIN, NAOKO = "katrin.lindner@optik-jena.example", "naoko.ito@hamamatsu.example"


def posted(*people_: Any, plan: dict[str, Any] = PLAN, **values: Any) -> int:
    """A meeting on 12 March announced now; its number."""
    with db.transaction():
        return announced_meeting(people.series(plan=plan), people=[make() for make in people_], **values).id


def go(app: Any) -> None:
    """One beat of the worker after the other until nothing is due."""
    assert send_due(app, Night()).failed == 0


def fates(who: Any, *kinds: str) -> list[tuple[str, str, str | None]]:
    """Kind, state and reason of somebody's letters."""
    with db.reading():
        return [(one.kind, one.state, one.reason) for one in people.letters_to(who(), *kinds)]


def waiting_until(who: Any, kind: str) -> datetime | None:
    """When somebody's queued letter of that kind is due."""
    with db.reading():
        (letter,) = [one for one in people.letters_to(who(), kind) if one.state == "queued"]
        return letter.due_at


# --- due --------------------------------------------------------------------------------------------------------------


def test_an_invitation_is_due_at_the_latest_of_plan_announcement_and_joining(app, clock, smtp):
    number = posted(people.katrin)
    clock.set(INVITED - timedelta(minutes=1))
    go(app)
    before = len(smtp.letters)
    clock.set(INVITED)
    go(app)
    planned = [mail.to for mail in smtp.letters[before:]]
    clock.set(berlin(2026, 2, 25, 15))
    with db.transaction():
        series = series_rules.by_id(meetings.by_id(number).series_id)
        people.belong(series, people.emma())
    go(app)
    joined = [(mail.to, mail.message["Date"].datetime) for mail in smtp.letters[before + 1 :]]
    with db.transaction():
        announced_meeting(series_rules.by_id(series.id), datetime(2026, 3, 13, 8))
    clock.advance(minutes=1)
    go(app)
    announced = sorted(mail.to for mail in smtp.letters[before + 2 :])
    assert (before, planned) == (0, [KATRIN])
    assert joined == [("emma.whitfield@ilmenau.example", berlin(2026, 2, 25, 15))]
    assert announced == ["emma.whitfield@ilmenau.example", KATRIN]


def test_what_was_past_when_the_meeting_was_announced_is_not_planned_and_said_to_be_too_late(app, clock, smtp):
    clock.set(berlin(2026, 3, 6, 12))
    number = posted(people.katrin)
    go(app)
    with db.reading():
        steps = invitations.too_late(meetings.by_id(number))
        said = [(line.kind, line.step, line.readers, dict(line.left_out)) for line in steps]
    assert said == [("remind", 1, 0, {"announced too late": 1})]
    assert fates(people.katrin) == [("invite", "sent", None)]


def test_whoever_is_invited_after_a_reminder_was_due_does_not_get_that_one(app, clock, smtp):
    number = posted(people.katrin)
    for moment in (INVITED, REMINDED):
        clock.set(moment)
        go(app)
    with db.transaction():
        people.belong(series_rules.by_id(meetings.by_id(number).series_id), people.emma())
    clock.advance(minutes=1)
    go(app)
    assert fates(people.emma) == [("invite", "sent", None)]
    assert fates(people.katrin) == [("invite", "sent", None), ("remind", "sent", None)]


def test_who_has_answered_gets_the_invitation_and_no_reminder(app, clock, smtp):
    number = posted(people.katrin)
    with db.transaction():
        rsvps.answer(number, people.katrin().id, "maybe", by="page")
    for moment in (INVITED, REMINDED, berlin(2026, 3, 10, 9)):
        clock.set(moment)
        go(app)
    assert fates(people.katrin) == [("confirm", "sent", None), ("invite", "sent", None)]
    (part,) = [part for part in smtp.to(KATRIN)[-1].message.walk() if part.get_content_type() == "text/calendar"]
    assert b"PARTSTAT=TENTATIVE" in part.get_payload(decode=True).replace(b"\r\n ", b"")


# --- grace ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "due", "grace"),
    [("remind", REMINDED, timedelta(hours=12)), ("eve", EVENING, timedelta(hours=3))],
)
def test_what_a_worker_slept_through_longer_than_its_grace_is_missed_and_shown(app, clock, smtp, kind, due, grace):
    state = {}
    for late in (timedelta(minutes=-1), timedelta(minutes=1)):
        clock.set(berlin(2026, 2, 1, 10))
        slug = f"s{len(state)}"
        with db.transaction():
            plan = {"invite": PLAN["invite"], kind: PLAN[kind] if kind == "eve" else [PLAN[kind][0]]}
            number = announced_meeting(people.series(slug, plan=plan), people=[people.katrin()]).id
        clock.set(INVITED)
        go(app)
        if kind == "eve":
            with db.transaction():
                rsvps.answer(number, people.katrin().id, "yes", by="page")
            go(app)
        clock.set(due + grace + late)
        go(app)
        with db.reading() as found:
            query = select(Letter.state, Letter.reason).where(Letter.meeting_id == number, Letter.kind == kind)
            state[late] = found.execute(query).one()
    assert list(state.values()) == [("sent", None), ("dropped", "missed")]


def test_an_invitation_may_be_made_up_for_until_the_deadline(app, clock, smtp):
    number = posted(people.katrin)
    with db.reading():
        until = meetings.by_id(number).answer_until
    clock.set(until - timedelta(minutes=1))
    go(app)
    assert fates(people.katrin, "invite") == [("invite", "sent", None)]
    with db.transaction():
        people.belong(series_rules.by_id(meetings.by_id(number).series_id), people.emma())
    clock.set(until + timedelta(minutes=1))
    go(app)
    assert [fate[1] for fate in fates(people.emma, "invite")] in ([], ["dropped"])


# --- nights and holidays ----------------------------------------------------------------------------------------------


def test_invitations_reminders_nudges_letters_of_ones_own_and_thanks_keep_the_night_of_the_reader():
    assert set(AT_NIGHT) == {"invite", "remind", "nudge", "own", "thanks"}
    late, morning = berlin(2026, 2, 19, 21), berlin(2026, 2, 20, 7)
    for kind in (*letters.OF_MEETING, *letters.ASKED_FOR):
        wanted = morning if kind in AT_NIGHT else late
        assert (kind, may_go_from(kind, late, "Europe/Berlin", Night())) == (kind, wanted)
        assert may_go_from(kind, berlin(2026, 2, 19, 20, 59), "Europe/Berlin", Night()) == berlin(2026, 2, 19, 20, 59)
        asleep = tokyo(2026, 2, 20, 7) if kind in AT_NIGHT else berlin(2026, 2, 19, 15)
        assert may_go_from(kind, berlin(2026, 2, 19, 15), "Asia/Tokyo", Night()) == asleep


def test_nothing_is_held_beyond_its_use():
    late = berlin(2026, 2, 19, 22)
    assert may_go_from("remind", late, "Europe/Berlin", Night(), berlin(2026, 2, 20, 6)) == late
    assert may_go_from("remind", late, "Europe/Berlin", Night(), berlin(2026, 2, 20, 8)) == berlin(2026, 2, 20, 7)


def test_each_reader_is_invited_in_their_own_morning(app, clock, smtp):
    posted(people.katrin, people.naoko, plan={"invite": "21 days before at 14:00"})
    clock.set(berlin(2026, 2, 19, 14))
    go(app)
    assert [mail.to for mail in smtp.letters] == [KATRIN]
    clock.set(tokyo(2026, 2, 20, 6, 59))
    go(app)
    clock.set(tokyo(2026, 2, 20, 7))
    go(app)
    assert [(mail.to, mail.message["Date"].datetime) for mail in smtp.letters[1:]] == [(NAOKO, tokyo(2026, 2, 20, 7))]


def test_a_letter_that_was_refused_in_the_evening_does_not_go_at_night(app, clock, smtp):
    posted(people.katrin, plan={"invite": "21 days before at 20:00"})
    smtp.faults.answer(KATRIN, "451 greylisted", times=1)
    clock.set(berlin(2026, 2, 19, 20, 59, 30))
    go(app)
    clock.set(berlin(2026, 2, 19, 21, 5))
    go(app)
    assert (smtp.letters, waiting_until(people.katrin, "invite")) == ((), berlin(2026, 2, 20, 7))
    clock.set(berlin(2026, 2, 20, 7))
    go(app)
    assert fates(people.katrin, "invite") == [("invite", "sent", None)]
    with db.reading():
        assert people.letters_to(people.katrin(), "invite")[0].attempts == 2


def test_what_a_pause_or_a_server_that_was_away_kept_until_the_night_waits_for_the_morning(app, clock, smtp):
    number = posted(people.katrin)
    with db.transaction():
        announcing.pause(number, True)
    clock.set(INVITED)
    go(app)
    clock.set(berlin(2026, 2, 19, 23))
    with db.transaction():
        announcing.pause(number, False)
    go(app)
    assert (smtp.letters, waiting_until(people.katrin, "invite")) == ((), berlin(2026, 2, 20, 7))


def test_at_night_goes_what_the_reader_asked_for_and_what_they_must_know_soon(app, clock, smtp):
    number = posted(people.katrin, people.emma, seats=1)
    clock.set(INVITED)
    go(app)
    with db.transaction():
        for who in (people.emma, people.katrin):
            rsvps.answer(number, who().id, "yes", by="page")
    go(app)
    clock.set(berlin(2026, 3, 10, 2))  # less than 72 hours before
    smtp.clear()
    with db.transaction():
        members.ask_for_sign_in(KATRIN)
        rsvps.answer(number, people.emma().id, "no", by="page")
    go(app)
    with db.transaction():
        announcing.move(number, Change(venue={"de": "Erfurt"}))
    go(app)
    with db.transaction():
        announcing.cancel(number)
    go(app)
    now = [(one.kind, one.state) for one in _letters_since(berlin(2026, 3, 10, 1), people.katrin)]
    assert now == [("sign_in", "sent"), ("seat", "sent"), ("moved", "sent"), ("cancelled", "sent")]


def _letters_since(moment: datetime, who: Any) -> list[Letter]:
    with db.reading():
        return [one for one in people.letters_to(who()) if one.created_at > moment]


def test_a_seat_offered_at_night_is_told_at_once_and_its_clock_stands_still_until_morning(app, clock, smtp):
    with db.transaction():
        series = people.series(offers="14 days before at 09:00")
        number = announced_meeting(series, people=[people.katrin(), people.emma()], seats=1).id
        for who in (people.emma, people.katrin):
            rsvps.answer(number, who().id, "yes", by="page")
    clock.set(berlin(2026, 3, 9, 23))
    with db.transaction():
        rsvps.answer(number, people.emma().id, "no", by="page")
    go(app)
    assert fates(people.katrin, "offer") == [("offer", "sent", None)]
    with db.reading():
        until = rsvps.required(number, people.katrin().id).offered_until
    assert until is not None and until > berlin(2026, 3, 10, 9)


@pytest.mark.parametrize(
    ("now", "zone", "goes"),
    [
        (berlin(2026, 4, 3, 10), "Europe/Berlin", berlin(2026, 4, 4, 7)),  # Good Friday
        (berlin(2026, 12, 24, 22), "Europe/Berlin", berlin(2026, 12, 27, 7)),  # two holidays after a night
        (tokyo(2026, 5, 3, 10), "Asia/Tokyo", tokyo(2026, 5, 7, 7)),  # Golden Week with its substitute
        (berlin(2026, 5, 1, 10), "Europe/London", berlin(2026, 5, 1, 10)),  # nothing is known of other places
    ],
)
def test_holidays_at_the_readers_place_hold_back_nudges_only(now, zone, goes):
    assert ON_HOLIDAYS == ("nudge",)
    awake = Night().after(now, zone)
    for kind in letters.OF_MEETING:
        wanted = goes if kind == "nudge" else awake if kind in AT_NIGHT else now
        assert (kind, may_go_from(kind, now, zone, Night())) == (kind, wanted)
    assert may_go_from("nudge", now, zone, Night(), now + timedelta(hours=1)) == now


def test_a_nudge_on_a_holiday_waits_for_each_readers_next_working_morning(app, clock, smtp):
    wall = FIRST_MORNING.replace(month=4, day=16)
    with db.transaction():
        number = announced_meeting(people.series(plan=PLAN), wall, people=[people.katrin(), people.naoko()]).id
    clock.set(berlin(2026, 3, 26, 9))
    go(app)
    clock.set(berlin(2026, 4, 3, 10))  # Good Friday in Thuringia, an afternoon in Tokyo
    with db.transaction():
        writing.nudge(number, [people.katrin().id, people.naoko().id], night=Night(), actor_id=None)
    smtp.clear()
    go(app)
    assert [mail.to for mail in smtp.letters] == [NAOKO]
    assert waiting_until(people.katrin, "nudge") == berlin(2026, 4, 4, 7)
    assert holidays.is_public_holiday(berlin(2026, 4, 3, 10).date(), "Europe/Berlin")


# --- pauses -----------------------------------------------------------------------------------------------------------


def pause(what: str, meeting_id: int, paused: bool) -> None:
    with db.transaction():
        if what == "everything":
            installation.pause(paused, actor_id=None)
        elif what == "series":
            series_rules.pause(series_rules.by_id(meetings.by_id(meeting_id).series_id), paused, actor_id=None)
        else:
            announcing.pause(meeting_id, paused)


EVERY_PAUSE = pytest.mark.parametrize("what", ["everything", "series", "meeting"])


@EVERY_PAUSE
def test_a_pause_holds_every_letter_to_an_audience_and_to_speakers_but_no_account_letter(app, clock, smtp, what):
    number = posted(people.katrin)
    with db.transaction():
        meeting = meetings.by_id(number)
        topic = topics.post(meeting, {"de": "Licht"}, speakers=[SpeakerText(family="Roth", given="Eva")])
        (speaker,) = topics.by_id(meeting, topic.id).speakers
        asking.ask(speakers.reach_speaker(meeting, speaker.id, Reach("eva@jena.example", "de", "frau")), meeting)
    go(app)
    pause(what, number, True)
    smtp.clear()
    clock.set(berlin(2026, 2, 26, 9))
    with db.transaction():
        members.ask_for_sign_in(KATRIN)
    go(app)
    with db.reading() as found:
        query = select(Letter.kind).where(Letter.state == "queued").order_by(Letter.kind)
        held = list(found.scalars(query))
    assert ([str(mail.message["Subject"]) for mail in smtp.letters], held) == (
        [str(smtp.to(KATRIN)[0].message["Subject"])],
        ["invite", "speaker_remind"],
    )
    pause(what, number, False)
    go(app)
    assert sorted(mail.to for mail in smtp.letters) == ["eva@jena.example", KATRIN, KATRIN]


@EVERY_PAUSE
def test_no_offer_runs_out_while_its_letter_is_paused(app, clock, smtp, what):
    with db.transaction():
        series = people.series(offers="14 days before at 09:00")
        number = announced_meeting(series, people=[people.katrin(), people.emma()], seats=1).id
        for who in (people.emma, people.katrin):
            rsvps.answer(number, who().id, "yes", by="page")
    go(app)
    clock.set(berlin(2026, 3, 4, 9))
    pause(what, number, True)
    with db.transaction():
        rsvps.answer(number, people.emma().id, "no", by="page")
    for hours in (24, 50, 60):
        clock.set(berlin(2026, 3, 4, 9) + timedelta(hours=hours))
        plan_step(Night())
    pause(what, number, False)
    go(app)
    assert fates(people.katrin, "offer", "free") == [("offer", "sent", None)]
    with db.reading():
        rsvp = rsvps.required(number, people.katrin().id)
        assert rsvp.seat == "offered" and rsvp.offered_until > program_clock.now() + timedelta(hours=1)
    with db.transaction():
        rsvps.answer(number, people.katrin().id, "yes", by="page")
        assert rsvps.required(number, people.katrin().id).seat == "held"


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_yes_by_page_is_confirmed_by_the_same_entry_accepted_and_newer(app, clock, smtp):
    number = posted(people.katrin)
    clock.set(INVITED)
    go(app)
    with db.transaction():
        rsvps.answer(number, people.katrin().id, "yes", by="page")
    go(app)
    said = []
    for mail in smtp.to(KATRIN):
        (part,) = [part for part in mail.message.walk() if part.get_content_type() == "text/calendar"]
        lines = part.get_payload(decode=True).decode().replace("\r\n ", "").split("\r\n")
        said.append({line.partition(":")[0]: line.partition(":")[2] for line in lines if ";" not in line.split(":")[0]})
        assert f"PARTSTAT={'ACCEPTED' if len(said) == 2 else 'NEEDS-ACTION'}" in part.get_payload(decode=True).decode()
    before, after = said
    assert (after["METHOD"], after["SEQUENCE"], after["UID"]) == ("REQUEST", before["SEQUENCE"], before["UID"])
    assert after["DTSTAMP"] > before["DTSTAMP"]
    assert {name for name in before if before[name] != after[name]} == {"DTSTAMP"}


def test_an_answer_taken_from_a_calendar_gets_no_letter_unless_it_waits(app, clock, smtp):
    number = posted(people.katrin, people.emma, seats=1)
    clock.set(INVITED)
    go(app)
    with db.transaction():
        for who in (people.katrin, people.emma):
            rsvps.answer(number, who().id, "yes", by="calendar")
    go(app)
    assert [fate[0] for fate in fates(people.katrin)] == ["invite"]
    assert [fate[0] for fate in fates(people.emma)] == ["invite", "waiting"]
