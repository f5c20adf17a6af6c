"""What the tests of maintenance share: processes to talk to, and the client that talks to them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from signoff.server.maintenance.http_client import HttpClient
from signoff.server.store.sqlite import SqliteStore
from tests.server.maintenance.house import House
from tests.server.maintenance.stand_in import StandIn, stand_in


@pytest.fixture
async def agent() -> AsyncIterator[StandIn]:
    async with stand_in() as started:
        yield started


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


@pytest.fixture
async def house(store: SqliteStore, http: HttpClient) -> AsyncIterator[House]:
    built = House(store, http)
    yield built
    await built.maintenance.stop()
