"""How long what is kept, and the protocol of what was removed. Nothing personal stands in either."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base


class Limit(Base):
    """For how many days a kind of data is kept where that differs from what is usual."""

    __tablename__ = "retention_limit"

    kind: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int]
    changed_at: Mapped[datetime]


class Run(Base):
    """A night, or a command, that removed what was too old. `by_id` is None when the program did it by itself."""

    __tablename__ = "retention_run"
    __table_args__ = (Index(None, "began_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))


class Removal(Base):
    """How many of a kind a run removed, and which limit held then."""

    __tablename__ = "removal"
    __table_args__ = (UniqueConstraint("run_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("retention_run.id", ondelete="CASCADE"))
    kind: Mapped[str]
    days: Mapped[int]
    gone: Mapped[int]


class Nobody(Base):
    """A row that stands for nobody: to it go old answers, so that they are counted without a name. At one meeting each
    stands for one answer at most."""

    __tablename__ = "nobody"

    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), unique=True)
