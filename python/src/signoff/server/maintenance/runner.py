"""All that the server does by itself, started and stopped as one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from signoff.server.domain.store import StoreUnavailable
from signoff.server.maintenance.counters import Counters, NoCounters
from signoff.server.maintenance.delivery import Delivery
from signoff.server.maintenance.dispatch import Dispatcher
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.maintenance.leases import Leases
from signoff.server.maintenance.liveness import Liveness, recall
from signoff.server.maintenance.timers import Timers
from signoff.server.operations.context import Context

SWEEP_MS = 5_000
"""How often everything that is due is looked at, whether or not somebody woke us for it."""

PAUSE_MS = 50
"""Timers are looked at no more often than this, however many changes are committed."""

RETRY_MS = 1_000
"""How long to wait after a failure, such as a full disk, before the next look."""

SETTLE_SECONDS = 1.0
"""How long settling waits for an answer; one that is slower is that of a target that hangs, or
of a reasoner at work."""

_log = logging.getLogger("signoff.maintenance")

Step = Callable[[], Awaitable[None]]
NextDue = Callable[[], Awaitable[int | None]]
Time = Callable[[], int]
Wait = Callable[[int | None, asyncio.Event], Awaitable[None]]


class Maintenance:
    """The loops of one server. Make it with the event loop running; start it before serving.

    Args:
        context: the server's, whose ``liveness`` is the one given here.
        liveness: which instances are heard.
        http: what sends; closed by :meth:`stop`.
        counters: told of what goes out.
        notify_secret: signs notifications to the configured subscriber.
        sweep_ms: how often to look at everything; None: never, for a clock that tests move.
    """

    def __init__(
        self,
        context: Context,
        liveness: Liveness,
        http: HttpClient,
        *,
        counters: Counters | None = None,
        notify_secret: str | None = None,
        sweep_ms: int | None = SWEEP_MS,
    ) -> None:
        counters = counters or NoCounters()
        self._context = context
        self._liveness = liveness
        self._http = http
        self._sweep_ms = sweep_ms
        self._timers = Timers(context)
        self._leases = Leases(context, liveness)
        self._dispatcher = Dispatcher(context, liveness, http, counters, self._wake)
        self._delivery = Delivery(context, http, counters, self._wake, notify_secret=notify_secret)
        self._loops: list[asyncio.Task[None]] = []
        self._watching = ExitStack()
        self._watch = context.store.watch("due")
        self._slow: set[asyncio.Task[None]] = set()
        self._swept_at = 0

    async def start(self) -> None:
        """Remember the instances of the store, and begin.

        Raises:
            StoreUnavailable: the store can't be read or written.
        """
        await recall(self._liveness, self._context.store, self._context.clock)
        self._liveness.on_ready = self._wake
        clock = self._context.clock
        out = self._watching.enter_context(self._watch).event
        timed = self._watching.enter_context(self._context.store.watch("due")).event
        liveness, leases, timers = self._liveness, self._leases, self._timers
        loops = (
            self._loop(self._send, self._next_send, out, clock.wait_until, clock.now),
            self._loop(timers.run_due, timers.next_due, timed, self._throttled, clock.now),
            self._loop(
                leases.run_due,
                leases.next_due,
                liveness.changed,
                clock.wait_until_monotonic,
                clock.monotonic,
            ),
        )
        self._loops = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Stop the loops and break off what is on its way; what is due stays due."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops.clear()
        self._liveness.on_ready = lambda: None
        self._watching.close()
        await self.forget()
        await self._http.close()

    async def forget(self) -> None:
        """Break off what is on its way, and forget how it went with whom."""
        await self._dispatcher.stop()
        await self._delivery.stop()

    async def run_due(self) -> None:
        """Do everything that is due now, once. What is sent is on its way when this returns.

        Raises:
            StoreUnavailable: the store can't be read or written.
        """
        await self._leases.run_due()
        await self._timers.run_due()
        await self._dispatcher.run_due()
        await self._delivery.run_due(whole=True)

    async def next_due(self) -> int | None:
        """When something falls due next: ms since the epoch. Leases have a clock of their own."""
        times = (await self._timers.next_due(), await self._next_send())
        return min((at for at in times if at is not None), default=None)

    async def next_lease_end(self) -> int | None:
        """When leases end next unless somebody is heard: ms on the monotonic clock."""
        return await self._leases.next_due()

    async def settle(self) -> None:
        """Do what is due until nothing is left to do, and all that was sent is answered.

        What is not answered within :data:`SETTLE_SECONDS` is left behind, and not waited for again.

        Raises:
            StoreUnavailable: the store can't be read or written.
        """
        while True:
            await self.run_due()
            calls = self._dispatcher.calls | self._delivery.calls
            self._slow &= calls
            calls -= self._slow
            if not calls:
                return
            _, slow = await asyncio.wait(calls, timeout=SETTLE_SECONDS)
            self._slow |= slow

    def _wake(self) -> None:
        self._watch.event.set()

    async def _send(self) -> None:
        now = self._context.clock.now()
        await self._dispatcher.run_due()
        await self._delivery.run_due(whole=self._is_sweep(now))

    async def _next_send(self) -> int | None:
        times = (await self._dispatcher.next_due(), await self._delivery.next_due())
        return min((at for at in times if at is not None), default=None)

    def _is_sweep(self, now: int) -> bool:
        due = self._sweep_ms is not None and not 0 <= now - self._swept_at < self._sweep_ms
        if due:
            self._swept_at = now
        return due

    async def _throttled(self, at: int | None, event: asyncio.Event) -> None:
        clock = self._context.clock
        if self._sweep_ms is not None:
            await clock.wait_until(clock.now() + PAUSE_MS)
        await clock.wait_until(at, event)

    async def _loop(
        self, run: Step, next_due: NextDue, event: asyncio.Event, wait: Wait, time: Time
    ) -> None:
        while True:
            event.clear()
            try:
                await run()
                at = await next_due()
            except StoreUnavailable as error:
                _log.warning("maintenance waits for the store: %s", error)
                await wait(time() + RETRY_MS, asyncio.Event())
                continue
            except Exception:  # noqa: BLE001 - a loop that ends would end in silence
                _log.exception("maintenance failed and goes on")
                await wait(time() + RETRY_MS, asyncio.Event())
                continue
            if self._sweep_ms is not None:
                sweep = time() + self._sweep_ms
                at = sweep if at is None else min(at, sweep)
            await wait(at, event)
