"""What members have consented to, word by word: one list, to which is only ever added.

A record keeps the exact text that was shown, its version and language, when and from which network address it was given
and, where a link was followed, confirmed. Withdrawing writes when and how beside it and changes nothing else; giving
again is another record. A new version of a text leaves old records as they are. Only the member gives a consent:
nothing here does it for somebody else.

It knows no page, and no text: whoever shows one brings it along.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, session
from asanokai.errors import N_, Missing, Refused
from asanokai.languages import LANGUAGES

SHOWN = ("name", "organisation", "position", "address")
"""What other members may see of somebody, each for itself."""

KINDS = ("invitations", "meeting", *SHOWN)
"""To be written to; to be written to about one meeting; to be shown."""

ENDS = ("page", "link", "mail", "complaint", "left")
"""How a consent ended: on a page, by the link in a letter, by a mail, by marking a letter as spam, by leaving."""

MOST = 100


class Consent(Base):
    """One consent of a member. `address` is the mail address that was proved to be the member's by confirming."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"language IN {LANGUAGES}", name="language"),
        CheckConstraint(f"ended_by IN {ENDS}", name="ended_by"),
        Index(None, "member_id", "kind", "withdrawn_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str]
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[str]
    language: Mapped[str]
    given_at: Mapped[datetime]
    given_from: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_from: Mapped[str | None]
    address: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


@dataclass(frozen=True)
class Said:
    """What was consented to as it was shown, and from which network address."""

    text: str
    version: str
    language: str
    network: str | None


@dataclass(frozen=True)
class Confirmed:
    """That it was confirmed by a link, to which mail address that went, and when the consent itself was given."""

    given_at: datetime
    network: str | None
    address: str | None


def give(
    member_id: int,
    kind: str,
    said: Said,
    *,
    confirmed: Confirmed | None = None,
    series_id: int | None = None,
    meeting_id: int | None = None,
) -> Consent:
    """Note a consent of the member's. One that stands for the same, word by word, is enough. Raises `Refused` for a
    consent to nothing."""
    if not said.text.strip():
        raise Refused(N_("Nobody can consent to a text that is empty."))
    found = _same(member_id, kind, said, series_id, meeting_id) if confirmed is None else None
    if found is not None:
        return found
    now = clock.now()
    record = Consent(
        member_id=member_id,
        kind=kind,
        series_id=series_id,
        meeting_id=meeting_id,
        text=said.text,
        version=said.version,
        language=said.language,
        given_at=confirmed.given_at if confirmed else now,
        given_from=said.network,
        confirmed_at=now if confirmed else None,
        confirmed_from=confirmed.network if confirmed else None,
        address=confirmed.address if confirmed else None,
    )
    session().add(record)
    session().flush()
    if confirmed is None:  # else the confirmed application is in the journal already
        journal.write("consent", "consent", record.id, actor_id=member_id, member=member_id, kind=kind)
    return record


def _same(member_id: int, kind: str, said: Said, series_id: int | None, meeting_id: int | None) -> Consent | None:
    query = select(Consent).where(
        Consent.member_id == member_id,
        Consent.kind == kind,
        Consent.withdrawn_at.is_(None),
        Consent.text == said.text,
        Consent.version == said.version,
        Consent.series_id.is_(None) if series_id is None else Consent.series_id == series_id,
        Consent.meeting_id.is_(None) if meeting_id is None else Consent.meeting_id == meeting_id,
    )
    return session().scalar(query.limit(1))


def withdraw(member_id: int, kinds: Collection[str], *, by: str, actor_id: int | None = None) -> int:
    """Withdraw all that stands of these kinds; how many. Twice is as good as once."""
    query = select(Consent).where(
        Consent.member_id == member_id, Consent.kind.in_(sorted(kinds)), Consent.withdrawn_at.is_(None)
    )
    found = session().scalars(query.order_by(Consent.id)).all()
    for record in found:
        record.withdrawn_at, record.ended_by = clock.now(), by
        journal.write("withdraw consent", "consent", record.id, actor_id=actor_id, member=member_id, kind=record.kind)
    session().flush()
    return len(found)


def withdraw_one(member_id: int, number: int) -> Consent:
    """The member's own record of that number, withdrawn. Raises `Missing` for somebody else's."""
    record = session().get(Consent, number)
    if record is None or record.member_id != member_id:
        raise Missing(N_("There is no such page, or none that you may see."))
    if record.withdrawn_at is None:
        record.withdrawn_at, record.ended_by = clock.now(), "page"
        session().flush()
        journal.write("withdraw consent", "consent", record.id, actor_id=member_id, member=member_id, kind=record.kind)
    return record


def standing(member_id: int) -> frozenset[str]:
    """The kinds of consent that the member has given and not withdrawn."""
    return frozenset(
        session().scalars(select(Consent.kind).where(Consent.member_id == member_id, Consent.withdrawn_at.is_(None)))
    )


def of_member(member_id: int, *, series_ids: Collection[int] | None = None) -> list[Consent]:
    """The records of a member, the newest first; for a coordinator of `series_ids` only what concerns these or all."""
    query = select(Consent).where(Consent.member_id == member_id).order_by(Consent.given_at.desc(), Consent.id.desc())
    if series_ids is not None:
        query = query.where(Consent.series_id.is_(None) | Consent.series_id.in_(series_ids))
    return list(session().scalars(query.limit(MOST)))


def disclose(records: Collection[Consent], *, actor_id: int) -> None:
    """Note that somebody else has read from which network addresses a member consented."""
    for record in records:
        journal.write("read", "consent", record.id, actor_id=actor_id, member=record.member_id)
