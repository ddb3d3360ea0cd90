"""The ledger of mail: one row per letter, before anything is sent.

`post()` writes a row in the transaction that caused it, `claim()` leases due rows to a sender, `settle()` says how it
ended. States: queued → claimed → sent | failed | dropped | bounced. A row says what is to be written and to whom, not
the words: those are laid out at sending, so a row is never stale.

It knows no SMTP, and member and meeting only by foreign key.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from asanokai import clock, db, journal
from asanokai.db import Base, Facts, insert_missing, session
from asanokai.errors import N_, Missing, Refused

STATES = ("queued", "claimed", "sent", "failed", "dropped", "bounced")
FIRST_OF_ALL = ("sign_in", "opt_in")
"""Kinds somebody is waiting for in front of the screen."""

ASKED_FOR = (
    "sign_in",
    "opt_in",
    "join",
    "welcome",
    "declined",
    "application",
    "digest",
    "test",
    "pack",
    "catering_change",
    "speaker",
    "speaker_remind",
)
"""Kinds that are about an account or the desk, not about a meeting's audience: no pause and no List-* headers."""

OF_MEETING = (
    "invite",
    "remind",
    "confirm",
    "waiting",
    "seat",
    "offer",
    "free",
    "lapsed",
    "moved",
    "changed",
    "cancelled",
    "parted",
    "eve",
    "nudge",
    "own",
    "thanks",
)
"""Letters about a meeting to its audience: they carry answer links and List-* headers."""

LEASE = timedelta(minutes=5)
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
"""How long to wait after the first, second, … temporary refusal; after the last the letter has failed."""


class Letter(Base):
    """One mail to one person. `key` says what it is, so that nothing is posted twice."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index(
            "ix_letter_queued",
            "due_at",
            "id",
            postgresql_where=text("state = 'queued'"),
            sqlite_where=text("state = 'queued'"),
        ),
        Index(
            "ix_letter_claimed",
            "claimed_until",
            postgresql_where=text("state = 'claimed'"),
            sqlite_where=text("state = 'claimed'"),
        ),
        Index(None, "meeting_id", "kind"),
        Index(None, "member_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    address: Mapped[str | None]
    language: Mapped[str | None]
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"))
    facts: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    state: Mapped[str] = mapped_column(default="queued", server_default="queued")
    due_at: Mapped[datetime]
    useless_after: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(unique=True)
    sequence: Mapped[int | None]
    starts_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    server_words: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


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


def message_id(key: str, domain: str) -> str:
    """The Message-ID of a letter: the same at every attempt, and nobody else's."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<{digest}@{domain}>"


def release_expired() -> int:
    """Queue again what a sender claimed and never settled: it died. Returns how many."""
    released = session().execute(
        update(Letter)
        .where(Letter.state == "claimed", Letter.claimed_until < clock.now())
        .values(state="queued", claimed_by=None, claimed_until=None)
    )
    return db.affected(released)


def claim(by: str, size: int = 50, *, held_meetings: Sequence[int] = (), everything_held: bool = False) -> list[int]:
    """Lease up to `size` due letters to the sender `by`; their numbers in the order to send them.

    A claim is a write that says what was won: two senders never hold the same letter. Letters of paused meetings
    (`held_meetings`) or, if everything is paused, all but those somebody asked for, stay where they are.
    """
    won: list[int] = []
    for kinds_first in (True, False):
        if len(won) < size:
            won += _claim(by, size - len(won), kinds_first, held_meetings, everything_held)
    return won


def _claim(by: str, size: int, kinds_first: bool, held_meetings: Sequence[int], everything_held: bool) -> list[int]:
    now = clock.now()
    first = Letter.kind.in_(FIRST_OF_ALL)
    may_go: ColumnElement[bool] = true()
    if everything_held:
        may_go = Letter.kind.in_(ASKED_FOR)
    elif held_meetings:
        may_go = or_(Letter.meeting_id.is_(None), Letter.meeting_id.not_in(held_meetings))
    due = (
        select(Letter.id)
        .where(Letter.state == "queued", Letter.due_at <= now, first if kinds_first else ~first, may_go)
        .order_by(Letter.due_at, Letter.id)
        .limit(size)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claimed = session().execute(
        update(Letter)
        # A CTE is worked out once; a plain subquery may be asked again for every row and win more than `size`.
        .where(Letter.id.in_(select(due.c.id)), Letter.state == "queued")
        .values(state="claimed", claimed_by=by, claimed_until=now + LEASE, attempts=Letter.attempts + 1)
        .returning(Letter.id, Letter.due_at)
        .execution_options(synchronize_session=False)
    )
    return [row.id for row in sorted(claimed, key=lambda row: (row.due_at, row.id))]


NO_FACTS: Mapping[str, Any] = MappingProxyType({})

SETTLED = (
    update(db.table_of(Letter))
    .where(
        Letter.__table__.c.id == bindparam("of_letter"),
        Letter.__table__.c.state == "claimed",
        Letter.__table__.c.claimed_by == bindparam("of_sender"),
    )
    .values(
        state=bindparam("new_state"),
        settled_at=bindparam("now"),
        sent_at=bindparam("new_sent_at"),
        reason=bindparam("new_reason"),
        server_words=bindparam("new_server_words"),
        message_id=bindparam("new_message_id"),
        sequence=bindparam("new_sequence"),
        starts_at=bindparam("new_starts_at"),
        claimed_by=None,
        claimed_until=None,
    )
)
"""How a claimed letter is settled. Written once: putting it together takes longer than carrying it out."""


def settle(
    letter_id: int,
    state: str,
    *,
    by: str,
    reason: str | None = None,
    server_words: str | None = None,
    message_id: str | None = None,
    sequence: int | None = None,
    starts_at: datetime | None = None,
    on: Connection | Session | None = None,
    statement: Update = SETTLED,
    facts: Mapping[str, Any] = NO_FACTS,
) -> bool:
    """Say how a claimed letter ended; whether the claim was still ours. In the transaction `on`, else the session's.

    `statement` may be `SETTLED` with something to be done on the same way to the database, which `facts` tell.
    """
    now = clock.now()
    done = (on or session()).execute(
        statement,
        {
            **facts,
            "of_letter": letter_id,
            "of_sender": by,
            "new_state": state,
            "now": now,
            "new_sent_at": now if state == "sent" else None,
            "new_reason": reason,
            "new_server_words": server_words,
            "new_message_id": message_id,
            "new_sequence": sequence,
            "new_starts_at": starts_at,
        },
    )
    return db.affected(done) > 0


def postpone(
    letter_id: int, attempts: int, *, by: str, server_words: str, on: Connection | Session | None = None
) -> str:
    """After a temporary refusal: queue again with a growing pause, or fail after the last. Returns the state."""
    if attempts > len(PAUSES):
        settle(letter_id, "failed", by=by, reason="refused too often", server_words=server_words, on=on)
        return "failed"
    (on or session()).execute(
        update(Letter)
        .where(Letter.id == letter_id, Letter.state == "claimed", Letter.claimed_by == by)
        .values(
            state="queued",
            due_at=clock.now() + PAUSES[attempts - 1],
            server_words=server_words,
            claimed_by=None,
            claimed_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    return "queued"


def give_back(letter_ids: Iterable[int], *, by: str) -> None:
    """Return claimed letters untried: the server could not be reached, or we are told to stop."""
    session().execute(
        update(Letter)
        .where(Letter.id.in_(list(letter_ids)), Letter.state == "claimed", Letter.claimed_by == by)
        .values(state="queued", claimed_by=None, claimed_until=None, attempts=Letter.attempts - 1)
        .execution_options(synchronize_session=False)
    )


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
    """Queue a failed letter again, now. Raises `Missing`, or `Refused` if it has not failed."""
    letter = session().get(Letter, letter_id)
    if letter is None:
        raise Missing(N_("There is no such letter."))
    if letter.state not in ("failed", "bounced"):
        raise Refused(N_("Only a letter that failed can be sent again."))
    letter.state, letter.due_at, letter.attempts = "queued", clock.now(), 0
    letter.settled_at = letter.reason = letter.server_words = None
    journal.write("retry", "letter", letter.id, actor_id=actor_id, meeting=letter.meeting_id, member=letter.member_id)


def counts(meeting_id: int | None = None) -> dict[str, int]:
    """How many letters are in which state, of one meeting or of all."""
    return counts_of(None if meeting_id is None else [meeting_id])


def counts_of(meeting_ids: Sequence[int] | None) -> dict[str, int]:
    """How many letters are in which state, of some meetings or (None) of all."""
    query = select(Letter.state, func.count()).group_by(Letter.state)
    if meeting_ids is not None:
        query = query.where(Letter.meeting_id.in_(meeting_ids))
    return {state: count for state, count in session().execute(query)}


def mint_nonce() -> str:
    """A secret for a link that works once; keep `tokens.hashed` of it."""
    return secrets.token_urlsafe(24)


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
