"""Handing out work: which due execution goes to which instance now."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Container

from signoff.server.domain.errors import NotFound
from signoff.server.domain.store import StoreUnavailable
from signoff.server.maintenance.backoff import DISPATCH, Backoff
from signoff.server.maintenance.counters import Counters
from signoff.server.maintenance.doors import Doors
from signoff.server.maintenance.flights import Flights
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.maintenance.lacking import Lacking
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations import claims, dispatching, waiters
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.recovery import Left

HELD = 100
"""Own ids whose runs are looked for at once."""

_log = logging.getLogger("signoff.maintenance")


class Dispatcher:
    """Claims due executions for instances that take work, the longest due first, and sends them.

    Args:
        context: the server's.
        liveness: who is there.
        http: what sends.
        counters: told of each outcome.
        wake: asks for another look soon.
        backoff: between the tries with an instance that takes none.
    """

    def __init__(
        self,
        context: Context,
        liveness: Liveness,
        http: HttpClient,
        counters: Counters,
        wake: Callable[[], None],
        *,
        backoff: Backoff = DISPATCH,
    ) -> None:
        self._context = context
        self._liveness = liveness
        self._wake = wake
        self._doors = Doors(context.clock, liveness, backoff)
        self._lacking = Lacking(context.clock, liveness)
        self._flights = Flights(context, http, self._doors, self._lacking, counters, wake, backoff)
        self._claiming: dict[str, str] = {}
        """Executions that are due in the store, but being claimed here: their nodes."""
        self._claims: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> set[asyncio.Task[None]]:
        """What is being claimed or on its way, without answers that are slow in coming."""
        return self._claims | self._flights.calls

    @property
    def begun(self) -> int:
        """How often anything was sent."""
        return self._flights.begun

    async def run_due(self) -> None:
        """Claim and send all that is due and may go now, and again what was not answered."""
        await self._flights.run_due()
        for node_id, free in self._doors.free().items():
            await self._hand_out(node_id, free)

    async def adopt(self, left: Left) -> None:
        """Find out what became of an attempt that a server which is gone was sending."""
        dispatch = await dispatching.adopt(self._context, left)
        if dispatch is not None:
            self._flights.resume(dispatch)

    async def next_due(self) -> int | None:
        """When work falls due, an instance may be tried again, or a try is to be repeated."""
        row = await self._context.store.one("next_dispatch", now=self._context.clock.now())
        at = None if row is None else row["at"]
        again = (self._doors.next_open(), self._lacking.next_end(), self._flights.next_due())
        times = (at, *again)
        return min((at for at in times if at is not None), default=None)

    def eased(self, key: InstanceKey) -> None:
        """An instance has let go of something: one that was full may get more."""
        if self._doors.eased(key):
            self._wake()

    def hasten(self) -> None:
        """The clock was set back: try again now whatever is to be tried again later."""
        self._doors.clear()
        self._lacking.clear()
        self._flights.hasten()
        self._wake()

    async def stop(self) -> None:
        """Break off what is on its way, and forget it: the store knows what was claimed."""
        claims = list(self._claims)
        for claim in claims:
            claim.cancel()
        await asyncio.gather(*claims, return_exceptions=True)
        await self._flights.stop()
        self._doors.clear()
        self._lacking.clear()

    async def _hand_out(self, node_id: str, free: dict[InstanceKey, int]) -> None:
        limit = sum(free.values())
        if not claims.are_needed(self._context):  # else what is being claimed is passed over
            limit += sum(node == node_id for node in self._claiming.values())
        workers = self._workers(node_id)
        without = self._lacking.passed_over(node_id, [key.instance_id for key in free], workers)
        due = await claims.dispatches(self._context, node_id, limit=limit, without=without)
        fresh = [execution_id for execution_id in due if execution_id not in self._claiming]
        foreign = not all(map(self._liveness.is_own, free))
        several = len(free) > 1 and (fresh or foreign)
        held = await self._held(node_id) if several else Counter()
        choice = _Choice(self._doors.still(free), held)
        left = []
        for execution_id in fresh:
            avoided = self._lacking.avoided(node_id, due[execution_id], workers)
            if (key := choice.take(avoided)) is not None:
                self._claim(execution_id, key)
            else:
                left.append(execution_id)
        if left and choice.free:
            self._wake()  # the others, without what only those have that are busy now
        await claims.leave(self._context, left)
        if foreign and choice.free:
            await self._hand_out_held(node_id, choice, workers)

    async def _hand_out_held(self, node_id: str, choice: _Choice, workers: list[str]) -> None:
        """Runs that need an own id go where it is free, one for each id."""
        due = await waiters.due(self._context, node_id, limit=HELD)
        choice.free = self._doors.still(choice.free)
        for held in due:
            if held.execution_id in self._claiming:
                continue
            avoided = self._lacking.avoided(node_id, held.reasoner, workers)
            if (key := choice.take(held.taken_in | avoided)) is not None:
                self._claim(held.execution_id, key)

    def _workers(self, node_id: str) -> list[str]:
        return [key.instance_id for key in self._liveness.workers() if key.node_id == node_id]

    async def _held(self, node_id: str) -> Counter[InstanceKey]:
        rows = await self._context.store.all("count_leases", node_id=node_id)
        return Counter({InstanceKey(node_id, row["instance_id"]): row["held"] for row in rows})

    def _claim(self, execution_id: str, key: InstanceKey) -> None:
        self._claiming[execution_id] = key.node_id
        self._doors.enter(key)
        task = asyncio.create_task(self._claimed(execution_id, key))
        self._claims.add(task)
        task.add_done_callback(self._claims.discard)

    async def _claimed(self, execution_id: str, key: InstanceKey) -> None:
        dispatch = None
        try:
            dispatch = await dispatching.claim(self._context, execution_id, key)
        except StoreUnavailable as error:
            self._context.failed(error)  # it stays due
        except NotFound as error:
            _log.warning("%s is not dispatched now: %s", execution_id, error)
        except Exception:  # noqa: BLE001 - it must not end in silence; the next look tries again
            _log.exception("the claim of %s failed", execution_id)
        finally:
            del self._claiming[execution_id]
            if dispatch is None and self._doors.leave(key):
                self._wake()
        if dispatch is not None:
            self._flights.start(dispatch)


class _Choice:
    """Who gets the next: of those that take work the one that holds the least.

    Args:
        free: how much each may get; used up by :meth:`take`.
        held: how much each holds.
    """

    def __init__(self, free: dict[InstanceKey, int], held: Counter[InstanceKey]) -> None:
        self.free = free
        self._held = held

    def take(self, without: Container[str] = ()) -> InstanceKey | None:
        """The next one that is not among those named; None when there is none."""
        left = [key for key in self.free if key.instance_id not in without]
        if not left:
            return None
        key = min(left, key=lambda key: (self._held[key], key))
        self._held[key] += 1
        self.free[key] -= 1
        if not self.free[key]:
            del self.free[key]
        return key
