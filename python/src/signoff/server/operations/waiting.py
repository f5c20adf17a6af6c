"""Long polls: subscribe, then look until it is done, time is up, or the server stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from signoff.server.operations.context import Context

T = TypeVar("T")


async def wait_for(
    context: Context,
    topic: str,
    look: Callable[[], Awaitable[T]],
    done: Callable[[T], bool],
    wait_seconds: float,
) -> T:
    """Look until what is seen is ``done``, and return what was seen last.

    Args:
        context: the server's.
        topic: woken by the commits that may change what is seen.
        look: reads the state; what it raises ends the wait.
        done: whether there is nothing to wait for.
        wait_seconds: how long to wait at most; 0 or less looks once.
    """
    if wait_seconds <= 0:
        return await look()
    deadline = context.clock.now() + round(wait_seconds * 1000)
    with context.store.watch(topic) as watch:
        over = False  # told by the wait: the clock may have been set back since
        while not done(seen := await look()):
            if over or context.stopping.is_set() or context.clock.now() >= deadline:
                break
            await context.clock.wait_until(deadline, watch.event)
            over = not watch.event.is_set()
            watch.event.clear()
    return seen
