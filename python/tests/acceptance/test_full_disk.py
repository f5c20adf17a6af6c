"""A disk that is full: nothing is acknowledged that is not there, and the server recovers alone."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.agent_processes import AgentProcess
from tests.acceptance.processes import until
from tests.acceptance.servers import Server

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@contextmanager
def no_room(server: Server) -> Iterator[None]:
    """While the block runs no file of the server takes another byte."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, UNLIMITED)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of Linux")
def test_what_can_not_be_written_is_refused_and_nothing_is_lost(
    server: Server, agent: AgentProcess
) -> None:
    execution_id = server.begin("gates.ask", own_id="full")
    request = server.waiting(execution_id)
    path = f"/approval-requests/{request['id']}"
    with no_room(server):
        for answer in (
            server.http.post(f"/api/v1{path}/decision", json={"decision": "approved"}),
            server.http.get("/api/v1/ready"),
            server.http.post("/api/v1/execute/async/gates.ask", json={"input": {"own_id": "new"}}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        # What is there can still be read.
        assert server.get(path)["status"] == "pending"
        assert server.http.get("/api/v1/health").status_code == 200
    until(lambda: server.http.get("/api/v1/ready").status_code == 200, what="it recovers alone")
    assert server.get(path)["status"] == "pending"
    assert [each["execution_id"] for each in server.items("/executions")] == [execution_id]
    server.decide(request["id"], "approved", feedback="there is room")
    assert server.succeeded(execution_id)["feedback"] == "there is room"
    assert agent.effects() == ["before full", "after full"]
