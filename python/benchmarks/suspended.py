"""Runs that wait without being in anybody's memory, and come back with their decisions."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator

from benchmarks import processes, seed
from benchmarks.report import Figure
from benchmarks.wire import Caller, Json

BODY: Json = {"input": {"ticket": "Please refund my annual plan, I was billed twice."}}

REAL = 500
"""So many runs of them were in the agent's hands and given back; the others are copies of one."""

AT_A_TIME = 50
"""So many of them the agent takes in hand at most."""

DECIDERS = 8


async def measure(runs: int, decided: int) -> Iterator[Figure]:
    """Suspend so many runs of one agent; decide some of them at random, and wait for their ends."""
    with (
        processes.folder() as folder,
        processes.server(folder / "server.db") as url,
        processes.resting_agent(url) as pid,
    ):
        caller = await Caller.open(url)
        waiting = [
            await caller.post("/api/v1/execute/rest.wake", BODY, 202)
            for _ in range(min(REAL, runs))
        ]
        for each in waiting:
            await _released(caller, each["execution_id"])
        resting_mb = processes.resident_mb(pid)
        like, names = waiting[0], [(each["execution_id"], _request(each)) for each in waiting]
        copies = seed.copies(folder / "server.db", like, runs - len(waiting))
        names += [
            (f"{like['execution_id']}-{number}", f"{_request(like)}-{number}")
            for number in range(copies)
        ]
        chosen = random.Random(1).sample(names, decided)
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


def _request(waiting: Json) -> str:
    (request,) = waiting["pending_approvals"]
    return str(request)


async def _released(caller: Caller, execution_id: str) -> None:
    """Wait until nobody holds it."""
    while True:
        page = await caller.get(f"/api/v1/executions/{execution_id}/events?limit=200")
        if any(event["type"] == "execution.requeued" for event in page["items"]):
            return
        await asyncio.sleep(0.05)


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
