"""The circle: what the members of a series see of each other. Nothing, unless somebody has consented to it.

Each field is consented to for itself (`consents.SHOWN`). Who does not show a name is not there at all, so that the name
comes first and goes last. It holds for the series that both belong to as members, now: whoever leaves a series, or
everything, is not seen there from that moment. A search looks only through what is shown; what is not shown does not
leave the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select

from asanokai import clock, consents
from asanokai.consents import SHOWN, Consent, Said
from asanokai.db import session
from asanokai.errors import N_, BadInput, Refused
from asanokai.languages import Name
from asanokai.members import Address, Member, Organisation, folded, found_by
from asanokai.series import Belonging, Series, still

PAGE = 100
LONGEST = 100


@dataclass(frozen=True)
class Seen:
    """Somebody as other members see them; what they do not show is ""."""

    name: Name
    organisation: str
    position: str
    address: str

    def holds(self, words: Sequence[str]) -> bool:
        """Whether every word stands in what is shown."""
        name = self.name
        latin, japanese, kana = (
            f"{name.family} {name.given} {name.family}",
            f"{name.family_ja}{name.given_ja} {name.family_ja} {name.given_ja}",
            f"{name.family_kana}{name.given_kana} {name.family_kana} {name.given_kana}",
        )
        shown = folded("\n".join((latin, japanese, kana, self.organisation, self.position, self.address)))
        return all(word in shown for word in words)


@dataclass(frozen=True)
class Page:
    """One page of a circle; `total` counts all of it."""

    entries: list[Seen]
    number: int
    total: int

    @property
    def more(self) -> bool:
        """Whether there is another page behind this one."""
        return self.number < self.pages

    @property
    def pages(self) -> int:
        """How many there are."""
        return max(-(-self.total // PAGE), 1)


# --- choosing ---------------------------------------------------------------------------------------------------------


def show(member: Member, field: str, said: Said) -> None:
    """The member lets others see a field. Raises `BadInput` for what is none, `Refused` before the name is shown."""
    if field not in SHOWN:
        raise BadInput("field", N_("There is no such field."))
    if field != "name" and "name" not in consents.standing(member.id):
        raise Refused(N_("Please let your name be shown first: without it you do not stand in the directory."))
    consents.give(member.id, field, said)


def hide(member: Member, field: str) -> None:
    """Show a field no longer; with the name everything goes. Twice is as good as once."""
    if field not in SHOWN:
        raise BadInput("field", N_("There is no such field."))
    consents.withdraw(member.id, SHOWN if field == "name" else (field,), by="page", actor_id=member.id)


def seen(member: Member) -> Seen | None:
    """The member as others see them; None for who is not seen at all."""
    rows = session().execute(_shown().where(Member.id == member.id, _consented("name"))).all()
    return _entry(rows[0]) if rows else None


def onlookers(member: Member) -> list[tuple[Series, int]]:
    """The series the member belongs to, and how many other members each has: who would see."""
    now = clock.now()
    mine = select(Belonging.series_id).where(Belonging.member_id == member.id, Belonging.role == "member", still(now))
    query = (
        select(Series, func.count(Member.id))
        .outerjoin(Belonging, and_(Belonging.series_id == Series.id, Belonging.role == "member", still(now)))
        .outerjoin(
            Member,
            and_(Member.id == Belonging.member_id, Member.standing == "accepted", Member.id != member.id),
        )
        .where(Series.id.in_(mine))
        .group_by(Series.id)
        .order_by(Series.id)
    )
    return [(series, number) for series, number in session().execute(query)]


# --- looking ----------------------------------------------------------------------------------------------------------


def of_series(series: Series, query: str = "", *, page: int = 1) -> Page:
    """Who of a series lets others see them, in the order of their names, and what."""
    inside = (Member.standing == "accepted", _belongs(series.id), _consented("name"))
    words = folded(query[:LONGEST]).replace("\0", " ").split()
    if words:
        return _found(inside, query, words, page)
    total = session().scalar(select(func.count(Member.id)).where(*inside)) or 0
    rows = session().execute(_ordered(_shown().where(*inside)).offset((page - 1) * PAGE).limit(PAGE))
    return Page([_entry(row) for row in rows], page, total)


def _found(inside: Sequence[ColumnElement[bool]], query: str, words: Sequence[str], page: int) -> Page:
    # The search column holds what is not shown too, and no position: it may only narrow where nobody shows a position.
    narrowed = (func.coalesce(_column("position"), "") != "") | and_(*found_by(query))
    rows = session().execute(_ordered(_shown().where(*inside, narrowed)))
    found = [entry for entry in map(_entry, rows) if entry.holds(words)]
    return Page(found[(page - 1) * PAGE : page * PAGE], page, len(found))


def _belongs(series_id: int) -> ColumnElement[bool]:
    belonging = select(Belonging.member_id).where(
        Belonging.series_id == series_id, Belonging.role == "member", still(clock.now())
    )
    return Member.id.in_(belonging)


def _consented(field: str) -> ColumnElement[bool]:
    standing = select(Consent.id).where(
        Consent.member_id == Member.id, Consent.kind == field, Consent.withdrawn_at.is_(None)
    )
    return exists(standing.correlate(Member))


def _column(field: str) -> Any:
    """The value where it is consented to, else ""."""
    value: Any = {"organisation": Organisation.name, "position": Member.position, "address": Address.text}[field]
    return case((_consented(field), func.coalesce(value, "")), else_="")


_NAME = ("family", "given", "title", "family_ja", "given_ja", "family_kana", "given_kana")


def _shown() -> Select[Any]:
    return (
        select(
            *(getattr(Member, name) for name in _NAME),
            *(_column(field).label(f"shown_{field}") for field in SHOWN if field != "name"),
        )
        .select_from(Member)
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
    )


def _ordered(chosen: Select[Any]) -> Select[Any]:
    return chosen.order_by(Member.filed, Member.id)


def _entry(row: Any) -> Seen:
    name = Name(**dict(zip(_NAME, row, strict=False)))
    return Seen(name, row.shown_organisation, row.shown_position, row.shown_address)
