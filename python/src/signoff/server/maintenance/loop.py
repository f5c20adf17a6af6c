"""One loop of the server: do what is due, wait until something is, for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from signoff.server.domain.store import StoreUnavailable

RETRY_MS = 1_000
"""How long to wait after a failure, such as a full disk, before the next look."""

_log = logging.getLogger("signoff.maintenance")


class Work(Protocol):
    """Something that falls due."""

    async def run_due(self) -> None:
        """Do, or begin, all that is due now."""

    async def next_due(self) -> int | None:
        """When something falls due next, in ms of its clock; None when nothing is known of."""


class Time(Protocol):
    """One of the two clocks."""

    def now(self) -> int:
        """Ms."""

    async def wait_until(self, at: int | None, wake: asyncio.Event | None = None) -> None:
        """Return when ``now() >= at`` or when ``wake`` is set."""


W = TypeVar("W", bound=Work)


class InTurn(Generic[W]):
    """Work that a loop and others ask for: whoever asks while it is being done waits for that.

    Else they would find that nothing is left to do of what is only begun.
    """

    def __init__(self, work: W) -> None:
        self.work = work
        self._turn = asyncio.Lock()

    async def run_due(self) -> None:
        """Do, or begin, all that is due when it is its turn."""
        async with self._turn:
            await self.work.run_due()

    async def next_due(self) -> int | None:
        """When something falls due next, in ms of its clock."""
        return await self.work.next_due()


@dataclass(frozen=True, slots=True)
class Loop:
    """How one kind of work is done. All of it may be told to look more often than it must.

    Args:
        work: what is done.
        time: the clock that it falls due on.
        event: set when something new may be due; cleared before each look.
        failed: told when the store can't be used; it is tried again soon.
        sweep_ms: look at least so often; None: only when something is due or new.
        rest_ms: look at most so often, however often the event is set.
        idle_ms: find out when something falls due only after so long without an event: under
            load there is another look before anyway.
    """

    work: Work
    time: Time
    event: asyncio.Event
    failed: Callable[[StoreUnavailable], None]
    sweep_ms: int | None = None
    rest_ms: int = 0
    idle_ms: int = 0

    async def run(self) -> None:
        """Go on until cancelled. No failure ends it."""
        while True:
            self.event.clear()
            try:
                await self.work.run_due()
                await self._wait()
            except StoreUnavailable as error:
                self.failed(error)
                await self._after(RETRY_MS)
            except Exception:  # noqa: BLE001 - a loop that ends would end in silence
                _log.exception("maintenance failed and goes on")
                await self._after(RETRY_MS)

    async def _wait(self) -> None:
        if self.rest_ms:
            await self._after(self.rest_ms)
        if self.idle_ms:
            await self._after(self.idle_ms, self.event)
        if self.event.is_set():
            return
        at = await self.work.next_due()
        if self.sweep_ms is not None:
            sweep = self.time.now() + self.sweep_ms
            at = sweep if at is None else min(at, sweep)
        await self.time.wait_until(at, self.event)

    async def _after(self, ms: int, wake: asyncio.Event | None = None) -> None:
        await self.time.wait_until(self.time.now() + ms, wake)
