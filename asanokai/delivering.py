"""One step of delivery: claim a batch of letters, write each out, send it, settle it.

A step does one batch and says whether there may be more; the loop is in `worker` and `cli`. If the process dies between
sending and settling, the lease runs out and the letter goes again with the same Message-ID: at least once, at most one
double per crash.

A batch is claimed by a full commit, before its first letter goes. Settling is a transaction per letter that does not
wait for the disk, but for the last of the batch, which takes the others there with it. So if the power fails, or
PostgreSQL itself dies, the letters of the batch under way that went last may go again; none is lost.

It decides nothing about who gets what.
"""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from asanokai import clock, db, installation, letters, meetings, rsvps
from asanokai.composing import Composer, Dropped, Mail, Work
from asanokai.letters import Letter
from asanokai.transport import Outcome, Transport

log = logging.getLogger(__name__)

BATCH = 200
LONGEST = timedelta(seconds=10)
"""How long a step goes on with its batch. A slow server must let neither a sign-in letter wait for the whole of it nor
the lease run out."""

Transaction = Callable[[], AbstractContextManager[Connection | Session]]

_SENT_ENTRY = (
    update(db.table_of(rsvps.Rsvp))
    .where(
        rsvps.Rsvp.__table__.c.meeting_id == bindparam("of_meeting"),
        rsvps.Rsvp.__table__.c.member_id == bindparam("of_member"),
    )
    .values(
        # An answer given while the letter was on its way may have raised it: it never falls.
        sequence=case(
            (rsvps.Rsvp.__table__.c.sequence > bindparam("new_sequence"), rsvps.Rsvp.__table__.c.sequence),
            else_=bindparam("new_sequence"),
        ),
        starts_at=bindparam("new_starts_at"),
        stamped_at=bindparam("new_stamp"),
    )
)


# Entry first, as whoever moves the meeting locks them: otherwise each could wait for the other. PostgreSQL carries out
# what another part of the statement asks for before that part; what nobody asks for, it would carry out last.
_ENTERED = _SENT_ENTRY.returning(rsvps.Rsvp.__table__.c.id).cte("entered")
_SENT_AT_ONCE = letters.SETTLED.where(select(func.count()).select_from(_ENTERED).scalar_subquery() >= 0)


@dataclass
class Step:
    """What one step came to. `more` says that another one may find letters; `away` that the server was not there."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0
    dropped: int = 0
    away: str = ""
    more: bool = False

    @property
    def done(self) -> int:
        """With how many letters it is through, however it came out."""
        return self.sent + self.failed + self.postponed + self.dropped


def _unheard(_step: Step) -> None:
    """Where nobody wants to know."""


class Delivery:
    """Delivers for one process, over one connection."""

    def __init__(self, composer: Composer, transport: Transport) -> None:
        self.composer = composer
        self.transport = transport
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"

    def waiting(self) -> int:
        """How many letters are due and may go; those that somebody is sending do not count."""
        with db.reading() as session:
            may_go: ColumnElement[bool] = Letter.kind.in_(letters.UNPAUSED)
            if installation.current().paused_at is None:
                may_go = or_(Letter.meeting_id.is_(None), Letter.meeting_id.not_in(meetings.held_back()))
            due = Letter.state == "queued", Letter.due_at <= clock.now(), may_go
            return session.scalar(select(func.count()).where(*due)) or 0

    def step(self, size: int = BATCH, *, tell: Callable[[Step], object] = _unheard) -> Step:
        """Deliver up to `size` due letters, for `LONGEST` at most; what is not tried by then is given back. `tell`
        hears after each letter what it has come to so far."""
        step, until = Step(), clock.now() + LONGEST
        with db.transaction():
            letters.release_expired()
            claimed = letters.claim(
                self.name,
                size,
                held_meetings=meetings.held_back(),
                everything_held=installation.current().paused_at is not None,
            )
            gathered = self._hold_back(self._gather(claimed, step))
        step.more = len(claimed) == size
        if gathered:
            self._deliver_all(gathered, step, until, tell)
        return step

    def _hold_back(self, gathered: list[Work | Dropped]) -> list[Work | Dropped]:
        """Return what may not go yet: put off by a refusal or a pause, it is due in somebody's night now."""
        held: dict[datetime, list[int]] = {}
        for work in gathered:
            if isinstance(work, Work) and work.not_before is not None:
                held.setdefault(work.not_before, []).append(work.letter_id)
        for until, letter_ids in held.items():
            letters.hold(letter_ids, until, by=self.name)
        return [work for work in gathered if isinstance(work, Dropped) or work.not_before is None]

    def _deliver_all(
        self, gathered: list[Work | Dropped], step: Step, until: datetime, tell: Callable[[Step], object]
    ) -> None:
        last = gathered[-1]
        with db.light_transactions() as light:
            for place, work in enumerate(gathered):
                transaction = db.transaction if work is last else light
                if not self._deliver(work, step, transaction):
                    self._give_back(gathered[place:])
                    step.more = False
                    return
                tell(step)
                if clock.now() > until and work is not last:
                    self._give_back(gathered[place + 1 :])
                    step.more = True
                    return

    def _give_back(self, rest: list[Work | Dropped]) -> None:
        with db.transaction():
            letters.give_back([work.letter_id for work in rest], by=self.name)

    def _gather(self, claimed: list[int], step: Step) -> list[Work | Dropped]:
        """All at once; if one letter cannot be read, one by one, so that the others go."""
        if not claimed:
            return []
        try:
            with db.session().begin_nested():
                return self.composer.gather(claimed)
        except Exception as error:
            # Which letter it is, and the whole story, is logged below.
            log.info("a batch of %s letters could not be read (%s); trying one by one", len(claimed), error)
        gathered: list[Work | Dropped] = []
        for letter_id in claimed:
            try:
                with db.session().begin_nested():
                    gathered += self.composer.gather([letter_id])
            except Exception:
                # The boundary of one letter, as below.
                log.exception("letter %s could not be read", letter_id)
                letters.settle(letter_id, "failed", by=self.name, reason="could not be composed")
                step.failed += 1
        return gathered

    def _deliver(self, work: Work | Dropped, step: Step, transaction: Transaction) -> bool:
        """Write one letter out, send it, settle it; whether the server could be reached."""
        if isinstance(work, Dropped):
            with transaction() as on:
                letters.settle(work.letter_id, "dropped", by=self.name, reason=work.reason, on=on)
            step.dropped += 1
            return True
        try:
            mail = self.composer.compose(work)
        except Exception:
            # The boundary of one letter: it is parked where the coordinators see it, the others go on.
            log.exception("letter %s (%s) could not be composed", work.letter_id, work.kind)
            with transaction() as on:
                letters.settle(work.letter_id, "failed", by=self.name, reason="could not be composed", on=on)
            step.failed += 1
            return True
        outcome = self.transport.send(mail.envelope_from, mail.to, mail.content)
        if outcome.state == "away":
            step.away = outcome.words
            return False
        with transaction() as on:
            self._settle(work, mail, outcome, step, on)
        return True

    def _settle(self, work: Work, mail: Mail, outcome: Outcome, step: Step, on: Connection | Session) -> None:
        if outcome.state == "later":
            state = letters.postpone(work.letter_id, work.attempts, by=self.name, server_words=outcome.words, on=on)
            step.postponed += state == "queued"
            step.failed += state == "failed"
            return
        sent, statement, entry = outcome.state == "sent", letters.SETTLED, letters.NO_FACTS
        if sent and mail.stamp is not None:
            entry = {
                "of_meeting": work.meeting_id,
                "of_member": work.member_id,
                "new_sequence": mail.sequence,
                "new_starts_at": mail.starts_at,
                "new_stamp": mail.stamp,
            }
            if db.in_one_statement():
                statement = _SENT_AT_ONCE
            else:
                on.execute(_SENT_ENTRY, entry)
        letters.settle(
            work.letter_id,
            "sent" if sent else "failed",
            by=self.name,
            reason=None if sent else "refused by the server",
            server_words=outcome.words or None,
            message_id=mail.message_id,
            sequence=mail.sequence,
            starts_at=mail.starts_at,
            on=on,
            statement=statement,
            facts=entry,
        )
        step.sent += sent
        step.failed += not sent
