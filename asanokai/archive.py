"""The archive: which topics there were, found by any word of them in any language, latest first.

Only what the reader may see at the meeting's own page; two statements per page, whatever is asked. It changes nothing.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import selectinload

from asanokai import clock
from asanokai.db import session
from asanokai.languages import folded
from asanokai.meetings import Meeting
from asanokai.members import Member, cleaned
from asanokai.rsvps import Rsvp
from asanokai.series import Belonging, Series, still
from asanokai.topics import Topic

PAGE = 50
MOST_WORDS = 8
MOST_PAGES = 10_000

_SPECIAL = re.compile(r"[%_\\]")
"""What LIKE takes for more than itself."""


@dataclass(frozen=True)
class Entry:
    """A topic, with its speakers, and the meeting it was on."""

    topic: Topic
    meeting: Meeting
    series: Series


@dataclass(frozen=True)
class Page:
    """One page of the archive; `more` says whether there is another one."""

    entries: list[Entry]
    number: int
    more: bool


def found(query: str = "", *, reader: Member | None = None, page: int = 1) -> Page:
    """Topics of meetings that were held or are over, in which every word of the query is found."""
    number = min(max(page, 1), MOST_PAGES)
    chosen = (
        select(Topic, Meeting, Series)
        .join(Meeting, Meeting.id == Topic.meeting_id)
        .join(Series, Series.id == Meeting.series_id)
        .where(
            Meeting.state.in_(("announced", "held")),
            Meeting.announced_at.is_not(None),
            Meeting.ends_at <= clock.now(),
            _readable(reader),
            *(_has(word) for word in folded(cleaned(query)).split()[:MOST_WORDS]),
        )
        .order_by(Meeting.starts_at.desc(), Meeting.id, Topic.position, Topic.id)
        .offset((number - 1) * PAGE)
        .limit(PAGE + 1)
        .options(selectinload(Topic.speakers))
    )
    rows = session().execute(chosen).all()
    return Page([Entry(*row) for row in rows[:PAGE]], number, len(rows) > PAGE)


def _has(word: str) -> ColumnElement[bool]:
    escaped = _SPECIAL.sub(lambda sign: f"\\{sign[0]}", word)
    return Topic.sought.like(f"%{escaped}%", escape="\\")


def _readable(reader: Member | None) -> ColumnElement[bool]:
    """What the meeting's own page goes by: public ones; those of one's series; those one was asked to."""
    if reader is None:
        return Meeting.public.is_(True)
    if reader.administrator:
        return true()
    own: Any = select(Belonging.series_id).where(Belonging.member_id == reader.id, still(clock.now()))
    asked = select(Rsvp.id).where(Rsvp.meeting_id == Meeting.id, Rsvp.member_id == reader.id).exists()
    return or_(Meeting.public, Meeting.series_id.in_(own), asked)
