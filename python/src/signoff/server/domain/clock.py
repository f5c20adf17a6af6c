"""The one clock of the server. Nothing else sleeps or asks what time it is.

Wall time is the time at start carried on by the monotonic clock, so that a step of the system's
clock changes nothing until a restart. Leases run on :meth:`Clock.monotonic` alone, which can't
jump; tests move the two separately.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Protocol


class Clock(Protocol):
    """Tells the time in whole milliseconds, and waits for it."""

    def now(self) -> int:
        """Wall time: ms since the epoch, UTC."""

    def monotonic(self) -> int:
        """Ms on a clock that never jumps. Its zero means nothing. For leases only."""

    async def wait_until(self, at: int | None, wake: asyncio.Event | None = None) -> None:
        """Return when ``now() >= at`` or when ``wake`` is set, whichever is first.

        ``at`` of None means no time limit. The event is left as it is: its owner clears it.
        """

    async def wait_until_monotonic(self, at: int | None, wake: asyncio.Event | None = None) -> None:
        """The same for :meth:`monotonic`."""


STEP_MS = 5_000
"""What is further off than this was stepped; what is less may be drift."""


class SystemClock:
    """Wall time as it was at start, carried on by the system's monotonic clock.

    Servers that share a database all go by that one's clock: see :meth:`correct`.
    """

    def __init__(self) -> None:
        self._monotonic_at_start = time.monotonic_ns()
        self._wall_at_start = time.time_ns()
        self._not_before = 0
        self.stepped: Step | None = None
        """The last step of a clock that this one is set by."""

    def now(self) -> int:
        """Wall time: ms since the epoch, UTC."""
        carried = self._wall_at_start + time.monotonic_ns() - self._monotonic_at_start
        return max(self._not_before, carried // 1_000_000)

    def correct(self, wall: int) -> int:
        """Go by another clock, which shows ``wall`` ms now; how far off this one was.

        A little back is waited out, so that time does not go back; a step is followed at once.
        """
        before = self.now()
        self._monotonic_at_start, self._wall_at_start = time.monotonic_ns(), wall * 1_000_000
        off = wall - before
        self._not_before = before if -STEP_MS <= off < 0 else 0
        return off

    def monotonic(self) -> int:
        """Ms of the system's monotonic clock."""
        return time.monotonic_ns() // 1_000_000

    def drift(self) -> int:
        """How far, in ms, the system's wall clock has been stepped ahead of this one."""
        return time.time_ns() // 1_000_000 - self.now()

    async def wait_until(self, at: int | None, wake: asyncio.Event | None = None) -> None:
        """Return when ``now() >= at`` or when ``wake`` is set."""
        # `now` is the monotonic clock plus a constant, so one wait serves both.
        shift = self.now() - self.monotonic()
        await self.wait_until_monotonic(None if at is None else at - shift + 1, wake)

    async def wait_until_monotonic(self, at: int | None, wake: asyncio.Event | None = None) -> None:
        """Return when ``monotonic() >= at`` or when ``wake`` is set."""
        wake = wake or asyncio.Event()
        if at is None:
            await wake.wait()
            return
        while not wake.is_set() and (left := at - self.monotonic()) > 0:
            try:
                async with asyncio.timeout(left / 1000):
                    await wake.wait()
            except TimeoutError:
                continue


@dataclass(frozen=True, slots=True)
class Step:
    """A clock was stepped: by how many ms, and when that was noticed, on the monotonic clock."""

    ms: int
    noticed: int


@dataclass(slots=True, eq=False)
class _Waiter:
    at: int | None
    on_wall: bool
    future: asyncio.Future[None]


class ManualClock:
    """A clock that stands still until it is told to move.

    Waiters whose time has come wake when :meth:`set`, :meth:`advance` or
    :meth:`advance_monotonic` passes it, so loops that wait on the clock are tested without
    sleeping: wait for :meth:`until_waiting`, move, look.
    """

    def __init__(self, now: int = 1_800_000_000_000, monotonic: int = 1_000_000) -> None:
        self._now = now
        self._monotonic = monotonic
        self._waiters: set[_Waiter] = set()
        self._arrived = asyncio.Event()

    def now(self) -> int:
        """The wall time that was set last."""
        return self._now

    def monotonic(self) -> int:
        """The monotonic time that was set last."""
        return self._monotonic

    def set(self, now: int) -> None:
        """Set the wall time, forwards or backwards, and wake whoever is due."""
        self._now = now
        self._wake()

    def advance(self, ms: int) -> None:
        """Move the wall time by ``ms`` and wake whoever is due. Leases don't move."""
        self.set(self._now + ms)

    def advance_monotonic(self, ms: int) -> None:
        """Move the monotonic clock by ``ms``, and with it the leases; wall time stands still.

        Raises:
            ValueError: ``ms`` is negative.
        """
        if ms < 0:
            raise ValueError("a monotonic clock does not go back")
        self._monotonic += ms
        self._wake()

    def next_due(self) -> int | None:
        """The earliest wall time that anyone waits for: stop there, and all fires in order."""
        return min((w.at for w in self._waiters if w.on_wall and w.at is not None), default=None)

    def waiting(self) -> int:
        """How many wait on this clock now."""
        return len(self._waiters)

    async def until_waiting(self, count: int = 1) -> None:
        """Return when at least ``count`` wait on this clock."""
        while len(self._waiters) < count:
            self._arrived.clear()
            await self._arrived.wait()

    async def wait_until(self, at: int | None, wake: asyncio.Event | None = None) -> None:
        """Return when ``now() >= at`` or when ``wake`` is set."""
        await self._wait(at, True, wake)

    async def wait_until_monotonic(self, at: int | None, wake: asyncio.Event | None = None) -> None:
        """Return when ``monotonic() >= at`` or when ``wake`` is set."""
        await self._wait(at, False, wake)

    async def _wait(self, at: int | None, on_wall: bool, wake: asyncio.Event | None) -> None:
        waiter = _Waiter(at, on_wall, asyncio.get_running_loop().create_future())
        if self._due(waiter) or (wake is not None and wake.is_set()):
            return
        self._waiters.add(waiter)
        self._arrived.set()
        ends: list[asyncio.Future[Any]] = [waiter.future]
        if wake is not None:
            ends.append(asyncio.ensure_future(wake.wait()))
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiters.discard(waiter)
            for end in ends:
                end.cancel()

    def _due(self, waiter: _Waiter) -> bool:
        time_now = self._now if waiter.on_wall else self._monotonic
        return waiter.at is not None and time_now >= waiter.at

    def _wake(self) -> None:
        for waiter in self._waiters:
            if self._due(waiter) and not waiter.future.done():
                waiter.future.set_result(None)
