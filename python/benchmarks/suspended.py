"""Runs that wait without being in anybody's memory, and come back with their decisions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator

from benchmarks import processes, seed
from benchmarks.databases import Databases
from benchmarks.report import Figure
from benchmarks.seed import Waiting
from benchmarks.wire import Caller

REAL = 500
"""So many runs of them were in the agent's hands and given back; the others are copies of one."""

AT_A_TIME = 50
"""So many of them the agent takes in hand at most."""

DECIDERS = 8


async def measure(databases: Databases, runs: int, decided: int) -> Iterator[Figure]:
    """Suspend so many runs of one agent; decide some of them at random, and wait for their ends."""
    with (
        databases.fresh("SQLite") as database,
        processes.server(database.url) as url,
        processes.resting_agent(url) as pid,
    ):
        caller = await Caller.open(url)
        waiting = [
            Waiting.of(await caller.post("/api/v1/execute/rest.wake", seed.BODY, 202))
            for _ in range(min(REAL, runs))
        ]
        for each in waiting:
            await seed.until_released(caller, each.execution_id)
        resting_mb = processes.resident_mb(pid)
        waiting += await seed.copies(database, waiting[0], runs - len(waiting))
        chosen = random.Random(1).sample(waiting, decided)
        await caller.post("/api/v1/execute/rest.forget", {}, 200)
        begin = time.monotonic()
        await _decide(url, [request for _, request in chosen])
        for execution_id, _ in chosen:
            await _finished(caller, execution_id)
        seconds = time.monotonic() - begin
        most = (await caller.post("/api/v1/execute/rest.forget", {}, 200))["result"]
        memory = max(resting_mb, processes.resident_mb(pid))
        caller.close()
    title = f"{runs:,} suspended"
    return iter(
        [
            Figure(f"{title}, memory of the agent", memory, "MB", None, 300),
            Figure(f"{title}, {decided:,} decided, most in hand", most, "", None, AT_A_TIME),
            Figure(f"{title}, {decided:,} decided, all ended", seconds, "s", None, 60),
        ]
    )


async def _decide(url: str, requests: list[str]) -> None:
    todo = iter(requests)

    async def drive() -> None:
        caller = await Caller.open(url)
        for request in todo:
            path = f"/api/v1/approval-requests/{request}/decision"
            await caller.post(path, {"decision": "approved"}, 200)
        caller.close()

    await asyncio.gather(*(drive() for _ in range(DECIDERS)))


async def _finished(caller: Caller, execution_id: str) -> None:
    while True:
        run = await caller.get(f"/api/v1/executions/{execution_id}?wait_seconds=30")
        if "completed_at" in run:
            assert run["result"] == "approved", run
            return
