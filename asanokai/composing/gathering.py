"""What a claimed letter says and to whom, read from the database; or why it need not be sent any more.

A letter's row is small and was written earlier; what is true now is read here. It renders nothing.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from asanokai import (
    applying,
    asking,
    clock,
    installation,
    members,
    rsvps,
    showing,
    speakers,
    topics,
    writing,
)
from asanokai.composing import accounts, addresses, calendars, changes, packs
from asanokai.composing.alert import alert
from asanokai.composing.digest import digest
from asanokai.composing.keys import keys
from asanokai.composing.overtaking import Row, held_until, overtaken
from asanokai.composing.own import own_words, paragraph_in
from asanokai.composing.threads import About, Threads
from asanokai.db import session
from asanokai.languages import Name, moment_in_words, pick
from asanokai.letters import OF_MEETING, Letter
from asanokai.meetings import Meeting
from asanokai.members import Address, Application, Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp
from asanokai.series import Series
from asanokai.showing import Shown
from asanokai.speakers import Contributor
from asanokai.writing import Message

TELLS_PLACE = ("waiting", "acknowledged")
"""Letters that say which place in the line their reader has."""


@dataclass(frozen=True)
class Dropped:
    """A letter that need not be sent any more, and why."""

    letter_id: int
    reason: str


@dataclass(frozen=True)
class Work:
    """One letter to be written. `facts` are what its template asks for beside the meeting and the reader.

    `paragraph` is what coordinators put into it; `trial` marks a copy that a coordinator sends to themselves.
    `layout_key` is None where nobody else reads the same. `ahead` counts the letters of the batch that tell this reader
    of the same meeting before this one does. `follows` is the Message-ID of the first letter of its thread, `answers`
    that of the mail it answers; before `not_before` it must not go.
    """

    letter_id: int
    key: str
    kind: str
    attempts: int
    to: str
    language: str
    reader_name: str
    greeting: str
    organisation: str
    sender_name: str
    layout_key: tuple[object, ...] | None
    member_id: int = 0
    meeting_id: int = 0
    application_id: int = 0
    pack_id: int = 0
    mail_id: int = 0
    change_id: int = 0
    answers: str = ""
    nonce: str = ""
    contributor: tuple[int, str] | None = None
    shown: Shown | None = None
    series_slug: str = ""
    answer: str = "invited"
    seat: str | None = None
    position: int | None = None
    meeting_sequence: int = 0
    reader_sequence: int = 0
    stamped_at: datetime | None = None
    ahead: int = 0
    follows: str = ""
    not_before: datetime | None = None
    paragraph: dict[str, Any] | None = None
    trial: bool = False
    starts_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def about_meeting(self) -> bool:
        """Whether it goes to a meeting's audience; a test of such a letter does not."""
        return self.kind in OF_MEETING and not self.trial

    @property
    def unsubscribable(self) -> bool:
        """Whether it offers to end the invitations. What somebody asked for does not, nor the last word to who left."""
        return self.about_meeting and self.kind != "parted"


@dataclass(frozen=True)
class Around:
    """What several letters of a batch share."""

    meetings: dict[int, Meeting]
    series: dict[int, Series]
    topics: dict[int, list[topics.Topic]]
    organisation: str
    sender_name: str
    changed_at: datetime | None
    messages: dict[int, Message]
    paragraphs: dict[tuple[int, str], dict[str, str]]
    shown: dict[tuple[int, str, str | None], Shown] = field(default_factory=dict)
    """Meetings as readers of one language on one clock see them: worked out once for all of them."""


def gather(
    letter_ids: Sequence[int], *, organisation: str, number: Callable[[str], str], night: Night
) -> list[Work | Dropped]:
    """What the letters say, in their order. See `Composer.gather`. `number` tells the Message-ID of a letter's key."""
    found = session().execute(
        select(Letter, Member, Address, Rsvp, members.does_without(Letter.kind, Letter.member_id))
        .outerjoin(Member, Member.id == Letter.member_id)
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
        .outerjoin(Rsvp, and_(Rsvp.meeting_id == Letter.meeting_id, Rsvp.member_id == Letter.member_id))
        .where(Letter.id.in_(letter_ids))
        .execution_options(populate_existing=True)
    )
    rows = {row[0].id: row for row in found}
    letters = [row[0] for row in rows.values()]
    asked = _contributors(letters)
    written = {int(letter.facts["message"]) for letter in letters if letter.facts and "message" in letter.facts}
    around = around_of({letter.meeting_id for letter in letters if letter.meeting_id}, organisation, written)
    whole = [_row(rows[letter_id], around, asked) for letter_id in letter_ids]
    threads, before = Threads(whole, number), Counter[About]()
    gathered: list[Work | Dropped] = []
    for row in whole:
        letter, reason = row.letter, overtaken(row)
        if reason:
            gathered.append(Dropped(letter.id, reason))
            continue
        work, not_before = work_of(row, around), held_until(row, night)
        if not_before is None:
            about = (letter.meeting_id, letter.member_id)
            work = replace(work, ahead=before[about], follows=threads.follow(letter))
            before[about] += 1
        gathered.append(replace(work, not_before=not_before))
    return gathered


def _row(found: Any, around: Around, asked: Mapping[int, Contributor]) -> Row:
    letter, member, address, rsvp, off = found
    contributor = asked.get((letter.facts or {}).get("contributor", 0))
    return Row(letter, member, address, rsvp, around.meetings.get(letter.meeting_id or 0), contributor, off)


def _contributors(found: Sequence[Letter]) -> dict[int, Contributor]:
    """The speakers and hosts that letters of the batch are about."""
    wanted = {letter.facts["contributor"] for letter in found if letter.kind in asking.KINDS and letter.facts}
    return speakers.by_ids(wanted) if wanted else {}


def around_of(meeting_ids: set[int], organisation: str, message_ids: Collection[int] = ()) -> Around:
    """What letters about these meetings share."""
    own = installation.current()
    found = session().scalars(select(Meeting).where(Meeting.id.in_(meeting_ids))).all() if meeting_ids else []
    wanted = {meeting.series_id for meeting in found}
    series = session().scalars(select(Series).where(Series.id.in_(wanted))).all() if wanted else []
    return Around(
        meetings={meeting.id: meeting for meeting in found},
        series={row.id: row for row in series},
        topics=topics.of_all(list(meeting_ids)) if meeting_ids else {},
        organisation=own.organisation or organisation,
        sender_name=own.sender_name,
        changed_at=own.changed_at,
        messages=writing.by_ids(sorted(message_ids)),
        paragraphs=writing.of_letters(sorted(meeting_ids)),
    )


# --- what it says -----------------------------------------------------------------------------------------------------


def work_of(row: Row, around: Around) -> Work:
    letter, member, language = row.letter, row.member, row.language
    application = _application(row)
    name = row.contributor.name if row.contributor else _name(member, application)
    shown = _shown(row, around, application)
    rsvp = row.rsvp
    facts = facts_of(row, shown, around, application)
    paragraph = paragraph_in(row, shown, around.paragraphs)
    shared = letter.kind in OF_MEETING
    meeting = row.meeting
    return Work(
        letter_id=letter.id,
        key=letter.key,
        kind=letter.kind,
        attempts=letter.attempts,
        to=_to(row),
        language=language,
        reader_name=name.full(language),
        greeting=name.greeting(language) if name != Name() else packs.TO_WHOM_IT_CONCERNS[language],
        organisation=around.organisation,
        sender_name=around.sender_name,
        layout_key=(
            (letter.kind, language, around.changed_at, _reader_zone(row), *_versions(shown), repr((facts, paragraph)))
            if shared
            else None
        ),
        member_id=letter.member_id or 0,
        meeting_id=letter.meeting_id or 0,
        application_id=application.id if application else 0,
        pack_id=row.facts.get("pack", 0),
        mail_id=row.facts.get("mail", 0),
        change_id=row.facts.get("change", 0),
        answers=str(row.facts.get("answers") or ""),
        nonce=_nonce(row, application),
        contributor=(row.contributor.id, row.contributor.secret) if row.contributor else None,
        shown=shown,
        series_slug=shown.series.slug if shown else "",
        answer=rsvp.answer if rsvp else "invited",
        seat=rsvp.seat if rsvp else None,
        position=rsvps.place_in_line(rsvp) if rsvp and rsvp.asked_at and letter.kind in TELLS_PLACE else None,
        meeting_sequence=meeting.sequence if meeting else 0,
        reader_sequence=rsvp.sequence if rsvp else 0,
        stamped_at=rsvp.stamped_at if rsvp else None,
        starts_at=meeting.starts_at if meeting else None,
        paragraph=paragraph,
        facts=facts,
    )


def facts_of(row: Row, shown: Shown | None, around: Around, application: Application | None = None) -> dict[str, Any]:
    """What the letter's template asks for beside the meeting and the reader."""
    if row.letter.kind in writing.KINDS:
        return own_words(row, shown, around.messages)
    return _FACTS.get(row.letter.kind, _no_facts)(row, shown, application)


def _versions(shown: Shown | None) -> tuple[object, ...]:
    if shown is None:
        return ()
    return (shown.meeting.id, shown.meeting.version, shown.meeting.state, str(shown.series_name))


def _to(row: Row) -> str:
    if row.letter.address is not None:
        return row.letter.address
    assert row.address is not None
    # The typed form keeps the case of its local part; a domain in another script goes out in its ASCII form.
    return row.address.text if row.address.text.isascii() else row.address.normal


def _reader_zone(row: Row) -> str | None:
    return row.member.zone if row.member else None


def _application(row: Row) -> Application | None:
    number = row.facts.get("application")
    return session().get(Application, number) if number is not None else None


def _name(member: Member | None, application: Application | None) -> Name:
    """How the reader is addressed: by what they said when applying, as long as the member's row has no name."""
    if application is not None and (member is None or not (member.family or member.family_ja)):
        return applying.said_name(application)
    return member.name if member is not None else Name()


def _nonce(row: Row, application: Application | None) -> str:
    if row.letter.kind in addresses.SECRETS:
        return addresses.secret(row)
    if row.letter.kind in ("pack", "catering_change"):
        return str(row.facts.get("nonce", ""))
    if row.letter.kind == "sign_in" and row.member is not None:
        return members.mint_sign_in(row.member)
    if row.letter.kind in ("opt_in", "join") and application is not None:
        return applying.mint_confirmation(application)
    return ""


def shown_to(row: Row, around: Around) -> Shown | None:
    """The meeting as this reader sees it."""
    return _shown(row, around, None)


def _shown(row: Row, around: Around, application: Application | None) -> Shown | None:
    meeting = row.meeting
    if meeting is not None:
        seen_as = (meeting.id, row.language, _reader_zone(row))
        if seen_as not in around.shown:
            series, about = around.series[meeting.series_id], around.topics.get(meeting.id, [])
            around.shown[seen_as] = showing.shown(meeting, series, about, language=row.language, zone=_reader_zone(row))
        return around.shown[seen_as]
    if application is not None and application.meeting_id is not None:
        meeting = session().get_one(Meeting, application.meeting_id)
        series, about = session().get_one(Series, meeting.series_id), topics.of(meeting)
        return showing.shown(meeting, series, about, language=row.language, zone=_reader_zone(row))
    return None


def _no_facts(_row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return {}


def _invite(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    answer = row.rsvp.answer if row.rsvp else "invited"
    return {"answer": answer, "waiting": changes.waits(row), **_kept(row, shown)}


def _remind(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return _kept(row, shown)


def _kept(row: Row, shown: Shown | None) -> dict[str, Any]:
    """Whether a seat is kept for the reader tentatively, and is lost if nothing is said."""
    lapses = shown is not None and bool(shown.series.standing_lapses)
    return {"tentative": row.rsvp is not None and row.rsvp.tentative, "lapses": lapses}


def _waiting(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return {"guests": row.rsvp.guests if row.rsvp else 0, "offers_from": _in_words(row, shown, "offers_from")}


def _offer(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return {"guests": row.rsvp.guests if row.rsvp else 0, "until": _in_words(row, shown, "until")}


def _in_words(row: Row, shown: Shown | None, moment: str) -> str:
    assert shown is not None
    at = row.rsvp.offered_until if moment == "until" and row.rsvp else shown.meeting.offers_from
    return moment_in_words(at, row.language, shown.meeting.zone) if at else ""


def _guests(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return {"guests": row.rsvp.guests if row.rsvp else 0}


def _confirm(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    assert row.rsvp is not None
    return {"answer": row.rsvp.answer, "guests": row.rsvp.guests, "late": row.rsvp.late, "open": changes.is_open(row)}


def _acknowledged(row: Row, shown: Shown | None, application: Application | None) -> dict[str, Any]:
    said = {**_confirm(row, shown, application), **_waiting(row, shown, application), "waiting": changes.waits(row)}
    return said | {"undoable": row.facts.get("undoable", True)}


def _reply(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return {"said": str(row.facts.get("words") or ""), "subject": str(row.facts.get("subject") or "")}


def _eve(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    assert shown is not None
    today = clock.now().astimezone(ZoneInfo(shown.meeting.zone)).date()
    # To a reader on another clock it may be today or the day after tomorrow.
    tomorrow = not shown.elsewhere and shown.local_date - today == timedelta(days=1)
    return {"guests": row.rsvp.guests if row.rsvp else 0, "tomorrow": tomorrow}


def _cancelled(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    assert shown is not None
    return {"reason": str(shown.reason), "answer": row.rsvp.answer if row.rsvp else "invited"}


def _parted(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    whole = row.member is not None and row.member.standing != "accepted"  # else they have left the series alone
    return {"takes_place": shown is not None and shown.meeting.state != "cancelled", "whole": whole}


def _of_application(row: Row, _shown: Shown | None, application: Application | None) -> dict[str, Any]:
    assert application is not None
    return {"series": _series_name(application, row.language), "reason": str(row.facts.get("reason") or "")}


def _series_name(application: Application, language: str) -> str:
    number = application.series_id
    if number is None and application.meeting_id is not None:
        number = session().get_one(Meeting, application.meeting_id).series_id
    if number is None:
        return ""
    series = session().get_one(Series, number)
    return str(pick(series.name, language, series.first_language))


def _join(row: Row, _shown: Shown | None, application: Application | None) -> dict[str, Any]:
    assert application is not None
    inviter = session().get(Member, application.inviter_id) if application.inviter_id else None
    return {
        "inviter": inviter.name.full(row.language) if inviter else "",
        "series": _series_name(application, row.language),
    }


def _to_coordinator(row: Row, _shown: Shown | None, application: Application | None) -> dict[str, Any]:
    assert application is not None
    member = members.by_id(application.member_id)
    name, line = applying.applicant(application, member, members.organisation_name(member))
    return {
        "applicant": name.full(row.language),
        "applicant_line": line,
        "series": _series_name(application, row.language),
        "message": application.message,
    }


def _contribution(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    assert row.contributor is not None and shown is not None
    speaker = row.contributor.speaker if row.contributor.kind == "speaker" else None
    topic_id = speaker.topic_id if speaker else None
    about = next((str(topic.title) for topic in shown.topics if topic.id == topic_id), "")
    return {"role": row.contributor.kind, "about": about}


def _digest(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return digest(row)


def _test(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    return row.facts


_FACTS = {
    "invite": _invite,
    "confirm": _confirm,
    "acknowledged": _acknowledged,
    "reply": _reply,
    "remind": _remind,
    "nudge": _remind,
    "waiting": _waiting,
    "seat": _guests,
    "offer": _offer,
    "free": _guests,
    "answered": calendars.answered,
    "ask_back": calendars.ask_back,
    "not_taken": calendars.not_taken,
    "eve": _eve,
    "moved": changes.moved,
    "changed": changes.changed,
    "cancelled": _cancelled,
    "parted": _parted,
    "keys": keys,
    "welcome": _of_application,
    "declined": _of_application,
    "join": _join,
    "application": _to_coordinator,
    "digest": _digest,
    "alert": alert,
    "test": _test,
    "pack": packs.pack,
    "catering_change": packs.catering_change,
    "speaker": _contribution,
    "speaker_remind": _contribution,
    "new_device": accounts.new_device,
    "address_confirm": addresses.confirm,
    "address_changed": addresses.changed,
    "address_objected": addresses.objected,
    "second_factor": accounts.second_factor,
    "copy_ready": accounts.copy_ready,
    "erased_soon": accounts.erased_soon,
}
