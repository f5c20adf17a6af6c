"""All that the server does by itself, started and stopped as one."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, suppress
from functools import partial

from signoff.server.domain.clock import Clock
from signoff.server.domain.store import StoreUnavailable
from signoff.server.maintenance.counters import Counters, NoCounters
from signoff.server.maintenance.delivery import Delivery
from signoff.server.maintenance.dispatch import Dispatcher
from signoff.server.maintenance.hearing import Hearing, Waiters
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.maintenance.leases import DEAF_MS, Leases
from signoff.server.maintenance.liveness import Liveness, recall
from signoff.server.maintenance.loop import InTurn, Loop
from signoff.server.maintenance.outages import Outages
from signoff.server.maintenance.retention import Retention
from signoff.server.maintenance.servers import Servers
from signoff.server.maintenance.timekeeping import Timekeeper
from signoff.server.maintenance.timers import Timers
from signoff.server.operations import set_back
from signoff.server.operations.context import Context

SWEEP_MS = 5_000
"""How often everything that is due is looked at, whether or not somebody woke us for it."""

REST_MS = 50
"""Timers are looked at no more often than this, however many changes are committed."""

IDLE_MS = 20
"""For so long nothing must have been committed before the next retry is looked up."""

SETTLE_SECONDS = 3.0
"""How long settling waits for an answer; one that is slower is that of a target that hangs, or
of a reasoner at work."""


class Maintenance:
    """The loops of one server. Make it with the event loop running; start it before serving.

    Args:
        context: the server's, whose ``liveness`` is the one given here.
        liveness: which instances are heard.
        http: what sends; closed by :meth:`stop`.
        counters: told of what goes out.
        notify_secret: signs notifications to the configured subscriber.
        sweep_ms: how often to look at everything; None: never, for a clock that tests move.
        retention: what deletes old runs; None: they are kept.
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
        retention: Retention | None = None,
    ) -> None:
        counters = counters or NoCounters()
        self._context = context
        self._liveness = liveness
        self._http = http
        self._sweep_ms = sweep_ms
        self._retention = retention
        deaf_ms = None if sweep_ms is None else DEAF_MS
        self._timers = InTurn(Timers(context))
        self._leases = InTurn(Leases(context, liveness, deaf_ms=deaf_ms))
        self._hearing = InTurn(Hearing(context, liveness))
        self._waiters = InTurn(Waiters(context))
        self._timekeeper = Timekeeper(context.store, context.clock, self._hasten)
        dispatcher = Dispatcher(context, liveness, http, counters, self._wake)
        self._servers = Servers(context, dispatcher, context.store.wake)
        self._serving = InTurn(self._servers)
        self._outgoing = Outgoing(
            dispatcher,
            Delivery(context, http, counters, self._wake, notify_secret=notify_secret),
            context.clock,
            sweep_ms,
        )
        self._loops: list[asyncio.Task[None]] = []
        self._watching = ExitStack()
        self._watch = context.store.watch("due")
        self._slow: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Remember the instances of the store, and begin.

        Raises:
            StoreUnavailable: the store can't be read or written.
        """
        await self._timekeeper.run_due()
        served = await self._servers.join()
        await recall(self._liveness, self._context.store, self._context.clock, served=served)
        self._liveness.on_ready = self._wake
        self._liveness.on_eased = self._outgoing.dispatcher.eased
        self._loops = [asyncio.create_task(loop.run()) for loop in self._made()]

    async def stop(self) -> None:
        """Stop the loops and break off what is on its way; what is due stays due."""
        was_running = bool(self._loops)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._loops.clear()
        self._liveness.on_ready = lambda: None
        self._liveness.on_eased = lambda _: None
        self._watching.close()
        await self.forget()
        if was_running:
            with suppress(StoreUnavailable):  # then others find out by its silence
                await self._servers.leave()
        await self._http.close()

    async def forget(self) -> None:
        """Break off what is on its way, and forget how it went with whom."""
        await self._outgoing.stop()

    async def run_due(self) -> None:
        """Do everything that is due now, once. What is sent is on its way when this returns.

        Raises:
            StoreUnavailable: the store can't be read or written.
        """
        await self._serving.run_due()
        await self._hearing.run_due()
        await self._waiters.run_due()
        await self._leases.run_due()
        await self._timers.run_due()
        if self._retention is not None:
            await self._retention.run_due()
        await self._outgoing.run_due(whole=True)

    async def next_due(self) -> int | None:
        """When something falls due next: ms since the epoch. Leases have a clock of their own."""
        return earliest(await self._timers.next_due(), await self._outgoing.next_due())

    async def next_timer(self) -> int | None:
        """The same without what is only tried again: of requests and running clocks alone."""
        return await self._timers.next_due()

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
            before, begun = self._outgoing.calls - self._slow, self._outgoing.begun
            await self.run_due()
            calls = self._outgoing.calls
            self._slow &= calls
            calls -= self._slow
            if calls:
                _, slow = await asyncio.wait(calls, timeout=SETTLE_SECONDS)
                self._slow |= slow
            elif not before and begun == self._outgoing.begun:
                return  # else one has ended after the look at what is due: look again

    def _wake(self) -> None:
        self._watch.event.set()

    async def _hasten(self, beyond_ms: int) -> None:
        await set_back.hasten(self._context, beyond_ms=beyond_ms)
        self._outgoing.dispatcher.hasten()

    def _made(self) -> list[Loop]:
        clock, sweep = self._context.clock, self._sweep_ms
        # A clock that tests move does not run: no loop may wait for it just to save work.
        rest, idle = (0, 0) if sweep is None else (REST_MS, IDLE_MS)
        out = self._watching.enter_context(self._watch).event
        timed = self._watched("due")
        old = [] if self._retention is None else [self._retention]
        loop = partial(Loop, failed=self._context.failed, sweep_ms=sweep)
        leases = _Monotonic(clock)
        return [
            loop(self._outgoing, clock, out, idle_ms=idle),
            loop(self._timers, clock, timed, rest_ms=rest),
            loop(self._leases, leases, self._liveness.changed),
            loop(self._serving, leases, self._watched("servers")),
            loop(self._hearing, leases, self._watched("nodes"), rest_ms=rest),
            loop(self._waiters, leases, asyncio.Event()),
            loop(self._timekeeper, leases, asyncio.Event()),
            loop(Outages(self._context), leases, self._context.outage.begun),
            *(loop(work, clock, asyncio.Event()) for work in old),
        ]

    def _watched(self, topic: str) -> asyncio.Event:
        return self._watching.enter_context(self._context.store.watch(topic)).event


class Outgoing:
    """All that is sent: work to agents, and messages to whoever they are for."""

    def __init__(
        self, dispatcher: Dispatcher, delivery: Delivery, clock: Clock, sweep_ms: int | None
    ) -> None:
        self.dispatcher = dispatcher
        self.delivery = delivery
        self._clock = clock
        self._sweep_ms = sweep_ms
        self._swept_at = 0
        self._turn = asyncio.Lock()

    @property
    def calls(self) -> set[asyncio.Task[None]]:
        """What is on its way."""
        return self.dispatcher.calls | self.delivery.calls

    @property
    def begun(self) -> int:
        """How often anything was sent: what ends soon may have come and gone between two looks."""
        return self.dispatcher.begun + self.delivery.begun

    async def run_due(self, *, whole: bool = False) -> None:
        """Begin to send what is due; ``whole`` as for the delivery, and from time to time."""
        now = self._clock.now()
        if self._sweep_ms is not None and not 0 <= now - self._swept_at < self._sweep_ms:
            self._swept_at, whole = now, True
        async with self._turn:  # as in InTurn
            await self.delivery.run_due(whole=whole)
            await self.dispatcher.run_due()

    async def next_due(self) -> int | None:
        """When something is to be sent next."""
        return earliest(await self.dispatcher.next_due(), await self.delivery.next_due())

    async def stop(self) -> None:
        """Break off what is on its way, and forget it."""
        await self.dispatcher.stop()
        await self.delivery.stop()


class _Monotonic:
    """The clock of the leases."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock.monotonic
        self.wait_until = clock.wait_until_monotonic


def earliest(*times: int | None) -> int | None:
    """The first of those times that are there."""
    return min((at for at in times if at is not None), default=None)
