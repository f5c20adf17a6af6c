"""How many whole gates a second: execute, dispatch, request, decide, callback, succeeded."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import processes
from benchmarks.report import Figure
from benchmarks.wire import Caller, Json, rate

CONCURRENT = 32
BODY: Json = {"input": {"ticket": "Please refund my annual plan, I was billed twice."}}


async def measure(seconds: float) -> Iterator[Figure]:
    """Callers that start an execution, decide its request and wait for its end, in a loop."""
    with (
        processes.folder() as folder,
        processes.server(folder / "server.db") as url,
        processes.agent(url),
    ):
        passed = await rate(url, CONCURRENT, seconds, gate)
    with (
        processes.folder() as folder,
        processes.bare_server(folder / "bare.db") as url,
        processes.bare_agent(url),
    ):
        ceiling = await rate(url, CONCURRENT, seconds, bare_gate)
    return iter([Figure("gates passed", passed, "/s", ceiling, 400)])


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
