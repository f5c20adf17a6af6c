"""The server owns the clock: what nobody answers ends in time, whoever is alive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.agent_processes import AgentProcess
from tests.acceptance.conftest import StartAgent, StartServer
from tests.acceptance.processes import until
from tests.acceptance.servers import Json, Server

A_SECOND = timedelta(seconds=1)
SOON_HOURS = 1.5 / 3600
A_WHILE_HOURS = 100 / 3600


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def now() -> datetime:
    return datetime.now(UTC)


def expiries(server: Server, request: Json) -> list[Json]:
    """The events that tell of the expiry of a request."""
    return [
        event
        for event in server.items(f"/approval-requests/{request['id']}/events")
        if event["type"] == "approval.expired"
    ]


def assert_expired_once_in_time(server: Server, request: Json) -> None:
    due = at(request["expires_at"])
    (expiry,) = expiries(server, request)
    assert due <= at(expiry["at"]) <= due + A_SECOND


def test_a_request_expires_within_a_second_while_its_agent_is_dead(
    server: Server, agent: AgentProcess
) -> None:
    execution_id = server.begin("gates.ask", own_id="unanswered", expires_in_hours=SOON_HOURS)
    request = server.waiting(execution_id)
    agent.kill()
    ended = server.get(f"/approval-requests/{request['id']}", wait_seconds=10)
    told = now()
    assert (ended["status"], ended["decision"]) == ("expired", "expired")
    assert told - at(request["expires_at"]) < A_SECOND
    assert_expired_once_in_time(server, request)

    agent.start()
    assert server.succeeded(execution_id)["decision"] == "expired"
    assert agent.effects() == ["before unanswered", "after unanswered"]
    assert_expired_once_in_time(server, request)


def test_a_standalone_request_expires_with_nobody_listening(server: Server) -> None:
    question = {"approval_request_id": "claim-1", "expires_in_hours": 0.3 / 3600}
    request = server.post("/approval-requests", question, 201)
    due = at(request["expires_at"])

    def expired() -> bool:
        return bool(expiries(server, request))

    until(expired, 5)
    assert now() - due < A_SECOND + timedelta(seconds=0.5)
    assert_expired_once_in_time(server, request)


def test_what_came_due_while_the_server_was_down_expires_once_when_it_is_back(
    server: Server, agent: AgentProcess
) -> None:
    execution_id = server.begin("gates.ask", own_id="overdue", expires_in_hours=SOON_HOURS)
    request = server.waiting(execution_id)
    server.kill()
    until(lambda: now() > at(request["expires_at"]), 5, "the request is due")
    server.start()
    back = now()
    ended = server.get(f"/approval-requests/{request['id']}", wait_seconds=5)
    assert ended["status"] == "expired"
    assert now() - back < A_SECOND
    assert server.succeeded(execution_id)["decision"] == "expired"
    server.terminate()
    server.start()
    assert len(expiries(server, request)) == 1
    assert agent.effects() == ["before overdue", "after overdue"]


@pytest.fixture
def timed(start_server: StartServer) -> Server:
    """A server whose clock the test moves."""
    return start_server(test_control=True)


def move_to(server: Server, text: str, ms: int) -> None:
    """Set the server's clock to so many ms after a time."""
    now = at(text) + timedelta(milliseconds=ms)
    server.control("clock", {"now": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"})


def test_a_decision_in_the_last_millisecond_counts(timed: Server, start_agent: StartAgent) -> None:
    start_agent(timed)
    execution_id = timed.begin("gates.ask", own_id="in-time", expires_in_hours=A_WHILE_HOURS)
    request = timed.waiting(execution_id)
    move_to(timed, request["expires_at"], -1)
    assert timed.decide(request["id"], "approved")["status"] == "processed"
    assert timed.succeeded(execution_id)["decision"] == "approved"
    move_to(timed, request["expires_at"], 1000)
    assert expiries(timed, request) == []


@pytest.mark.parametrize("late_ms", [0, 1])
def test_a_decision_a_millisecond_late_is_refused(
    timed: Server, start_agent: StartAgent, late_ms: int
) -> None:
    start_agent(timed)
    execution_id = timed.begin("gates.ask", own_id="late", expires_in_hours=A_WHILE_HOURS)
    request = timed.waiting(execution_id)
    move_to(timed, request["expires_at"], late_ms)
    problem = timed.post(
        f"/approval-requests/{request['id']}/decision", {"decision": "approved"}, 409
    )
    assert problem["code"] == "already_decided"
    assert problem["approval"]["status"] == "expired"
    assert timed.succeeded(execution_id)["decision"] == "expired"
    assert len(expiries(timed, request)) == 1
