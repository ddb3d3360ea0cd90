"""After a restore: nobody is written to twice, nobody is signed in, and nobody is back who was erased.

What went out between the backup and the disaster is not in the backup. So everything waits: the installation is paused
until a coordinator lets letters go again, and every letter that was due is planned and set aside as failed, where the
desk shows it and one button sends it if it did not go out. Devices, and links that sign in, are good no more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from asanokai import clock, db, erased, erasing, installation, invitations, leaving, writing
from asanokai.db import session, table_of
from asanokai.devices import Device
from asanokai.erased import Erasure
from asanokai.letters import Letter
from asanokai.members import Address, Member
from asanokai.night import Night
from asanokai.whose import person

LOOK = "was due when the backup was restored; look whether it went out, and send it again if not"


@dataclass(frozen=True)
class Seen:
    """How many people were erased again, and how many letters were set aside."""

    erased: int
    letters: int


def see_to(made_at: datetime, lines: Sequence[Erasure], *, night: Night) -> Seen:
    """All of it, in the transaction that is open."""
    sign_everybody_out()
    gone = erase_again(lines)
    aside = set_aside(night)
    installation.restored(made_at, erased=gone, letters=aside)
    return Seen(gone, aside)


def sign_everybody_out() -> None:
    """Make every cookie and every link that signs in worthless: whoever lost a device since the backup is rid of it."""
    session().execute(delete(Device))
    session().execute(update(table_of(Member)).values(sign_in_hash=None, sign_in_until=None))
    session().expire_all()


# --- who was erased ---------------------------------------------------------------------------------------------------


def erase_again(lines: Iterable[Erasure]) -> int:
    """Erase everybody the list names who is back; how many. Writes no new line: who came back since of their own will
    would be meant by it too."""
    lines = list(lines)
    marks = {erased.the_list().mark(normal): owner for normal, owner in _addresses()}
    count = 0
    with erased.the_list().replayed():
        for line in lines:
            for number in sorted(_meant(line, marks)):
                count += _erase(number, line)
    erased.note_again(lines)
    return count


def _addresses() -> list[tuple[str, int]]:
    return [(normal, owner) for normal, owner in session().execute(select(Address.normal, Address.member_id))]


def _meant(line: Erasure, marks: dict[str, int]) -> set[int]:
    """The member of a line, and those other rows of the same person that were merged into it after the backup."""
    found = {marks[mark] for mark in line.marks if mark in marks}
    return found | ({line.member} if line.member is not None else set())


def _erase(number: int, line: Erasure) -> int:
    member = session().get(Member, number)
    if member is None or member.standing == "erased":
        return 0
    # A number may have gone to somebody else, an address to who came back: neither was there when the line was written.
    if member.created_at > line.at or (number == line.member and member.created_at != line.created_at):
        return 0
    if member.standing == "accepted":
        member.administrator = False  # else the last one could not leave
        leaving.leave(member, actor_id=member.id)
    erasing.clear(person(member), keep_texts=False)
    return 1


# --- letters ----------------------------------------------------------------------------------------------------------


def set_aside(night: Night) -> int:
    """Plan what was due, and settle all that would go out now as failed; how many letters."""
    now = clock.now()
    for moment_id in invitations.due_moments():
        invitations.plan(moment_id, night=night)
    for message_id in writing.due():
        writing.plan(message_id, night=night)
    waiting = Letter.state.in_(("queued", "claimed")), or_(Letter.due_at <= now, Letter.created_at >= now)
    settled = session().execute(
        update(Letter)
        .where(*waiting)
        .values(state="failed", reason=LOOK, settled_at=now, claimed_by=None, claimed_until=None)
        .execution_options(synchronize_session=False)
    )
    return db.affected(settled)
