"""Ask everybody again: who said yes or maybe to a meeting that is another one now is *invited* once more.

Seats are given back. The order of asking is kept: who asked first is ahead of whoever asked later, should seats run
short. Who declined is not asked again, nor is anybody seated meanwhile; whoever answers first takes a seat.
"""

from datetime import datetime

from sqlalchemy import case, select, update

from asanokai import clock, journal
from asanokai.db import session
from asanokai.errors import N_, BadInput, Refused
from asanokai.meetings import Meeting
from asanokai.rsvps import Rsvp


def ask_again(meeting: Meeting, *, until: datetime, actor_id: int | None = None) -> int:
    """Take back every yes and maybe; how many. Answers will be taken `until`. The meeting must be locked.

    Raises `Refused` unless it is announced, `BadInput` if nobody could answer any more.
    """
    if meeting.state != "announced":
        raise Refused(N_("Only an announced meeting can be asked about again."))
    if until <= clock.now():
        raise BadInput("answer_until", N_("The deadline for answers has passed; set a later one to ask again."))
    session().flush()
    answered = (Rsvp.meeting_id == meeting.id, Rsvp.answer.in_(("yes", "maybe")))
    columns = select(Rsvp.id, Rsvp.member_id, Rsvp.answer, Rsvp.seat, Rsvp.guests)
    found = session().execute(columns.where(*answered).order_by(Rsvp.id)).all()
    session().execute(
        update(Rsvp)
        .where(*answered)
        .values(
            answer="invited",
            seat=None,
            by=None,
            answered_at=None,
            late=False,
            revision=Rsvp.revision + 1,
            # Their calendars show them as coming: only a higher SEQUENCE asks anew.
            sequence=case((Rsvp.sequence > meeting.sequence, Rsvp.sequence), else_=meeting.sequence) + 1,
        )
        .execution_options(synchronize_session="fetch")
    )
    journal.write("ask again", "meeting", meeting.id, actor_id=actor_id, answers=len(found))
    for row in found:
        journal.write(
            "ask again",
            "rsvp",
            row.id,
            actor_id=actor_id,
            meeting=meeting.id,
            member=row.member_id,
            before=[row.answer, row.seat, row.guests],
        )
    return len(found)
