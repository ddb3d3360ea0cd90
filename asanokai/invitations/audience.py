"""Everybody a planned letter could concern, and why somebody does not get it: one SELECT, for planning and forecast."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, func, literal, null, select, true

from asanokai import clock, members
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Member
from asanokai.rsvps import Rsvp
from asanokai.series import EVE, INVITE, REMIND, Belonging, still

REASONS = (
    "not a member any more",
    "unsubscribed",
    "switched off",
    "no address",
    "address suppressed",
    "has answered",
    "not invited",
    "invited too late",
    "has no seat",
    "has it already",
    "announced too late",
)
"""Why somebody gets no letter; pages translate these. The last is about a whole step: see `too_late`."""


def audience(
    meeting: Meeting,
    kind: str,
    due_at: datetime,
    *,
    step: int = 1,
    awaited: datetime | None = None,
    fresh: bool = False,
) -> Select[*tuple[Any, ...]]:
    """Everybody a letter of that kind could concern: member_id, zone, and the reason why not (NULL: gets it).

    `awaited` is when the invitations will go out, if they have not yet: who belongs will have one by then. `fresh`: no
    such letter about the meeting was posted yet, so nobody needs to be asked whether they have it.
    """
    base, own = {INVITE: _to_invite, REMIND: _to_remind, EVE: _to_tell}[kind](meeting, due_at, awaited)
    reasons = [
        (Member.standing != "accepted", "not a member any more"),
        (Member.unsubscribed_at.is_not(None), "unsubscribed"),
        (members.does_without(kind), members.SWITCHED_OFF),
        (Address.id.is_(None), "no address"),
        (Address.suppressed_at.is_not(None), "address suppressed"),
        *own,
    ]
    if not fresh:
        reasons.append((exists().where(Letter.key == key_of(meeting, kind, step, Member.id)), "has it already"))
    why = case(*((criterion, literal(reason)) for criterion, reason in reasons), else_=null())
    return base.add_columns(cast(why, String).label("reason")).join_from(
        Member, Address, and_(Address.member_id == Member.id, Address.kind == "main"), isouter=True
    )


_People = Select[*tuple[Any, ...]]
_Reasons = list[tuple[ColumnElement[bool], str]]


def _to_invite(meeting: Meeting, _due_at: datetime, _awaited: datetime | None) -> tuple[_People, _Reasons]:
    """Who belongs, from the joining until the deadline."""
    people = _people().join(Belonging, Belonging.member_id == Member.id).where(_membership(meeting))
    return people, [(Belonging.since > meeting.answer_until, "invited too late")]


def _to_remind(meeting: Meeting, due_at: datetime, awaited: datetime | None) -> tuple[_People, _Reasons]:
    """Who belongs or was invited, and is silent."""
    belongs = exists().where(Belonging.member_id == Member.id, _membership(meeting))
    of_meeting = and_(Rsvp.member_id == Member.id, Rsvp.meeting_id == meeting.id)
    people = _people().outerjoin(Rsvp, of_meeting).where(Rsvp.id.is_not(None) | belongs)
    reasons: _Reasons = [(Rsvp.answer != "invited", "has answered"), (~belongs, "not a member any more")]
    if awaited is None:
        reasons += [(Rsvp.invited_at.is_(None), "not invited"), (Rsvp.invited_at > due_at, "invited too late")]
    elif awaited > due_at:
        reasons.append((true(), "invited too late"))
    return people, reasons


def _to_tell(meeting: Meeting, due_at: datetime, _awaited: datetime | None) -> tuple[_People, _Reasons]:
    """Who was invited or has answered, and holds a seat."""
    people = _people().join(Rsvp, Rsvp.member_id == Member.id).where(Rsvp.meeting_id == meeting.id)
    return people, [
        (func.coalesce(Rsvp.seat, "") != "held", "has no seat"),
        (Rsvp.invited_at > due_at, "invited too late"),
    ]


def _people() -> _People:
    return select(Member.id.label("member_id"), Member.zone.label("zone"), Member.language.label("language"))


def _membership(meeting: Meeting) -> ColumnElement[bool]:
    return and_(Belonging.series_id == meeting.series_id, Belonging.role == "member", still(clock.now()))


def key_of(meeting: Meeting, kind: str, step: int, member_id: Any) -> ColumnElement[str]:
    """What a planned letter is called in the ledger."""
    key = literal(f"{kind}:{meeting.id}:") + cast(member_id, String)
    if kind == REMIND:
        return key + literal(f":{step}")
    if kind == EVE:
        return key + literal(f":{meeting.local_date.isoformat()}")
    return key
