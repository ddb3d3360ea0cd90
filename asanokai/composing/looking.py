"""Letters for looking at: as an invented reader gets one, or as a certain member would, and why perhaps not at all.

The links of such a letter lead nowhere: nobody must answer for somebody else from a preview. Writes nothing.
"""

from dataclasses import dataclass, replace
from typing import Any

from asanokai import members, rsvps
from asanokai.composing.gathering import Around, Work, around_of, facts_of, shown_to, work_of
from asanokai.composing.overtaking import Row, overtaken
from asanokai.composing.own import paragraph_in
from asanokai.errors import N_, Missing
from asanokai.languages import Name
from asanokai.letters import OF_MEETING, Letter
from asanokai.meetings import Meeting
from asanokai.rsvps import Rsvp

INVENTED = {
    "de": Name(family="Yamada", given="Hanako", salutation="frau", title="Dr."),
    "en": Name(family="Yamada", given="Hanako", salutation="frau", title="Dr."),
    "ja": Name(family="Yamada", given="Hanako", family_ja="山田", given_ja="花子"),
}

NEEDS_YES = ("confirm", "acknowledged", "seat", "eve", "waiting", "offer", "free")
"""Letters that only make sense to somebody who has said yes."""


@dataclass(frozen=True)
class Seen:
    """A letter to be looked at, and why this reader would not get it now (None: would)."""

    work: Work
    held_by: str | None = None


def invented(kind: str, meeting_id: int, language: str, *, organisation: str, facts: dict[str, Any]) -> Work:
    """The letter of that kind about a meeting to a reader who does not exist. Raises `Missing`."""
    if language not in INVENTED:
        raise Missing(N_("There is no such letter."))
    meeting, around = _about(kind, meeting_id, organisation, facts)
    answer = "yes" if kind in NEEDS_YES else "invited"
    rsvp = _answered(kind, meeting)
    row = Row(_letter(kind, language, meeting, facts), None, None, rsvp, meeting)
    name, shown = INVENTED[language], shown_to(row, around)
    return Work(
        letter_id=0,
        key="",
        kind=kind,
        attempts=0,
        to="hanako.yamada@example.com",
        language=language,
        reader_name=name.full(language),
        greeting=name.greeting(language),
        organisation=around.organisation,
        sender_name=around.sender_name,
        layout_key=None,
        meeting_id=0,
        shown=shown,
        answer=answer,
        seat=rsvp.seat,
        position=1,
        meeting_sequence=meeting.sequence,
        paragraph=paragraph_in(row, shown, around.paragraphs),
        facts=facts_of(row, shown, around) | ({"tomorrow": True} if kind == "eve" else {}),
    )


def as_read_by(kind: str, meeting_id: int, member_id: int, *, organisation: str, facts: dict[str, Any]) -> Seen:
    """The letter as that member would get it now, with nobody's token in it. Raises `Missing`."""
    meeting, around = _about(kind, meeting_id, organisation, facts)
    member = members.by_id(member_id)
    address, stored = members.main_address(member), rsvps.of(meeting_id, member_id)
    letter = _letter(kind, member.language, meeting, facts)
    unwanted = members.unwanted(member_id, kind)
    held_by = overtaken(Row(letter, member, address, stored, meeting, switched_off=unwanted))
    if kind == "invite" and held_by == "not invited":
        held_by = None  # this letter is what invites them
    answer = "yes" if kind in NEEDS_YES else "invited"
    # A letter to somebody who has said yes is shown as if this reader had; the row itself is left alone.
    told = stored if stored is not None and (answer != "yes" or stored.answer != "invited") else None
    row = Row(letter, member, address, told or _answered(kind, meeting), meeting)
    letter.address = "" if address is None else None
    work = work_of(row, around)
    # Without the numbers no token can be minted that means anything.
    return Seen(
        replace(work, letter_id=0, member_id=0, meeting_id=0, layout_key=None, position=work.position or 1), held_by
    )


def tried(work: Work, *, organisation: str) -> Work:
    """The copy of a letter that a coordinator sends to themselves: told in its row are kind, meeting and reader."""
    told = work.facts
    kind, meeting_id, facts = str(told["of"]), int(told["meeting"]), {}
    if told.get("message") is not None:
        facts["message"] = told["message"]
    if told.get("as") is not None:
        seen = as_read_by(kind, meeting_id, int(told["as"]), organisation=organisation, facts=facts).work
    else:
        seen = invented(kind, meeting_id, str(told["language"]), organisation=organisation, facts=facts)
    return replace(
        seen,
        letter_id=work.letter_id,
        key=work.key,
        attempts=work.attempts,
        to=work.to,
        reader_name=work.reader_name,
        trial=True,
    )


def _about(kind: str, meeting_id: int, organisation: str, facts: dict[str, Any]) -> tuple[Meeting, Around]:
    if kind not in OF_MEETING:
        raise Missing(N_("There is no such letter."))
    around = around_of({meeting_id}, organisation, {facts["message"]} if "message" in facts else ())
    meeting = around.meetings.get(meeting_id)
    if meeting is None:
        raise Missing(N_("There is no such meeting."))
    return meeting, around


def _answered(kind: str, meeting: Meeting) -> Rsvp:
    answer = "yes" if kind in NEEDS_YES else "invited"
    seat = "held" if answer == "yes" else None
    return Rsvp(
        meeting_id=meeting.id,
        answer=answer,
        guests=0,
        late=False,
        seat=seat,
        sequence=0,
        revision=0,
        offered_until=meeting.answer_until if kind == "offer" else None,
    )


def _letter(kind: str, language: str, meeting: Meeting, facts: dict[str, Any]) -> Letter:
    old = {
        "old_starts_at": meeting.starts_at.isoformat(),
        "old_ends_at": meeting.ends_at.isoformat(),
        "old_venue": meeting.venue,
    }
    return Letter(id=0, key="", kind=kind, language=language, facts=old | facts, attempts=0)
