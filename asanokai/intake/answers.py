"""Calendar replies and counter-proposals → answers to meetings.

The calendar text says it, not the part's `method=` and not the subject. What it says is taken as an answer once it is
clear whose it is (`whose`), and unless a newer answer stands (`stamps`). What needs a person is parked with a reason;
what the rules refuse is told to the member, with an entry that sets their calendar right. Each VEVENT counts; a mail
has one outcome.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from asanokai import clock, letters, meetings, rsvps
from asanokai.db import session
from asanokai.errors import N_, Refused
from asanokai.intake.asides import word_added
from asanokai.intake.calendars import Attendee, Said, said
from asanokai.intake.outcome import Arrived, Outcome
from asanokai.intake.row import LONGEST_ADDRESS
from asanokai.intake.stamps import given_at, is_older, old_start
from asanokai.intake.whose import Who, has_address, whose
from asanokai.meetings import Meeting
from asanokai.members import cleaned
from asanokai.rsvps import Rsvp

MOST = 20
"""VEVENTs of one mail that are looked at."""

MOST_TOLD = 10
"""Letters a day that tell a member of strangers' answers to a meeting."""

CHOICE = {"ACCEPTED": "yes", "DECLINED": "no", "TENTATIVE": "maybe"}

COUNTER = N_(
    "Another time was proposed from a calendar. Please answer the sender; the answer to the meeting stays as it was."
)
DELEGATED = N_("Somebody else is to come instead. Please decide, and enter the answers by hand.")
NO_CHOICE = N_(
    "This calendar reply does not say yes, maybe or no. Please ask its sender, and enter the answer by hand."
)
NOT_REACHED = N_("This answer would have to be confirmed by the member, who has no mail address that works.")

RANKS = (
    *("counter", "delegated", "unclear"),
    *("refused", "asked back", "waiting list", "answered", "older", "unchanged", "nothing"),
)
"""Which outcome a mail has that says several things: what a person must see, then what was done."""


def read(arrived: Arrived) -> Outcome | None:
    """What the mail came to, None if no calendar answers in it."""
    return understood(arrived, said(arrived.mail))


def understood(arrived: Arrived, found: list[Said]) -> Outcome | None:
    """What comes of what the mail's calendars say."""
    replies = [one for one in found if one.method in ("REPLY", "COUNTER")]
    if replies:
        return _together([_one(arrived, one) for one in replies[:MOST]])
    if found and all(one.method == "REFRESH" for one in found):
        return Outcome("nothing")  # asks for the entry it has got by a letter
    return None


def _together(outcomes: list[Outcome]) -> Outcome:
    """One outcome of several."""
    first = min(outcomes, key=lambda one: RANKS.index(one.outcome))
    if len(outcomes) == 1:
        return first
    told = [{"outcome": one.outcome, **one.facts} for one in outcomes]
    return Outcome(
        first.outcome,
        first.state,
        first.reason,
        member_id=first.member_id,
        meeting_id=first.meeting_id,
        facts={**first.facts, "all": told},
    )


def _one(arrived: Arrived, said: Said) -> Outcome:
    """What one VEVENT came to."""
    who = whose(arrived, said)
    if isinstance(who, Outcome):
        return _with_facts(who, _told(said, said.attendee))
    facts = {"meeting": who.meeting.id, "member": who.member.id, **_told(said, who.attendee)}
    if not who.sure:
        facts["unsure"] = True
    partstat = who.attendee.partstat
    if said.method == "COUNTER":
        return _parked("counter", who, facts, COUNTER)
    if partstat == "DELEGATED":
        return _parked("delegated", who, facts, DELEGATED)
    if partstat == "NEEDS-ACTION":
        return _ended("nothing", who, facts)
    if partstat not in CHOICE:
        return _parked("unclear", who, facts, NO_CHOICE)
    if not who.sure:
        return _ask_back(who, CHOICE[partstat], facts)
    return _take(arrived, said, who, facts)


def _told(said: Said, attendee: Attendee | None) -> dict[str, Any]:
    """What a person must see of it, without anybody's words."""
    told: dict[str, Any] = {
        "method": cleaned(said.method),
        "uid": cleaned(said.uid),
        "partstat": cleaned(attendee.partstat) if attendee else None,
        "address": cleaned(attendee.address, longest=LONGEST_ADDRESS) if attendee else None,
        "delegated_to": cleaned(attendee.delegated_to, longest=LONGEST_ADDRESS) if attendee else None,
        "sequence": said.sequence,
        "stamped_at": _iso(said.stamped_at),
        "for_start": _iso(said.starts_at),
        "proposed_at": _iso(said.proposed_at),
        "source": said.source,
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _with_facts(outcome: Outcome, facts: dict[str, Any]) -> Outcome:
    return Outcome(
        outcome.outcome,
        outcome.state,
        outcome.reason,
        member_id=outcome.member_id,
        meeting_id=outcome.meeting_id,
        facts={**facts, **outcome.facts},
    )


# --- taking it --------------------------------------------------------------------------------------------------------


def _take(arrived: Arrived, said: Said, who: Who, facts: dict[str, Any]) -> Outcome:
    """Take the answer, or say why not. The meeting is locked first: what is compared here must not change meanwhile."""
    meeting = meetings.for_update(who.meeting.id)
    rsvp = rsvps.required(meeting.id, who.member.id)
    given, choice = given_at(said, arrived, rsvp), CHOICE[facts["partstat"]]
    facts = {**facts, "given_at": given.isoformat(), "answer": choice}
    if is_older(given, rsvp):
        return _ended("older", who, facts)
    meant = old_start(said, meeting, rsvp)
    before = {"answer": rsvp.answer, "guests": rsvp.guests, "comment": rsvp.comment, "kept": rsvp.tentative}
    try:
        made = rsvps.answer(
            meeting.id,
            who.member.id,
            choice,
            comment=word_added(said, arrived.mail, who.member),
            by="calendar",
            said_at=given,
            meant_start=meant,
            mail_id=arrived.row.id,
        )
    except Refused as refusal:
        if rsvp.answer == choice and meeting.state == "announced":
            return _ended("unchanged", who, facts)  # it stands already, if the rules would not let it be given now
        return _refused(arrived, who, rsvp, refusal, facts)
    if meant is not None:
        facts["meant_start"] = meant.isoformat()
    if not made.changed:
        return _ended("unchanged", who, facts)
    facts |= {"revision": made.rsvp.revision, "before": before}
    if who.strange:
        _tell_of_a_stranger(arrived, who, choice)
    return _ended("waiting list" if made.rsvp.seat == "waiting" else "answered", who, facts)


def _ended(outcome: str, who: Who, facts: dict[str, Any], reason: str | None = None) -> Outcome:
    return Outcome(outcome, reason=reason, member_id=who.member.id, meeting_id=who.meeting.id, facts=facts)


def _parked(outcome: str, who: Who, facts: dict[str, Any], reason: str) -> Outcome:
    return Outcome(outcome, "parked", reason, member_id=who.member.id, meeting_id=who.meeting.id, facts=facts)


def _tell_of_a_stranger(arrived: Arrived, who: Who, choice: str) -> None:
    """Tell the member which address answered for them, with a link to take it back; some ten times a day, so that who
    has got hold of a reply address cannot have its member written to without end."""
    if letters.count_posted("answered", who.meeting.id, who.member.id, clock.now() - timedelta(days=1)) >= MOST_TOLD:
        return
    letters.post(
        "answered",
        f"answered:{arrived.row.id}:{who.meeting.id}",
        member_id=who.member.id,
        meeting_id=who.meeting.id,
        facts={"mail": arrived.row.id, "choice": choice, "address": _shown(who.strange)},
        useless_after=who.meeting.starts_at,
    )


_ADDRESS = re.compile(r"[\w.+'=~-]{1,64}@[\w.-]{1,253}")


def _shown(address: str) -> str:
    """A stranger's address for a letter, "" if it reads like words or a way to some page: a stranger has chosen it."""
    return address if _ADDRESS.fullmatch(address) and not address.lower().startswith("www.") else ""


def _ask_back(who: Who, choice: str, facts: dict[str, Any]) -> Outcome:
    """Ask the member to confirm by a page. Once for each choice as long as the answer stays as it is: nobody can have
    somebody written to over and over."""
    if not has_address(who.member):
        return _parked("unclear", who, facts, NOT_REACHED)
    rsvp = rsvps.required(who.meeting.id, who.member.id)
    letters.post(
        "ask_back",
        f"ask_back:{who.meeting.id}:{who.member.id}:{choice}:{rsvp.revision}",
        member_id=who.member.id,
        meeting_id=who.meeting.id,
        facts={"choice": choice, "address": _shown(who.strange)},
        useless_after=who.meeting.starts_at,
    )
    return _ended("asked back", who, {**facts, "answer": choice})


# --- what the rules refuse --------------------------------------------------------------------------------------------


def _refused(arrived: Arrived, who: Who, rsvp: Rsvp, refusal: Refused, facts: dict[str, Any]) -> Outcome:
    """Tell the member that it could not be taken and why, with an entry that sets their calendar right: one with the
    answer that stands, or a cancellation, either with a SEQUENCE of this reader's own.

    Once a day for the same answer and reason, so that a calendar that answers by itself is not answered for ever.
    """
    why = tell_refused(arrived, who.meeting, rsvp, facts["answer"])
    return _ended("refused", who, {**facts, "why": why}, reason=str(refusal.message))


def tell_refused(arrived: Arrived, meeting: Meeting, rsvp: Rsvp, choice: str) -> str:
    """Post that letter; why the rules said no, in one word. Answers in plain words are refused by it too."""
    why = _why(meeting)
    told = letters.post(
        "not_taken",
        f"not_taken:{meeting.id}:{rsvp.member_id}:{rsvp.revision}:{choice}:{why}:{clock.now():%Y-%m-%d}",
        member_id=rsvp.member_id,
        meeting_id=meeting.id,
        facts={"mail": arrived.row.id, "choice": choice, "why": why, "revision": rsvp.revision},
    )
    if told:
        rsvp.sequence = max(rsvp.sequence, meeting.sequence) + 1
        session().flush()
    return why


def _why(meeting: Meeting) -> str:
    now = clock.now()
    if meeting.state != "announced":
        return "cancelled" if meeting.state == "cancelled" else "closed"
    if now >= meeting.starts_at:
        return "over" if now >= meeting.ends_at else "begun"
    return "late"
