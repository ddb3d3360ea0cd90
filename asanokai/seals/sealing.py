"""Which entries are finished, and the worker's step that seals them. No answer ever waits for it.

SQLite has one writer at a time: what can be read is finished. On PostgreSQL numbers are taken before the commit, so a
lower number may still turn up. A look notes the highest number that is there and the moment; once no transaction is
open that began before that moment, nothing at or below that number can come any more. No lock is taken for it. A
transaction that stays open for long, such as a dump's, delays the seals until it ends.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from asanokai import clock, db
from asanokai.db import session
from asanokai.journal import Entry
from asanokai.seals.keys import keys
from asanokai.seals.row import COLUMNS, SEALED, Seal, canonical, digest_of

log = logging.getLogger(__name__)

BATCH = 5_000
"""Entries under one seal at most, so that none is long to make and to verify."""

LOOKS = 60
"""Looks that are remembered while some transaction stays open."""

# A dump or a transaction of another role's is seen here by its own role and by who may read all statistics.
_OLDEST_OPEN = text(
    "SELECT least((SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()),"
    " (SELECT min(prepared) FROM pg_prepared_xacts WHERE database = current_database()))"
)


def newest() -> Seal | None:
    """The seal at the end of the chain."""
    return session().scalar(select(Seal).order_by(Seal.number.desc(), Seal.kind.desc()).limit(1))


def unsealed_since() -> tuple[int, datetime | None]:
    """How many entries have no seal yet, and the moment of the oldest."""
    last = select(func.coalesce(func.max(Seal.last_id), 0)).scalar_subquery()
    found = session().execute(select(func.count(), func.min(Entry.at)).where(Entry.id > last)).one()
    return int(found[0]), found[1]


@dataclass(frozen=True)
class Look:
    """The highest number that was there at a moment of the database's."""

    last_id: int
    at: datetime | None


class Sealer:
    """Seals what is finished; remembers its looks between two steps. Two of them at once do no harm."""

    def __init__(self) -> None:
        self._looks: list[Look] = []

    def step(self) -> int:
        """Seal all that is finished; how many entries."""
        with db.reading():
            limit = self._finished()
        done = 0
        while made := self._one(limit):
            done += made
        return done

    def _finished(self) -> int:
        last = session().scalar(select(func.max(Entry.id))) or 0
        if db.db.engine.dialect.name != "postgresql":
            return last
        # In this order: a transaction that is not seen to be open any more has ended after the look, or before it.
        self._looks = [*self._looks[-LOOKS:], Look(last, session().scalar(text("SELECT clock_timestamp()")))]
        oldest = session().scalar(_OLDEST_OPEN)
        clear = [look for look in self._looks if oldest is None or (look.at and look.at < oldest)]
        self._looks = [look for look in self._looks if look not in clear]
        return max((look.last_id for look in clear), default=0)

    @staticmethod
    def _one(limit: int) -> int:
        """One more seal, over at most a batch of entries; over how many."""
        with db.reading():
            before = newest()
            rows = _rows(before.last_id if before else 0, limit)
            made = _made(before, rows) if rows else None
        if made is None:
            return 0
        try:
            with db.transaction() as writing:
                writing.add(made)
        except IntegrityError:
            return 0  # another worker was faster; its seal covers the same
        log.info("journal sealed up to entry %d by seal %d, digest %s", made.last_id, made.number, made.head)
        return made.entries


def _rows(after: int, limit: int) -> list[tuple[int, bytes]]:
    """The number and the line of each entry. Entries never change, so they may be read before the seal is written."""
    query = select(*COLUMNS).where(Entry.id > after, Entry.id <= limit).order_by(Entry.id).limit(BATCH)
    return [(row[0], canonical(row)) for row in session().execute(query)]


def _made(before: Seal | None, rows: list[tuple[int, bytes]]) -> Seal:
    seal = Seal(
        number=before.number + 1 if before else 1,
        kind=SEALED,
        first_id=before.last_id + 1 if before else 1,
        last_id=rows[-1][0],
        entries=len(rows),
        digest=digest_of(line for _, line in rows),
        previous=before.link if before else "",
        carries="",
        at=clock.now(),
        key_id=keys().key_id,
    )
    seal.signature = keys().sign(seal.header)
    return seal
