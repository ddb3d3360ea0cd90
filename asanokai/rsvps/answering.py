"""The verb of a member: to answer. It locks the meeting, counts, seats or queues, and seats whoever is next."""

from dataclasses import dataclass
from datetime import datetime

from asanokai import clock, journal, letters, meetings
from asanokai.db import session
from asanokai.errors import N_, BadInput, Refused
from asanokai.meetings import Meeting
from asanokai.members import prose
from asanokai.rsvps.queue import expire, free_seats, leave, promote, take, tell, wait_again
from asanokai.rsvps.row import BY, CHOICES, LONGEST_COMMENT, TAKING, Rsvp, row_of, stand


@dataclass(frozen=True)
class Given:
    """What an answer came to: the row, and whether anything changed."""

    rsvp: Rsvp
    changed: bool


def answer(
    meeting_id: int,
    member_id: int,
    choice: str,
    *,
    guests: int | None = None,
    comment: str | None = None,
    short_notice: bool | None = None,
    by: str,
    actor_id: int | None = None,
    asked_at: datetime | None = None,
    said_at: datetime | None = None,
    meant_start: datetime | None = None,
    mail_id: int | None = None,
    quiet: bool = False,
) -> Given:
    """Record an answer and do what follows from it: seat or queue, letter, promotion of whoever is next.

    `guests`, `comment` and `short_notice` None leave what was said before. A *yes* to an offer takes the
    seat. `by` is one of `BY`; a coordinator may answer for somebody
    after the deadline. `asked_at` (default now) is the place in the order of asking. `said_at` (default now) is when
    the answer was given by the clock it was given on, `meant_start` the start it was for where that has changed since,
    `mail_id` the mail it came by. Whether a newer answer stands already is for the caller to ask. `quiet`: the caller
    tells the reader (`tell_standing`).

    Raises `BadInput` for values that cannot be, `Refused` where the rules say no: not announced, begun, too late, or
    more guests than seats. Nothing is changed then.
    """
    if choice not in CHOICES or by not in BY:
        raise BadInput("answer", N_("Please choose yes, maybe or no."))
    meeting = meetings.for_update(meeting_id)
    expire(meeting)  # an offer that has run out does not wait for the worker
    rsvp = row_of(meeting, member_id)
    wanted = _guests(meeting, rsvp, choice, guests)
    said = rsvp.comment if comment is None else prose(comment, longest=LONGEST_COMMENT)
    short = choice == "yes" and (rsvp.short_notice if short_notice is None else short_notice)
    same = (rsvp.answer, rsvp.guests, rsvp.comment, rsvp.short_notice) == (choice, wanted, said, short)
    if same and not _claims(meeting, rsvp):
        still_open(meeting)
        rsvp.said_at, rsvp.meant_start = said_at or clock.now(), meant_start
        return Given(rsvp, changed=False)
    now = clock.now()
    _may(meeting, rsvp, choice, wanted, by=by, now=now)
    before = (rsvp.answer, rsvp.seat, rsvp.guests)
    late = _late(meeting, rsvp, choice, wanted, now)
    if choice == "yes":
        take(meeting, rsvp, wanted, asked_at or now)
    else:
        leave(rsvp)
    # Nothing is read from here to the flush: a half-changed row would meet the table's checks.
    rsvp.answer, rsvp.guests, rsvp.comment, rsvp.by = choice, wanted, said, by
    rsvp.answered_at, rsvp.late, rsvp.short_notice = now, late, short
    rsvp.said_at, rsvp.meant_start = said_at or now, meant_start
    rsvp.revision += 1
    if before[0] == "no" != choice:
        # A calendar that was told "declined" shows the old entry as cancelled until a higher SEQUENCE replaces it.
        rsvp.sequence = max(rsvp.sequence, meeting.sequence) + 1
    session().add(rsvp)
    session().flush()
    journal.write(
        "answer",
        "rsvp",
        rsvp.id,
        actor_id=actor_id,
        **stand(rsvp),
        late=rsvp.late,
        by=by,
        before=list(before),
        **({"mail": mail_id} if mail_id else {}),
    )
    if quiet:
        pass
    elif rsvp.seat == "waiting":
        tell(meeting, rsvp, "waiting")
    elif by != "calendar" or letters.is_leaving(meeting.id, member_id):
        # A calendar shows already what was answered there; unless an entry that says otherwise is just on its way.
        tell(meeting, rsvp, "confirm")
    if makes_room(before, rsvp):
        promote(meeting)
    elif meeting.offers_from is not None:
        wait_again(meeting, free_seats(meeting))
    return Given(rsvp, changed=True)


def tell_standing(rsvp: Rsvp) -> None:
    """Post the letter that says how an answer stands, where `answer` was told to be quiet."""
    tell(meetings.by_id(rsvp.meeting_id), rsvp, "waiting" if rsvp.seat == "waiting" else "confirm")


def _claims(meeting: Meeting, rsvp: Rsvp) -> bool:
    """Whether saying *yes* once more takes a seat: one that is offered, or that is anybody's now."""
    if rsvp.seat == "offered":
        return True
    if rsvp.seat != "waiting" or meeting.offers_from is None:
        return False
    free = free_seats(meeting)
    return free is None or rsvp.party <= free


def _late(meeting: Meeting, rsvp: Rsvp, choice: str, guests: int, now: datetime) -> bool:
    """Whether somebody declines or brings fewer after the deadline. A word added to an answer makes it no later."""
    if (choice, guests) == (rsvp.answer, rsvp.guests):
        return rsvp.late
    fewer = choice == "no" or (choice == rsvp.answer and guests < rsvp.guests)
    return fewer and now > meeting.answer_until


def makes_room(before: tuple[str, str | None, int], rsvp: Rsvp) -> bool:
    """Whether somebody who waits may fit now: a seat was given back."""
    _answer, seat, guests = before
    return seat in TAKING and (rsvp.seat not in TAKING or rsvp.guests < guests)


def _guests(meeting: Meeting, rsvp: Rsvp, choice: str, guests: int | None) -> int:
    if choice == "no":
        return 0
    wanted = rsvp.guests if guests is None else guests
    if wanted < 0:
        raise BadInput("guests", N_("The number of guests cannot be below zero."))
    # Who brought more before the meeting's limit was lowered keeps them.
    if wanted > max(meeting.guests_allowed, rsvp.guests):
        raise BadInput(
            "guests", N_("You may bring up to %(most)s guests to this meeting."), most=meeting.guests_allowed
        )
    return wanted


def still_open(meeting: Meeting) -> None:
    if meeting.state == "cancelled":
        raise Refused(N_("This meeting has been cancelled; there is nothing to answer."))
    if meeting.state != "announced":
        raise Refused(N_("This meeting cannot be answered now."))
    if clock.now() >= meeting.starts_at:
        raise Refused(N_("The meeting has begun; answers can no longer be changed."))


def _may(meeting: Meeting, rsvp: Rsvp, choice: str, guests: int, *, by: str, now: datetime) -> None:
    still_open(meeting)
    if now <= meeting.answer_until or by in ("coordinator", "program"):
        return
    asked_in_time = choice == rsvp.answer or (choice == "yes" and rsvp.tentative)
    if choice != "no" and not (asked_in_time and guests <= rsvp.guests):
        raise Refused(
            N_("Answers were open until the deadline. You can still decline; to come, please ask the organisers.")
        )
