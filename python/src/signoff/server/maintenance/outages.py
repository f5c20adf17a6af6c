"""Finds out when a store that was away is back."""

from __future__ import annotations

from signoff.server.operations import system
from signoff.server.operations.context import Context

LOOK_EVERY_MS = 1_000
"""How often, while it is away."""


class Outages:
    """Tries a store that somebody could not use, until it can be used again."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._looked_at = 0

    async def run_due(self) -> None:
        """Try it, if it was away and it is time to.

        Raises:
            StoreUnavailable: it still is.
        """
        at, now = await self.next_due(), self._context.clock.monotonic()
        if at is None or now < at:
            return
        self._looked_at = now
        await system.try_store(self._context)
        self._context.outage.answered(self._context.clock.monotonic())

    async def next_due(self) -> int | None:
        """When to try it again: ms on the monotonic clock; None while it is there."""
        since = self._context.outage.since
        return None if since is None else max(since, self._looked_at) + LOOK_EVERY_MS
