"""Runs that wait without being in anybody's memory, and come back with their decisions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

from benchmarks import processes, seed
from benchmarks.databases import Databases
from benchmarks.report import Figure
from benchmarks.seed import Waiting
from benchmarks.wire import Caller

T = TypeVar("T")

AT_A_TIME = 50
"""So many of them the agent takes in hand at most."""

CALLERS = 8
"""Connections that start runs, or decide, at a time."""


async def measure(databases: Databases, runs: int, real: int, decided: int) -> Iterator[Figure]:
    """Suspend runs of one agent; decide some of them at random, and wait for their ends.

    Args:
        databases: where they are.
        runs: how many are suspended.
        real: so many of them, at most, were in the agent's hands and given back; the others are
            copies of one.
        decided: how many are decided.
    """
    with (
        databases.fresh("SQLite") as database,
        processes.server(database.url) as url,
        processes.resting_agent(url) as pid,
    ):
        caller = await Caller.open(url)
        waiting = await _suspend(url, min(real, runs))
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


async def _suspend(url: str, count: int) -> list[Waiting]:
    waiting: list[Waiting] = []

    async def start(caller: Caller, _: int) -> None:
        waiting.append(Waiting.of(await caller.post("/api/v1/execute/rest.wake", seed.BODY, 202)))

    await _beside(url, range(count), start)
    await _beside(url, waiting, lambda caller, run: seed.until_released(caller, run.execution_id))
    return waiting


async def _decide(url: str, requests: list[str]) -> None:
    async def approve(caller: Caller, request: str) -> None:
        path = f"/api/v1/approval-requests/{request}/decision"
        await caller.post(path, {"decision": "approved"}, 200)

    await _beside(url, requests, approve)


async def _beside(
    url: str, things: Iterable[T], do: Callable[[Caller, T], Awaitable[None]]
) -> None:
    todo = iter(things)

    async def drive() -> None:
        caller = await Caller.open(url)
        for thing in todo:
            await do(caller, thing)
        caller.close()

    await asyncio.gather(*(drive() for _ in range(CALLERS)))


async def _finished(caller: Caller, execution_id: str) -> None:
    while True:
        run = await caller.get(f"/api/v1/executions/{execution_id}?wait_seconds=30")
        if "completed_at" in run:
            assert run["result"] == "approved", run
            return
