"""What a command shows: a table and bars at a terminal; promised lines, or one JSON document, in a pipe.

Whoever sits at a terminal gets headings, aligned columns, colour and a bar while it takes long. A pipe never sees any
of it. `NO_COLOR` and `TERM=dumb` are heeded.
"""

import copy
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import IO, Any, Self

import click

from asanokai.tables import Column, table

BAR, BESIDE_IT = 30, len("  []  /  00:00:00 ")
"""Cells of a bar, where the terminal is wide enough, and of what always stands beside it."""

PAUSE = 0.1
"""Seconds between two looks of a bar, so that drawing does not hold up the work."""


def watched(stream: IO[str]) -> bool:
    """Whether somebody sits at a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colourless() -> bool:
    """Whether colour is not wanted even at a terminal: https://no-color.org."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def show(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *, line: Callable[[Any], str]) -> None:
    """A table at a terminal, else a `line` for each row. Nothing for no rows."""
    if not sys.stdout.isatty():
        shown = [harmless(line(row)) for row in rows]
    else:
        shown = table(columns, rows, width=shutil.get_terminal_size().columns) if rows else []
    for words in shown:
        click.echo(words)


def harmless(words: str) -> str:
    """On one line and without signs that steer a terminal or turn the direction of writing: what strangers wrote in a
    mail stands in lists and logs too. Such a sign is shown by its number."""
    if words.isprintable():
        return words
    return "".join(sign if sign == "\t" or sign not in _STEERING else _number(sign) for sign in words)


def _number(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}"


_STEERING = frozenset(
    map(chr, (*range(32), *range(127, 160), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)


class Log(logging.Formatter):
    """Lines of a log. One that begins with a moment is ours: what belongs to it, such as where a fault arose, is
    moved in."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as lines. How another has written its fault is not used."""
        own = copy.copy(record)
        own.exc_text = None
        return super().format(own)

    def formatMessage(self, record: logging.LogRecord) -> str:  # logging's own name
        """The line itself."""
        return harmless(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # logging's own name
        """Where a fault arose, line by line."""
        return "\n".join(f"    {harmless(line)}" for line in super().formatException(ei).splitlines())


def document(facts: Mapping[str, Any]) -> None:
    """One JSON document on standard output; moments as ISO 8601 with their offset."""
    # What an output in another encoding cannot hold would be written in a manner that JSON does not know.
    utf_8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(facts, indent=1, ensure_ascii=not utf_8, default=_moment))


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no place in a document")
    return value.isoformat()


class Progress:
    """Bars on standard error, one for each kind of work; nothing if that is no terminal.

    It is called with what is being done, how much is done and how much there is, as often as the work likes.
    """

    def __init__(self, *, pause: float = PAUSE) -> None:
        self._pause = pause
        self.shown = watched(sys.stderr)
        self._bar: Any = None
        self._doing = ""
        self._looked = 0.0

    def __enter__(self) -> Self:
        return self

    def __call__(self, doing: str, done: int, of: int) -> None:
        """Say how far it has come."""
        if not self.shown:
            return
        if self._bar is None or self._doing != doing:
            self._end()
            self._doing, self._bar = doing, self._begun(doing, of)
        now = time.monotonic()
        if done >= of or now - self._looked >= self._pause:
            self._looked = now
            # There may be more by now than when it was full for the first time.
            self._bar.length, self._bar.finished = of, False
            self._bar.update(done - self._bar.pos)

    def _begun(self, doing: str, of: int) -> Any:
        beside = BESIDE_IT + len(doing) + 2 * len(str(of))
        width = max(1, min(BAR, shutil.get_terminal_size().columns - beside))
        bar = click.progressbar(length=of, label=doing.capitalize(), show_pos=True, width=width, file=sys.stderr)
        for out in logging.getLogger().handlers:
            out.addFilter(_beneath)
        return bar.__enter__()

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
            for out in logging.getLogger().handlers:
                out.removeFilter(_beneath)
        self._bar = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._end()


def _beneath(_record: logging.LogRecord) -> bool:
    """Lets what is logged begin a line of its own instead of going on behind the bar."""
    click.echo("\r\033[K", nl=False, err=True, color=True)
    return True
