"""What a meeting is about: topics in up to three languages, and who speaks.

Abstracts are Markdown as typed; `markdown` cleans them when shown. Slots with times and voting come with their issue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Protocol

from sqlalchemy import ForeignKey, Index, Text, bindparam, func, select
from sqlalchemy.orm import Mapped, contains_eager, mapped_column, relationship

from asanokai import clock, journal
from asanokai.db import Base, Texts, session
from asanokai.errors import N_, BadInput, Missing
from asanokai.languages import LANGUAGES, Name, folded
from asanokai.meetings import Meeting
from asanokai.members import Member, cleaned, prose

LONGEST_ABSTRACT = 8000


class Topic(Base):
    """One topic on a meeting, in the order of `position`. `sought` is what the archive finds it by (`note_sought`)."""

    __tablename__ = "topic"
    __table_args__ = (Index(None, "meeting_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    position: Mapped[int]
    title: Mapped[dict[str, Any]] = mapped_column(Texts)
    abstract: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    created_at: Mapped[datetime]
    sought: Mapped[str] = mapped_column(Text, default="", server_default="", deferred=True)

    speakers: Mapped[list["Speaker"]] = relationship(
        lazy="raise", order_by="Speaker.position_in_line", cascade="all, delete-orphan"
    )


class Speaker(Base):
    """Who speaks on a topic: with names and organisation of their own, a member or not."""

    __tablename__ = "speaker"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    position_in_line: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(default="")
    family: Mapped[str] = mapped_column(default="")
    given: Mapped[str] = mapped_column(default="")
    family_ja: Mapped[str] = mapped_column(default="")
    given_ja: Mapped[str] = mapped_column(default="")
    position: Mapped[dict[str, Any] | None] = mapped_column(Texts)
    organisation: Mapped[dict[str, Any] | None] = mapped_column(Texts)

    @property
    def name(self) -> Name:
        """The names as `languages` writes them."""
        return Name(
            family=self.family,
            given=self.given,
            title=self.title,
            family_ja=self.family_ja,
            given_ja=self.given_ja,
        )


class Named(Protocol):
    """A row that holds a name."""

    @property
    def family(self) -> str: ...

    @property
    def given(self) -> str: ...

    @property
    def family_ja(self) -> str: ...

    @property
    def given_ja(self) -> str: ...


@dataclass(frozen=True)
class SpeakerText:
    """What is typed about a speaker. Organisation and position are texts in languages."""

    family: str = ""
    given: str = ""
    title: str = ""
    family_ja: str = ""
    given_ja: str = ""
    organisation: dict[str, str] | None = None
    position: dict[str, str] | None = None
    member_id: int | None = None


def post(
    meeting: Meeting,
    title: dict[str, str],
    *,
    abstract: dict[str, str] | None = None,
    speakers: Sequence[SpeakerText] = (),
    topic_id: int | None = None,
    actor_id: int | None = None,
) -> Topic:
    """Put a topic on a meeting, or change the one with `topic_id`. Raises `BadInput`, or `Missing` for another's."""
    kept = {language: cleaned(title.get(language), longest=300) for language in LANGUAGES}
    if not any(kept.values()):
        raise BadInput("title", N_("Please give a title in at least one language."))
    told = _abstract(abstract or {})
    if topic_id is None:
        last = session().scalar(select(func.max(Topic.position)).where(Topic.meeting_id == meeting.id)) or 0
        topic = Topic(meeting_id=meeting.id, position=last + 1, created_at=clock.now())
        session().add(topic)
    else:
        topic = by_id(meeting, topic_id)
    topic.title = {language: words for language, words in kept.items() if words}
    topic.abstract = told
    session().flush()
    _set_speakers(topic, speakers)
    meeting.version += 1
    session().flush()
    session().expire(topic, ["speakers"])
    note_sought(topic)
    journal.write("post" if topic_id is None else "change", "topic", topic.id, actor_id=actor_id, meeting=meeting.id)
    return topic


def _abstract(abstract: dict[str, str]) -> dict[str, str] | None:
    for language in LANGUAGES:
        if len(abstract.get(language) or "") > LONGEST_ABSTRACT:
            raise BadInput("abstract", N_("An abstract may have %(most)s characters."), most=LONGEST_ABSTRACT)
    told = {key: prose(abstract.get(key), longest=LONGEST_ABSTRACT) for key in LANGUAGES}
    return {key: words for key, words in told.items() if words} or None


def _set_speakers(topic: Topic, told: Sequence[SpeakerText]) -> None:
    """Whoever still speaks keeps their row, since their link and their confirmation hang on it."""
    query = select(Speaker).where(Speaker.topic_id == topic.id).order_by(Speaker.position_in_line, Speaker.id)
    left = list(session().scalars(query))
    kept: dict[int, Speaker] = {}
    for same in (_same_person, _same_family):  # who is told in full goes before who is only misspelt
        for place, speaker in enumerate(told):
            row = next((row for row in left if place not in kept and same(row, speaker)), None)
            if row is not None:
                kept[place] = row
                left.remove(row)
    for row in left:
        session().delete(row)
    for place, speaker in enumerate(told):
        row = kept.get(place) or Speaker(topic_id=topic.id)
        _fill(row, place, speaker)
        session().add(row)


def is_same(row: Named, told: SpeakerText) -> bool:
    """Whether what is typed speaks of the same person as the row, perhaps spelt otherwise."""
    return _same_person(row, told) or _same_family(row, told)


def _same_person(row: Named, told: SpeakerText) -> bool:
    if told.member_id is not None and told.member_id == getattr(row, "member_id", None):
        return True
    latin, ja = (cleaned(told.family), cleaned(told.given)), (cleaned(told.family_ja), cleaned(told.given_ja))
    return (any(latin) and latin == (row.family, row.given)) or (any(ja) and ja == (row.family_ja, row.given_ja))


def _same_family(row: Named, told: SpeakerText) -> bool:
    """One family name, and given names that may be one: else it is somebody else of that name, who must not get the
    link, the photograph and the confirmation of the first."""
    family = (row.family and row.family == cleaned(told.family)) or (
        row.family_ja and row.family_ja == cleaned(told.family_ja)
    )
    return bool(family) and _alike(row.given, cleaned(told.given)) and _alike(row.given_ja, cleaned(told.given_ja))


ALIKE = 0.75
"""Of one name written in two ways, how much is the same: "Hiroshi" and "Hirosi", not "Anna" and "Andreas"."""


def _alike(one: str, other: str) -> bool:
    one, other = (folded(name).rstrip(".") for name in (one, other))
    short = one.startswith(other) or other.startswith(one)  # an initial, or nothing
    return short or SequenceMatcher(None, one, other).ratio() >= ALIKE


def _fill(row: Speaker, place: int, speaker: SpeakerText) -> None:
    row.member_id = speaker.member_id or row.member_id
    row.position_in_line = place
    row.title = cleaned(speaker.title)
    row.family, row.given = cleaned(speaker.family), cleaned(speaker.given)
    row.family_ja, row.given_ja = cleaned(speaker.family_ja), cleaned(speaker.given_ja)
    row.organisation = {key: cleaned(words) for key, words in (speaker.organisation or {}).items() if words} or None
    row.position = {key: cleaned(words) for key, words in (speaker.position or {}).items() if words} or None


def describe(meeting: Meeting, topic_id: int, abstract: dict[str, str]) -> None:
    """Change what a topic's speakers say of it. Raises `BadInput`, `Missing`."""
    topic = by_id(meeting, topic_id)
    topic.abstract = _abstract(abstract)
    meeting.version += 1
    session().flush()
    journal.write("describe", "topic", topic.id, meeting=meeting.id)
    note_sought(topic)


def note_sought(topic: Topic) -> None:
    """Write down what the archive finds the topic by; to be called whenever it or one of its speakers was changed.

    Titles, abstract, names and organisations in all languages and scripts, folded: the word indices of both databases
    know neither what a Japanese word is nor one of two signs.
    """
    kana = select(Speaker, Member.family_kana, Member.given_kana).outerjoin(Member, Member.id == Speaker.member_id)
    rows = session().execute(kana.where(Speaker.topic_id == topic.id).order_by(Speaker.position_in_line)).all()
    told = [topic.title, topic.abstract]
    words: list[str] = []
    for speaker, family_kana, given_kana in rows:
        told += [speaker.organisation, speaker.position]
        words += [speaker.title, speaker.given, speaker.family, speaker.given]
        for family, given in ((speaker.family_ja, speaker.given_ja), (family_kana or "", given_kana or "")):
            # With and without a gap: both are usual.
            words += [family, given, f"{family}{given}"]
    words += [text for texts in told for text in (texts or {}).values()]
    topic.sought = folded(" ".join(filter(None, words)))
    session().flush()


def by_id(meeting: Meeting, topic_id: int) -> Topic:
    """The meeting's topic of that number, with its speakers. Raises `Missing`."""
    found = next((topic for topic in of(meeting) if topic.id == topic_id), None)
    if found is None:
        raise Missing(N_("There is no such topic."))
    return found


def of(meeting: Meeting) -> list[Topic]:
    """The meeting's topics in order, each with its speakers."""
    return list(session().scalars(_OF_ONE, {"of": meeting.id}).unique())


_WITH_SPEAKERS = (
    select(Topic)
    .outerjoin(Topic.speakers)
    .order_by(Topic.position, Topic.id, Speaker.position_in_line, Speaker.id)
    .options(contains_eager(Topic.speakers))
)
# Apart, since a list is spelt out anew in each statement: every page of a meeting asks for one.
_OF_ONE = _WITH_SPEAKERS.where(Topic.meeting_id == bindparam("of"))
_OF_SEVERAL = _WITH_SPEAKERS.where(Topic.meeting_id.in_(bindparam("of", expanding=True)))


def of_all(meeting_ids: Sequence[int]) -> dict[int, list[Topic]]:
    """The topics of several meetings with their speakers, in one statement however many there are."""
    from_meeting: dict[int, list[Topic]] = {}
    for topic in session().scalars(_OF_SEVERAL, {"of": list(meeting_ids)}).unique():
        from_meeting.setdefault(topic.meeting_id, []).append(topic)
    return from_meeting


def remove(meeting: Meeting, topic_id: int, *, actor_id: int | None) -> None:
    """Take a topic off a meeting. Raises `Missing`."""
    topic = by_id(meeting, topic_id)
    session().delete(topic)
    meeting.version += 1
    journal.write("remove", "topic", topic_id, actor_id=actor_id, meeting=meeting.id)
