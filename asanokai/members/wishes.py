"""Which kinds of letters somebody wants: all, none, or some. One switch may stand for several kinds.

Only what nobody needs has a switch. What follows from one's own answer, moves and cancellations, and letters about the
account always go. `unsubscribed_at` ends all that goes to a meeting's audience at once; the switches stay as they were
beneath it.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, case, delete, exists, literal, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import db, journal
from asanokai.db import Base, insert_missing, session
from asanokai.errors import N_, BadInput
from asanokai.members.keeping import subscribe, unsubscribe
from asanokai.members.rows import Member

OF_AUDIENCE = {
    "invite": ("invite",),
    "remind": ("remind", "nudge"),
    "eve": ("eve",),
    "own": ("own",),
    "thanks": ("thanks",),
}
"""Switch → kinds of letters, for everybody."""

OF_DESK = {"digest": ("digest",), "application": ("application",)}
"""The same for who coordinates."""

WISH_OF = {kind: wish for wish, kinds in {**OF_AUDIENCE, **OF_DESK}.items() for kind in kinds}
"""Kind of letter → its switch."""

SWITCHED_OFF = "switched off"
"""The reason why such a letter is not sent."""


class Mute(Base):
    """A member does without one kind of letters."""

    __tablename__ = "mute"
    __table_args__ = (UniqueConstraint("member_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    kind: Mapped[str]


def mute(member: Member, kind: str) -> None:
    """No letters of this kind any more; what is queued is dropped when its turn comes. Twice is as good as once.
    Raises `BadInput` for what has no switch."""
    _must_have_switch(kind)
    added = session().execute(insert_missing(Mute), {"member_id": member.id, "kind": kind})
    if db.affected(added):
        journal.write("mute", "member", member.id, actor_id=member.id, kind=kind)


def unmute(member: Member, kind: str) -> None:
    """Letters of this kind again. Raises as `mute`."""
    _must_have_switch(kind)
    removed = session().execute(delete(Mute).where(Mute.member_id == member.id, Mute.kind == kind))
    if db.affected(removed):
        journal.write("unmute", "member", member.id, actor_id=member.id, kind=kind)


def _must_have_switch(kind: str) -> None:
    if kind not in OF_AUDIENCE and kind not in OF_DESK:
        raise BadInput("kinds", N_("This kind of letter cannot be switched off."))


def muted(member_id: int) -> frozenset[str]:
    """The switches that are off."""
    return frozenset(session().scalars(select(Mute.kind).where(Mute.member_id == member_id)))


def wanted(member: Member) -> frozenset[str]:
    """The switches of the letters that really go to the member."""
    every = {*OF_DESK} if member.unsubscribed_at is not None else {*OF_AUDIENCE, *OF_DESK}
    return frozenset(every - muted(member.id))


def unwanted(member_id: int, kind: str) -> bool:
    """Whether the member has switched off a kind of letters. `kind` is the letter's, not the switch's."""
    return bool(session().scalar(select(does_without(kind, literal(member_id)))))


def choose(member: Member, wishes: Collection[str], *, among: Collection[str], by: str = "page") -> None:
    """Set the switches of `among`: those in `wishes` on, the others off. Raises as `mute`.

    Who wants nothing that goes to an audience has ended the invitations, as by one click; who then wants something
    again has not. Of who has been erased nothing is written any more.
    """
    if member.standing == "erased":
        return
    for kind in {*wishes, *among}:
        _must_have_switch(kind)
    audience = {*among} & {*OF_AUDIENCE}
    nothing = bool(audience) and not audience & {*wishes}
    if nothing:
        unsubscribe(member, by=by)
    elif audience:
        subscribe(member, actor_id=member.id)
    for kind in sorted({*among} - audience if nothing else among):
        (unmute if kind in wishes else mute)(member, kind)


def does_without(kind: Any, member_id: Any = Member.id) -> ColumnElement[bool]:
    """The same as SQL, for a kind or a column of kinds, and a column of members."""
    wish = literal(WISH_OF.get(kind, "")) if isinstance(kind, str) else case(WISH_OF, value=kind)
    return exists().where(Mute.member_id == member_id, Mute.kind == wish)
