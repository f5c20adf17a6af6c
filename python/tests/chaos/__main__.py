"""`make chaos`: kills everything that can be killed, then looks whether anything was lost."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests import postgres
from tests.chaos.run import chaos

ENGINES: Final = ("sqlite", "postgres")


def main() -> int:
    """Run on one engine, or on one after the other; 1 when a rule was broken."""
    told = _arguments()
    # Told to end, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    passed = True
    if "postgres" in (told.engine or ENGINES) and postgres.binaries() is None:
        print(
            "PostgreSQL is not installed: install the package `postgresql` (Debian, Ubuntu), or say"
            " --engine sqlite",
            file=sys.stderr,
        )
        return 2
    for engine in told.engine or ENGINES:
        seed = random.SystemRandom().randrange(10**6) if told.seed is None else told.seed
        folder = Path(tempfile.mkdtemp(prefix=f"signoff-chaos-{engine}-"))
        print(f"{engine}, seed {seed}", file=sys.stderr)
        report = chaos(
            folder, engine=engine, seed=seed, gates=told.gates, kills=told.kills, say=_say
        )
        print(report.as_json() if told.json else report.as_text(), flush=True)
        passed = passed and report.passed
        if report.passed and not told.keep:
            shutil.rmtree(folder)
    return 0 if passed else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--engine",
        action="append",
        choices=ENGINES,
        help="only this one; may be given again",
    )
    parser.add_argument("--seed", type=int, help="repeats a run's plan; default: by chance")
    parser.add_argument("--gates", type=int, default=500, help="questions asked; default 500")
    parser.add_argument("--kills", type=int, default=200, help="processes killed; default 200")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--keep", action="store_true", help="keep the folder though it passed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
