"""A journal held against its seals: the database's, or a file of one. Says the first broken place in plain words.

Whoever is asked for the journal gives it in its order: entries, what stands aside with them, and behind the entries
that a seal covers the seal. Entries behind the last seal are its open end: nothing vouches for them yet.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from asanokai import clock, db
from asanokai.db import session
from asanokai.journal import Aside, Entry
from asanokai.seals.keys import Keys, keys
from asanokai.seals.row import COLUMNS, PRUNED, Check, Seal, canonical

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
"""How often the worker verifies."""

NAMED = 10
"""Numbers that a sentence lists."""


@dataclass(frozen=True)
class Row:
    """An entry's values, in the order of `COLUMNS`, and what stands aside with it."""

    values: list[Any]
    aside: Aside | None = None

    @property
    def id(self) -> int:
        return int(self.values[0])


Part = Row | Seal


@dataclass
class Report:
    """What was found. `broken`: the first place that is wrong; None if none is. `open_since`: of the open end."""

    seals: int = 0
    entries: int = 0
    pruned: int = 0
    begins: int = 1
    head: str = ""
    open: int = 0
    open_since: datetime | str | None = None
    broken: str | None = None


class _Broken(Exception):
    """The first broken place, in words."""


def verify(parts: Iterable[Part], believed: Keys, *, expect: str = "", whole: bool = True) -> Report:
    """Hold a journal against its seals. `expect`: a seal with that digest must be there. `whole`: it must begin at its
    first seal, or at one that stands for what was pruned."""
    walk = _Walk(believed, whole, expect)
    try:
        for part in parts:
            walk.take(part)
        walk.end()
    except _Broken as broken:
        walk.report.broken = str(broken)
    return walk.report


@dataclass
class _Walk:
    believed: Keys
    whole: bool
    expect: str
    report: Report = field(default_factory=Report)
    before: Seal | None = None
    waiting: list[int] = field(default_factory=list)
    since: Any = None
    seen: int = 0
    expected_seen: bool = False

    def __post_init__(self) -> None:
        self.digest = sha256()

    def take(self, part: Part) -> None:
        if isinstance(part, Row):
            self._entry(part)
        else:
            self._seal(part)

    def _entry(self, row: Row) -> None:
        if row.id < 1:
            raise _Broken(f"Entry {row.id} was put before the first one.")
        if row.id <= self.seen:
            raise _Broken(f"Entry {row.id} stands behind entry {self.seen}, or twice.")
        aside, kept = row.aside, row.values[-1]
        if aside is not None and aside.hash != kept:
            raise _Broken(f"What stands aside of entry {row.id} is not what was sealed with it.")
        self.since = self.since if self.waiting else row.values[1]
        self.seen = row.id
        self.waiting.append(row.id)
        self.digest.update(canonical(row.values))

    def _seal(self, seal: Seal) -> None:
        self._genuine(seal)
        self._in_chain(seal)
        if seal.kind == PRUNED:
            if self.waiting:
                raise _Broken(f"Entry {self.waiting[0]} stands among those that were pruned (seal {seal.number}).")
            self.report.pruned += seal.entries
            self.seen = seal.last_id
        else:
            self._covers(seal)
        self.expected_seen = self.expected_seen or self.expect in (seal.head, seal.carries)
        self.report.seals += 1
        self.report.entries += len(self.waiting)
        self.report.head = seal.head
        self.before, self.waiting, self.digest = seal, [], sha256()

    def _genuine(self, seal: Seal) -> None:
        if not self.believed.knows(seal.key_id):
            raise _Broken(
                f"Seal {seal.number} is signed with the key {seal.key_id[:16]}, which is not known here. If it was "
                "yours, give its public part."
            )
        if not self.believed.holds(seal.key_id, seal.signature, seal.header):
            raise _Broken(f"Seal {seal.number} is not as it was signed: it was altered, or made by somebody else.")

    def _in_chain(self, seal: Seal) -> None:
        before = self.before
        if before is None:
            if self.whole and seal.kind != PRUNED and seal.number != 1:
                raise _Broken(f"Seals 1 to {seal.number - 1} are missing, and no signed seal stands for them.")
            self.report.begins = seal.number
            return
        if seal.number <= before.number:
            raise _Broken(f"Seal {seal.number} stands behind seal {before.number}, or twice.")
        if seal.number > before.number + 1:
            raise _Broken(f"Seal {before.number + 1} is missing: seal {seal.number} comes next.")
        if seal.previous != before.link or seal.first_id != before.last_id + 1:
            raise _Broken(f"Seal {seal.number} does not follow on seal {before.number}: one of them was exchanged.")
        if seal.kind == PRUNED:
            raise _Broken(f"Seal {seal.number} stands for entries that were pruned, but others stand before it.")

    def _covers(self, seal: Seal) -> None:
        where = f"Entries {seal.first_id} to {seal.last_id} (seal {seal.number})"
        if self.waiting and self.waiting[0] < seal.first_id:
            raise _Broken(f"Entry {self.waiting[0]} was put before those that seal {seal.number} covers.")
        if self.waiting and self.waiting[-1] > seal.last_id:
            raise _Broken(f"Entry {self.waiting[-1]} was put behind those that seal {seal.number} covers.")
        there = len(self.waiting)
        if there > seal.entries:
            raise _Broken(f"{where}: {there} where {seal.entries} were sealed. Something was put between.")
        if there < seal.entries:
            raise _Broken(
                f"{where}: {there} where {seal.entries} were sealed. Something was removed; no entry has the numbers "
                f"{self._gaps(seal)}."
            )
        if self.digest.hexdigest() != seal.digest:
            raise _Broken(f"{where}: not as they were sealed. One of them was altered.")

    def _gaps(self, seal: Seal) -> str:
        there = set(self.waiting)
        gone = [number for number in range(seal.first_id, seal.last_id + 1) if number not in there]
        more = ", …" if len(gone) > NAMED else ""
        return ", ".join(map(str, gone[:NAMED])) + more

    def end(self) -> None:
        self.report.open = len(self.waiting)
        self.report.open_since = self.since if self.waiting else None
        if self.expect and not self.expected_seen:
            raise _Broken(f"No seal has the digest {self.expect[:64]}: the journal was cut, or sealed anew.")


# --- the database's ---------------------------------------------------------------------------------------------------


def stored(*, seals: Iterable[Seal] | None = None, after: int | None = None, tail: bool = True) -> Iterator[Part]:
    """The journal as it stands in the database, in its order; or only what some of its seals cover."""
    if seals is None:
        seals = session().scalars(select(Seal).order_by(Seal.number, Seal.kind)).all()
    for seal in seals:
        yield from _rows(after, seal.last_id)
        yield seal
        after = seal.last_id if after is None else max(after, seal.last_id)
    while tail:
        found = list(_rows(after, None))
        yield from found
        if not found:
            return
        after = found[-1].id


def _rows(after: int | None, last: int | None, most: int = 5_000) -> Iterator[Row]:
    query = select(*COLUMNS).order_by(Entry.id)
    query = query if after is None else query.where(Entry.id > after)
    query = query.limit(most) if last is None else query.where(Entry.id <= last)
    rows = session().execute(query).all()
    if not rows:
        return
    beside = select(Aside).where(Aside.entry_id >= rows[0][0], Aside.entry_id <= rows[-1][0])
    asides = {aside.entry_id: aside for aside in session().scalars(beside)}
    for row in rows:
        yield Row(list(row), asides.get(row[0]))


def verify_now(*, expect: str = "") -> Report:
    """Verify the database's journal, and note on a page of its own what came of it. Opens its own transactions."""
    with db.reading():
        report = verify(stored(), keys(), expect=expect)
    with db.transaction() as writing:
        writing.add(
            Check(
                at=clock.now(),
                seals=report.seals,
                entries=report.entries,
                head=report.head,
                broken=report.broken,
            )
        )
    if report.broken:
        log.error("the journal is broken: %s", report.broken)
    return report


def last_check() -> Check | None:
    """The last verification."""
    return session().scalar(select(Check).order_by(Check.id.desc()).limit(1))


def verify_due() -> Report | None:
    """Verify if the last time is a day ago; None if it is not."""
    with db.reading():
        last = last_check()
        due = last is None or clock.now() - last.at >= EVERY
    return verify_now() if due else None
