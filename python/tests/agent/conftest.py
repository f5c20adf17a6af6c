"""A control plane in this process, and agents that come and go."""

from collections.abc import AsyncIterator

import pytest

from signoff.testing import ControlPlane, control_plane


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    async with control_plane() as running:
        yield running
