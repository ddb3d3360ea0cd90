"""What is old leaves the journal, and one signed seal stands for it: which numbers, how many, and the digest of the
seals that covered them. The next seal follows on it, so what is left still verifies.

The database lets an entry go only where such a seal stands. Whole seals are pruned, and the newest one never: numbers
must not begin anew, and the end of the chain is what others compare with.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from asanokai import clock, journal
from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.journal import Aside, Entry
from asanokai.seals.keys import keys
from asanokai.seals.row import PRUNED, Seal, digest_of
from asanokai.seals.sealing import newest
from asanokai.seals.verifying import stored, verify


def old(before: datetime) -> ColumnElement[bool]:
    """The entries that `prune` would let go of."""
    end = select(func.max(Seal.number)).scalar_subquery()
    last = select(func.max(Seal.last_id)).where(Seal.kind != PRUNED, Seal.at < before, Seal.number < end)
    return Entry.id <= last.scalar_subquery()


def prune(before: datetime, *, actor_id: int | None = None) -> int:
    """Let go of the entries that were sealed before that moment; how many. In the caller's transaction.

    Raises `Refused` if the seals do not hold: what is broken must not be pruned away. Also where they are made with
    another key than ours: a seal of ours, standing for what is gone, would be believed by nobody.
    """
    end = newest()
    old = select(func.max(Seal.number)).where(Seal.kind != PRUNED, Seal.at < before)
    highest = session().scalar(old.where(Seal.number < end.number)) if end else None
    if highest is None:
        return 0
    if end and end.key_id != keys().key_id:
        raise Refused(N_("The seals are made with another key than the one here, and nothing was pruned."))
    # With the seal that stands for what was pruned before: it is younger, but comes first.
    seals = session().scalars(select(Seal).where(Seal.number <= highest).order_by(Seal.number)).all()
    report = verify(stored(seals=seals, tail=False), keys())
    if report.broken:
        raise Refused(N_("The journal is broken, and nothing was pruned: %(place)s"), place=report.broken)
    last, stands = seals[-1], _stands_for(seals)
    session().add(stands)
    session().flush()
    for gone in (
        delete(Aside).where(Aside.entry_id <= last.last_id),
        delete(Entry).where(Entry.id <= last.last_id),
        delete(Seal).where(or_(Seal.number < last.number, and_(Seal.number == last.number, Seal.kind != PRUNED))),
    ):
        session().execute(gone, execution_options={"synchronize_session": False})
    journal.write("prune", "journal", last.number, actor_id=actor_id, entries=report.entries, seals=len(seals))
    return report.entries


def _stands_for(seals: Sequence[Seal]) -> Seal:
    first, last = seals[0], seals[-1]
    made = Seal(
        number=last.number,
        kind=PRUNED,
        first_id=first.first_id,
        last_id=last.last_id,
        entries=sum(seal.entries for seal in seals),
        digest=digest_of(f"{seal.head}\n".encode() for seal in seals),
        previous=first.previous,
        carries=last.link,
        at=clock.now(),
        key_id=keys().key_id,
    )
    made.signature = keys().sign(made.header)
    return made
