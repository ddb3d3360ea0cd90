"""Saying how long what is kept, looking at what is too old, and removing it in batches, with a protocol."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update

from asanokai import clock, db, journal
from asanokai.db import session, table_of
from asanokai.erasing.clearing import said
from asanokai.errors import N_, BadInput, Refused
from asanokai.retention import telling
from asanokai.retention.kinds import BY_NAME, KINDS, Kind, Step
from asanokai.retention.row import Limit, Removal, Run

log = logging.getLogger(__name__)

BATCH = 500
"""Rows removed in one transaction."""

MOST_BATCHES = 200
"""Of one kind in one run; the next night takes the others."""

HOUSE = ZoneInfo("Europe/Berlin")
NIGHT = time(2)
"""When the nightly run is due, by the clock on the wall."""


def limits() -> dict[str, int]:
    """For how many days each kind is kept."""
    own = {row.kind: row.days for row in session().scalars(select(Limit))}
    return {kind.name: max(own.get(kind.name, kind.days), kind.least) for kind in KINDS}


def change(wanted: Mapping[str, int], *, actor_id: int | None) -> None:
    """Keep kinds for so many days. Raises `BadInput` for what is too short or too long."""
    known = limits()
    for name, days in wanted.items():
        kind = BY_NAME[name]
        if not kind.least <= days <= kind.most:
            raise BadInput(name, N_("Please give %(least)s to %(most)s days."), least=kind.least, most=kind.most)
    changed = sorted(name for name, days in wanted.items() if known[name] != days)
    for name in changed:
        row = session().get(Limit, name) or Limit(kind=name)
        row.days, row.changed_at = wanted[name], clock.now()
        session().add(row)
    if changed:
        session().flush()
        journal.write("change", "retention", None, actor_id=actor_id, fields=changed)


@dataclass(frozen=True)
class Line:
    """A kind, for how long it is kept, and how many would go now."""

    kind: Kind
    days: int
    due: int


def look() -> list[Line]:
    """What would go now. Removes nothing."""
    days, now = limits(), clock.now()
    return [Line(kind, days[kind.name], _due(kind, now - timedelta(days=days[kind.name]))) for kind in KINDS]


@dataclass(frozen=True)
class Letters:
    """How many of those who left would get the letter that says they are deleted in a month, and how many have been
    kept for long enough but stay until it has been gone for a month."""

    due: int
    waiting: int


def letters_before() -> Letters:
    """What would be told now. Posts nothing."""
    before = clock.now() - timedelta(days=limits()["left"])
    return Letters(telling.to_tell(before), telling.waiting(before))


def _due(kind: Kind, before: datetime) -> int:
    return sum(
        int(session().scalar(select(func.count()).select_from(step.table).where(step.old(before))) or 0)
        for step in kind.steps
    )


def is_due() -> bool:
    """Whether tonight's run is still to come: it is after two at night, and none has begun since."""
    local = clock.now().astimezone(HOUSE)
    since = local.replace(hour=NIGHT.hour, minute=NIGHT.minute, second=0, microsecond=0)
    if local < since:
        since -= timedelta(days=1)
    last = session().scalar(select(func.max(Run.began_at)))
    return last is None or last < since


def remove(*, by_id: int | None = None) -> dict[str, int]:
    """Remove all that is too old, a batch in a transaction; how many of each kind. Then tell those who left whose turn
    comes in a month. Needs no transaction around it."""
    with db.transaction():
        db.plan_alone()
        run_id, now, days = begin(by_id), clock.now(), limits()
    gone = {kind.name: 0 for kind in KINDS}
    for kind in KINDS:
        for step in kind.steps:
            before = now - timedelta(days=days[kind.name])
            some = _at_once if step.at_once else _batches
            gone[kind.name] += sum(some(step, before, run_id, kind, days[kind.name]))
    told = _tell(now - timedelta(days=days["left"]))
    with db.transaction():
        end(run_id, sum(gone.values()), told)
    return gone


def _tell(before: datetime) -> int:
    """How many were told."""
    total = 0
    for _ in range(MOST_BATCHES):
        with db.transaction():
            db.plan_alone()
            told = telling.tell(before, BATCH)
        total += told
        if told < BATCH:
            break
    return total


def begin(by_id: int | None) -> int:
    """Open the protocol of a run; its number."""
    run = Run(began_at=clock.now(), by_id=by_id)
    session().add(run)
    session().flush()
    return run.id


def end(run_id: int, count: int, told: int = 0) -> None:
    """Close the protocol of a run that removed so many rows, and told so many that they are deleted in a month. Where
    neither happened there is nothing to note in the journal."""
    run = session().get_one(Run, run_id)
    run.ended_at = clock.now()
    session().flush()
    if count or told:
        journal.write("remove", "retention", run_id, actor_id=run.by_id, count=count, told=told)


def _batches(step: Step, before: datetime, run_id: int, kind: Kind, days: int) -> Iterator[int]:
    for _ in range(MOST_BATCHES):
        with db.transaction():
            db.plan_alone()
            numbers = _old(step, before)
            if numbers:
                _take(step, numbers)
                _note(run_id, kind, days, len(numbers))
        yield len(numbers)
        if len(numbers) < BATCH:
            break


def _at_once(step: Step, before: datetime, run_id: int, kind: Kind, days: int) -> Iterator[int]:
    """A kind that goes in one piece, or stays: what it refuses is said in the log, and the others have gone."""
    assert step.at_once is not None
    try:
        with db.transaction():
            db.plan_alone()
            gone = step.at_once(before)
            if gone:
                _note(run_id, kind, days, gone)
    except Refused as refused:
        log.error("%s: %s", kind.name, refused)
        return
    yield gone


def _old(step: Step, before: datetime) -> list[int]:
    table = table_of(step.table)
    key = table.primary_key.columns[0]
    return list(session().scalars(select(key).where(step.old(before)).order_by(key).limit(BATCH)))


def _take(step: Step, numbers: list[int]) -> None:
    table = table_of(step.table)
    these = table.primary_key.columns[0].in_(numbers)
    if step.does is not None:
        step.does(numbers)
    elif step.becomes is None:
        session().execute(delete(table).where(these))
    else:
        session().execute(update(table).where(these).values(**said(step.becomes)))


def _note(run_id: int, kind: Kind, days: int, count: int) -> None:
    row = session().scalar(select(Removal).where(Removal.run_id == run_id, Removal.kind == kind.name))
    if row is None:
        session().add(Removal(run_id=run_id, kind=kind.name, days=days, gone=count))
    else:
        row.gone += count
    session().flush()


# --- the protocol -----------------------------------------------------------------------------------------------------


def protocol(*, limit: int, offset: int = 0) -> list[tuple[Run, list[Removal]]]:
    """The runs, the newest first, each with what it removed; two statements."""
    runs = session().scalars(select(Run).order_by(Run.id.desc()).limit(limit).offset(offset)).all()
    rows: Sequence[Removal] = ()
    if runs:
        query = select(Removal).where(Removal.run_id.in_([run.id for run in runs])).order_by(Removal.id)
        rows = session().scalars(query).all()
    return [(run, [row for row in rows if row.run_id == run.id]) for run in runs]


def count_runs() -> int:
    """How many runs the protocol knows."""
    return int(session().scalar(select(func.count()).select_from(Run)) or 0)
