"""The server's clock, and the clocks that it is set by or differs from.

Where several servers share a database, all of them go by its clock, read once a minute and
carried on by each one's monotonic clock. A server with a file of its own goes by the time at its
start; how far the system's clock was stepped since is told, and followed by a restart.

What was put off by a clock that is set back would lie for as long. So after a step back, and at
each start, which may follow one, it is brought forward.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from signoff.server.domain.clock import STEP_MS, Clock, Step, SystemClock
from signoff.server.domain.store import Store
from signoff.server.operations.set_back import LONGEST_MS

READ_EVERY_MS = 60_000
"""How often the database's clock is read."""

LOOK_EVERY_MS = 10_000
"""How often the system's clock is looked at."""

SLOW_MS = 1_000
"""An answer that took longer says too little of what time it is."""

_log = logging.getLogger("signoff.maintenance")


class Timekeeper:
    """Keeps a :class:`SystemClock` right; a clock that tests move is left alone.

    Args:
        store: whose clock counts when it is shared.
        clock: the server's.
        hasten: makes due what is due later than in so many ms; called again when it failed.
    """

    def __init__(
        self, store: Store, clock: Clock, hasten: Callable[[int], Awaitable[None]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._hasten = hasten
        self._beyond_ms: int | None = LONGEST_MS
        self._at: int | None = None
        self._told = 0

    async def run_due(self) -> None:
        """Read the clock that counts, when it is time for it.

        Raises:
            StoreUnavailable: the database can't be read or written.
        """
        clock = self._clock
        if not isinstance(clock, SystemClock):
            return
        now = clock.monotonic()
        if self._at is None or now >= self._at:
            await self._read(clock)
            self._at = now + (READ_EVERY_MS if self._store.shared else LOOK_EVERY_MS)
        if self._beyond_ms is not None:
            await self._hasten(self._beyond_ms)
            self._beyond_ms = None

    async def next_due(self) -> int | None:
        """When to read it again: ms on the monotonic clock."""
        return self._at

    async def _read(self, clock: SystemClock) -> None:
        if self._store.shared:
            await self._follow(clock)
        else:
            self._look(clock)

    async def _follow(self, clock: SystemClock) -> None:
        asked = clock.monotonic()
        row = await self._store.one("read_clock")
        took = clock.monotonic() - asked
        if row is None or took > SLOW_MS:
            return
        off = clock.correct(row["at"] + took // 2)
        if self._at is None:
            return  # what this machine's clock showed at the start counts for nothing
        if abs(off) > STEP_MS:
            clock.stepped = Step(off, clock.monotonic())
            _log.warning("the clock of the database was stepped", extra={"step_ms": off})
        if off < -STEP_MS:
            self._beyond_ms = 0

    def _look(self, clock: SystemClock) -> None:
        drift = clock.drift()
        if abs(drift - self._told) > STEP_MS:
            _log.warning(
                "the system's clock was stepped: a restart follows it", extra={"step_ms": drift}
            )
            self._told = drift
