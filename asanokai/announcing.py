"""Announce, edit, move, cancel a meeting: first the row, then the answers, then the letters.

Every verb locks the meeting, so that an answer given meanwhile meets either the old state or the new one. Letters of a
change are inserted by one statement for everybody it touches. Invitations, reminders and evening notes are not posted
here: `invitations` plans them from the moments set here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, func, literal, select, true, update

from asanokai import clock, db, journal, letters, meetings, rsvps
from asanokai import series as series_rules
from asanokai.db import insert_missing, session
from asanokai.errors import N_, BadInput, Refused
from asanokai.letters import Letter
from asanokai.meetings import EDITABLE, Meeting
from asanokai.members import Address, Member
from asanokai.rsvps import Rsvp

PLANNED = ("invite", "remind", "eve")


@dataclass(frozen=True)
class Change:
    """What is to become of a meeting; None leaves a value as it is. Times are aware."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    venue: dict[str, str] | None = None


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
    _check(meeting, values)
    for field, value in values.items():
        setattr(meeting, field, value)
    meeting.version += 1
    journal.write("edit", "meeting", meeting.id, actor_id=actor_id, fields=sorted(values), seats=meeting.seats)
    if "answer_until" in values and meeting.state == "announced":
        meetings.set_moments(meeting)
        _keep_useful(meeting)
    if "seats" in values:
        rsvps.promote(meeting)
    return meeting


def _check(meeting: Meeting, values: dict[str, Any]) -> None:
    seats, guests = values.get("seats"), values.get("guests_allowed", 0)
    if seats is not None and not 0 < seats <= 100_000:
        raise BadInput("seats", N_("Please give a number of seats above zero, or none for unlimited."))
    if guests is None or not 0 <= guests <= 20:
        raise BadInput("guests_allowed", N_("Between 0 and 20 guests may be allowed."))
    if "answer_until" in values and values["answer_until"] > meeting.starts_at:
        raise BadInput("answer_until", N_("The deadline cannot lie after the start."))


def touched(meeting: Meeting) -> int:
    """How many people a move or cancellation would be written to."""
    return int(session().scalar(select(func.count()).select_from(_readers(meeting).subquery())) or 0)


def move(meeting_id: int, change: Change, *, actor_id: int | None = None) -> Meeting:
    """Another time or place. Answers stay; everyone invited or answering gets one letter with a higher SEQUENCE.

    A draft just changes. Raises `Refused` for a meeting that is over or cancelled.
    """
    meeting, now = meetings.for_update(meeting_id), clock.now()
    over = meeting.state == "announced" and meeting.ends_at <= now
    if over or meeting.state not in ("draft", "announced"):
        raise Refused(N_("Only a draft or an announced meeting can be moved."))
    old = {
        "old_starts_at": meeting.starts_at.isoformat(),
        "old_ends_at": meeting.ends_at.isoformat(),
        "old_venue": meeting.venue,
        "since": meeting.sequence,
    }
    day = meeting.local_date
    # In UTC, since Python compares and adds wall times where two moments share a zone.
    starts_at = (change.starts_at or meeting.starts_at).astimezone(UTC)
    ends_at = (change.ends_at or meetings.end_from(meeting, starts_at)).astimezone(UTC)
    time_moves = (starts_at, ends_at) != (meeting.starts_at, meeting.ends_at)
    place_moves = change.venue is not None and change.venue != (meeting.venue or {})
    if not (time_moves or place_moves):
        return meeting
    begun = starts_at <= now and (starts_at != meeting.starts_at or ends_at <= now)
    if meeting.state == "announced" and begun:
        raise BadInput("starts", N_("An announced meeting cannot be moved into the past."))
    if time_moves:
        meetings.set_times(meeting, starts_at, ends_at)
    if place_moves:
        meeting.venue = change.venue or None
    meeting.version += 1
    if meeting.state == "announced":
        _raise_sequence(meeting)
        if meeting.local_date != day:
            # Planned anew for the new day. On the same day they stay due when they were, and say what is true then.
            letters.drop_queued("the meeting was moved", meeting_id=meeting.id, kinds=("remind", "eve"), again=True)
        meetings.set_moments(meeting)
        _keep_useful(meeting)
        _tell_moved(meeting, old)
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


def _raise_sequence(meeting: Meeting) -> None:
    """One higher for everybody, also for a reader whose own entry was ahead: what goes out is the higher of the two."""
    meeting.sequence += 1
    session().execute(
        update(Rsvp)
        .where(Rsvp.meeting_id == meeting.id, Rsvp.sequence >= meeting.sequence)
        .values(sequence=Rsvp.sequence + 1)
    )


def _keep_useful(meeting: Meeting) -> None:
    """What still waits to be sent is of use until the new deadline, or the new end."""
    for kinds, until in (
        (("invite",), meeting.answer_until),
        (("confirm", "waiting", "seat", "free", "lapsed"), meeting.ends_at),
    ):
        session().execute(
            update(Letter)
            .where(Letter.meeting_id == meeting.id, Letter.kind.in_(kinds), Letter.state.in_(("queued", "claimed")))
            .values(useless_after=until)
            .execution_options(synchronize_session=False)
        )


def _tell_moved(meeting: Meeting, old: dict[str, Any]) -> None:
    waiting = and_(Letter.meeting_id == meeting.id, Letter.kind == "moved", Letter.state == "queued")
    since = Letter.facts["since"].as_integer()
    earlier = session().scalars(select(Letter.facts).where(waiting, since.is_not(None)).distinct()).all()
    # Who has not yet got the letter of an earlier move must be told what they last knew, all others what was true
    # until now. `since` is the SEQUENCE from which that was so.
    for known in [facts for facts in earlier if facts]:
        of_reader = and_(waiting, since == known["since"], Letter.member_id == Member.id)
        _post_moved(meeting, known, exists().where(of_reader))
    _post_moved(meeting, old, ~exists().where(waiting, since.is_not(None), Letter.member_id == Member.id))
    session().execute(
        update(Letter)
        .where(waiting, Letter.facts["sequence"].as_integer() < meeting.sequence)
        .values(state="dropped", reason="overtaken by a later change", settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _post_moved(meeting: Meeting, old: dict[str, Any], to: ColumnElement[bool]) -> None:
    now = {
        "old_starts_at": meeting.starts_at.isoformat(),
        "old_ends_at": meeting.ends_at.isoformat(),
        "old_venue": meeting.venue,
    }
    if now == {name: old[name] for name in now}:
        return  # moved back before they heard of it
    facts = {**old, "sequence": meeting.sequence}
    _post(meeting, "moved", facts, suffix=f":{meeting.sequence}", useless_after=meeting.ends_at, to=to)


def cancel(meeting_id: int, *, reason: dict[str, str] | None = None, actor_id: int | None = None) -> Meeting:
    """Call the meeting off. Everyone who was written to gets one CANCEL, and nothing afterwards.

    Raises `Refused` unless it is announced and not over.
    """
    meeting = meetings.for_update(meeting_id)
    if meeting.state != "announced" or meeting.ends_at <= clock.now():
        raise Refused(N_("Only an announced meeting that is not over can be cancelled."))
    meeting.state, meeting.cancelled_at = "cancelled", clock.now()
    meeting.reason = {key: words for key, words in (reason or {}).items() if words} or None
    _raise_sequence(meeting)
    meeting.version += 1
    # First what waits: a letter that a sender is just claiming is waited for, and its reader is told then.
    letters.drop_queued(
        "the meeting was cancelled",
        meeting_id=meeting.id,
        kinds=(*PLANNED, "confirm", "waiting", "seat", "offer", "free", "lapsed", "moved", "nudge", "own", "thanks"),
    )
    _post(meeting, "cancelled", None, useless_after=meeting.ends_at)
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


def _readers(meeting: Meeting) -> Any:
    """Who has heard of the meeting: a letter about it has left for them (or is leaving)."""
    told = exists().where(
        Letter.meeting_id == meeting.id,
        Letter.member_id == Rsvp.member_id,
        Letter.state.in_(("sent", "claimed")),
    )
    answered = Rsvp.answer != "invited"
    return (
        select(Rsvp.member_id.label("member_id"))
        .join(Member, Member.id == Rsvp.member_id)
        .join(
            Address,
            and_(Address.member_id == Member.id, Address.kind == "main", Address.suppressed_at.is_(None)),
        )
        .where(Rsvp.meeting_id == meeting.id, Member.standing == "accepted", told | answered)
    )


def _post(
    meeting: Meeting,
    kind: str,
    facts: dict[str, Any] | None,
    *,
    suffix: str = "",
    useless_after: datetime,
    to: ColumnElement[bool] | None = None,
) -> int:
    session().flush()
    now = clock.now()
    readers = _readers(meeting).where(true() if to is None else to).subquery()
    columns: dict[str, ColumnElement[Any]] = {
        "key": literal(f"{kind}:{meeting.id}:") + cast(readers.c.member_id, String) + literal(suffix),
        "kind": literal(kind),
        "member_id": readers.c.member_id,
        "meeting_id": literal(meeting.id),
        "facts": literal(facts, Letter.facts.type),
        "state": literal("queued"),
        "due_at": db.moment(now),
        "useless_after": db.moment(useless_after),
        "attempts": literal(0),
        "created_at": db.moment(now),
    }
    rows = select(*(column.label(name) for name, column in columns.items())).where(true())
    inserted = session().execute(insert_missing(Letter).from_select(list(columns), rows))
    return db.affected(inserted)
