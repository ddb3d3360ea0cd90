"""Measure everything, print the table, write results.json; exit 1 if a bound is missed."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from itertools import product

from bench import answer, ground, growth, intake, letters, lists, page, planning, results, start, weight
from bench.ground import Ground
from bench.progress import each, say
from bench.results import Line

DATABASES = ("sqlite", "postgresql")
Measure = Callable[[Ground, str], list[Line]]


def main() -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--long", action="store_true", help="growth up to 100 000 members")
    figures = {
        "start": start.measure,
        "weight": weight.measure,
        "page": page.measure,
        "answer": answer.measure,
        "letters": letters.measure,
        "planning": planning.measure,
        "lists": lists.measure,
        "intake": intake.measure,
    }
    parser.add_argument("--only", choices=[*figures, "growth"], action="append", help="some figures; writes no file")
    arguments = parser.parse_args()
    sizes = growth.LONG_SIZES if arguments.long else growth.SIZES
    measures: dict[str, Callable[[Ground, str], list[Line]]] = {
        **figures,
        "growth": partial(growth.measure, sizes=sizes),
    }
    chosen = arguments.only or list(measures)
    on = results.machine()
    lines: list[Line] = []
    with ground.prepared() as prepared:
        for name, database in each(list(product(chosen, DATABASES))):
            say(f"{name} on {database}")
            lines += measures[name](prepared, database)
    print(results.table(lines))
    if not arguments.only:
        results.write(lines, on)
    missed = [line for line in lines if line.missed]
    if missed:
        print(f"\n{len(missed)} of the bounds are missed.", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
