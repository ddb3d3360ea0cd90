"""The running order of one meeting: slots of so many minutes one after the other, from welcome to breakfast.

A topic becomes a slot of kind *talk*. Only minutes are kept: when a slot begins is counted from the meeting's start, so
that a meeting that moves takes its programme along. An order nobody has stored is only suggested, and to coordinators
alone: times that nobody decided are not published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import journal
from asanokai.db import Base, Texts, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.languages import LANGUAGES
from asanokai.meetings import Meeting
from asanokai.members import cleaned
from asanokai.topics import Topic

KINDS = ("welcome", "talk", "questions", "breakfast", "other")
USUAL = {"welcome": 10, "talk": 30, "questions": 15, "breakfast": 45, "other": 15}
"""Minutes of a slot of which nothing else is said."""

LEAST, MOST, MOST_SLOTS = 1, 24 * 60, 60


class Slot(Base):
    """A part of the morning. Its `title` is its own, else its topic's, else what its kind is called."""

    __tablename__ = "slot"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint("minutes > 0", name="minutes"),
        Index(None, "meeting_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("topic.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[str]
    minutes: Mapped[int]
    title: Mapped[dict[str, Any] | None] = mapped_column(Texts)


@dataclass(frozen=True)
class SlotText:
    """What is typed about a slot."""

    kind: str
    minutes: int
    title: dict[str, str] | None = None
    topic_id: int | None = None


@dataclass(frozen=True)
class Timed:
    """A slot and when it begins and ends. `slot` has no number while it is only suggested."""

    slot: Slot
    starts_at: datetime
    ends_at: datetime


# --- reading ----------------------------------------------------------------------------------------------------------


def of(meeting: Meeting) -> list[Slot]:
    """The stored running order; empty if there is none."""
    return list(session().scalars(select(Slot).where(Slot.meeting_id == meeting.id).order_by(Slot.position, Slot.id)))


def suggested(meeting: Meeting, about: Sequence[Topic]) -> list[Slot]:
    """What a morning with these topics usually looks like; nothing is stored. Breakfast gets what is left."""
    planned: list[tuple[str, int, int | None]] = [("welcome", USUAL["welcome"], None)]
    for topic in about:
        planned += [("talk", USUAL["talk"], topic.id), ("questions", USUAL["questions"], None)]
    left = int((meeting.ends_at - meeting.starts_at).total_seconds()) // 60 - sum(line[1] for line in planned)
    planned.append(("breakfast", min(left, MOST) if left > 0 else USUAL["breakfast"], None))
    return [
        Slot(meeting_id=meeting.id, position=place, kind=kind, minutes=minutes, topic_id=topic_id)
        for place, (kind, minutes, topic_id) in enumerate(planned, 1)
    ]


def timed(meeting: Meeting, slots: Sequence[Slot]) -> list[Timed]:
    """When each slot begins and ends, counted from the meeting's start."""
    found, at = [], meeting.starts_at.astimezone(UTC)
    for slot in slots:
        until = at + timedelta(minutes=slot.minutes)
        found.append(Timed(slot, at, until))
        at = until
    return found


def minutes_over(meeting: Meeting, slots: Sequence[Slot]) -> int:
    """How many minutes the order lasts beyond the meeting's end; below zero: how many are left."""
    lasts = int((meeting.ends_at - meeting.starts_at).total_seconds()) // 60
    return sum(slot.minutes for slot in slots) - lasts


def without_slot(slots: Sequence[Slot], about: Sequence[Topic]) -> list[Topic]:
    """The topics that stand in no slot."""
    placed = {slot.topic_id for slot in slots}
    return [topic for topic in about if topic.id not in placed]


def by_id(meeting: Meeting, slot_id: int) -> Slot:
    """The meeting's slot of that number. Raises `Missing`."""
    found = session().scalar(select(Slot).where(Slot.id == slot_id, Slot.meeting_id == meeting.id))
    if found is None:
        raise Missing(N_("There is no such part of the running order."))
    return found


# --- changing ---------------------------------------------------------------------------------------------------------


def adopt(meeting: Meeting, about: Sequence[Topic], *, actor_id: int | None = None) -> list[Slot]:
    """Store the suggested order. Raises `Refused` if there is one already."""
    if of(meeting):
        raise Refused(N_("This meeting has a running order already."))
    slots = suggested(meeting, about)
    session().add_all(slots)
    meeting.version += 1
    session().flush()
    journal.write("adopt", "programme", meeting.id, actor_id=actor_id, meeting=meeting.id, slots=len(slots))
    return slots


def add(meeting: Meeting, text: SlotText, *, actor_id: int | None = None) -> Slot:
    """Add a slot: a talk before the last breakfast, anything else at the end. Raises `BadInput`, or `Refused` for too
    many."""
    there = of(meeting)
    if len(there) >= MOST_SLOTS:
        raise Refused(N_("A running order may have %(most)s parts at most."), most=MOST_SLOTS)
    slot = Slot(meeting_id=meeting.id, position=0)
    _fill(meeting, slot, text)
    before = text.kind != "breakfast" and there and there[-1].kind == "breakfast"
    there.insert(len(there) - 1 if before else len(there), slot)
    session().add(slot)
    _number(there)
    meeting.version += 1
    session().flush()
    journal.write("add", "slot", slot.id, actor_id=actor_id, meeting=meeting.id, minutes=slot.minutes)
    return slot


def change(meeting: Meeting, slot_id: int, text: SlotText, *, actor_id: int | None = None) -> Slot:
    """Change a slot where it stands. Raises `BadInput`, `Missing`."""
    slot = by_id(meeting, slot_id)
    _fill(meeting, slot, text)
    meeting.version += 1
    session().flush()
    journal.write("change", "slot", slot.id, actor_id=actor_id, meeting=meeting.id, minutes=slot.minutes)
    return slot


def move(meeting: Meeting, slot_id: int, *, up: bool, actor_id: int | None = None) -> None:
    """Let a slot change places with the one before or after it; the first and the last stay. Raises `Missing`."""
    slot = by_id(meeting, slot_id)
    there = of(meeting)
    place = there.index(slot)
    other = place - 1 if up else place + 1
    if 0 <= other < len(there):
        there[place], there[other] = there[other], there[place]
        _number(there)
        meeting.version += 1
        session().flush()
    journal.write("move", "slot", slot_id, actor_id=actor_id, meeting=meeting.id, position=slot.position)


def remove(meeting: Meeting, slot_id: int, *, actor_id: int | None = None) -> None:
    """Take a slot out; its topic stays on the meeting. Raises `Missing`."""
    session().execute(delete(Slot).where(Slot.id == by_id(meeting, slot_id).id))
    meeting.version += 1
    journal.write("remove", "slot", slot_id, actor_id=actor_id, meeting=meeting.id)


def _fill(meeting: Meeting, slot: Slot, text: SlotText) -> None:
    if text.kind not in KINDS:
        raise BadInput("kind", N_("Please choose what happens."))
    if not LEAST <= text.minutes <= MOST:
        raise BadInput("minutes", N_("Please give between %(least)s and %(most)s minutes."), least=LEAST, most=MOST)
    title = {language: cleaned((text.title or {}).get(language), longest=300) for language in LANGUAGES}
    slot.title = {language: words for language, words in title.items() if words} or None
    if text.kind == "other" and not slot.title:
        raise BadInput("title", N_("Please say what happens in at least one language."))
    slot.kind, slot.minutes = text.kind, text.minutes
    slot.topic_id = _topic_of(meeting, text.topic_id) if text.kind in ("talk", "questions") else None


def _topic_of(meeting: Meeting, topic_id: int | None) -> int | None:
    if topic_id is None:
        return None
    known = session().scalar(
        select(func.count()).select_from(Topic).where(Topic.id == topic_id, Topic.meeting_id == meeting.id)
    )
    if not known:
        raise BadInput("topic", N_("There is no such topic."))
    return topic_id


def _number(slots: Sequence[Slot]) -> None:
    for place, slot in enumerate(slots, 1):
        slot.position = place
