"""`make bench`: how fast the server is on this machine, beside a skeleton that does no work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Iterator

import uvloop

from benchmarks import accepts, gates, report, starts, suspended, waits, wakes
from benchmarks.report import Figure

Measure = Callable[[], Awaitable[Iterator[Figure]]]


def main() -> None:
    """Measure what was asked for; print a table, or JSON."""
    told = _arguments()
    # Few samples have no p99 to speak of, but show that all still works.
    seconds, samples, times = (0.5, 20, 1) if told.quick else (6.0, 200, 5)
    pending = (1, 20) if told.quick else wakes.PENDING
    runs = (40, 10) if told.quick else (100_000, 1_000)
    measures: dict[str, Measure] = {
        "accepts": lambda: accepts.measure(seconds),
        "gates": lambda: gates.measure(seconds),
        "wakes": lambda: wakes.measure(pending, samples),
        "waits": lambda: waits.measure(samples),
        "suspended": lambda: suspended.measure(*runs),
        "starts": lambda: starts.measure(times),
    }
    figures: list[Figure] = []
    for name in told.only or measures:
        print(f"measuring {name} …", file=sys.stderr)
        figures += uvloop.run(_run(measures[name]))
    print(report.as_json(figures) if told.json else report.table(figures))


async def _run(measure: Measure) -> list[Figure]:
    return list(await measure())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument(
        "--only",
        action="append",
        choices=("accepts", "gates", "wakes", "waits", "suspended", "starts"),
        help="measure only this; may be given again",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
