"""One change after the other: try again when a guard missed, and queue up in front of a run.

Guards alone make changes right. The lock per run only keeps the changes of this process that
would meet on the same rows from missing needlessly, which matters when hundreds of children of
one parent finish at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeVar

from signoff.server.domain.store import Missed, Row, StoreUnavailable

if TYPE_CHECKING:
    from signoff.server.operations.context import Context

T = TypeVar("T")

TRIES = 20
"""How often a change is built anew. A miss means that another change was committed meanwhile."""


class Locks:
    """A lock for each key that somebody holds or waits for, and for no other."""

    def __init__(self) -> None:
        self._shared: dict[str, _Shared] = {}

    def hold(self, key: str) -> AbstractAsyncContextManager[None]:
        """Hold the lock of ``key``. Never take a second one inside."""
        return _Hold(self._shared, key)

    def is_free(self, key: str) -> bool:
        """Whether nobody holds the lock of ``key``."""
        return key not in self._shared

    def __len__(self) -> int:
        return len(self._shared)


class _Shared(asyncio.Lock):
    """A lock that counts who holds it or waits for it."""

    users = 0


class _Hold(AbstractAsyncContextManager[None]):
    # No generator: every change passes here.

    def __init__(self, shared: dict[str, _Shared], key: str) -> None:
        self._shared = shared
        self._key = key

    async def __aenter__(self) -> None:
        lock = self._shared.get(self._key)
        if lock is None:
            lock = self._shared[self._key] = _Shared()
        lock.users += 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(lock)
            raise

    async def __aexit__(self, *_: object) -> None:
        lock = self._shared[self._key]
        lock.release()
        self._leave(lock)

    def _leave(self, lock: _Shared) -> None:
        lock.users -= 1
        if not lock.users:
            del self._shared[self._key]


def once(context: Context, key: str, row: Row) -> Callable[[], Row | None]:
    """A row that was just read, for the first try of a change under ``key``.

    Those after a miss get None, and read again; so does the first when it has to wait for others,
    who may be about to change the row. Its guards are those of a row that was read anew.
    """
    known: list[Row] = [row] if context.locks.is_free(key) else []
    return lambda: known.pop() if known else None


async def every(works: Iterable[Awaitable[T]]) -> list[T]:
    """Do all of it at once, and what goes wrong with one keeps no other from being done.

    Raises:
        Exception: what went wrong first, when the rest is done.
    """
    ends = await asyncio.gather(*works, return_exceptions=True)
    done: list[T] = []
    for end in ends:
        if isinstance(end, BaseException):
            raise end
        done.append(end)
    return done


async def change(context: Context, key: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do ``work`` (load, decide, build, apply, answer) until no guard misses; its answer.

    Args:
        context: the server's.
        key: the run id, or the id of a standalone request: what the work is likely to contend for.
        work: called again from the start after each miss; it must keep nothing from the try before.

    Raises:
        StoreUnavailable: it missed :data:`TRIES` times.
    """
    async with context.locks.hold(key):
        for _ in range(TRIES):
            try:
                return await work()
            except Missed:
                continue
    raise StoreUnavailable("others change the same rows all the time")
