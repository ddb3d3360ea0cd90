"""Who a member is elsewhere: identities at the operator's OpenID provider that sign a member in here.

An identity is joined to a member by that member, signed in; or by itself at its first coming, if the provider has
verified an address that is exactly one accepted member's own verified main address. Everything else is unknown, and
unknown is all the same. What the provider says, and whether it is true, is `provider`'s.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal, members, passkeys
from asanokai.db import Base, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.members import Address, Member

MOST = 5
"""How many a member may have."""


class OutsideIdentity(Base):
    """A member as the provider knows them: by `subject`, which never changes, never by an address, which may."""

    __tablename__ = "outside_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def of_member(member: Member) -> Sequence[OutsideIdentity]:
    """The member's identities, the oldest first."""
    query = select(OutsideIdentity).where(OutsideIdentity.member_id == member.id)
    return session().scalars(query.order_by(OutsideIdentity.created_at, OutsideIdentity.id)).all()


def known(issuer: str, subject: str) -> OutsideIdentity | None:
    """The row of an identity."""
    row: OutsideIdentity | None = session().scalar(
        select(OutsideIdentity).where(OutsideIdentity.issuer == issuer, OutsideIdentity.subject == subject)
    )
    return row


def sign_in(issuer: str, subject: str, *, verified_address: str, name: str) -> Member | None:
    """The accepted member an identity signs in, None for all others. `verified_address` joins it at its first coming;
    `name` is what the provider is called here."""
    row = known(issuer, subject)
    member = members.by_id(row.member_id) if row is not None else _owner_of(verified_address)
    if member is None or member.standing != "accepted":
        return None
    if row is None:
        row = join(member, issuer, subject, name=name, actor_id=member.id)
    row.used_at = clock.now()
    journal.write("sign in", "member", member.id, actor_id=member.id, by="provider")
    return member


def _owner_of(typed: str) -> Member | None:
    """Whose verified main address that is."""
    try:
        normal = members.normal_address(typed)
    except BadInput:
        return None
    owner: Member | None = session().scalar(
        select(Member)
        .join(Address, Address.member_id == Member.id)
        .where(Address.normal == normal, Address.kind == "main", Address.verified_at.is_not(None))
    )
    return owner


def join(member: Member, issuer: str, subject: str, *, name: str, actor_id: int) -> OutsideIdentity:
    """Let an identity sign in this member; a letter says so. Raises `Refused` if it is somebody's already."""
    if known(issuer, subject) is not None:
        raise Refused(N_("This identity is connected to an account here already."))
    count = select(func.count(OutsideIdentity.id)).where(OutsideIdentity.member_id == member.id)
    if (session().scalar(count) or 0) >= MOST:
        raise Refused(N_("You have %(most)s connections already. Please remove one first."), most=MOST)
    row = OutsideIdentity(member_id=member.id, issuer=issuer, subject=subject, created_at=clock.now())
    session().add(row)
    session().flush()
    journal.write("join", "identity", row.id, actor_id=actor_id, member=member.id)
    passkeys.tell(member, "provider joined", name)
    return row


def remove(member: Member, identity_id: int, *, name: str, actor_id: int) -> None:
    """Let it sign in nobody any more; a letter says so. Raises `Missing` for one that is not the member's."""
    row = session().get(OutsideIdentity, identity_id)
    if row is None or row.member_id != member.id:
        raise Missing(N_("There is no such connection."))
    session().delete(row)
    journal.write("remove", "identity", row.id, actor_id=actor_id, member=member.id)
    passkeys.tell(member, "provider removed", name)


def end_since(member: Member, since: datetime, *, actor_id: int) -> None:
    """Those connected from then on sign in nobody any more. Whoever calls says why."""
    for row in of_member(member):
        if row.created_at >= since:
            session().delete(row)
            journal.write("remove", "identity", row.id, actor_id=actor_id, member=member.id)


def forget(member: Member) -> None:
    """Whoever leaves signs in no more: their identities go without a word."""
    session().execute(delete(OutsideIdentity).where(OutsideIdentity.member_id == member.id))
