"""Agents written with the published package `agentfield`, unmodified, run against this server.

The package is installed in an environment of its own, once; see `agentfield.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.agentfield import agentfield_python
from tests.acceptance.conftest import StartAgent, StartServer
from tests.acceptance.processes import until
from tests.acceptance.servers import Json, Server, response_body, signed

SCRIPTS = Path(__file__).with_name("foreign")
APPROVER = SCRIPTS / "approver.py"
HOUR_MS = 3_600_000

# The first of them may have to install the package.
pytestmark = pytest.mark.timeout(600, method="signal")


@pytest.fixture(scope="module")
def foreign(start_shared_agent: StartAgent) -> AgentProcess:
    return start_shared_agent("foreign-approver", APPROVER, runner=agentfield_python())


def pending(server: Server, own_id: str) -> Json | None:
    """The pending request under an own id, once there is one."""
    found = server.items("/approval-requests", status="pending", approval_request_id=own_id)
    return next(found, None)


def three(found: list[Json]) -> list[Json] | None:
    return found if len(found) == 3 else None


def notes(server: Server, execution_id: str) -> list[Json]:
    return [
        event["content"]
        for event in server.items(f"/executions/{execution_id}/events")
        if event["type"] == "note"
    ]


def test_it_registers_with_its_reasoners(shared_server: Server, foreign: AgentProcess) -> None:
    node = shared_server.get("/nodes/foreign-approver")
    assert {reasoner["id"] for reasoner in node["reasoners"]} == {
        *("gate", "ask_two", "through", "outer", "double", "fail")
    }
    (instance,) = node["instances"]
    assert instance["state"] == "live"
    assert instance["base_url"] == f"http://127.0.0.1:{foreign.port}"


@pytest.mark.usefixtures("foreign")
@pytest.mark.parametrize("decision", ["approved", "rejected", "request_changes"])
def test_it_pauses_and_hears_the_decision(shared_server: Server, decision: str) -> None:
    execution_id = shared_server.begin("foreign-approver.gate", own_id=f"req-{decision}")
    request = shared_server.waiting(execution_id)
    assert request["approval_request_url"] == f"https://review.example.com/req-{decision}"
    body = response_body(f"req-{decision}", decision, feedback="seen", response={"limit": 4000})
    sent = shared_server.http.post(
        "/api/v1/webhooks/approval-response", content=body, headers=signed(body)
    )
    assert sent.status_code == 200
    assert shared_server.succeeded(execution_id) == {
        "decision": decision,
        "approved": decision == "approved",
        "feedback": "seen",
        "raw": {"limit": 4000},
    }
    # Its notes are in the history, with the last one, which its report overtakes.
    said = until(lambda: three(notes(shared_server, execution_id)), what="all notes are there")
    assert {note["message"] for note in said} == {
        f"about to ask req-{decision}",
        f"Execution paused — waiting for approval req-{decision}",
        f"heard {decision}",
    }


@pytest.mark.usefixtures("foreign")
def test_two_gates_in_one_run_are_two_questions(shared_server: Server) -> None:
    execution_id = shared_server.begin("foreign-approver.ask_two", own_id="two")
    for own_id, decision in (("two-1", "rejected"), ("two-2", "approved")):
        request = shared_server.waiting(execution_id)
        assert request["approval_request_id"] == own_id
        shared_server.decide(request["id"], decision)
    assert shared_server.succeeded(execution_id) == ["rejected", "approved"]


@pytest.mark.usefixtures("foreign")
def test_it_calls_another_foreign_agent(
    shared_server: Server, start_shared_agent: StartAgent
) -> None:
    script = SCRIPTS / "doubler.py"
    start_shared_agent("foreign-doubler", script, runner=agentfield_python())
    execution_id = shared_server.begin(
        "foreign-approver.through", callee="foreign-doubler.double", arguments={"number": 21}
    )
    assert shared_server.succeeded(execution_id) == {"said": 42}
    (child,) = [
        each
        for each in shared_server.items("/executions")
        if each.get("parent_execution_id") == execution_id
    ]
    assert child["target"] == "foreign-doubler.double"
    assert child["run_id"] == shared_server.execution(execution_id)["run_id"]


@pytest.mark.usefixtures("foreign")
def test_it_calls_an_agent_of_this_project_that_pauses(
    shared_server: Server, start_shared_agent: StartAgent
) -> None:
    start_shared_agent("gates", AGENTS / "gates.py")
    execution_id = shared_server.begin(
        "foreign-approver.through", callee="gates.ask", arguments={"own_id": "nested"}
    )
    question = until(lambda: pending(shared_server, "nested"), what="the child asks")
    # A question of the child holds the parent too.
    assert shared_server.execution(execution_id)["status"] == "waiting"
    shared_server.decide(question["id"], "approved")
    result = shared_server.succeeded(execution_id)
    assert result["said"]["decision"] == "approved"


@pytest.mark.usefixtures("foreign")
def test_what_it_raises_is_how_the_run_failed(shared_server: Server) -> None:
    execution = shared_server.finished(
        shared_server.begin("foreign-approver.fail", why="no such account")
    )
    assert execution["status"] == "failed"
    assert "no such account" in execution["error"]


@pytest.mark.usefixtures("foreign")
def test_a_cancelled_run_stops_waiting(shared_server: Server) -> None:
    execution_id = shared_server.begin("foreign-approver.gate", own_id="withdrawn")
    request = shared_server.waiting(execution_id)
    shared_server.post(f"/executions/{execution_id}/cancel", {"reason": "the order was withdrawn"})
    assert shared_server.execution(execution_id)["status"] == "cancelled"
    assert shared_server.get(f"/approval-requests/{request['id']}")["status"] == "cancelled"
    # The id may be asked again, by another run of the same process.
    again = shared_server.begin("foreign-approver.gate", own_id="withdrawn")
    second = shared_server.waiting(again)
    assert second["id"] != request["id"]
    shared_server.decide(second["id"], "approved")
    assert shared_server.succeeded(again)["decision"] == "approved"


def test_it_hears_that_a_request_expired(
    start_server: StartServer, start_agent: StartAgent
) -> None:
    server = start_server(test_control=True)
    start_agent(server, "foreign-approver", APPROVER, runner=agentfield_python())
    execution_id = server.begin("foreign-approver.gate", own_id="req-2", hours=1)
    request = server.waiting(execution_id)
    server.control("clock", {"advance_ms": HOUR_MS - 1})
    assert server.waiting(execution_id)["id"] == request["id"]
    server.control("clock", {"advance_ms": 1})
    # Its own timer has an hour to go: it was told.
    assert server.succeeded(execution_id)["decision"] == "expired"


def test_it_keeps_waiting_over_a_restart_of_the_server(
    server: Server, start_agent: StartAgent
) -> None:
    foreign = start_agent(server, "foreign-approver", APPROVER, runner=agentfield_python())
    execution_id = server.begin("foreign-approver.gate", own_id="patient")
    request = server.waiting(execution_id)
    server.kill()
    server.start()
    server.decide(request["id"], "approved", feedback="after the restart")
    assert server.succeeded(execution_id)["feedback"] == "after the restart"
    assert foreign.alive
