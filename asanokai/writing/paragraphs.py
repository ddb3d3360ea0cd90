"""A paragraph of one's own in a letter of the plan: per meeting, kind of letter and language."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from asanokai import clock, journal
from asanokai.db import Base, Texts, session
from asanokai.errors import N_, Missing
from asanokai.letters import OF_MEETING
from asanokai.meetings import for_update
from asanokai.writing.messages import KINDS

LONGEST = 4000


class Paragraph(Base):
    """What stands in one kind of letter about a meeting beside its usual words. Markdown."""

    __tablename__ = "paragraph"
    __table_args__ = (UniqueConstraint("meeting_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id", ondelete="CASCADE"))
    kind: Mapped[str]
    words: Mapped[dict[str, Any]] = mapped_column(Texts)
    changed_at: Mapped[datetime]


def with_paragraph() -> list[str]:
    """The kinds of letters that can have one: not those that are one's own from beginning to end."""
    return [kind for kind in OF_MEETING if kind not in KINDS]


def put(meeting_id: int, kind: str, words: dict[str, str], *, actor_id: int | None) -> None:
    """Set it, or without words take it out. Letters that have not left yet have it. Raises `Missing`."""
    if kind not in with_paragraph():
        raise Missing(N_("There is no such letter."))
    meeting = for_update(meeting_id)
    found = session().scalar(select(Paragraph).where(Paragraph.meeting_id == meeting_id, Paragraph.kind == kind))
    if words and found is None:
        session().add(Paragraph(meeting_id=meeting.id, kind=kind, words=words, changed_at=clock.now()))
    elif words and found is not None:
        found.words, found.changed_at = words, clock.now()
    elif found is not None:
        session().delete(found)
    session().flush()
    journal.write("write", "paragraph", meeting.id, actor_id=actor_id)


def paragraph(meeting_id: int, kind: str) -> dict[str, str]:
    """Its words, {} if there is none."""
    query = select(Paragraph.words).where(Paragraph.meeting_id == meeting_id, Paragraph.kind == kind)
    return dict(session().scalar(query) or {})


def of_letters(meeting_ids: Sequence[int]) -> dict[tuple[int, str], dict[str, str]]:
    """All paragraphs of some meetings: (meeting, kind) → words."""
    if not meeting_ids:
        return {}
    found = session().execute(
        select(Paragraph.meeting_id, Paragraph.kind, Paragraph.words).where(Paragraph.meeting_id.in_(meeting_ids))
    )
    return {(meeting_id, kind): dict(words) for meeting_id, kind, words in found}
