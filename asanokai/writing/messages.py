"""Letters of one's own about a meeting: written, looked at, queued for now or a moment, planned, withdrawn.

Subject and words are Markdown in up to three languages; who reads another gets the first that is written, and is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, db, journal, members
from asanokai.db import Base, Texts, insert_missing, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.invitations import Counted, by_zone, count
from asanokai.languages import LANGUAGES
from asanokai.letters import Letter, may_go_from
from asanokai.meetings import Meeting, for_update
from asanokai.members import Address, Member
from asanokai.night import Night
from asanokai.rsvps import Rsvp

KINDS = ("own", "thanks")
AUDIENCES = ("coming", "waiting", "maybe", "silent", "all")
STATES = ("draft", "queued", "posted", "withdrawn")
LONGEST_SUBJECT, LONGEST = 150, 10_000
AFTERWARDS = timedelta(days=14)
"""How long a letter that goes out after the meeting is of use. One before it: until the meeting begins."""


class Message(Base):
    """A letter of one's own: to whom, what, when. `due_at` is None as long as nobody has said when; queued without a
    moment means at once."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"audience IN {AUDIENCES}", name="audience"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index(None, "meeting_id", "id"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str]
    audience: Mapped[str]
    subject: Mapped[dict[str, Any]] = mapped_column(Texts)
    words: Mapped[dict[str, Any]] = mapped_column(Texts)
    state: Mapped[str] = mapped_column(default="draft", server_default="draft")
    due_at: Mapped[datetime | None]
    posted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]

    @property
    def written(self) -> list[str]:
        """The languages it is written in."""
        return [code for code in LANGUAGES if self.subject.get(code) and self.words.get(code)]


@dataclass(frozen=True)
class Said:
    """Subject and words for one reader, and the language they are in."""

    subject: str
    words: str
    lang: str


def said(subject: dict[str, str], words: dict[str, str], language: str, first: str) -> Said:
    """What somebody reads: in their language if it is written, else in the series' first, else in any."""
    written = [code for code in LANGUAGES if subject.get(code) and words.get(code)]
    chosen = next((code for code in (language, first) if code in written), written[0] if written else language)
    return Said(subject.get(chosen, ""), words.get(chosen, ""), chosen)


# --- writing ----------------------------------------------------------------------------------------------------------


def draft(
    meeting_id: int,
    *,
    kind: str = "own",
    audience: str,
    subject: dict[str, str],
    words: dict[str, str],
    due_at: datetime | None,
    actor_id: int | None,
    message_id: int | None = None,
) -> Message:
    """Write a letter, or change one that has not gone out: then it is to be looked at again before it goes. Raises
    `BadInput`, `Missing`, `Refused`."""
    meeting = _writable(for_update(meeting_id))
    _check(subject, words, due_at)
    if message_id is None:
        message = Message(meeting_id=meeting.id, author_id=actor_id, kind=kind, created_at=clock.now())
        session().add(message)
    else:
        message = by_id(message_id, meeting)
        if message.state not in ("draft", "queued"):
            raise Refused(N_("This letter has gone out or was withdrawn; it cannot be changed any more."))
    message.audience, message.subject, message.words = audience, subject, words
    message.due_at, message.state, message.version = due_at, "draft", (message.version or 0) + 1
    session().flush()
    journal.write("write", "message", message.id, actor_id=actor_id, meeting=meeting.id)
    return message


def _writable(meeting: Meeting) -> Meeting:
    if meeting.state == "cancelled":
        raise Refused(N_("The meeting was cancelled: its cancellation is the last letter about it."))
    if meeting.announced_at is None:
        raise Refused(N_("Nobody has heard of this meeting yet. Announce it first."))
    return meeting


def _check(subject: dict[str, str], words: dict[str, str], due_at: datetime | None) -> None:
    for code in LANGUAGES:
        if bool(subject.get(code)) != bool(words.get(code)):
            field = "words" if subject.get(code) else "subject"
            raise BadInput(field, N_("Each language needs both a subject and words."))
    if not any(words.values()):
        raise BadInput("words", N_("Please fill this in for at least one language."))
    if due_at is not None and due_at <= clock.now():
        raise BadInput("due_at", N_("That moment has passed. Leave it empty to send at once."))


def queue(message_id: int, meeting_id: int, *, version: int, actor_id: int | None) -> Message:
    """Let it go out at its moment, or at once. `version` is the one that was looked at. Raises `Missing`, `Refused`."""
    meeting = _writable(for_update(meeting_id))
    message = by_id(message_id, meeting)
    if message.state != "draft" or message.version != version:
        raise Refused(N_("This letter was changed or sent meanwhile. Please look at it again."))
    if message.due_at is not None and message.due_at <= clock.now():
        raise Refused(N_("That moment has passed. Please choose another one."))
    message.due_at, message.state = message.due_at or clock.now(), "queued"
    journal.write("queue", "message", message.id, actor_id=actor_id)
    return message


def withdraw(message_id: int, meeting_id: int, *, actor_id: int | None) -> int:
    """Take it back: what has not left by then does not leave. How many letters were kept from going."""
    message = by_id(message_id, for_update(meeting_id))
    if message.state == "withdrawn":
        return 0
    message.state = "withdrawn"
    kept = session().execute(
        update(Letter)
        .where(Letter.meeting_id == meeting_id, Letter.state == "queued", Letter.key.like(f"own:{message.id}:%"))
        .values(state="dropped", reason="withdrawn", settled_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    journal.write("withdraw", "message", message.id, actor_id=actor_id)
    return db.affected(kept)


def by_id(message_id: int, meeting: Meeting) -> Message:
    """The letter, of that meeting. Raises `Missing`."""
    message = session().get(Message, message_id, populate_existing=True)
    if message is None or message.meeting_id != meeting.id:
        raise Missing(N_("There is no such letter."))
    return message


def by_ids(message_ids: Sequence[int]) -> dict[int, Message]:
    """Several, in one statement."""
    if not message_ids:
        return {}
    query = select(Message).where(Message.id.in_(message_ids)).execution_options(populate_existing=True)
    return {row.id: row for row in session().scalars(query)}


def of_meeting(meeting_id: int, *, limit: int = 100) -> Sequence[Message]:
    """A meeting's letters, the newest first."""
    query = select(Message).where(Message.meeting_id == meeting_id).order_by(Message.id.desc()).limit(limit)
    return session().scalars(query).all()


def fates(meeting_id: int) -> dict[int, dict[str, int]]:
    """What became of each: number → how many letters in which state."""
    of_message = Letter.facts["message"].as_integer()
    query = (
        select(of_message, Letter.state, func.count())
        .where(Letter.meeting_id == meeting_id, Letter.kind.in_(KINDS))
        .group_by(of_message, Letter.state)
    )
    found: dict[int, dict[str, int]] = {}
    for number, state, how_many in session().execute(query):
        found.setdefault(number, {})[state] = how_many
    return found


# --- to whom ----------------------------------------------------------------------------------------------------------


def people_of(message: Message) -> Select[*tuple[Any, ...]]:
    """Everybody it could concern as things stand: member_id, zone, language, and the reason why not (NULL: gets it)."""
    reasons = [
        (Member.standing != "accepted", "not a member any more"),
        (Member.unsubscribed_at.is_not(None), "unsubscribed"),
        (members.does_without(message.kind), members.SWITCHED_OFF),
        (Address.id.is_(None), "no address"),
        (Address.suppressed_at.is_not(None), "address suppressed"),
        (exists().where(Letter.key == _key(message.id, Member.id)), "has it already"),
    ]
    why = case(*((criterion, literal(reason)) for criterion, reason in reasons), else_=null())
    return (
        select(Member.id.label("member_id"), Member.zone.label("zone"), Member.language.label("language"))
        .add_columns(cast(why, String).label("reason"))
        .join_from(Member, Rsvp, and_(Rsvp.member_id == Member.id, Rsvp.meeting_id == message.meeting_id))
        .outerjoin(Address, and_(Address.member_id == Member.id, Address.kind == "main"))
        .where(_belongs_to(message.audience))
    )


def _belongs_to(audience: str) -> ColumnElement[bool]:
    return {
        "coming": and_(Rsvp.answer == "yes", Rsvp.seat == "held"),
        "waiting": Rsvp.seat.in_(("waiting", "offered")),
        "maybe": Rsvp.answer == "maybe",
        "silent": and_(Rsvp.answer == "invited", Rsvp.invited_at.is_not(None)),
        "all": true(),
    }[audience]


def _key(message_id: int, member_id: Any) -> ColumnElement[str]:
    return literal(f"own:{message_id}:") + cast(member_id, String)


def counted(message: Message) -> Counted:
    """How many get it, in which languages, and how many do not, by reason."""
    return count([people_of(message)])[0]


def left_out(message: Message, *, limit: int, offset: int = 0) -> list[tuple[Member, str]]:
    """Who of its audience gets none, and why, by name."""
    chosen = people_of(message).subquery()
    query = (
        select(Member, chosen.c.reason)
        .join(chosen, chosen.c.member_id == Member.id)
        .where(chosen.c.reason.is_not(None), chosen.c.reason != "has it already")
        .order_by(Member.family, Member.family_kana, Member.given, Member.id)
        .limit(limit)
        .offset(offset)
    )
    return [(member, reason) for member, reason in session().execute(query)]


# --- planning ---------------------------------------------------------------------------------------------------------


def due() -> list[int]:
    """Numbers of the letters whose time has come."""
    query = select(Message.id).where(Message.state == "queued", Message.due_at <= clock.now())
    return list(session().scalars(query.order_by(Message.due_at, Message.id)))


def plan(message_id: int, *, night: Night) -> int:
    """Post a letter for each of its audience, once; how many. One whose meeting was cancelled ends."""
    meeting_id = session().scalar(select(Message.meeting_id).where(Message.id == message_id))
    if meeting_id is None:
        return 0
    meeting = for_update(meeting_id)
    message, now = session().get(Message, message_id, populate_existing=True), clock.now()
    if message is None or message.state != "queued" or message.due_at is None or message.due_at > now:
        return 0
    if meeting.state == "cancelled":
        message.state = "withdrawn"
        return 0
    chosen = people_of(message).subquery()
    due_at = message.due_at
    last = meeting.starts_at if due_at < meeting.starts_at else due_at + AFTERWARDS
    zones = session().scalars(select(Member.zone).distinct())
    awake = {zone: may_go_from(message.kind, now, zone, night, last) for zone in zones}
    facts = {"message": message.id, "audience": message.audience}
    columns: dict[str, ColumnElement[Any]] = {
        "key": _key(message.id, chosen.c.member_id),
        "kind": literal(message.kind),
        "member_id": chosen.c.member_id,
        "meeting_id": literal(meeting.id),
        "facts": type_coerce(literal(facts, Letter.facts.type), Letter.facts.type),
        "state": literal("queued"),
        "due_at": by_zone(chosen.c.zone, awake, now),
        "useless_after": db.moment(max(last, now)),
        "attempts": literal(0),
        "created_at": db.moment(now),
    }
    rows = select(*(column.label(name) for name, column in columns.items())).where(chosen.c.reason.is_(None))
    inserted = session().execute(insert_missing(Letter).from_select(list(columns), rows))
    message.state, message.posted_at = "posted", now
    session().flush()
    return db.affected(inserted)
