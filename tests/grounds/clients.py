"""Our invitation → what a mail program or calendar of the world sends back when its user presses a button.

    asked = clients.Asked.of(raw)                      # from a letter as it was sent, or made up: clients.asked()
    raw = clients.answer("gmail", asked, "ACCEPTED")   # the mail that comes, as bytes
    raw = clients.answer("outlook365", asked, "COUNTER", proposed=…)

Each is written after what was reported of that program: which lines its calendar has, in which order and how they
are folded, how its mail is put together. `CLIENTS` names them all, `COUNTERING` those that can propose a time.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from tests.grounds.answering import Answer, Asked, asked
from tests.grounds.clients_known import COUNTERING as _COUNTERING
from tests.grounds.clients_known import KNOWN
from tests.grounds.clients_other import COUNTERING as _COUNTERING_TOO
from tests.grounds.clients_other import OTHER

__all__ = ["CLIENTS", "COUNTERING", "Answer", "Asked", "answer", "asked"]

_CLIENTS: dict[str, Callable[[Answer], bytes]] = {**KNOWN, **OTHER}
CLIENTS = tuple(_CLIENTS)
"""Every program whose answers can be made."""

COUNTERING = (*_COUNTERING, *_COUNTERING_TOO)
"""Those that can propose another time."""


def answer(
    client: str,
    asked: Asked,
    partstat: str = "ACCEPTED",
    *,
    at: datetime | None = None,
    comment: str = "",
    proposed: datetime | None = None,
    sender: str = "",
) -> bytes:
    """The mail that comes from this program. `partstat`: ACCEPTED, TENTATIVE, DECLINED, or COUNTER with `proposed`."""
    stamp = at or asked.starts_at - timedelta(days=7)
    if partstat == "COUNTER" and proposed is None:
        proposed = asked.starts_at + timedelta(hours=2)
    return _CLIENTS[client](Answer(asked, partstat, stamp, comment, proposed, sender or asked.attendee))
