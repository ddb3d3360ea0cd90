"""What a letter says about an answer that came from a calendar. Asks rows alone."""

import re
from typing import Any

from asanokai.composing.changes import waits
from asanokai.composing.overtaking import Row
from asanokai.members import Application
from asanokai.showing import Shown

_ADDRESS = re.compile(r"(?=.{3,70}$)[A-Za-z0-9._%+'=-]{1,64}@[A-Za-z0-9.-]+")
"""What is printed of somebody unknown: an address, and nothing that could be words or a link."""


def answered(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    """An address nobody knows answered for the reader."""
    return {**_told(row), "waiting": waits(row)}


def ask_back(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    """Somebody answered, and it is not sure that it was the reader."""
    return _told(row)


def not_taken(row: Row, _shown: Shown | None, _application: Application | None) -> dict[str, Any]:
    """The rules refused an answer; what stands instead."""
    why = "cancelled" if row.meeting is not None and row.meeting.state == "cancelled" else row.facts.get("why", "late")
    answer = row.rsvp.answer if row.rsvp else "invited"
    return {"choice": _choice(row), "why": why, "answer": answer, "waiting": waits(row)}


def _told(row: Row) -> dict[str, Any]:
    address = str(row.facts.get("address", ""))
    return {"choice": _choice(row), "address": address if _ADDRESS.fullmatch(address) else ""}


def _choice(row: Row) -> str:
    return str(row.facts.get("choice", "yes"))
