"""Time as the SDK sees it: injected, so that tests of waits and retries take no time."""

import asyncio
import time
from typing import Protocol


class AsyncClock(Protocol):
    """Time for `AsyncClient` and agents, in seconds."""

    def now(self) -> float:
        """Seconds since 1970: for signatures and dates."""
        ...

    def monotonic(self) -> float:
        """Seconds from some start that never step: for deadlines."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Come back after `seconds`."""
        ...


class Clock(Protocol):
    """Time for the blocking `Client`, in seconds."""

    def now(self) -> float:
        """Seconds since 1970: for signatures and dates."""
        ...

    def monotonic(self) -> float:
        """Seconds from some start that never step: for deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Come back after `seconds`."""
        ...


class AsyncSystemClock:
    """This machine's time."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never step."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let others run for `seconds`."""
        await asyncio.sleep(seconds)


class SystemClock:
    """This machine's time, for threads."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never step."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Hold this thread for `seconds`."""
        time.sleep(seconds)
