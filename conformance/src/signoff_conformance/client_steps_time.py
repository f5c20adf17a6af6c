"""Steps about time: what a client sleeps, and what wakes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff_conformance import matching
from signoff_conformance.client_calling import MOST_SLEEPS, Calling, Step
from signoff_conformance.runner import Failed


class TimeSteps(Calling):
    """Sleeps are looked at as numbers, and fired."""

    async def _sleeps(self, step: Step) -> None:
        """One sleep after the other, each fired when it has been looked at."""
        expected = step["sleeps"]
        for index, one in enumerate(expected if isinstance(expected, list) else [expected]):
            event = await self._event("sleeping")
            self._expect(one, event["ms"], f"sleep {index + 1}, in ms")
            self._values.keep("timer", event["timer"])
            if step.get("fire", True):
                await self._bench.adapter.ask("fire", timer=event["timer"])

    async def _backs_off(self, step: Step) -> None:
        """Whatever it sleeps until it comes back: long enough, not too long, longer in the end."""
        told, slept, adapter = step["backs_off"], list[float](), self._bench.adapter
        while not self._over() or adapter.events:
            if len(slept) == told.get("stop_after"):
                break
            if not adapter.events and self._over():
                break
            event = await self._event("sleeping")
            slept.append(event["ms"])
            await adapter.ask("fire", timer=event["timer"])
            await adapter.changed.until(lambda: bool(adapter.events) or self._over(), self.patience)
        limits = {"$each": {"$all": [{"$least": told["least"]}, {"$most": told["most"]}]}}
        self._expect(limits, slept, "its sleeps, in ms")
        self._expect({"$least": told["count"]}, len(slept), "how often it slept")
        if "in_all" in told:
            # Sums of doubles: 3000.0000000000005 is no sleep beyond 3000.
            self._expect({"$most": told["in_all"]}, round(sum(slept), 6), "all its sleeps, in ms")
        elif slept[-1] < 2 * slept[0]:
            raise Failed(f"it does not back off: {slept} ms")

    async def _until(self, step: Step) -> None:
        """Fire whatever it sleeps until the call is over."""
        adapter, number = self._bench.adapter, self._calls[step["until"]]
        for _ in range(MOST_SLEEPS):
            if adapter.replied(number):
                break
            await adapter.changed.until(
                lambda: bool(adapter.events) or adapter.replied(number) or bool(adapter.fault),
                self.patience,
            )
            adapter.check()
            if not adapter.events:
                break
            event = adapter.events.pop(0)
            if event["event"] == "sleeping":
                await adapter.ask("fire", timer=event["timer"])

    async def _idle(self, step: Step) -> None:
        """It has not slept since it was looked at."""
        del step
        self._expect([], [dict(event) for event in self._bench.adapter.events], "events")

    async def _awake(self, step: Step) -> None:
        event = await self._event("awake")
        self._expect(step["awake"], event["timer"], "the timer that is awake")

    async def _event(self, kind: str) -> Mapping[str, Any]:
        adapter = self._bench.adapter
        found = await adapter.changed.until(
            lambda: bool(adapter.events) or adapter.fault is not None or self._over(),
            self.patience,
        )
        adapter.check()
        if not adapter.events:
            if found and self._over():
                reply = await self._reply(self._last)
                raise Failed(f"it is not {kind}, it is done: {matching.shown(dict(reply))}")
            raise Failed(f"it is not {kind}")
        event = adapter.events.pop(0)
        if event["event"] != kind:
            raise Failed(f"it is {event['event']}, not {kind}")
        return event
