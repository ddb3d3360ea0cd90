"""Asking speakers and hosts by letter, and reminding those who have not confirmed.

The letter is a row first, as every other; whether it is still true is asked again when it is sent (`composing`).
Reminders go out 14 and 7 days before the morning at nine by the meeting's clock, once each, to whom was asked some days
earlier.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from asanokai import clock, journal, letters
from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.meetings import Meeting
from asanokai.series import Lead
from asanokai.speakers import Contributor

REMINDERS = ("14 days before at 09:00", "7 days before at 09:00")
MADE_UP_FOR = timedelta(hours=24)
"""How late a worker that slept may still remind."""

PATIENCE = timedelta(days=3)
"""Who was asked only just is not reminded."""

KINDS = ("speaker", "speaker_remind")


def ask(row: Contributor, meeting: Meeting, *, actor_id: int | None = None) -> None:
    """Send the letter with the link to their page, the first time or again. Raises `Refused` without an address, and
    for a meeting that has begun or was cancelled."""
    if not row.address:
        raise Refused(N_("Without a mail address nobody can be asked."))
    if not may_ask(meeting):
        raise Refused(N_("Only for a meeting that is still to come can somebody be asked."))
    row.asked += 1
    row.asked_at = clock.now()
    _post("speaker", f"speaker:{row.id}:{row.asked}", row, meeting)
    journal.write("ask", "contributor", row.id, actor_id=actor_id, meeting=meeting.id, time=row.asked)


def may_ask(meeting: Meeting) -> bool:
    """Whether anybody can still be asked."""
    return meeting.state != "cancelled" and meeting.starts_at > clock.now()


def remind_due() -> int:
    """Post the reminders whose time has come; how many."""
    now = clock.now()
    waiting = session().execute(
        select(Contributor, Meeting)
        .join(Meeting, Meeting.id == Contributor.meeting_id)
        .where(
            Meeting.state.in_(("draft", "announced")),
            Meeting.starts_at > now,
            Meeting.starts_at < now + timedelta(days=16),
            Contributor.asked_at.is_not(None),
            Contributor.confirmed_at.is_(None),
            Contributor.declined_at.is_(None),
            Contributor.address != "",
        )
        .order_by(Meeting.starts_at, Contributor.id)
    )
    return sum(_remind(row, meeting, now) for row, meeting in waiting)


def _remind(row: Contributor, meeting: Meeting, now: datetime) -> int:
    posted = 0
    for lead in map(Lead.parse, REMINDERS):
        due = lead.before(meeting.starts_at, meeting.zone)
        if due <= now < due + MADE_UP_FOR and row.asked_at is not None and row.asked_at <= due - PATIENCE:
            # The day is in the key: a meeting that moves away is reminded of anew.
            key = f"speaker_remind:{row.id}:{lead.days}:{meeting.local_date.isoformat()}"
            posted += _post("speaker_remind", key, row, meeting)
    return posted


def _post(kind: str, key: str, row: Contributor, meeting: Meeting) -> bool:
    return letters.post(
        kind,
        key,
        address=row.address,
        language=row.language,
        meeting_id=meeting.id,
        facts={"contributor": row.id},
        useless_after=meeting.starts_at,
    )
