"""One side of a ratio: a server that is asked in turns with the other side's. Medians over the turns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bench.ground import Server
from bench.load import Seen


@dataclass
class Side:
    """`ask` loads the server for so many seconds and says what was seen."""

    server: Server
    ask: Callable[[float], Seen]
    turns: list[Seen] = field(default_factory=list)
    worked: float = 0.0

    def turn(self, seconds: float) -> None:
        """Take a turn."""
        before = self.server.worked()
        self.turns.append(self.ask(seconds))
        self.worked += self.server.worked() - before

    @property
    def rate(self) -> float:
        """Answers a second."""
        return median(seen.rate for seen in self.turns)

    def percentile(self, share: float) -> float:
        """The milliseconds within which that share of the answers came."""
        return median(seen.percentile(share) for seen in self.turns)

    def detail(self, prefix: str = "") -> dict[str, float]:
        """Waiting, and the server's own processor time an answer, whatever else the machine did meanwhile."""
        answers = sum(len(seen.latencies) for seen in self.turns)
        return {
            f"{prefix}p50_ms": round(self.percentile(0.5), 1),
            f"{prefix}p99_ms": round(self.percentile(0.99), 1),
            f"{prefix}processor_ms": round(1000 * self.worked / answers, 2),
        }


def alternate(sides: tuple[Side, Side], *, rounds: int, seconds: float, warm: float) -> None:
    """Warm both, then let them take turns."""
    for side in sides:
        side.ask(warm)
    for _ in range(rounds):
        for side in sides:
            side.turn(seconds)
