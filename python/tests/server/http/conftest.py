"""A server in the test's own process, and clients for it whose every answer is checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from signoff.server.domain.clock import ManualClock
from signoff.server.domain.principal import Role
from signoff.server.main import KeyRing, Server, build
from signoff.server.settings import Settings
from tests.server.http.checked import CheckedTransport

BASE_URL = "http://127.0.0.1:8080"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

MakeClient = Callable[..., httpx.AsyncClient]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=tmp_path / "signoff.db", webhook_secrets=(SECRET,))


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    server = build(settings, clock=ManualClock())
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client_of(server: Server) -> AsyncIterator[MakeClient]:
    """Makes clients that send these headers with every request."""
    made: list[httpx.AsyncClient] = []

    def make(**headers: str) -> httpx.AsyncClient:
        transport = CheckedTransport(httpx.ASGITransport(server, raise_app_exceptions=True))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client = httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=named)
        made.append(client)
        return client

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(client_of: MakeClient) -> httpx.AsyncClient:
    return client_of()


@pytest.fixture
async def tokens(server: Server) -> dict[Role, str]:
    """A key for each role; with the first of them the server is closed."""
    ring = KeyRing(server.context.store, server.clock)
    nodes = {Role.AGENT: ["refund-agent"]}
    made = {role: await ring.create(f"the {role}", role, nodes.get(role, ())) for role in Role}
    return {role: key.token for role, key in made.items()}
