"""Facts as the columns of a table: aligned, under headings, cut to a width. Counts as a terminal does, where a Japanese
sign takes two cells.

It prints nothing and knows no terminal: `terminal` does.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import click

GAP = "  "
NOTHING = "–"
LEAST = 8
"""Cells that a column of words keeps, however narrow the table."""

_NO_WIDTH = ("Mn", "Me")
_UNSEEN = "Cf"
_CONTROLS = "Cc"


@dataclass(frozen=True)
class Column:
    """One of the facts and what stands above it. `words`: may be cut where the table is too wide; `colours`: those of
    its values."""

    name: str
    heading: str
    words: bool = False
    colours: Mapping[str, str] = field(default_factory=dict)


def table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, width: int) -> list[str]:
    """The headings' line and one for each row, none wider than `width` cells. Numbers stand to the right."""
    texts = [[plain(row[column.name]) for column in columns] for row in rows]
    natural = [
        max(cells(text) for text in column)
        for column in zip([column.heading for column in columns], *texts, strict=True)
    ]
    widths = fitting(natural, [column.words for column in columns], width)
    right = [bool(rows) and all(isinstance(row[column.name], int | None) for row in rows) for column in columns]

    def line(written: Sequence[str], colours: Sequence[Mapping[str, Any]]) -> str:
        parts = zip(written, widths, right, colours, strict=True)
        shown = [_aligned(text, room, to_the_right, colour) for text, room, to_the_right, colour in parts if room]
        return GAP.join(shown).rstrip()

    return [
        line([column.heading for column in columns], [{"bold": True}] * len(columns)),
        *(line(some, [_colour(column, text) for column, text in zip(columns, some, strict=True)]) for some in texts),
    ]


def _aligned(text: str, room: int, to_the_right: bool, colour: Mapping[str, Any]) -> str:
    short = cut(text, room)
    gap = " " * (room - cells(short))
    # Coloured last: the codes take no cell.
    shown = click.style(short, **colour) if short and colour else short
    return gap + shown if to_the_right else shown + gap


def _colour(column: Column, text: str) -> dict[str, Any]:
    return {"fg": column.colours[text]} if text in column.colours else {}


def fitting(natural: Sequence[int], words: Sequence[bool], width: int) -> list[int]:
    """How many cells each column gets, so that all of them fit with the gaps between.

    The widest column of words gives way first, none of them below `LEAST`. What is too wide even so ends at the edge:
    the column there is cut, those beyond it get none.
    """
    given = list(natural)
    surplus = sum(given) + len(GAP) * (len(given) - 1) - width
    for _ in range(surplus):
        widest = max((place for place, may in enumerate(words) if may), key=given.__getitem__, default=None)
        if widest is None or given[widest] <= LEAST:
            break
        given[widest] -= 1
    for place, wanted in enumerate(given):
        given[place] = max(min(wanted, width), 0)
        width -= wanted + len(GAP)
    return given


# --- text -------------------------------------------------------------------------------------------------------------


def plain(value: object) -> str:
    """A value in one line. A moment is in UTC; what a mail server or a file wrote moves no cursor and turns no line."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    words = " ".join(str(value).split())
    if words.isascii() and words.isprintable():
        return words
    return "".join(_harmless(sign) for sign in words)


def _harmless(sign: str) -> str:
    kind = unicodedata.category(sign)
    return "" if kind == _UNSEEN else "\ufffd" if kind == _CONTROLS else sign


def cells(words: str) -> int:
    """How many cells of a terminal words take: a Japanese sign two, a mark on the sign before it none."""
    return len(words) if words.isascii() else sum(_cells(sign) for sign in words)


def _cells(sign: str) -> int:
    if unicodedata.category(sign) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1


def cut(words: str, width: int) -> str:
    """As much as stands in `width` cells, an ellipsis at the end where something is missing."""
    if cells(words) <= width:
        return words
    kept, room = "", width - 1
    for sign in words:
        room -= _cells(sign)
        if room < 0:
            break
        kept += sign
    return f"{kept.rstrip()}…" if width else ""
