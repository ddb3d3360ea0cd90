"""Letters are written down, and dropped where they are no longer true. Sends nothing."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, cast, delete, literal, select, update

from asanokai import clock, db, journal
from asanokai.db import insert_missing, session
from asanokai.errors import N_, Missing, Refused
from asanokai.letters.happening import note
from asanokai.letters.row import AGAIN, OF_MEETING, Letter
from asanokai.tokens import Tokens


def post(
    kind: str,
    key: str,
    *,
    member_id: int | None = None,
    address: str | None = None,
    language: str | None = None,
    meeting_id: int | None = None,
    facts: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    useless_after: datetime | None = None,
) -> bool:
    """Write a letter's row unless its key exists; whether it was new. Goes to `address`, else to the main one."""
    now = clock.now()
    inserted = session().execute(
        insert_missing(Letter),
        {
            "key": key,
            "kind": kind,
            "member_id": member_id,
            "address": address,
            "language": language,
            "meeting_id": meeting_id,
            "facts": facts,
            "due_at": due_at or now,
            "useless_after": useless_after,
            "created_at": now,
        },
    )
    return db.affected(inserted) > 0


def message_id(key: str, domain: str, tokens: Tokens) -> str:
    """The Message-ID of a letter: the same at every attempt, and nobody else's. Reports about a letter are believed by
    it, so nobody can work it out who has not seen the letter."""
    return f"<{tokens.mark('letter', key)}@{domain}>"


def drop_queued(
    reason: str, *, meeting_id: int, kinds: Sequence[str], member_id: int | None = None, again: bool = False
) -> int:
    """Settle what is still queued and no longer true as dropped; with `again`, the same may be posted once more.

    Returns how many.
    """
    criteria = [Letter.state == "queued", Letter.meeting_id == meeting_id, Letter.kind.in_(kinds)]
    if member_id is not None:
        criteria.append(Letter.member_id == member_id)
    dropped = session().execute(
        update(Letter)
        .where(and_(*criteria))
        .values(
            state="dropped",
            reason=reason,
            settled_at=clock.now(),
            key=Letter.key + literal(":dropped:") + cast(Letter.id, String) if again else Letter.key,
        )
        .execution_options(synchronize_session=False)
    )
    return db.affected(dropped)


def is_leaving(meeting_id: int, member_id: int) -> bool:
    """Whether a sender is just delivering a letter about the meeting to somebody."""
    query = select(Letter.id).where(
        Letter.state == "claimed", Letter.meeting_id == meeting_id, Letter.member_id == member_id
    )
    return session().scalar(query.where(Letter.kind.in_(OF_MEETING)).limit(1)) is not None


def prolong(key: str, until: datetime) -> None:
    """Let a letter that has not left yet be of use until then."""
    session().execute(
        update(Letter)
        .where(Letter.key == key, Letter.state.in_(("queued", "claimed")))
        .values(useless_after=until)
        .execution_options(synchronize_session=False)
    )


def drop_by_key(key: str, reason: str) -> None:
    """Settle a queued letter as dropped."""
    session().execute(
        update(Letter)
        .where(Letter.key == key, Letter.state == "queued")
        .values(state="dropped", reason=reason, settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def drop_queued_of_application(application_id: int, reason: str) -> None:
    """Settle what is queued about an application as dropped; what a sender is just claiming is leaving already."""
    # Not waited for: the sender would wait for the application, to mint its secret, and we hold that.
    queued = (
        select(Letter.id)
        .where(Letter.state == "queued", Letter.facts["application"].as_integer() == application_id)
        .with_for_update(skip_locked=True)
        .cte("queued")
    )
    session().execute(
        update(Letter)
        .where(Letter.id.in_(select(queued.c.id)), Letter.state == "queued")
        .values(state="dropped", reason=reason, settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def forget_applications(application_ids: Sequence[int]) -> None:
    """Delete the letters about applications that vanish."""
    session().execute(
        delete(Letter)
        .where(Letter.facts["application"].as_integer().in_(application_ids))
        .execution_options(synchronize_session=False)
    )


def retry(letter_id: int, *, actor_id: int | None = None) -> None:
    """Queue a failed letter again, now, even to an address that is given up. Raises `Missing`, or `Refused` if it has
    not failed."""
    letter = session().get(Letter, letter_id)
    if letter is None:
        raise Missing(N_("There is no such letter."))
    if letter.state not in ("failed", "bounced"):
        raise Refused(N_("Only a letter that failed can be sent again."))
    letter.state, letter.due_at, letter.attempts = "queued", clock.now(), 0
    note([letter.id], "retried")
    letter.facts = {**(letter.facts or {}), AGAIN: True}
    letter.settled_at = letter.reason = letter.server_words = None
    journal.write("retry", "letter", letter.id, actor_id=actor_id, meeting=letter.meeting_id, member=letter.member_id)


def mint_nonce() -> str:
    """A secret for a link that works once; keep `tokens.hashed` of it."""
    return secrets.token_urlsafe(24)
