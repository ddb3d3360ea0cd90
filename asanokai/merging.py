"""Two rows for one person become one: who may be meant twice, and what becomes of everything that hangs on the row.

Answers, belongings, addresses, letters and whatever else refers to the member go over to the row that is kept. Of two
answers to one meeting the more recent wins, under the meetings' locks, which are taken in the order of their numbers: a
seat that was held twice goes to who waits. The other row is emptied and marked *erased*; `Merger` says into which it
went. Its sign-in, its cookies and its personal calendar are dead; answer links in letters sent before lead to the kept
row (`kept`). The journal stays as it was
written; whoever reads it follows `Merger`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint, and_, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from asanokai import clock, journal, letters, meetings, members, rsvps
from asanokai.db import Base, session, table_of
from asanokai.errors import N_, Refused
from asanokai.letters import OF_MEETING
from asanokai.members import NAMES, Address, Member, Merger, filed, folded, kept
from asanokai.rsvps import Rsvp
from asanokai.series import Belonging

__all__ = ["Merger", "Pair", "kept", "likely", "merge", "two", "values"]

FIELDS = ("salutation", *NAMES, "organisation", "language", "zone", "email")
"""What can be chosen from either row."""

SHOWN = 100
"""Pairs shown at once: whoever has merged them sees the next."""

STAYING = ("merger", "journal")
"""Tables that go on naming the row that is given up."""

STANDINGS = ("left", "applied", "confirmed", "accepted")
"""From the least to the most: the kept row gets the higher of the two."""


# --- who may be meant twice -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two rows that may be one person, the older one first, and why."""

    one_id: int
    two_id: int
    because: str
    same_organisation: bool


BECAUSE = ("the same name", "the same name in Japanese script", "the same reading")

_COLUMNS = (
    Member.id,
    Member.family,
    Member.given,
    Member.family_ja,
    Member.given_ja,
    Member.family_kana,
    Member.given_kana,
    Member.organisation_id,
)


def likely() -> list[Pair]:
    """Rows that share a name in one script or the reading, one statement; those of one organisation first."""
    groups: dict[tuple[str, str], list[tuple[int, int | None]]] = defaultdict(list)
    for number, *names, organisation in session().execute(
        select(*_COLUMNS).where(Member.standing != "erased").order_by(Member.id)
    ):
        for because, family, given in zip(BECAUSE, names[0::2], names[1::2], strict=True):
            if family and given:
                key = filed(f"{family} {given}") if because == BECAUSE[0] else folded(family + given)
                groups[because, key].append((number, organisation))
    pairs: dict[tuple[int, int], Pair] = {}
    for (because, _), (first, *others) in groups.items():
        for number, organisation in others:
            same = organisation is not None and organisation == first[1]
            pairs.setdefault((first[0], number), Pair(first[0], number, because, same))
    return sorted(pairs.values(), key=lambda pair: (not pair.same_organisation, pair.one_id, pair.two_id))


def values(member: Member) -> dict[str, str]:
    """What a row says in each of `FIELDS`."""
    address = members.main_address(member)
    said = {name: str(getattr(member, name)) for name in (*NAMES, "salutation", "language", "zone")}
    return {**said, "organisation": members.organisation_name(member), "email": address.text if address else ""}


def answers_of(member_id: int) -> int:
    """How many meetings somebody has answered."""
    query = select(func.count(Rsvp.id)).where(Rsvp.member_id == member_id, Rsvp.answer != "invited")
    return int(session().scalar(query) or 0)


def two(kept_id: int, other_id: int) -> tuple[Member, Member]:
    """Both rows. Raises `Missing` for one that is not there, `Refused` for one that cannot be merged."""
    one, other = members.by_id(kept_id), members.by_id(other_id)
    if one.id == other.id or "erased" in (one.standing, other.standing):
        raise Refused(N_("These two cannot be merged."))
    return one, other


# --- merging ----------------------------------------------------------------------------------------------------------


def merge(kept_id: int, other_id: int, choice: Mapping[str, str], *, actor_id: int) -> Member:
    """Make one row of two. `choice`: field → "other" where the other row's value is to be taken."""
    one, other = two(kept_id, other_id)
    session().flush()
    shared = _lock_meetings(one.id, other.id)
    _lock_members(one.id, other.id)
    two(kept_id, other_id)  # somebody may have merged one of them meanwhile
    ours, theirs = values(one), values(other)
    wanted = {name: (theirs if choice.get(name) == "other" else ours)[name] for name in FIELDS}
    freed = _answers(one.id, other.id, shared)
    _belongings(one.id, other.id)
    _addresses(one.id, other.id, wanted.pop("email"))
    members.sign_out_everywhere(other)  # whoever has a device of the other row signs in anew
    _absorb(table_of(Member), other.id, one.id)
    session().expire_all()
    _unite(one, other)
    _empty(other)
    session().add(Merger(member_id=other.id, kept_id=one.id, at=clock.now()))
    members.describe(one, **wanted)
    session().flush()
    journal.write("merge", "member", one.id, actor_id=actor_id, other=other_id, meetings=shared)
    for meeting_id in freed:
        rsvps.promote(meetings.for_update(meeting_id))
    return one


def _lock_meetings(one_id: int, other_id: int) -> list[int]:
    """Lock every meeting either has an answer to, in the order of numbers; those both have."""
    rows = session().execute(select(Rsvp.meeting_id, Rsvp.member_id).where(Rsvp.member_id.in_((one_id, other_id))))
    of: dict[int, set[int]] = defaultdict(set)
    for meeting_id, member_id in rows:
        of[meeting_id].add(member_id)
    for meeting_id in sorted(of):
        meetings.for_update(meeting_id)
    return sorted(meeting_id for meeting_id, both in of.items() if len(both) == 2)


def _lock_members(one_id: int, other_id: int) -> None:
    """Lock both rows in the order of numbers, and read them anew; not against those who only refer to them."""
    rows = select(Member).where(Member.id.in_((one_id, other_id))).order_by(Member.id)
    session().scalars(rows.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def _answers(one_id: int, other_id: int, shared: Sequence[int]) -> list[int]:
    """Of two answers to a meeting leave the more recent; the meetings at which a seat became free by that."""
    freed = []
    for meeting_id in shared:
        letters.drop_queued("overtaken by a later answer", meeting_id=meeting_id, kinds=OF_MEETING, member_id=other_id)
        rows = {rsvp.member_id: rsvp for rsvp in session().scalars(_both(meeting_id, one_id, other_id))}
        ours, theirs = rows[one_id], rows[other_id]
        wins, loses = (theirs, ours) if _moment(theirs) > _moment(ours) else (ours, theirs)
        if loses.seat == "held":
            freed.append(meeting_id)
        _absorb(table_of(Rsvp), loses.id, wins.id)
        session().execute(delete(Rsvp).where(Rsvp.id == loses.id))
        session().expunge(loses)
    return freed


def _both(meeting_id: int, one_id: int, other_id: int) -> Any:
    return (
        select(Rsvp)
        .where(Rsvp.meeting_id == meeting_id, Rsvp.member_id.in_((one_id, other_id)))
        .execution_options(populate_existing=True)
    )


def _moment(rsvp: Rsvp) -> tuple[bool, float]:
    """When it was answered; silence is older than any answer."""
    return rsvp.answer != "invited", rsvp.answered_at.timestamp() if rsvp.answered_at else 0.0


def _belongings(one_id: int, other_id: int) -> None:
    """Of two belongings to one series the kept row's stays: as old as the older, and as long as the longer."""
    rows = session().scalars(select(Belonging).where(Belonging.member_id.in_((one_id, other_id)))).all()
    own = {(row.series_id, row.role): row for row in rows if row.member_id == one_id}
    for row in rows:
        mine = own.get((row.series_id, row.role))
        if row.member_id == other_id and mine is not None:
            mine.since = min(mine.since, row.since)
            mine.until = None if mine.until is None or row.until is None else max(mine.until, row.until)
    session().flush()


def _addresses(one_id: int, other_id: int, main: str) -> None:
    """All addresses stay; letters go to the chosen one."""
    rows = list(session().scalars(select(Address).where(Address.member_id.in_((one_id, other_id)))))
    chosen = next((row for row in rows if main and row.text == main), None)
    for row in rows:
        row.kind = "also"
    session().flush()
    for row in rows:
        row.member_id = one_id
    session().flush()
    if chosen is not None:
        chosen.kind = "main"
        session().flush()


def _unite(one: Member, other: Member) -> None:
    """What is not chosen but follows."""
    one.standing = max(one.standing, other.standing, key=STANDINGS.index)
    if one.standing != "left":
        one.left_at = None
    joined = [moment for moment in (one.joined_at, other.joined_at) if moment is not None]
    one.joined_at = min(joined, default=None)
    one.administrator = one.administrator or other.administrator
    # Who ended the invitations in either place does not want them in the other.
    one.unsubscribed_at = one.unsubscribed_at or other.unsubscribed_at


def _empty(other: Member) -> None:
    """Leave nothing of the person in the row that is given up, and nothing that opens a door."""
    for name in (*NAMES, "salutation", "sought", "filed"):
        setattr(other, name, "")
    other.organisation_id = None
    other.standing, other.administrator = "erased", False
    other.password_hash = other.sign_in_hash = other.sign_in_until = None
    other.calendar_secret = letters.mint_nonce()
    session().flush()


# --- whatever refers to a row -----------------------------------------------------------------------------------------


def _absorb(table: Table, old: int, new: int) -> None:
    """Let everything that refers to a row refer to another. What would then stand there twice is absorbed in turn."""
    for column in _references(table):
        _pass_on(column, old, new)


def _references(table: Table) -> Iterator[Column[Any]]:
    for other in Base.metadata.sorted_tables:
        for column in other.columns:
            if other.name not in STAYING and any(key.column.table is table for key in column.foreign_keys):
                yield column


def _pass_on(column: Column[Any], old: int, new: int) -> None:
    table = column.table
    assert isinstance(table, Table)
    for beside in _unique_with(column):
        _absorb_doubles(table, column, beside, old, new)
    try:
        with session().begin_nested():
            session().execute(update(table).where(column == old).values({column.name: new}))
    except IntegrityError:
        # A rule we cannot read off, such as a unique index with a condition: the kept row's own stays.
        session().execute(delete(table).where(column == old))


def _unique_with(column: Column[Any]) -> Iterator[list[Column[Any]]]:
    """For every uniqueness the column has a part in: its other columns."""
    table = column.table
    assert isinstance(table, Table)
    sets = [list(table.primary_key.columns)]
    sets += [list(rule.columns) for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    for columns in sets:
        if column in columns:
            yield [one for one in columns if one is not column]


def _absorb_doubles(table: Table, column: Column[Any], beside: list[Column[Any]], old: int, new: int) -> None:
    """Rows of the old that would stand beside an equal one of the new: what refers to them goes over, and they go."""
    twin = table.alias("twin")
    same = [twin.c[column.name] == new, *(twin.c[one.name] == one for one in beside)]
    key = list(table.primary_key.columns)
    if len(key) == 1 and key[0] is not column:
        pairs = select(key[0], twin.c[key[0].name]).join(twin, and_(*same)).where(column == old)
        for double, stays in session().execute(pairs).all():
            _absorb(table, double, stays)
            session().execute(delete(table).where(key[0] == double))
    else:
        session().execute(delete(table).where(column == old, exists(select(1).select_from(twin).where(*same))))
