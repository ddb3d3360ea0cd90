"""Asking for a copy, making it part by part, and handing it out."""

from typing import Any

from sqlalchemy import select

from asanokai import clock, db, journal, letters, members
from asanokai.copies.parts import PARTS
from asanokai.copies.row import Copy
from asanokai.copies.writing import Writer
from asanokai.db import session
from asanokai.errors import N_, Missing, Refused
from asanokai.members import Member
from asanokai.whose import Person, person


def ask(member: Member, *, actor_id: int | None) -> Copy:
    """Have a copy made; while one is being made, that one. Raises `Refused` for a row that stands for nobody."""
    if member.standing == "erased":
        raise Refused(N_("This account is deleted already."))
    found = session().scalar(select(Copy).where(Copy.member_id == member.id, Copy.ready_at.is_(None)))
    if found is None:
        found = Copy(member_id=member.id, asked_by_id=actor_id, asked_at=clock.now(), total=len(PARTS) + 1)
        session().add(found)
        session().flush()
        journal.write("ask", "copy", found.id, actor_id=actor_id, member=member.id)
    return found


def of_member(member_id: int) -> list[Copy]:
    """Somebody's copies, the newest first."""
    return list(session().scalars(select(Copy).where(Copy.member_id == member_id).order_by(Copy.id.desc()).limit(20)))


def made(copy_id: int, member_id: int | None) -> Copy | None:
    """Somebody's copy, if it is ready and has not been deleted. On SQLite another's may have its number by then."""
    found = session().get(Copy, copy_id)
    return found if found is not None and found.member_id == member_id and found.ready_at is not None else None


def fetch(copy_id: int, member_id: int, *, actor_id: int | None) -> bytes:
    """The file of somebody's copy, and note that it was taken. Raises `Missing` for somebody else's, or one that is not
    ready."""
    found = session().get(Copy, copy_id)
    if found is None or found.member_id != member_id or found.ready_at is None or found.content is None:
        raise Missing(N_("There is no such copy."))
    found.fetched_at = clock.now()
    journal.write("fetch", "copy", found.id, actor_id=actor_id, member=member_id)
    return found.content


def step() -> int:
    """Make the copy that has waited longest, a part at a time, so that everybody sees how far it has come; 1 or 0.
    Needs no transaction around it. What a worker that died left undone is begun anew, after those that nobody has
    begun: one that cannot be made keeps no other from being made."""
    with db.reading():
        waiting = session().scalar(select(Copy.id).where(Copy.ready_at.is_(None)).order_by(Copy.done, Copy.id).limit(1))
    return _make(waiting) if waiting is not None else 0


def _make(copy_id: int) -> int:
    found: dict[str, list[dict[str, Any]]] = {}
    one = _begin(copy_id)
    for part in PARTS if one is not None else ():
        assert one is not None
        with db.reading():
            found[part.name] = [part.shape(dict(row._mapping)) for row in session().execute(part.ask(one))]
        if not _went_on(copy_id, len(found)):
            return 0
    with db.transaction():
        return finish(copy_id, found)


def _begin(copy_id: int) -> Person | None:
    with db.reading():
        row = session().get(Copy, copy_id)
        return person(members.by_id(row.member_id)) if row is not None else None


def _went_on(copy_id: int, done: int) -> bool:
    """Say how far it is; False if nobody wants it any more."""
    with db.transaction():
        row = session().get(Copy, copy_id)
        if row is not None:
            row.done = done
        return row is not None


def finish(copy_id: int, found: dict[str, list[dict[str, Any]]]) -> int:
    """Write what was found into the file, and have a letter say that it is there: the file itself goes by no mail, and
    nothing in the letter opens it. Who has left cannot sign in to fetch it, and gets none. 0 if the person was deleted
    meanwhile, or another worker has made it."""
    row = session().get(Copy, copy_id, with_for_update=True)
    if row is None or row.ready_at is not None:
        return 0
    member = members.by_id(row.member_id)
    content = Writer(member.language, member.zone, clock.now()).write(found)
    row.content, row.size, row.done, row.ready_at = content, len(content), row.total, clock.now()
    session().flush()
    journal.write("make", "copy", row.id, member=row.member_id)
    if member.standing == "accepted":
        # Numbers come again on SQLite, and letters stay when the copy goes.
        key = f"copy-ready:{row.id}:{row.asked_at.isoformat()}"
        letters.post("copy_ready", key, member_id=member.id, facts={"copy": row.id})
    return 1
