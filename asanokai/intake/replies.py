"""Replies in plain words: answers where they are unambiguous, else messages to the organisers.

An answer is taken only from a member's own address, to the meeting that the answered letter is about, or to the only
one there is. What was understood is told by one letter a day and member, `acknowledged`, which answers the mail by
itself (RFC 3834); behind it stands a link to undo. Whoever answers once more that day gets the usual confirmation
instead: a letter that the member's own act causes, like a click on the page, and no second automatic reply. So two
programs never talk to each other for long, and the member still learns what stands.
"""

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from asanokai import clock, letters, meetings, members, rsvps
from asanokai.db import session
from asanokai.errors import N_, BadInput, Refused
from asanokai.intake.answers import tell_refused
from asanokai.intake.fresh import new_words
from asanokai.intake.grammar import Plain, understood
from asanokai.intake.opened import Opened
from asanokai.intake.outcome import Arrived, Outcome
from asanokai.intake.vouched import vouched_for
from asanokai.intake.when import marked
from asanokai.letters import Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Member
from asanokai.rsvps import Rsvp

ASKING = (
    *("invite", "remind", "nudge", "confirm", "acknowledged", "waiting", "seat", "offer", "free", "lapsed"),
    *("moved", "changed", "eve"),
)
"""Letters to which "yes" can only mean that somebody comes. In others coordinators may have asked anything."""

_NUMBER = re.compile(r"<[^<>\s]+>")
PREFIX = re.compile(r"^\s*(?:(?:re|aw|antw|antwort|sv|回复|返信)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
_FORWARDED = re.compile(r"^\s*(?:(?:re|aw)\s*[:：]\s*)*(?:fwd?|wg|tr|転送|fw)\s*[:：]", re.IGNORECASE)
NOBODY = ("mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply")

MOVED = N_("It answers a letter that gives another time. Please ask its sender, or enter the answer.")
REFUSED = N_("This answer could not be taken any more. Please read the mail and tell its sender how things stand.")


def read(arrived: Arrived) -> Outcome:
    """An answer, or a message that waits for a person: this reader is the last."""
    answered = _answered_letter(arrived.mail)
    member = _member(arrived, answered)
    meeting = _meeting(answered, member)
    plain = _plain(arrived, answered, member, meeting)
    if plain is None or member is None or meeting is None:
        return Outcome(
            "message",
            "parked",
            member_id=member.id if member else None,
            meeting_id=answered.meeting_id if answered else None,
            letter_id=answered.id if answered else None,
        )
    return _take(arrived, plain, member, meeting, answered)


# --- whose, and about what --------------------------------------------------------------------------------------------


def _answered_letter(mail: Opened) -> Letter | None:
    """The letter of ours that the mail answers: the nearest one it names."""
    named = _NUMBER.findall(mail.header("in-reply-to"))[:1] + _NUMBER.findall(mail.header("references"))[:-20:-1]
    return next(filter(None, map(letters.by_message_id, named)), None)


def _member(arrived: Arrived, answered: Letter | None) -> Member | None:
    """Whom the mail concerns: whose token its recipient bears, else whose letter it answers, else whose address it is
    from."""
    number, ours = None, arrived.ours
    if ours is not None and ours.kind in ("rsvp", "unsubscribe"):
        number = ours.number
    elif ours is not None:
        letter = session().get(Letter, ours.number)
        number = letter.member_id if letter else None
    elif answered is not None:
        number = answered.member_id
    if number is None:
        return _by_author(arrived.mail)
    return session().get(Member, number)


def _by_author(mail: Opened) -> Member | None:
    author = normal(mail.author)
    query = select(Member).join(Address, Address.member_id == Member.id).where(Address.normal == author)
    return session().scalar(query) if author else None


def normal(address: str) -> str:
    """An address as members have it, "" if it can be nobody's."""
    try:
        return members.normal_address(address)
    except BadInput:
        return ""


def _meeting(answered: Letter | None, member: Member | None) -> Meeting | None:
    """The meeting that is answered: the letter's, else the only one the member is asked to now."""
    if member is None:
        return None
    if answered is not None:
        own = answered.member_id == member.id and answered.meeting_id is not None
        return session().get(Meeting, answered.meeting_id) if own else None
    open_now = (
        select(Meeting)
        .join(Rsvp, Rsvp.meeting_id == Meeting.id)
        .where(Rsvp.member_id == member.id, Meeting.state == "announced", Meeting.starts_at > clock.now())
        .limit(2)
    )
    found = session().scalars(open_now).all()
    return found[0] if len(found) == 1 else None


def wrote(member: Member, mail: Opened) -> bool:
    """Whether From is one of the member's addresses, and nobody else's beside it."""
    authors = mail.addresses("from")
    author = normal(mail.author) if len(authors) == 1 else ""
    query = select(Address.id).where(Address.member_id == member.id, Address.normal == author)
    return bool(author) and session().scalar(query) is not None


def _vouched(arrived: Arrived) -> bool:
    return vouched_for(arrived.row.raw or b"", arrived.mail.author, arrived.at.authserv_id)


# --- whether it is an answer ------------------------------------------------------------------------------------------


def _plain(arrived: Arrived, answered: Letter | None, member: Member | None, meeting: Meeting | None) -> Plain | None:
    """What the mail says, if it is an answer that may be taken."""
    mail, ours = arrived.mail, arrived.ours
    if member is None or meeting is None or member.standing != "accepted":
        return None
    with_token = ours is not None and ours.kind == "rsvp"
    if ours is not None and not with_token:
        return None
    if not wrote(member, mail) or not (with_token or _vouched(arrived)):
        return None
    if by_program(arrived) or (answered is not None and answered.kind not in ASKING):
        return None
    return _understood(mail, answered, member, meeting)


def by_program(arrived: Arrived) -> bool:
    """Whether a program or a list has sent it: such mail is neither believed nor answered (RFC 3834 2)."""
    mail = arrived.mail
    return (
        arrived.row.sender == ""
        or mail.header("auto-submitted").split(";")[0].strip().lower() not in ("", "no")
        or mail.header("precedence").strip().lower() in ("bulk", "list", "junk", "auto_reply")
        or any(
            mail.header(name) for name in ("list-id", "list-post", "list-unsubscribe", "x-autoreply", "x-autorespond")
        )
        or mail.author.partition("@")[0] in NOBODY
    )


def _understood(mail: Opened, answered: Letter | None, member: Member, meeting: Meeting) -> Plain | None:
    starts_at = meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).replace(tzinfo=None)
    names = _names(member)
    plain = understood(new_words(mail.text), starts_at, names)
    if plain is None or _FORWARDED.match(mail.subject):
        return None
    if answered is None and marked(mail.subject.replace("@", " "), starts_at) is None:
        return None  # a letter about another day, whose number some server has changed
    if PREFIX.match(mail.subject) or not mail.subject:
        return plain
    # A subject of the writer's own is part of what is said.
    said = understood(mail.subject, starts_at, names)
    if said is not None:
        return plain if said.choice == plain.choice and said.guests in (None, plain.guests) else None
    return plain if answered is not None else None


def _names(member: Member) -> list[str]:
    name = member.name
    parts = [getattr(member, field) for field in members.NAMES]
    organisation = members.organisation_name(member)
    return [part for part in (*parts, name.full("de"), name.full("ja"), organisation, member.position) if part]


# --- taking it --------------------------------------------------------------------------------------------------------


def _take(arrived: Arrived, plain: Plain, member: Member, meeting: Meeting, answered: Letter | None) -> Outcome:
    about = Outcome(
        "answered",
        member_id=member.id,
        meeting_id=meeting.id,
        letter_id=answered.id if answered else None,
        facts={"answer": plain.choice},
    )
    meeting = meetings.for_update(meeting.id)  # nobody may move it while it is compared
    if answered is not None and answered.starts_at not in (None, meeting.starts_at):
        return replace(about, outcome="unclear", state="parked", reason=MOVED)
    said_at = said_when(arrived)
    stood = rsvps.of(meeting.id, member.id)
    facts = {"meeting": meeting.id, "member": member.id, "answer": plain.choice, "before": _before(stood)}
    # Date has whole seconds.
    if stood is not None and stood.said_at is not None and said_at < stood.said_at.replace(microsecond=0):
        return replace(about, outcome="older")
    try:
        given = rsvps.answer(
            meeting.id,
            member.id,
            plain.choice,
            guests=plain.guests,
            by="reply",
            said_at=said_at,
            mail_id=arrived.row.id,
            quiet=True,
        )
    except Refused as refusal:
        if stood is None or isinstance(refusal, BadInput):
            return replace(about, outcome="refused", state="parked", reason=REFUSED)
        why = tell_refused(arrived, meeting, stood, plain.choice)
        return replace(about, outcome="refused", reason=refusal.message, facts={"answer": plain.choice, "why": why})
    acknowledge(arrived, member, given)
    if not given.changed:
        return replace(about, outcome="unchanged")
    code = "waiting list" if given.rsvp.seat == "waiting" else "answered"
    return replace(about, outcome=code, facts={**facts, "revision": given.rsvp.revision})


def said_when(arrived: Arrived) -> datetime:
    """When the mail was written: by its Date, unless that lies ahead of its coming."""
    date = arrived.mail.date
    return min(date, arrived.row.came_at) if date is not None else arrived.row.came_at


def _before(rsvp: Rsvp | None) -> dict[str, object]:
    if rsvp is None:
        return {"answer": "invited", "guests": 0, "comment": "", "kept": False}
    return {"answer": rsvp.answer, "guests": rsvp.guests, "comment": rsvp.comment, "kept": rsvp.tentative}


def acknowledge(arrived: Arrived, member: Member, given: rsvps.Given) -> None:
    """Tell the member what was understood: by itself once a day, afterwards as after a click."""
    today = clock.now().astimezone(ZoneInfo(member.zone)).date()
    meeting = session().get_one(Meeting, given.rsvp.meeting_id)
    new = letters.post(
        "acknowledged",
        f"acknowledged:{member.id}:{today.isoformat()}",
        member_id=member.id,
        meeting_id=meeting.id,
        facts={
            "revision": given.rsvp.revision,
            "mail": arrived.row.id,
            "undoable": given.changed,
            "answers": message_number(arrived.mail),
        },
        useless_after=meeting.ends_at,
    )
    if not new and given.changed:
        rsvps.tell_standing(given.rsvp)


def message_number(mail: Opened) -> str:
    """The mail's Message-ID as it may stand in a header of ours, "" if it cannot."""
    found = re.fullmatch(r"\s*(<[!-;=?-~]{1,240}@[!-;=?-~]{1,240}>)\s*", mail.header("message-id"))
    return found[1] if found else ""
