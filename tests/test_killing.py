"""The worker killed with SIGKILL in the middle of a run: everybody has the letter, hardly anybody twice.

A real worker process, a real SMTP server in a process of its own, both databases; the kills come at random moments that
are printed when a test fails.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from asanokai import db, letters
from asanokai.letters import Letter
from config import HOME
from tests import people
from tests.grounds import LONG, smtp

KILLS = 20 if LONG else 3
READERS = 2000 if LONG else 500
PATIENCE = 120


def environment(config: Any, port: int, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "ASANOKAI_DATABASE_URL": config.database_url,
        "ASANOKAI_BASE_URL": config.base_url,
        "ASANOKAI_SECRET_KEY": config.secret_key,
        "ASANOKAI_SENDER": config.sender,
        "ASANOKAI_REPLY_DOMAIN": config.reply_domain,
        "ASANOKAI_NIGHT": "03:00-03:01",
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_PORT": str(port),
    }


def start(settings: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "asanokai.cli", "worker"],
        cwd=HOME,
        env=settings,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )


def kill(worker: subprocess.Popen[bytes]) -> None:
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def unsettled() -> int:
    with db.reading() as session:
        waiting = select(func.count()).where(Letter.state.in_(("queued", "claimed")))
        return session.scalar(waiting) or 0


def let_leases_run_out() -> None:
    """As if five minutes had passed since the kill."""
    with db.transaction() as session:
        session.execute(update(Letter).where(Letter.state == "claimed").values(claimed_until=letters.clock.now()))


def wait_until(reached: Any, worker: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert worker.poll() is None, "the worker stopped by itself"
        assert time.monotonic() < end, "the worker makes no progress"
        time.sleep(0.02)


@pytest.mark.timeout(900)
def test_a_worker_killed_again_and_again_loses_nothing_and_doubles_at_most_one_letter_a_kill(
    app, clock, config, tmp_path
):
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print("seed", seed)
    clock.set(datetime.now(UTC))
    with db.transaction():
        wall = (datetime.now(UTC) + timedelta(days=30)).replace(hour=8, minute=0, tzinfo=None)
        series = people.series(rule=None, first=None, seats=None, plan={"invite": "40 days before at 09:00"})
        people.announced_meeting(series, wall, people=people.crowd(READERS))
        people.plan()
    maildir = tmp_path / "mails"
    with smtp.in_process(maildir) as port:
        settings = environment(config, port, tmp_path)
        for number in range(KILLS):
            worker = start(settings)
            goal = READERS * (number + 1) // (KILLS + 1) - chance.randrange(READERS // (KILLS + 2))
            wait_until(lambda goal=goal: len(list(maildir.glob("*.eml"))) >= goal, worker)
            time.sleep(chance.random() * 0.05)
            kill(worker)
            let_leases_run_out()
        worker = start(settings)
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
