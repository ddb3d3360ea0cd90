"""What becomes of a mail that came. Each reader returns an `Outcome`, or None where the mail is not for it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from asanokai.intake.opened import Opened
from asanokai.intake.recipient import Ours
from asanokai.intake.row import Incoming
from asanokai.tokens import Tokens

OUTCOMES = (
    "answered",
    "unchanged",
    "older",
    "waiting list",
    "refused",
    "asked back",
    "counter",
    "delegated",
    "bounce",
    "complaint",
    "delay",
    "automatic",
    "unsubscribed",
    "own",
    "nothing",
    "message",
    "unclear",
    "too much",
    "failed",
)
"""answered, unchanged, older, waiting list, refused, asked back: an answer, and how it was taken (refused: a rule said
no; asked back: the member is asked to confirm; older: a newer answer stands already). counter, delegated: another time
or person was proposed, a coordinator decides. bounce, complaint, delay: reports about our letters. automatic: an
auto-reply, counts as nothing. unsubscribed: by mail. own: our own letter came back. nothing: there is nothing in it to
do. message: words to the organisers. unclear: an answer that nobody can be sure of. too much: larger or deeper than is
read. failed: three times."""


@dataclass(frozen=True)
class Place:
    """Where mail comes to: whose tokens these are, the domain of replies, that of Message-IDs, and the name under which
    the operator's own MTA writes Authentication-Results (RFC 8601), "" if there is none to be believed. `owed` are
    mails whose attempt the database itself has spoilt: it is given back as soon as the database can be written again.
    """

    tokens: Tokens
    reply_domain: str
    mail_domain: str
    authserv_id: str
    sender: str = ""
    owed: list[int] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class Arrived:
    """A mail on its way through the readers: its row, what is in it, and whose token its recipient bears."""

    row: Incoming
    mail: Opened
    ours: Ours | None
    at: Place


@dataclass(frozen=True)
class Outcome:
    """How it ended. `parked`: a person must look; `reason` says in an English msgid what is wrong or to be done."""

    outcome: str
    state: Literal["taken", "parked"] = "taken"
    reason: str | None = None
    member_id: int | None = None
    meeting_id: int | None = None
    letter_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)
