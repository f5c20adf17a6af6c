"""Stores for the tests of the server: whatever is said of one engine is asked of all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signoff.server.domain.store import Store
from signoff.server.store.sqlite import SqliteStore
from tests.server.rows import Maker


@pytest.fixture(params=["sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    assert request.param == "sqlite"
    opened = await SqliteStore.open(tmp_path / "signoff.db")
    yield opened
    await opened.close()


@pytest.fixture
def make(store: Store) -> Maker:
    return Maker(store)
