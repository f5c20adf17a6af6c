"""Agents of the published package `agentfield`, unmodified: nothing is lost when they die."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.acceptance.agent_processes import AgentProcess
from tests.acceptance.agentfield import agentfield_python
from tests.acceptance.conftest import StartAgent
from tests.acceptance.processes import until
from tests.acceptance.servers import Server

APPROVER = Path(__file__).with_name("foreign") / "approver.py"
NODE = "foreign-approver"

PATIENCE_SECONDS = 8
"""More than three agents take to hand on a call, also beside other tests."""

# The first of them may have to install the package.
pytestmark = pytest.mark.timeout(600, method="signal")


@pytest.fixture
def foreign(server: Server, start_agent: StartAgent) -> AgentProcess:
    return start_agent(server, NODE, APPROVER, runner=agentfield_python())


def test_killed_while_paused_it_starts_over_and_hears_the_decision(
    server: Server, foreign: AgentProcess
) -> None:
    execution_id = server.begin(f"{NODE}.gate", own_id="killed")
    request = server.waiting(execution_id)
    foreign.kill()
    server.decide(request["id"], "approved", feedback="while you were out")
    foreign.start()
    assert server.succeeded(execution_id, 40)["feedback"] == "while you were out"
    assert attempts_that_arrived(server, execution_id) == 2
    assert server.events(execution_id).count("approval.requested") == 1
    assert server.events(execution_id).count("approval.replayed") == 1


def test_killed_while_paused_it_may_be_decided_later(server: Server, foreign: AgentProcess) -> None:
    execution_id = server.begin(f"{NODE}.gate", own_id="later")
    request = server.waiting(execution_id)
    foreign.kill()
    foreign.start()
    # A parked run costs nothing: it is not even sent before its decision is there.
    assert server.waiting(execution_id)["id"] == request["id"]
    until(lambda: released(server, execution_id), 40, "its lease has ended")
    assert server.execution(execution_id)["attempt"] == 1
    server.decide(request["id"], "rejected", feedback="no")
    result = server.succeeded(execution_id, 40)
    assert (result["decision"], result["feedback"]) == ("rejected", "no")


def released(server: Server, execution_id: str) -> bool:
    return "execution.requeued" in server.events(execution_id)


def test_told_to_stop_while_paused_it_hands_its_run_back(
    server: Server, start_agent: StartAgent
) -> None:
    brisk = {"AGENTFIELD_SHUTDOWN_TIMEOUT": "1"}
    foreign = start_agent(server, NODE, APPROVER, runner=agentfield_python(), **brisk)
    execution_id = server.begin(f"{NODE}.gate", own_id="stopped")
    request = server.waiting(execution_id)
    foreign.signal_end()
    until(lambda: not foreign.alive, 30, "the agent has ended")
    # It reports `cancelled`, which nobody asked for: the run goes on waiting.
    assert server.waiting(execution_id)["id"] == request["id"]
    foreign.start()
    server.decide(request["id"], "approved")
    assert server.succeeded(execution_id, 40)["decision"] == "approved"
    assert attempts_that_arrived(server, execution_id) == 2


def attempts_that_arrived(server: Server, execution_id: str) -> int:
    """Its attempts, without those that found nobody: the package registers before it listens."""
    in_vain = [
        event
        for event in server.items(f"/executions/{execution_id}/events")
        if event["type"] == "execution.requeued" and event["data"]["reason"] == "unreachable"
    ]
    attempts: int = server.execution(execution_id)["attempt"]
    return attempts - len(in_vain)


def test_two_runs_on_one_fixed_id_each_hear_their_own_answer(
    server: Server, foreign: AgentProcess
) -> None:
    first = server.begin(f"{NODE}.gate", own_id="draft-review")
    asked = server.waiting(first)
    second = server.begin(f"{NODE}.gate", own_id="draft-review")
    until(lambda: put_back(server, second), 20, "the second run waits for the id")
    assert server.execution(second)["status"] == "queued"
    # Nobody has touched the first one, and the second does not come before the id is free.
    assert server.execution(first)["status"] == "waiting"
    server.decide(asked["id"], "rejected", feedback="for the first")
    assert server.succeeded(first)["feedback"] == "for the first"
    question = server.waiting(second, 20)
    assert question["id"] != asked["id"]
    assert server.execution(second)["attempt"] == 2
    server.decide(question["id"], "approved", feedback="for the second")
    result = server.succeeded(second)
    assert (result["decision"], result["feedback"]) == ("approved", "for the second")
    assert foreign.alive


def put_back(server: Server, execution_id: str) -> bool:
    return any(
        event["type"] == "execution.requeued" and event["data"]["reason"] == "request_id_busy"
        for event in server.items(f"/executions/{execution_id}/events")
    )


def test_a_callback_that_comes_again_opens_nothing_else(
    server: Server, foreign: AgentProcess
) -> None:
    execution_id = server.begin(f"{NODE}.ask_two", own_id="again")
    first = server.waiting(execution_id)
    server.decide(first["id"], "rejected")
    second = until(lambda: next_gate(server, execution_id, first["id"]), what="the second gate")
    again = httpx.post(
        f"http://127.0.0.1:{foreign.port}/webhooks/approval",
        json={
            "execution_id": f"{execution_id}#{first['id']}",
            "id": first["id"],
            "approval_request_id": "again-1",
            "decision": "rejected",
            "new_status": "running",
        },
    )
    assert again.json() == {"status": "received", "resolved": False}
    assert server.get(f"/approval-requests/{second}")["status"] == "pending"
    server.decide(second, "approved")
    assert server.succeeded(execution_id) == ["rejected", "approved"]


def next_gate(server: Server, execution_id: str, before: str) -> str | None:
    pending = server.execution(execution_id).get("pending_approvals", [])
    return next((each for each in pending if each != before), None)


def test_three_levels_of_calls_outlast_a_long_review(
    server: Server, start_agent: StartAgent
) -> None:
    # Each of them gives up a call that runs for longer than that, unless it is waiting.
    patience = {"AGENTFIELD_ASYNC_DEFAULT_EXECUTION_TIMEOUT": str(PATIENCE_SECONDS)}
    for node_id in ("foreign-a", "foreign-b", "foreign-c"):
        start_agent(
            server, node_id, APPROVER, runner=agentfield_python(), NODE_ID=node_id, **patience
        )
    execution_id = server.begin(
        "foreign-a.outer", middle="foreign-b.through", inner="foreign-c.gate", own_id="long"
    )
    question = until(lambda: asked(server, "long"), 20, "the third asks")
    # All calls had begun by then: the review outlasts the patience of each.
    seen = time.monotonic()
    until(lambda: time.monotonic() - seen > PATIENCE_SECONDS + 1, 60, "the review takes its time")
    tree = list(server.items("/executions", run_id=server.execution(execution_id)["run_id"]))
    assert [each["status"] for each in tree] == ["waiting"] * 3
    server.decide(question, "approved")
    assert server.succeeded(execution_id)["said"]["said"]["decision"] == "approved"


def asked(server: Server, own_id: str) -> str | None:
    found = server.items("/approval-requests", status="pending", approval_request_id=own_id)
    return next((str(each["id"]) for each in found), None)
