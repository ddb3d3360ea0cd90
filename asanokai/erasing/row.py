"""That somebody is to be erased, and when it was done. The number leads to a row that is empty by then."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base

WHY = ("self", "administrator", "retention")

LONGEST_WAIT = timedelta(days=3)
"""For how long an address is kept at most so that the letters that take meetings out of a calendar can go."""


class Erasure(Base):
    """Somebody is to be erased. `done_at` is None until it is done; `keep_texts`: what they proposed and what they said
    of their talks stays, without their name."""

    __tablename__ = "erasure"
    __table_args__ = (
        CheckConstraint(f"why IN {WHY}", name="why"),
        Index(
            "uq_erasure_pending",
            "member_id",
            unique=True,
            postgresql_where=text("done_at IS NULL"),
            sqlite_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    why: Mapped[str]
    keep_texts: Mapped[bool]
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
