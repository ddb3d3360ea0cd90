"""One line of the doctor's: what was looked at, how it is, and what there is to say or to do. Looks at nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Level = Literal["ok", "hint", "wrong"]
MARKS: dict[Level, str] = {"ok": "ok", "hint": "hint", "wrong": "WRONG"}

MARK = 6
"""How many signs of a check's line say how it is."""


@dataclass(frozen=True)
class Check:
    """What was looked at, how it is, and what there is to say.

    ok: as it must be. hint: works, or cannot be known from here, and is worth a look. wrong: known not to work.
    """

    about: str
    level: Level
    words: str

    @property
    def well(self) -> bool:
        return self.level != "wrong"

    def __str__(self) -> str:
        return f"{MARKS[self.level]:<{MARK}} {self.about}: {self.words}"

    def as_document(self) -> dict[str, Any]:
        """The same as JSON holds it."""
        return {"about": self.about, "well": self.well, "level": self.level, "words": self.words}


def ok(about: str, words: str) -> Check:
    return Check(about, "ok", words)


def hint(about: str, words: str) -> Check:
    return Check(about, "hint", words)


def wrong(about: str, words: str) -> Check:
    return Check(about, "wrong", words)


def judged(about: str, words: list[str], *, hints: list[str], wrongs: list[str]) -> Check:
    """One line for one thing: what is wrong first, then the hints, then what else was seen."""
    level: Level = "wrong" if wrongs else "hint" if hints else "ok"
    return Check(about, level, "; ".join([*wrongs, *hints, *words]))


def said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def in_one_line(error: BaseException) -> str:
    """What an error says, without the statement and the help page's address of the database's."""
    words = getattr(error, "orig", None) or error
    return " ".join(str(words).split())[:300]
