"""A line on standard error, so that nobody wonders; at a terminal a bar beneath, which says how much is done."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import click

from asanokai.terminal import watched

Step = TypeVar("Step")

_BEGAN = time.monotonic()
_bars: list[Any] = []


def each(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps, one after the other."""
    if not watched(sys.stderr):
        yield from steps
        return
    # How long the rest takes cannot be told: the steps are of very different length.
    with click.progressbar(
        steps, show_pos=True, show_eta=False, file=sys.stderr, bar_template="[%(bar)s]  %(info)s"
    ) as bar:
        _bars.append(bar)
        try:
            yield from bar
        finally:
            _bars.remove(bar)


def say(words: str) -> None:
    """Say what is being measured, and how long it has taken so far."""
    minutes, seconds = divmod(int(time.monotonic() - _BEGAN), 60)
    line = f"{minutes:2}:{seconds:02}  {words}\n"
    for bar in _bars:
        line = f"\r\033[K{line}{bar.format_progress_line()}"
    sys.stderr.write(line)
    sys.stderr.flush()
