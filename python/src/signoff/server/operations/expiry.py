"""Requests that nobody decided in time: the server closes them, each exactly once.

Not an operation of the contract: the server's own loop calls it when :func:`next_expiry` has come.
"""

from __future__ import annotations

from signoff.server.domain.approval import is_pending
from signoff.server.domain.store import Row
from signoff.server.operations import claims, closing, serial
from signoff.server.operations.context import Context

AT_ONCE = 250
"""How many are read and closed together: their changes share commits, others get their turn."""


async def next_expiry(context: Context) -> int | None:
    """When the next pending request expires, in ms; None when none is pending."""
    row = await context.store.one("next_expiry")
    return None if row is None else row["at"]


async def expire_due(context: Context, now: int, *, limit: int = AT_ONCE) -> int:
    """Expire the pending requests whose ``expires_at`` is not after ``now``, in that order.

    Each is a change of its own: its event, its execution going on, the answer to whoever waits, a
    notification. What somebody else closes meanwhile is left alone.

    Args:
        context: the server's.
        now: ms since the epoch.
        limit: close at most so many; call again while it returns as many.

    Returns:
        How many were due, whoever closed them.

    Raises:
        StoreUnavailable: some could not be closed; they stay due.
    """
    rows = await claims.expiries(context, now, limit=limit)
    # They queue for the writer in the order in which they start.
    await serial.every(_expire(context, row) for row in rows)
    return len(rows)


async def _expire(context: Context, row: Row) -> None:
    async def work() -> None:
        draft, request = await closing.load(context, row)
        if is_pending(request.row):
            await closing.expire(context, draft, request)
            await context.store.apply(draft.change())

    await serial.change(context, row["run_id"] or row["id"], work)
