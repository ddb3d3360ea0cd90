"""A letter's life, from being written down to what came back: rows of several tables, told in the order of time.

It looks and changes nothing. Who may look is decided by the pages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from asanokai import letters, rsvps
from asanokai.db import session
from asanokai.intake import Incoming
from asanokai.letters import Letter

MOST_MAILS = 50
STEPS = ("written", "claimed", "sent", "settled", "answered", "mail", *letters.HAPPENINGS)
"""What may stand in a life: what its row says, what happened beside it, the answer, and mails that came of it."""


@dataclass(frozen=True)
class Step:
    """Something in a letter's life. `words` are a server's, `code` an answer, an outcome or a reason; `mail` the number
    of a mail that came."""

    at: datetime
    what: str
    words: str = ""
    code: str = ""
    mail: int | None = None


def life_of(letter: Letter) -> list[Step]:
    """Everything known of the letter, the oldest first; of mails that came the last fifty."""
    happened = letters.life_of(letter.id)
    found = [
        *_of_row(letter, {row.what for row in happened}),
        *(Step(row.at, row.what, words=row.words or "") for row in happened),
        *_answer(letter),
        *_mails(letter),
    ]
    order = {what: place for place, what in enumerate(STEPS)}
    return sorted(found, key=lambda step: (step.at, order[step.what]))


def _of_row(letter: Letter, told: set[str]) -> Iterator[Step]:
    yield Step(letter.created_at, "written")
    if letter.claimed_at is not None and letter.state != "queued":
        yield Step(letter.claimed_at, "claimed")
    if letter.sent_at is not None:
        yield Step(letter.sent_at, "sent")
    untold = letter.state == "dropped" or (letter.state == "failed" and not told & {"refused", "failed"})
    untold = untold or (letter.state == "bounced" and "bounced" not in told)
    if untold and letter.settled_at is not None:
        yield Step(letter.settled_at, "settled", words=letter.server_words or "", code=letter.state)


def _answer(letter: Letter) -> Iterator[Step]:
    """The answer to the meeting as it stands, where it was given after the letter had gone."""
    if letter.meeting_id is None or letter.member_id is None or letter.sent_at is None:
        return
    found = rsvps.of_member(letter.member_id, [letter.meeting_id]).get(letter.meeting_id)
    if found is None or found.answer == "invited" or found.answered_at is None:
        return
    if found.answered_at >= letter.sent_at:
        yield Step(found.answered_at, "answered", code=found.answer)


def _mails(letter: Letter) -> Iterator[Step]:
    about = Incoming.letter_id == letter.id
    if letter.meeting_id is not None and letter.member_id is not None and letter.sent_at is not None:
        same = and_(Incoming.member_id == letter.member_id, Incoming.meeting_id == letter.meeting_id)
        # A mail that names another letter of the same meeting is that one's.
        about = or_(about, and_(same, Incoming.letter_id.is_(None), Incoming.came_at >= letter.sent_at))
    columns = (Incoming.id, Incoming.came_at, Incoming.outcome)
    query = select(*columns).where(about).order_by(Incoming.id.desc()).limit(MOST_MAILS)
    for number, came_at, outcome in session().execute(query):
        yield Step(came_at, "mail", code=outcome or "", mail=number)


def may_go_again(letter: Letter, steps: Sequence[Step] = ()) -> bool:
    """Whether there is a button to send it again: it failed or came back, and its reader did not complain of it."""
    return letter.state in ("failed", "bounced") and all(step.what != "complained" for step in steps)
