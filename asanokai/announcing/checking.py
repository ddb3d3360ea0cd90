"""What one should see before a meeting is announced or changed: which texts are missing in which language, and how many
people read that language. It changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select

from asanokai import clock
from asanokai.db import session
from asanokai.languages import LANGUAGES
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.rsvps import Rsvp
from asanokai.series import Belonging, still
from asanokai.topics import Topic


def readers_by_language(meeting: Meeting) -> dict[str, int]:
    """How many of those who belong to the series, or were asked already, read which language."""
    belongs = exists().where(
        Belonging.member_id == Member.id,
        Belonging.series_id == meeting.series_id,
        Belonging.role == "member",
        still(clock.now()),
    )
    asked = exists().where(Rsvp.member_id == Member.id, Rsvp.meeting_id == meeting.id)
    counted = session().execute(
        select(Member.language, func.count())
        .where(Member.standing == "accepted", or_(belongs, asked))
        .group_by(Member.language)
    )
    found = {language: count for language, count in counted}
    return {language: found.get(language, 0) for language in LANGUAGES}


@dataclass(frozen=True)
class Said:
    """One text of a meeting: which (title | venue | note | topic | abstract), for a topic its number from 1, and in
    which languages it is there. Without any it is `empty`: that may be on purpose."""

    what: str
    number: int
    there: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether it is said in no language."""
        return not self.there


def texts(values: dict[str, Any], topics: Sequence[Topic]) -> list[Said]:
    """The texts of a meeting as it would be with those values (title, venue, note), and of its topics."""
    found = [_said(what, 0, values.get(what)) for what in ("title", "venue", "note")]
    for number, topic in enumerate(topics, start=1):
        found.append(_said("topic", number, topic.title))
        if topic.abstract:
            found.append(_said("abstract", number, topic.abstract))
    return found


def _said(what: str, number: int, words: dict[str, str] | None) -> Said:
    return Said(what, number, tuple(language for language in LANGUAGES if (words or {}).get(language)))
