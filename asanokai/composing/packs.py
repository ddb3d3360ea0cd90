"""What the letters to a host or caterer say, and to the coordinators about them. Asks the rows given."""

from typing import Any

from asanokai import catering
from asanokai.composing.overtaking import Row
from asanokai.members import Application
from asanokai.showing import Shown

TO_WHOM_IT_CONCERNS = {"de": "Guten Tag,", "en": "Hello,", "ja": "ご担当者様"}
"""The first line of a letter to an address whose owner we do not know by name."""


def pack(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    """Whose page it is."""
    found = catering.named([row.facts["pack"], row.facts["nonce"]])
    return {"pack": found.kind if found else "host", "for_coordinators": False}


def catering_change(row: Row, shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    """The numbers last told and now."""
    assert shown is not None
    return {
        "before": row.facts["before"]["coming"],
        "now": row.facts["now"]["coming"],
        "food": row.facts["before"].get("food") != row.facts["now"].get("food"),
        "guests": row.facts["now"]["guests"],
        "called_off": shown.meeting.state == "cancelled",
        "for_coordinators": row.letter.address is None,
    }
