"""Finding members by what was typed: every word must stand in what a row is found by."""

import re
from typing import Any

from sqlalchemy import ColumnElement

from asanokai.members.rows import Member
from asanokai.members.typed import folded

MOST_WORDS = 8

_SPECIAL = re.compile(r"[%_\\]")
"""What LIKE takes for more than itself."""


def found_by(query: str) -> list[ColumnElement[bool]]:
    """What must hold so that every word of the query stands in a name, the reading, the organisation or the address."""
    return [containing(Member.sought, word) for word in folded(query).replace("\0", " ").split()[:MOST_WORDS]]


def containing(column: Any, words: str) -> ColumnElement[bool]:
    """That the words stand somewhere in the column."""
    found: ColumnElement[bool] = column.like(f"%{_SPECIAL.sub(lambda sign: chr(92) + sign[0], words)}%", escape="\\")
    return found
