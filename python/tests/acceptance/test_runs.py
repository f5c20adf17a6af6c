"""What runs with gates do in a real agent process: calls, notes, several gates, time limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.conftest import StartAgent
from tests.acceptance.processes import until
from tests.acceptance.servers import Json, Server


@pytest.fixture(scope="module")
def gates(start_shared_agent: StartAgent) -> AgentProcess:
    return start_shared_agent("gates", AGENTS / "gates.py")


def asked(server: Server, own_id: str) -> Json:
    """The pending request under an own id, once there is one."""

    def pending() -> Json | None:
        found = server.items("/approval-requests", status="pending", approval_request_id=own_id)
        return next(found, None)

    return until(pending, what=f"{own_id} is asked")


def family(server: Server, execution_id: str) -> dict[str, Json]:
    """The executions of a run, by target."""
    run_id = server.execution(execution_id)["run_id"]
    return {each["target"]: each for each in server.items("/executions", run_id=run_id)}


@pytest.mark.usefixtures("gates")
def test_a_question_of_a_grandchild_holds_the_whole_tree(shared_server: Server) -> None:
    execution_id = shared_server.begin("gates.by_a_child", own_id="deep")
    request = asked(shared_server, "deep")
    members = family(shared_server, execution_id)
    assert {each["status"] for each in members.values()} == {"waiting"}
    assert len(members) == 3
    shared_server.decide(request["id"], "approved", feedback="fine")
    result = shared_server.succeeded(execution_id)
    assert result == {"said": {"decision": "approved", "feedback": "fine"}}


def test_a_tree_goes_on_after_its_agent_was_killed(
    shared_server: Server, gates: AgentProcess
) -> None:
    execution_id = shared_server.begin("gates.by_a_child", own_id="orphans")
    request = asked(shared_server, "orphans")
    before = family(shared_server, execution_id)
    gates.kill()
    shared_server.decide(request["id"], "rejected")
    gates.start()
    assert shared_server.succeeded(execution_id)["said"]["decision"] == "rejected"
    after = family(shared_server, execution_id)
    assert {each["execution_id"] for each in after.values()} == {
        each["execution_id"] for each in before.values()
    }
    assert [line for line in gates.effects() if line.endswith("orphans")] == [
        "parent before orphans",
        "before orphans",
        "after orphans",
        "parent after orphans",
    ]


def test_work_that_was_not_waiting_goes_on_where_its_agent_was_killed(
    shared_server: Server, gates: AgentProcess, tmp_path: Path
) -> None:
    gate, passed = tmp_path / "gate", tmp_path / "passed"
    execution_id = shared_server.begin(
        "gates.work_in_two_parts", gate=str(gate), passed=str(passed)
    )
    until(passed.exists, what="the first part is done")
    gates.kill()
    gate.touch()
    gates.start()
    assert shared_server.succeeded(execution_id) == "done"
    assert [line for line in gates.effects() if "part" in line] == ["first part", "second part"]


def test_notes_are_in_order_and_not_repeated_by_a_later_attempt(
    shared_server: Server, gates: AgentProcess
) -> None:
    execution_id = shared_server.begin("gates.noted", own_id="noted")
    request = shared_server.waiting(execution_id)
    gates.kill()
    gates.start()
    shared_server.decide(request["id"], "approved")
    assert shared_server.succeeded(execution_id) == ["approved"]
    assert [
        (event["content"]["message"], event["content"]["tags"])
        for event in shared_server.items(f"/executions/{execution_id}/events")
        if event["type"] == "note"
    ] == [("asking", ["before"]), ("asking", ["before"]), ("heard approved", ["after"])]


@pytest.mark.usefixtures("gates")
def test_gates_side_by_side_are_answered_in_any_order(shared_server: Server) -> None:
    execution_id = shared_server.begin("gates.side_by_side", own_id="par")
    requests = {gate: asked(shared_server, f"par-{gate}") for gate in "abc"}
    for gate, decision in (("b", "rejected"), ("c", "approved"), ("a", "request_changes")):
        assert shared_server.execution(execution_id)["status"] == "waiting"
        shared_server.decide(requests[gate]["id"], decision)
    assert shared_server.succeeded(execution_id) == ["request_changes", "rejected", "approved"]


@pytest.mark.usefixtures("gates")
def test_a_pause_whose_time_is_over_withdraws_its_question(shared_server: Server) -> None:
    execution_id = shared_server.begin("gates.impatient", own_id="impatient", seconds=0.2)
    assert shared_server.succeeded(execution_id) == "withdrawn: True"
    (request,) = shared_server.items("/approval-requests", execution_id=execution_id)
    assert (request["status"], request["decision"]) == ("cancelled", "error")


def test_a_cancelled_run_does_nothing_after_its_gate(
    shared_server: Server, gates: AgentProcess
) -> None:
    execution_id = shared_server.begin("gates.by_a_child", own_id="cancelled")
    request = asked(shared_server, "cancelled")
    shared_server.post(f"/executions/{execution_id}/cancel", {"reason": "withdrawn"})
    members = family(shared_server, execution_id)
    assert {each["status"] for each in members.values()} == {"cancelled"}
    problem = shared_server.post(
        f"/approval-requests/{request['id']}/decision", {"decision": "approved"}, 409
    )
    assert problem["approval"]["status"] == "cancelled"

    def idle() -> bool:
        deliveries = shared_server.items("/deliveries", state="pending")
        return not [*deliveries]

    until(idle, what="the agent was told")
    assert [line for line in gates.effects() if line.endswith("cancelled")] == [
        "parent before cancelled",
        "before cancelled",
    ]


def test_a_bad_input_is_refused_and_names_the_field(
    shared_server: Server, gates: AgentProcess
) -> None:
    problem = shared_server.post("/execute/async/gates.impatient", {"input": {"own_id": 3}}, 422)
    assert problem["code"] == "invalid_input"
    assert {each["pointer"] for each in problem["errors"]} == {"/input/own_id", "/input/seconds"}
    assert gates.alive


def test_a_parked_pause_costs_no_thread_and_no_connection(
    shared_server: Server, gates: AgentProcess
) -> None:
    runs = [shared_server.begin("gates.just_ask", own_id=f"parked-{n}") for n in range(200)]
    requests = [shared_server.waiting(run)["id"] for run in runs]
    assert gates.threads() < 50
    assert gates.open_files() < 100
    for request in requests:
        shared_server.decide(request, "approved")
    for run in runs:
        assert shared_server.succeeded(run) == "approved"
