"""One story in which every operation of the contract is answered 2xx, as the contract says."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from signoff.server.http import contract
from signoff.server.settings import Settings
from signoff.strict_json import dumps_text
from signoff.webhook import sign_approval_response
from tests.server.http.checked import path_item
from tests.server.http.conftest import SECRET

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
EXACT = {"b": 12345678901234567890123, "a": [None, 1.5, "\U0001f600"], "z": {}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, notify_url="http://127.0.0.1:1/notify")


class Story:
    """Requests that have to succeed, and which operations they were."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.told: set[str] = set()

    async def __call__(self, method: str, path: str, status: int = 200, **sent: Any) -> Any:
        response = await self._client.request(method, f"/api/v1{path}", **sent)
        assert response.status_code == status, response.text
        item = path_item(response.request.url.path)
        assert item is not None
        self.told.add(item[method.lower()]["operationId"])
        if "location" in response.headers:
            again = await self._client.get(response.headers["location"])
            assert again.status_code == 200
        is_json = response.headers.get("content-type") == "application/json"
        return response.json() if is_json else response.text


@pytest.fixture
def story(client: httpx.AsyncClient) -> Story:
    return Story(client)


async def test_every_operation_is_answered_as_the_contract_says(story: Story):
    await nodes(story)
    await one_execution(story)
    await waited_for(story)
    await standalone(story)
    await outbox(story)
    await system(story)
    assert story.told == set(contract.load().operations)


async def nodes(story: Story) -> None:
    node = {
        "id": "refund-agent",
        # Nobody listens there: what is executed stays queued until its agent speaks up.
        "base_url": "http://127.0.0.1:1",
        "instance_id": "5b1c7a52",
        "reasoners": [{"id": "decide"}],
        "features": {"signoff": 1},
    }
    await story("POST", "/nodes/register", 201, json=node)
    await story("POST", "/nodes/register", 200, json=node)
    beat = {"instance_id": "5b1c7a52", "in_hand": {"count": 0.0, "digest": SHA256}}
    await story("POST", "/nodes/refund-agent/heartbeat", json=beat)
    await story("POST", "/nodes/refund-agent/shutdown", json={"timeout_seconds": 5})
    shown = await story("GET", "/nodes/refund-agent")
    assert await story("GET", "/nodes") == {"items": [shown]}


async def one_execution(story: Story) -> None:
    started = await story("POST", "/execute/async/refund-agent.decide", 202, json={"input": EXACT})
    execution_id = started["execution_id"]
    path = f"/executions/{execution_id}"
    assert (await story("GET", path))["input"] == EXACT
    assert [each["execution_id"] for each in (await story("GET", "/executions"))["items"]] == [
        execution_id
    ]
    named = {"X-Execution-ID": execution_id}
    await story("POST", "/executions/note", headers=named, json={"message": "hello", "x": 1})
    event = {"type": "agent.tool_call", "content": EXACT, "key": "tool.1"}
    first = await story("POST", f"{path}/events", 201, json=event)
    assert first["content"] == EXACT
    assert await story("POST", f"{path}/events", 200, json=event) == first
    step = {"kind": "step", "name": "create", "input_sha256": SHA256, "result": EXACT}
    recorded = await story("PUT", f"{path}/steps/step.create.1", 201, json=step)
    assert recorded["result"] == EXACT
    assert await story("PUT", f"{path}/steps/step.create.1", 200, json=step) == recorded
    assert await story("GET", f"{path}/steps") == {"items": [recorded]}
    await gate(story, execution_id)
    report = {"status": "succeeded", "result": EXACT, "duration_ms": 5}
    done = await story("POST", f"{path}/status", json=report)
    assert done["result"] == EXACT
    events = (await story("GET", f"{path}/events", params={"limit": 200}))["items"]
    assert [each["seq"] for each in events] == list(range(1, len(events) + 1))
    last = {"Last-Event-ID": str(len(events))}
    await story("GET", f"{path}/events/stream", 204, headers=last)


async def gate(story: Story, execution_id: str) -> None:
    agent = f"/agents/refund-agent/executions/{execution_id}"
    ask = {"approval_request_id": "draft", "payload": EXACT, "expires_in_hours": 0.5}
    asked = await story("POST", f"{agent}/request-approval", json=ask)
    assert asked["payload"] == EXACT
    assert (await story("GET", f"/executions/{execution_id}"))["pending_approvals"] == [asked["id"]]
    decision = {"decision": "request_changes", "feedback": "more", "response": EXACT}
    decided = await story("POST", f"/approval-requests/{asked['id']}/decision", json=decision)
    assert decided["approval"]["response"] == EXACT
    state = await story("GET", f"{agent}/approval-status", params={"approval_request_id": "draft"})
    assert state["response"] == dumps_text(EXACT)
    events = await story("GET", f"/approval-requests/{asked['id']}/events")
    assert [each["type"] for each in events["items"]] == ["approval.requested", "approval.decided"]


async def waited_for(story: Story) -> None:
    target = "/execute/refund-agent.decide"
    late = await story("POST", target, 202, params={"wait_seconds": 0}, json={})
    assert late["status"] == "queued"
    await story("POST", f"/executions/{late['execution_id']}/cancel", json={"reason": "too late"})
    waited = asyncio.create_task(story("POST", target, 200, json={}))
    found: list[dict[str, Any]] = []
    while not found:
        await asyncio.sleep(0)  # reads alone never let the other task run
        found = (await story("GET", "/executions", params={"status": "queued"}))["items"]
    await story("POST", f"/executions/{found[0]['execution_id']}/status", json={"status": "failed"})
    assert (await waited)["status"] == "failed"


async def standalone(story: Story) -> None:
    ask = {"approval_request_id": "claim-4711", "title": "Claim 4711"}
    asked = await story("POST", "/approval-requests", 201, json=ask)
    assert await story("POST", "/approval-requests", 200, json=ask) == asked
    path = f"/approval-requests/{asked['id']}"
    assert await story("GET", path) == asked
    listed = await story("GET", "/approval-requests", params={"execution_id": "none"})
    assert listed == {"items": [asked]}
    body = dumps_text({"requestId": "claim-4711", "decision": "approved"}).encode()
    headers = {
        "content-type": "application/json",
        "x-webhook-signature": sign_approval_response(SECRET, body),
    }
    receipt = await story("POST", "/webhooks/approval-response", content=body, headers=headers)
    assert receipt["approval"]["status"] == "approved"
    other = await story("POST", "/approval-requests", 201, json={"approval_request_id": "other"})
    cancelled = await story("POST", f"/approval-requests/{other['id']}/cancel")
    assert cancelled["decision"] == "error"


async def outbox(story: Story) -> None:
    [newest, *_] = (await story("GET", "/deliveries", params={"state": "pending"}))["items"]
    assert newest["kind"] == "approval.cancelled"
    again = await story("POST", f"/deliveries/{newest['id']}/retry")
    assert again["state"] == "pending"


async def system(story: Story) -> None:
    assert (await story("GET", "/health"))["status"] == "ok"
    assert (await story("GET", "/ready"))["status"] == "ready"
    assert "signoff_approval_requests_pending 0.0" in await story("GET", "/metrics")
    assert (await story("GET", "/openapi.yaml")).startswith("openapi: 3.1.1\n")


async def test_what_is_served_is_the_contract(client: httpx.AsyncClient):
    served = await client.get("/api/v1/openapi.yaml")
    assert served.content == contract.load().text
