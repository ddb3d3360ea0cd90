"""What letters about somebody's own account say."""

from datetime import datetime
from typing import Any

from asanokai import showing
from asanokai.composing.overtaking import Row


def new_device(row: Row, *_around: object) -> dict[str, Any]:
    """Which device it was, and when, on its reader's clock."""
    return {"device": str(row.facts["name"]), "at": _at(row)}


def second_factor(row: Row, *_around: object) -> dict[str, Any]:
    """What became of the second factor, and when."""
    return {"what": str(row.facts["what"]), "at": _at(row)}


def _at(row: Row) -> str:
    """When it was, on the reader's clock."""
    zone = row.member.zone if row.member else "Europe/Berlin"
    return showing.in_words(datetime.fromisoformat(str(row.facts["at"])), row.language, zone)
