"""Connections to PostgreSQL: how they are made, lent, and what their errors mean."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from signoff.server.domain.store import StoreUnavailable

if TYPE_CHECKING:
    from asyncpg import Connection, Record

    Session: TypeAlias = Connection[Record]

MOST = 16
"""Connections that one server holds at most, besides the one on which it hears of the others."""

CONNECT_SECONDS = 5.0
LEND_SECONDS = 10.0
"""How long to wait for a connection while all of them are in use."""

CLOSE_SECONDS = 1.0

COMMAND_SECONDS = 20.0
"""After so long without an answer the connection counts as lost: longer than the server's limits
below, which end what is only slow with an error that says so."""

CACHED_STATEMENTS = 1024

_SETTINGS = {
    "application_name": "signoff",
    "statement_timeout": "15s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "default_transaction_isolation": "read committed",  # whatever the database's own default is
    # What is asked for is in memory or on a disk without a head: at the default, a page of what has
    # a status, or is of a node, was looked for through all that is newer.
    "random_page_cost": "1.1",
    "jit": "off",  # every query is short: to compile one takes longer than to run it
}

# Whoever sets a database up so that commits are not durable does not mean this one.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)

# Classes of SQLSTATE: connection, resources such as the disk, operator's intervention and
# time-outs, the system below, internal errors; a standby that takes no writes; a lock's time-out.
_UNAVAILABLE = ("08", "53", "57", "58", "XX", "25006", "55P03")

TRANSIENT = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InvalidCachedStatementError,  # another server has migrated meanwhile
)
"""Nothing of the transaction happened, and the next try may well succeed."""

LOST = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    OSError,  # TimeoutError too
)
"""What is raised when a connection is gone, or is not to be trusted any more."""

# A command may still be on its way there: the next borrower must not meet its answer.
_IN_DOUBT = (asyncio.CancelledError, *LOST)


def is_lost(error: Exception) -> bool:
    """Whether the error is the connection's end, and not that of a wrong value on Python's side."""
    return isinstance(error, LOST) and not isinstance(error, asyncpg.DataError | ValueError)


def is_unsent(error: Exception) -> bool:
    """Whether the client refused to send a command, on a connection that had already ended."""
    if isinstance(error, asyncpg.InternalClientError):
        # The farewell of the database has been read, and not yet the end of the connection.
        return str(error).startswith(("cannot switch to state", "not connected"))
    return isinstance(error, asyncpg.InterfaceError) and is_lost(error)


def is_unavailable(error: Exception) -> bool:
    """Whether the database can't do it now, whatever it was told."""
    state = getattr(error, "sqlstate", None)
    return is_lost(error) or (state is not None and str(state).startswith(_UNAVAILABLE))


def unavailable(error: Exception) -> StoreUnavailable:
    """The store's error for one of the engine's."""
    return StoreUnavailable(f"the database does not answer: {_told(error)}")


async def connect(url: str) -> Session:
    """Open a connection whose commits are durable.

    Raises:
        StoreUnavailable: the database can't be reached, or does not let us in.
    """
    try:
        session: Session = await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            statement_cache_size=CACHED_STATEMENTS,
            max_cached_statement_lifetime=0,
            server_settings=_SETTINGS,
        )
        await session.execute(_DURABLE)
    except (asyncpg.PostgresError, asyncpg.ClientConfigurationError, *LOST) as error:
        raise StoreUnavailable(f"the database can't be reached: {_told(error)}") from error
    return session


async def _end(session: Session) -> None:
    with suppress(asyncpg.PostgresError, *LOST):
        await session.close(timeout=CLOSE_SECONDS)


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


class _Loan(AbstractAsyncContextManager["Session"]):
    # No generator: every query passes here.

    def __init__(self, lender: Connections) -> None:
        self._lender = lender
        self._session: Session | None = None

    async def __aenter__(self) -> Session:
        self._session = await self._lender.borrow()
        return self._session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            self._lender.give_back(self._session, error)


class Connections:
    """Connections that are kept open, lent to one task at a time, and replaced when they break."""

    def __init__(self, url: str, most: int = MOST) -> None:
        self._url = url
        self._slots = asyncio.Semaphore(most)
        self._idle: list[Session] = []
        self._closed = False

    def lend(self) -> AbstractAsyncContextManager[Session]:
        """A connection for the block, which leaves it without a transaction.

        Raises:
            StoreUnavailable: the database can't be reached, or all connections stay in use.
        """
        return _Loan(self)

    async def borrow(self) -> Session:
        """A connection that :meth:`give_back` gets back, as :meth:`lend` does."""
        if self._slots.locked():  # a time-out costs as much as all the rest of this
            try:
                async with asyncio.timeout(LEND_SECONDS):
                    await self._slots.acquire()
            except TimeoutError:
                raise StoreUnavailable("all connections to the database are in use") from None
        else:
            await self._slots.acquire()
        try:
            return self._take() or await connect(self._url)
        except BaseException:
            self._slots.release()
            raise

    def give_back(self, session: Session, error: BaseException | None) -> None:
        """Take a connection back, after what has gone wrong with it, if anything has."""
        try:
            if error is not None and (session.is_in_transaction() or isinstance(error, _IN_DOUBT)):
                session.terminate()
            self._give_back(session)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Close those that are idle, and the others when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*map(_end, idle))

    def _take(self) -> Session | None:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        while self._idle:
            session = self._idle.pop()
            if not session.is_closed():
                return session
        return None

    def _give_back(self, session: Session) -> None:
        if session.is_closed():
            return
        if self._closed:
            session.terminate()
        else:
            self._idle.append(session)
