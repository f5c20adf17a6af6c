"""What happens at a time that is written down: requests expire, executions run for too long."""

from __future__ import annotations

from signoff.server.domain.store import Change
from signoff.server.operations import claims, dispatching, expiry, nodes, serial
from signoff.server.operations.context import Context
from signoff.server.operations.responses import RECEIPT_MS

AT_ONCE = 100
"""How many are done between two looks at whatever else the server has to do."""

PRUNED_EVERY_MS = 3_600_000

OTHERS_MS = 100
"""How soon to look again at what another server has taken."""

INSTANCE_MS = 86_400_000
"""For so long instances are kept that are away."""

PORTION = 1_000
"""Rows that are forgotten in one change."""


class Timers:
    """Closes what nobody decided in time, ends what ran for too long, forgets what is over."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._pruned_at: int | None = None

    async def run_due(self) -> None:
        """Do everything whose time has come."""
        now = self._context.clock.now()
        await serial.every((self._expire(now), self._time_out(), self._prune(now)))

    async def next_due(self) -> int | None:
        """When the next request expires, or the next running clock runs out."""
        row = await self._context.store.one("next_timeout")
        times = (await expiry.next_expiry(self._context), None if row is None else row["at"])
        at = min((at for at in times if at is not None), default=None)
        if at is not None and claims.are_needed(self._context):
            # What is overdue another server is at: see soon whether it has done it.
            at = max(at, self._context.clock.now() + OTHERS_MS)
        return at

    async def _expire(self, now: int) -> None:
        while await expiry.expire_due(self._context, now, limit=AT_ONCE) >= AT_ONCE:
            pass

    async def _time_out(self) -> None:
        while await dispatching.time_out_due(self._context, limit=AT_ONCE) >= AT_ONCE:
            pass

    async def _prune(self, now: int) -> None:
        if self._pruned_at is not None and abs(now - self._pruned_at) < PRUNED_EVERY_MS:
            return
        self._pruned_at = now
        await self._forget("any_old_receipts", "delete_old_receipts", before=now - RECEIPT_MS)
        await self._forget("any_old_idempotency", "delete_old_idempotency", now=now)
        away = nodes.AWAY
        await self._forget(
            "any_old_instances", "delete_old_instances", before=now - INSTANCE_MS, state=away
        )
        change = Change()
        change.add("delete_old_waiters", expect=None)
        change.add("delete_old_in_hand_pages", expect=None)
        await self._context.store.apply(change)

    async def _forget(self, is_any: str, delete: str, **old: int | str) -> None:
        # In portions: others write, too.
        while await self._context.store.one(is_any, **old) is not None:
            change = Change()
            change.add(delete, expect=None, limit=PORTION, **old)
            await self._context.store.apply(change)
