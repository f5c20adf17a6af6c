"""Two servers on one PostgreSQL: what is decided at one is heard at the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from benchmarks import processes
from benchmarks.databases import Databases
from benchmarks.gates import CONCURRENT, gate
from benchmarks.report import Figure, times
from benchmarks.wakes import quantiles
from benchmarks.wire import Caller, rates

UNTIL_HELD_SECONDS = 0.01
"""After so long the poll is held by the server, as it is in life."""

REQUESTS = "/api/v1/approval-requests"


async def measure(databases: Databases, seconds: float, samples: int) -> Iterator[Figure]:
    """One decision at a time, the poll held by the other server or by the same one."""
    if "PostgreSQL" not in databases.engines:
        return iter([])
    with (
        databases.fresh("PostgreSQL") as database,
        processes.server(database.url) as one,
        processes.server(database.url) as other,
    ):
        deciding = [await Caller.open(url) for url in (one, other)]
        waiting = [await Caller.open(url) for url in (one, other)]
        across: list[float] = []
        within: list[float] = []
        for sample in range(samples):
            here, there = sample % 2, 1 - sample % 2
            across.append(await _heard(deciding[here], waiting[there], f"across-{sample}"))
            within.append(await _heard(deciding[here], waiting[here], f"within-{sample}"))
        for caller in deciding + waiting:
            caller.close()
        with processes.agent(one):
            passed = await rates([one, other], CONCURRENT, seconds, gate)
    return iter(
        [
            *times("decided at the same server, poll over", quantiles(within), (None, None)),
            *times("decided at another server, poll over", quantiles(across), (10, 50)),
            Figure("gates passed, PostgreSQL, 2 servers", passed, "/s", None, None),
        ]
    )


async def _heard(deciding: Caller, waiting: Caller, own_id: str) -> float:
    """From the sending of a decision until a poll has its answer, in ms."""
    asked = await deciding.post(REQUESTS, {"approval_request_id": own_id}, 201)
    poll = asyncio.create_task(_over(waiting, asked["id"]))
    await asyncio.sleep(UNTIL_HELD_SECONDS)
    begin = time.perf_counter()
    await deciding.post(f"{REQUESTS}/{asked['id']}/decision", {"decision": "approved"}, 200)
    return (await poll - begin) * 1e3


async def _over(caller: Caller, approval_id: str) -> float:
    found = await caller.get(f"{REQUESTS}/{approval_id}?wait_seconds=30")
    over = time.perf_counter()
    assert found["status"] == "approved", found
    return over
