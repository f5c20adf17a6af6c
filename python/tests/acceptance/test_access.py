"""On a server with keys everybody has a key of their own, and nobody does another's part."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from signoff.server.main import key_ring
from signoff.server.settings import Settings
from tests.acceptance.agent_processes import AGENTS
from tests.acceptance.agentfield import agentfield_python
from tests.acceptance.conftest import StartAgent, StartServer
from tests.acceptance.servers import Server

FOREIGN = Path(__file__).with_name("foreign")

# The package of the foreign agent may have to be installed.
pytestmark = pytest.mark.timeout(600, method="signal")


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, str]:
    """A key for each part, in the database that the server will find."""

    async def make() -> dict[str, str]:
        async with key_ring(Settings(database=tmp_path / "server.db")) as ring:
            made = {role: await ring.create(role, role) for role in ("admin", "client", "reviewer")}
            nodes = ["gates", "foreign-approver"]
            made |= {node: await ring.create(node, "agent", [node]) for node in nodes}
            return {name: key.token for name, key in made.items()}

    return asyncio.run(make())


@pytest.fixture
def server(start_server: StartServer, keys: dict[str, str]) -> Server:
    return start_server(key=keys["admin"])


class People:
    """Whoever holds the other keys."""

    def __init__(self, server: Server, keys: dict[str, str]) -> None:
        self._clients = {
            name: httpx.Client(base_url=f"{server.url}/api/v1", headers={"X-API-Key": key})
            for name, key in keys.items()
        }

    def post(self, who: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._clients[who].post(path, json=body)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@pytest.fixture
def people(server: Server, keys: dict[str, str]) -> Iterator[People]:
    made = People(server, keys)
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["own", "foreign"])
def test_each_does_its_part_with_its_own_key(
    server: Server, people: People, keys: dict[str, str], start_agent: StartAgent, kind: str
) -> None:
    if kind == "own":
        node, target = "gates", "gates.ask"
        start_agent(server, node, AGENTS / "gates.py", SIGNOFF_API_KEY=keys[node])
    else:
        node, target = "foreign-approver", "foreign-approver.gate"
        script = FOREIGN / "approver.py"
        start_agent(server, node, script, runner=agentfield_python(), SIGNOFF_API_KEY=keys[node])
    other = ({*keys} - {node, "admin", "client", "reviewer"}).pop()

    started = people.post("client", f"/execute/async/{target}", {"input": {"own_id": "keyed"}})
    assert started.status_code == 202
    execution_id = started.json()["execution_id"]
    request = server.waiting(execution_id)

    decision = f"/approval-requests/{request['id']}/decision"
    report = f"/executions/{execution_id}/status"
    for who, path, body in [
        ("client", decision, {"decision": "approved"}),
        (node, decision, {"decision": "approved"}),
        ("client", report, {"status": "succeeded"}),
        ("reviewer", report, {"status": "succeeded"}),
        (other, report, {"status": "succeeded"}),
        ("reviewer", f"/executions/{execution_id}/cancel", {}),
    ]:
        refused = people.post(who, path, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), (who, path)
    unknown = httpx.post(f"{server.url}/api/v1{decision}", json={"decision": "approved"})
    assert (unknown.status_code, unknown.json()["code"]) == (401, "unauthorized")

    decided = people.post("reviewer", decision, {"decision": "approved", "feedback": "fine"})
    assert decided.status_code == 200
    result = server.succeeded(execution_id)
    assert (result["decision"], result["feedback"]) == ("approved", "fine")
    reviewer = server.get(f"/approval-requests/{request['id']}")["reviewer"]
    assert (reviewer["name"], reviewer["source"]) == ("reviewer", "key")


def test_an_agent_registers_its_own_node_only(server: Server, people: People) -> None:
    registration = {"id": "gates", "base_url": "http://127.0.0.1:9", "features": {"signoff": 1}}
    assert people.post("gates", "/nodes/register", registration).status_code == 201
    for who in ("foreign-approver", "client", "reviewer"):
        assert people.post(who, "/nodes/register", registration).status_code == 403
    assert server.get("/nodes/gates")["node_id"] == "gates"
