"""What the caterer needs to know: counted now, frozen at the deadline, and told again where it has changed since.

A difference is told once for everything that happened meanwhile, at most every hour, to the caterer's address and the
coordinators. Nobody's name stands in a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select

from asanokai import clock, journal, letters, meetings, questions
from asanokai import series as series_rules
from asanokai.catering import Catered, CateringPlan, Pack, due, row
from asanokai.db import session
from asanokai.meetings import Meeting
from asanokai.members import Member, Organisation
from asanokai.rsvps import Rsvp

PAUSE = timedelta(hours=1)
"""How long after a letter about a difference the next one waits."""

AHEAD = timedelta(days=90)
"""No deadline lies longer before its meeting than this."""


def counted(meeting_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many come to several meetings: people in all, and how many of them are guests."""
    query = (
        select(Rsvp.meeting_id, func.sum(1 + Rsvp.guests), func.sum(Rsvp.guests))
        .where(Rsvp.meeting_id.in_(meeting_ids), Rsvp.seat == "held")
        .group_by(Rsvp.meeting_id)
    )
    found = {meeting_id: {"coming": 0, "guests": 0} for meeting_id in meeting_ids}
    for meeting_id, coming, guests in session().execute(query):
        found[meeting_id] = {"coming": int(coming), "guests": int(guests)}
    return found


def food(meeting_id: int) -> questions.Counts:
    """What those who come said about food: each question with how often what was said, without names."""
    return [(question, found) for question, found in questions.counts(meeting_id) if question.kind == "food" and found]


def numbers(meeting_id: int) -> dict[str, Any]:
    """What is frozen and compared: the people, and how often each dish was chosen. Written words are not kept."""
    chosen = {
        f"{question.id}:{value}": count
        for question, found in food(meeting_id)
        if question.choices
        for value, count in found
    }
    return {**counted([meeting_id])[meeting_id], "food": chosen}


@dataclass(frozen=True)
class Dish:
    """What was said about food, how often now and, where numbers are frozen, at the deadline. "" stands for the people
    nothing is known of: whoever did not reply, and every guest."""

    value: str
    now: int
    settled: int | None = None

    @property
    def differs(self) -> bool:
        """Whether the caterer was told another number."""
        return self.settled is not None and self.settled != self.now


def menu(meeting_id: int, frozen: dict[str, Any] | None) -> list[tuple[questions.Question, list[Dish]]]:
    """What to cook: each question about food with its dishes. One that nobody wants any more stays, with what the
    caterer was told. Written words are not frozen, and so not compared."""
    coming = counted([meeting_id])[meeting_id]["coming"]
    told = (frozen or {}).get("food", {})
    found = []
    for question, said in questions.counts(meeting_id):
        if question.kind == "food":
            dishes = _dishes(question, dict(said), told if frozen and question.choices else None)
            unknown = coming - sum(count for _value, count in said)
            if dishes:
                found.append((question, dishes + ([Dish("", unknown)] if unknown > 0 else [])))
    return found


def _dishes(question: questions.Question, said: dict[str, int], told: dict[str, int] | None) -> list[Dish]:
    if told is None:
        return [Dish(value, count) for value, count in said.items()]
    settled = {str(place): told.get(f"{question.id}:{place}", 0) for place in range(len(question.choices or ()))}
    return [Dish(value, said.get(value, 0), was) for value, was in settled.items() if was or value in said]


@dataclass(frozen=True)
class Arrival:
    """Somebody the host expects at the reception."""

    member: Member
    organisation: str
    guests: int


def arrivals(meeting_id: int) -> list[Arrival]:
    """Everybody who has a seat, by name."""
    query = (
        select(Member, Organisation.name, Rsvp.guests)
        .join(Rsvp, Rsvp.member_id == Member.id)
        .outerjoin(Organisation, Organisation.id == Member.organisation_id)
        .where(Rsvp.meeting_id == meeting_id, Rsvp.seat == "held")
    )
    found = [Arrival(member, name or "", guests) for member, name, guests in session().execute(query)]
    return sorted(found, key=lambda one: one.member.name.sort_key())


# --- by the worker ----------------------------------------------------------------------------------------------------


def freeze_due() -> int:
    """Freeze the numbers of every meeting whose deadline has come, and let go those whose deadline moved away."""
    now = clock.now()
    query = (
        select(Meeting, Catered, CateringPlan.lead)
        .outerjoin(Catered, Catered.meeting_id == Meeting.id)
        .outerjoin(CateringPlan, CateringPlan.series_id == Meeting.series_id)
        .where(Meeting.state == "announced", Meeting.starts_at > now, Meeting.starts_at < now + AHEAD)
        .order_by(Meeting.id)
    )
    changed = [
        meeting.id
        for meeting, catered, lead in session().execute(query).all()
        if (due(meeting, catered, lead) <= now) != (catered is not None and catered.frozen_at is not None)
    ]
    for meeting_id in changed:
        _freeze_or_thaw(meeting_id)
    return len(changed)


def _freeze_or_thaw(meeting_id: int) -> None:
    meetings.for_update(meeting_id)
    catered = row(meeting_id)
    thawed = catered.frozen_at is not None
    catered.told = catered.told_at = None
    catered.frozen_at, catered.frozen = (None, None) if thawed else (clock.now(), numbers(meeting_id))
    session().flush()
    facts = {} if thawed else _people(catered.frozen or {})
    journal.write("thaw" if thawed else "freeze", "catering", meeting_id, meeting=meeting_id, **facts)


def _people(found: dict[str, Any]) -> dict[str, Any]:
    """The numbers the journal keeps."""
    return {name: found[name] for name in ("coming", "guests") if name in found}


def tell_changes() -> int:
    """Post the letters about numbers that are not those last told; how many."""
    now = clock.now()
    query = (
        select(Catered, Meeting)
        .join(Meeting, Meeting.id == Catered.meeting_id)
        .where(
            Catered.frozen_at.is_not(None),
            Meeting.state.in_(("announced", "cancelled")),
            Meeting.starts_at > now,
            or_(Catered.told_at.is_(None), Catered.told_at <= now - PAUSE),
        )
        .order_by(Meeting.id)
    )
    found = session().execute(query).all()
    posted = 0
    for catered, meeting in found:
        called_off = meeting.state == "cancelled"
        here = {"coming": 0, "guests": 0, "food": {}} if called_off else numbers(meeting.id)
        if here != (catered.told or catered.frozen):
            posted += _tell(catered, meeting, here)
    return posted


def _tell(catered: Catered, meeting: Meeting, here: dict[str, Any]) -> int:
    before = catered.told or catered.frozen or {}
    catered.told, catered.told_at, catered.letter = here, clock.now(), catered.letter + 1
    facts: dict[str, Any] = {"before": before, "now": here}
    posted = 0
    pack = session().scalar(select(Pack).where(Pack.meeting_id == meeting.id, Pack.kind == "caterer"))
    readers: list[dict[str, Any]] = [{"member_id": one.id} for one in series_rules.coordinators(meeting.series_id)]
    if pack is not None and pack.address:
        readers.append({"address": pack.address, "language": pack.language})
        facts["pack"], facts["nonce"] = pack.id, pack.nonce
    for reader in readers:
        key = f"catering_change:{meeting.id}:{catered.letter}:{reader.get('member_id', 'pack')}"
        posted += letters.post(
            "catering_change", key, meeting_id=meeting.id, facts=facts, useless_after=meeting.starts_at, **reader
        )
    journal.write("tell", "catering", meeting.id, meeting=meeting.id, letters=posted, **_people(here))
    return posted
