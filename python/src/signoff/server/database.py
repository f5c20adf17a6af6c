"""The database of a server, opened without one: for what is done to it beside a running server.

async with opened(settings) as store: ...       # its schema is up to date
async with key_ring(settings) as ring: ...      # who may do what

A command that makes a key begins here, and waits for nothing of HTTP to be imported.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

from signoff.server.domain.clock import Clock, SystemClock
from signoff.server.domain.principal import Role
from signoff.server.domain.store import Row, SchemaError, Store, StoreUnavailable
from signoff.server.operations import keys
from signoff.server.operations.keys import NewKey
from signoff.server.settings import PostgresUrl, Settings
from signoff.server.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from signoff.server.store.postgres import PostgresStore

Engine: TypeAlias = "SqliteStore | PostgresStore"


class StartError(Exception):
    """The server can't start; the text says why, and what would help."""


async def engine(settings: Settings) -> Engine:
    """Open the database of a server; whoever asks closes it.

    Raises:
        StartError: it can't be used.
    """
    try:
        if isinstance(settings.database, PostgresUrl):
            return await _postgres().open(settings.database.url)
        return await SqliteStore.open(settings.database)
    except (SchemaError, StoreUnavailable) as error:
        raise StartError(f"{settings.database}: {error}") from error


class KeyRing:
    """The API keys in the database of a server, which may be running."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    async def create(self, name: str, role: str, nodes: Iterable[str] = ()) -> NewKey:
        """Make a key; see :func:`signoff.server.operations.keys.create_key`.

        Raises:
            ValueError: there is no such role, or the nodes do not go with it.
        """
        return await keys.create_key(self, name, Role(role), nodes)

    async def list(self) -> list[Row]:
        """All keys without what would let one in: key_id, name, role, nodes, created_at, …"""
        return await keys.list_keys(self)

    async def revoke(self, key_id: str) -> None:
        """End a key at once.

        Raises:
            NotFound: there is none in force.
        """
        await keys.revoke_key(self, key_id)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """Open the database of a server, which may be running; its schema is brought up to date.

    Raises:
        StartError: the database can't be used, or not any more.
    """
    store = await engine(settings)
    try:
        yield store
    except StoreUnavailable as error:
        raise StartError(f"{settings.database}: {error}") from error
    finally:
        await store.close()


@asynccontextmanager
async def key_ring(settings: Settings) -> AsyncIterator[KeyRing]:
    """Open the keys of a database.

    Raises:
        StartError: the database can't be used.
    """
    async with opened(settings) as store:
        yield KeyRing(store, SystemClock())


def _postgres() -> type[PostgresStore]:
    try:
        from signoff.server.store.postgres import PostgresStore
    except ImportError as error:
        raise StartError(
            f"PostgreSQL needs {error.name}: pip install 'signoff[postgres]'"
        ) from None
    return PostgresStore
