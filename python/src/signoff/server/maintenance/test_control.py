"""What tests may do to a server that was started for them: move its clocks, make it fail.

Only the clock, the leases and the store's fail points are touched; all else goes through the same
loops and operations as ever.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any, Protocol

from signoff.server.domain.clock import ManualClock
from signoff.server.domain.errors import Fault, Refusal
from signoff.server.domain.store import Change, StoreUnavailable
from signoff.server.maintenance.liveness import Liveness
from signoff.server.maintenance.runner import Maintenance
from signoff.server.operations import rendering
from signoff.server.operations.context import Context

FAIL_POINTS = (
    "before_commit",
    "after_commit",
    "before_read",
    "crash_before_commit",
    "crash_after_commit",
)
"""Where the store can be made to fail: before a commit (nothing happened), after it (it happened
and nobody hears of it), or before it reads. ``crash_…`` kills the process there, the others make
it answer 503."""

_EMPTIED = (
    "clear_messages",
    "clear_webhook_receipts",
    "clear_idempotency",
    "clear_events",
    "clear_steps",
    "clear_approval_requests",
    "clear_waiters",
    "clear_executions",
    "clear_in_hand_pages",
    "clear_instances",
    "clear_nodes",
    "clear_facts",
    "clear_servers",
)

MOST_RETRIES = 1_000
"""After so many steps in one move of the clock, what is only tried again (a message to somebody
who is away for years) is tried together with whatever else falls due."""

TURNS = 20
"""How many turns of the event loop whoever was woken gets to act on it."""


class FailPoints(Protocol):
    """The places of a store that can be made to fail: each is called once a batch or a read."""

    before_commit: Callable[[], None]
    after_commit: Callable[[], None]
    before_read: Callable[[], None]


class TestControl:
    """Drives a server whose clock is a :class:`ManualClock`.

    Whatever falls due while a clock is moved is done in the order of time, each thing at its own
    time, before the call returns.
    """

    __test__ = False

    def __init__(
        self,
        context: Context,
        clock: ManualClock,
        liveness: Liveness,
        maintenance: Maintenance,
        fail_points: FailPoints,
    ) -> None:
        self._context = context
        self._clock = clock
        self._liveness = liveness
        self._maintenance = maintenance
        self._fail_points = fail_points

    async def set_clock(self, now: int) -> int:
        """Set the wall clock, in ms since the epoch, forwards or backwards; its time then.

        Leases don't move: they have a clock of their own.

        Raises:
            StoreUnavailable: what fell due could not all be done; the clock is set all the same.
        """
        try:
            await self._pass_to(now)
        except StoreUnavailable:
            self._clock.set(now)
            raise
        return self._clock.now()

    async def advance_clock(self, ms: int) -> int:
        """Move the wall clock by ``ms``; its time then."""
        return await self.set_clock(self._clock.now() + ms)

    async def advance_leases(self, ms: int) -> None:
        """Move the clock of the leases by ``ms``; who is not heard meanwhile loses its leases.

        Raises:
            Refusal: (``invalid_request``) it is negative: that clock does not go back.
        """
        if ms < 0:
            raise _invalid("/advance_ms", "0 or more")
        target = self._clock.monotonic() + ms
        await self._maintenance.settle()
        while (at := await self._maintenance.next_lease_end()) is not None and at <= target:
            self._clock.advance_monotonic(max(0, at - self._clock.monotonic()))
            await self._settle()
        self._clock.advance_monotonic(target - self._clock.monotonic())
        await self._settle()

    async def settle(self) -> None:
        """Wait until nothing is left to do now, and all that was sent is answered."""
        await self._settle()

    async def reset(self) -> None:
        """Empty the database, but for its keys; nobody is registered any more."""
        await self._maintenance.forget()
        change = Change()
        for query in _EMPTIED:
            change.add(query, expect=None)
        now, server_id = self._context.clock.now(), self._context.server_id
        change.add("put_server", server_id=server_id, now=now)  # those before it are gone
        await self._context.store.apply(change)
        # What a loop has begun meanwhile is of the old runs, and so are the secrets that it read.
        await self._maintenance.forget()
        self._liveness.forget()
        self._context.in_flight.clear()
        self._context.rolls.clear()
        self._context.peers.clear()
        self._context.store.wake()

    async def outbox(self, *, limit: int = 1_000) -> list[dict[str, Any]]:
        """The newest messages of the outbox, oldest first: each a ``Delivery`` with its body."""
        rows = await self._context.store.all("list_messages", limit=limit)
        return [
            rendering.delivery(row) | {"body": rendering.raw(row["body"])} for row in reversed(rows)
        ]

    def arm(self, name: str, times: int = 1) -> None:
        """Make the store fail at the next ``times`` batches or reads; 0 disarms.

        Raises:
            Refusal: (``invalid_request``) there is no such fail point.
        """
        if name not in FAIL_POINTS:
            raise _invalid("/name", f"one of {', '.join(FAIL_POINTS)}")
        place = name.removeprefix("crash_")
        setattr(self._fail_points, place, _Failure(times, crash=place != name))

    async def _pass_to(self, now: int) -> None:
        await self._maintenance.settle()
        retries = 0
        while True:
            timer = await self._maintenance.next_timer()
            at = await self._next_due() if retries < MOST_RETRIES else timer
            if at is None or at > now:
                break
            retries += at != timer
            await self._reach(at)
        await self._reach(now)

    async def _next_due(self) -> int | None:
        now = self._clock.now()
        times = (await self._maintenance.next_due(), self._clock.next_due())
        return min((at for at in times if at is not None and at > now), default=None)

    async def _reach(self, now: int) -> None:
        self._clock.set(now)
        await self._settle()

    async def _settle(self) -> None:
        # Others wait on the clock, too: those who wait for an answer, and those who retry.
        for _ in range(TURNS):
            await asyncio.sleep(0)  # noqa: TID251 - takes no time, lets them run
        await self._maintenance.settle()


class _Failure:
    """An armed fail point. Called on the thread of the store that writes."""

    def __init__(self, times: int, *, crash: bool) -> None:
        self._left = times
        self._crash = crash

    def __call__(self) -> None:
        if self._left <= 0:
            return
        self._left -= 1
        if self._crash:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError("a fail point was armed")


def _invalid(pointer: str, right: str) -> Refusal:
    fault = Fault(pointer, right)
    return Refusal("invalid_request", f"{pointer[1:]}: must be {right}", errors=[fault])
