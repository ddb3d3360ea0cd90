"""Waiting mails are taken in, one transaction each: opened, handed to the readers in their order, settled.

A mail is counted as tried before it is looked at, so that one that kills the process is parked after `TRIES` as well.
What failed before goes by itself: it can only spoil its own attempt.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Update, case, select, update
from sqlalchemy.orm import undefer

from asanokai import clock, db, journal, members
from asanokai.db import session
from asanokai.errors import N_
from asanokai.intake import answers, automatic, limits, probe, replies, reports, unsubscribing
from asanokai.intake.opened import MOST_BYTES, open_mail
from asanokai.intake.outcome import Arrived, Outcome, Place
from asanokai.intake.recipient import ours
from asanokai.intake.row import TRIES, Incoming

log = logging.getLogger(__name__)

BATCH = 50
PAUSE = timedelta(minutes=1)
"""How long a mail rests after a failure, and how long nobody else takes one that is being taken in."""

SOON = timedelta(seconds=5)
"""How long a mail rests at which the database itself had trouble."""

Reader = Callable[[Arrived], Outcome | None]

READERS: tuple[Reader, ...] = (
    probe.read,
    limits.read,
    answers.read,
    reports.read,
    automatic.read,
    unsubscribing.read,
    replies.read,
)
"""In this order: the doctor's letter goes from ourselves to ourselves and is no loop; a bounced invitation contains
our own REQUEST, so calendar parts are sought outside of what is returned; Google marks its calendar answers as
automatic, so answers come before the filter of auto-replies."""

HEARD = ("answered", "unchanged", "waiting list", "counter", "delegated", "unsubscribed", "message")
"""What comes from a person, so that their address is alive."""

FAILED = N_("This mail could not be taken in. Please read it, enter by hand what it says, and tell the operator.")


def step(place: Place, size: int = BATCH) -> int:
    """Take in up to `size` waiting mails; how many were looked at. Raises what the database itself fails with: no mail
    can help that, so none of those that were waiting has been tried."""
    with db.transaction():
        _give_back(place.owed)
        claimed = _claim(size)
    place.owed.clear()
    for done, number in enumerate(claimed):
        try:
            take(number, place)
        except Exception:  # raised again: what was not tried gets its attempt back
            place.owed.extend(claimed[done:])
            raise
    return len(claimed)


def take_now(number: int, place: Place) -> None:
    """Take in this mail if it still waits, whether or not it is due. Raises as `take` does."""
    with db.transaction():
        session().execute(_tried([number]))
    take(number, place)


def _claim(size: int) -> list[int]:
    due = select(Incoming.id, Incoming.attempts).where(Incoming.state == "waiting", Incoming.due_at <= clock.now())
    due = due.order_by(Incoming.due_at, Incoming.id).limit(size).with_for_update(skip_locked=True)
    found = session().execute(due).all()
    fresh = [number for number, attempts in found if attempts == 0]
    if not found:
        return []
    chosen = fresh or [number for number, _attempts in found[:1]]
    session().execute(_tried(chosen))
    return chosen


def _tried(numbers: list[int]) -> Update:
    return (
        update(Incoming)
        .where(Incoming.id.in_(numbers), Incoming.state == "waiting")
        .values(attempts=Incoming.attempts + 1, due_at=clock.now() + PAUSE)
        .execution_options(synchronize_session=False)
    )


def _give_back(owed: list[int]) -> None:
    """As if those had not been tried that the database kept from being taken in. The first of them, at which it
    happened, goes behind all others."""
    if not owed:
        return
    now = clock.now()
    session().execute(
        update(Incoming)
        .where(Incoming.id.in_(owed), Incoming.state == "waiting", Incoming.attempts > 0)
        .values(
            attempts=Incoming.attempts - 1,
            due_at=case((Incoming.id == owed[0], db.moment(now + SOON)), else_=db.moment(now)),
        )
        .execution_options(synchronize_session=False)
    )


def take(number: int, place: Place) -> None:
    """Take in one mail in a transaction of its own. Raises what the database itself fails with, nothing else."""
    try:
        with db.transaction():
            row = _waiting(number)
            if row is not None:
                settle(row, _read(row, place) if row.attempts <= TRIES else Outcome("failed", "parked", FAILED))
    except Exception as error:
        if db.own_trouble(error):
            raise
        # The boundary of one mail: the others go on, and after some tries a person sees it.
        log.exception("mail %s could not be taken in", number)
        with db.transaction():
            _note_failure(number)


def _waiting(number: int) -> Incoming | None:
    query = select(Incoming).where(Incoming.id == number, Incoming.state == "waiting").options(undefer(Incoming.raw))
    return session().scalar(query.with_for_update().execution_options(populate_existing=True))


def _read(row: Incoming, place: Place) -> Outcome:
    mail = open_mail(row.raw or b"")
    if row.size > MOST_BYTES:
        # Only its headers were kept.
        mail = replace(mail, too_much="size")
    arrived = Arrived(row, mail, ours(row.recipient, place.tokens), place)
    for read in READERS:
        outcome = read(arrived)
        if outcome is not None:
            return outcome
    return Outcome("message", "parked")


def settle(row: Incoming, outcome: Outcome) -> None:
    """Say how a mail ended, on its row and in the journal."""
    row.state, row.outcome, row.reason = outcome.state, outcome.outcome, outcome.reason
    row.member_id, row.meeting_id, row.letter_id = outcome.member_id, outcome.meeting_id, outcome.letter_id
    row.facts, row.taken_at = outcome.facts or None, clock.now()
    if outcome.outcome in HEARD:
        members.heard_from(row.author)
    session().flush()
    journal.write(
        "take in",
        "mail",
        row.id,
        hash=row.raw_hash,
        way=row.way,
        outcome=row.outcome,
        state=row.state,
        member=row.member_id,
        meeting=row.meeting_id,
        letter=row.letter_id,
    )


def _note_failure(number: int) -> None:
    now = clock.now()
    last = Incoming.attempts >= TRIES
    session().execute(
        update(Incoming)
        .where(Incoming.id == number, Incoming.state == "waiting")
        .values(
            due_at=now + PAUSE,
            state=case((last, "parked"), else_="waiting"),
            outcome=case((last, "failed"), else_=None),
            reason=case((last, FAILED), else_=None),
            taken_at=case((last, db.moment(now)), else_=None),
        )
        .execution_options(synchronize_session=False)
    )
