"""Which row somebody's other row went into. Rows are made one by `merging`; the journal, which is never changed, goes
on naming the old one, and whoever reads it follows from here.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base, session


class Merger(Base):
    """Which row somebody's other row went into."""

    __tablename__ = "merger"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    at: Mapped[datetime]


def kept(member_id: int) -> int:
    """The number of the row that a member's row went into; the same number for a row that went nowhere."""
    seen = {member_id}
    while (into := session().scalar(select(Merger.kept_id).where(Merger.member_id == member_id))) is not None:
        if into in seen:
            break
        seen.add(into)
        member_id = into
    return member_id


def all_kept(member_ids: Collection[int]) -> dict[int, int]:
    """The same for many: only those that went somewhere. One statement, and one more for each step they went."""
    went: dict[int, int] = {}
    asked, wanted = set[int](), set(member_ids)
    while wanted - asked:
        rows = session().execute(select(Merger.member_id, Merger.kept_id).where(Merger.member_id.in_(wanted - asked)))
        asked |= wanted
        found = {member_id: into for member_id, into in rows}
        went |= found
        wanted = set(found.values())
    return {member_id: _end(member_id, went) for member_id in member_ids if member_id in went}


def _end(member_id: int, went: dict[int, int]) -> int:
    seen = {member_id}
    while went.get(member_id) is not None and went[member_id] not in seen:
        member_id = went[member_id]
        seen.add(member_id)
    return member_id


def all_numbers(member_id: int) -> set[int]:
    """A member's number, and those of all rows that went into theirs."""
    found, fresh = {member_id}, {member_id}
    while fresh:
        fresh = set(session().scalars(select(Merger.member_id).where(Merger.kept_id.in_(fresh)))) - found
        found |= fresh
    return found
