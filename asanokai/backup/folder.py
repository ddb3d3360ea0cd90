"""The folder backups lie in: their names, which is the newest, and which are old enough to go."""

import re
from datetime import UTC, datetime
from pathlib import Path

NAME = re.compile(r"asanokai-(\d{8}T\d{6})Z(?:-\d+)?\.tar\.gz(?:\.age)?")
PART = ".asanokai-"
"""How the name of a file begins that is not written to its end."""


def name(moment: datetime, number: int, *, encrypted: bool) -> str:
    """The name of a backup; `number` tells those of one second apart."""
    again = f"-{number}" if number else ""
    return f"asanokai-{moment.astimezone(UTC):%Y%m%dT%H%M%S}Z{again}.tar.gz{'.age' if encrypted else ''}"


def found(folder: Path) -> list[Path]:
    """All backups in the folder, the newest first."""
    ours = [path for path in folder.iterdir() if NAME.fullmatch(path.name) and path.is_file()]
    return sorted(ours, key=lambda path: (_moment(path), path.stat().st_mtime_ns), reverse=True)


def _moment(path: Path) -> datetime:
    matched = NAME.fullmatch(path.name)
    assert matched  # `found` looked
    return datetime.strptime(matched[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def newest(folder: Path) -> datetime | None:
    """When the newest backup in the folder was made."""
    made = [_moment(path) for path in found(folder)[:1]]
    return made[0] if made else None


def drop_old(folder: Path, keep: int) -> int:
    """Remove all backups but the newest `keep`; how many. Nothing else in the folder is touched."""
    old = found(folder)[keep:]
    for path in old:
        path.unlink()
    return len(old)


def drop_halves(folder: Path) -> None:
    """Remove what backups that were killed have left. Only for who alone may write there."""
    for path in folder.glob(f"{PART}*.part"):
        path.unlink(missing_ok=True)
