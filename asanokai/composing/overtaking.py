"""Whether a claimed letter is still true, or why it need not be sent any more, and whether it may go now. Asks the rows
given and the clock, and for letters to coordinators what they speak of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asanokai import alerting, asking, catering, clock, copies, members, readdressing, series
from asanokai.letters import AGAIN, OF_MEETING, Letter, may_go_from
from asanokai.meetings import Meeting
from asanokai.members import SWITCHED_OFF, Address, Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp
from asanokai.speakers import Contributor

AFTERWARDS = ("own", "thanks")
"""Letters that may go out when the meeting is over."""

OF_AN_ANSWER = ("confirm", "acknowledged", "waiting", "seat", "offer", "free", "lapsed", "parted", "not_taken")
"""Letters that another answer makes untrue. Whoever came back and says yes must not find it cancelled."""

UNASKED = ("invite", "remind", "eve", "nudge", "own", "thanks")
"""Letters that whoever unsubscribed does not get."""


@dataclass(frozen=True)
class Row:
    """A letter with its reader, the reader's answer and the meeting."""

    letter: Letter
    member: Member | None
    address: Address | None
    rsvp: Rsvp | None
    meeting: Meeting | None
    contributor: Contributor | None = None
    switched_off: bool = False

    @property
    def language(self) -> str:
        """The language it is written in."""
        return self.letter.language or (self.member.language if self.member else "de")

    @property
    def facts(self) -> dict[str, Any]:
        """What was noted on the letter when it was posted."""
        return self.letter.facts or {}


def overtaken(row: Row) -> str | None:
    """Why the letter need not be sent any more, or None."""
    letter, member = row.letter, row.member
    if letter.useless_after is not None and letter.useless_after < clock.now():
        return "missed"
    if row.letter.address is None:
        if row.address is None:
            return "no address"
        if row.address.suppressed_at is not None and AGAIN not in row.facts:
            return "address suppressed"
    if letter.address is not None and "pack" in row.facts and _withdrawn(row):
        return "the link was withdrawn"
    if letter.kind == "digest" and (member is None or not series.coordinated_by(member)):
        return "nothing to say"
    if letter.kind == "alert" and not _still_told(row):
        return "nothing to say"
    if letter.kind == "sign_in" and _is_strangers(row):
        return "not an address of theirs any more"
    if letter.kind in readdressing.KINDS and "change" in row.facts and not readdressing.concerns(row.facts["change"]):
        return "overtaken by a later change"
    if letter.kind == "copy_ready" and copies.made(row.facts["copy"], letter.member_id) is None:
        return "the copy is gone"
    if letter.kind == "copy_ready" and (member is None or member.standing != "accepted"):
        return "not a member any more"
    if letter.kind == "erased_soon" and not _has_left(row):
        return "takes part again"
    if letter.kind in asking.KINDS:
        return _overtaken_by_contributor(row)
    if letter.kind in OF_MEETING:
        if member is None or (member.standing != "accepted" and not (letter.kind == "parted" and _has_left(row))):
            return "not a member any more"
        return _unwanted(row) or _overtaken_by_meeting(row) or _overtaken_by_answer(row)
    return _unwanted(row)


def _unwanted(row: Row) -> str | None:
    """What was queued before its reader switched it off is dropped as well."""
    if row.letter.kind in UNASKED and row.member is not None and row.member.unsubscribed_at is not None:
        return "unsubscribed"
    return SWITCHED_OFF if row.switched_off else None


def _still_told(row: Row) -> bool:
    """Whether something of it still holds, and its reader still coordinates."""
    if row.member is None or row.meeting is None:
        return False
    own = {found.id for found in series.coordinated_by(row.member)}
    return row.meeting.series_id in own and bool(alerting.contents(row.facts["items"]))


def held_until(row: Row, night: Night) -> datetime | None:
    """From when on the letter may go, or None if it may go now."""
    now = clock.now()
    if row.member is None:
        return None
    may = may_go_from(row.letter.kind, now, row.member.zone, night, row.letter.useless_after)
    return may if may > now else None


def _is_strangers(row: Row) -> bool:
    """Whether the address it was asked for is the member's no more: a link that signs in must not go there."""
    address = row.letter.address
    return address is not None and members.address_of(row.letter.member_id, address) is None


def _has_left(row: Row) -> bool:
    return row.member is not None and row.member.standing == "left"


def _withdrawn(row: Row) -> bool:
    return catering.named([row.facts["pack"], row.facts.get("nonce")]) is None


def _overtaken_by_contributor(row: Row) -> str | None:
    if row.contributor is None or row.contributor.address != row.letter.address:
        return "is not asked any more"
    if row.meeting is None or row.meeting.state == "cancelled":
        return "the meeting was cancelled"
    if row.letter.kind == "speaker_remind" and row.contributor.state != "asked":
        return "has answered"
    return None


def _overtaken_by_meeting(row: Row) -> str | None:
    if row.letter.kind in ("cancelled", "parted"):
        return None
    if row.letter.kind == "not_taken" and row.meeting is not None:
        return None  # tells who answers a meeting that is cancelled or over that it is
    if row.meeting is None or row.meeting.state == "cancelled":
        return "the meeting was cancelled"
    if row.meeting.ends_at <= clock.now() and row.letter.kind not in AFTERWARDS:
        return "missed"
    if row.letter.kind == "moved" and row.facts.get("sequence", row.meeting.sequence) < row.meeting.sequence:
        return "overtaken by a later change"
    return None


def _overtaken_by_answer(row: Row) -> str | None:
    kind, rsvp = row.letter.kind, row.rsvp
    if rsvp is None:
        return "not invited" if kind != "cancelled" else None
    if kind in OF_AN_ANSWER and row.facts.get("revision") != rsvp.revision:
        return "overtaken by a later answer"
    if kind == "ask_back" and rsvp.answer == row.facts.get("choice"):
        return "has answered"
    audience = row.facts.get("audience")
    if (kind in ("remind", "nudge") or audience == "silent") and rsvp.answer != "invited":
        return "has answered"
    if (kind == "eve" or audience == "coming") and rsvp.seat != "held":
        return "has no seat"
    return None
