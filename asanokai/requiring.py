"""Wanting a second factor of those who see other people's data: they are told before the desk asks for it.

A passkey is both factors: whoever has one need not be told.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select

from asanokai import clock, factors, installation
from asanokai.db import session
from asanokai.members import Member
from asanokai.passkeys import Passkey
from asanokai.series import Belonging, Series, still

_ADMINISTER = Member.administrator.is_(True)


def tell_before(wanted: str, before: str) -> int:
    """Post a letter to everybody of whom a second factor is wanted from now on and who has none; how many."""
    # It was wanted of all of them already: whoever asks for less asks nobody anew.
    if before == "coordinators" or wanted in ("", before):
        return 0
    return _tell(_ADMINISTER if wanted == "administrators" else or_(_ADMINISTER, Member.id.in_(_coordinating(None))))


def tell_of_series(series: Series) -> int:
    """The same for one series: its coordinators, and all who administer, since the desk is closed to them as soon as
    one series wants it."""
    coordinate = Member.id.in_(_coordinating(series.id))
    if _wanted_of_administrators(but=series.id):
        return _tell(and_(coordinate, not_(_ADMINISTER)))
    return _tell(or_(coordinate, _ADMINISTER))


def _wanted_of_administrators(*, but: int) -> bool:
    """Whether the settings want it of them, or a series other than that."""
    others = select(Series.id).where(Series.second_factor, Series.id != but).limit(1)
    return bool(installation.current().second_factor) or session().scalar(others) is not None


def _coordinating(series_id: int | None) -> Select[Any]:
    query = select(Belonging.member_id).where(Belonging.role == "coordinator", still(clock.now()))
    return query if series_id is None else query.where(Belonging.series_id == series_id)


def _tell(whom: ColumnElement[bool]) -> int:
    has_app = select(factors.Factor.member_id).where(factors.Factor.confirmed_at.is_not(None))
    has_one = Member.id.in_(has_app) | Member.id.in_(select(Passkey.member_id))
    found = select(Member.id).where(whom, Member.standing == "accepted", not_(has_one)).order_by(Member.id)
    numbers = session().scalars(found).all()
    for number in numbers:
        factors.tell_required(number)
    return len(numbers)
