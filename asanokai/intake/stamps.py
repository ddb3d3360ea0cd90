"""When a calendar's answer was given, and for which start.

DTSTAMP says it, unless it cannot be: one in the future, or one that we sent ourselves and that came back as it was.
Then it is what Date says, then when the mail came. Answers are compared by that, not by the order in which they come.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, select

from asanokai.db import session
from asanokai.intake.calendars import Said
from asanokai.intake.outcome import Arrived
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.rsvps import Rsvp

_SECOND = timedelta(seconds=1)


def given_at(said: Said, arrived: Arrived, rsvp: Rsvp) -> datetime:
    """When the answer was given, by the clock it was given on; never after it came."""
    came, stamp, date = arrived.row.came_at, said.stamped_at, arrived.mail.date
    if stamp is not None and stamp <= came and not _ours(stamp, rsvp):
        return stamp
    return date if date is not None and date <= came else came


def is_older(given: datetime, rsvp: Rsvp) -> bool:
    """Whether a newer answer stands already. At the same moment the later arrival counts."""
    stands = rsvp.said_at or rsvp.answered_at
    if stands is None:
        return False
    # Calendars tell whole seconds.
    return given < (stands if given.microsecond else stands.replace(microsecond=0))


def _ours(stamp: datetime, rsvp: Rsvp) -> bool:
    """Whether a letter to this reader bore that DTSTAMP: it was written between being claimed and being sent."""
    if stamp == rsvp.stamped_at:
        return True
    sent = _entries(rsvp).where(Letter.claimed_at < stamp + _SECOND, Letter.sent_at >= stamp)
    return session().scalar(sent.with_only_columns(Letter.id).limit(1)) is not None


def old_start(said: Said, meeting: Meeting, rsvp: Rsvp) -> datetime | None:
    """The start the answer was for, where the meeting starts at another time now: the one that was sent with the
    SEQUENCE it tells, else its own. Who tells the present start has seen it."""
    if said.starts_at == meeting.starts_at:
        return None
    meant = said.starts_at
    if said.sequence is not None:
        sent = _entries(rsvp).where(Letter.sequence == said.sequence).order_by(Letter.sent_at.desc(), Letter.id.desc())
        meant = session().scalar(sent.with_only_columns(Letter.starts_at).limit(1)) or meant
    return meant if meant != meeting.starts_at else None


def _entries(rsvp: Rsvp) -> Select[Letter]:
    """The letters with a calendar entry that went to this reader."""
    return select(Letter).where(
        Letter.meeting_id == rsvp.meeting_id,
        Letter.member_id == rsvp.member_id,
        Letter.sent_at.is_not(None),
        Letter.starts_at.is_not(None),
    )
