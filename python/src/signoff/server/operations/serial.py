"""One change after the other: try again when a guard missed, and queue up in front of a run.

Guards alone make changes right. The lock per run only keeps the changes of this process that
would meet on the same rows from missing needlessly, which matters when hundreds of children of
one parent finish at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from signoff.server.domain.store import Missed, StoreUnavailable

if TYPE_CHECKING:
    from signoff.server.operations.context import Context

T = TypeVar("T")

TRIES = 20
"""How often a change is built anew. A miss means that another change was committed meanwhile."""


class Locks:
    """A lock for each key that somebody holds or waits for, and for no other."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Hold the lock of ``key``. Never take a second one inside."""
        lock, users = self._held.get(key, (asyncio.Lock(), 0))
        self._held[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._held[key]
            if users == 1:
                del self._held[key]
            else:
                self._held[key] = (lock, users - 1)

    def __len__(self) -> int:
        return len(self._held)


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
