"""What this installation calls itself and how it writes: one row, edited on the settings page.

Secrets, servers and addresses come from the environment (`config.py`); they are not here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary, select
from sqlalchemy.orm import Mapped, deferred, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, Texts, session


def _words() -> Mapped[dict[str, Any] | None]:
    """Long texts, which few pages show: read only when asked for, and then all of them at once."""
    return deferred(mapped_column(Texts), group="words")


class Installation(Base):
    """The one row. Empty fields fall back to the settings in the environment. `restored_from`: when the backup was made
    that all this comes from, until somebody has let letters go again."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    organisation: Mapped[str] = mapped_column(default="", server_default="")
    sender_name: Mapped[str] = mapped_column(default="", server_default="")
    welcome: Mapped[dict[str, Any] | None] = _words()
    imprint: Mapped[dict[str, Any] | None] = _words()
    privacy: Mapped[dict[str, Any] | None] = _words()
    accessibility: Mapped[dict[str, Any] | None] = _words()
    legal: Mapped[dict[str, Any] | None] = _words()
    """What the pages of law ask for (`law.FACTS`): who runs this, where, how to be reached."""
    logo: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    logo_type: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    restored_from: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]


_THE_ROW = select(Installation).where(Installation.id == 1)


def current() -> Installation:
    """The row, or an unsaved empty one where nothing has been set yet."""
    return session().scalar(_THE_ROW) or unset()


def unset() -> Installation:
    """An unsaved row in which nothing has been set."""
    return Installation(id=1, organisation="", sender_name="")


def change(*, actor_id: int | None, **values: Any) -> Installation:
    """Set the given fields. Logo bytes must have been checked before."""
    row = session().get(Installation, 1)
    if row is None:
        row = Installation(id=1)
        session().add(row)
    for field, value in values.items():
        setattr(row, field, value)
    row.changed_at = clock.now()
    journal.write("change", "installation", 1, actor_id=actor_id, fields=sorted(values))
    return row


def pause(paused: bool, *, actor_id: int | None) -> None:
    """Hold back, or let go again, all letters but those somebody asked for. Who lets them go has looked what a restore
    left to look at."""
    change(actor_id=actor_id, paused_at=clock.now() if paused else None)
    if not paused:
        current().restored_from = None


def restored(made_at: datetime, **counts: int) -> None:
    """All of this comes from a backup made at that moment: letters wait until somebody lets them go."""
    row = session().get(Installation, 1) or Installation(id=1)
    session().add(row)
    row.paused_at, row.restored_from = clock.now(), made_at
    journal.write("restore", "installation", 1, actor_id=None, made_at=made_at.isoformat(), **counts)
