"""Tests move the clock of a server that was started for them; of no other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from signoff.server.domain import timestamp
from signoff.server.domain.clock import ManualClock, SystemClock
from signoff.server.main import Server, StartError, build
from signoff.server.settings import Settings
from tests.server.http.conftest import BASE_URL

TOKEN = "test-control-token"


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    server = build(settings, test_control_token=TOKEN)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def control(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(server),
        base_url=BASE_URL,
        headers={"authorization": f"Bearer {TOKEN}"},
    ) as client:
        yield client


async def test_the_clock_stands_still_until_it_is_moved(server: Server, control: httpx.AsyncClient):
    assert isinstance(server.clock, ManualClock)
    at = server.clock.now()
    moved = await control.post("/test-control/clock", json={"advance_ms": 1000})
    assert moved.json() == {"now": timestamp.render(at + 1000)}
    moved = await control.post("/test-control/clock", json={"now": "2030-01-01T00:00:00.000Z"})
    assert moved.json() == {"now": "2030-01-01T00:00:00.000Z"}
    assert server.clock.now() == timestamp.parse("2030-01-01T00:00:00Z")


async def test_what_falls_due_is_done_before_the_answer(control: httpx.AsyncClient):
    asked = await control.post(
        "/api/v1/approval-requests",
        json={"approval_request_id": "claim-4711", "expires_in_hours": 1},
    )
    url = f"/api/v1/approval-requests/{asked.json()['id']}"
    await control.post("/test-control/clock", json={"advance_ms": 3_599_999})
    assert (await control.get(url)).json()["status"] == "pending"
    await control.post("/test-control/clock", json={"advance_ms": 1})
    assert (await control.get(url)).json()["status"] == "expired"


async def test_leases_settle_reset_and_outbox(control: httpx.AsyncClient):
    assert (await control.post("/test-control/leases", json={"advance_ms": 30_000})).json() == {}
    assert (await control.post("/test-control/settle")).json() == {}
    assert (await control.get("/test-control/outbox")).json() == {"items": []}
    await control.post("/api/v1/approval-requests", json={"approval_request_id": "claim-4711"})
    assert (await control.post("/test-control/reset", json={})).json() == {}
    assert (await control.get("/api/v1/approval-requests")).json() == {"items": []}


async def test_an_armed_fail_point_makes_the_store_fail(control: httpx.AsyncClient):
    armed = {"name": "before_commit", "times": 1}
    # The first look of the maintenance may write: it must not be what fails.
    await control.post("/test-control/settle")
    assert (await control.post("/test-control/fail-points", json=armed)).json() == {}
    ask = {"approval_request_id": "claim-4711"}
    failed = await control.post("/api/v1/approval-requests", json=ask)
    assert failed.json()["code"] == "store_unavailable"
    assert (await control.post("/api/v1/approval-requests", json=ask)).status_code == 201


async def test_a_store_that_is_away_is_503_here_too(server: Server, control: httpx.AsyncClient):
    await server.context.store.close()
    response = await control.get("/test-control/outbox")
    assert response.json()["code"] == "store_unavailable"


@pytest.mark.parametrize(
    "path, body, pointer",
    [
        ("clock", {}, ""),
        ("clock", {"now": "2030-01-01T00:00:00.000Z", "advance_ms": 1}, ""),
        ("clock", {"now": "tomorrow"}, "/now"),
        ("clock", {"now": "2030-01-01T00:00:00"}, "/now"),
        ("clock", {"advance_ms": 1.5}, "/advance_ms"),
        ("leases", {}, "/advance_ms"),
        ("leases", {"advance_ms": -1}, "/advance_ms"),
        ("settle", {"x": 1}, "/x"),
        ("fail-points", {"name": "elsewhere", "times": 1}, "/name"),
        ("fail-points", {"name": "before_commit", "times": -1}, "/times"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    control: httpx.AsyncClient, path: str, body: dict[str, object], pointer: str
):
    response = await control.post(f"/test-control/{path}", json=body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", TOKEN, f"Bearer {TOKEN} "])
async def test_the_token_opens_it_and_nothing_else(control: httpx.AsyncClient, authorization: str):
    for method, path in (("POST", "settle"), ("GET", "nowhere")):
        headers = {"authorization": authorization}
        response = await control.request(method, f"/test-control/{path}", headers=headers)
        assert response.status_code == 401
        assert response.json()["code"] == "unauthorized"


@pytest.mark.parametrize("method, path", [("GET", "settle"), ("POST", "nowhere"), ("GET", "")])
async def test_other_paths_and_methods(control: httpx.AsyncClient, method: str, path: str):
    response = await control.request(method, f"/test-control/{path}")
    assert response.status_code == 404


async def test_a_clock_that_can_not_be_moved_is_no_clock_for_it(settings: Settings):
    server = build(settings, clock=SystemClock(), test_control_token=TOKEN)
    with pytest.raises(StartError, match="needs a clock that it can move"):
        await server.start()
    await server.stop()
