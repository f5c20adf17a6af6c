"""Two servers on one PostgreSQL database: either may die, clients repeat what was not answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx
import pytest

from tests.acceptance.agent_processes import AGENTS
from tests.acceptance.conftest import StartAgent
from tests.acceptance.processes import until
from tests.acceptance.servers import Json, Server

pytestmark = pytest.mark.postgres

T = TypeVar("T")


def by_either(
    servers: list[Server], act: Callable[[Server, str], T], what: str, seconds: float = 30.0
) -> T:
    """What one of the servers answers; what breaks on the way is tried with the next."""
    deadline = time.monotonic() + seconds
    turn = 0
    while True:
        server = servers[turn % len(servers)]
        turn += 1
        try:
            return act(server, what)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "no server answers"


def begun(server: Server, own_id: str) -> str:
    return server.begin("gates.ask", own_id=own_id)


def succeeded(server: Server, execution_id: str) -> Json:
    result: Json = server.succeeded(execution_id, 40)
    return result


def decided(server: Server, approval_id: str) -> Json:
    answer = server.http.post(
        f"/api/v1/approval-requests/{approval_id}/decision", json={"decision": "approved"}
    )
    # A repeat of what was not answered finds its own decision.
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def test_what_happens_on_one_is_heard_on_the_other_at_once(
    pair: list[Server], start_agent: StartAgent
) -> None:
    here, there = pair
    start_agent(here, "gates", AGENTS / "gates.py")
    execution_id = there.begin("gates.ask", own_id="shared")
    request = there.waiting(execution_id)
    assert here.get(f"/approval-requests/{request['id']}") == request
    until(
        lambda: there.get("/nodes/gates")["instances"][0]["state"] == "live",
        what="the other server has heard of the agent",
    )
    there.decide(request["id"], "approved")
    finished = here.finished(execution_id)
    assert finished["status"] == "succeeded"
    assert finished == there.execution(execution_id)


def test_a_server_that_is_killed_takes_nothing_with_it(
    pair: list[Server], start_agent: StartAgent
) -> None:
    here, there = pair
    agent = start_agent(here, "gates", AGENTS / "gates.py")
    runs = [begun(pair[n % 2], f"run-{n}") for n in range(24)]
    asked = {run: here.waiting(run, 30)["id"] for run in runs}
    for number, run in enumerate(runs):
        if number == 8:
            there.kill()  # it may have begun to deliver what was decided there
        if number == 16:
            there.start()
            here.kill()  # the one that the agent talks to
        by_either([there, here], decided, asked[run])
    here.start()
    for run in runs:
        result = by_either(pair, succeeded, run)
        assert result["decision"] == "approved"
        assert here.events(run).count("approval.decided") == 1
        assert here.events(run).count("execution.succeeded") == 1
    expected = sorted(f"{when} run-{n}" for n in range(24) for when in ("before", "after"))
    assert sorted(agent.effects()) == expected
