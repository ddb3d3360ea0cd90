"""Finds the folder of real messages that may lie beside the checkout; tests that use it skip where it is not."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parent.parent.parent.parent / "shared"
SHARED = Path(os.environ.get("ASANOKAI_SHARED") or _BESIDE)


def shared(name: str) -> Path:
    """A file or folder of it. Skips the test that asks where it is not there."""
    found = SHARED / "data" / name
    if not found.exists():
        pytest.skip("the folder of real messages is not here (ASANOKAI_SHARED)")
    return found
