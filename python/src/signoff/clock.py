"""Time as the SDK sees it: injected, so that tests of waits and retries take no time."""

import asyncio
import time
from typing import Protocol, SupportsFloat


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


def checked_seconds(name: str, seconds: object) -> float:
    """A span of time as a caller gave it, under `name`; infinity is one.

    Raises:
        TypeError: it is no number.
        ValueError: it is below 0, or NaN.
    """
    if not isinstance(seconds, SupportsFloat) or isinstance(seconds, bool):
        raise TypeError(f"{name} must be a number of seconds, not {seconds!r}")
    span = float(seconds)
    if span >= 0:
        return span
    raise ValueError(f"{name} must be a number of seconds, 0 or more, not {seconds}")


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
