"""How long it takes from sending a decision until the agent has heard it."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence

from benchmarks import processes, seed
from benchmarks.databases import Databases
from benchmarks.report import Figure, times
from benchmarks.wire import Caller, Json

PENDING = (1, 100, 10_000)
"""How many requests wait for a person at the time."""

HELD = 500
"""So many of them are held by the agent at most, which says so with each heartbeat. The others
are rows, as of executions that were suspended: to start 10,000 takes longer than to measure."""

PARKING = 32
"""How many callers park executions at once before anything is measured."""

BODY: Json = {"input": {"ticket": "Please refund my annual plan, I was billed twice."}}


async def measure(databases: Databases, pending: Sequence[int], samples: int) -> Iterator[Figure]:
    """One decision at a time on a server that does nothing else, with so many requests pending."""
    ceilings = await bare(samples)
    figures: list[Figure] = []
    with (
        databases.fresh("SQLite") as database,
        processes.server(database.url) as url,
        processes.agent(url),
    ):
        with processes.resting_agent(url):
            like = await seed.suspended(url)
        parked: list[Json] = []
        rows = 1
        for count in pending:
            await _park(url, parked, min(count - 1, HELD) + samples)
            # What is decided leaves the count that was asked for.
            chosen, parked = parked[:samples], parked[samples:]
            rows += len(await seed.copies(database, like, count - len(parked) - rows))
            caller = await Caller.open(url)
            took = [await hear(caller, each) for each in chosen]
            caller.close()
            title = f"decision heard, {count:,} pending"
            figures += times(title, quantiles(took), (5, 25), ceilings)
    return iter(figures)


async def _park(url: str, parked: list[Json], count: int) -> None:
    """Start executions that wait for a person, until there are so many."""
    missing = count - len(parked)
    todo = iter(range(missing))

    async def drive() -> None:
        caller = await Caller.open(url)
        for _ in todo:
            waiting = await caller.post("/api/v1/execute/bench.wake", BODY, 202)
            parked.append(waiting)
        caller.close()

    await asyncio.gather(*(drive() for _ in range(PARKING)))


async def hear(caller: Caller, waiting: Json) -> float:
    """Decide what an execution waits for; after how many ms its agent has heard."""
    (approval,) = waiting["pending_approvals"]
    path = f"/api/v1/approval-requests/{approval}/decision"
    request = caller.encode("POST", path, {"decision": "approved"})
    begin = time.monotonic_ns()
    await caller.send(request, 200)
    done = await caller.get(f"/api/v1/executions/{waiting['execution_id']}?wait_seconds=30")
    heard: int = done["result"]
    return (heard - begin) / 1e6


async def bare(samples: int) -> tuple[float, float]:
    """p50 and p99 of the skeleton, in ms."""
    with (
        processes.folder() as folder,
        processes.bare_server(folder / "bare.db") as url,
        processes.bare_agent(url),
    ):
        caller = await Caller.open(url)
        took = []
        for _ in range(samples):
            execution = (await caller.post("/execute", BODY, 202))["id"]
            begin = time.monotonic_ns()
            await caller.post(f"/decide/{execution}", {"decision": "approved"}, 200)
            heard: int = (await caller.get(f"/result/{execution}"))["result"]
            took.append((heard - begin) / 1e6)
        caller.close()
    return quantiles(took)


def quantiles(took: list[float]) -> tuple[float, float]:
    """p50 and p99."""
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return cuts[49], cuts[98]
