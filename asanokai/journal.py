"""Who did what to what: one row per verb, in the verb's own transaction.

Facts are numbers, states and moments: never names, addresses or free text. The waiting list can be replayed from it.
Nothing reads the journal back for a decision; `history` tells it to people. What a row is about beside its object
stands in the facts `meeting`, `member` and `series`, and once more in columns, to be found by.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, insert
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock
from asanokai.db import Base, Facts, session


class Entry(Base):
    """One thing that happened. `actor_id` is None when the program itself acted."""

    __tablename__ = "journal"
    __table_args__ = (
        Index(None, "object", "object_id", "at"),
        Index(None, "meeting_id", "id"),
        Index(None, "member_id", "id"),
        Index(None, "series_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    verb: Mapped[str]
    object: Mapped[str]
    object_id: Mapped[int | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    meeting_id: Mapped[int | None]
    member_id: Mapped[int | None]
    series_id: Mapped[int | None]


_insert = insert(Entry)


def write(verb: str, obj: str, object_id: int | None, *, actor_id: int | None = None, **facts: Any) -> None:
    """Note that `actor_id` did `verb` to one `obj` ("meeting", "rsvp", …). Facts must be JSON values."""
    session().execute(
        _insert,
        {
            "at": clock.now(),
            "actor_id": actor_id,
            "verb": verb,
            "object": obj,
            "object_id": object_id,
            "facts": facts or None,
            **{f"{name}_id": object_id if obj == name else facts.get(name) for name in ("meeting", "member", "series")},
        },
    )
