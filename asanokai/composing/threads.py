"""What a letter follows: the first one about the same meeting that went to the same reader, whatever kind it was.

A mail program keeps letters together by that (References, RFC 5322 3.6.4), so it must be one that the reader has: who
answered before being invited got a confirmation first.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from asanokai.composing.overtaking import Row
from asanokai.db import session
from asanokai.letters import OF_MEETING, Letter

About = tuple[int | None, int | None]
"""Numbers of meeting and reader."""

_ARRIVED = ("sent", "bounced")


class Threads:
    """The threads that the letters of one batch belong to."""

    def __init__(self, rows: Sequence[Row], number: Callable[[str], str]) -> None:
        self._number = number
        self._first = _sent_before([row for row in rows if _may_follow(row)])

    def follow(self, letter: Letter) -> str:
        """The Message-ID of the first letter of its thread; "" for the first itself, and where there is no thread."""
        if letter.kind not in OF_MEETING:
            return ""
        own, about = self._number(letter.key), (letter.meeting_id, letter.member_id)
        first = self._first.setdefault(about, own)
        return "" if first == own else first


def _may_follow(row: Row) -> bool:
    """Whether another letter may have gone before. The usual invitation is the first: nothing was sent or said yet."""
    if row.letter.kind not in OF_MEETING:
        return False
    heard = row.rsvp is not None and (row.rsvp.stamped_at is not None or row.rsvp.revision > 0)
    return row.letter.kind != "invite" or heard


def _sent_before(rows: Sequence[Row]) -> dict[About, str]:
    """The Message-ID of the first letter that left about each meeting to each reader."""
    if not rows:
        return {}
    wanted: set[About] = {(row.letter.meeting_id, row.letter.member_id) for row in rows}
    found = session().execute(
        select(Letter.meeting_id, Letter.member_id, Letter.message_id)
        .where(
            Letter.member_id.in_({member_id for _, member_id in wanted}),
            Letter.meeting_id.in_({meeting_id for meeting_id, _ in wanted}),
            Letter.kind.in_(OF_MEETING),
            Letter.state.in_(_ARRIVED),
            Letter.message_id.is_not(None),
        )
        .order_by(Letter.sent_at, Letter.id)
    )
    first: dict[About, str] = {}
    for meeting_id, member_id, number in found:
        if number is not None and (meeting_id, member_id) in wanted:
            first.setdefault((meeting_id, member_id), number)
    return first
