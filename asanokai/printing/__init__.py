"""Paper: roll, arrival list, name badges and leaflet as PDF, and the preview picture of a meeting's page as PNG.

Each sheet is a Typst template of the same name beside this file; facts go in as JSON, so that nothing a member typed
can be taken for a command. The fonts lie in `fonts/` (Noto Sans and Noto Sans JP under the SIL Open Font License), so
that Japanese looks the same on every machine. It reads no database and knows no language but the one it is told.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from asanokai import clock

SHEETS = Path(__file__).resolve().parent
PICTURE = (1200, 630)
"""Width and height of the preview picture in pixels."""


@dataclass(frozen=True)
class Badge:
    """Who wears it: the name in Japanese script, "" without one, in Latin letters, and the organisation."""

    ja: str
    latin: str
    organisation: str


@dataclass(frozen=True)
class Figure:
    """A number and what it counts."""

    number: str
    label: str


@dataclass(frozen=True)
class Part:
    """A table of a roll: its title, its column heads, its rows of cells."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Speaker:
    """Who speaks, and one line about them."""

    name: str
    line: str


@dataclass(frozen=True)
class Topic:
    """A topic of a leaflet in the language `lang`; `marked` says so where it is not the reader's."""

    title: str
    lang: str
    marked: str
    abstract: Sequence[str]
    speakers: Sequence[Speaker]


@dataclass(frozen=True)
class Hour:
    """A part of the running order: when it begins, and what it is."""

    begins: str
    words: str


@dataclass(frozen=True)
class Leaflet:
    """The programme of one meeting. `labels` are the words "when" and "where"."""

    series: str
    title: str
    date: str
    time: str
    elsewhere: str
    place: str
    note: str
    link: str
    labels: dict[str, str]
    topics: Sequence[Topic]
    order: Sequence[Hour] = ()


@dataclass(frozen=True)
class Picture:
    """What the preview picture says."""

    series: str
    title: str
    day: str
    month: str
    weekday: str
    time: str
    place: str


def badges(people: Sequence[Badge], *, event: str, organisation: str, language: str) -> bytes:
    """Name badges as PDF, ten of 85 × 54 mm to an A4 sheet."""
    facts = {"event": event, "people": [asdict(person) for person in people]}
    return _pdf("badges", facts, organisation, language)


def roll(
    title: str,
    under: str,
    parts: Sequence[Part],
    *,
    figures: Sequence[Figure] = (),
    boxes: bool = False,
    organisation: str,
    language: str,
) -> bytes:
    """Tables of people as PDF on A4; with `boxes`, each row ends in one to tick: the arrival list."""
    facts = {
        "title": title,
        "under": under,
        "parts": [asdict(part) for part in parts],
        "figures": [asdict(figure) for figure in figures],
        "boxes": boxes,
    }
    return _pdf("roll", facts, organisation, language)


def leaflet(sheet: Leaflet, *, organisation: str, language: str) -> bytes:
    """The programme as PDF on A5."""
    return _pdf("leaflet", asdict(sheet), organisation, language)


def picture(shown: Picture, *, organisation: str, language: str) -> bytes:
    """The preview picture as PNG."""
    return _typeset("preview", asdict(shown), organisation, language, format="png", ppi=72.0)


def _pdf(sheet: str, facts: dict[str, Any], organisation: str, language: str) -> bytes:
    return _typeset(sheet, facts, organisation, language, format="pdf")


def _typeset(sheet: str, facts: dict[str, Any], organisation: str, language: str, **how: Any) -> bytes:
    told = json.dumps({**facts, "organisation": organisation, "language": language}, ensure_ascii=False)
    return _compiled(sheet, told, **how)


@lru_cache(maxsize=32)
def _compiled(sheet: str, told: str, **how: Any) -> bytes:
    """The sheet; the same again without new work, because anybody may ask for a public one as often as they like."""
    made = typst.compile(
        str(SHEETS / f"{sheet}.typ"),
        root=str(SHEETS),
        font_paths=[str(SHEETS / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"data": told},
        timestamp=int(clock.now().timestamp()),
        **how,
    )
    return bytes(made)
