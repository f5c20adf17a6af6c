"""The same on PostgreSQL: whoever dies, the server or the database, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.agent_processes import AGENTS
from tests.acceptance.conftest import StartAgent, StartServer
from tests.acceptance.processes import until
from tests.acceptance.seeds import EXAMPLES
from tests.acceptance.servers import Server, response_body, signed
from tests.postgres import Cluster, new_database, running_cluster

pytestmark = pytest.mark.postgres


def test_a_text_is_published_though_the_server_is_killed_between_its_two_gates(
    fresh: str, start_server: StartServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    server = start_server(database_url=fresh)
    published = tmp_path / "published.log"
    publish = EXAMPLES / "publish"
    start_agent(server, "content-pipeline", publish / "scripted.py")
    start_agent(server, "publisher", publish / "publisher.py", PUBLISHED_LOG=str(published))

    execution_id = server.begin("content-pipeline.publish_with_review", brief="Our plan")
    asked = []
    for own_id in ("draft-review", "final-approval"):
        request = server.waiting(execution_id)
        asked.append(request["id"])
        assert request["approval_request_id"] == own_id
        body = response_body(own_id, "approved", feedback="good", execution_id=execution_id)
        sent = server.http.post(
            "/api/v1/webhooks/approval-response", content=body, headers=signed(body)
        )
        assert sent.status_code == 200
        if own_id == "draft-review":
            # The decision was answered; whether the agent has heard of it, nobody knows.
            server.kill()
            server.start()
    assert server.succeeded(execution_id) == {"status": "approved"}
    assert published.read_text() == "The final text.\n"
    assert [each["id"] for each in server.items("/approval-requests")] == asked[::-1]
    assert server.events(execution_id).count("approval.decided") == 2


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A database server that may be killed, and waits for the disk."""
    with running_cluster(durable=True) as started:
        yield started


def test_a_database_that_is_killed_comes_back_with_all_that_was_answered(
    cluster: Cluster, start_server: StartServer, start_agent: StartAgent
) -> None:
    with new_database(cluster.url(), "signoff") as url:
        server = start_server(database_url=url)
        agent = start_agent(server, "gates", AGENTS / "gates.py")
        execution_id = server.begin("gates.ask", own_id="refund-1")
        request = server.waiting(execution_id)
        kept = [server.begin("gates.ask", own_id=f"kept-{n}") for n in range(20)]

        cluster.kill()
        path = f"/api/v1/approval-requests/{request['id']}"
        for answer in (
            server.http.get(path),
            server.http.post(f"{path}/decision", json={"decision": "approved"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
            assert "Retry-After" in answer.headers
        assert server.http.get("/api/v1/ready").status_code == 503
        assert server.http.get("/api/v1/health").status_code == 200
        for _ in range(20):
            assert server.http.get(path).status_code == 503

        cluster.start()
        until(lambda: is_ready(server), 10, "the server finds the database again")
        assert server.get(f"/approval-requests/{request['id']}")["status"] == "pending"
        server.decide(request["id"], "approved", feedback="at last")
        assert server.succeeded(execution_id) == {"decision": "approved", "feedback": "at last"}
        assert {server.execution(each)["execution_id"] for each in kept} == set(kept)
        for each in kept:
            server.decide(server.waiting(each)["id"], "rejected")
            assert server.succeeded(each)["decision"] == "rejected"
        assert agent.effects().count("before refund-1") == 1
        # Told when it went and when it was back, not with each of the requests that met it.
        until(lambda: "the store is available again" in server.output(), 10, "it is told")
        assert server.output().count("the store is unavailable") == 1
        server.close()


def is_ready(server: Server) -> bool:
    return server.http.get("/api/v1/ready").status_code == 200
