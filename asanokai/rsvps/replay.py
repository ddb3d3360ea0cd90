"""The queue told again from the journal alone: for whoever doubts it, and for the tests. Nothing decides by it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from asanokai.db import session
from asanokai.journal import Entry
from asanokai.rsvps.row import Rsvp, stand


@dataclass(frozen=True)
class Stand:
    """How one member stands at a meeting."""

    answer: str
    seat: str | None = None
    guests: int = 0
    turn: int | None = None
    asked_at: str | None = None
    until: str | None = None
    passes: int = 0
    let_pass: bool = False
    short_notice: bool = False


_FIELDS = tuple(Stand.__dataclass_fields__)


def replay(meeting_id: int) -> dict[int, Stand]:
    """How everybody stands who ever answered or got a seat, by member, as the journal tells it."""
    stands: dict[int, Stand] = {}
    for entry in _entries(meeting_id):
        facts: dict[str, Any] = entry.facts or {}
        if entry.object == "rsvp" and "seat" in facts and facts.get("meeting") == meeting_id:
            stands[facts["member"]] = _stand(facts)
        elif entry.verb == "keep seats":
            for turn, number in enumerate(facts["members"], start=1):
                stands[number] = Stand("invited", "held", turn=turn, asked_at=facts["asked_at"])
    return stands


def standing_now(meeting_id: int) -> dict[int, Stand]:
    """The same by the rows: who is merely invited is left out."""
    rows = session().scalars(
        select(Rsvp).where(Rsvp.meeting_id == meeting_id).execution_options(populate_existing=True)
    )
    stands = {row.member_id: _stand(stand(row)) for row in rows}
    return {number: one for number, one in stands.items() if one != Stand("invited")}


def line(stands: dict[int, Stand]) -> list[int]:
    """Who waits, in order."""
    waiting = {number: one for number, one in stands.items() if one.seat == "waiting"}
    return sorted(waiting, key=lambda number: _place(waiting[number]))


def _place(one: Stand) -> tuple[int, str, int]:
    return one.passes, one.asked_at or "", one.turn or 0


def _stand(facts: dict[str, Any]) -> Stand:
    return Stand(**{name: facts[name] for name in _FIELDS if name in facts})


def _entries(meeting_id: int) -> Iterable[Entry]:
    of_meeting = (Entry.object == "meeting") & (Entry.object_id == meeting_id)
    of_answers = (Entry.object == "rsvp") & Entry.object_id.in_(select(Rsvp.id).where(Rsvp.meeting_id == meeting_id))
    query = select(Entry).where(or_(of_meeting, of_answers)).order_by(Entry.id)
    return session().scalars(query).all()
