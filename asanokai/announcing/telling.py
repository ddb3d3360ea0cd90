"""Who is told of a change, and the letters that tell it: one statement for everybody it touches.

The meeting is locked by the verb that changed it. What a letter says is laid out when it is sent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, func, literal, or_, select, true, update

from asanokai import clock, db
from asanokai.db import insert_missing, session
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Member
from asanokai.rsvps import Rsvp

TOLD_OF = ("title", "note", "join_link", "seats", "guests_allowed", "answer_until", "topics")
"""What a letter can say has changed beside time and place; the rest concerns nobody but coordinators."""


def touched(meeting: Meeting, *, moved: bool = True) -> int:
    """How many people a move or cancellation would be written to; or (`moved` False) any other change."""
    told = readers(meeting) if moved else readers(meeting).where(_wanting())
    return int(session().scalar(select(func.count()).select_from(told.subquery())) or 0)


def _wanting() -> ColumnElement[bool]:
    """Who has ended the invitations is told of a new time or place only, unless they have answered."""
    return or_(Member.unsubscribed_at.is_(None), Rsvp.revision > 0)


def raise_sequence(meeting: Meeting) -> None:
    """One higher for everybody, also for a reader whose own entry was ahead: what goes out is the higher of the two."""
    meeting.sequence += 1
    session().execute(
        update(Rsvp)
        .where(Rsvp.meeting_id == meeting.id, Rsvp.sequence >= meeting.sequence)
        .values(sequence=Rsvp.sequence + 1)
    )


def keep_useful(meeting: Meeting) -> None:
    """What still waits to be sent is of use until the new deadline, or the new end."""
    for kinds, until in (
        (("invite",), meeting.answer_until),
        (("confirm", "waiting", "seat", "free", "lapsed", "changed"), meeting.ends_at),
    ):
        session().execute(
            update(Letter)
            .where(Letter.meeting_id == meeting.id, Letter.kind.in_(kinds), Letter.state.in_(("queued", "claimed")))
            .values(useless_after=until)
            .execution_options(synchronize_session=False)
        )


def tell_moved(meeting: Meeting, old: dict[str, Any]) -> None:
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
    post(meeting, "moved", facts, suffix=f":{meeting.sequence}", useless_after=meeting.ends_at, to=to)


def readers(meeting: Meeting) -> Any:
    """Who has heard of the meeting: a letter about it has left for them (or is leaving)."""
    told = exists().where(
        Letter.meeting_id == meeting.id,
        Letter.member_id == Rsvp.member_id,
        Letter.state.in_(("sent", "claimed")),
    )
    # Who has left the series has it cancelled in their calendar: nothing may enter it there again.
    parted = exists().where(
        Letter.meeting_id == meeting.id,
        Letter.kind == "parted",
        Letter.member_id == Rsvp.member_id,
        Letter.state.in_(("queued", "claimed", "sent")),
    )
    answered = or_(Rsvp.answer != "invited", Rsvp.revision > 0)  # or had, before everybody was asked again
    return (
        select(Rsvp.member_id.label("member_id"))
        .join(Member, Member.id == Rsvp.member_id)
        .join(
            Address,
            and_(Address.member_id == Member.id, Address.kind == "main", Address.suppressed_at.is_(None)),
        )
        .where(Rsvp.meeting_id == meeting.id, Member.standing == "accepted", told | answered)
        .where(~and_(Rsvp.answer == "no", parted))
    )


def post(
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
    told = readers(meeting).where(true() if to is None else to).subquery()
    columns: dict[str, ColumnElement[Any]] = {
        "key": literal(f"{kind}:{meeting.id}:") + cast(told.c.member_id, String) + literal(suffix),
        "kind": literal(kind),
        "member_id": told.c.member_id,
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


def tell_changed(meeting: Meeting, fields: Sequence[str], *, asked_again: bool = False) -> int:
    """Post the letter that something else than time or place has changed (`fields`, see `TOLD_OF`), or that everybody
    is asked again. How many are told.

    Who has not yet got the letter of an earlier change gets one that tells both.
    """
    waiting = and_(Letter.meeting_id == meeting.id, Letter.kind == "changed", Letter.state == "queued")
    earlier = session().scalars(select(Letter.facts).where(waiting).distinct()).all()
    heard = {name for facts in earlier for name in (facts or {}).get("fields", ())}
    kept = [name for name in TOLD_OF if name in {*fields, *heard}]
    session().execute(
        update(Letter)
        .where(waiting)
        .values(state="dropped", reason="overtaken by a later change", settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    # Who is just being told of a move reads everything there, as it is now.
    moved = exists().where(
        Letter.meeting_id == meeting.id,
        Letter.kind == "moved",
        Letter.state == "queued",
        Letter.member_id == Member.id,
    )
    to = and_(_wanting(), ~moved)
    if not kept:  # those whose answer stands have nothing to do
        to = and_(to, Rsvp.answer == "invited")
    facts = {"fields": kept, "asked": asked_again}
    return post(meeting, "changed", facts, suffix=f":{meeting.version}", useless_after=meeting.ends_at, to=to)
