"""Calendar text as clients send it → what it says (RFC 5545, 5546). Pure, tolerant, bounded; knows no table.

The ICS is believed, not the part's `method=`: Google labels a COUNTER as REPLY, Apple gives none.
"""

from dataclasses import dataclass
from datetime import datetime

from asanokai.intake.opened import Opened


@dataclass(frozen=True)
class Attendee:
    """Who answers: address in lower case ("" if none can be read), PARTSTAT in capitals ("" without)."""

    address: str
    partstat: str
    name: str = ""
    delegated_to: str = ""


@dataclass(frozen=True)
class Said:
    """What one VEVENT says. Moments are aware, None where missing or unreadable. `attendee` is None without ATTENDEE.

    `method` in capitals, from the calendar, else from the part, else REPLY where an answer stands in it. `comment`:
    COMMENT, else X-RESPONSE-COMMENT, else "". `proposed_at`: the start a COUNTER asks for. `source`: ics or tnef; of a
    winmail.dat the message class tells the PARTSTAT, and `uid` and `attendee` may be missing.
    """

    method: str
    uid: str
    attendee: Attendee | None
    sequence: int | None = None
    stamped_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    organizer: str = ""
    comment: str = ""
    proposed_at: datetime | None = None
    source: str = "ics"


def said(mail: Opened) -> list[Said]:
    """What the mail's own calendar parts and winmail.dat say; the same twice is said once. Never raises."""
    return []
