"""`make bench`: how fast the server is on this machine, beside a skeleton that does no work."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

import uvloop

from benchmarks import (
    accepts,
    expiries,
    gates,
    pending,
    replicas,
    report,
    starts,
    suspended,
    waits,
    wakes,
)
from benchmarks.databases import ENGINES, Databases, Engine
from benchmarks.report import Figure

Measure = Callable[[], Awaitable[Iterator[Figure]]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    seconds: float = 6.0
    samples: int = 200
    starts: int = 5
    held: tuple[int, ...] = wakes.PENDING
    pending: int = 100_000
    heard: int = 500
    expiries: int = 10_000
    suspended: int = 100_000
    real: int = 500
    decided: int = 1_000


# Few samples have no p99 to speak of, but show that all still works.
QUICK = Size(0.5, 20, 1, (1, 20), 50, 20, 50, 40, 20, 10)


def main() -> None:
    """Measure what was asked for; print a table, or JSON."""
    told = _arguments()
    figures: list[Figure] = []
    # Told to end, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        databases = Databases(stack)
        if len(databases.engines) == 1:
            _say("PostgreSQL is not installed: measuring SQLite only")
        engines = [each for each in databases.engines if told.engine in (None, each)]
        size = QUICK if told.quick else Size()
        size = replace(size, real=size.suspended) if told.real else size
        parts = _measures(databases, size, engines)
        for name in told.parts or parts:
            for title, measure in parts[name].items():
                begin = time.monotonic()
                _say(f"measuring {title} …")
                figures += uvloop.run(_run(measure))
                _say(f"  {time.monotonic() - begin:.0f} s")
    print(report.as_json(figures) if told.json else report.table(figures))


def _measures(
    databases: Databases, size: Size, engines: Sequence[Engine]
) -> dict[str, dict[str, Measure]]:
    """What is measured in each part, by what is said meanwhile."""
    return {
        "accepts": {"accepts": partial(accepts.measure, size.seconds)},
        "gates": {"gates": partial(gates.measure, databases, size.seconds)},
        "wakes": {"wakes": partial(wakes.measure, databases, size.held, size.samples)},
        "waits": {"waits": partial(waits.measure, size.samples)},
        "replicas": {"replicas": partial(replicas.measure, databases, size.seconds, size.samples)},
        "pending": {
            f"pending, {engine}": partial(
                pending.measure, databases, engine, size.pending, size.heard, size.starts
            )
            for engine in engines
        },
        "expiries": {
            f"expiries, {engine}": partial(expiries.measure, databases, engine, size.expiries)
            for engine in engines
        },
        "suspended": {
            "suspended": partial(
                suspended.measure, databases, size.suspended, size.real, size.decided
            )
        },
        "starts": {"starts": partial(starts.measure, size.starts)},
    }


async def _run(measure: Measure) -> list[Figure]:
    return list(await measure())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    names = list(_measures(Databases(ExitStack()), QUICK, ENGINES))
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"measure only this: {', '.join(names)}"
    )
    parser.add_argument("--engine", choices=ENGINES, help="pending and expiries on this one only")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument(
        "--real",
        action="store_true",
        help="each suspended run has been in the agent's hands (takes a quarter of an hour)",
    )
    told = parser.parse_args()
    if unknown := set(told.parts) - set(names):
        parser.error(f"{', '.join(sorted(unknown))}: the parts are {', '.join(names)}")
    return told


if __name__ == "__main__":
    main()
