"""An answer that came by mail is taken back: what stood before it stands again, as far as there is a seat for it."""

from dataclasses import dataclass

from asanokai import clock, journal, meetings
from asanokai.db import session
from asanokai.errors import N_, BadInput, Refused
from asanokai.members import prose
from asanokai.rsvps.answering import makes_room, still_open
from asanokai.rsvps.queue import free_seats, leave, promote, take, tell, wait_again
from asanokai.rsvps.row import ANSWERS, LONGEST_COMMENT, Rsvp, required, stand

CHANGED_SINCE = N_("The answer has been changed since; it is not taken back.")


@dataclass(frozen=True)
class Before:
    """What stood before an answer. `kept`: a seat was kept for somebody who had not answered."""

    answer: str
    guests: int = 0
    comment: str = ""
    kept: bool = False


def take_back(
    meeting_id: int, member_id: int, before: Before, *, revision: int, by: str = "link", mail_id: int | None = None
) -> Rsvp:
    """Let what stood before an answer stand again, *invited* included: a seat is given back, and goes to whoever is
    next; for a *yes* one is taken, or the party waits. A confirmation goes out, which corrects the reader's calendar;
    to who has not answered there is nothing to confirm.

    Raises `Refused` if the answer is not the one of that `revision` any more, or the meeting has begun.
    """
    if before.answer not in ANSWERS:
        raise BadInput("answer", N_("Please choose yes, maybe or no."))
    meeting = meetings.for_update(meeting_id)
    rsvp = required(meeting_id, member_id)
    if rsvp.revision != revision:
        raise Refused(CHANGED_SINCE)
    still_open(meeting)
    now, was = clock.now(), (rsvp.answer, rsvp.seat, rsvp.guests)
    if before.answer == "yes":
        take(meeting, rsvp, before.guests, now)
    else:
        leave(rsvp)
    invited = before.answer == "invited"
    rsvp.answer, rsvp.guests = before.answer, 0 if before.answer == "no" else before.guests
    rsvp.comment = prose(before.comment, longest=LONGEST_COMMENT)
    rsvp.by, rsvp.answered_at = (None, None) if invited else (by, now)
    rsvp.late, rsvp.said_at, rsvp.meant_start = False, now, None
    rsvp.revision += 1
    if was[0] == "no":
        # As for any answer: a calendar shows the declined entry as cancelled until a higher SEQUENCE replaces it.
        rsvp.sequence = max(rsvp.sequence, meeting.sequence) + 1
    session().flush()
    if invited and before.kept:
        _keep_again(meeting, rsvp)
    journal.write(
        "take back",
        "rsvp",
        rsvp.id,
        actor_id=None,
        **stand(rsvp),
        by=by,
        before=list(was),
        **({"mail": mail_id} if mail_id else {}),
    )
    if rsvp.seat == "waiting":
        tell(meeting, rsvp, "waiting")
    elif not invited:
        tell(meeting, rsvp, "confirm")
    if makes_room(was, rsvp):
        promote(meeting)
    elif meeting.offers_from is not None:
        wait_again(meeting, free_seats(meeting))
    return rsvp


def _keep_again(meeting: meetings.Meeting, rsvp: Rsvp) -> None:
    """Keep the tentative seat once more, if one is free: nobody waits for a seat without having asked for it."""
    free = free_seats(meeting)
    if free is None or free >= rsvp.party:
        take(meeting, rsvp, rsvp.guests, clock.now())
        session().flush()
