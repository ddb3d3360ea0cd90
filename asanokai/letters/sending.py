"""Claiming letters for a sender, and saying how each ended. A claim is a write that says what was won."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, or_, select, true, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from asanokai import clock, db
from asanokai.db import session
from asanokai.letters.row import FIRST_OF_ALL, LEASE, PAUSES, UNPAUSED, Letter


def release_expired() -> int:
    """Queue again what a sender claimed and never settled: it died. Returns how many."""
    released = session().execute(
        update(Letter)
        .where(Letter.state == "claimed", Letter.claimed_until < clock.now())
        .values(state="queued", claimed_by=None, claimed_until=None)
    )
    return db.affected(released)


def claim(by: str, size: int = 50, *, held_meetings: Sequence[int] = (), everything_held: bool = False) -> list[int]:
    """Lease up to `size` due letters to the sender `by`; their numbers in the order to send them.

    A claim is a write that says what was won: two senders never hold the same letter. Letters of paused meetings
    (`held_meetings`) or, if everything is paused, all but those somebody asked for, stay where they are.
    """
    won: list[int] = []
    for kinds_first in (True, False):
        if len(won) < size:
            won += _claim(by, size - len(won), kinds_first, held_meetings, everything_held)
    return won


def _claim(by: str, size: int, kinds_first: bool, held_meetings: Sequence[int], everything_held: bool) -> list[int]:
    now = clock.now()
    first = Letter.kind.in_(FIRST_OF_ALL)
    may_go: ColumnElement[bool] = true()
    if everything_held:
        may_go = Letter.kind.in_(UNPAUSED)
    elif held_meetings:
        may_go = or_(Letter.meeting_id.is_(None), Letter.meeting_id.not_in(held_meetings))
    due = (
        select(Letter.id)
        .where(Letter.state == "queued", Letter.due_at <= now, first if kinds_first else ~first, may_go)
        .order_by(Letter.due_at, Letter.id)
        .limit(size)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claimed = session().execute(
        update(Letter)
        # A CTE is worked out once; a plain subquery may be asked again for every row and win more than `size`.
        .where(Letter.id.in_(select(due.c.id)), Letter.state == "queued")
        .values(state="claimed", claimed_by=by, claimed_until=now + LEASE, claimed_at=now, attempts=Letter.attempts + 1)
        .returning(Letter.id, Letter.due_at)
        .execution_options(synchronize_session=False)
    )
    return [row.id for row in sorted(claimed, key=lambda row: (row.due_at, row.id))]


NO_FACTS: Mapping[str, Any] = MappingProxyType({})

SETTLED = (
    update(db.table_of(Letter))
    .where(
        Letter.__table__.c.id == bindparam("of_letter"),
        Letter.__table__.c.state == "claimed",
        Letter.__table__.c.claimed_by == bindparam("of_sender"),
    )
    .values(
        state=bindparam("new_state"),
        settled_at=bindparam("now"),
        sent_at=bindparam("new_sent_at"),
        reason=bindparam("new_reason"),
        server_words=bindparam("new_server_words"),
        message_id=bindparam("new_message_id"),
        sequence=bindparam("new_sequence"),
        starts_at=bindparam("new_starts_at"),
        claimed_by=None,
        claimed_until=None,
    )
)
"""How a claimed letter is settled. Written once: putting it together takes longer than carrying it out."""


def settle(
    letter_id: int,
    state: str,
    *,
    by: str,
    reason: str | None = None,
    server_words: str | None = None,
    message_id: str | None = None,
    sequence: int | None = None,
    starts_at: datetime | None = None,
    on: Connection | Session | None = None,
    statement: Update = SETTLED,
    facts: Mapping[str, Any] = NO_FACTS,
) -> bool:
    """Say how a claimed letter ended; whether the claim was still ours. In the transaction `on`, else the session's.

    `statement` may be `SETTLED` with something to be done on the same way to the database, which `facts` tell.
    """
    now = clock.now()
    done = (on or session()).execute(
        statement,
        {
            **facts,
            "of_letter": letter_id,
            "of_sender": by,
            "new_state": state,
            "now": now,
            "new_sent_at": now if state == "sent" else None,
            "new_reason": reason,
            "new_server_words": server_words,
            "new_message_id": message_id,
            "new_sequence": sequence,
            "new_starts_at": starts_at,
        },
    )
    return db.affected(done) > 0


def postpone(
    letter_id: int, attempts: int, *, by: str, server_words: str, on: Connection | Session | None = None
) -> str:
    """After a temporary refusal: queue again with a growing pause, or fail after the last. Returns the state."""
    if attempts > len(PAUSES):
        settle(letter_id, "failed", by=by, reason="refused too often", server_words=server_words, on=on)
        return "failed"
    (on or session()).execute(
        update(Letter)
        .where(Letter.id == letter_id, Letter.state == "claimed", Letter.claimed_by == by)
        .values(
            state="queued",
            due_at=clock.now() + PAUSES[attempts - 1],
            server_words=server_words,
            claimed_by=None,
            claimed_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    return "queued"


def hold(letter_ids: Iterable[int], until: datetime, *, by: str) -> None:
    """Return claimed letters untried: it is not the time for them, but will be then."""
    session().execute(
        update(Letter)
        .where(Letter.id.in_(list(letter_ids)), Letter.state == "claimed", Letter.claimed_by == by)
        .values(state="queued", due_at=until, claimed_by=None, claimed_until=None, attempts=Letter.attempts - 1)
        .execution_options(synchronize_session=False)
    )


def give_back(letter_ids: Iterable[int], *, by: str) -> None:
    """Return claimed letters untried: the server could not be reached, or we are told to stop."""
    session().execute(
        update(Letter)
        .where(Letter.id.in_(list(letter_ids)), Letter.state == "claimed", Letter.claimed_by == by)
        .values(state="queued", claimed_by=None, claimed_until=None, attempts=Letter.attempts - 1)
        .execution_options(synchronize_session=False)
    )
