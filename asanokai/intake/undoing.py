"""Taking back an answer that came by mail, behind the link that a letter carries (`links.undo`).

It works from the mail's `facts`: {"meeting", "member", "revision", "before": {"answer", "guests", "comment"}}. A mail
that says several things has them in `facts["all"]`; the first that was taken counts. A verb of pages, not a reader.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from asanokai import clock, meetings, members, merging, rsvps
from asanokai.db import session
from asanokai.errors import N_, Expired, Missing, Refused
from asanokai.intake.row import Incoming
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.rsvps import Before, Rsvp

GONE = ("left", "erased")


@dataclass(frozen=True)
class Undo:
    """What a mail made, and whether it can be taken back: *open*, *undone* already, or *changed* since."""

    mail: Incoming
    meeting: Meeting
    member: Member
    rsvp: Rsvp
    taken: str
    before: Before
    revision: int
    state: str


def look(mail_id: int) -> Undo:
    """What there is to take back. Raises `Missing` for a mail that made no answer, `Expired` once the meeting has begun
    or the member has left."""
    return _look(session().get(Incoming, mail_id))


def undo(mail_id: int) -> Undo:
    """Take back what the mail made; how it stands then. Once more changes nothing. Raises what `look` raises, and
    `Refused` if the answer was changed since."""
    locked = select(Incoming).where(Incoming.id == mail_id).with_for_update()
    found = _look(session().scalar(locked.execution_options(populate_existing=True)))
    if found.state == "undone":
        return found
    if found.state == "changed":
        raise Refused(rsvps.CHANGED_SINCE)
    rsvps.take_back(found.meeting.id, found.member.id, found.before, revision=found.revision, mail_id=mail_id)
    found.mail.facts = {**(found.mail.facts or {}), "undone_at": clock.now().isoformat()}
    session().flush()
    return _look(found.mail)


def _look(mail: Incoming | None) -> Undo:
    made = answer_made(mail.facts) if mail is not None else None
    if mail is None or made is None:
        raise Missing(N_("There is no such answer."))
    meeting, member = meetings.by_id(int(made["meeting"])), members.by_id(merging.kept(int(made["member"])))
    if meeting.state != "announced" or clock.now() >= meeting.starts_at or member.standing in GONE:
        raise Expired(N_("This link is no longer valid."))
    rsvp = rsvps.required(meeting.id, member.id)
    state = "open" if rsvp.revision == made["revision"] else "changed"
    if (mail.facts or {}).get("undone_at"):
        state = "undone"
    before = made.get("before") or {}
    return Undo(
        mail=mail,
        meeting=meeting,
        member=member,
        rsvp=rsvp,
        taken=str(made.get("answer") or rsvp.answer),
        before=Before(
            answer=str(before.get("answer") or "invited"),
            guests=int(before.get("guests") or 0),
            comment=str(before.get("comment") or ""),
            kept=bool(before.get("kept")),
        ),
        revision=int(made["revision"]),
        state=state,
    )


def answer_made(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """The first answer that a mail's facts tell of, None if it made none."""
    facts = facts or {}
    return next((one for one in (facts, *facts.get("all", ())) if "revision" in one and "before" in one), None)
