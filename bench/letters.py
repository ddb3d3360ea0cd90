"""`letters`: an invitation run against one open SMTP connection that sends ready messages of the same size.

The run is the worker's own steps: plan, then claim, compose with the calendar part, send, settle. By one worker process
and by two; the sink is the same for both sides.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from bench import filling, ground, sink
from bench.ground import Ground, Site
from bench.results import Bound, Line
from bench.sender import Sender, timed

ROUNDS, MEMBERS, WARM = 2, 6_000, 50
LEAST = Bound("ratio", least=0.25)
BY_TWO = Bound("ratio", least=1.6)
LONG_ENOUGH = 1_000
"""Letters a run must have for its rate to be that of the letters."""
MOST_MB = 150
MEMORY = Bound("value", most=MOST_MB)


def measure(on: Ground, database: str) -> list[Line]:
    """The figure on one kind of database."""
    site = on.site(database)
    with site.opened():
        filled = filling.fill(MEMBERS)
        site.analyse()
    # On SQLite two workers only wait for each other: no bound, and no time spent on it.
    return compared(site, filled, rounds=ROUNDS, by_two_as_well=database != "sqlite")


@dataclass(frozen=True)
class Run:
    """How one run went: seconds; processor time while sending, of the workers, the sink, the database server; letters,
    memory, the size of a letter."""

    planning: float
    sending: float
    processor: float
    of_sink: float
    of_database: float
    sent: int
    peak_mb: float
    octets: int

    def shares(self) -> dict[str, float]:
        """Milliseconds of processor time a letter needs, by whose it is."""
        whose = {"worker": self.processor, "sink": self.of_sink, "database": self.of_database}
        return {name: 1000 * seconds / self.sent for name, seconds in whose.items()}

    @property
    def rate(self) -> float:
        """Letters a second: all that was sent, with its share of the planning."""
        return self.sent / (self.planning + self.sending)


def compared(
    site: Site,
    filled: filling.Filled,
    *,
    rounds: int,
    most: int = 10_000,
    by_two_as_well: bool = True,
    name: str = "letters",
    work: str = "",
) -> list[Line]:
    """Bare, one worker, two workers by turns. Of each run `most` letters are sent."""
    count = min(len(filled.member_ids), most)
    bare: list[float] = []
    by_one: list[Run] = []
    by_two: list[Run] = []
    with sink.sinking() as to, site.opened():
        warm = _run(site, filled, to, workers=1, most=min(WARM, count))
        for _ in range(rounds):
            bare.append(_bare(to, count, warm.octets))
            by_one.append(_run(site, filled, to, workers=1, most=most))
            if by_two_as_well:
                by_two.append(_run(site, filled, to, workers=2, most=most // 2))
    peak = max(run.peak_mb for run in by_one)
    detail = {
        "letters": by_one[0].sent,
        "octets_each": warm.octets,
        "planning_s": round(median(run.planning for run in by_one), 2),
        "sending_s": round(median(run.sending for run in by_one), 2),
        "processor_ms": round(1000 * median(run.processor / run.sent for run in by_one), 2),
        "peak_mb": round(peak, 1),
    }
    limit = median(bare)
    # A run of a hundred is over in a quarter of a second, most of which is planning and claiming.
    least = LEAST if count >= LONG_ENOUGH else None
    lines = [
        Line(name, site.database, median(run.rate for run in by_one), "letters/s", limit, work, least, detail),
        Line(name, site.database, peak, "MB", MOST_MB, f"{work} memory".strip(), MEMORY),
    ]
    if by_two:
        lines += _two(name, site.database, work, limit, by_one, by_two)
    return lines


def _two(name: str, database: str, work: str, limit: float, by_one: list[Run], by_two: list[Run]) -> list[Line]:
    """Two workers beside the limit, and beside one worker of the same round."""
    two = median(run.rate for run in by_two)
    paired = median(after.rate / before.rate for before, after in zip(by_one, by_two, strict=True))
    # SQLite has one writer at a time.
    least = BY_TWO if database == "postgresql" else None
    detail = {
        f"by_{number}_{name}_ms": round(median(run.shares()[name] for run in runs), 3)
        for number, runs in (("one", by_one), ("two", by_two))
        for name in ("worker", "sink", "database")
    }
    return [
        Line(name, database, two, "letters/s", limit, f"{work} by two workers".strip()),
        Line(name, database, two, "letters/s", two / paired, f"{work} two workers to one".strip(), least, detail),
    ]


def _bare(to: sink.Sink, count: int, octets: int) -> float:
    with Sender.started(None, "bare", str(to.port)) as sender:
        seconds, _ = timed([sender], {"mails": count, "octets": octets})
    return count / seconds


def _run(site: Site, filled: filling.Filled, to: sink.Sink, *, workers: int, most: int) -> Run:
    """A new meeting, its invitations planned by one worker and sent by all; checked against what arrived."""
    filling.settle_everything()
    filling.meeting(filled)
    settings = {**site.settings, "MAIL_PORT": str(to.port)}
    mails_before, octets_before = to.taken()
    with ExitStack() as stack:
        senders = [stack.enter_context(Sender.started(settings, "worker")) for _ in range(workers)]
        planning, planned = timed(senders[:1], {"do": "plan"})
        before = ground.worked(to.pid), site.worked()
        sending, sent = timed(senders, {"do": "deliver", "most": most})
        after = ground.worked(to.pid), site.worked()
    mails, octets = (now - before for now, before in zip(to.taken(), (mails_before, octets_before), strict=True))
    due, done = planned[0]["done"], sum(answer["done"] for answer in sent)
    # In the morning the coordinator's digest is due as well.
    if due < len(filled.member_ids) or done != mails or done < min(due, most):
        raise RuntimeError(f"{due} letters planned, {done} sent, {mails} arrived, of {len(filled.member_ids)} members")
    # Planning is for everybody; what was not sent does not pay for it.
    share = planning * done / due
    processor = sum(answer["processor_s"] for answer in sent)
    return Run(
        share,
        sending,
        processor,
        after[0] - before[0],
        after[1] - before[1],
        done,
        max(answer["peak_mb"] for answer in sent),
        octets // mails,
    )
