"""Saved views: a coordinator's own names for searches in lists of people. Nobody else sees them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock
from asanokai.db import Base, Facts, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.members import Member, cleaned

LONGEST_NAME = 60
MOST = 30
"""Views somebody may keep of one list: they stand above it, one beside the other."""


class View(Base):
    """A search somebody keeps. `series_id` says whose list it is of, None the list of everybody; `query` is what stands
    in the list's address."""

    __tablename__ = "view"
    __table_args__ = (Index(None, "owner_id", "series_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    name: Mapped[str]
    query: Mapped[dict[str, Any]] = mapped_column(Facts)
    created_at: Mapped[datetime]


def save(owner: Member, name: str, query: dict[str, str], *, series_id: int | None) -> View:
    """Keep a search under a name; one of that name is replaced. Raises `BadInput` without a name, `Refused` for too
    many."""
    name = cleaned(name)
    if not name or len(name) > LONGEST_NAME:
        raise BadInput("name", N_("Please give the view a name of at most %(most)s characters."), most=LONGEST_NAME)
    kept = session().scalar(select(View).where(View.owner_id == owner.id, _of(series_id), View.name == name).limit(1))
    if kept is None:
        count = session().scalar(select(func.count()).where(View.owner_id == owner.id, _of(series_id)))
        if (count or 0) >= MOST:
            raise Refused(N_("You keep %(most)s views of this list already. Please delete one first."), most=MOST)
        kept = View(owner_id=owner.id, series_id=series_id, name=name, created_at=clock.now())
        session().add(kept)
    kept.query = dict(query)
    session().flush()
    return kept


def of(owner_id: int, *, series_id: int | None) -> list[View]:
    """The owner's views of a list, by name."""
    query = select(View).where(View.owner_id == owner_id, _of(series_id)).order_by(View.name, View.id)
    return list(session().scalars(query))


def by_id(view_id: int, owner_id: int) -> View:
    """The owner's view. Raises `Missing`, also for one of somebody else."""
    kept = session().scalar(select(View).where(View.id == view_id, View.owner_id == owner_id))
    if kept is None:
        raise Missing(N_("There is no such view."))
    return kept


def drop(view: View) -> None:
    """Keep it no longer."""
    session().delete(view)
    session().flush()


def drop_all(owner_id: int) -> None:
    """Keep none of somebody's: they see no list any more."""
    session().execute(delete(View).where(View.owner_id == owner_id))


def _of(series_id: int | None) -> Any:
    return View.series_id.is_(None) if series_id is None else View.series_id == series_id
