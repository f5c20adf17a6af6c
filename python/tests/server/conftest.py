"""Stores for the tests of the server: whatever is said of one engine is asked of all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signoff.server.domain.store import Store
from signoff.server.store.postgres import PostgresStore
from signoff.server.store.sqlite import SqliteStore
from tests.postgres import new_database
from tests.server.rows import Maker

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]

# Those that others refer to come last. TRUNCATE takes thirty times as long on a few rows.
_TABLES = (
    *("messages", "webhook_receipts", "idempotency", "events", "steps", "approval_requests"),
    *("waiters", "executions", "in_hand_pages", "instances", "nodes", "keys", "facts", "servers"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what is marked `one_engine`: long stories that happen above it."""
    left_out = {
        item
        for item in items
        if item.get_closest_marker("one_engine") and item.get_closest_marker("postgres")
    }
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str, testrun_uid: str, worker_id: str) -> Iterator[str]:
    """A database that has the schema; each test that takes its store from it finds it empty."""
    with new_database(postgres_server, f"signoff_{testrun_uid}_{worker_id}") as url:
        yield url


@asynccontextmanager
async def emptied(url: str) -> AsyncIterator[PostgresStore]:
    """The store of a database without any rows."""
    opened = await PostgresStore.open(url)
    try:
        async with opened._connections.lend() as session:
            await session.execute("; ".join(f"DELETE FROM {table}" for table in _TABLES))
        yield opened
    finally:
        await opened.close()


@pytest.fixture(params=ENGINES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "postgres":
        async with emptied(request.getfixturevalue("postgres_url")) as in_postgres:
            yield in_postgres
        return
    in_sqlite = await SqliteStore.open(tmp_path / "signoff.db")
    yield in_sqlite
    await in_sqlite.close()


@pytest.fixture
def make(store: Store) -> Maker:
    return Maker(store)
