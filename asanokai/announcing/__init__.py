"""Announce, edit, move, cancel a meeting: first the row, then the answers, then the letters.

Every verb locks the meeting, so that an answer given meanwhile meets either the old state or the new one. Letters of a
change are inserted by one statement for everybody it touches. Invitations, reminders and evening notes are not posted
here: `invitations` plans them from the moments set here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from asanokai import clock, journal, letters, meetings, rsvps
from asanokai import series as series_rules
from asanokai.announcing.asking import ask_again
from asanokai.announcing.telling import TOLD_OF, keep_useful, post, raise_sequence, tell_changed, tell_moved, touched
from asanokai.db import session
from asanokai.errors import N_, BadInput, Refused
from asanokai.meetings import EDITABLE, Meeting

__all__ = [
    "TOLD_OF",
    "Change",
    "Choices",
    "announce",
    "ask_again",
    "cancel",
    "change",
    "change_series",
    "check",
    "edit",
    "move",
    "moves",
    "pause",
    "touched",
]

PLANNED = ("invite", "remind", "eve")


@dataclass(frozen=True)
class Change:
    """What is to become of a meeting; None leaves a value as it is. Times are aware."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    venue: dict[str, str] | None = None


@dataclass(frozen=True)
class Choices:
    """What is to happen to those a change touches. `topics` says that they are told the topics have changed; `seen` is
    the version of the meeting that whoever decides has seen."""

    tell: bool = False
    ask_again: bool = False
    topics: bool = False
    seen: int | None = None


def announce(meeting_id: int, *, actor_id: int | None = None) -> Meeting:
    """Announce a draft: from now on it is public (if it is to be), can be answered, and its letters are planned.

    Raises `Refused` for anything but a draft, or a draft whose deadline has passed.
    """
    meeting = meetings.for_update(meeting_id)
    now = clock.now()
    if meeting.state != "draft":
        raise Refused(N_("Only a draft can be announced."))
    if meeting.starts_at <= now:
        raise Refused(N_("This meeting lies in the past; give it another date first."))
    if meeting.answer_until <= now:
        raise Refused(N_("The deadline for answers has passed; set a later one before announcing."))
    meeting.state, meeting.announced_at = "announced", now
    meeting.version += 1
    meetings.set_moments(meeting)
    rsvps.keep_seats(meeting)
    journal.write("announce", "meeting", meeting.id, actor_id=actor_id)
    return meeting


def edit(meeting_id: int, *, actor_id: int | None = None, **values: Any) -> Meeting:
    """Change what touches nobody's calendar: title, note, link, seats, guests, deadline, publicity.

    More seats seat who waits; fewer take none away. Raises `BadInput`.
    """
    meeting = meetings.for_update(meeting_id)
    if set(values) - set(EDITABLE):
        raise TypeError(f"not editable: {sorted(set(values) - set(EDITABLE))}")
    _check(values, meeting.starts_at)
    for field, value in values.items():
        setattr(meeting, field, value)
    meeting.version += 1
    journal.write("edit", "meeting", meeting.id, actor_id=actor_id, fields=sorted(values), seats=meeting.seats)
    if "answer_until" in values and meeting.state == "announced":
        meetings.set_moments(meeting)
        keep_useful(meeting)
    if "seats" in values:
        rsvps.promote(meeting)
    return meeting


def _check(values: dict[str, Any], starts_at: datetime) -> None:
    seats, guests = values.get("seats"), values.get("guests_allowed", 0)
    if seats is not None and not 0 < seats <= 100_000:
        raise BadInput("seats", N_("Please give a number of seats above zero, or none for unlimited."))
    if guests is None or not 0 <= guests <= 20:
        raise BadInput("guests_allowed", N_("Between 0 and 20 guests may be allowed."))
    if "answer_until" in values and values["answer_until"] > starts_at:
        raise BadInput("answer_until", N_("The deadline cannot lie after the start."))


def move(meeting_id: int, change: Change, *, actor_id: int | None = None) -> Meeting:
    """Another time or place. Answers stay; everyone invited or answering gets one letter with a higher SEQUENCE.

    A draft just changes. Raises `Refused` for a meeting that is over or cancelled.
    """
    meeting, now = meetings.for_update(meeting_id), clock.now()
    _may_move(meeting, now)
    old = {
        "old_starts_at": meeting.starts_at.isoformat(),
        "old_ends_at": meeting.ends_at.isoformat(),
        "old_venue": meeting.venue,
        "since": meeting.sequence,
    }
    day = meeting.local_date
    starts_at, ends_at = _times(meeting, change)
    time_moves = (starts_at, ends_at) != (meeting.starts_at, meeting.ends_at)
    place_moves = change.venue is not None and change.venue != (meeting.venue or {})
    if not (time_moves or place_moves):
        return meeting
    _may_lie(meeting, starts_at, ends_at, now)
    if time_moves:
        meetings.set_times(meeting, starts_at, ends_at)
    if place_moves:
        meeting.venue = change.venue or None
    meeting.version += 1
    if meeting.state == "announced":
        raise_sequence(meeting)
        if meeting.local_date != day:
            # Planned anew for the new day. On the same day they stay due when they were, and say what is true then.
            letters.drop_queued("the meeting was moved", meeting_id=meeting.id, kinds=("remind", "eve"), again=True)
        meetings.set_moments(meeting)
        keep_useful(meeting)
        tell_moved(meeting, old)
    journal.write(
        "move",
        "meeting",
        meeting.id,
        actor_id=actor_id,
        starts_at=meeting.starts_at.isoformat(),
        before=old["old_starts_at"],
        place=place_moves,
        sequence=meeting.sequence,
    )
    return meeting


def _may_move(meeting: Meeting, now: datetime) -> None:
    over = meeting.state == "announced" and meeting.ends_at <= now
    if over or meeting.state not in ("draft", "announced"):
        raise Refused(N_("Only a draft or an announced meeting can be moved."))


def _times(meeting: Meeting, to: Change) -> tuple[datetime, datetime]:
    """In UTC, since Python compares and adds wall times where two moments share a zone."""
    starts_at = (to.starts_at or meeting.starts_at).astimezone(UTC)
    return starts_at, (to.ends_at or meetings.end_from(meeting, starts_at)).astimezone(UTC)


def _may_lie(meeting: Meeting, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    begun = starts_at <= now and (starts_at != meeting.starts_at or ends_at <= now)
    if meeting.state == "announced" and begun:
        raise BadInput("starts", N_("An announced meeting cannot be moved into the past."))


def moves(meeting: Meeting, to: Change) -> bool:
    """Whether that is another time or place than the meeting has."""
    place = to.venue is not None and to.venue != (meeting.venue or {})
    return place or _times(meeting, to) != (meeting.starts_at, meeting.ends_at)


def check(meeting: Meeting, values: dict[str, Any], to: Change) -> None:
    """Raise what `change` would refuse, and change nothing."""
    starts_at, ends_at = _times(meeting, to)
    if moves(meeting, to):
        _may_move(meeting, clock.now())
        _may_lie(meeting, starts_at, ends_at, clock.now())
    if ends_at <= starts_at:
        raise BadInput("ends", N_("The end must lie after the start."))
    kept = values.get("answer_until") == meeting.answer_until  # moves along
    _check({name: value for name, value in values.items() if name != "answer_until" or not kept}, starts_at)


def change(
    meeting_id: int, values: dict[str, Any], to: Change, choices: Choices, *, actor_id: int | None = None
) -> Meeting:
    """Everything that one page changes at once: what `edit` and `move` do, and what becomes of those it touches.

    A new time or place must be told, since calendars show the old one; asking again is telling, too. Raises `Refused`,
    or `BadInput` with the field that is wrong; then nothing has changed.
    """
    meeting = meetings.for_update(meeting_id)
    if choices.seen is not None and choices.seen != meeting.version:
        raise Refused(N_("Somebody has changed this meeting in the meantime. Please look at it once more."))
    told, before = meeting.state == "announced", meeting.sequence
    stored = meeting.answer_until
    if moves(meeting, to):
        move(meeting_id, to, actor_id=actor_id)
    if values.get("answer_until") == stored:
        values = {name: value for name, value in values.items() if name != "answer_until"}  # it has moved along
    changed = {name: value for name, value in values.items() if getattr(meeting, name) != value}
    if told and meeting.sequence != before and not (choices.tell or choices.ask_again):
        raise BadInput("tell", N_("Calendars show the old time and place: everybody must be told."))
    asked = choices.ask_again and told
    if asked:
        ask_again(meeting, until=changed.get("answer_until", meeting.answer_until), actor_id=actor_id)
    if changed:
        edit(meeting_id, actor_id=actor_id, **changed)
    if told and (choices.tell or asked):
        _tell(meeting, {*changed, *(["topics"] if choices.topics else [])}, asked, actor_id)
    return meeting


def _tell(meeting: Meeting, changed: Collection[str], asked: bool, actor_id: int | None) -> None:
    fields = [name for name in TOLD_OF if name in changed]
    if not fields and not asked:
        return  # a new time or place has its own letter
    meeting.version += 1
    count = tell_changed(meeting, fields, asked_again=asked)
    if count:  # else the letter about another time or place says it all, or nobody knows of the meeting yet
        journal.write("tell", "meeting", meeting.id, actor_id=actor_id, fields=fields, letters=count)


def cancel(meeting_id: int, *, reason: dict[str, str] | None = None, actor_id: int | None = None) -> Meeting:
    """Call the meeting off. Everyone who was written to gets one CANCEL, and nothing afterwards.

    Raises `Refused` unless it is announced and not over.
    """
    meeting = meetings.for_update(meeting_id)
    if meeting.state != "announced" or meeting.ends_at <= clock.now():
        raise Refused(N_("Only an announced meeting that is not over can be cancelled."))
    meeting.state, meeting.cancelled_at = "cancelled", clock.now()
    meeting.reason = {key: words for key, words in (reason or {}).items() if words} or None
    raise_sequence(meeting)
    meeting.version += 1
    # First what waits: a letter that a sender is just claiming is waited for, and its reader is told then.
    letters.drop_queued(
        "the meeting was cancelled",
        meeting_id=meeting.id,
        kinds=(
            *PLANNED,
            "confirm",
            "waiting",
            "seat",
            "offer",
            "free",
            "lapsed",
            "moved",
            "changed",
            "nudge",
            "own",
            "thanks",
        ),
    )
    post(meeting, "cancelled", None, useless_after=meeting.ends_at)
    journal.write("cancel", "meeting", meeting.id, actor_id=actor_id, sequence=meeting.sequence)
    return meeting


def change_series(series_id: int, *, actor_id: int | None = None, **fields: Any) -> None:
    """Change a series (`fields` as in `series.FIELDS`). What is proposed from now on follows it; of meetings announced
    already only the moments of their letters do, since the letter plan is the series'. Raises `BadInput`."""
    series = series_rules.by_id(series_id)
    planned = series.plan
    series_rules.change(series, actor_id=actor_id, **fields)
    if series.plan == planned:
        return
    session().flush()
    to_come = select(Meeting.id).where(
        Meeting.series_id == series_id, Meeting.state == "announced", Meeting.starts_at > clock.now()
    )
    for meeting_id in session().scalars(to_come.order_by(Meeting.id)).all():
        meetings.set_moments(meetings.for_update(meeting_id))


def pause(meeting_id: int, paused: bool, *, actor_id: int | None = None) -> None:
    """Hold the meeting's letters back, or let them go."""
    meeting = meetings.for_update(meeting_id)
    meeting.paused_at = clock.now() if paused else None
    journal.write("pause" if paused else "resume", "meeting", meeting.id, actor_id=actor_id)
