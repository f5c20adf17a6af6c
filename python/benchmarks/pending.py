"""Very many requests that wait for a person: memory, speed and start of the server with them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import processes, seed
from benchmarks.databases import Database, Databases, Engine
from benchmarks.report import Figure, times
from benchmarks.wakes import BODY, hear, quantiles
from benchmarks.wire import Caller

FEW = 100
"""So many requests wait at the server that the other one is compared with."""

PAGES = 200

PAGE = "/api/v1/approval-requests?status=pending"


async def measure(
    databases: Databases, engine: Engine, count: int, samples: int, starts: int
) -> Iterator[Figure]:
    """Two servers, one with few requests pending and one with very many, in turns."""
    with ExitStack() as stack:
        few, many = (stack.enter_context(databases.fresh(engine)) for _ in range(2))
        fewer = min(FEW, count)
        await seed.fill(few, fewer)
        await seed.fill(many, count)
        ready = statistics.median([await _start(many) for _ in range(starts)])
        servers = [stack.enter_context(processes.served(each.url)) for each in (few, many)]
        for each in servers:
            stack.enter_context(processes.agent(each.url))
        callers = [await Caller.open(each.url) for each in servers]
        took: tuple[list[float], list[float]] = ([], [])
        for _ in range(samples):
            # In turns, so that whatever else the machine does slows both down.
            for caller, of_it in zip(callers, took, strict=True):
                waiting = await caller.post("/api/v1/execute/bench.wake", BODY, 202)
                of_it.append(await hear(caller, waiting))
        pages = [await _page(callers[1]) for _ in range(PAGES)]
        memory = processes.most_resident_mb(servers[1].pid)
        for caller in callers:
            caller.close()
    beside, heard = map(quantiles, took)
    title = f"{count:,} pending, {engine}"
    return iter(
        [
            Figure(f"{title}, ready after its start", ready, "ms", None, 3_000),
            *times(f"{title}, first page", quantiles(pages), (None, 20)),
            *times(f"{fewer:,} pending, {engine}, decision heard", beside, (None, None)),
            *times(f"{title}, decision heard", heard, (None, None)),
            Figure(f"{title}, p99 to that", heard[1] / beside[1], "x", None, 1.5),
            Figure(f"{title}, memory of the server", memory, "MB", None, 400),
        ]
    )


async def _start(database: Database) -> float:
    """From the start of the process until it says that it is ready, in ms."""
    begin = time.monotonic()
    with processes.server(database.url) as url:
        caller = await Caller.open(url)
        await caller.get("/api/v1/ready")
        took = time.monotonic() - begin
        caller.close()
    return took * 1e3


async def _page(caller: Caller) -> float:
    begin = time.perf_counter()
    page = await caller.get(PAGE)
    assert page["items"], page
    return (time.perf_counter() - begin) * 1e3
