"""How many whole gates a second: execute, dispatch, request, decide, callback, succeeded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import processes
from benchmarks.databases import Databases, Engine
from benchmarks.report import Figure
from benchmarks.wire import Caller, Json, rate

CONCURRENT = 32
BODY: Json = {"input": {"ticket": "Please refund my annual plan, I was billed twice."}}

ROUNDS = 2
"""How often each has its turn, so that whatever else the machine does slows all of them down."""


async def measure(databases: Databases, seconds: float) -> Iterator[Figure]:
    """Callers that start an execution, decide its request and wait for its end, in a loop."""
    with ExitStack() as stack:
        urls: dict[Engine, str] = {}
        for engine in databases.engines:
            database = stack.enter_context(databases.fresh(engine))
            urls[engine] = stack.enter_context(processes.server(database.url))
            stack.enter_context(processes.agent(urls[engine]))
        bare = stack.enter_context(
            processes.bare_server(stack.enter_context(processes.folder()) / "bare.db")
        )
        stack.enter_context(processes.bare_agent(bare))
        passed: dict[Engine, float] = dict.fromkeys(urls, 0.0)
        ceiling = 0.0
        for _ in range(ROUNDS):
            for engine, url in urls.items():
                passed[engine] += await rate(url, CONCURRENT, seconds / ROUNDS, gate) / ROUNDS
            ceiling += await rate(bare, CONCURRENT, seconds / ROUNDS, bare_gate) / ROUNDS
    figures = [Figure("gates passed", passed["SQLite"], "/s", ceiling, 400)]
    if "PostgreSQL" in passed:
        share = 100 * passed["PostgreSQL"] / (passed["SQLite"] or 1)
        figures += [
            Figure("gates passed, PostgreSQL", passed["PostgreSQL"], "/s", None, None),
            Figure("gates passed, PostgreSQL of SQLite", share, "%", None, 50),
        ]
    return iter(figures)


async def gate(caller: Caller) -> None:
    """One gate of the server."""
    waiting = await caller.post("/api/v1/execute/bench.gate", BODY, 202)
    (approval,) = waiting["pending_approvals"]
    decision = {"decision": "approved", "feedback": "Refund is correct."}
    await caller.post(f"/api/v1/approval-requests/{approval}/decision", decision, 200)
    done = await caller.get(f"/api/v1/executions/{waiting['execution_id']}?wait_seconds=30")
    assert done["status"] == "succeeded", done
    assert done["result"] == "approved", done


async def bare_gate(caller: Caller) -> None:
    """One gate of the skeleton."""
    execution = (await caller.post("/execute", BODY, 202))["id"]
    await caller.post(f"/decide/{execution}", {"decision": "approved"}, 200)
    await caller.get(f"/result/{execution}")
