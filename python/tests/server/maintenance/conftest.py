"""What the tests of maintenance share: processes to talk to, and the client that talks to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from signoff.server.maintenance.http_client import HttpClient
from signoff.server.store.postgres import PostgresStore
from signoff.server.store.sqlite import SqliteStore
from tests.server.conftest import emptied
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


@pytest.fixture
async def pair(postgres_url: str) -> AsyncIterator[list[House]]:
    """Two servers that know each other, with stores of their own."""
    async with AsyncExitStack() as stack:
        stores = [
            await stack.enter_async_context(emptied(postgres_url)),
            await PostgresStore.open(postgres_url),
        ]
        stack.push_async_callback(stores[1].close)
        houses = []
        for store in stores:
            house: Any = House(store, HttpClient())  # type: ignore[arg-type]
            stack.push_async_callback(house.maintenance.stop)
            houses.append(house)
        for house in (*houses, *houses):
            await house.maintenance._servers.join()
        yield houses
