"""The roll page by page: one part of it, searched by name, a hundred lines at a time; and one line by itself.

`roll` reads everybody at once, which paper needs; a meeting of ten thousand is read on a screen by the page.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, func, select

from asanokai.db import session
from asanokai.errors import N_, Missing
from asanokai.members import Member, Organisation, found_by
from asanokai.rsvps.roll import Line, Tally
from asanokai.rsvps.row import Rsvp

LINES_EACH_PAGE = 100

_WHICH = {
    "coming": Rsvp.seat == "held",
    "offered": Rsvp.seat == "offered",
    "waiting": Rsvp.seat == "waiting",
    "maybe": Rsvp.answer == "maybe",
    "silent": and_(Rsvp.answer == "invited", Rsvp.seat.is_(None)),
    "no": Rsvp.answer == "no",
}
SHEETS = tuple(_WHICH)
"""The parts in which the roll is read."""


@dataclass(frozen=True)
class Sheet:
    """One page of one part of the roll; `first` is the number of its first line, `more` whether another follows."""

    part: str
    lines: list[Line]
    number: int
    first: int
    more: bool


def sheet(meeting_id: int, part: str, query: str = "", *, page: int = 1) -> Sheet:
    """That page of that part, by name; who waits is in the order of asking. Every word of the query must be found."""
    family = func.coalesce(func.nullif(Member.family, ""), func.nullif(Member.family_kana, ""), Member.family_ja)
    by_name = (func.lower(family), func.lower(Member.given), Member.id)
    in_order = (Rsvp.passes, Rsvp.asked_at, Rsvp.turn) if part == "waiting" else by_name
    # The numbers first: sorting ten thousand whole rows takes several times as long.
    chosen = select(Rsvp.id).join(Member, Member.id == Rsvp.member_id)
    chosen = chosen.outerjoin(Organisation, Organisation.id == Member.organisation_id) if query.strip() else chosen
    chosen = chosen.where(Rsvp.meeting_id == meeting_id, _WHICH[part], *found_by(query))
    first = (page - 1) * LINES_EACH_PAGE
    numbers = list(session().scalars(chosen.order_by(*in_order).offset(first).limit(LINES_EACH_PAGE + 1)))
    found = {row[0].id: Line(*row) for row in session().execute(_whole().where(Rsvp.id.in_(numbers)))}
    lines = [found[number] for number in numbers if number in found]
    return Sheet(part, lines[:LINES_EACH_PAGE], page, first + 1, len(lines) > LINES_EACH_PAGE)


def line(meeting_id: int, member_id: int) -> Line:
    """One person's line. Raises `Missing` for somebody who is not on the roll."""
    row = session().execute(_whole().where(Rsvp.meeting_id == meeting_id, Rsvp.member_id == member_id)).one_or_none()
    if row is None:
        raise Missing(N_("There is no such answer."))
    return Line(*row)


def part_of(rsvp: Rsvp) -> str:
    """The part of the roll an answer stands in."""
    if rsvp.seat:
        return {"held": "coming"}.get(rsvp.seat, rsvp.seat)
    return {"maybe": "maybe", "no": "no"}.get(rsvp.answer, "silent")


def lengths(tally: Tally) -> dict[str, int]:
    """How many lines each part has; of those offered a seat, how many people."""
    counted = {"coming": tally.yes + tally.tentative, "offered": tally.offered, "waiting": tally.waiting}
    return {**counted, "maybe": tally.maybe, "silent": tally.silent, "no": tally.no}


def _whole() -> Select[*tuple[Any, ...]]:
    return (
        select(Rsvp, Member, func.coalesce(Organisation.name, ""))
        .join(Member, Member.id == Rsvp.member_id)
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
    )
