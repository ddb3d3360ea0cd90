"""A meeting as one reader sees it: texts in their language, times on the meeting's clock and on theirs.

Shared by pages and letters, so that both say the same. It decides nothing, writes nothing and knows no HTML beyond the
cleaned abstract.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy import select

from asanokai import clock, markdown, programme, topics
from asanokai.db import session
from asanokai.languages import (
    Text,
    date_in_words,
    dates_of,
    elsewhere,
    listed,
    moment_in_words,
    pick,
    span_in_words,
    time_in_words,
)
from asanokai.meetings import Meeting
from asanokai.programme import Slot
from asanokai.series import Series
from asanokai.topics import Speaker, Topic


@dataclass(frozen=True)
class ShownSpeaker:
    """Who speaks: the name in the reader's order and one line of position and organisation. `lang` is the line's
    language where it is not the reader's, else ""."""

    name: str
    line: str
    lang: str = ""
    id: int = 0


@dataclass(frozen=True)
class ShownTopic:
    """A topic in the reader's language or a fallback; `lang` is the language it is in."""

    id: int
    title: Text
    abstract: Text
    speakers: tuple[ShownSpeaker, ...]

    @property
    def lang(self) -> str:
        """The language the title is in."""
        return self.title.lang

    @property
    def abstract_html(self) -> Markup:
        """The abstract as clean HTML."""
        return Markup(markdown.to_html(self.abstract.text))

    @property
    def abstract_text(self) -> str:
        """The abstract without its marks."""
        return markdown.to_text(self.abstract.text)


@dataclass(frozen=True)
class ShownSlot:
    """A part of the running order: its hours on the meeting's clock, its own title or its topic's ("" where only its
    kind says what it is), and who speaks. `id` is None while it is only suggested."""

    id: int | None
    kind: str
    minutes: int
    begins: str
    time: str
    title: Text
    speakers: tuple[ShownSpeaker, ...]


@dataclass(frozen=True)
class Shown:
    """A meeting in a reader's words. `elsewhere` is "" where the reader's clock agrees with the meeting's."""

    meeting: Meeting
    series: Series
    title: Text
    series_name: Text
    date: str
    short_date: str
    time: str
    elsewhere: str
    venue: Text
    note: Text
    reason: Text
    answer_until: str
    topics: tuple[ShownTopic, ...]
    local_date: dt.date
    last_date: dt.date

    @property
    def heading(self) -> Text:
        """What the meeting is called: its own title, else the series' name."""
        return self.title or self.series_name

    @property
    def headline(self) -> Text:
        """What it is about, for lists and links: its own title, else its only topic, else the series' name."""
        about = self.topics[0].title if len(self.topics) == 1 else self.title
        return self.title or about or self.series_name

    @property
    def several_days(self) -> bool:
        """Whether it lasts for more than one day."""
        return self.last_date != self.local_date

    @property
    def days_to_answer(self) -> int:
        """Whole days on the meeting's calendar from today to the deadline: 0 is today; negative once it has passed."""
        here, until = ZoneInfo(self.meeting.zone), self.meeting.answer_until
        if clock.now() > until:
            return -1
        return (until.astimezone(here).date() - clock.now().astimezone(here).date()).days

    @property
    def state(self) -> str:
        """draft | announced | closed (answers no longer taken) | begun | over | cancelled."""
        now, meeting = clock.now(), self.meeting
        if meeting.state in ("draft", "cancelled"):
            return meeting.state
        if now >= meeting.ends_at:
            return "over"
        if now >= meeting.starts_at:
            return "begun"
        return "closed" if now > meeting.answer_until else "announced"


def shown(
    meeting: Meeting, series: Series, of_meeting: Sequence[Topic], *, language: str, zone: str | None = None
) -> Shown:
    """The meeting for a reader of `language` whose clock is in `zone` (default: the meeting's)."""
    first = series.first_language
    begins, ends = meeting.starts_at, meeting.ends_at
    here = ZoneInfo(meeting.zone)
    return Shown(
        meeting=meeting,
        series=series,
        title=pick(meeting.title, language, first),
        series_name=pick(series.name, language, first),
        date=dates_of(begins, ends, language, meeting.zone),
        short_date=date_in_words(meeting.local_date, language, short=True),
        time=span_in_words(begins, ends, language, meeting.zone),
        elsewhere=elsewhere(begins, ends, language, here=meeting.zone, there=zone or meeting.zone),
        venue=pick(meeting.venue, language, first),
        note=pick(meeting.note, language, first),
        reason=pick(meeting.reason, language, first),
        answer_until=in_words(meeting.answer_until, language, meeting.zone),
        topics=tuple(_topic(topic, language, first) for topic in of_meeting),
        local_date=begins.astimezone(here).date(),
        last_date=ends.astimezone(here).date(),
    )


def in_order(shown: Shown, slots: Sequence[Slot], *, language: str) -> list[ShownSlot]:
    """The running order of a meeting that is `shown`, with the hours its slots come to."""
    about, first = {topic.id: topic for topic in shown.topics}, shown.series.first_language
    nothing = Text("", language, False)
    found = []
    for line in programme.timed(shown.meeting, slots):
        slot, topic = line.slot, about.get(line.slot.topic_id or 0)
        titled = topic.title if topic and slot.kind == "talk" else nothing
        found.append(
            ShownSlot(
                id=slot.id,
                kind=slot.kind,
                minutes=slot.minutes,
                begins=time_in_words(line.starts_at, language, shown.meeting.zone),
                time=span_in_words(line.starts_at, line.ends_at, language, shown.meeting.zone),
                title=pick(slot.title, language, first) or titled,
                speakers=topic.speakers if topic and slot.kind == "talk" else (),
            )
        )
    return found


def in_words(moment: dt.datetime, language: str, zone: str) -> str:
    """A moment on the clock of a zone, as pages and letters write it."""
    return moment_in_words(moment, language, zone)


def shown_all(found: Sequence[Meeting], *, language: str, zone: str | None = None) -> list[Shown]:
    """Several meetings, in two statements more however many there are."""
    wanted = {meeting.series_id for meeting in found}
    of_id = {row.id: row for row in session().scalars(select(Series).where(Series.id.in_(wanted)))} if wanted else {}
    about = topics.of_all([meeting.id for meeting in found]) if found else {}
    return [
        shown(meeting, of_id[meeting.series_id], about.get(meeting.id, []), language=language, zone=zone)
        for meeting in found
    ]


def shown_by_id(found: Sequence[Meeting], *, language: str) -> dict[int, Shown]:
    """Several meetings by their numbers, each once."""
    once = {meeting.id: meeting for meeting in found}
    return {shown.meeting.id: shown for shown in shown_all(list(once.values()), language=language)}


def _topic(topic: Topic, language: str, first: str) -> ShownTopic:
    return ShownTopic(
        id=topic.id,
        title=pick(topic.title, language, first),
        abstract=pick(topic.abstract, language, first),
        speakers=tuple(_speaker(speaker, language, first) for speaker in topic.speakers),
    )


def _speaker(speaker: Speaker, language: str, first: str) -> ShownSpeaker:
    told = [pick(speaker.position, language, first), pick(speaker.organisation, language, first)]
    lang = next((text.lang for text in told if text and text.fallback), "")
    if language == "ja":
        line = " ".join(text.text for text in reversed(told) if text)
    else:
        line = listed((text.text for text in told), language)
    return ShownSpeaker(speaker.name.full(language), line, lang, speaker.id)
