"""Office files → members, with a verdict per row in plain words.

Good rows are taken although others are bad. Running it twice changes nothing: a member who is known is only filled up
where a field is empty, never overwritten. `sheet` finds out what the file is; here is what becomes of its rows.
Nobody is written to: who is taken in gets the next invitation.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from asanokai import clock, erased, journal, members
from asanokai import series as series_rules
from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.importing.columns import HEADINGS
from asanokai.importing.sheet import DELIMITERS, ENCODINGS, Choice, Person, Row, Sheet, read
from asanokai.members import NAMES, Address, Member
from asanokai.series import Series

__all__ = ["DELIMITERS", "ENCODINGS", "FIELDS", "Choice", "Sheet", "Verdict", "preview", "read", "take"]

FIELDS = tuple(HEADINGS)
"""What a column may hold."""

WRITTEN = ("new", "changed")
VERDICTS = (*WRITTEN, "unchanged", "duplicate", "bad")
LOOKED_UP = 500
"""Addresses asked for in one statement."""

Tell = Callable[[str, int, int], object]
"""Hears "checking" or "taking", how many rows are done, of how many."""


def _unheard(_doing: str, _done: int, _of: int) -> None:
    """Where nobody wants to know."""


@dataclass(frozen=True)
class Remark:
    """Something to know about a row: an English msgid and its facts."""

    message: str
    facts: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.facts if self.facts else self.message


@dataclass(frozen=True)
class Verdict:
    """What becomes of a row. `row` counts as Excel does. `verdict`: new, changed, unchanged, duplicate or bad; the
    first of the `remarks` says why."""

    row: int
    verdict: str
    name: str
    address: str
    remarks: tuple[Remark, ...] = ()

    def words(self) -> str:
        """The reason and the remarks in English."""
        return "; ".join(str(remark) for remark in self.remarks)


def preview(
    sheet: Sheet, *, series: Series | None = None, language: str | None = None, tell: Tell = _unheard
) -> list[Verdict]:
    """What would become of each row. Writes nothing. People who do not say theirs have `language`, else German."""
    return [verdict for verdict, _person, _member in _judged(sheet, series, language, tell)]


def take(
    sheet: Sheet,
    *,
    series: Series | None = None,
    language: str | None = None,
    actor_id: int | None = None,
    tell: Tell = _unheard,
) -> list[Verdict]:
    """Add and fill up members, let them belong to the series; a verdict for each row. Needs a writing transaction."""
    verdicts: list[Verdict] = []
    # All rows are judged before the first is taken, so that they are judged as in the preview.
    for verdict, person, member in list(_judged(sheet, series, language, tell)):
        kept = verdict
        if verdict.verdict in WRITTEN:
            try:
                with session().begin_nested():
                    _take(person, member, series, actor_id)
            except Refused as refusal:
                kept = replace(verdict, verdict="bad", remarks=(Remark(refusal.message, refusal.facts),))
            except IntegrityError:
                # On PostgreSQL somebody else may have added the address between our look and our writing.
                kept = replace(verdict, verdict="bad", remarks=(Remark(N_("was changed by somebody else just now")),))
        verdicts.append(kept)
        tell("taking", len(verdicts), len(sheet.rows))
    counts = {name: sum(verdict.verdict == name for verdict in verdicts) for name in VERDICTS}
    journal.write(
        "import", "series" if series else "member", series.id if series else None, actor_id=actor_id, **counts
    )
    return verdicts


def _take(person: Person, member: Member | None, series: Series | None, actor_id: int | None) -> None:
    if member is None:
        member = members.add(person.address, actor_id=actor_id, **person.fields)
    else:
        missing = _missing(person, member)
        if missing:
            members.change(member, actor_id=actor_id, **missing)
        if member.standing != "accepted":
            member.standing, member.joined_at = "accepted", clock.now()
            journal.write("accept", "member", member.id, actor_id=actor_id)
    if series is not None:
        series_rules.join(series, member, actor_id=actor_id)


def _judged(
    sheet: Sheet, series: Series | None, language: str | None, tell: Tell
) -> Iterator[tuple[Verdict, Person, Member | None]]:
    people: list[tuple[Row, Person]] = []
    for row in sheet.rows:
        people.append((row, sheet.person(row, language or "de")))
        tell("checking", len(people), len(sheet.rows))
    addresses = [person.address for _row, person in people if person.address]
    known, gone = _known(addresses), erased.among(addresses)
    belonging = series_rules.member_ids(series) if series is not None else None
    seen: dict[str | int, int] = {}
    for row, person in people:
        member = known.get(person.address)
        # Two addresses of one member are one person.
        key = member.id if member is not None else person.address
        verdict, remarks = _judge(person, member, seen.get(key), belonging)
        if verdict == "new" and person.address in gone:
            verdict, remarks = "bad", (Remark(N_("had their data deleted and is not added again by a file")),)
        if verdict != "bad":
            seen.setdefault(key, row.number)
        yield Verdict(row.number, verdict, person.name, person.address, remarks), person, member


def _known(addresses: Sequence[str]) -> dict[str, Member]:
    found: dict[str, Member] = {}
    for start in range(0, len(addresses), LOOKED_UP):
        some = addresses[start : start + LOOKED_UP]
        query = select(Address.normal, Member).join(Member, Member.id == Address.member_id)
        for normal, member in session().execute(query.where(Address.normal.in_(some))):
            found[normal] = member
    return found


def _judge(
    person: Person, member: Member | None, earlier: int | None, belonging: set[int] | None
) -> tuple[str, tuple[Remark, ...]]:
    """The verdict and why. `earlier`: the row that speaks of the same person; `belonging`: who is in the series."""
    remarks = tuple(Remark(message, facts) for message, facts in person.remarks)
    if person.problem is not None:
        return "bad", (Remark(*person.problem), *remarks)
    if earlier is not None:
        return "duplicate", (Remark(N_("the same person stands in row %(row)s already"), {"row": earlier}),)
    if member is None:
        return "new", (Remark(N_("is not a member yet")), *remarks)
    if member.standing in ("left", "erased"):
        return "bad", (Remark(N_("has left and is not added again by a file")),)
    changes = _changes(person, member, belonging)
    if changes:
        return "changed", (*changes, *remarks)
    return "unchanged", (Remark(N_("is a member already; nothing to add")), *remarks)


def _changes(person: Person, member: Member, belonging: set[int] | None) -> tuple[Remark, ...]:
    """What taking the row would change about somebody who is known."""
    changes = []
    if member.standing != "accepted":
        changes.append(Remark(N_("has applied, and becomes a member by this")))
    if _missing(person, member):
        changes.append(Remark(N_("is known already; empty fields are filled in")))
    if belonging is not None and member.id not in belonging:
        changes.append(Remark(N_("is known already; now belongs to the series too")))
    return tuple(changes)


def _missing(person: Person, member: Member) -> dict[str, Any]:
    """What the file knows and the member's row does not."""
    fields = {name: value for name, value in person.fields.items() if name in (*NAMES, "salutation")}
    missing = {name: value for name, value in fields.items() if value and not getattr(member, name)}
    if person.fields.get("organisation") and member.organisation_id is None:
        missing["organisation"] = person.fields["organisation"]
    return missing
