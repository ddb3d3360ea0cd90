"""The heartbeat: APScheduler calls one small step after the other; the database says what is due.

The scheduler remembers nothing, so a second worker is harmless and a dead one is replaced by starting another. Each
beat is a boundary: what fails in it is logged once, and the next beat tries again.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from asanokai import (
    alerting,
    applying,
    asking,
    clock,
    copies,
    db,
    devices,
    digesting,
    erasing,
    intake,
    invitations,
    knocking,
    law,
    meetings,
    questions,
    readdressing,
    retention,
    rsvps,
    seals,
    writing,
)
from asanokai import series as series_rules
from asanokai.catering import counting
from asanokai.delivering import Delivery, Step
from asanokai.intake.imap import Fetcher
from asanokai.intake.lmtp import Listener
from asanokai.night import Night
from asanokai.transport import Outcome, Transport

log = logging.getLogger(__name__)

DELIVER, TAKE_IN, PLAN, FETCH, CATER, LISTEN, SEAL, ERASE, COPY, TIDY = 2, 2, 10, 30, 60, 60, 60, 60, 10, 600
"""Seconds between two beats."""

AWAKE = 1.0
"""Seconds after which a worker that was told to stop has heard it at the latest."""

OWN_THREADS = ("deliver", "take in", "fetch", "listen", "seal")

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
"""How long a mail server that is away is left alone at first, and at most."""


def plan_step(night: Night) -> int:
    """Post the letters of every moment whose time has come, those coordinators wrote, and what they are told; how many.

    Before that, take back the offers that have run out and the tentative seats that were not confirmed.

    Raises what went wrong with one of them, after all others are posted.
    """
    with db.reading():
        due, own = invitations.due_moments(), writing.due()
        soon, mornings = alerting.soon(), digesting.due()
        run_out, unconfirmed = rsvps.meetings_with_offers_over(), rsvps.meetings_with_seats_to_lapse()
    seats = [partial(rsvps.expire_offers, meeting_id) for meeting_id in run_out]
    seats += [partial(rsvps.lapse, meeting_id) for meeting_id in unconfirmed]
    moments = [partial(invitations.plan, moment_id, night=night) for moment_id in due]
    messages = [partial(writing.plan, message_id, night=night) for message_id in own]
    alerts = [partial(alerting.post, meeting_id, night=night) for meeting_id in soon]
    digests = [partial(digesting.post, morning) for morning in mornings]
    return _each([*seats, *moments, *messages, asking.remind_due, *alerts, *digests])


def cater_step() -> int:
    """Freeze what caterers must know by now, and post what has changed since; how many. Raises as `plan_step` does."""
    return _each([counting.freeze_due, counting.tell_changes])


def propose_step() -> int:
    """Propose draft meetings for every series twelve months ahead; how many are new. Raises as `plan_step` does."""
    with db.reading():
        recurring = [series.id for series in series_rules.with_rule()]
    return _each(partial(_propose, series_id) for series_id in recurring)


def _propose(series_id: int) -> int:
    return len(meetings.propose(series_rules.by_id(series_id)))


def tidy_step() -> int:
    """What is over was held; applications nobody confirmed vanish, and so do the replies that were
    for the morning alone, the bytes of old mails, changes of address that are done with and devices that have ended.
    How many; raises as
    `plan_step` does. It also notes which texts stand on the pages of law."""
    return _each(
        [
            meetings.mark_held,
            applying.forget_unconfirmed,
            questions.forget,
            intake.forget,
            readdressing.forget,
            devices.forget,
            _note_law,
        ]
    )


def _note_law() -> int:
    law.note(retention.told())
    return 0  # nobody waits for it


def erase_step() -> int:
    """Erase who asked for it and has got the last letters; how many."""
    return _each([erasing.step])


def keep_step() -> int:
    """Once a night, after two: remove what has been kept for long enough; how many rows."""
    with db.reading():
        due = retention.is_due()
    return sum(retention.remove().values()) if due else 0


def _each(steps: Iterable[Callable[[], int]]) -> int:
    """Take each step in a transaction of its own, as the only planner. One that fails stops no other; it is raised
    at the end."""
    done, failed = 0, None
    for step in steps:
        try:
            with db.transaction():
                db.plan_alone()
                done += step()
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return done


Tell = Callable[[str, int, int], object]
"""Hears "sending", how many letters are done, of how many."""


def send_due(app: Flask, night: Night, *, tell: Tell | None = None) -> Step:
    """Plan and deliver until nothing is due; for the command line. Ends early if the server is away.

    What cannot be planned is raised at the end, when all the rest is delivered. `tell` hears how far it has come.
    """
    total, failed = Step(), None
    with Transport(app) as transport:
        delivery = Delivery(app.extensions["composer"], transport)
        while True:
            try:
                posted = knocking.answer() + plan_step(night)
            except Exception as error:
                posted, failed = 0, error
            step = delivery.step(tell=_progress(total.done, delivery.waiting(), tell)) if tell else delivery.step()
            for field in ("sent", "failed", "postponed", "dropped"):
                setattr(total, field, getattr(total, field) + getattr(step, field))
            total.away = step.away
            if step.away or not (posted or step.done or step.more):
                break
    if failed is not None:
        raise failed
    return total


def _progress(before: int, waiting: int, tell: Tell) -> Callable[[Step], object]:
    return lambda step: tell("sending", before + step.done, before + max(waiting, step.done))


class Worker:
    """Runs the beats until told to stop."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.night = Night(*app.config["ASANOKAI"].night)
        self.stopping = threading.Event()
        self.delivery = Delivery(app.extensions["composer"], _UntilStopped(app, self.stopping))
        self.beats: dict[str, tuple[Callable[[], object], int]] = {
            "deliver": (self._deliver, DELIVER),
            "take in": (self._take_in, TAKE_IN),
            "plan": (partial(plan_step, self.night), PLAN),
            "cater": (cater_step, CATER),
            "propose": (propose_step, TIDY),
            "copy": (copies.step, COPY),
            "erase": (erase_step, ERASE),
            "tidy": (tidy_step, TIDY),
            "keep": (keep_step, TIDY),
            "seal": (self._seal, SEAL),
        }
        ways = app.config["ASANOKAI"]
        self.sealer = seals.Sealer()
        self.listener = Listener(app, ways.intake_lmtp)
        self._without_port = False
        if ways.intake_lmtp:
            self.beats["listen"] = (self._listen, LISTEN)
        if ways.intake_imap:
            fetcher = Fetcher(ways.intake_imap, app.extensions["tokens"], self.stopping)
            self.beats["fetch"] = (fetcher.step, FETCH)
        self._quiet_until = clock.now()
        self._pauses = 0
        self._trouble: dict[str, str] = {}

    def run(self) -> None:
        """Beat until SIGTERM or SIGINT; what is being sent is finished and settled first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            # In a thread: the handler may run while this one holds the event's lock, which it could never have then.
            signal.signal(number, lambda *_: threading.Thread(target=self.stopping.set).start())
        # Threads of their own: a long run of letters, or of replies, must not keep the planner from its moments.
        scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={name: ThreadPoolExecutor(1) for name in ("default", *OWN_THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        now = clock.system_time()
        for name, (_step, seconds) in self.beats.items():
            executor = name if name in OWN_THREADS else "default"
            scheduler.add_job(
                self.beat, IntervalTrigger(seconds=seconds), args=[name], executor=executor, next_run_time=now
            )
        scheduler.start()
        log.info("worker running as %s", self.delivery.name)
        # Again and again: a signal that comes just before this thread lies down does not wake it.
        while not self.stopping.wait(AWAKE):
            pass
        # First: what the mail server is just handing over must be written down while the others still finish.
        self.listener.stop()
        scheduler.shutdown(wait=True)
        self.delivery.transport.close()
        log.info("worker stopped")

    def beat(self, name: str) -> None:
        """Take one step, as the scheduler does. Raises nothing."""
        if self.stopping.is_set():
            return
        step, _seconds = self.beats[name]
        try:
            with self.app.app_context():
                step()
        except Exception as error:
            self._note(name, error)
        else:
            if self._trouble.pop(name, None):
                log.info("%s works again", name)

    def _note(self, name: str, error: Exception) -> None:
        """Log what failed, but not again every two seconds while it fails in the same way."""
        # The first line alone: those that follow hold the statement with its moments, another one each time.
        words = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        if self._trouble.get(name) != words:
            log.error("%s failed; the next beat tries again", name, exc_info=error)
        self._trouble[name] = words

    def _deliver(self) -> None:
        """What was asked for at the door becomes letters, and letters go, batch after batch while there are any. A
        server that is away is asked again after growing pauses."""
        while not self.stopping.is_set() and knocking.answer() == knocking.AT_ONCE:
            pass
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

    def _take_in(self) -> None:
        """Batch after batch while there are mails that came."""
        while not self.stopping.is_set() and intake.step(self.app.extensions["intake"]):
            pass

    def _seal(self) -> None:
        """Seal what the journal has got; once a day hold all of it against its seals."""
        self.sealer.step()
        seals.verify_due()

    def _listen(self) -> None:
        """Listen for mail. Only one worker can hold the port: the others go on without, and take it over later."""
        if self.listener.listening:
            return
        try:
            self.listener.start()
        except OSError as error:
            if not self._without_port:
                words = os.strerror(error.errno) if error.errno else error
                log.warning("no mail over LMTP for this worker: %s: %s; it asks again", self.listener.address, words)
            self._without_port = True
            return
        self._without_port = False
        log.info("listening for mail over LMTP at %s", self.listener.address)
        if self.stopping.is_set():
            self.listener.stop()

    def _rest(self, words: str) -> None:
        if self.stopping.is_set():
            return
        if self._pauses == 0:
            log.error("the mail server cannot be reached: %s", words)
        # Capped, since a server that is away for a week would make a number no timedelta can hold.
        self._quiet_until = clock.now() + min(FIRST_PAUSE * 2 ** min(self._pauses, 10), LONGEST_PAUSE)
        self._pauses += 1


class _UntilStopped(Transport):
    """Sends nothing more once the worker is to stop: the rest of the batch is given back, untried."""

    def __init__(self, app: Flask, stopping: threading.Event) -> None:
        super().__init__(app)
        self._stopping = stopping

    def send(self, envelope_from: str, to: str, content: bytes) -> Outcome:
        if self._stopping.is_set():
            return Outcome("away", "told to stop")
        return super().send(envelope_from, to, content)
