"""A line on standard error, so that nobody wonders."""

import sys
import time

_BEGAN = time.monotonic()


def say(words: str) -> None:
    """Say what is being measured, and how long it has taken so far."""
    minutes, seconds = divmod(int(time.monotonic() - _BEGAN), 60)
    print(f"{minutes:2}:{seconds:02}  {words}", file=sys.stderr, flush=True)
