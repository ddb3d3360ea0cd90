"""Deputies and assistants: whom a member has named to answer for them, and who agreed to.

A member names somebody by mail address. Whether the address is known is never told: the list shows what was typed until
the one named agrees. Nobody answers for anybody before that, nor after either of the two has left.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.members import Address, Member, normal_address

KINDS = ("deputy", "assistant")
MOST = 10
"""How many a member may name."""


class Deputy(Base):
    """Somebody named by a member. `deputy_id` and `agreed_at` are set when that somebody agrees; `until` ends it."""

    __tablename__ = "deputy"
    __table_args__ = (
        UniqueConstraint("member_id", "address"),
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index(None, "address"),
        Index(None, "deputy_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    address: Mapped[str]
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str] = mapped_column(default="deputy")
    since: Mapped[datetime]
    agreed_at: Mapped[datetime | None]
    until: Mapped[datetime | None]


def name(member: Member, typed: str, kind: str, *, actor_id: int | None = None) -> Deputy:
    """Name somebody by mail address. It says and does the same whether the address is known or not.

    Raises `BadInput` for what is no address or the member's own, `Refused` for one too many.
    """
    if kind not in KINDS:
        raise BadInput("kind", N_("Please choose deputy or assistant."))
    address = normal_address(typed)
    if session().scalar(select(Address.id).where(Address.normal == address, Address.member_id == member.id)):
        raise BadInput("email", N_("This is your own address."))
    found = session().scalar(select(Deputy).where(Deputy.member_id == member.id, Deputy.address == address))
    if found is not None and found.until is None:
        found.kind = kind
        return found
    if len(named_by(member)) >= MOST:
        raise Refused(N_("You have named %(most)s people already. Please remove one first."), most=MOST)
    if found is None:
        found = Deputy(member_id=member.id, address=address)
        session().add(found)
    found.kind, found.since, found.until, found.agreed_at, found.deputy_id = kind, clock.now(), None, None, None
    session().flush()
    journal.write("name", "deputy", found.id, actor_id=actor_id, member=member.id, kind=kind)
    return found


def named_by(member: Member) -> list[tuple[Deputy, Member | None]]:
    """Whom the member has named, and who they are once they agreed."""
    query = (
        select(Deputy, Member)
        .outerjoin(Member, Member.id == Deputy.deputy_id)
        .where(Deputy.member_id == member.id, Deputy.until.is_(None))
        .order_by(Deputy.since, Deputy.id)
    )
    return [(deputy, who) for deputy, who in session().execute(query)]


def remove(member: Member, deputy_id: int, *, actor_id: int | None = None) -> None:
    """Let somebody the member named answer no more. Raises `Missing` for a row that is not the member's."""
    found = session().get(Deputy, deputy_id)
    if found is None or found.member_id != member.id or found.until is not None:
        raise Missing(N_("There is no such deputy."))
    _end(found, actor_id)


def asking(who: Member) -> list[tuple[Deputy, Member]]:
    """Who has named this member and waits for an agreement."""
    query = (
        select(Deputy, Member)
        .join(Address, Address.normal == Deputy.address)
        .join(Member, Member.id == Deputy.member_id)
        .where(Address.member_id == who.id, Deputy.until.is_(None), Deputy.agreed_at.is_(None))
        .where(Member.standing == "accepted")
        .order_by(Deputy.since, Deputy.id)
    )
    return [(deputy, member) for deputy, member in session().execute(query)]


def agree(who: Member, deputy_id: int, *, actor_id: int | None = None) -> None:
    """Be somebody's deputy. Raises `Missing` for a row that does not ask this member."""
    found = next((deputy for deputy, _member in asking(who) if deputy.id == deputy_id), None)
    if found is None:
        raise Missing(N_("There is no such deputy."))
    found.deputy_id, found.agreed_at = who.id, clock.now()
    journal.write("agree", "deputy", found.id, actor_id=actor_id, member=found.member_id, deputy=who.id)


def refuse(who: Member, deputy_id: int, *, actor_id: int | None = None) -> None:
    """Be it not, or no longer. Raises `Missing` for a row that does not concern this member."""
    waiting = [deputy for deputy, _member in asking(who)]
    agreed = [deputy for deputy, _member in answers_for(who)]
    found = next((deputy for deputy in (*waiting, *agreed) if deputy.id == deputy_id), None)
    if found is None:
        raise Missing(N_("There is no such deputy."))
    _end(found, actor_id)


def _end(deputy: Deputy, actor_id: int | None) -> None:
    deputy.until = clock.now()
    journal.write("end", "deputy", deputy.id, actor_id=actor_id, member=deputy.member_id)


def end_all(member: Member, *, actor_id: int | None = None) -> None:
    """Whoever leaves has no deputy and is nobody's; should they come back, they are asked anew."""
    own = or_(Deputy.member_id == member.id, Deputy.deputy_id == member.id)
    for found in session().scalars(select(Deputy).where(own, Deputy.until.is_(None)).order_by(Deputy.id)).all():
        _end(found, actor_id)


def end_since(member: Member, since: datetime, *, actor_id: int | None = None) -> None:
    """Whom the member has named since then answers for them no more: it may not have been the member."""
    named = (Deputy.member_id == member.id, Deputy.since >= since, Deputy.until.is_(None))
    for found in session().scalars(select(Deputy).where(*named).order_by(Deputy.id)).all():
        _end(found, actor_id)


def answers_for(who: Member) -> Sequence[tuple[Deputy, Member]]:
    """Whom this member may answer for now, by name."""
    if who.standing != "accepted":
        return []
    query = (
        select(Deputy, Member)
        .join(Member, Member.id == Deputy.member_id)
        .where(Deputy.deputy_id == who.id, Deputy.until.is_(None), Deputy.agreed_at.is_not(None))
        .where(Member.standing == "accepted")
        .order_by(Member.family, Member.given, Member.id)
    )
    return [(deputy, member) for deputy, member in session().execute(query)]


def represented(who: Member, member_id: int) -> Member:
    """The member that `who` may answer for. Raises `Missing` for anybody else."""
    found = next((member for _deputy, member in answers_for(who) if member.id == member_id), None)
    if found is None:
        raise Missing(N_("There is no such page, or none that you may see."))
    return found
