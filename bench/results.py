"""A measured line with its limit and bound; the table of all of them; `results.json`."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WRITTEN = Path(__file__).parent / "results.json"
HEADINGS = ("figure", "database", "value", "unit", "limit", "ratio", "bound", "verdict")


@dataclass(frozen=True)
class Bound:
    """What must hold: the line's `of` (value or ratio) is at least or at most `number`."""

    of: str
    least: float | None = None
    most: float | None = None

    def met_by(self, line: "Line") -> bool:
        number = getattr(line, self.of)
        if number is None:
            return False
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        return f"{self.of} {'≥' if self.least is not None else '≤'} {self.least or self.most:g}"


@dataclass(frozen=True)
class Line:
    """One measured number. `limit` was measured in the same run; without a bound the line only informs.

    `work` says what of the figure it is, "" for the figure itself.
    """

    name: str
    database: str
    value: float
    unit: str
    limit: float | None = None
    work: str = ""
    bound: Bound | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The value in parts of its limit."""
        return self.value / self.limit if self.limit else None

    @property
    def missed(self) -> bool:
        """Whether it has a bound and does not keep it."""
        return self.bound is not None and not self.bound.met_by(self)

    def as_json(self) -> dict[str, Any]:
        """As `results.json` holds it; what is more than its shape stands in `detail`."""
        bound = {"bound": str(self.bound), "met": not self.missed} if self.bound else {}
        return {
            "name": self.name,
            "database": self.database,
            "value": _short(self.value),
            "unit": self.unit,
            "limit": _short(self.limit),
            "ratio": _short(self.ratio),
            "detail": {**({"work": self.work} if self.work else {}), **bound, **self.detail},
        }


def _short(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.4g}")


def machine() -> dict[str, Any]:
    """What it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1024**3, 1),
        "python": platform.python_version(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def write(lines: Sequence[Line], on: dict[str, Any], *, to: Path = WRITTEN) -> None:
    """Keep the run's figures."""
    kept = {"machine": on, "figures": [line.as_json() for line in lines]}
    to.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(lines: Sequence[Line]) -> str:
    """Everything to be read by people."""
    rows = [HEADINGS, *(_row(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _row(line: Line) -> tuple[str, ...]:
    verdict = "" if line.bound is None else "MISSED" if line.missed else "ok"
    return (
        f"{line.name} {line.work}".strip(),
        line.database,
        f"{line.value:.4g}",
        line.unit,
        "" if line.limit is None else f"{line.limit:.4g}",
        "" if line.ratio is None else f"{line.ratio:.2f}",
        str(line.bound or ""),
        verdict,
    )
