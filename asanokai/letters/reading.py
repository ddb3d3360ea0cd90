"""Looking at the ledger: single letters, lists of them, counts by state. Changes nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from asanokai.db import session
from asanokai.errors import N_, Missing
from asanokai.letters.row import Letter


def counts(meeting_id: int | None = None) -> dict[str, int]:
    """How many letters are in which state, of one meeting or of all."""
    return counts_of(None if meeting_id is None else [meeting_id])


def counts_of(meeting_ids: Sequence[int] | None) -> dict[str, int]:
    """How many letters are in which state, of some meetings or (None) of all."""
    query = select(Letter.state, func.count()).group_by(Letter.state)
    if meeting_ids is not None:
        query = query.where(Letter.meeting_id.in_(meeting_ids))
    return {state: count for state, count in session().execute(query)}


def by_message_id(number: str) -> Letter | None:
    """The letter that went out under this Message-ID."""
    if not number:
        return None
    return session().scalar(select(Letter).where(Letter.message_id == number))


def count_posted(kind: str, meeting_id: int, member_id: int, since: datetime) -> int:
    """How many letters of a kind about a meeting were written down for a member since then."""
    query = select(func.count(Letter.id)).where(Letter.kind == kind, Letter.meeting_id == meeting_id)
    return session().scalar(query.where(Letter.member_id == member_id, Letter.created_at > since)) or 0


def stands(kind: str, meeting_id: int, member_id: int, revision: int) -> bool:
    """Whether a letter of that kind about that revision of an answer waits, is leaving or has gone."""
    query = select(Letter.facts).where(
        Letter.kind == kind,
        Letter.meeting_id == meeting_id,
        Letter.member_id == member_id,
        Letter.state.in_(("queued", "claimed", "sent")),
    )
    return any((facts or {}).get("revision") == revision for facts in session().scalars(query))


def by_id(letter_id: int) -> Letter:
    """The letter. Raises `Missing`."""
    letter = session().get(Letter, letter_id)
    if letter is None:
        raise Missing(N_("There is no such letter."))
    return letter


def newest(
    *, meeting_ids: Sequence[int] | None = None, state: str | None = None, limit: int = 100, offset: int = 0
) -> Sequence[Letter]:
    """The ledger's newest letters, of some meetings or (None) all."""
    query = select(Letter).order_by(Letter.id.desc()).limit(limit).offset(offset)
    if meeting_ids is not None:
        query = query.where(Letter.meeting_id.in_(meeting_ids))
    if state is not None:
        query = query.where(Letter.state == state)
    return session().scalars(query).all()


def of_member(
    member_id: int, *, meeting_ids: Sequence[int] | None = None, limit: int = 100, offset: int = 0
) -> Sequence[Letter]:
    """One member's letters, the newest first: those about some meetings or (None) all."""
    query = select(Letter).where(Letter.member_id == member_id).order_by(Letter.created_at.desc(), Letter.id.desc())
    if meeting_ids is not None:
        query = query.where(Letter.meeting_id.in_(meeting_ids))
    return session().scalars(query.limit(limit).offset(offset)).all()


def queued_of(meeting_ids: Sequence[int]) -> dict[int, int]:
    """How many letters of each meeting wait to be sent; meetings without are left out."""
    query = select(Letter.meeting_id, func.count()).where(Letter.state == "queued", Letter.meeting_id.in_(meeting_ids))
    found = session().execute(query.group_by(Letter.meeting_id))
    return {meeting_id: number for meeting_id, number in found if meeting_id is not None}
