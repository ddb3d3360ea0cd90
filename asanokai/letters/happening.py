"""What happened to letters beside what their rows say: noted when it is out of the usual, read as a letter's life."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from asanokai import clock, db
from asanokai.db import session
from asanokai.letters.row import Happening, Letter

BOUNCE_LIFE = timedelta(days=90)
"""For how long after it was sent a report about a letter is listened to."""

_NOTED = db.table_of(Happening).insert()


def note(letter_ids: Iterable[int], what: str, words: str | None = None) -> None:
    """Note that it happened to these letters, now."""
    now = clock.now()
    rows = [{"letter_id": number, "at": now, "what": what, "words": words} for number in letter_ids]
    if rows:
        session().execute(_NOTED, rows)


def note_once(letter_id: int, what: str, words: str | None = None) -> bool:
    """Note it unless the same was said of the letter already; whether it was new."""
    same = select(Happening.id).where(
        Happening.letter_id == letter_id, Happening.what == what, Happening.words.is_not_distinct_from(words)
    )
    if session().scalar(same.limit(1)) is not None:
        return False
    note([letter_id], what, words)
    return True


def bounced(letter_id: int, words: str, at: datetime, *, reason: str) -> bool:
    """A sent letter came back; whether it was news. One still being settled by its sender has been sent, too.

    A letter that waits to be sent again is left alone: what is told now is about the time before.
    """
    turned = session().execute(
        update(Letter)
        .where(Letter.id == letter_id, Letter.state.in_(("sent", "claimed")))
        .values(state="bounced", reason=reason, server_words=words or None, settled_at=at)
        .execution_options(synchronize_session=False)
    )
    if not db.affected(turned):
        return False
    note([letter_id], "bounced", words or None)
    return True


def listened_to(letter: Letter) -> bool:
    """Whether a report about the letter is not too late, and not about one that never left."""
    left_at = letter.sent_at or letter.claimed_at
    return left_at is not None and left_at > clock.now() - BOUNCE_LIFE


def latest_to(member_id: int) -> Letter | None:
    """The letter sent last to a member, if reports about it are still listened to."""
    query = select(Letter).where(Letter.member_id == member_id, Letter.sent_at > clock.now() - BOUNCE_LIFE)
    return session().scalar(query.order_by(Letter.sent_at.desc(), Letter.id.desc()).limit(1))


def life_of(letter_id: int) -> Sequence[Happening]:
    """What happened to a letter, in its order; the last hundred things."""
    query = select(Happening).where(Happening.letter_id == letter_id).order_by(Happening.id.desc()).limit(100)
    return session().scalars(query).all()[::-1]


def locked(letter_id: int, on: Session | None = None) -> Letter | None:
    """The letter, for nobody else to settle until the transaction ends; None if there is none."""
    query = select(Letter).where(Letter.id == letter_id).with_for_update()
    return (on or session()).scalar(query.execution_options(populate_existing=True))
