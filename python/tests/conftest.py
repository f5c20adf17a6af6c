from collections.abc import AsyncIterator, Iterator

import pytest

from signoff.testing import ControlPlane, control_plane
from tests.both_clients import SECRET, Both
from tests.postgres import new_database, running_server


@pytest.fixture(params=["async", "blocking"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which of the two clients; a test that names it runs with each."""
    kind: str = request.param
    return kind


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    """A control plane in this process."""
    async with control_plane(webhook_secret=SECRET) as running:
        yield running


@pytest.fixture
async def call(kind: str, plane: ControlPlane) -> AsyncIterator[Both]:
    """Each of the two clients, on that control plane: `await call("verb", …)`."""
    both = Both(kind, plane.url)
    yield both
    await both.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL that the first test that needs it starts, and the session ends; its URL."""
    with running_server() as url:
        yield url


@pytest.fixture
def fresh(postgres_server: str, worker_id: str) -> Iterator[str]:
    """The URL of a database without a schema."""
    with new_database(postgres_server, f"signoff_fresh_{worker_id}") as url:
        yield url
