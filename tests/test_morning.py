"""One morning from import to cancellation, as the program runs it: real letters, real links, real processes.

Import three office files → a series on the second Thursday with forty seats → announce → 21 days before at 09:00
everybody is invited → ninety answer at once → one gives a seat back → the silent are reminded → it moves → it is
cancelled.
"""

import multiprocessing
import re
from collections import Counter, defaultdict
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from sqlalchemy import func, select

from asanokai import announcing, db, importing, meetings, members, rsvps
from asanokai import clock as program_clock
from asanokai import series as series_rules
from asanokai.announcing import Change
from asanokai.app import create_app
from asanokai.invitations import Night
from asanokai.letters import Letter
from asanokai.rsvps import Rsvp
from asanokai.worker import propose_step, send_due
from tests import members_twin
from tests.people import SECOND_THURSDAY, berlin, member

SEATS, ASKERS, PROCESSES = 40, 90, 4
INVITED_AT = berlin(2026, 2, 19, 9)
REMINDED_AT = berlin(2026, 3, 10, 9)
STARTS = berlin(2026, 3, 12, 8)


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def entry_of(message: EmailMessage) -> Any:
    """The VEVENT in a letter, or None."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            calendar = Calendar.from_ical(part.get_payload(decode=True))
            assert part.get_param("method") == calendar["METHOD"]
            (event,) = calendar.walk("VEVENT")
            return event
    return None


def link_in(message: EmailMessage, choice: str) -> str:
    found = re.search(rf"\S+/answer/\S+\?answer={choice}", text_of(message))
    assert found is not None
    return found[0]


def answer_all(config: Any, now: Any, links: list[tuple[str, str, int]], ready: Any, results: Any) -> None:
    """In a process of its own: open every link, then send the answer that it stands for."""
    from_outside = create_app(config)
    importing_clock(now)
    client = from_outside.test_client()
    ready.wait()
    for reader, link, guests in links:
        path = urlsplit(link).path
        response = client.post(path, data={"answer": "yes", "guests": str(guests), "comment": ""})
        results.put((reader, response.status_code))


def importing_clock(now: Any) -> None:
    """The same frozen moment in the other process."""
    program_clock.use(lambda: now)


class Morning:
    """What the test does over and over."""

    def __init__(self, app: Any, clock: Any, smtp: Any) -> None:
        self.app, self.clock, self.smtp = app, clock, smtp

    def deliver(self) -> list[Any]:
        """Run the worker's steps until nothing is due; the letters that arrived."""
        before = len(self.smtp.letters)
        total = send_due(self.app, Night())
        assert (total.failed, total.postponed, total.away) == (0, 0, "")
        return list(self.smtp.letters[before:])

    def answer(self, letter: Any, choice: str) -> int:
        path = urlsplit(link_in(letter.message, choice)).path
        return int(self.app.test_client().post(path, data={"answer": choice}).status_code)


@pytest.fixture
def morning(app, clock, smtp):
    return Morning(app, clock, smtp)


def take_members_in(series: Any) -> int:
    verdicts: list[Any] = []
    for data in (twin.data for twin in members_twin.all_of_them()):
        verdicts += importing.take(importing.read(data), series=series)
    return Counter(verdict.verdict for verdict in verdicts)["new"]


@pytest.mark.timeout(300)
def test_a_morning_from_import_to_cancellation(app, clock, smtp, config, morning):
    # --- people, series, announcement -------------------------------------------------------------------------------
    with db.transaction():
        series = series_rules.add(
            "asa",
            name={"de": "Asa no Kai Thüringen", "en": "Asa no Kai Thuringia", "ja": "テューリンゲン朝の会"},
            rule=SECOND_THURSDAY,
            first="2026-03-12T08:00",
            seats=SEATS,
            venue={"de": "Haus der Wirtschaft, Erfurt"},
        )
        people = take_members_in(series)
    assert people > 150
    propose_step()
    with db.transaction():
        meeting = meetings.on_date(series_rules.by_slug("asa"), STARTS.date())
        announcing.announce(meeting.id)
        meeting_id, uid = meeting.id, meeting.uid

    # --- 21 days before at 09:00 --------------------------------------------------------------------------------------
    clock.set(INVITED_AT - timedelta(seconds=1))
    assert morning.deliver() == []
    clock.set(INVITED_AT)
    invitations = morning.deliver()
    with db.reading() as session:
        main = dict(
            session.execute(
                select(members.Address.normal, members.Member.language).join(
                    members.Member, members.Member.id == members.Address.member_id
                )
            ).all()
        )
    asleep = 0  # 09:00 in Erfurt is 17:00 in Tokyo: nobody is
    assert len(invitations) == people - asleep
    assert {letter.to.lower(): letter.message["Content-Language"] for letter in invitations} == main
    for letter in invitations:
        event = entry_of(letter.message)
        assert event["UID"] == uid
        assert (int(event["SEQUENCE"]), event["DTSTART"].dt) == (0, STARTS)
        assert str(event["ATTENDEE"]).removeprefix("mailto:") == letter.to
        assert str(event["ORGANIZER"]).removeprefix("mailto:") in str(letter.message["From"])
        assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"

    # --- ninety answer yes at once, from several processes ------------------------------------------------------------
    asking = [
        (letter.to, link_in(letter.message, "yes"), int(number % 5 == 0)) for number, letter in enumerate(invitations)
    ][:ASKERS]
    spawn = multiprocessing.get_context("spawn")
    ready, results = spawn.Event(), spawn.Queue()
    shares = [asking[place::PROCESSES] for place in range(PROCESSES)]
    workers = [spawn.Process(target=answer_all, args=(config, clock.now, share, ready, results)) for share in shares]
    for worker in workers:
        worker.start()
    ready.set()
    statuses = Counter(status for _reader, status in (results.get(timeout=120) for _ in asking))
    for worker in workers:
        worker.join(60)
    assert statuses == {303: ASKERS}
    with db.reading() as session:
        answers = session.scalars(select(Rsvp).where(Rsvp.answer == "yes")).all()
        held = [rsvp for rsvp in answers if rsvp.seat == "held"]
        queue = rsvps.waiting(meeting_id)
        assert len(answers) == ASKERS
        assert sum(rsvp.party for rsvp in held) == SEATS
        assert len({rsvp.turn for rsvp in answers}) == ASKERS
        assert [rsvp.turn for rsvp in queue] == sorted(rsvp.turn for rsvp in queue)
        assert len(held) + len(queue) == ASKERS
        alone = next(rsvp for rsvp in held if rsvp.guests == 0)
        first_that_fits = next(rsvp for rsvp in queue if rsvp.guests == 0).member_id
        leaver = alone.member_id
    confirmations = morning.deliver()
    assert len(confirmations) == ASKERS

    # --- one gives a seat back: the first whose party fits gets it, and a letter --------------------------------------
    clock.advance(hours=1)
    by_reader = {letter.to.lower(): letter for letter in invitations}
    with db.reading() as session:
        addresses = {
            number: normal
            for number, normal in session.execute(select(members.Address.member_id, members.Address.normal))
        }
    assert morning.answer(by_reader[addresses[leaver]], "no") == 303
    told = {letter.to.lower(): letter for letter in morning.deliver()}
    assert set(told) == {addresses[leaver], addresses[first_that_fits]}
    assert entry_of(told[addresses[first_that_fits]].message)["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert entry_of(told[addresses[leaver]].message) is None
    with db.reading() as session:
        assert rsvps.taken(meeting_id) == SEATS
        assert session.scalar(select(Rsvp.seat).where(Rsvp.member_id == first_that_fits)) == "held"

    # --- who joins late is invited at once ----------------------------------------------------------------------------
    clock.set(berlin(2026, 3, 2, 10))
    with db.transaction():
        late = member("late@jena.example")
        series_rules.join(series_rules.by_slug("asa"), late)
    assert [letter.to for letter in morning.deliver()] == ["late@jena.example"]

    # --- two days before at 09:00 the silent are reminded, and nobody else --------------------------------------------
    clock.set(REMINDED_AT)
    reminded = morning.deliver()
    with db.reading() as session:
        silent = {
            addresses.get(number, "late@jena.example")
            for number in session.scalars(select(Rsvp.member_id).where(Rsvp.answer == "invited"))
        }
    assert {letter.to.lower() for letter in reminded} == silent
    assert len(reminded) == people + 1 - ASKERS
    assert {entry_of(letter.message) for letter in reminded} == {None}

    # --- it moves by a day: everyone invited gets one letter, answers stay --------------------------------------------
    with db.reading() as session:
        before = dict(session.execute(select(Rsvp.member_id, Rsvp.answer)).all())
    with db.transaction():
        announcing.move(meeting_id, Change(starts_at=berlin(2026, 3, 13, 8)))
    moved = morning.deliver()
    assert Counter(letter.to.lower() for letter in moved) == Counter({*main, "late@jena.example"})
    sequences = defaultdict(set)
    for letter in moved:
        event = entry_of(letter.message)
        assert (event["UID"], event["DTSTART"].dt) == (uid, berlin(2026, 3, 13, 8))
        sequences[int(event["SEQUENCE"])].add(letter.to.lower())
    assert min(sequences) == 1
    with db.reading() as session:
        assert dict(session.execute(select(Rsvp.member_id, Rsvp.answer)).all()) == before

    # --- it is cancelled: one CANCEL each, and nothing afterwards -----------------------------------------------------
    clock.advance(hours=2)
    with db.transaction():
        announcing.cancel(meeting_id, reason={"de": "Der Saal hat einen Wasserschaden."})
    cancelled = morning.deliver()
    assert Counter(letter.to.lower() for letter in cancelled) == Counter({*main, "late@jena.example"})
    for letter in cancelled:
        event = entry_of(letter.message)
        assert (event["UID"], event["STATUS"], event["DTSTART"].dt) == (uid, "CANCELLED", berlin(2026, 3, 13, 8))
        assert int(event["SEQUENCE"]) >= 2
    for days in range(1, 6):
        clock.advance(days=1)
        assert [letter.message["Subject"] for letter in morning.deliver()] == [], days
    with db.reading() as session:
        counted = dict(session.execute(select(Letter.state, func.count()).group_by(Letter.state)).all())
        assert set(counted) <= {"sent", "dropped"}


def test_a_meeting_announced_late_invites_at_once_and_plans_no_reminder_that_is_past(app, clock, morning):
    clock.set(berlin(2026, 3, 10, 12))
    with db.transaction():
        series = series_rules.add(
            "asa", name={"de": "Asa no Kai"}, rule=SECOND_THURSDAY, first="2026-03-12T08:00", seats=SEATS
        )
        series_rules.join(series, member("katrin@jena.example"))
        (meeting, *_rest) = meetings.propose(series)
        announcing.announce(meeting.id)
        moments = set(
            db.session().scalars(select(meetings.Moment.kind).where(meetings.Moment.meeting_id == meeting.id))
        )
    assert moments == {"invite", "eve"}
    assert [letter.to for letter in morning.deliver()] == ["katrin@jena.example"]
    clock.set(berlin(2026, 3, 11, 16))
    assert morning.deliver() == []
