"""What stays of a morning: minutes in up to three languages, slides and other files, for members or for everybody.

Slides are shown from the beginning of the meeting on, so that nobody reads ahead of the speaker, and never of a talk
that was called off; what coordinators upload is shown at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, Texts, session
from asanokai.errors import N_, BadInput, Missing
from asanokai.languages import LANGUAGES
from asanokai.meetings import Meeting
from asanokai.members import prose
from asanokai.uploads import SEEN_BY, Upload

LONGEST_MINUTES = 20_000
FILES = ("slides", "material")


class Minutes(Base):
    """What was said, as Markdown."""

    __tablename__ = "minutes"
    __table_args__ = (CheckConstraint(f"seen_by IN {SEEN_BY}", name="seen_by"),)

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[dict[str, Any]] = mapped_column(Texts)
    seen_by: Mapped[str] = mapped_column(default="members")
    changed_at: Mapped[datetime]


@dataclass(frozen=True)
class HandedOut:
    """What one reader may see."""

    minutes: Minutes | None
    files: Sequence[Upload]

    def __bool__(self) -> bool:
        return bool(self.minutes or self.files)


def minutes_of(meeting: Meeting) -> Minutes | None:
    """The meeting's minutes."""
    return session().get(Minutes, meeting.id)


def write(meeting: Meeting, text: dict[str, str], *, seen_by: str, actor_id: int | None = None) -> None:
    """Write the minutes, or take them away if nothing is left of them. Raises `BadInput`."""
    if seen_by not in SEEN_BY:
        raise BadInput("seen_by", N_("Please choose who may see it."))
    if any(len(text.get(language) or "") > LONGEST_MINUTES for language in LANGUAGES):
        raise BadInput("text", N_("This may have %(most)s characters at most."), most=LONGEST_MINUTES)
    found = {language: prose(text.get(language), longest=LONGEST_MINUTES) for language in LANGUAGES}
    kept = {language: words for language, words in found.items() if words}
    row = minutes_of(meeting)
    if not kept:
        if row is not None:
            session().delete(row)
    elif row is None:
        session().add(Minutes(meeting_id=meeting.id, text=kept, seen_by=seen_by, changed_at=clock.now()))
    else:
        row.text, row.seen_by, row.changed_at = kept, seen_by, clock.now()
    session().flush()
    journal.write("write", "minutes", meeting.id, actor_id=actor_id, languages=len(kept), to=seen_by)


def for_reader(meeting: Meeting, found: Sequence[Upload], minutes: Minutes | None, *, member: bool) -> HandedOut:
    """What of the meeting's files and minutes a reader may see; `member`: whether they belong to its circle."""
    seen = minutes if minutes is not None and (member or minutes.seen_by == "all") else None
    return HandedOut(seen, [file for file in found if _seen(meeting, file, member=member)])


def for_download(meeting: Meeting, file: Upload, *, member: bool) -> Upload:
    """The file, if the reader may have it. Raises `Missing`."""
    if not _seen(meeting, file, member=member):
        raise Missing(N_("There is no such file."))
    return file


def _seen(meeting: Meeting, file: Upload, *, member: bool) -> bool:
    told = file.kind == "material" or (
        file.kind == "slides" and meeting.starts_at <= clock.now() and meeting.state != "cancelled"
    )
    return told and (member or file.seen_by == "all")
