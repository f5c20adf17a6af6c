"""What is due by a clock that was set back since: it would lie for as long as that was.

Deadlines that people see (``expires_at``) are points in time, and stay. When work is tried again
is nobody's promise: it is tried early rather than late.
"""

from __future__ import annotations

from signoff.server.domain.store import Change
from signoff.server.operations.claims import SEND_MS
from signoff.server.operations.context import Context

LONGEST_MS = 300_000
"""No work is put off for longer, nor any message: what is due later was due by another time."""


async def hasten(context: Context, *, beyond_ms: int = LONGEST_MS) -> None:
    """Make work and messages due now that are due later than in ``beyond_ms``.

    Rows that a server took for longer than any takes them are left to all again. Once is as good as
    often: of several servers each does it when it follows the clock, and the last one sees what
    those before could not.

    Raises:
        StoreUnavailable: the store can't be written.
    """
    now = context.clock.now()
    times = {"now": now, "beyond": now + beyond_ms, "claimed_beyond": now + SEND_MS}
    change = Change(topics={"due"})
    change.add("hasten_dispatches", expect=None, **times)
    change.add("hasten_all_messages", expect=None, **times)
    if context.store.shared:
        beyond = times["claimed_beyond"]
        change.add("drop_claims_of_leases", expect=None, claimed_beyond=beyond)
        change.add("drop_claims_of_expiries", expect=None, claimed_beyond=beyond)
    await context.store.apply(change)
