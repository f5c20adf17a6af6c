"""Very many requests that expire in one second: when all are closed, how often, and who waits."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks import processes, seed
from benchmarks.databases import Database, Databases, Engine
from benchmarks.report import Figure, times
from benchmarks.wakes import quantiles
from benchmarks.wire import Caller
from signoff.server.domain.event import first_break

ROWS_A_SECOND = 1_000
"""How fast rows are written at least. They expire that much later, and twice the time that the
first run took on this machine: by then the servers are there."""

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 120.0

OVERDUE = """SELECT COUNT(*) AS held FROM approval_requests
WHERE decided_at IS NULL AND expires_at <= $1"""
CLOSED = "SELECT id, status FROM approval_requests WHERE expires_at = $1"
EVENTS = """SELECT e.* FROM events e JOIN approval_requests r ON e.chain_id = r.execution_id
WHERE r.expires_at = $1 ORDER BY e.chain_id, e.seq"""


async def measure(databases: Databases, engine: Engine, count: int) -> Iterator[Figure]:
    """Runs that wait, their agent away, all due at once; the servers are asked other things."""
    # Where two servers can share the work, they also must not do it twice.
    servers = 1 if engine == "SQLite" else 2
    with ExitStack() as stack:
        database = stack.enter_context(databases.fresh(engine))
        begin = time.time()
        first = await seed.first(database)
        due = time.time() + 2 * (time.time() - begin) + 1 + count / ROWS_A_SECOND
        at = round(due * 1_000)
        await seed.copies(database, first, count, expires_at=at)
        await database.analyze()
        urls = [stack.enter_context(processes.server(database.url)) for _ in range(servers)]
        if time.time() > due - 0.5:
            raise RuntimeError("this machine is too slow: they were due before all was ready")
        asked: list[float] = []
        asking = asyncio.create_task(_ask(urls, asked, due))
        seconds = await _until_closed(database, at, due)
        asking.cancel()
        wrong = await _wrong(database, at, count)
    where = f"{engine}, {servers} servers" if servers > 1 else engine
    title = f"{count:,} expire at once, {where}"
    return iter(
        [
            Figure(f"{title}, all closed", seconds, "s", None, 10),
            Figure(f"{title}, not closed exactly once", wrong, "", None, 0),
            *times(f"{title}, another request meanwhile", quantiles(asked), (None, 250)),
        ]
    )


async def _until_closed(database: Database, at: int, due: float) -> float:
    """How long after they were due none is pending any more, in s."""
    while time.time() < due + PATIENCE_SECONDS:
        await asyncio.sleep(LOOK_SECONDS if time.time() > due else due - time.time())
        if not (await database.rows(OVERDUE, at))[0]["held"]:
            return time.time() - due
    raise RuntimeError(f"they are not closed after {PATIENCE_SECONDS:.0f} s")


async def _ask(urls: Sequence[str], took: list[float], due: float) -> None:
    """Ask and decide something else at each server, one after the other; the ms of each answer."""
    callers = [await Caller.open(url) for url in urls]
    await asyncio.sleep(due - time.time())
    for number, caller in enumerate(itertools.cycle(callers)):
        begin = time.perf_counter()
        asked = await caller.post(
            "/api/v1/approval-requests", {"approval_request_id": f"meanwhile-{number}"}, 201
        )
        middle = time.perf_counter()
        path = f"/api/v1/approval-requests/{asked['id']}/decision"
        await caller.post(path, {"decision": "approved"}, 200)
        took += (middle - begin) * 1e3, (time.perf_counter() - middle) * 1e3


async def _wrong(database: Database, at: int, count: int) -> int:
    """How many did not expire exactly once, by their rows and by chains that are whole."""
    chains: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in await database.rows(EVENTS, at):
        chains[event["chain_id"]].append(event)
    whole = {
        event["approval_id"]
        for chain in chains.values()
        if sum(event["type"] == "approval.expired" for event in chain) == 1
        and first_break(chain) is None
        for event in chain
        if event["type"] == "approval.expired"
    }
    rows = await database.rows(CLOSED, at)
    expired = {row["id"] for row in rows if row["status"] == "expired"}
    return count - len(whole & expired)
