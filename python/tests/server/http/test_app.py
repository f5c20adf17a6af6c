"""What goes wrong inside stays inside: the client gets a problem, the log gets the reason."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from signoff.server.domain.errors import Refusal
from signoff.server.domain.store import StoreUnavailable
from signoff.server.http import contract, handlers
from signoff.server.http.app import App
from signoff.server.http.requests import Call
from signoff.server.main import Server
from tests.server.http.checked import check_problem
from tests.server.http.conftest import BASE_URL
from tests.server.http.requests_of import OPERATIONS, right_request


def app_with(server: Server, **replaced: Any) -> App:
    bound = handlers.bind(contract.load(), server.metrics)
    return App(contract.load(), bound | replaced, server.context, server.metrics)


def unchecked(app: App) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL)


async def test_every_operation_wants_one_handler_and_every_handler_an_operation(server: Server):
    with pytest.raises(ValueError, match="handlers and contract differ in noSuchOperation"):
        app_with(server, noSuchOperation=lambda _: None)
    bound = handlers.bind(contract.load(), server.metrics)
    del bound["getNode"]
    with pytest.raises(ValueError, match="differ in getNode"):
        App(contract.load(), bound, server.context, server.metrics)


async def test_a_bug_is_500_and_its_text_is_for_the_log(
    server: Server, caplog: pytest.LogCaptureFixture
):
    async def broken(_: Call) -> Response:
        raise ZeroDivisionError("the secret is hunter2")

    async with unchecked(app_with(server, listNodes=broken)) as client:
        response = await client.get("/api/v1/nodes")
    assert response.status_code == 500
    check_problem(response, {"internal_error"})
    assert "hunter2" not in response.text
    [record] = caplog.records
    assert record.getMessage() == "listNodes failed"
    assert record.exc_info is not None


async def test_a_code_that_is_no_code_is_a_bug(server: Server):
    async def wrong(_: Call) -> Response:
        raise Refusal("no_such_code", "…")

    async with unchecked(app_with(server, listNodes=wrong)) as client:
        assert (await client.get("/api/v1/nodes")).json()["code"] == "internal_error"


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.id)
async def test_a_store_that_is_away_is_503(
    server: Server, client: httpx.AsyncClient, operation: contract.Operation
):
    await server.context.store.close()
    response = await client.request(**right_request(operation))
    if operation.id == "getHealth":
        assert response.status_code == 200
        return
    assert response.status_code == 503
    assert response.json()["code"] == "store_unavailable"
    assert response.headers["retry-after"] == "1"


async def test_a_store_that_can_not_write_is_503(
    server: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    async def full(_: Any) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(server.context.store, "apply", full)
    response = await client.post(
        "/api/v1/approval-requests", json={"approval_request_id": "claim-4711"}
    )
    assert response.json()["code"] == "store_unavailable"
    assert (await client.get("/api/v1/approval-requests")).status_code == 200


async def test_a_server_that_stops_takes_nothing_new(server: Server, client: httpx.AsyncClient):
    server.stopping()
    response = await client.get("/api/v1/nodes")
    assert response.json()["code"] == "shutting_down"
    assert response.headers["retry-after"] == "1"
    assert (await client.get("/api/v1/health")).status_code == 200


async def test_a_long_poll_answers_the_present_state_when_the_server_stops(
    server: Server, client: httpx.AsyncClient
):
    asked = await client.post(
        "/api/v1/approval-requests", json={"approval_request_id": "claim-4711"}
    )
    url = f"/api/v1/approval-requests/{asked.json()['id']}?wait_seconds=60"
    poll = asyncio.create_task(client.get(url))
    while not server.context.store._board._watches.get(f"apr:{asked.json()['id']}"):  # type: ignore[attr-defined]
        await asyncio.sleep(0)
    server.stopping()
    response = await poll
    assert response.status_code == 200
    assert response.json()["status"] == "pending"


async def test_a_long_poll_that_nobody_waits_for_ends(server: Server):
    """The client goes away: what was done for it stops."""
    ended = asyncio.Event()
    started = asyncio.Event()

    async def waits(_: Call) -> Response:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    messages = [{"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        await started.wait()
        return messages[0]

    async def send(_: Any) -> None:
        raise AssertionError("nobody is there")

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/executions/exec_1",
        "query_string": b"wait_seconds=60",
        "headers": [(b"host", b"127.0.0.1")],
    }
    await app_with(server, getExecution=waits)(scope, receive, send)
    await ended.wait()


async def test_a_body_that_breaks_off_is_no_request(server: Server):
    first: dict[str, Any] = {"type": "http.request", "body": b'{"appr', "more_body": True}
    messages = iter([first, {"type": "http.disconnect"}])

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(_: Any) -> None:
        raise AssertionError("nobody is there")

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/approval-requests",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }
    await server(scope, receive, send)


async def test_a_request_that_is_not_in_when_the_server_must_end_is_told_so(server: Server):
    waits = asyncio.Event()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        waits.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/approval-requests",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
    }
    for stopping in (False, True):
        waits.clear()
        request = asyncio.ensure_future(server(scope, receive, send))
        await waits.wait()
        if stopping:
            server.stopping()
        request.cancel()
        await asyncio.wait({request})
        assert request.cancelled() is not stopping
    assert sent[0]["status"] == 503
    assert b"shutting_down" in sent[1]["body"]


async def test_a_body_may_come_in_pieces(client: httpx.AsyncClient):
    async def pieces():
        for byte in b'{"approval_request_id": "claim-4711"}':
            yield bytes([byte])

    response = await client.post(
        "/api/v1/approval-requests", content=pieces(), headers={"content-type": "application/json"}
    )
    assert response.status_code == 201


async def test_one_piece_over_the_limit_that_does_not_say_so(client: httpx.AsyncClient):
    class Whole(httpx.AsyncByteStream):
        async def __aiter__(self):
            yield b" " * 1_048_577

    request = client.build_request(
        "POST", "/api/v1/approval-requests", headers={"content-type": "application/json"}
    )
    del request.headers["content-length"]
    request.stream = Whole()
    assert (await client.send(request)).json()["code"] == "body_too_large"


async def test_web_sockets_and_lifespans_are_not_served(server: Server):
    for kind in ("websocket", "lifespan"):
        with pytest.raises(RuntimeError, match=f"only http is served, not {kind}"):
            await server({"type": kind}, None, None)  # type: ignore[arg-type]


async def test_each_request_is_a_line_at_debug_without_its_query(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG, "signoff.http"):
        await client.get("/api/v1/approval-requests?reviewer=key_7f3a")
        await client.get("/nowhere")
    assert [record.getMessage() for record in caplog.records] == [
        "listApprovalRequests 200",
        "unknown 404",
    ]


async def test_answers_are_nobodys_to_keep(client: httpx.AsyncClient):
    for path in ("/api/v1/health", "/nowhere"):
        response = await client.get(path)
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
