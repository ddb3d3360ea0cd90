"""The lines of a plain letter: none wider than a window for mail, broken where the language allows it.

Templates break their own words by hand. What people wrote, and names inside a sentence, may be of any length: those
lines are broken here, once for all readers. It never breaks a word of Latin script, an address or a reader's mark.
"""

import re

from asanokai.tables import cells

WIDEST = 72
"""Columns of a line; a full-width sign takes two. Quoted twice in an answer it still fits into 76."""

_NOT_FIRST = frozenset(
    "、。，．・：；？！‥…ー～〜々〻）］｝」』】〕〉》’”％氏様ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ!%),.:;?]}–-"
)
"""What must not begin a line: the signs of 行頭禁則 (JIS X 4051), and the title of the name before it."""

_NOT_LAST = frozenset("（［｛「『【〔〈《‘“„([{")
"""What must not end a line (行末禁則)."""

_PAUSES = frozenset(" 、。；）」』】　")
_FULL_ENOUGH = 0.6
"""A break after a pause is better than a later one, if the line is at least this full."""

_LABEL = re.compile(r"\s*(?:(?:[-・]|\d+[.)]) |\w+:\s{2,}|\w+：)?")
_LONGEST_LABEL = 24


def fitted(text: str) -> str:
    """The text with every line that is too wide broken; what is broken off stands below the words, not the label."""
    return "\n".join(piece for line in text.split("\n") for piece in _broken(line))


def _broken(line: str) -> list[str]:
    lines = []
    # The first condition spares counting: no sign is wider than two columns.
    while len(line) * 2 > WIDEST and cells(line) > WIDEST and (place := _place(line)):
        lines.append(line[:place].rstrip())
        blank = "".join("　" if cells(sign) == 2 else " " for sign in _label(line))
        line = blank + line[place:].lstrip()
    return [*lines, line]


def _label(line: str) -> str:
    """What stands before the words: blanks, the mark of a list, "Wo:    "."""
    found = _LABEL.match(line)
    return found[0] if found and cells(found[0]) <= _LONGEST_LABEL else ""


def _place(line: str) -> int:
    """Where to break: after the last pause that leaves the line full enough, else at the last place that fits, else at
    the first behind; 0 if there is none."""
    start = len(_label(line))
    width, last, pause = cells(line[:start]), 0, 0
    for place in range(start, len(line)):
        if place > start and _may_break(line[place - 1], line[place]):
            if width > WIDEST:
                return pause or last or place
            last = place
            pause = place if line[place - 1] in _PAUSES and width >= WIDEST * _FULL_ENOUGH else pause
        # The blank at which a line is broken takes no room.
        width += cells(line[place])
    return pause or last


def _may_break(before: str, behind: str) -> bool:
    if behind in _NOT_FIRST or behind.isspace() or before in _NOT_LAST:
        return False
    if before.isspace():
        return True
    if before.isdigit() and cells(behind) == 2:
        return False
    return 2 in (cells(before), cells(behind))
