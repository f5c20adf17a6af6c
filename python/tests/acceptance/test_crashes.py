"""Agents and servers die in the middle; what was decided and done stays decided and done."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.conftest import StartAgent, StartServer
from tests.acceptance.processes import until
from tests.acceptance.servers import Json, Server

A_WHILE_SECONDS = 200


def test_a_decision_made_while_the_agent_is_dead_is_heard_by_the_next(
    server: Server, agent: AgentProcess
) -> None:
    execution_id = server.begin("gates.ask", own_id="refund-1")
    request = server.waiting(execution_id)
    agent.kill()
    server.decide(request["id"], "approved", feedback="while you were out")

    agent.start()
    assert server.succeeded(execution_id) == {
        "decision": "approved",
        "feedback": "while you were out",
    }
    # Under its first id, in a second attempt, which did nothing again.
    execution = server.execution(execution_id)
    assert (execution["execution_id"], execution["attempt"]) == (execution_id, 2)
    assert agent.effects() == ["before refund-1", "after refund-1"]
    assert server.events(execution_id).count("approval.requested") == 1


def test_a_decision_made_after_the_restart_reaches_the_new_process(
    server: Server, agent: AgentProcess
) -> None:
    execution_id = server.begin("gates.ask", own_id="refund-2")
    request = server.waiting(execution_id)
    agent.kill()
    agent.start()
    assert server.waiting(execution_id)["id"] == request["id"]

    server.decide(request["id"], "rejected", feedback="no")
    assert server.succeeded(execution_id) == {"decision": "rejected", "feedback": "no"}
    assert agent.effects() == ["before refund-2", "after refund-2"]


def test_no_recorded_step_runs_twice_however_often_the_agent_dies(
    server: Server, agent: AgentProcess
) -> None:
    execution_id = server.begin("gates.two_gates", own_id="deploy")
    for gate in (1, 2):
        request = server.waiting(execution_id)
        assert request["approval_request_id"] == f"deploy-{gate}"
        agent.kill()
        server.decide(request["id"], "approved")
        agent.start()
    assert server.succeeded(execution_id) == ["approved"] * 2
    assert agent.effects() == [
        *("before deploy-1", "after deploy-1"),
        *("before deploy-2", "after deploy-2"),
    ]


def test_a_gate_in_a_loop_asks_every_time_round(server: Server, agent: AgentProcess) -> None:
    execution_id = server.begin("gates.ask_until_approved", own_id="draft")
    asked = []
    for decision in ("request_changes", "rejected", "approved"):
        request = server.waiting(execution_id)
        asked.append(request["id"])
        if decision == "rejected":  # a new attempt meets the first decision and goes on from there
            agent.kill()
            agent.start()
        server.decide(request["id"], decision)
    assert server.succeeded(execution_id) == ["request_changes", "rejected", "approved"]
    assert len(set(asked)) == 3
    assert server.events(execution_id).count("approval.requested") == 3


def test_a_hundred_waiting_runs_outlive_the_server(
    start_server: StartServer, start_agent: StartAgent
) -> None:
    server = start_server(test_control=True)
    agent = start_agent(server)
    told = ["approved"] * 30 + ["rejected"] * 20 + ["expired"] * 20 + ["still waits"] * 30
    runs = [
        server.begin(
            "gates.ask",
            own_id=f"run-{number}",
            expires_in_hours=A_WHILE_SECONDS / 3600 if end == "expired" else 72,
        )
        for number, end in enumerate(told)
    ]
    requests = [server.waiting(run)["id"] for run in runs]

    server.kill()
    server.start()

    assert {each["execution_id"] for each in server.items("/executions", status="waiting")} == {
        *runs
    }
    for request, end in zip(requests, told, strict=True):
        if end in ("approved", "rejected"):
            server.decide(request, end)
    server.control("clock", {"advance_ms": A_WHILE_SECONDS * 1000})

    for run, end in zip(runs, told, strict=True):
        if end != "still waits":
            assert server.succeeded(run)["decision"] == end
    waiting = {each["execution_id"] for each in server.items("/executions", status="waiting")}
    assert waiting == {run for run, end in zip(runs, told, strict=True) if end == "still waits"}
    # Nobody was asked twice, nothing was done twice: the agent held on to its pauses.
    assert sum(1 for _ in server.items("/approval-requests")) == len(runs)
    effects = agent.effects()
    assert len(effects) == len(set(effects)) == len(runs) + len(runs) - 30


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_agent_keeps_its_parked_pauses_over_a_restart_of_the_server(
    server: Server, agent: AgentProcess, how: signal.Signals
) -> None:
    execution_id = server.begin("gates.ask", own_id="parked")
    request = server.waiting(execution_id)
    if how is signal.SIGTERM:
        assert server.terminate() == 0
    else:
        server.kill()
    server.start()
    server.decide(request["id"], "approved")
    assert server.succeeded(execution_id)["decision"] == "approved"
    assert server.execution(execution_id)["attempt"] == 1
    assert agent.effects() == ["before parked", "after parked"]


def test_a_result_is_not_lost_when_the_server_is_away_at_its_report(
    server: Server, agent: AgentProcess, tmp_path: Path
) -> None:
    gate, passed = tmp_path / "gate", tmp_path / "passed"
    execution_id = server.begin("gates.hold", gate=str(gate), passed=str(passed))
    # `running` is said at the claim, before the agent has heard of it.
    until(tmp_path.joinpath("passed.begun").exists, what="the agent has it in hand")
    server.kill()
    gate.touch()
    until(passed.exists, what="the reasoner is at its end")
    server.start()
    assert server.succeeded(execution_id) == "kept"
    assert server.execution(execution_id)["attempt"] == 1


def test_an_agent_that_is_told_to_end_hands_its_paused_runs_over(
    server: Server, agent: AgentProcess
) -> None:
    execution_id = server.begin("gates.ask", own_id="deploy")
    request = server.waiting(execution_id)
    assert agent.terminate() == 0
    assert server.execution(execution_id)["status"] == "waiting"
    assert server.waiting(execution_id)["id"] == request["id"]

    server.decide(request["id"], "approved")
    agent.start()
    # Released, not abandoned: no lease has to run out first.
    assert server.succeeded(execution_id, 2.5)["decision"] == "approved"
    assert agent.effects() == ["before deploy", "after deploy"]


def test_what_one_instance_had_goes_on_in_another(
    start_server: StartServer, start_agent: StartAgent
) -> None:
    server = start_server(test_control=True)
    script = AGENTS / "gates.py"
    both = [start_agent(server, "gates", script, name=f"gates-{n}") for n in (1, 2)]
    execution_id = server.begin("gates.ask", own_id="moved")
    request = server.waiting(execution_id)
    [had] = [each for each in both if each.effects()]
    [other] = [each for each in both if each is not had]
    had.kill()
    server.decide(request["id"], "approved")
    dead, alive = (address(each) for each in (had, other))
    server.control("leases", {"advance_ms": 29_000})
    before = instances(server)[alive]["last_heartbeat_at"]
    server.control("clock", {"advance_ms": 1})  # so that the next heartbeat shows
    until(lambda: instances(server)[alive]["last_heartbeat_at"] > before, what="it was heard")
    server.control("leases", {"advance_ms": 1_000})
    assert (instances(server)[dead]["state"], instances(server)[alive]["state"]) == (
        *("away", "live"),
    )
    assert server.succeeded(execution_id)["decision"] == "approved"
    assert (had.effects(), other.effects()) == (["before moved"], ["after moved"])


def address(agent: AgentProcess) -> str:
    return f"http://127.0.0.1:{agent.port}"


def instances(server: Server) -> dict[str, Json]:
    return {each["base_url"]: each for each in server.get("/nodes/gates")["instances"]}
