"""What the tests of the operations share: one small world on a real store."""

from __future__ import annotations

import pytest

from signoff.server.domain.store import Store
from tests.server.operations.stage import Stage
from tests.server.operations.world import World


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def stage(store: Store) -> Stage:
    return Stage(store)
