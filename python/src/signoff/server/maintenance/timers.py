"""What happens at a time that is written down: requests expire, executions run for too long."""

from __future__ import annotations

from signoff.server.domain.store import Change
from signoff.server.operations import dispatching, expiry
from signoff.server.operations.context import Context

AT_ONCE = 100
"""How many are done between two looks at whatever else the server has to do."""

RECEIPTS_MS = 3_600_000
"""For how long the answers to signed webhooks are kept: far beyond the window of signatures."""

PRUNED_EVERY_MS = 3_600_000


class Timers:
    """Closes what nobody decided in time, ends what ran for too long, forgets what is over."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pruned_at: int | None = None

    async def run_due(self) -> None:
        """Do everything whose time has come."""
        now = self._context.clock.now()
        while await expiry.expire_due(self._context, now, limit=AT_ONCE) >= AT_ONCE:
            pass
        while await dispatching.time_out_due(self._context, limit=AT_ONCE) >= AT_ONCE:
            pass
        if self._pruned_at is None or abs(now - self._pruned_at) >= PRUNED_EVERY_MS:
            self._pruned_at = now
            await self._prune(now)

    async def next_due(self) -> int | None:
        """When the next request expires, or the next running clock runs out."""
        row = await self._context.store.one("next_timeout")
        times = (await expiry.next_expiry(self._context), None if row is None else row["at"])
        return min((at for at in times if at is not None), default=None)

    async def _prune(self, now: int) -> None:
        change = Change()
        change.add("delete_receipts", expect=None, before=now - RECEIPTS_MS)
        change.add("delete_old_idempotency", expect=None, now=now)
        await self._context.store.apply(change)
