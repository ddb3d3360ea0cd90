"""Wanting a second factor of those who see other people's data: they are told before the desk asks for it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from asanokai import clock, factors
from asanokai.db import session
from asanokai.members import Member
from asanokai.series import Belonging, Series, still


def tell_before(wanted: str, before: str) -> int:
    """Post a letter to everybody of whom a second factor is wanted from now on and who has set none; how many."""
    if wanted == before or not wanted:
        return 0
    chiefs = Member.administrator.is_(True)
    return _tell(chiefs if wanted == "administrators" else or_(chiefs, Member.id.in_(_coordinating(None))))


def tell_of_series(series: Series) -> int:
    """The same for the coordinators of one series."""
    return _tell(Member.id.in_(_coordinating(series.id)))


def _coordinating(series_id: int | None) -> Select[Any]:
    query = select(Belonging.member_id).where(Belonging.role == "coordinator", still(clock.now()))
    return query if series_id is None else query.where(Belonging.series_id == series_id)


def _tell(whom: ColumnElement[bool]) -> int:
    has_one = select(factors.Factor.member_id).where(factors.Factor.confirmed_at.is_not(None))
    found = select(Member.id).where(whom, Member.standing == "accepted", Member.id.not_in(has_one)).order_by(Member.id)
    numbers = session().scalars(found).all()
    for number in numbers:
        factors.tell_required(number)
    return len(numbers)
