"""The lists of people: everybody, or who belongs to a series; searched by name, address or organisation, page by page.

One statement per page, whatever its length. It changes nobody.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from asanokai import clock
from asanokai.db import session
from asanokai.members import Address, Member, Organisation, cleaned
from asanokai.series import Belonging, Series, still

PAGE = 50

_SPECIAL = re.compile(r"[%_\\]")
"""What LIKE takes for more than itself."""


@dataclass(frozen=True)
class Entry:
    """Somebody in a list. `roles` and `since` speak of the series the list is about."""

    member: Member
    organisation: str
    address: str
    suppressed: bool
    roles: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page of a list; `more` says whether there is another one."""

    entries: list[Entry]
    number: int
    more: bool


def everybody(query: str = "", *, page: int = 1) -> Page:
    """All there are or were, but those erased."""
    rows = session().execute(_cut(_named(query).where(Member.standing != "erased"), page)).all()
    return Page([Entry(*row) for row in rows[:PAGE]], page, len(rows) > PAGE)


def of_series(series: Series, query: str = "", *, page: int = 1) -> Page:
    """Who belongs to the series now, members and coordinators."""
    belonging = (
        select(
            Belonging.member_id,
            func.min(Belonging.since).label("since"),
            func.max(Belonging.role).label("last_role"),
            func.min(Belonging.role).label("first_role"),
        )
        .where(Belonging.series_id == series.id, still(clock.now()))
        .group_by(Belonging.member_id)
        .subquery()
    )
    chosen = _named(query).add_columns(belonging.c.first_role, belonging.c.last_role, belonging.c.since)
    rows = session().execute(_cut(chosen.join(belonging, belonging.c.member_id == Member.id), page)).all()
    entries = [Entry(row[0], row[1], row[2], row[3], tuple(sorted({row[4], row[5]})), row[6]) for row in rows[:PAGE]]
    return Page(entries, page, len(rows) > PAGE)


def _cut(chosen: Select[*tuple[Any, ...]], page: int) -> Select[*tuple[Any, ...]]:
    return chosen.offset((page - 1) * PAGE).limit(PAGE + 1)


def _named(query: str) -> Select[*tuple[Any, ...]]:
    """Members with organisation and main address, in the order of names; every word of the query must be found."""
    chosen: Select[*tuple[Any, ...]] = (
        select(
            Member,
            func.coalesce(Organisation.name, ""),
            func.coalesce(Address.text, ""),
            Address.suppressed_at.is_not(None),
        )
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
        .order_by(Member.family, Member.family_kana, Member.given, Member.id)
    )
    return chosen.where(*found_by(query, Address.normal, Organisation.name))


def found_by(query: str, *beside: Any) -> list[ColumnElement[bool]]:
    """What must hold so that every word of the query stands in one of the names, or in one of the columns beside."""
    names = (Member.family, Member.given, Member.family_ja, Member.given_ja, Member.family_kana, Member.given_kana)
    found = []
    for word in cleaned(query).split()[:8]:
        pattern = f"%{_SPECIAL.sub(lambda found: chr(92) + found[0], word)}%"
        found.append(or_(*(column.ilike(pattern, escape="\\") for column in (*names, *beside))))
    return found
