"""How long `signoff serve` takes until it answers, on an empty database."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks import processes
from benchmarks.report import Figure
from benchmarks.wire import Caller


async def measure(times: int) -> Iterator[Figure]:
    """From the start of the process to the first answer; the median of so many starts."""
    started = [await _start(processes.server, "/api/v1/health") for _ in range(times)]
    bare = [await _start(processes.bare_server, "/health") for _ in range(times)]
    ceiling = statistics.median(bare)
    return iter([Figure("start to first answer", statistics.median(started), "ms", ceiling, 1_500)])


async def _start(serve: Callable[[Path], AbstractContextManager[str]], path: str) -> float:
    with processes.folder() as folder:
        begin = time.monotonic()
        with serve(folder / "server.db") as url:
            caller = await Caller.open(url)
            await caller.get(path)
            took = time.monotonic() - begin
            caller.close()
    return took * 1000
