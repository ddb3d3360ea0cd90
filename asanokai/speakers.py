"""Who contributes to a morning: its speakers and its host, whether they have confirmed, what they say of themselves.

A speaker's name stands in the topic's row (`topics.Speaker`), a host's here. Both get a page of their own by a signed
link; its secret changes with their address, so that a letter that went to somebody else opens nothing any more.
Addresses are for letters and for coordinators, never for public pages. Letters are posted by `asking`.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from asanokai import clock, journal, topics
from asanokai.db import Base, Texts, session
from asanokai.errors import N_, BadInput, Missing, Refused
from asanokai.languages import LANGUAGES, SALUTATIONS, Name, known
from asanokai.meetings import Meeting
from asanokai.members import cleaned, normal_address, prose
from asanokai.topics import Speaker, SpeakerText, Topic

KINDS = ("speaker", "host")
NAMES = ("title", "family", "given", "family_ja", "given_ja")
LONGEST_BIOGRAPHY = 2000
LONGEST_WORD = 1000

_ONE_HOST = text("kind = 'host'")


class Contributor(Base):
    """A speaker who is written to, or a meeting's host. `word` is what they had to say to the coordinators."""

    __tablename__ = "contributor"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index(None, "meeting_id"),
        Index("ix_contributor_host", "meeting_id", unique=True, postgresql_where=_ONE_HOST, sqlite_where=_ONE_HOST),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    kind: Mapped[str]
    speaker_id: Mapped[int | None] = mapped_column(ForeignKey("speaker.id", ondelete="CASCADE"), unique=True)
    address: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="de")
    salutation: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    family: Mapped[str] = mapped_column(default="")
    given: Mapped[str] = mapped_column(default="")
    family_ja: Mapped[str] = mapped_column(default="")
    given_ja: Mapped[str] = mapped_column(default="")
    position: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    organisation: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    biography: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    secret: Mapped[str]
    asked: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    word: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]

    speaker: Mapped[Speaker | None] = relationship(lazy="raise")

    @property
    def person(self) -> "Speaker | Contributor":
        """The row that holds name, position and organisation."""
        if self.kind == "host":
            return self
        assert self.speaker is not None
        return self.speaker

    @property
    def name(self) -> Name:
        """How they are called and addressed."""
        return Name(salutation=self.salutation, **{part: getattr(self.person, part) for part in NAMES})

    @property
    def state(self) -> str:
        """unasked | asked | confirmed | declined."""
        if self.confirmed_at is not None:
            return "confirmed"
        if self.declined_at is not None:
            return "declined"
        return "asked" if self.asked_at is not None else "unasked"


@dataclass(frozen=True)
class Reach:
    """Where and how somebody is written to."""

    address: str
    language: str = "de"
    salutation: str = ""


@dataclass(frozen=True)
class PersonText:
    """What is typed about somebody: names in both scripts, and texts in languages."""

    names: Mapping[str, str]
    position: dict[str, str] | None = None
    organisation: dict[str, str] | None = None
    biography: dict[str, str] | None = None


# --- reading ----------------------------------------------------------------------------------------------------------


_WITH_SPEAKER = select(Contributor).options(joinedload(Contributor.speaker))


def of(meeting: Meeting) -> list[Contributor]:
    """Everybody of the meeting who was named here, the host first."""
    found = session().scalars(_WITH_SPEAKER.where(Contributor.meeting_id == meeting.id))
    return sorted(found, key=lambda one: (one.kind != "host", one.id))


def host_of(meeting: Meeting) -> Contributor | None:
    """The meeting's host."""
    return session().scalar(_WITH_SPEAKER.where(Contributor.meeting_id == meeting.id, Contributor.kind == "host"))


def by_ids(numbers: Collection[int]) -> dict[int, Contributor]:
    """Several by their numbers, in one statement."""
    found = session().scalars(_WITH_SPEAKER.where(Contributor.id.in_(numbers)))
    return {row.id: row for row in found}


def by_id(meeting: Meeting, contributor_id: int) -> Contributor:
    """The meeting's contributor of that number. Raises `Missing`."""
    found = by_ids([contributor_id]).get(contributor_id)
    if found is None or found.meeting_id != meeting.id:
        raise Missing(N_("There is no such person at this meeting."))
    return found


def by_secret(contributor_id: int, secret: str) -> tuple[Contributor, Meeting]:
    """Whom a link is about, and their meeting. Raises `Missing` for a secret that is not theirs (any more)."""
    found = by_ids([contributor_id]).get(contributor_id)
    if found is None or not secrets.compare_digest(found.secret, secret):
        raise Missing(N_("This link is not valid. Please open it exactly as it stands in the letter."))
    return found, session().get_one(Meeting, found.meeting_id)


def speaker_of(meeting: Meeting, speaker_id: int) -> Speaker:
    """The speaker of that number on one of the meeting's topics. Raises `Missing`."""
    query = select(Speaker).join(Topic, Topic.id == Speaker.topic_id)
    found = session().scalar(query.where(Speaker.id == speaker_id, Topic.meeting_id == meeting.id))
    if found is None:
        raise Missing(N_("There is no such person at this meeting."))
    return found


# --- what coordinators do ---------------------------------------------------------------------------------------------


def reach_speaker(meeting: Meeting, speaker_id: int, to: Reach, *, actor_id: int | None = None) -> Contributor:
    """Note where a speaker is written to. With another address the old link is worth nothing, and nobody has been asked
    yet. Raises `BadInput`, `Missing`."""
    speaker = speaker_of(meeting, speaker_id)
    row = session().scalar(_WITH_SPEAKER.where(Contributor.speaker_id == speaker.id))
    if row is None:
        row = _new(meeting, "speaker", speaker_id=speaker.id, speaker=speaker)
    _reach(row, to)
    session().flush()
    journal.write("reach", "contributor", row.id, actor_id=actor_id, meeting=meeting.id)
    return row


def name_host(meeting: Meeting, about: PersonText, to: Reach, *, actor_id: int | None = None) -> Contributor:
    """Say who opens the house, and where they are written to; another person begins with nothing. Raises `BadInput`."""
    row = host_of(meeting)
    if row is not None and _is_another(row, about, to):
        # With the row go photograph, biography and confirmation: they are the other's.
        session().delete(row)
        session().flush()
        row = None
    row = row or _new(meeting, "host", speaker=None)
    _tell(row, about)
    _reach(row, to)
    meeting.version += 1
    session().flush()
    journal.write("name", "contributor", row.id, actor_id=actor_id, meeting=meeting.id)
    return row


def _is_another(row: Contributor, about: PersonText, to: Reach) -> bool:
    """Whether somebody else is meant than before: by another address and another name."""
    said = about.names.get
    told = SpeakerText(
        family=said("family", ""),
        given=said("given", ""),
        family_ja=said("family_ja", ""),
        given_ja=said("given_ja", ""),
    )
    return normal_address(to.address) != row.address and not topics.is_same(row, told)


def remove_host(meeting: Meeting, *, actor_id: int | None = None) -> None:
    """Take the host off; their link is worth nothing from now on. Raises `Missing` where there is none."""
    row = host_of(meeting)
    if row is None:
        raise Missing(N_("There is no such person at this meeting."))
    number = row.id
    session().delete(row)
    meeting.version += 1
    session().flush()
    journal.write("remove", "contributor", number, actor_id=actor_id, meeting=meeting.id)


def _new(meeting: Meeting, kind: str, **of_speaker: Any) -> Contributor:
    row = Contributor(
        meeting_id=meeting.id, kind=kind, secret=secrets.token_urlsafe(12), created_at=clock.now(), **of_speaker
    )
    session().add(row)
    return row


def _reach(row: Contributor, to: Reach) -> None:
    address = normal_address(to.address)
    if row.address and address != row.address:
        row.secret, row.asked_at, row.confirmed_at, row.declined_at = secrets.token_urlsafe(12), None, None, None
    row.address = address
    row.language = known(to.language) or "de"
    row.salutation = to.salutation if to.salutation in SALUTATIONS else ""


# --- what they do themselves ------------------------------------------------------------------------------------------


def answer(row: Contributor, meeting: Meeting, *, comes: bool, word: str = "") -> None:
    """Confirm, or say that one cannot. Raises `Refused` once the meeting has begun or was cancelled."""
    if meeting.state == "cancelled":
        raise Refused(N_("This meeting has been cancelled."))
    if meeting.starts_at <= clock.now():
        raise Refused(N_("The meeting has begun; answers can no longer be changed."))
    now = clock.now()
    row.confirmed_at, row.declined_at = (now, None) if comes else (None, now)
    row.word = prose(word, longest=LONGEST_WORD)
    meeting.version += 1
    journal.write("confirm" if comes else "decline", "contributor", row.id, meeting=meeting.id)


def tell(row: Contributor, meeting: Meeting, about: PersonText) -> None:
    """Correct one's name and say something of oneself. Raises `BadInput` without a name."""
    _tell(row, about)
    meeting.version += 1
    session().flush()
    if row.kind == "speaker" and row.speaker is not None:
        topics.note_sought(topics.by_id(meeting, row.speaker.topic_id))
    journal.write("tell", "contributor", row.id, meeting=meeting.id)


def _tell(row: Contributor, about: PersonText) -> None:
    names = {part: cleaned(about.names.get(part)) for part in NAMES}
    if not any(names[part] for part in NAMES if part != "title"):
        raise BadInput("family", N_("Please give a name, in Latin or in Japanese script."))
    person = row.person
    for part, value in names.items():
        setattr(person, part, value)
    person.position = _lines(about.position)
    person.organisation = _lines(about.organisation)
    if about.biography is not None:
        row.biography = _prose(about.biography)


def _lines(texts: Mapping[str, str] | None) -> dict[str, str] | None:
    found = {language: cleaned((texts or {}).get(language)) for language in LANGUAGES}
    return {language: words for language, words in found.items() if words} or None


def _prose(texts: Mapping[str, str]) -> dict[str, str] | None:
    if any(len(texts.get(language) or "") > LONGEST_BIOGRAPHY for language in LANGUAGES):
        raise BadInput("biography", N_("This may have %(most)s characters at most."), most=LONGEST_BIOGRAPHY)
    found = {language: prose(texts.get(language), longest=LONGEST_BIOGRAPHY) for language in LANGUAGES}
    return {language: words for language, words in found.items() if words} or None
