"""Mails of the world that lie beside the checkout on some machines. Tests use them in addition, or skip with a word."""

import os
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]


def shared(*names: str) -> Path:
    """A file or folder of the shared data; skips the test where it is not present."""
    places = [os.environ.get("ASANOKAI_SHARED", ""), HOME.parent / "shared", HOME.parent.parent / "shared"]
    for place in filter(None, places):
        found = Path(place, "data", *names)
        if found.exists():
            return found
    pytest.skip("the shared data is not here")
