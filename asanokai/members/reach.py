"""Whether an address can be reached: what came back from it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, affected, insert_missing, session
from asanokai.members.rows import Address, Member

log = logging.getLogger(__name__)

BOUNCES = ("unknown", "permanent", "full", "temporary", "policy", "complaint")
"""unknown: no such mailbox (5.1.1). permanent: other 5.1.x. full: 5.2.2. temporary: 4.x.x and what says nothing
lasting. policy: 5.7.x, our server's or our letters' fault. complaint: marked as spam by its reader."""

LASTING = ("unknown", "permanent")
"""Sorts that speak of the address for good."""

FORGIVEN = ("unknown", "permanent", "full", "temporary")
"""Sorts that no longer count once the address works again; the others do not speak of it."""

MOST_PERMANENT = 2
"""At how many letters' permanent faults an address is given up."""

ALARMED_FOR = timedelta(days=1)
LONGEST_WORDS = 500


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


def address_of(member_id: int | None, normal: str) -> Address | None:
    """The member's address that reads so, main or other; None if it is not theirs (any more)."""
    if member_id is None:
        return None
    return session().scalar(
        select(Address).where(Address.member_id == member_id, Address.normal == normal.strip().lower())
    )


def addresses_of(member_id: int) -> list[Address]:
    """All addresses of a member, the main one first."""
    query = select(Address).where(Address.member_id == member_id).order_by(Address.kind.desc(), Address.id)
    return list(session().scalars(query))


# --- what came back ---------------------------------------------------------------------------------------------------


def bounced(address: Address, *, letter_id: int | None, sort: str, status: str, words: str) -> bool:
    """Count what came back; whether it was news. Gives the address up when the rules say so (`_lasting`).

    The same said twice of a letter counts once, also when several say it at a time.
    """
    # Held until the end, so that of two second bounces at a time one sees the other.
    session().execute(select(Address.id).where(Address.id == address.id).with_for_update())
    if sort == "policy":
        _alarm(words)
    inserted = session().execute(
        insert_missing(Bounce),
        {
            "address_id": address.id,
            "letter_id": letter_id,
            "sort": sort,
            "status": status,
            "words": words[:LONGEST_WORDS],
            "at": clock.now(),
        },
    )
    if not affected(inserted):
        return False
    if _lasting(address, sort):
        suppress(address, sort, letter_id=letter_id)
    return True


def _lasting(address: Address, sort: str) -> bool:
    """An unknown mailbox is believed at once; another fault of the address when two letters met it. No other sort."""
    if sort not in LASTING:
        return False
    of_letters = select(func.count(func.distinct(Bounce.letter_id)))
    met = session().scalar(of_letters.where(Bounce.address_id == address.id, Bounce.sort.in_(LASTING)))
    return sort == "unknown" or (met or 0) >= MOST_PERMANENT


def _alarm(words: str) -> None:
    """Tell the operator, once a day: the next letters will fare no better, whoever they go to."""
    since = clock.now() - ALARMED_FOR
    if not policy_bounces(since):
        log.error("letters are refused as a matter of policy (blocklist, SPF, DKIM, DMARC or content): %s", words[:200])


def policy_bounces(since: datetime) -> Sequence[Bounce]:
    """What was refused as a matter of policy since then, the newest first; at most a hundred."""
    query = select(Bounce).where(Bounce.sort == "policy", Bounce.at > since).order_by(Bounce.id.desc())
    return session().scalars(query.limit(100)).all()


def suppress(address: Address, reason: str, *, letter_id: int | None = None) -> None:
    """Write no letters to the address any more but those somebody asks for in front of the screen. Twice is once.

    `reason` is the sort of what came back.
    """
    if address.suppressed_at is not None:
        return
    address.suppressed_at, address.reason = clock.now(), reason
    session().flush()
    journal.write("suppress", "member", address.member_id, sort=reason, letter=letter_id)


def use_again(member: Member, *, actor_id: int) -> bool:
    """Write to the main address again, and forgive what came back until now; whether it was given up before."""
    address = session().scalar(select(Address).where(Address.member_id == member.id, Address.kind == "main"))
    if address is None or address.suppressed_at is None:
        return False
    address.suppressed_at = address.reason = None
    _forgive(address.id)
    session().flush()
    journal.write("use again", "member", member.id, actor_id=actor_id)
    return True


def heard_from(normal: str | None) -> None:
    """A mail came from the address, so what came back from it before no longer counts. An address given up stays so
    until somebody says otherwise: anybody can write a sender's address into a mail."""
    found = session().scalar(select(Address.id).where(Address.normal == (normal or "").strip().lower()))
    if found is not None:
        _forgive(found)


def _forgive(address_id: int) -> None:
    forgiven = delete(Bounce).where(Bounce.address_id == address_id, Bounce.sort.in_(FORGIVEN))
    session().execute(forgiven.execution_options(synchronize_session=False))


def came_back(address_id: int, *, limit: int = 10) -> Sequence[Bounce]:
    """What came back from an address and is not forgiven, the newest first."""
    query = select(Bounce).where(Bounce.address_id == address_id).order_by(Bounce.id.desc())
    return session().scalars(query.limit(limit)).all()


def complained_at(member_id: int) -> datetime | None:
    """When the member last marked a letter as spam."""
    query = select(func.max(Bounce.at)).join(Address, Address.id == Bounce.address_id)
    return session().scalar(query.where(Address.member_id == member_id, Bounce.sort == "complaint"))
