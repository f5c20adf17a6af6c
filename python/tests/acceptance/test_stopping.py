"""A server that is told to end ends soon, and nobody who waits is cut off."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from tests.acceptance.agent_processes import AgentProcess
from tests.acceptance.processes import until
from tests.acceptance.servers import Server

STOPPED_SECONDS = 5.0


class Waiting:
    """A request that has been sent and whose answer is not read yet."""

    def __init__(self, server: Server, method: str, path: str, body: object = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=70)
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        self._connection.request(method, f"/api/v1{path}", content, headers)

    def answer(self) -> tuple[int, dict[str, object]]:
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())

    def stream(self) -> http.client.HTTPResponse:
        return self._connection.getresponse()


def test_a_server_that_is_told_to_end_answers_whoever_waits_and_ends(
    server: Server, agent: AgentProcess, tmp_path: Path
) -> None:
    execution_id = server.begin("gates.just_ask", own_id="long-wait")
    request_id = server.waiting(execution_id)["id"]
    files = {"gate": str(tmp_path / "gate"), "passed": str(tmp_path / "passed")}
    polls = [
        Waiting(server, "GET", f"/executions/{execution_id}?wait_seconds=60"),
        Waiting(server, "GET", f"/approval-requests/{request_id}?wait_seconds=60"),
        Waiting(server, "POST", "/execute/gates.hold?wait_seconds=60", {"input": files}),
    ]
    stream = Waiting(server, "GET", f"/executions/{execution_id}/events/stream").stream()
    first = [stream.readline() for _ in range(4)]
    assert first[:2] == [b"id: 1\n", b"event: execution.created\n"]
    until(lambda: [*server.items("/executions", status="running")] != [])  # `execute` is in, too

    assert server.terminate(STOPPED_SECONDS) == 0

    # The present state, not an error; and the stream to its end, not a break.
    assert [(status, told["status"]) for status, told in (each.answer() for each in polls)] == [
        (200, "waiting"),
        (200, "pending"),
        (202, "running"),
    ]
    assert stream.read().count(b"event: approval.requested\n") == 1
    agent.kill()  # it would try to report for a while


def test_an_idle_server_ends_at_once(server: Server) -> None:
    assert server.terminate(2.0) == 0


@pytest.mark.usefixtures("agent")
def test_an_agent_with_parked_runs_ends_soon(server: Server, agent: AgentProcess) -> None:
    runs = [server.begin("gates.just_ask", own_id=f"parked-{number}") for number in range(20)]
    for run in runs:
        server.waiting(run)
    assert agent.terminate(STOPPED_SECONDS) == 0
    assert {server.execution(run)["status"] for run in runs} == {"waiting"}
