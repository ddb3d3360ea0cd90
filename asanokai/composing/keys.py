"""What the letter says that tells of a way of signing in that came or went."""

from datetime import datetime
from typing import Any

from asanokai.composing.overtaking import Row
from asanokai.languages import moment_in_words
from asanokai.members import Application
from asanokai.showing import Shown


def keys(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    """Which, what it is called, and when, on the reader's own clock."""
    assert row.member is not None
    when = moment_in_words(datetime.fromisoformat(row.facts["at"]), row.language, row.member.zone)
    return {"what": row.facts["what"], "name": row.facts["name"], "when": when}
