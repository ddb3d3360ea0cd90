"""The lists of people: everybody, or who belongs to a series; searched, filtered, ordered, page by page.

One statement per page, whatever its length; it counts the whole list too. It changes nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from asanokai import clock
from asanokai.db import session
from asanokai.languages import LANGUAGES
from asanokai.meetings import Meeting
from asanokai.members import Address, Member, Organisation, cleaned, containing, found_by
from asanokai.rsvps import Rsvp
from asanokai.series import ROLES, Belonging, Series, still

PAGE = 100
LATELY = timedelta(days=183)
"""Who answered none of the meetings of this time, though invited to one at least, is silent lately."""

ALIVE = ("accepted", "applied", "confirmed", "left")
REACHES = ("reached", "none", "suppressed", "ended")
"""Letters arrive; there is no address; they came back; the member wants none."""

SORTS = ("newest", "oldest")
"""Else by name."""

LONGEST = 100


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of a list. Fields are named as in the list's address, "" where nothing is asked."""

    q: str = ""
    series: str = ""
    role: str = ""
    standing: str = ""
    language: str = ""
    organisation: str = ""
    reach: str = ""
    silent: str = ""
    sort: str = ""

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Wanted":
        """What an address or a saved view says; what cannot be meant is left out."""
        typed = {field.name: cleaned(str(said.get(field.name) or ""), longest=LONGEST) for field in fields(cls)}
        offered = {"role": ROLES, "standing": ALIVE, "language": LANGUAGES, "reach": REACHES, "sort": SORTS}
        for name, values in offered.items():
            typed[name] = typed[name] if typed[name] in values else ""
        typed["silent"] = "1" if typed["silent"] else ""
        number = typed["series"]
        typed["series"] = number if number.isascii() and number.isdigit() and len(number) < 10 else ""
        return cls(**typed)

    def said(self) -> dict[str, Any]:
        """What is asked, without what is not."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order is asked."""
        return bool(self.said().keys() - {"sort"})


EVERYTHING = Wanted()


@dataclass(frozen=True)
class Listed:
    """Somebody in a list. `roles` and `since` speak of the series the list is about."""

    member: Member
    organisation: str
    address: str
    suppressed: bool
    roles: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page of a list; `total` counts the whole list."""

    entries: list[Listed]
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


def everybody(wanted: Wanted = EVERYTHING, *, page: int = 1) -> Page:
    """All there are or were, but those erased."""
    return _page(None, wanted, page)


def of_series(series: Series, wanted: Wanted = EVERYTHING, *, page: int = 1) -> Page:
    """Who belongs to the series now, members and coordinators."""
    return _page(series.id, wanted, page)


def unreached(series_ids: Sequence[int]) -> dict[int, int]:
    """How many of each series' members are not written to, since letters came back; series without are left out."""
    query = (
        select(Belonging.series_id, func.count(func.distinct(Belonging.member_id)))
        .join(Member, Member.id == Belonging.member_id)
        .join(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
        .where(Belonging.series_id.in_(series_ids), still(clock.now()), Address.suppressed_at.is_not(None))
        .where(Member.standing == "accepted")
        .group_by(Belonging.series_id)
        .order_by(Belonging.series_id)
    )
    return {series_id: number for series_id, number in session().execute(query)}


def numbers(wanted: Wanted, *, series: Series | None) -> list[int]:
    """The numbers of everybody on all pages of a list, in its order."""
    series_id = series.id if series else None
    return list(session().scalars(_ordered(select(Member.id).where(*_asked(series_id, wanted)), wanted)))


def within(member_ids: Sequence[int], *, series: Series | None) -> list[int]:
    """Those of the numbers that stand in the list at all, in its order."""
    # Compared here: a form may bring more numbers than a statement can hold.
    wanted = set(member_ids)
    return [number for number in numbers(EVERYTHING, series=series) if number in wanted]


def entries(member_ids: Sequence[int], *, series: Series | None) -> list[Listed]:
    """What a list says of these people, in the order of the list, whatever their number; a statement per thousand."""
    found: list[Listed] = []
    for start in range(0, len(member_ids), 1000):
        some = list(member_ids[start : start + 1000])
        rows = session().execute(_lines(series.id if series else None).where(Member.id.in_(some)))
        found += [_entry(row) for row in rows]
    place = {member_id: number for number, member_id in enumerate(member_ids)}
    return sorted(found, key=lambda entry: place[entry.member.id])


def _page(series_id: int | None, wanted: Wanted, page: int) -> Page:
    # Who is meant is worked out once, for the count and for the page; what stands beside them is read for the page.
    found = select(Member.id, Member.filed, Member.joined_at).where(*_asked(series_id, wanted)).cte("found")
    total = select(func.count()).select_from(found).scalar_subquery()
    ids = _ordered(select(found.c.id), wanted, found.c).offset((page - 1) * PAGE).limit(PAGE)
    chosen = _lines(series_id).add_columns(total).where(Member.id.in_(select(ids.subquery().c.id)))
    rows = session().execute(_ordered(chosen, wanted)).all()
    if not rows and page > 1:
        return Page([], page, int(session().scalar(select(total)) or 0))
    return Page([_entry(row[:-1]) for row in rows], page, rows[0][-1] if rows else 0)


def _entry(row: Any) -> Listed:
    member, organisation, address, suppressed, first, last, since = row
    return Listed(member, organisation, address, suppressed, tuple(sorted({first, last} - {None})), since)


def _ordered(chosen: Select[Any], wanted: Wanted, of: Any = Member) -> Select[Any]:
    if wanted.sort == "newest":
        return chosen.order_by(of.joined_at.desc().nulls_last(), of.id.desc())
    if wanted.sort == "oldest":
        return chosen.order_by(of.joined_at.nulls_last(), of.id)
    return chosen.order_by(of.filed, of.id)


def _lines(series_id: int | None) -> Select[Any]:
    """Members with organisation, main address, and roles in the series."""
    return (
        select(
            Member,
            func.coalesce(Organisation.name, ""),
            func.coalesce(Address.text, ""),
            Address.suppressed_at.is_not(None),
            *(_in_series(series_id, column) for column in (func.min(Belonging.role), func.max(Belonging.role))),
            _in_series(series_id, func.min(Belonging.since)),
        )
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
    )


def _in_series(series_id: int | None, column: Any) -> Any:
    query = select(column).where(
        Belonging.member_id == Member.id, Belonging.series_id == (series_id or 0), still(clock.now())
    )
    return query.correlate(Member).scalar_subquery()


# --- what is asked ----------------------------------------------------------------------------------------------------


def _asked(series_id: int | None, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Every condition of a list."""
    asked = [Member.standing == wanted.standing if wanted.standing else Member.standing != "erased"]
    if series_id is not None:
        asked.append(_belongs(series_id, wanted.role))
    elif wanted.series or wanted.role:
        # Not in the list of a series: its coordinators need not know who belongs to another.
        asked.append(_belongs(int(wanted.series) if wanted.series else None, wanted.role))
    if wanted.language:
        asked.append(Member.language == wanted.language)
    asked += found_by(wanted.q)
    if wanted.organisation:
        named = select(Organisation.id).where(containing(Organisation.normal, wanted.organisation.casefold()))
        asked.append(Member.organisation_id.in_(named))
    if wanted.reach:
        asked.append(_reached(wanted.reach))
    if wanted.silent:
        asked.append(Member.id.in_(_silent(series_id)))
    return asked


def _belongs(series_id: int | None, role: str) -> Any:
    belonging = select(Belonging.member_id).where(still(clock.now()))
    if series_id is not None:
        belonging = belonging.where(Belonging.series_id == series_id)
    if role:
        belonging = belonging.where(Belonging.role == role)
    return Member.id.in_(belonging)


def _reached(reach: str) -> Any:
    main = select(Address.id).where(Address.member_id == Member.id, Address.kind == "main").correlate(Member)
    if reach == "none":
        return ~exists(main)
    if reach == "suppressed":
        return exists(main.where(Address.suppressed_at.is_not(None)))
    if reach == "ended":
        return Member.unsubscribed_at.is_not(None)
    return and_(Member.unsubscribed_at.is_(None), exists(main.where(Address.suppressed_at.is_(None))))


def _silent(series_id: int | None) -> Any:
    """Who was invited lately and answered nothing; in the list of a series: of its own meetings."""
    now = clock.now()
    lately = and_(Meeting.starts_at > now - LATELY, Meeting.starts_at <= now, Meeting.announced_at.is_not(None))
    if series_id is not None:
        lately = and_(lately, Meeting.series_id == series_id)
    return (
        select(Rsvp.member_id)
        .join(Meeting, Meeting.id == Rsvp.meeting_id)
        .where(lately, or_(Rsvp.invited_at.is_not(None), Rsvp.answer != "invited"))
        .group_by(Rsvp.member_id)
        .having(func.sum(case((Rsvp.answer != "invited", 1), else_=0)) == 0)
    )
