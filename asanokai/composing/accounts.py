"""What letters about somebody's own account say."""

from datetime import datetime
from typing import Any

from asanokai import showing
from asanokai.composing.overtaking import Row


def new_device(row: Row, *_around: object) -> dict[str, Any]:
    """Which device it was, and when, on its reader's clock."""
    at, zone = datetime.fromisoformat(str(row.facts["at"])), row.member.zone if row.member else "Europe/Berlin"
    return {"device": str(row.facts["name"]), "at": showing.in_words(at, row.language, zone)}
