"""Whose answer to which meeting a calendar's reply is, and how sure that is.

The token in the recipient says it: whoever has the letter could have used its links as well. Without one the ATTENDEE
must be the member, From too, and our own server must vouch for it; else the member is asked. Nobody is made a member by
a reply, and "accepted" in a subject is not read.
"""

from dataclasses import dataclass

from sqlalchemy import func, select

from asanokai import clock, merging, rsvps
from asanokai.db import session
from asanokai.errors import N_, BadInput
from asanokai.intake.calendars import ANSWERS, Attendee, Said
from asanokai.intake.outcome import Arrived, Outcome
from asanokai.intake.vouched import vouched_for
from asanokai.meetings import Meeting
from asanokai.members import Address, Member, normal_address
from asanokai.rsvps import Rsvp

GONE = ("left", "erased")
MOST_NAMED = 20
"""Attendees of a reply that are looked at."""

NO_ATTENDEE = N_("This calendar reply does not say who answers. Please ask its sender, and enter the answer by hand.")
NO_MEETING = N_("This calendar reply is about no meeting that is known here.")
NOT_INVITED = N_("This calendar reply is about a meeting to which its sender was not invited.")
NOBODY = N_("This calendar reply comes from an address that belongs to no member, and to an address that is nobody's.")
SOMEBODY_ELSE = N_(
    "This calendar reply came to the address of one member and names another. Please ask who meant it, and enter the "
    "answer by hand."
)
WHICH = N_("This reply from Outlook does not say which meeting it is about, and several are open to its sender.")
HAS_LEFT = N_("This calendar reply comes from somebody who has left; it was not taken as an answer.")


@dataclass(frozen=True)
class Who:
    """Whose answer it is, and the ATTENDEE that gives it. `sure`: it may be taken without asking. `strange`: the
    unknown address from which it was given, "" where it was one of the member's or none is named."""

    member: Member
    meeting: Meeting
    attendee: Attendee
    sure: bool = True
    strange: str = ""


def whose(arrived: Arrived, said: Said) -> Who | Outcome:
    """Whose answer it is, or why nobody can be sure: then the mail is parked for a person."""
    bearer = _bearer(arrived)
    meeting = _meeting(said.uid)
    if bearer is None:
        return _without_token(arrived, said, meeting)
    if bearer.standing in GONE:
        return _has_left(bearer)
    if meeting is None and said.source == "tnef":
        meeting = _open_to(bearer, said)
        if meeting is None and not said.uid:
            return _unclear(WHICH, bearer)
    if meeting is None:
        return _unclear(NO_MEETING, bearer)
    if rsvps.of(meeting.id, bearer.id) is None:
        return _unclear(NOT_INVITED, bearer, meeting)
    if said.attendee is None:
        return _unclear(NO_ATTENDEE, bearer, meeting)
    attendee = _own(said, bearer) or said.attendee
    address = attendee.address or arrived.mail.author
    answers = _member_at(address)
    if answers == bearer.id:
        return Who(bearer, meeting, attendee)
    if answers is not None and (said.source != "tnef" or attendee.address):
        return _unclear(SOMEBODY_ELSE, bearer, meeting)
    return Who(bearer, meeting, attendee, strange=address)


def _without_token(arrived: Arrived, said: Said, meeting: Meeting | None) -> Who | Outcome:
    if said.attendee is None:
        return _unclear(NO_ATTENDEE, None, meeting)
    authors = arrived.mail.addresses("from")
    author = arrived.mail.author if len(authors) == 1 else ""
    attendee, sender = _member_at(said.attendee.address), _member_at(author)
    number = attendee if attendee is not None else sender
    member = session().get(Member, number) if number is not None else None
    if member is None:
        return _unclear(NOBODY if meeting is not None else NO_MEETING, None, meeting)
    if member.standing in GONE:
        return _has_left(member)
    if meeting is None and said.source == "tnef":
        meeting = _open_to(member, said)
    if meeting is None:
        return _unclear(NO_MEETING, member)
    if rsvps.of(meeting.id, member.id) is None:
        return _unclear(NOT_INVITED, member, meeting)
    itself = attendee is not None and attendee == sender and bool(said.uid)
    sure = itself and vouched_for(arrived.row.raw or b"", author, arrived.at.authserv_id)
    return Who(member, meeting, said.attendee, sure=sure, strange="" if sure else author)


def _own(said: Said, bearer: Member) -> Attendee | None:
    """Of several who are named with an answer the bearer: some programs name everybody they know of."""
    answering = [one for one in said.attendees if one.partstat in ANSWERS][:MOST_NAMED]
    return next((one for one in answering if _member_at(one.address) == bearer.id), None)


def _bearer(arrived: Arrived) -> Member | None:
    """Whom the token in the recipient belongs to, in the row that is kept where two were made one."""
    if arrived.ours is None or arrived.ours.kind != "rsvp":
        return None
    return session().get(Member, merging.kept(arrived.ours.number))


def _member_at(address: str) -> int | None:
    """The number of the member with that address, main or other."""
    try:
        normal = normal_address(address)
    except BadInput:
        return None
    return session().scalar(select(Address.member_id).where(Address.normal == normal))


def _meeting(uid: str) -> Meeting | None:
    uid = uid.strip()
    if not uid or "\0" in uid:
        return None
    return session().scalar(select(Meeting).where(Meeting.uid.in_({uid, uid.lower()})).limit(1))


def _open_to(member: Member, said: Said) -> Meeting | None:
    """Which meeting a reply without a known UID means: the one open to the member that starts then, or the only one."""
    still_open = (
        select(Meeting)
        .join(Rsvp, Rsvp.meeting_id == Meeting.id)
        .where(Rsvp.member_id == member.id, Meeting.state == "announced", Meeting.starts_at > clock.now())
    )
    if said.starts_at is not None:
        found = session().scalars(still_open.where(Meeting.starts_at == said.starts_at)).all()
        if len(found) == 1:
            return found[0]
    if said.uid or said.starts_at is not None:
        return None  # it says which one, and it is none of these
    only = session().scalars(still_open.limit(2)).all()
    return only[0] if len(only) == 1 else None


def has_address(member: Member) -> bool:
    """Whether a letter would reach the member."""
    query = select(func.count(Address.id)).where(Address.member_id == member.id, Address.kind == "main")
    return bool(session().scalar(query.where(Address.suppressed_at.is_(None))))


def _unclear(reason: str, member: Member | None, meeting: Meeting | None = None) -> Outcome:
    return Outcome(
        "unclear",
        "parked",
        reason,
        member_id=member.id if member else None,
        meeting_id=meeting.id if meeting else None,
    )


def _has_left(member: Member) -> Outcome:
    return Outcome("nothing", reason=HAS_LEFT, member_id=member.id)
