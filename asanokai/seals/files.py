"""The journal as lines of JSON, for keeping and checking elsewhere: entries, and behind each run of them its seal.

What stands aside is left out unless it is asked for. A file need not begin with the first seal: seals are given whole.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.journal import Aside, Entry
from asanokai.seals.row import COLUMNS, SEALED, Seal, said
from asanokai.seals.verifying import Part, Row, stored

NAMES = tuple(column.key for column in COLUMNS)
OF_SEAL = (
    *("number", "kind", "first_id", "last_id", "entries", "digest", "previous", "carries", "at", "key_id"),
    "signature",
)
OF_ASIDE = ("salt", "address", "agent", "said")


def exported(begin: datetime | None, end: datetime | None, *, asides: bool = False) -> Iterator[dict[str, Any]]:
    """The seals with entries of that time, each with all its entries; where there is no `end`, the open end too."""
    query = select(Seal).order_by(Seal.number, Seal.kind)
    if begin:
        # A seal is younger than what it covers: what one covers may be older than `begin`, never the other way round.
        first = select(func.min(Seal.number)).where(Seal.kind == SEALED, Seal.at >= begin).scalar_subquery()
        query = query.where(Seal.number >= first)
    if end:
        begun = select(Entry.id).where(Entry.id >= Seal.first_id, Entry.id <= Seal.last_id, Entry.at <= end).exists()
        query = query.where(begun)
    seals = session().scalars(query).all()
    after = seals[0].first_id - 1 if seals else (_last_sealed() if begin else None)
    for part in stored(seals=seals, after=after, tail=end is None):
        yield from _lines(part, asides)


def _last_sealed() -> int:
    return session().scalar(select(Seal.last_id).order_by(Seal.number.desc()).limit(1)) or 0


def _lines(part: Part, asides: bool) -> Iterator[dict[str, Any]]:
    if isinstance(part, Seal):
        yield {"seal": {name: _value(getattr(part, name)) for name in OF_SEAL}}
        return
    yield {"entry": {name: _value(value) for name, value in zip(NAMES, part.values, strict=True)}}
    if asides and part.aside is not None:
        yield {"aside": {name: getattr(part.aside, name) for name in OF_ASIDE}}


def _value(value: Any) -> Any:
    return said(value) if isinstance(value, datetime) else value


def read(lines: Iterable[str]) -> Iterator[Part]:
    """The parts of an exported file. Raises `Refused` for a line that is none."""
    row: Row | None = None
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(line)
            (kind, values), *others = found.items()
            if others or kind not in ("entry", "aside", "seal"):
                raise ValueError(kind)
            if kind == "aside" and row is not None:
                row = Row(row.values, Aside(**{name: str(values[name]) for name in OF_ASIDE}))
                continue
            if row is not None:
                yield row
            row = Row([values[name] for name in NAMES]) if kind == "entry" else None
            if kind == "seal":
                yield Seal(**{name: values[name] for name in OF_SEAL if name != "at"}, at=_moment(values["at"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused(N_("Line %(number)s is no line of an exported journal."), number=number) from error
    if row is not None:
        yield row


def _moment(words: str) -> datetime:
    moment = datetime.fromisoformat(words)
    if moment.tzinfo is None:
        raise ValueError(words)
    return moment
