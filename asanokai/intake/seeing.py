"""Mails as people look at them: lists, single ones, what is readable in them. Changes nothing.

A coordinator sees what concerns meetings of their own series, and what concerns members of them and no meeting; the
rest is for administrators (`series_ids` None).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from asanokai.db import session
from asanokai.errors import N_, Missing
from asanokai.intake.fresh import new_words
from asanokai.intake.opened import open_mail
from asanokai.intake.row import Incoming
from asanokai.meetings import Meeting
from asanokai.series import Belonging

LONGEST = 20_000
"""Characters of a mail that a page shows."""

KINDS: dict[str, ColumnElement[bool]] = {
    "open": Incoming.state == "parked",
    "message": Incoming.outcome == "message",
    "unclear": Incoming.outcome.in_(("unclear", "asked back", "refused")),
    "other": Incoming.outcome.in_(("counter", "delegated")),
    "failed": Incoming.outcome.in_(("failed", "too much")),
    "taken": Incoming.state == "taken",
    "all": true(),
}
"""What a list can be narrowed to. *other*: another time or another person was proposed."""


@dataclass(frozen=True)
class Attached:
    """A part of a mail that is not read here: what it calls itself, and its octets."""

    name: str
    size: int


@dataclass(frozen=True)
class Contents:
    """What is readable in a mail. `words` are new, `whole` with what they quote; `cut`: there is more than is shown."""

    words: str
    whole: str
    attached: list[Attached]
    cut: bool = False


def visible(series_ids: Collection[int] | None) -> ColumnElement[bool]:
    """Which mails somebody may see who coordinates these series."""
    if series_ids is None:
        return true()
    own = select(Meeting.id).where(Meeting.series_id.in_(series_ids))
    of_people = select(Belonging.member_id).where(Belonging.series_id.in_(series_ids))
    return or_(Incoming.meeting_id.in_(own), and_(Incoming.meeting_id.is_(None), Incoming.member_id.in_(of_people)))


def mails(
    series_ids: Collection[int] | None,
    *,
    kind: str = "open",
    meeting_id: int | None = None,
    member_id: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> Sequence[Incoming]:
    """The newest mails of a kind: open ones first."""
    query = select(Incoming).where(visible(series_ids), KINDS[kind], *_about(meeting_id, member_id))
    newest = query.order_by((Incoming.state == "parked").desc(), Incoming.id.desc())
    return session().scalars(newest.limit(limit).offset(offset)).all()


def counts(
    series_ids: Collection[int] | None, *, meeting_id: int | None = None, member_id: int | None = None
) -> dict[str, int]:
    """How many mails there are of each kind."""
    columns = [func.count().filter(criterion).label(kind) for kind, criterion in KINDS.items()]
    query = select(*columns).where(visible(series_ids), *_about(meeting_id, member_id))
    return {kind: int(number) for kind, number in zip(KINDS, session().execute(query).one(), strict=True)}


def count_open(series_ids: Collection[int] | None) -> int:
    """How many mails wait for somebody."""
    query = select(func.count()).select_from(Incoming).where(Incoming.state == "parked", visible(series_ids))
    return int(session().scalar(query) or 0)


def _about(meeting_id: int | None, member_id: int | None) -> list[ColumnElement[bool]]:
    found = []
    if meeting_id is not None:
        found.append(Incoming.meeting_id == meeting_id)
    if member_id is not None:
        found.append(Incoming.member_id == member_id)
    return found


def one(mail_id: int, series_ids: Collection[int] | None) -> Incoming:
    """The mail, if they may see it. Raises `Missing`."""
    mail = session().scalar(select(Incoming).where(Incoming.id == mail_id, visible(series_ids)))
    if mail is None:
        raise Missing(N_("There is no such mail."))
    return mail


def is_kept(mail: Incoming) -> bool:
    """Whether the mail's bytes are still there. They are not loaded for it."""
    kept = select(Incoming.raw.is_not(None)).where(Incoming.id == mail.id)
    return bool(session().scalar(kept))


def contents(mail: Incoming) -> Contents | None:
    """What is readable in the mail, None if its bytes have been deleted."""
    raw = session().scalar(select(Incoming.raw).where(Incoming.id == mail.id))
    if raw is None:
        return None
    opened = open_mail(raw)
    attached = [
        Attached(part.name or part.kind, len(part.content))
        for part in opened.own_parts
        if part.name or not part.kind.startswith("text/")
    ]
    whole = _shown(opened.text)
    return Contents(_shown(new_words(opened.text)), whole[:LONGEST], attached, cut=len(whole) > LONGEST)


def _shown(words: str) -> str:
    """Words that a page can hold: without signs that steer a terminal or turn the direction of writing."""
    kept = "".join(sign for sign in words if sign in "\n\t" or not (ord(sign) < 32 or sign in _STEERING))
    return kept.strip()


_STEERING = "\x7f\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
