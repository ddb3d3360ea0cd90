"""The heartbeat: what each beat does, what a failing one leaves alone, how a worker ends. Some are real processes."""

import logging
import re
import signal
import socket
import threading
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, text

from asanokai import db
from asanokai import series as series_rules
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.worker import Worker, propose_step
from config import Mail
from tests import people
from tests.pages import statements
from tests.people import berlin
from tests.workers import environment, wait_until, working

DUE = berlin(2026, 2, 19, 9)
"""Twenty-one days before the usual meeting, 09:00."""

NOON = berlin(2026, 2, 19, 12)


@pytest.fixture
def worker(app):
    return Worker(app)


def invited(*, crowd: int = 1, **values: object) -> int:
    """An announced meeting, whose invitations are due at `DUE`; its number."""
    with db.transaction():
        return people.announced_meeting(people=people.crowd(crowd), **values).id


def states() -> dict[str, int]:
    with db.reading() as session:
        return dict(session.execute(select(Letter.state, func.count()).group_by(Letter.state)).all())


def broken(statement: str) -> None:
    """Do to the database what no verb would."""
    with db.transaction() as session:
        session.execute(text(statement))


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# --- the beats --------------------------------------------------------------------------------------------------------


def test_there_are_these_beats_and_letters_go_every_two_seconds(worker):
    assert {name: seconds for name, (_step, seconds) in worker.beats.items()} == {
        "deliver": 2,
        "take in": 2,
        "plan": 10,
        "cater": 60,
        "propose": 600,
        "erase": 60,
        "copy": 10,
        "tidy": 600,
        "keep": 600,
        "seal": 60,
    }


def test_drafts_are_proposed_twelve_months_ahead_and_once(worker, clock):
    with db.transaction():
        people.series()
        people.event()
    counts = []
    for _ in range(2):
        worker.beat("propose")
        with db.reading() as session:
            counts.append(session.scalar(select(func.count()).select_from(Meeting)))
    clock.advance(days=31)
    worker.beat("propose")
    with db.reading() as session:
        counts.append(session.scalar(select(func.count()).select_from(Meeting)))
        assert set(session.scalars(select(Meeting.state))) == {"draft"}
    assert counts == [11, 11, 12]


def test_what_is_due_is_planned_and_then_delivered_once(worker, clock, smtp):
    invited(crowd=3)
    seen = []
    for moment in (DUE - timedelta(seconds=1), DUE, DUE + timedelta(hours=1)):
        clock.set(moment)
        worker.beat("plan")
        planned = states()
        worker.beat("deliver")
        seen.append((planned, states()))
    assert seen == [({}, {}), ({"queued": 3}, {"sent": 3}), ({"sent": 3}, {"sent": 3})]
    assert len(smtp.letters) == 3


def test_more_than_a_batch_goes_in_one_beat_over_one_connection_that_is_closed_afterwards(worker, clock, smtp):
    invited(crowd=120)
    clock.set(NOON)
    worker.beat("plan")
    before = smtp.connections
    worker.beat("deliver")
    assert (states(), smtp.connections - before, worker.delivery.transport._connection) == ({"sent": 120}, 1, None)


def test_what_is_over_was_held(worker, clock):
    invited()
    found = []
    for moment in (berlin(2026, 3, 12, 9, 59), berlin(2026, 3, 12, 10)):
        clock.set(moment)
        worker.beat("tidy")
        with db.reading() as session:
            found.append(session.scalar(select(Meeting.state)))
    assert found == ["announced", "held"]


@pytest.mark.parametrize(
    ("beat", "most"),
    [
        ("deliver", 6),
        ("take in", 1),
        ("plan", 10),
        ("cater", 4),
        ("propose", 1),
        ("erase", 2),
        ("copy", 1),
        ("tidy", 16),
        ("keep", 1),
        ("seal", 6),
    ],
)
def test_a_beat_of_an_empty_database_costs_few_statements(worker, beat, most):
    worker.beat(beat)
    with statements() as asked:
        worker.beat(beat)
    assert 0 < len(asked) <= most, asked


def test_a_worker_that_is_to_stop_takes_no_further_step(worker, clock, smtp):
    invited()
    clock.set(DUE)
    worker.stopping.set()
    for beat in worker.beats:
        worker.beat(beat)
    assert (states(), smtp.letters) == ({}, ())


# --- what fails -------------------------------------------------------------------------------------------------------


def test_a_beat_that_fails_is_logged_once_and_works_again_by_itself(worker, clock, smtp, caplog):
    invited()
    clock.set(DUE)
    broken("ALTER TABLE moment RENAME TO away")
    with caplog.at_level(logging.INFO, logger="asanokai.worker"):
        for _ in range(3):
            worker.beat("plan")
            worker.beat("deliver")
        assert complaints(caplog) == ["plan failed; the next beat tries again"]
        assert caplog.records[0].exc_info is not None
        broken("ALTER TABLE away RENAME TO moment")
        worker.beat("plan")
        worker.beat("deliver")
    assert (caplog.records[-1].getMessage(), states()) == ("plan works again", {"sent": 1})


def test_a_failure_of_another_kind_is_logged_too(worker, clock, caplog):
    broken("ALTER TABLE moment RENAME TO away")
    worker.beat("plan")
    broken("ALTER TABLE away RENAME TO moment")
    broken("ALTER TABLE meeting RENAME TO away")
    worker.beat("plan")
    broken("ALTER TABLE away RENAME TO meeting")
    assert complaints(caplog) == ["plan failed; the next beat tries again"] * 2


def test_a_series_whose_dates_cannot_be_found_leaves_the_others_theirs(worker, caplog):
    with db.transaction():
        bad = people.series("bad").id
        good = people.series("good").id
        worse = people.series("worse").id
    broken(f"UPDATE series SET zone = 'Europe/Nowhere' WHERE id IN ({bad}, {worse})")
    worker.beat("propose")
    with db.reading() as session:
        assert Counter(session.scalars(select(Meeting.series_id))) == {good: 11}
    assert complaints(caplog) == ["propose failed; the next beat tries again"]


def test_a_moment_that_cannot_be_planned_leaves_the_others_theirs(worker, clock, smtp, caplog):
    """An evening note that needs the local date of a meeting in a zone that is none."""
    with db.transaction():
        coming = people.katrin()
        meetings = [people.announced_meeting(people.series(slug), people=[coming]) for slug in ("bad", "good")]
        for meeting in meetings:
            people.say(meeting, coming, "yes")
        bad = meetings[0].id
    worker.beat("deliver")
    broken(f"UPDATE meeting SET zone = 'Europe/Nowhere' WHERE id = {bad}")
    clock.set(berlin(2026, 3, 11, 17))
    worker.beat("plan")
    with db.reading() as session:
        planned = session.scalars(select(Letter.meeting_id).where(Letter.kind == "eve")).all()
    assert planned == [meetings[1].id]
    assert complaints(caplog) == ["plan failed; the next beat tries again"]


class Rude:
    """A port that takes connections and closes them at once: a mail server that is away."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked, self.stopping = 0, False
        self.thread = threading.Thread(target=self._refuse)
        self.thread.start()

    def _refuse(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            # Counted before it is closed: whoever asked has not gone on yet.
            self.asked += 1
            connection.close()
            if self.stopping:
                return

    def stop(self) -> None:
        self.stopping = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.thread.join()
        self.listener.close()


class TestWithAServerThatIsAway:
    @pytest.fixture
    def rude(self):
        rude = Rude()
        yield rude
        rude.stop()

    @pytest.fixture
    def settings(self, rude):
        return {"mail": Mail(server="127.0.0.1", port=rude.port, timeout=5)}

    def test_it_is_asked_again_after_growing_pauses_and_loses_nothing(self, worker, clock, rude, caplog):
        invited(crowd=2)
        clock.set(DUE)
        worker.beat("plan")
        asked, began = [], clock.now
        while len(asked) < 10:
            before = rude.asked
            worker.beat("deliver")
            if rude.asked > before:
                asked.append(int((clock.now - began).total_seconds()))
            clock.advance(seconds=1)
        assert [later - earlier for earlier, later in pairwise(asked)] == [
            *(5, 10, 20, 40, 80, 160),
            *(300, 300, 300),
        ]
        assert len(complaints(caplog)) == 1
        assert complaints(caplog)[0].startswith("the mail server cannot be reached: SMTPServerDisconnected")
        with db.reading() as session:
            assert list(session.execute(select(Letter.state, Letter.attempts))) == [("queued", 0)] * 2

    def test_it_may_be_away_for_hours_on_end(self, worker, clock, rude, caplog):
        """Five seconds doubled fifty times are more than a timedelta can hold."""
        invited()
        clock.set(DUE)
        worker.beat("plan")
        for tries in range(1, 60):
            worker.beat("deliver")
            assert rude.asked == tries
            clock.advance(minutes=5)
        assert len(complaints(caplog)) == 1


def test_when_the_server_is_back_the_pauses_begin_anew(worker, clock, smtp, caplog):
    invited(crowd=2)
    clock.set(DUE)
    worker.beat("plan")
    smtp.refuse()
    for seconds in (5, 10, 20):
        worker.beat("deliver")
        clock.advance(seconds=seconds)
    smtp.accept()
    worker.beat("deliver")
    assert states() == {"sent": 2}
    smtp.refuse()
    with db.transaction():
        people.belong(series_rules.by_slug("asanokai"), people.emma())
    worker.beat("plan")
    worker.beat("deliver")
    smtp.accept()
    clock.advance(seconds=4)
    worker.beat("deliver")
    assert states() == {"sent": 2, "queued": 1}
    clock.advance(seconds=1)
    worker.beat("deliver")
    assert (states(), len(complaints(caplog))) == ({"sent": 3}, 2)


# --- real processes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_a_worker_told_to_stop_settles_what_it_is_sending_and_gives_the_rest_back(
    app, clock, config, smtp, tmp_path, number
):
    invited(crowd=40)
    smtp.faults.stall(0.5, at="DATA")
    with working(environment(config, smtp.port, tmp_path, NOON), tmp_path / "said") as worker:
        wait_until(lambda: len(smtp.letters) >= 1, worker)
        worker.send_signal(number)
        assert worker.wait(20) == 0
    sent = len(smtp.letters)
    assert states() == {"sent": sent, "queued": 40 - sent}
    assert sent < 10
    with db.reading() as session:
        untried = session.scalars(select(Letter.attempts).where(Letter.state == "queued"))
        assert set(untried) == {0}
    said = [line.split(": ", 1)[1] for line in (tmp_path / "said").read_text().splitlines()]
    said = [line for line in said if not re.search("LMTP|sealed|skipped", line)]  # the last where the machine is busy
    assert [line.partition(" as ")[0] for line in said] == ["worker running", "worker stopped"]


def test_who_finds_another_planner_at_work_waits_and_does_not_leave_its_step_to_the_next_beat(app, clock):
    with db.transaction():
        people.series(rule="FREQ=WEEKLY;BYDAY=TU", first="2026-03-10T19:00")
    proposed: list[int] = []

    def propose() -> None:
        with app.app_context():
            proposed.append(propose_step())

    thread = threading.Thread(target=propose)
    with db.transaction():
        db.plan_alone()
        thread.start()
        thread.join(0.3)
        assert (thread.is_alive(), proposed) == (True, [])
    thread.join(20)
    assert proposed == [47]


@pytest.mark.timeout(240)
def test_two_workers_are_harmless(app, clock, config, smtp, tmp_path):
    invited(crowd=150)
    with db.transaction():
        people.series("evening", rule="FREQ=WEEKLY;BYDAY=TU", first="2026-03-10T19:00")
    settings = environment(config, smtp.port, tmp_path, NOON)

    def done() -> bool:
        with db.reading() as session:
            drafts = session.scalar(select(func.count()).where(Meeting.state == "draft")) or 0
        return states() == {"sent": 150} and drafts >= 60

    with working(settings, tmp_path / "first") as first, working(settings, tmp_path / "second") as second:
        wait_until(done, first, second)
        for worker in (first, second):
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(20) for worker in (first, second)] == [0, 0]
    assert Counter(letter.to for letter in smtp.letters).most_common(1)[0][1] == 1
    assert len(smtp.letters) == 150
    with db.reading() as session:
        proposed = select(Meeting.series_id, Meeting.proposed_for).where(Meeting.proposed_for.is_not(None))
        dates = session.execute(proposed).all()
    assert len(dates) == len(set(dates))
    assert ["ERROR" in (tmp_path / name).read_text() for name in ("first", "second")] == [False, False]
