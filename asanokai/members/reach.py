"""Whether an address can be reached: what came back from it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from asanokai.db import Base

BOUNCES = ("unknown", "permanent", "full", "temporary", "policy", "complaint")
"""unknown: no such mailbox (5.1.1). permanent: other 5.1.x. full: 5.2.2. temporary: 4.x.x and what says nothing
lasting. policy: 5.7.x, our server's or our letters' fault. complaint: marked as spam by its reader."""


class Bounce(Base):
    """Something that came back from an address: a report, or the server's refusal while sending. One per letter and
    sort, however often it is said."""

    __tablename__ = "bounce"
    __table_args__ = (
        CheckConstraint(f"sort IN {BOUNCES}", name="sort"),
        UniqueConstraint("address_id", "letter_id", "sort"),
        Index(None, "address_id", "at"),
        Index(None, "letter_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("address.id", ondelete="CASCADE"))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id", ondelete="SET NULL"))
    sort: Mapped[str]
    status: Mapped[str]
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    at: Mapped[datetime]
