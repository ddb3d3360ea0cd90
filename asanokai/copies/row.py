"""A copy of everything about somebody: that it was asked for, how far it has come, and the file."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, deferred, mapped_column

from asanokai.db import Base


class Copy(Base):
    """A copy that is made, or is ready (`ready_at`). `asked_by_id` is somebody else where they asked in writing."""

    __tablename__ = "copy"
    __table_args__ = (
        Index(
            "uq_copy_unready",
            "member_id",
            unique=True,
            postgresql_where=text("ready_at IS NULL"),
            sqlite_where=text("ready_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    asked_at: Mapped[datetime]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    ready_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    size: Mapped[int | None]
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
