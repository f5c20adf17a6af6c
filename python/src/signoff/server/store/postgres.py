"""PostgreSQL: one transaction per change, on connections that are kept open.

Most changes are one statement; see ``postgres_joining``. What follows holds for them, too.

Transactions are READ COMMITTED: a change locks the heads of its chains first, and its guards are
part of the statements that they guard, so each is checked against what is committed when it is
its turn. A guard that does not hold undoes the transaction, as on every engine.

What the connection's loss leaves unknown is never acknowledged; before the commit was sent
nothing can have happened, so there the change is simply tried again.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial

import asyncpg

from signoff.server.domain.store import (
    Board,
    Change,
    Row,
    Scalar,
    StoreUnavailable,
    Value,
    Watch,
)
from signoff.server.store import journal, queries
from signoff.server.store.fail_points import FailPoints, Observe, unobserved
from signoff.server.store.postgres_channel import Channel
from signoff.server.store.postgres_connections import (
    LOST,
    TRANSIENT,
    Connections,
    connect,
    is_lost,
    is_unavailable,
    unavailable,
)
from signoff.server.store.postgres_joining import Job
from signoff.server.store.postgres_reads import Reads
from signoff.server.store.postgres_schema import migrate
from signoff.server.store.postgres_transaction import Undone, run

TRIES = 10
"""How often a change is applied anew after a deadlock or a lost connection."""

CLOSE_SECONDS = 3.0
"""How long to wait in the end for what has begun: a server stops within five seconds, also when
its database hangs. What is not done by then is not acknowledged."""


class PostgresStore:
    """A :class:`~signoff.server.domain.store.Store` in one PostgreSQL database."""

    shared = True

    def __init__(self, url: str) -> None:
        self.fail_points = FailPoints()
        self._observe: Observe = unobserved
        self._queries = queries.load("${}".format, "postgres")
        self._board = Board()
        self._connections = Connections(url)
        self._reads = Reads(self._fetch)
        self._channel = Channel(partial(connect, url), self._board)
        self._applying: set[asyncio.Task[None]] = set()
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> PostgresStore:
        """Connect and migrate.

        Args:
            url: ``postgresql://user:password@host:port/database``, as libpq takes it.

        Raises:
            SchemaError: the database is not one of ours, or a newer server made its schema.
            StoreUnavailable: it can't be reached.
        """
        store = cls(url)
        try:
            async with store._connections.lend() as session:
                await migrate(session)
            await store._channel.open()
        except BaseException:
            await store._connections.close()
            raise
        return store

    def observe(self, told: Observe) -> None:
        """Have someone told of each transaction: its seconds, and its changes (always one)."""
        self._observe = told

    async def one(self, query: str, **params: Value) -> Row | None:
        """The first row of a named query, or None."""
        rows = await self._read(query, params)
        return rows[0] if rows else None

    async def all(self, query: str, **params: Value) -> list[Row]:
        """All rows of a named query."""
        return (await self._read(query, params)).copy()

    async def take(self, query: str, **params: Value) -> list[Row]:
        """Rows that a named query marks as taken, passing over what other servers have taken."""
        return await self._fetch(*self._queries[query].bind(params))

    def watched(self) -> list[str]:
        """The topics that somebody watches here."""
        return self._board.topics()

    async def apply(self, change: Change) -> None:
        """Apply a change in one transaction. Returns only after its commit is durable."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        job = [
            (statement, self._queries[statement.query].bind(statement.params))
            for statement in change.statements
        ]
        # A task of its own: a caller that goes away does not leave it half done.
        task = asyncio.create_task(self._apply(job, change.topics))
        self._applying.add(task)
        task.add_done_callback(self._applied)
        await asyncio.shield(task)

    def watch(self, *topics: str) -> Watch:
        """Subscribe to commits that name one of ``topics``, on whichever server they happen."""
        return Watch(self._board, topics)

    def wake(self, *topics: str) -> None:
        """Wake the watchers of ``topics`` here without a change; with none given, all of them."""
        if topics:
            self._board.wake(topics)
        else:
            self._board.wake_all()

    async def close(self) -> None:
        """Finish what has begun, then close. What comes later raises StoreUnavailable."""
        if self._closed:
            return
        self._closed = True
        if self._applying:
            await asyncio.wait(self._applying, timeout=CLOSE_SECONDS)
        await self._channel.close()
        await self._connections.close()

    async def _read(self, query: str, params: dict[str, Value]) -> list[Row]:
        return await self._reads.read(query, *self._queries[query].bind(params))

    async def _fetch(self, sql: str, values: tuple[Scalar | list[Scalar], ...]) -> list[Row]:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        try:
            self.fail_points.before_read()
        except OSError as error:
            raise unavailable(error) from error
        for tries_left in (1, 0):
            try:
                async with self._connections.lend() as session:
                    return [dict(record) for record in await session.fetch(sql, *values)]
            except (asyncpg.PostgresError, *LOST) as error:
                # A connection that broke while it was idle: a new one will do. Who changes the
                # schema meanwhile may lock its tables in another order than a read does.
                transient = isinstance(error, TRANSIENT)
                if tries_left and (transient or is_lost(error)):
                    continue
                if transient or is_unavailable(error):
                    raise unavailable(error) from error
                raise
        raise AssertionError  # pragma: no cover - the last try returns or raises

    async def _apply(self, job: Job, topics: set[str]) -> None:
        started = time.perf_counter()
        try:
            await self._settle(job)
        except StoreUnavailable:
            self._wake(topics)  # it may have happened all the same
            raise
        finally:
            self._observe(time.perf_counter() - started, 1)
        self._wake(topics)
        journal.tell(statement for statement, _ in job)

    async def _settle(self, job: Job) -> None:
        cause: BaseException | None = None
        for _ in range(TRIES):
            try:
                async with self._connections.lend() as session:
                    await run(session, job, self.fail_points)
            except Undone as undone:
                cause = undone.__cause__
            else:
                return
        raise StoreUnavailable(f"the database undid it {TRIES} times: {cause}") from cause

    def _wake(self, topics: set[str]) -> None:
        self._board.wake(topics)
        self._channel.tell(topics)

    def _applied(self, task: asyncio.Task[None]) -> None:
        self._applying.discard(task)
        # Its caller may have gone away; then nobody else looks at how it ended.
        if not task.cancelled():
            task.exception()
