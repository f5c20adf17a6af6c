"""An agent is an ASGI application: it answers the control plane, and nobody else."""

import json
from typing import Any

import httpx
import pytest

from signoff.agent import Agent, asgi
from signoff.errors import AgentNotRunningError, NotInRunError


def client(app: Agent, root: str = "") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, root_path=root)
    return httpx.AsyncClient(transport=transport, base_url="http://agent")


async def test_health_is_open() -> None:
    async with client(Agent("refund-agent", version="1.2.3")) as http:
        answer = await http.get("/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "node_id": "refund-agent", "version": "1.2.3"},
    )


async def test_other_methods_are_refused() -> None:
    async with client(Agent("refund-agent")) as http:
        answer = await http.get("/reasoners/decide")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "method_not_allowed"


async def test_a_body_over_the_limit_is_refused() -> None:
    async with client(Agent("refund-agent")) as http:
        answer = await http.post("/reasoners/decide", content=b"x" * (asgi.BODY_LIMIT_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_before_its_lifespan_ran_it_says_so() -> None:
    async with client(Agent("refund-agent")) as http:
        answer = await http.post("/reasoners/decide", content=b"{}")
    assert answer.status_code == 503
    assert "app.lifespan" in answer.json()["detail"]


async def test_its_verbs_say_so_too() -> None:
    app = Agent("refund-agent")
    for verb in (app.pause("q"), app.wait_for_resume("q"), app.call("n.r")):
        with pytest.raises(AgentNotRunningError, match=r"app\.run\(\)"):
            await verb


async def test_a_mounted_agent_needs_to_know_its_url() -> None:
    with pytest.raises(AgentNotRunningError, match="public_url"):
        async with Agent("refund-agent").lifespan():
            raise AssertionError


async def test_that_error_reaches_the_server_that_starts_it() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await Agent("refund-agent")({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "public_url" in sent[0]["message"]


async def test_scopes_that_it_does_not_know_get_nothing() -> None:
    async def never(*_: Any) -> Any:
        raise AssertionError

    await Agent("refund-agent")({"type": "websocket"}, never, never)


@pytest.mark.parametrize(
    "path, root, routed",
    [
        ("/reasoners/a", "", "/reasoners/a"),
        ("/agent/reasoners/a", "/agent", "/reasoners/a"),
        ("/agents/reasoners/a", "/agent", "/agents/reasoners/a"),
    ],
)
def test_a_mount_is_taken_off_the_path(path: str, root: str, routed: str) -> None:
    assert asgi.route_path({"path": path, "root_path": root}) == routed


def test_the_first_of_a_repeated_header_counts() -> None:
    scope = {"headers": [(b"webhook-id", b"1"), (b"webhook-id", b"2")]}
    assert asgi.header_map(scope) == {"webhook-id": "1"}


async def test_inside_a_process_but_outside_a_run() -> None:
    app = Agent("refund-agent", public_url="http://127.0.0.1:9", server_url="http://127.0.0.1:9")
    async with app.lifespan():
        with pytest.raises(NotInRunError, match="AsyncClient"):
            await app.pause("q")
        async with client(app) as http:
            answer = await http.post("/reasoners/decide", content=json.dumps({}))
    assert (answer.status_code, answer.json()["code"]) == (503, "not_registered")
