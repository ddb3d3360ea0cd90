"""Mails out of files, written down and taken in at once, as if they had arrived."""

import re
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from asanokai import db
from asanokai.intake.opened import is_mail
from asanokai.intake.outcome import Place
from asanokai.intake.receiving import find, receive
from asanokai.intake.row import Incoming
from asanokai.intake.taking import take_now
from asanokai.meetings import Meeting

NO_MAIL = "this is not a mail; please save it with its headers, as an .eml file"

_MBOX = re.compile(rb"\AFrom [^\r\n]*\r?\n")


@dataclass(frozen=True)
class Taken:
    """What came of a file: refused, since it holds no mail; else its mail's number, how it ended, and whether it had
    been seen before. `meeting` is the end of its address."""

    verdict: Literal["refused", "new", "seen before"]
    number: int | None = None
    state: str = ""
    outcome: str | None = None
    reason: str | None = None
    member: int | None = None
    meeting: str | None = None


def refused(words: str) -> Taken:
    """A file that is none, and why."""
    return Taken("refused", None, "", None, words)


def take_file(raw: bytes, place: Place) -> Taken:
    """Take in the mail that is in a file. Raises what the database fails with."""
    raw = _MBOX.sub(b"", raw, count=1)
    if not is_mail(raw):
        return refused(NO_MAIL)
    with db.transaction():
        fresh = receive(raw, way="file", tokens=place.tokens)
        number = find(raw, tokens=place.tokens)
    assert number is not None
    take_now(number, place)
    with db.reading() as session:
        row = session.scalars(select(Incoming).where(Incoming.id == number)).one()
        meeting = session.get(Meeting, row.meeting_id) if row.meeting_id else None
        return Taken(
            "new" if fresh else "seen before",
            number=number,
            state=row.state,
            outcome=row.outcome,
            reason=row.reason,
            member=row.member_id,
            meeting=meeting.path if meeting else None,
        )
