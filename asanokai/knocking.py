"""Somebody at the door, who is known by nothing but an address, asks for a letter: to sign in, or to confirm an
application.

Whether the address belongs to anybody must not be told, not even by how long the answer takes. So the page looks up
nobody: it writes down what was asked, one row for everybody alike, and the worker looks within seconds who it is and
does it. The row goes with that; what is asked for is checked at the page, as far as it does not depend on who asks.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import applying, clock, db, members
from asanokai.db import Base, Facts, session
from asanokai.errors import Refused

log = logging.getLogger(__name__)

AT_ONCE = 100
LIFE = timedelta(hours=1)
"""After which nobody waits for the letter any more, if no worker was running."""


class Knock(Base):
    """What one visitor asked for. `address` is the normal one; `facts` hold an applicant's words, for these seconds."""

    __tablename__ = "knock"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    address: Mapped[str]
    facts: Mapped[dict[str, Any] | None] = mapped_column(Facts)
    at: Mapped[datetime]


def ask_for_sign_in(typed: str) -> None:
    """A letter to sign in by, if the address is an accepted member's. Raises `BadInput` if it cannot be an address."""
    _write("sign_in", typed, None)


def ask_to_take_part(person: dict[str, Any], email: str, **wish: Any) -> None:
    """A letter to confirm an application by; arguments as for `applying.apply`, and what can be refused already is."""
    applying.applied_for(wish.get("series_id"), wish.get("meeting_id"), wish.get("answer"), wish.get("guests", 0))
    applying.said_by(person, email, wish.get("message", ""))
    _write("apply", email, {"person": person, **wish})


def _write(kind: str, typed: str, facts: dict[str, Any] | None) -> None:
    session().add(Knock(kind=kind, address=members.normal_address(typed), facts=facts, at=clock.now()))


def answer() -> int:
    """Do what was asked for, oldest first; how many. Each in a transaction of its own. One that cannot be done is
    logged and forgotten: whoever asked will ask again."""
    with db.reading() as looking:
        waiting = list(looking.scalars(select(Knock.id).order_by(Knock.id).limit(AT_ONCE)))
    for number in waiting:
        try:
            with db.transaction():
                _answer(number)
        except Refused:
            # Only now does it turn out: a meeting was cancelled within these seconds.
            _forget(number)
        except Exception as error:
            if db.own_trouble(error):
                raise
            log.exception("what somebody asked for at the door cannot be done")
            _forget(number)
    return len(waiting)


def _answer(number: int) -> None:
    knock = session().scalar(select(Knock).where(Knock.id == number).with_for_update(skip_locked=True))
    if knock is None:
        return  # another worker was quicker
    if clock.now() - knock.at <= LIFE:
        if knock.kind == "sign_in":
            members.ask_for_sign_in(knock.address)
        else:
            applying.apply(email=knock.address, at=knock.at, **(knock.facts or {}))
    session().delete(knock)


def _forget(number: int) -> None:
    with db.transaction():
        session().execute(delete(Knock).where(Knock.id == number))
