"""Nudging the silent by hand: who says nothing, when each was last written to, and a letter to those chosen.

Nobody is nudged twice a day about the same meeting; the nights and public holidays of each reader are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, null, or_, select, type_coerce

from asanokai import clock, db, journal, members
from asanokai.db import insert_missing, session
from asanokai.errors import N_, BadInput, Refused
from asanokai.invitations import by_zone
from asanokai.letters import Letter, may_go_from
from asanokai.meetings import Meeting, for_update
from asanokai.members import Address, Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp

RECENTLY = timedelta(days=3)
"""Whoever was written to within these days is not ticked."""

OF_USE = ("queued", "claimed", "sent")


@dataclass(frozen=True)
class Silent:
    """Somebody who says nothing: when they were last written to, of which kind the letter was if it was about a meeting
    of this series, and why they get no nudge (None: they can)."""

    member: Member
    written_at: datetime | None
    kind: str | None
    reason: str | None

    @property
    def recently(self) -> bool:
        """Whether it is not long since they were written to."""
        return self.written_at is not None and self.written_at > clock.now() - RECENTLY


def _silent(meeting: Meeting) -> Select[*tuple[Any, ...]]:
    """member_id, zone, reason and the number of the last letter of all who were invited and are silent."""
    reasons = [
        (Member.standing != "accepted", "not a member any more"),
        (Member.unsubscribed_at.is_not(None), "unsubscribed"),
        (members.does_without("nudge"), members.SWITCHED_OFF),
        (Address.id.is_(None), "no address"),
        (Address.suppressed_at.is_not(None), "address suppressed"),
    ]
    why = case(*((criterion, literal(reason)) for criterion, reason in reasons), else_=null())
    last = (
        select(func.max(Letter.id))
        .where(Letter.member_id == Member.id, Letter.state.in_(OF_USE))
        .correlate(Member)
        .scalar_subquery()
    )
    return (
        select(Member.id.label("member_id"), Member.zone.label("zone"))
        .add_columns(cast(why, String).label("reason"), last.label("letter_id"))
        .join(Rsvp, and_(Rsvp.member_id == Member.id, Rsvp.meeting_id == meeting.id))
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
        .where(Rsvp.answer == "invited", Rsvp.invited_at.is_not(None))
    )


def silent(meeting: Meeting, *, limit: int, offset: int = 0) -> list[Silent]:
    """Who says nothing, by name, with the letter that went to each last."""
    chosen = _silent(meeting).subquery()
    # What went to them about other series, or their account, is none of these coordinators' business.
    own = Letter.meeting_id.in_(select(Meeting.id).where(Meeting.series_id == meeting.series_id))
    query = (
        select(Member, func.coalesce(Letter.sent_at, Letter.due_at), case((own, Letter.kind)), chosen.c.reason)
        .join(chosen, chosen.c.member_id == Member.id)
        .outerjoin(Letter, Letter.id == chosen.c.letter_id)
        .order_by(Member.family, Member.family_kana, Member.given, Member.id)
        .limit(limit)
        .offset(offset)
    )
    return [Silent(*row) for row in session().execute(query)]


def _rested(chosen: Any) -> ColumnElement[bool]:
    """Who was not written to for a while."""
    written_at = func.coalesce(Letter.sent_at, Letter.due_at)
    return or_(Letter.id.is_(None), written_at <= db.moment(clock.now() - RECENTLY))


def could_be_nudged(meeting: Meeting) -> tuple[int, int]:
    """How many are silent, and how many of them can be nudged and were not written to for a while."""
    chosen = _silent(meeting).subquery()
    fit = and_(chosen.c.reason.is_(None), _rested(chosen))
    query = select(func.count(), func.coalesce(func.sum(case((fit, 1), else_=0)), 0))
    row = session().execute(query.select_from(chosen).outerjoin(Letter, Letter.id == chosen.c.letter_id)).one()
    return int(row[0]), int(row[1])


def nudge(meeting_id: int, member_ids: Sequence[int] | None, *, night: Night, actor_id: int | None) -> int:
    """Post a letter to each of the silent who were chosen, or (None) to all not written to for a while; how many.

    Raises `BadInput` if nobody is chosen, `Refused` where answers are not taken.
    """
    meeting, now = for_update(meeting_id), clock.now()
    if meeting.state != "announced" or now > meeting.answer_until:
        raise Refused(N_("Answers are not taken any more, so nobody is asked for one."))
    if member_ids is not None and not member_ids:
        raise BadInput("members", N_("Please tick at least one person."))
    chosen = _silent(meeting).subquery()
    day = now.astimezone(ZoneInfo(meeting.zone)).date().isoformat()
    zones = session().scalars(select(Member.zone).distinct())
    awake = {zone: may_go_from("nudge", now, zone, night, meeting.answer_until) for zone in zones}
    columns: dict[str, ColumnElement[Any]] = {
        "key": literal(f"nudge:{meeting.id}:") + cast(chosen.c.member_id, String) + literal(f":{day}"),
        "kind": literal("nudge"),
        "member_id": chosen.c.member_id,
        "meeting_id": literal(meeting.id),
        "facts": type_coerce(literal(None, Letter.facts.type), Letter.facts.type),
        "state": literal("queued"),
        "due_at": by_zone(chosen.c.zone, awake, now),
        "useless_after": db.moment(meeting.answer_until),
        "attempts": literal(0),
        "created_at": db.moment(now),
    }
    wanted = _rested(chosen) if member_ids is None else chosen.c.member_id.in_(member_ids)
    rows = (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(chosen)
        .outerjoin(Letter, Letter.id == chosen.c.letter_id)
        .where(chosen.c.reason.is_(None), wanted)
    )
    posted = db.affected(session().execute(insert_missing(Letter).from_select(list(columns), rows)))
    journal.write("nudge", "meeting", meeting.id, actor_id=actor_id, letters=posted)
    return posted
