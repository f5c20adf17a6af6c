"""Time for tests of the SDK: a wait takes none and is written down."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from signoff.clock import AsyncSystemClock


@dataclass
class FakeClock:
    """For the blocking client. `at` is both clocks, `waits` what was asked for."""

    at: float = 1_767_605_400.0  # 2026-01-05T09:30:00Z
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds


@dataclass
class AsyncFakeClock:
    """For the asynchronous client."""

    at: float = 1_767_605_400.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds


class SteppedClock(AsyncSystemClock):
    """The real time, for agents at a real server, whose waits `step` can shorten."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._stepped = asyncio.Event()

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        await asyncio.sleep(0)
        while (left := end - self.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stepped.wait(), left)

    def step(self, seconds: float) -> None:
        """So much time has passed, for whoever waits now or looks later."""
        self._ahead += seconds
        self._stepped.set()
        self._stepped = asyncio.Event()
