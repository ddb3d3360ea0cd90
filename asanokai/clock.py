"""The only clock. Everything that asks for the time asks here; nothing else in the package may.

It does not know zones other than UTC: wall time belongs to ``series`` and ``languages``.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

Source = Callable[[], datetime]


def system_time() -> datetime:
    """The machine's time, whatever `use` says: for the scheduler's next beat and nothing else."""
    return datetime.now(UTC)


_source: Source = system_time


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _source()


def use(source: Source | None) -> None:
    """Read the time from `source` from now on; None goes back to the system's clock."""
    global _source
    _source = source or system_time


def use_file(path: Path) -> None:
    """Read the time from a file that holds one ISO moment with a zone: for tests with real processes."""

    def from_file() -> datetime:
        moment = datetime.fromisoformat(path.read_text().strip())
        if moment.tzinfo is None:
            raise ValueError(f"{path} must hold a moment with a zone")
        return moment.astimezone(UTC)

    use(from_file)
