"""What a letter says about a meeting that has changed, and where its reader stands since. Asks rows and clock."""

from datetime import datetime
from typing import Any

from asanokai import clock
from asanokai.composing.kinds import FIELD_WORDS
from asanokai.composing.overtaking import Row
from asanokai.languages import dates_of, listed, pick, span_in_words
from asanokai.members import Application
from asanokai.showing import Shown


def is_open(row: Row) -> bool:
    """Whether one may still say yes."""
    return row.meeting is not None and clock.now() <= row.meeting.answer_until


def waits(row: Row) -> bool:
    """Whether the reader has said yes and has no seat yet."""
    return row.rsvp is not None and row.rsvp.seat in ("waiting", "offered")


def moved(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    assert shown is not None
    language, meeting = row.language, shown.meeting
    starts, ends = (datetime.fromisoformat(row.facts[name]) for name in ("old_starts_at", "old_ends_at"))
    old_venue = row.facts.get("old_venue")
    change = {
        "time": (starts, ends) != (meeting.starts_at, meeting.ends_at),
        "place": (old_venue or None) != (meeting.venue or None),
        "old_date": dates_of(starts, ends, language, meeting.zone),
        "old_time": span_in_words(starts, ends, language, meeting.zone),
        "old_venue": str(pick(old_venue, language, shown.series.first_language)),
    }
    return {"change": change, **_standing(row)}


def _standing(row: Row) -> dict[str, Any]:
    """Where the reader stands when something has changed; `asked_again`: what they said before counts no more."""
    answer = row.rsvp.answer if row.rsvp else "invited"
    asked_again = row.rsvp is not None and answer == "invited" and (row.rsvp.revision or 0) > 0
    return {"answer": answer, "waiting": waits(row), "open": is_open(row), "asked_again": asked_again}


def changed(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    names = FIELD_WORDS[row.language]
    fields = [names[name] for name in row.facts.get("fields", ("title",)) if name in names]
    return {"changes": listed(fields, row.language), **_standing(row)}
