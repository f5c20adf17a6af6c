"""A run that waits for long leaves the memory of its agent, and comes back with the decision."""

from __future__ import annotations

import pytest

from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.conftest import StartAgent
from tests.acceptance.processes import until
from tests.acceptance.servers import Json, Server


@pytest.fixture(scope="module")
def gates(start_shared_agent: StartAgent) -> AgentProcess:
    return start_shared_agent("gates", AGENTS / "gates.py", SUSPEND_AFTER="0.2")


def asked(server: Server, *own_ids: str) -> list[Json]:
    """The pending requests under these ids, once there are all."""

    def pending() -> list[Json] | None:
        found = [
            each
            for own_id in own_ids
            for each in server.items(
                "/approval-requests", status="pending", approval_request_id=own_id
            )
        ]
        return found if len(found) == len(own_ids) else None

    return until(pending, what=f"{own_ids} are asked")


def members(server: Server, execution_id: str) -> list[Json]:
    """The executions of a run."""
    return list(server.items("/executions", run_id=server.execution(execution_id)["run_id"]))


def released(server: Server, execution_id: str, runs: int) -> None:
    """Wait until so many executions of a run are nobody's."""

    def given_back() -> bool:
        run = members(server, execution_id)
        return len(run) == runs and all(
            server.events(each["execution_id"])[-1] == "execution.requeued" for each in run
        )

    until(given_back, what="all of the run is given back")
    assert {each["status"] for each in members(server, execution_id)} == {"waiting"}


def test_a_pause_and_the_calls_above_it_are_suspended_and_brought_back(
    shared_server: Server, gates: AgentProcess
) -> None:
    execution_id = shared_server.begin("gates.by_a_child", own_id="long")
    (request,) = asked(shared_server, "long")
    released(shared_server, execution_id, 3)
    shared_server.decide(request["id"], "approved", feedback="at last")
    said = shared_server.succeeded(execution_id)
    assert said == {"said": {"decision": "approved", "feedback": "at last"}}
    assert [line for line in gates.effects() if line.endswith("long")] == [
        "parent before long",
        "before long",
        "after long",
        "parent after long",
    ]
    assert all(each["attempt"] > 1 for each in members(shared_server, execution_id))


def test_a_suspended_run_needs_no_process(shared_server: Server, gates: AgentProcess) -> None:
    execution_id = shared_server.begin("gates.side_by_side", own_id="away")
    requests = asked(shared_server, "away-a", "away-b", "away-c")
    released(shared_server, execution_id, 1)
    gates.kill()
    for request in requests:
        shared_server.decide(request["id"], "approved")
    gates.start()
    assert shared_server.succeeded(execution_id) == ["approved"] * 3
