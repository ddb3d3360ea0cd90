"""Where tests keep files that nobody needs afterwards."""

import os
import shutil
import tempfile

MEMORY = "/dev/shm"
ENOUGH = 2 * 1024**3
"""Bytes that must be free in memory before tests put their databases there."""


def quick() -> str:
    """A folder in memory where the machine has one of use, else the usual one on disk.

    What a test proves about SIGKILL holds there too; what it proves about power cuts does not (see
    `Postgres`).
    """
    if os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        return MEMORY
    return tempfile.gettempdir()
