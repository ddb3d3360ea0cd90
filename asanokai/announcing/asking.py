"""Ask everybody again: who said yes or maybe to a meeting that is another one now is *invited* once more.

Seats are given back. The order of asking is kept: who asked first is ahead of whoever asked later, should seats run
short. Who declined is not asked again, nor is anybody seated meanwhile; whoever answers first takes a seat.
"""

from datetime import datetime

from sqlalchemy import select

from asanokai import clock, journal
from asanokai.db import session
from asanokai.errors import N_, BadInput, Refused
from asanokai.meetings import Meeting
from asanokai.rsvps import Rsvp
from asanokai.rsvps.row import stand


def ask_again(meeting: Meeting, *, until: datetime, actor_id: int | None = None) -> int:
    """Take back every yes and maybe; how many. Answers will be taken `until`. The meeting must be locked.

    Raises `Refused` unless it is announced, `BadInput` if nobody could answer any more.
    """
    if meeting.state != "announced":
        raise Refused(N_("Only an announced meeting can be asked about again."))
    if until <= clock.now():
        raise BadInput("answer_until", N_("The deadline for answers has passed; set a later one to ask again."))
    session().flush()
    query = select(Rsvp).where(Rsvp.meeting_id == meeting.id, Rsvp.answer.in_(("yes", "maybe"))).order_by(Rsvp.id)
    found = session().scalars(query.execution_options(populate_existing=True)).all()
    journal.write("ask again", "meeting", meeting.id, actor_id=actor_id, answers=len(found))
    said = {rsvp.id: [rsvp.answer, rsvp.seat, rsvp.guests] for rsvp in found}
    for rsvp in found:
        rsvp.answer, rsvp.seat, rsvp.offered_until, rsvp.let_pass = "invited", None, None, False
        rsvp.by, rsvp.answered_at, rsvp.late = None, None, False
        # What a calendar answered before this is as little worth as what stood here.
        rsvp.said_at, rsvp.meant_start = clock.now(), None
        rsvp.revision += 1
        # Their calendars show them as coming: only a higher SEQUENCE asks anew.
        rsvp.sequence = max(rsvp.sequence, meeting.sequence) + 1
    session().flush()
    for rsvp in found:
        journal.write("ask again", "rsvp", rsvp.id, actor_id=actor_id, **stand(rsvp), before=said[rsvp.id])
    return len(found)
