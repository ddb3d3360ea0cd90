"""A seal's row, the row of each verification, and the exact bytes that are hashed and signed. It decides nothing."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base
from asanokai.journal import Entry

FORMAT = "asanokai-seal-1"

SEALED, PRUNED = "sealed", "pruned"
"""A seal over entries that are there; one that stands for entries and their seals, which are gone."""

COLUMNS = (
    Entry.id,
    Entry.at,
    Entry.actor_id,
    Entry.verb,
    Entry.object,
    Entry.object_id,
    Entry.facts,
    Entry.meeting_id,
    Entry.member_id,
    Entry.series_id,
    Entry.aside_hash,
)
"""All of an entry, in the order in which it is hashed."""


class Seal(Base):
    """One seal. Its `number` goes on by one; a pruned seal bears the number of the last one that it stands for."""

    __tablename__ = "journal_seal"
    __table_args__ = (
        CheckConstraint("kind IN ('sealed', 'pruned')", name="kind"),
        Index(None, "last_id"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    first_id: Mapped[int]
    last_id: Mapped[int]
    entries: Mapped[int]
    digest: Mapped[str]
    previous: Mapped[str]
    """The head of the seal before; "" for the first."""
    carries: Mapped[str]
    """Of a pruned seal: the head of the last one it stands for, which the next seal follows on. Else ""."""
    at: Mapped[datetime]
    key_id: Mapped[str]
    signature: Mapped[str]

    @property
    def header(self) -> bytes:
        """What is signed: everything but the signature."""
        parts = (self.kind, self.number, self.first_id, self.last_id, self.entries, self.digest, self.previous)
        return _line([FORMAT, *parts, self.carries, said(self.at), self.key_id])

    @property
    def head(self) -> str:
        """Its own digest, which the next one holds."""
        return hashlib.sha256(self.header).hexdigest()

    @property
    def link(self) -> str:
        """What the next seal must hold as its `previous`."""
        return self.carries or self.head


class Check(Base):
    """That the journal was held against its seals, and what came of it."""

    __tablename__ = "journal_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    seals: Mapped[int]
    entries: Mapped[int]
    head: Mapped[str]
    broken: Mapped[str | None] = mapped_column(Text)
    """What is broken first, in plain words; None if nothing is."""


def said(moment: datetime) -> str:
    """A moment as it is hashed, the same from either database."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(values: Iterable[Any]) -> bytes:
    """An entry's values, in the order of `COLUMNS`, as the line that is hashed."""
    return _line([said(value) if isinstance(value, datetime) else value for value in values])


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def digest_of(lines: Iterable[bytes]) -> str:
    """The digest of lines, each of which ends with its own line break."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()
