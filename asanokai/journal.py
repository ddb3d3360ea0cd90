"""Who did what to what: one row per verb, in the verb's own transaction.

Facts are numbers, states and moments: never names, addresses or free text. The waiting list can be replayed from it.
Nothing here reads the journal back for a decision.
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
    __table_args__ = (Index(None, "object", "object_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    verb: Mapped[str]
    object: Mapped[str]
    object_id: Mapped[int | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(Facts)


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
        },
    )
