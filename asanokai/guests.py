"""Guests by name: who comes along with an answer, as far as their names are known. How many come is the answer's own.

Names are optional and may be fewer than the guests; when fewer come than were named, the last ones named are not shown.
"""

from collections.abc import Sequence

from sqlalchemy import ForeignKey, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import journal
from asanokai.db import Base, session
from asanokai.errors import N_, BadInput
from asanokai.members import cleaned
from asanokai.rsvps import Rsvp

COMMAS = ("，", "、", ",")


class Guest(Base):
    """Somebody who comes along."""

    __tablename__ = "guest"
    __table_args__ = (UniqueConstraint("rsvp_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rsvp_id: Mapped[int] = mapped_column(ForeignKey("rsvp.id", ondelete="CASCADE"))
    place: Mapped[int]
    name: Mapped[str]
    organisation: Mapped[str] = mapped_column(default="")


def of(rsvps: Sequence[Rsvp]) -> dict[int, list[Guest]]:
    """The named guests of several answers, by the answer's number; one statement."""
    coming = {rsvp.id: rsvp.guests for rsvp in rsvps if rsvp.guests}
    found: dict[int, list[Guest]] = {number: [] for number in coming}
    if not coming:
        return found
    for guest in session().scalars(select(Guest).where(Guest.rsvp_id.in_(coming)).order_by(Guest.rsvp_id, Guest.place)):
        if len(found[guest.rsvp_id]) < coming[guest.rsvp_id]:
            found[guest.rsvp_id].append(guest)
    return found


def typed(guests: Sequence[Guest]) -> str:
    """Guests as a form shows them: a line each, the organisation behind a comma."""
    return "\n".join(f"{guest.name}, {guest.organisation}" if guest.organisation else guest.name for guest in guests)


def read(words: str) -> list[tuple[str, str]]:
    """(name, organisation) of each line that was typed."""
    found = []
    for line in words.split("\n"):
        for comma in COMMAS:
            line = line.replace(comma, ",")
        name, _comma, organisation = line.partition(",")
        if cleaned(name):
            found.append((cleaned(name), cleaned(organisation)))
    return found


def name(rsvp: Rsvp, named: Sequence[tuple[str, str]], *, actor_id: int | None = None) -> None:
    """Let these be the guests' names. Raises `BadInput` for more names than guests."""
    if len(named) > rsvp.guests:
        raise BadInput("guest_names", N_("You named more guests than you bring; please give their number too."))
    known = session().execute(
        select(Guest.name, Guest.organisation).where(Guest.rsvp_id == rsvp.id).order_by(Guest.place)
    )
    if [(name, organisation) for name, organisation in known] == list(named):
        return
    session().execute(delete(Guest).where(Guest.rsvp_id == rsvp.id))
    session().add_all(
        Guest(rsvp_id=rsvp.id, place=place, name=name, organisation=organisation)
        for place, (name, organisation) in enumerate(named, 1)
    )
    session().flush()
    journal.write("name guests", "rsvp", rsvp.id, actor_id=actor_id, meeting=rsvp.meeting_id, named=len(named))
