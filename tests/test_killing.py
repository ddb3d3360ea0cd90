"""The worker killed with SIGKILL in the middle of a run: everybody has the letter, hardly anybody twice.

A real worker process, a real SMTP server in a process of its own, both databases; the kills come at random moments,
drawn from a seed that is printed when a test fails. The clock of all processes stands at noon in a file, so that it
does not matter at what hour the tests run: at night no invitation is due.
"""

import random
import signal
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from asanokai import clock as program_clock
from asanokai import db
from asanokai.letters import Letter
from tests import people
from tests.grounds import LONG, smtp
from tests.people import berlin
from tests.workers import environment, kill, wait_until, working

KILLS = 20 if LONG else 3
READERS = 2000
NOON = berlin(2026, 2, 19, 12)
"""The day of the usual meeting's invitations, three hours after they are due."""


def unsettled() -> int:
    with db.reading() as session:
        waiting = select(func.count()).where(Letter.state.in_(("queued", "claimed")))
        return session.scalar(waiting) or 0


def let_leases_run_out() -> None:
    """As if five minutes had passed since the kill."""
    with db.transaction() as session:
        over = program_clock.now() - timedelta(seconds=1)
        session.execute(update(Letter).where(Letter.state == "claimed").values(claimed_until=over))


@pytest.mark.timeout(900)
def test_a_worker_killed_again_and_again_loses_nothing_and_doubles_at_most_one_letter_a_kill(
    app, clock, config, tmp_path
):
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print("seed", seed)
    with db.transaction():
        people.announced_meeting(people.series(seats=None), people=people.crowd(READERS))
    clock.set(NOON)
    with db.transaction():
        assert people.plan() == READERS
    maildir, said = tmp_path / "mails", tmp_path / "said"
    with smtp.in_process(maildir) as port:
        settings = environment(config, port, tmp_path, NOON)
        for number in range(KILLS):
            goal = READERS * (number + 1) // (KILLS + 1) - chance.randrange(READERS // (KILLS + 2))
            with working(settings, said) as worker:
                wait_until(lambda goal=goal: len(list(maildir.glob("*.eml"))) >= goal, worker)
                time.sleep(chance.random() * 0.05)
                kill(worker)
            let_leases_run_out()
        with working(settings, said) as worker:
            wait_until(lambda: unsettled() == 0, worker)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0
        received = smtp.read_maildir(maildir)
    by_reader = Counter(letter.to for letter in received)
    by_number = Counter(letter.message["Message-ID"] for letter in received)
    with db.reading() as session:
        assert dict(session.execute(select(Letter.state, func.count()).group_by(Letter.state)).all()) == {
            "sent": READERS
        }
    assert (len(by_reader), len(by_number)) == (READERS, READERS)
    assert len(received) - READERS <= KILLS
    assert max(by_reader.values()) <= 2
