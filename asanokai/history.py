"""The journal told to people: who did what and when, about a meeting, a member or a series.

Only what the journal says: no names or free text stand there, so names are looked up when they are shown. What somebody
may read is decided by whoever asks; nothing is decided by what is read here.

To give a new verb its words, add a line to `SENTENCES`; until then it reads as `CHANGED`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from asanokai import members
from asanokai.db import session
from asanokai.errors import N_
from asanokai.journal import Aside, Entry
from asanokai.meetings import Meeting
from asanokai.members import Member
from asanokai.rsvps import Rsvp
from asanokai.series import Belonging

PAGE = 100

CHANGED = N_("Something was changed")
"""What a verb without words of its own reads as."""

SENTENCES: dict[tuple[str, str], str] = {
    # answers
    ("answer", "rsvp"): N_("%(member)s: %(answer)s"),
    ("take back", "rsvp"): N_("%(member)s: the answer that came by mail was taken back; now: %(answer)s"),
    ("seat", "rsvp"): N_("%(member)s got a seat from the waiting list"),
    ("ask again", "rsvp"): N_("%(member)s was asked again; the answer until then: %(before)s"),
    ("offer", "rsvp"): N_("%(member)s was offered a seat"),
    ("expire", "rsvp"): N_("The offer to %(member)s ran out"),
    ("wait again", "rsvp"): N_("%(member)s waits again"),
    ("lapse", "rsvp"): N_("The seat kept for %(member)s was given back"),
    ("keep seats", "meeting"): N_("Seats kept for those who normally come"),
    ("set", "standing"): N_("%(member)s normally comes"),
    ("end", "standing"): N_("%(member)s no longer normally comes"),
    ("settle", "mail"): N_("A mail was settled"),
    ("reply", "mail"): N_("A mail was answered"),
    ("take in again", "mail"): N_("A mail that had failed is taken in again"),
    ("take in", "mail"): N_("A mail that came was taken in"),
    ("write", "message"): N_("Own letter written"),
    ("queue", "message"): N_("Own letter sent on its way"),
    ("withdraw", "message"): N_("Own letter taken back"),
    ("write", "paragraph"): N_("Paragraph for the letters written"),
    ("nudge", "meeting"): N_("Those who are silent were reminded"),
    ("move up", "rsvp"): N_("%(member)s moved up"),
    ("pass on", "rsvp"): N_("%(member)s passed the seat on"),
    ("take over", "rsvp"): N_("%(member)s took a seat over"),
    ("reply", "rsvp"): N_("%(member)s answered the questions"),
    ("name guests", "rsvp"): N_("%(member)s named guests"),
    ("name", "deputy"): N_("Deputy named"),
    ("agree", "deputy"): N_("Deputy agreed"),
    ("end", "deputy"): N_("Deputy ended"),
    ("add", "question"): N_("Question added"),
    ("change", "question"): N_("Question changed"),
    ("drop", "question"): N_("Question dropped"),
    ("forget", "meeting"): N_("Replies to questions deleted, as promised"),
    # meetings
    ("add", "meeting"): N_("Date added: %(starts)s"),
    ("announce", "meeting"): N_("Announced"),
    ("edit", "meeting"): N_("Changed: %(fields)s"),
    ("move", "meeting"): N_("Moved from %(old)s to %(starts)s"),
    ("ask again", "meeting"): N_("Everybody was asked again; answers taken back: %(count)s"),
    ("tell", "meeting"): N_("Letters about a change: %(count)s (%(fields)s)"),
    ("cancel", "meeting"): N_("Cancelled"),
    ("drop", "meeting"): N_("Draft dropped"),
    ("restore", "meeting"): N_("Dropped date taken up again"),
    ("hold", "meeting"): N_("Held"),
    ("pause", "meeting"): N_("Letters held back"),
    ("resume", "meeting"): N_("Letters let go again"),
    # topics
    ("post", "topic"): N_("Topic added"),
    ("change", "topic"): N_("Topic changed"),
    ("remove", "topic"): N_("Topic removed"),
    # proposals
    ("propose", "proposal"): N_("Topic proposed"),
    ("change", "proposal"): N_("Proposal changed"),
    ("choose", "proposal"): N_("Proposal chosen"),
    ("decline", "proposal"): N_("Proposal declined"),
    ("merge", "proposal"): N_("Proposals merged"),
    ("reopen", "proposal"): N_("Proposal opened again"),
    ("withdraw", "proposal"): N_("Proposal withdrawn"),
    ("vote", "proposal"): N_("Voted for a proposal"),
    ("withdraw vote", "proposal"): N_("Vote for a proposal taken back"),
    ("describe", "topic"): N_("Topic described by its speaker"),
    # speakers, hosts, materials
    ("name", "contributor"): N_("Speaker or host named"),
    ("reach", "contributor"): N_("Address of a speaker or host set"),
    ("ask", "contributor"): N_("Speaker or host asked"),
    ("confirm", "contributor"): N_("Speaker or host confirmed"),
    ("decline", "contributor"): N_("Speaker or host declined"),
    ("tell", "contributor"): N_("Speaker or host wrote about themselves"),
    ("remove", "contributor"): N_("Speaker or host removed"),
    ("upload", "file"): N_("File added"),
    ("show", "file"): N_("File shown or hidden"),
    ("remove", "file"): N_("File removed"),
    ("write", "minutes"): N_("Minutes written"),
    # the running order
    ("add", "slot"): N_("Running order: an item added"),
    ("change", "slot"): N_("Running order: an item changed"),
    ("move", "slot"): N_("Running order: an item moved"),
    ("remove", "slot"): N_("Running order: an item removed"),
    ("adopt", "programme"): N_("Running order taken over"),
    # series
    ("add", "series"): N_("Series added"),
    ("change", "series"): N_("Series changed: %(fields)s"),
    ("join", "series"): N_("%(member)s joined the series"),
    ("part", "series"): N_("%(member)s was taken off the series"),
    ("pause", "series"): N_("Letters of the series held back"),
    ("resume", "series"): N_("Letters of the series let go again"),
    ("import", "series"): N_("Members taken in from a file"),
    # members
    ("add", "member"): N_("Member added"),
    ("change", "member"): N_("Changed: %(fields)s"),
    ("change address", "member"): N_("Mail address changed"),
    ("ask address", "member"): N_("Asked for another mail address"),
    ("object to address", "member"): N_("Objected to the new mail address; the former one counts again"),
    ("sign in", "member"): N_("Signed in"),
    ("set password", "member"): N_("Password set"),
    ("remove password", "member"): N_("Password removed"),
    ("new calendar secret", "member"): N_("New address for the personal calendar"),
    ("add", "passkey"): N_("Passkey added"),
    ("rename", "passkey"): N_("Passkey renamed"),
    ("remove", "passkey"): N_("Passkey removed"),
    ("join", "identity"): N_("Connected with the sign-in of another service"),
    ("remove", "identity"): N_("Connection with another service removed"),
    ("unsubscribe", "member"): N_("Ended the invitations"),
    ("subscribe", "member"): N_("Wants invitations again"),
    ("mute", "member"): N_("Letters switched off: %(letters)s"),
    ("unmute", "member"): N_("Letters switched on again: %(letters)s"),
    ("make administrator", "member"): N_("Made administrator"),
    ("import", "member"): N_("Members taken in from a file"),
    ("accept", "member"): N_("Accepted as a member"),
    ("leave", "member"): N_("Left"),
    ("ask for erasure", "member"): N_("Deletion asked for"),
    ("erase", "member"): N_("Deleted"),
    ("keep", "member"): N_("Not deleted, since they came back"),
    ("suppress", "member"): N_("Letters came back; the address is no longer written to"),
    ("use again", "member"): N_("The address is written to again"),
    ("merge", "member"): N_("Two entries merged"),
    ("export", "member"): N_("Exported"),
    ("set", "factor"): N_("Second factor set"),
    ("new codes", "factor"): N_("New recovery codes made"),
    ("use recovery code", "factor"): N_("A recovery code was used"),
    ("remove", "factor"): N_("Second factor removed"),
    ("sign out", "device"): N_("A device signed out"),
    ("sign out others", "device"): N_("All other devices signed out"),
    ("send sign-in", "member"): N_("Sign-in link sent"),
    ("export", "series"): N_("Members exported"),
    # applications
    ("apply", "application"): N_("Application received"),
    ("invite", "application"): N_("Invited to join"),
    ("confirm", "application"): N_("Application confirmed by its link"),
    ("approved", "application"): N_("Application approved"),
    ("declined", "application"): N_("Application declined"),
    ("forget", "application"): N_("Application forgotten, since it was never confirmed"),
    # consents
    ("consent", "consent"): N_("A consent given"),
    ("withdraw consent", "consent"): N_("A consent withdrawn"),
    ("read", "consent"): N_("Read from which network addresses somebody consented"),
    # host and caterer
    ("make", "pack"): N_("Link for host or caterer made"),
    ("withdraw", "pack"): N_("Link for host or caterer withdrawn"),
    ("set deadline", "catering"): N_("Deadline for the caterer set"),
    ("freeze", "catering"): N_("Numbers for the caterer frozen: %(coming)s"),
    ("thaw", "catering"): N_("Numbers for the caterer open again"),
    ("tell", "catering"): N_("Told the caterer of new numbers: %(coming)s"),
    # the rest
    ("export", "journal"): N_("The journal was exported"),
    ("read", "aside"): N_("Read from where an entry came, and what was said with it"),
    ("read", "reply"): N_("Read what %(member)s replied about food"),
    ("read", "comment"): N_("Read what %(member)s wrote to the organisers"),
    ("read", "roll"): N_("Read what was written to the organisers"),
    ("read", "mail"): N_("Read a mail that came"),
    ("prune", "journal"): N_("Old entries of the journal pruned: %(count)s"),
    ("retry", "letter"): N_("A letter that had failed was sent again"),
    ("ask", "copy"): N_("Copy of data asked for"),
    ("make", "copy"): N_("Copy of data made"),
    ("fetch", "copy"): N_("Copy of data fetched"),
    ("change", "retention"): N_("How long data is kept was changed"),
    ("remove", "retention"): N_("Old data removed: %(count)s"),
    ("change", "installation"): N_("Settings changed: %(fields)s"),
    ("restore", "installation"): N_("All was restored from a backup; letters wait"),
    ("refuse", "sign-in"): N_("A sign-in was refused"),
    ("refuse", "page"): N_("A page was refused"),
}
"""(verb, object) → what happened. In it may stand: member, answer, before (an answer), fields, starts, old, count,
letters (the name of a switch)."""

ANSWERED_BEFORE = N_("%(member)s: %(answer)s; before: %(before)s")
COORDINATES = N_("%(member)s became a coordinator")
COORDINATES_NO_MORE = N_("%(member)s is no longer a coordinator")
ANOTHER_PLACE = N_("Another place")
MOVED_AND_PLACE = N_("Moved from %(old)s to %(starts)s, to another place")
ASKED_ONCE_MORE = N_("Letters asking once more: %(count)s")
NO_ADMINISTRATOR = N_("No longer administrator")


@dataclass(frozen=True)
class Line:
    """One thing that happened. `actor` is None if the program did it, `member` and `meeting` if it is about none."""

    entry: Entry
    actor: Member | None
    member: Member | None
    meeting: Meeting | None

    @property
    def facts(self) -> dict[str, Any]:
        """What the verb noted."""
        return self.entry.facts or {}

    @property
    def sentence(self) -> str:
        """What happened, as a message with places to be filled in."""
        return _variant(self.entry.verb, self.entry.object, self.facts)


def _variant(verb: str, obj: str, facts: dict[str, Any]) -> str:
    usual = SENTENCES.get((verb, obj), CHANGED)
    before = facts.get("before")
    if (verb, obj) == ("answer", "rsvp") and isinstance(before, list) and before[:1] != ["invited"]:
        return ANSWERED_BEFORE
    if obj == "series" and facts.get("role") == "coordinator":
        return {"join": COORDINATES, "part": COORDINATES_NO_MORE}.get(verb, usual)
    if (verb, obj) == ("move", "meeting") and facts.get("place"):
        return ANOTHER_PLACE if before == facts.get("starts_at") else MOVED_AND_PLACE
    if (verb, obj) == ("tell", "meeting") and not facts.get("fields"):
        return ASKED_ONCE_MORE
    if verb == "make administrator" and not facts.get("administrator"):
        return NO_ADMINISTRATOR
    return usual


@dataclass(frozen=True)
class Page:
    """Newest first. `more`: there is another page."""

    lines: list[Line]
    number: int
    more: bool


def of_meeting(meeting_id: int, *, page: int = 1) -> Page:
    """Everything about a meeting: itself, answers to it, its topics, letters sent again."""
    return _page(Entry.meeting_id == meeting_id, page)


def of_series(series_id: int, *, page: int = 1) -> Page:
    """What happened to a series and to its meetings; single answers stand with their meeting."""
    own = select(Meeting.id).where(Meeting.series_id == series_id)
    of_meetings = and_(Entry.object == "meeting", Entry.object_id.in_(own))
    return _page(or_(Entry.series_id == series_id, of_meetings), page)


def of_member(member_id: int, *, series_ids: Collection[int] | None, page: int = 1) -> Page:
    """What concerns a member; for a coordinator of `series_ids` only what happened there."""
    about: ColumnElement[bool] = Entry.member_id.in_(members.all_numbers(member_id))
    if series_ids is not None:
        about = and_(about, or_(Entry.series_id.in_(series_ids), Entry.meeting_id.in_(_meetings_of(series_ids))))
    return _page(about, page)


def concerns(member_id: int, series_ids: Collection[int]) -> bool:
    """Whether the member belongs, or once belonged, to one of the series, or was asked to one of its meetings."""
    belonged = exists().where(Belonging.member_id == member_id, Belonging.series_id.in_(series_ids))
    asked = exists().where(Rsvp.member_id == member_id, Rsvp.meeting_id.in_(_meetings_of(series_ids)))
    return bool(session().scalar(select(or_(belonged, asked))))


def _meetings_of(series_ids: Collection[int]) -> Any:
    return select(Meeting.id).where(Meeting.series_id.in_(series_ids))


def _page(about: ColumnElement[bool], number: int) -> Page:
    number = min(max(number, 1), 100_000)
    newest = select(Entry).where(about).order_by(Entry.id.desc()).limit(PAGE + 1).offset((number - 1) * PAGE)
    found = session().scalars(newest).all()
    return Page(_lines(found[:PAGE]), number, more=len(found) > PAGE)


def _lines(entries: Sequence[Entry]) -> list[Line]:
    people = _people({entry.actor_id for entry in entries} | {entry.member_id for entry in entries})
    where = {entry.meeting_id for entry in entries} - {None}
    meetings = {row.id: row for row in session().scalars(select(Meeting).where(Meeting.id.in_(where)))}
    return [
        Line(
            entry,
            people.get(entry.actor_id or 0) or _themselves(entry, people),
            people.get(entry.member_id or 0),
            meetings.get(entry.meeting_id or 0),
        )
        for entry in entries
    ]


def _people(numbers: Collection[int | None]) -> dict[int, Member]:
    """Number → whom it means today: the journal goes on naming rows that were merged into others."""
    wanted = {number for number in numbers if number}
    went = members.all_kept(wanted)
    who = {went.get(number, number) for number in wanted}
    rows = {row.id: row for row in session().scalars(select(Member).where(Member.id.in_(who)))}
    return {number: rows[went.get(number, number)] for number in wanted if went.get(number, number) in rows}


def _themselves(entry: Entry, people: dict[int, Member]) -> Member | None:
    """Whoever answered by a link, a calendar or a reply did it without signing in."""
    by_link = entry.verb in ("answer", "take back") and (entry.facts or {}).get("by") not in (
        "program",
        "coordinator",
        "deputy",
    )
    return people.get(entry.member_id or 0) if by_link else None


# --- the whole journal -----------------------------------------------------------------------------------------------

_OF_MEETING = ("meeting", "topic", "slot", "programme", "contributor", "file", "minutes", "series", "question")
_VERBS, _OBJECTS = Entry.verb.in_, Entry.object.in_

AREAS: dict[str, ColumnElement[bool]] = {
    "access": _VERBS(("sign in", "refuse", "send sign-in", "set password", "remove password", "add key", "remove key")),
    "authority": _VERBS(("make administrator", "join", "part", "merge")),
    "reading": _VERBS(("read", "export")),
    "consent": _VERBS(
        ("apply", "confirm", "subscribe", "unsubscribe", "consent", "withdraw consent", "leave", "erase")
    ),
    "answers": Entry.object == "rsvp",
    "members": _OBJECTS(("member", "application", "deputy")),
    "meetings": _OBJECTS((*_OF_MEETING, "proposal", "catering", "pack", "standing")),
    "letters": _OBJECTS(("letter", "message", "paragraph", "mail")),
    "house": _OBJECTS(("installation", "journal", "aside", "backup")),
}
"""Which part of the journal somebody wants to see; an entry may belong to several."""


def everything(
    *, area: str = "", member_id: int | None = None, between: tuple[datetime, datetime] | None = None, page: int = 1
) -> Page:
    """The whole journal, or what an area holds, what a member did or what is about them, what was done on a day."""
    wanted: list[ColumnElement[bool]] = [true()]
    if area:
        wanted.append(AREAS[area])
    if member_id is not None:
        numbers = members.all_numbers(member_id)
        wanted.append(or_(Entry.member_id.in_(numbers), Entry.actor_id.in_(numbers)))
    if between is not None:
        wanted += [Entry.at >= between[0], Entry.at < between[1]]
    return _page(and_(*wanted), page)


def one(entry_id: int) -> Line | None:
    """One entry."""
    entry = session().get(Entry, entry_id)
    return _lines([entry])[0] if entry is not None else None


def with_aside(entry_ids: Collection[int]) -> set[int]:
    """Which of these have something aside."""
    return set(session().scalars(select(Aside.entry_id).where(Aside.entry_id.in_(entry_ids))))
