"""SQLite for tests: a migrated file is copied, so that every test has real commits and real locks.

Never an in-memory database: those share one connection and hide locking.
"""

import shutil
import sqlite3
from pathlib import Path


def url(path: Path) -> str:
    """Where SQLAlchemy finds the database in a file."""
    return f"sqlite:///{path}"


def copy(template: Path, target: Path) -> str:
    """Copy a database that nobody has open; the copy's URL."""
    shutil.copyfile(template, target)
    return url(target)


def settle(path: Path) -> None:
    """Bring everything out of the write-ahead log into the file itself, so that it alone can be copied."""
    connection = sqlite3.connect(path)
    try:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    if busy:
        raise RuntimeError(f"{path} is still open somewhere")
