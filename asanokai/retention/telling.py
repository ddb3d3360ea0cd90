"""Telling those who left, a month before, that their data will be deleted; and that nothing goes before that.

Whoever cannot be reached any more is deleted without. A letter that never left is posted anew after a month. One that
went long ago, because the limit was made longer meanwhile, counts no more. Deletes nothing.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from asanokai import clock, letters
from asanokai.db import session
from asanokai.letters import Letter
from asanokai.members import Address, Member

KIND = "erased_soon"

NOTICE = timedelta(days=30)
"""How long after the letter was sent its reader is deleted at the earliest."""

AHEAD = NOTICE + timedelta(days=1)
"""How long before the limit the letter is posted: a day more, since it waits for the morning."""

STALE = timedelta(days=180)
"""After which a letter counts no more."""

MORNING = 9
"""The hour from which on it may go, on its reader's clock."""


def may_go() -> ColumnElement[bool]:
    """Who was told long enough ago, or cannot be told."""
    now = clock.now()
    return or_(_letter(Letter.sent_at.between(now - STALE, now - NOTICE)), ~_reachable())


def _letter(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is such a letter about this leaving, not about a former one."""
    mine = (Letter.member_id == Member.id, Letter.kind == KIND, Letter.created_at >= Member.left_at)
    return exists().where(*mine, which)


def _reachable() -> ColumnElement[bool]:
    main = (Address.member_id == Member.id, Address.kind == "main", Address.suppressed_at.is_(None))
    return exists().where(*main)


def _due(before: datetime) -> ColumnElement[bool]:
    """Who is to be told, left by `before` or within a month of it, and has no letter that goes or went of late."""
    now = clock.now()
    lately = and_(Letter.state.in_(("sent", "bounced")), Letter.sent_at > now - STALE)
    failed = and_(Letter.state.in_(("failed", "dropped")), Letter.settled_at > now - NOTICE)
    told = _letter(or_(Letter.state.in_(("queued", "claimed")), lately, failed))
    return and_(Member.standing == "left", Member.left_at < before + AHEAD, _reachable(), ~told)


def to_tell(before: datetime) -> int:
    """How many would get the letter now. `before`: who left by then has been kept for long enough."""
    return int(session().scalar(select(func.count(Member.id)).where(_due(before))) or 0)


def waiting(before: datetime) -> int:
    """How many have been kept for long enough, but stay until their letter has been gone for a month."""
    due = and_(Member.standing == "left", Member.left_at < before, ~may_go())
    return int(session().scalar(select(func.count(Member.id)).where(due)) or 0)


def tell(before: datetime, size: int) -> int:
    """Post the letters of up to `size`; how many."""
    query = select(Member.id, Member.zone).where(_due(before)).order_by(Member.id).limit(size)
    found = session().execute(query).all()
    for number, zone in found:
        key = f"erased-soon:{number}:{clock.now():%Y-%m-%d}"
        letters.post(KIND, key, member_id=number, due_at=_morning(zone))
    return len(found)


def _morning(zone: str) -> datetime:
    """The next morning of a reader: nobody's telephone should ring at night for this."""
    local = clock.now().astimezone(ZoneInfo(zone))
    due = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return (due if due >= local else due + timedelta(days=1)).astimezone(clock.now().tzinfo)
