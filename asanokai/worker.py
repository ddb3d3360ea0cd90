"""The heartbeat: APScheduler calls one small step after the other; the database says what is due.

The scheduler remembers nothing, so a second worker is harmless and a dead one is replaced by starting another. Each
beat is a boundary: what fails in it is logged once, and the next beat tries again.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from asanokai import applying, clock, db, digesting, invitations, meetings
from asanokai import series as series_rules
from asanokai.delivering import Delivery, Step
from asanokai.invitations import Night
from asanokai.transport import Transport

log = logging.getLogger(__name__)

DELIVER, PLAN, TIDY = 2, 10, 600
"""Seconds between two beats."""

LONGEST_PAUSE = timedelta(minutes=5)


def plan_step(night: Night) -> int:
    """Post the letters of every moment whose time has come, and the coordinators' digest; how many."""
    posted = 0
    with db.transaction():
        if db.plan_alone():
            for moment_id in invitations.due_moments():
                posted += invitations.plan(moment_id, night=night)
            posted += digesting.post_due()
    return posted


def propose_step() -> int:
    """Propose draft meetings for every series twelve months ahead; how many are new."""
    with db.transaction():
        if not db.plan_alone():
            return 0
        return sum(len(meetings.propose(series)) for series in series_rules.with_rule())


def tidy_step() -> None:
    """What is over was held; applications nobody confirmed vanish."""
    with db.transaction():
        meetings.mark_held()
    with db.transaction():
        applying.forget_unconfirmed()


def send_due(app: Flask, night: Night) -> Step:
    """Plan and deliver until nothing is due; for the command line. Ends early if the server is away."""
    total = Step()
    with Transport(app) as transport:
        delivery = Delivery(app.extensions["composer"], transport)
        while True:
            posted = plan_step(night)
            step = delivery.step()
            for field in ("sent", "failed", "postponed", "dropped"):
                setattr(total, field, getattr(total, field) + getattr(step, field))
            total.away = step.away
            if step.away or not (posted or step.sent or step.failed or step.postponed or step.dropped or step.more):
                return total


class Worker:
    """Runs the beats until told to stop."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.night = Night(*app.config["ASANOKAI"].night)
        self.stopping = threading.Event()
        self.delivery = Delivery(app.extensions["composer"], Transport(app))
        self._quiet_until = clock.now()
        self._pauses = 0

    def run(self) -> None:
        """Beat until SIGTERM or SIGINT; what is being sent is finished and settled first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        # Two threads: a long run of letters must not keep the planner from its moments.
        scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(1), "delivery": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        now = clock.system_time()
        beats: list[tuple[Callable[[], object], int, str]] = [
            (self._deliver, DELIVER, "delivery"),
            (lambda: plan_step(self.night), PLAN, "default"),
            (propose_step, TIDY, "default"),
            (tidy_step, TIDY, "default"),
        ]
        for step, seconds, executor in beats:
            scheduler.add_job(
                self._beat, IntervalTrigger(seconds=seconds), args=[step], executor=executor, next_run_time=now
            )
        scheduler.start()
        log.info("worker running as %s", self.delivery.name)
        self.stopping.wait()
        scheduler.shutdown(wait=True)
        self.delivery.transport.close()

    def _beat(self, step: Callable[[], object]) -> None:
        if self.stopping.is_set():
            return
        try:
            with self.app.app_context():
                step()
        except Exception:
            log.exception("a beat failed; the next one tries again")

    def _deliver(self) -> None:
        """Batch after batch while there are letters. A server that is away is asked again after growing pauses."""
        if clock.now() < self._quiet_until:
            return
        while not self.stopping.is_set():
            step = self.delivery.step()
            if step.away:
                self._rest(step.away)
                return
            self._pauses = 0
            if not step.more:
                # An idle connection is closed by the server sooner or later; better by us.
                self.delivery.transport.close()
                return

    def _rest(self, words: str) -> None:
        pause = min(timedelta(seconds=5 * 2**self._pauses), LONGEST_PAUSE)
        if self._pauses == 0:
            log.error("the mail server cannot be reached: %s", words)
        self._pauses += 1
        self._quiet_until = clock.now() + pause
