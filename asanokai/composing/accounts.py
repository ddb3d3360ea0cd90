"""What letters about somebody's own account say."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from asanokai import clock, copies, retention, showing
from asanokai.composing.overtaking import Row
from asanokai.languages import date_in_words


def new_device(row: Row, *_around: object) -> dict[str, Any]:
    """Which device it was, and when, on its reader's clock."""
    return {"device": str(row.facts["name"]), "at": _at(row)}


def second_factor(row: Row, *_around: object) -> dict[str, Any]:
    """What became of the second factor, and when."""
    return {"what": str(row.facts["what"]), "at": _at(row)}


def copy_ready(row: Row, *_around: object) -> dict[str, Any]:
    """When it was made, by when it must be fetched, and whether somebody else had it made."""
    copy = copies.made(row.facts["copy"], row.letter.member_id)
    assert copy is not None and copy.ready_at is not None  # else the letter is overtaken
    until = copy.asked_at + timedelta(days=retention.limits()["copies"])
    return {
        "by_desk": copy.asked_by_id != copy.member_id,
        "at": showing.in_words(copy.ready_at, row.language, _zone(row)),
        "until": showing.in_words(until, row.language, _zone(row)),
    }


def erased_soon(row: Row, *_around: object) -> dict[str, Any]:
    """The day before which nothing is deleted: counted from now, since the letter goes now. And whether its reader took
    part, or was only an applicant."""
    day = (clock.now() + retention.NOTICE).astimezone(ZoneInfo(_zone(row))).date()
    took_part = row.member is not None and row.member.joined_at is not None
    return {"day": date_in_words(day, row.language), "took_part": took_part}


def _at(row: Row) -> str:
    """When it was, on the reader's clock."""
    return showing.in_words(datetime.fromisoformat(str(row.facts["at"])), row.language, _zone(row))


def _zone(row: Row) -> str:
    return row.member.zone if row.member else "Europe/Berlin"
