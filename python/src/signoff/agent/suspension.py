"""Runs that have waited for long are let go of: the decision brings them back, to any process."""

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from signoff.agent import tracking
from signoff.agent.in_hand import InHand
from signoff.agent.run import Run
from signoff.clock import AsyncClock
from signoff.contract_gen import ExecutionStatus
from signoff.errors import SignoffError

log: Final = logging.getLogger("signoff.agent")

AT_ONCE: Final = 32
"""So many runs are looked at and asked for at a time."""


class Suspension:
    """Suspends each run that has only waited for `after_seconds`.

    The time counts from when the run last began to wait for something. The runs are kept in the
    order of that time, so that one task looks after them all.
    """

    def __init__(self, clock: AsyncClock, in_hand: InHand, after_seconds: float) -> None:
        self._clock = clock
        self._in_hand = in_hand
        self._after = after_seconds
        self._since: OrderedDict[Run, float] = OrderedDict()
        self._began = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._looks: set[asyncio.Task[None]] = set()

    def changed(self, run: Run) -> None:
        """A run began or stopped to wait for something."""
        self._since.pop(run, None)
        if len(run.waits) > 0:
            self._since[run] = self._clock.monotonic()
            self._began.set()

    async def keep(self) -> None:
        """Suspend what is due, until cancelled."""
        try:
            while True:
                await self._began.wait()
                self._began.clear()
                while self._since:
                    await self._next()
        finally:
            for look in self._looks:
                look.cancel()

    async def _next(self) -> None:
        run, since = next(iter(self._since.items()))
        left = since + self._after - self._clock.monotonic()
        if left > 0:
            await self._clock.sleep(left)
            return
        del self._since[run]
        await self._slots.acquire()
        look = asyncio.create_task(self._look(run))
        self._looks.add(look)
        look.add_done_callback(self._looked)

    def _looked(self, look: asyncio.Task[None]) -> None:
        self._looks.discard(look)
        self._slots.release()

    async def _look(self, run: Run) -> None:
        try:
            if self._may_go(run) and await _waits_for_a_person(run) and self._may_go(run):
                self._in_hand.suspend(run, f"waited for more than {self._after:g} s")
            elif run in self._in_hand and run not in self._since and len(run.waits) > 0:
                self.changed(run)  # look again when as much time has passed
        except SignoffError as refused:
            log.info("whether %s still waits is not known: %s", run.attempt_id, refused)
            self.changed(run)

    def _may_go(self, run: Run) -> bool:
        return run in self._in_hand and run.waits.only() and tracking.is_tracked()


async def _waits_for_a_person(run: Run) -> bool:
    """Whether the control plane says `waiting`: what runs, or below it, keeps its process."""
    if any(wait.for_a_person for wait in run.waits):
        return True
    execution = await run.client.get_execution(run.execution_id)
    return execution.status == ExecutionStatus.WAITING
