"""Asking that somebody be erased, and doing it once their last letters have gone."""

from sqlalchemy import select, update

from asanokai import clock, erased, journal, leaving, members
from asanokai.db import session, table_of
from asanokai.erasing import clearing
from asanokai.erasing.row import LONGEST_WAIT, Erasure
from asanokai.errors import N_, Refused
from asanokai.leaving import Consequences
from asanokai.letters import Letter
from asanokai.members import Address, Member
from asanokai.whose import person

AT_ONCE = 20
"""People erased in one step; the next beat takes the others."""


def look(member: Member) -> Consequences:
    """What ends: the series, and the meetings to come. Changes nothing."""
    return leaving.look(member)


def pending(member_id: int) -> Erasure | None:
    """What was asked for and is not done."""
    return session().scalar(select(Erasure).where(Erasure.member_id == member_id, Erasure.done_at.is_(None)))


def ask(member: Member, *, why: str, keep_texts: bool = False, actor_id: int | None) -> Erasure:
    """Let a person be erased: they leave at once, and are emptied once the letters that cancel meetings have gone.

    Raises `Refused` for the last administrator, and for a row that is empty already.
    """
    if member.standing == "erased":
        raise Refused(N_("This account is deleted already."))
    found = pending(member.id)
    if found is not None:
        return found
    if member.standing == "accepted":
        leaving.leave(member, actor_id=actor_id if actor_id is not None else member.id)
    members.sign_out_everywhere(member)
    found = Erasure(member_id=member.id, why=why, keep_texts=keep_texts, asked_at=clock.now())
    session().add(found)
    session().flush()
    journal.write("ask for erasure", "member", member.id, actor_id=actor_id)
    return found


def step() -> int:
    """Erase everybody whose last letters have gone, or who has waited long enough; how many. Who has come back
    meanwhile, by confirming an application, is not erased."""
    waiting = select(Erasure).where(Erasure.done_at.is_(None)).order_by(Erasure.id).with_for_update()
    ready = [row for row in session().scalars(waiting) if _last_letters_gone(row)]
    return sum(_erase(row) for row in ready[:AT_ONCE])


def _last_letters_gone(row: Erasure) -> bool:
    if clock.now() >= row.asked_at + LONGEST_WAIT:
        return True
    left = select(Letter.id).where(Letter.member_id == row.member_id, Letter.state.in_(("queued", "claimed")))
    return session().scalar(left.limit(1)) is None


def _erase(row: Erasure) -> bool:
    member = members.by_id(row.member_id)
    session().refresh(member)
    row.done_at = clock.now()
    if member.standing == "accepted" or (member.standing == "confirmed" and row.why != "administrator"):
        journal.write("keep", "member", member.id)
        return False
    now_empty(member, keep_texts=row.keep_texts)
    return True


def now_empty(member: Member, *, keep_texts: bool) -> None:
    """Empty the row and everything that is the person's, and keep a mark of each address, so that no list brings them
    back."""
    known = session().scalars(select(Address.normal).where(Address.member_id == member.id)).all()
    one = person(member)
    _drop_letters(member.id)
    clearing.clear(one, keep_texts=keep_texts)
    erased.write_down(member.id, member.created_at, known)
    journal.write("erase", "member", member.id)


def _drop_letters(member_id: int) -> None:
    table = table_of(Letter)
    session().execute(
        update(table)
        .where(table.c.member_id == member_id, table.c.state.in_(("queued", "claimed")))
        .values(state="dropped", reason="erased", settled_at=clock.now())
    )
