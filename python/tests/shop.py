"""A node whose runs are suspended when its clock is stepped."""

import asyncio
from collections.abc import Callable
from typing import Any

from signoff.agent import Agent
from signoff.contract_gen import Approval, Execution
from signoff.testing import ControlPlane
from tests.fake_clock import SteppedClock

AFTER = 300.0


class Shop:
    """A node whose runs are suspended when its clock is stepped; `done` is what its code did."""

    def __init__(self, plane: ControlPlane, **options: Any) -> None:
        self.plane = plane
        self.clock = SteppedClock()
        self.app = Agent("shop", clock=self.clock, **options)
        self.done: list[str] = []

    async def begin(self, name: str = "sell", **given: Any) -> Execution:
        return await self.plane.client.execute_async(f"shop.{name}", input=given)

    async def finished(self, run: Execution) -> Execution:
        return await self.plane.client.wait_for_execution(run.execution_id, timeout=30)

    async def parked(self, runs: int = 1) -> None:
        """All of so many attempts in hand do nothing but wait."""
        hand = self.app._in_hand._runs
        await soon(
            lambda: len(hand) == runs and all(run.waits.only(timed=True) for run in hand.values())
        )

    async def suspended(self, *runs: Execution) -> None:
        """Let so much time pass that they are given back; nothing of them is left here."""
        self.clock.step(AFTER)
        for run in runs:
            await self.released(run)
        hand = self.app._in_hand
        await soon(lambda: not any(run.execution_id in key for key in hand.ids() for run in runs))

    async def released(self, run: Execution) -> None:
        with self.plane.server.context.store.watch(f"exec:{run.execution_id}") as watch:
            while "released" not in await self.reasons(run):
                watch.event.clear()
                if "released" not in await self.reasons(run):
                    await asyncio.wait_for(watch.event.wait(), 20)

    async def reasons(self, run: Execution) -> list[str]:
        events = self.plane.client.iter_execution_events(run.execution_id)
        return [e.data["reason"] async for e in events if e.type == "execution.requeued"]

    async def asked(self, own_id: str) -> Approval:
        return await self.plane.next_request(lambda it: it.approval_request_id == own_id)

    async def approve(self, own_id: str | None = None) -> Approval:
        request = await self.plane.next_request(lambda it: own_id in (None, it.approval_request_id))
        await self.plane.client.decide_approval_request(request.id, "approved")
        return request


async def soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.001)


def selling(plane: ControlPlane, **options: Any) -> Shop:
    shop = Shop(plane, **options)

    @shop.app.step
    async def reserve(number: int) -> int:
        shop.done.append("reserve")
        return number + 1

    @shop.app.reasoner()
    async def sell(number: int = 1) -> dict[str, Any]:
        reserved = await reserve(number)
        result = await shop.app.pause("sell", title="Sell?")
        shop.done.append("sell")
        return {"reserved": reserved, "decision": result.decision}

    return shop
