"""On a real socket: streams, chunked bodies, broken requests, and a stop that is quick."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from signoff.server.domain.clock import ManualClock
from signoff.server.http.listening import AddressInUse, Listener
from signoff.server.main import Server, StartError, build, running
from signoff.server.settings import Settings
from tests.server.http.checked import CheckedTransport

DEADLINE = 5


@pytest.fixture
def server(settings: Settings) -> Server:
    return build(settings, clock=ManualClock())


@pytest.fixture
async def url(server: Server) -> AsyncIterator[str]:
    async with running(server) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = CheckedTransport(httpx.AsyncHTTPTransport())
    async with httpx.AsyncClient(transport=transport, base_url=url, timeout=30) as client:
        yield client


async def start_execution(client: httpx.AsyncClient) -> str:
    node = {"id": "refund-agent", "base_url": "http://127.0.0.1:1", "reasoners": [{"id": "decide"}]}
    await client.post("/api/v1/nodes/register", json=node)
    await client.post("/api/v1/nodes/refund-agent/shutdown", json={})
    started = await client.post("/api/v1/execute/async/refund-agent.decide", json={})
    assert started.status_code == 202
    execution: dict[str, Any] = started.json()
    assert started.headers["location"] == f"/api/v1/executions/{execution['execution_id']}"
    return str(execution["execution_id"])


class Stream:
    """The lines of a stream of events, as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def block(self) -> list[str]:
        """The lines up to the next empty one; none at the end of the stream."""
        lines: list[str] = []
        async with asyncio.timeout(DEADLINE):
            async for line in self._lines:
                if not line:
                    break
                lines.append(line)
        return lines

    async def event(self) -> dict[str, Any]:
        number, kind, data = await self.block()
        event: dict[str, Any] = json.loads(data.removeprefix("data: "))
        assert number == f"id: {event['seq']}"
        assert kind == f"event: {event['type']}"
        return event


async def test_a_stream_tells_what_was_then_what_comes_and_ends(client: httpx.AsyncClient):
    execution_id = await start_execution(client)
    path = f"/api/v1/executions/{execution_id}/events/stream"
    async with client.stream("GET", path) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        stream = Stream(response)
        assert (await stream.event())["type"] == "execution.created"
        await client.post(f"/api/v1/executions/{execution_id}/cancel")
        last = await stream.event()
        assert last["type"] == "execution.cancelled"
        assert await stream.block() == []
    listed = await client.get(f"/api/v1/executions/{execution_id}/events")
    assert listed.json()["items"][-1] == last
    over = await client.get(path, headers={"last-event-id": str(last["seq"])})
    assert over.status_code == 204
    assert over.content == b""


async def test_a_stream_resumes_after_the_last_event_that_was_seen(client: httpx.AsyncClient):
    execution_id = await start_execution(client)
    await client.post(f"/api/v1/executions/{execution_id}/cancel")
    path = f"/api/v1/executions/{execution_id}/events/stream"
    async with client.stream("GET", path, headers={"last-event-id": "1"}) as response:
        stream = Stream(response)
        assert (await stream.event())["seq"] == 2
        assert await stream.block() == []


async def test_a_silent_stream_says_that_it_is_there(client: httpx.AsyncClient, server: Server):
    execution_id = await start_execution(client)
    clock = server.clock
    assert isinstance(clock, ManualClock)
    waiting = clock.waiting()
    path = f"/api/v1/executions/{execution_id}/events/stream"
    async with client.stream("GET", path) as response:
        stream = Stream(response)
        await stream.event()
        async with asyncio.timeout(DEADLINE):
            await clock.until_waiting(waiting + 1)
        clock.advance(15_000)
        assert await stream.block() == [": still here"]


async def test_streams_and_polls_end_when_the_server_stops(server: Server):
    async with asyncio.timeout(DEADLINE):
        async with running(server) as url, httpx.AsyncClient(base_url=url) as client:
            execution_id = await start_execution(client)
            path = f"/api/v1/executions/{execution_id}"
            poll = asyncio.create_task(client.get(path, params={"wait_seconds": 60}, timeout=30))
            async with client.stream("GET", f"{path}/events/stream", timeout=30) as response:
                stream = Stream(response)
                await stream.event()
                store = server.context.store
                while len(store._board._watches[f"exec:{execution_id}"]) < 2:  # type: ignore[attr-defined]
                    await asyncio.sleep(0)
                server.stopping()
                assert (await poll).json()["status"] == "queued"
                assert await stream.block() == []


async def test_a_reader_that_leaves_frees_its_stream(client: httpx.AsyncClient, server: Server):
    execution_id = await start_execution(client)
    path = f"/api/v1/executions/{execution_id}/events/stream"
    async with client.stream("GET", path) as response:
        await Stream(response).event()
    watches = server.context.store._board._watches  # type: ignore[attr-defined]
    async with asyncio.timeout(DEADLINE):
        while f"exec:{execution_id}" in watches:
            await asyncio.sleep(0)


async def raw(url: str, request: bytes) -> bytes:
    parts = httpx.URL(url)
    reader, writer = await asyncio.open_connection(parts.host, parts.port)
    writer.write(request)
    async with asyncio.timeout(DEADLINE):
        answer = await reader.read(65536)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"BREW /api/v1/nodes\r\nHost: localhost\r\n\r\n",
        b"(BREW) /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n",
        *[
            b"POST /api/v1/approval-requests HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: " + length + b"\r\n\r\n"
            for length in (b"x", b"-1", b"1e3")
        ],
    ],
)
async def test_what_is_no_http_gets_a_problem_too(url: str, request_: bytes):
    head, _, body = (await raw(url, request_)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert f"\r\ncontent-length: {len(body)}\r\n".encode() in head
    assert json.loads(body)["code"] == "invalid_request"


@pytest.mark.parametrize("method", [b"BREW", b"get", b"PRINT", b"X-" + b"A" * 60])
async def test_a_method_that_nobody_knows_is_one_that_the_path_does_not_have(
    url: str, method: bytes
):
    request = method + b" /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head, _, body = (await raw(url, request)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: GET" in head
    assert json.loads(body)["code"] == "method_not_allowed"


async def test_a_request_before_a_wrong_one_is_handled_once(url: str):
    right = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answers = await raw(url, right + b"BREW /api/v1/nodes HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answers.count(b"HTTP/1.1 200 ") <= 1
    assert b"HTTP/1.1 405 " not in answers


async def test_a_request_for_a_web_socket_is_answered_over_http(url: str):
    request = (
        b"GET /api/v1/memory/events/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n\r\n"
    )
    assert (await raw(url, request)).startswith(b"HTTP/1.1 404 ")


async def test_without_a_host_nothing_is_trusted(url: str):
    answer = await raw(url, b"GET /api/v1/nodes HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"untrusted_origin" in answer


async def test_a_huge_body_in_pieces_is_refused_while_it_comes(client: httpx.AsyncClient):
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100_000

    response = await client.post(
        "/api/v1/approval-requests", content=pieces(), headers={"content-type": "application/json"}
    )
    assert response.json()["code"] == "body_too_large"


async def test_ten_mebibytes_of_result_are_taken(client: httpx.AsyncClient):
    """The largest body goes in and comes out equal."""
    execution_id = await start_execution(client)
    result = "x" * (10 * 1024 * 1024 - 100)
    reported = await client.post(
        f"/api/v1/executions/{execution_id}/status", json={"status": "succeeded", "result": result}
    )
    assert reported.status_code == 200
    assert reported.json()["result"] == result


async def test_a_port_that_is_taken(server: Server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"can't listen on 127.0.0.1:{port}"):
            async with running(server, port=port):
                raise AssertionError
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.context


async def test_a_host_that_is_not_ours():
    with pytest.raises(AddressInUse, match=r"can't listen on 203\.0\.113\.1:0"):
        Listener(None, "203.0.113.1", 0, lambda: None)  # type: ignore[arg-type]


async def test_what_fails_behind_the_socket_is_raised(monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: Any) -> None:
        raise OSError("no more files")

    monkeypatch.setattr(uvicorn.Server, "startup", broken)
    listener = Listener(None, "127.0.0.1", 0, lambda: None)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no more files"):
        async with listener:
            raise AssertionError


async def test_ipv6_is_listened_on(server: Server):
    try:
        async with running(server, host="::1") as url, httpx.AsyncClient(base_url=url) as client:
            assert url.startswith("http://[::1]:")
            assert (await client.get("/api/v1/health")).status_code == 200
    except StartError:
        pytest.skip("this machine has no IPv6")
