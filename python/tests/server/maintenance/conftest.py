"""What the tests of maintenance share: processes to talk to, and the client that talks to them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signoff.server.maintenance.http_client import HttpClient
from signoff.server.store.sqlite import SqliteStore
from tests.server.maintenance.house import House
from tests.server.maintenance.stand_in import StandIn, stand_in

ALL_ON_POSTGRES = "SIGNOFF_TEST_ALL_ON_POSTGRES"
"""Set: these tests too run on both engines, which takes some two minutes more.

What they are about happens above the store, whose own tests and those of the operations always
run on both.
"""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get(ALL_ON_POSTGRES):
        return
    here = Path(__file__).parent
    left_out = {
        item
        for item in items
        if item.path.is_relative_to(here) and item.get_closest_marker("postgres") is not None
    }
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


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
