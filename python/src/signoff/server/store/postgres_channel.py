"""How the servers of one database wake each other's watchers: LISTEN and NOTIFY.

Topics are told after the commit, all that have come up meanwhile in one notification, and not in
the transaction itself: PostgreSQL lets transactions that notify commit only one after the other,
each with its own write to the disk. So a server that dies right after a commit may leave it
untold; whoever waits for it looks again by itself after a while.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg

from signoff.server.domain.store import Board, StoreUnavailable
from signoff.server.store.postgres_connections import LOST, unavailable

if TYPE_CHECKING:
    from signoff.server.store.postgres_connections import Session

NAME = "signoff"
"""The channel. It belongs to the database, not to a schema: each of them has ids of its own."""

LONGEST = 7_900
"""Bytes in one notification; PostgreSQL takes just under 8,000."""

RETRY_SECONDS = 1.0
CLOSE_SECONDS = 1.0

_log = logging.getLogger("signoff.store")


class Channel:
    """One connection that hears what other servers have committed, and tells them of ours."""

    def __init__(self, connect: Callable[[], Awaitable[Session]], board: Board) -> None:
        self._connect = connect
        self._board = board
        self._origin = secrets.token_hex(8)
        self._untold: set[str] = set()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    async def open(self) -> None:
        """Connect, and stay connected from now on.

        Raises:
            StoreUnavailable: the database can't be reached.
        """
        session = await self._join()
        self._task = asyncio.create_task(self._run(session))

    def tell(self, topics: Iterable[str]) -> None:
        """Wake the watchers of ``topics`` in other servers, soon."""
        self._untold.update(topics)
        self._news.set()

    async def close(self) -> None:
        """Tell what is still untold, if that can be done at once, and leave."""
        self._closed.set()
        self._news.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=CLOSE_SECONDS)
            self._task.cancel()

    async def _run(self, joined: Session) -> None:
        session: Session | None = joined
        away = False
        while not self._closed.is_set():
            try:
                session = session or await self._join()
                if away:
                    _log.warning("in touch with other servers again")
                    away = False
                await self._talk(session)
            except (asyncpg.PostgresError, StoreUnavailable, *LOST) as error:
                if not away:  # not with each try: there is one a second
                    _log.warning("not in touch with other servers: %s", error)
                away = True
                await self._rest()
            if session is not None:
                await _leave(session)
            session = None

    async def _join(self) -> Session:
        session = await self._connect()
        try:
            # What is told may be lost with the machine: it is no more than a hint.
            await session.execute("SET synchronous_commit = off")
            await session.add_listener(NAME, self._hear)
            session.add_termination_listener(self._lost)
        except (asyncpg.PostgresError, *LOST) as error:
            session.terminate()
            raise unavailable(error) from error
        # Nobody has heard what was said while we were away.
        self._board.wake_all()
        return session

    async def _talk(self, session: Session) -> None:
        while not session.is_closed():
            await self._news.wait()
            self._news.clear()
            topics, self._untold = self._untold, set()
            try:
                for payload in payloads(self._origin, sorted(topics)):
                    await session.execute("SELECT pg_notify($1, $2)", NAME, payload)
            except BaseException:
                self._untold |= topics
                raise
            if self._closed.is_set():
                return

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await self._closed.wait()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        origin, _, topics = str(payload).partition(" ")
        if origin != self._origin:
            self._board.wake(topics.split())

    def _lost(self, _connection: object) -> None:
        self._news.set()


async def _leave(session: Session) -> None:
    if not session.is_closed():
        with suppress(asyncpg.PostgresError, *LOST):
            await session.close(timeout=CLOSE_SECONDS)


def payloads(origin: str, topics: Iterable[str]) -> Iterator[str]:
    """Notifications: who tells, and topics as many as go into one, with spaces between them."""
    payload = origin
    for topic in topics:
        if len(payload) + 1 + len(topic) > LONGEST and payload != origin:
            yield payload
            payload = origin
        payload += f" {topic}"
    if payload != origin:
        yield payload
