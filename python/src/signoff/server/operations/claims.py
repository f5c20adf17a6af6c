"""Who does what is due: of several servers that share a database, each takes some of it.

A server that takes rows marks them for a few seconds, and the others pass them over: nobody
leads, and what one that died had taken comes back by itself. The marks only save work. That each
thing happens once is up to the guards of its change, so a server that knows of no other leaves
them out.
"""

from __future__ import annotations

from signoff.server.domain.store import Change, Row, Value
from signoff.server.operations.context import Context, InstanceKey

CLAIM_MS = 5_000
"""For so long what a server has taken is left to it."""

SEND_MS = 15_000
"""The same for messages, whose targets may take ten seconds to answer."""


async def expiries(context: Context, now: int, *, limit: int) -> list[Row]:
    """Pending requests whose time is over at ``now``, the oldest first."""
    rows = await _due(context, "due_expiries", CLAIM_MS, now=now, limit=limit)
    return sorted(rows, key=lambda row: (row["expires_at"], row["id"]))


async def timeouts(context: Context, *, limit: int) -> list[Row]:
    """Executions whose running time is over, the oldest first."""
    rows = await _due(context, "due_timeouts", CLAIM_MS, now=context.clock.now(), limit=limit)
    return sorted(rows, key=lambda row: row["timeout_at"])


async def dispatches(
    context: Context, node_id: str, *, limit: int, without: tuple[str, ...] = ()
) -> dict[str, str]:
    """Executions of a node that are due to be sent to an instance, the longest waiting first.

    Returns:
        Their ids with their reasoners, none of which is among those of ``without``.
    """
    passed_over = {"without": without} if without else {}
    rows = await _due(
        context,
        "due_dispatch_ids",
        CLAIM_MS,
        now=context.clock.now(),
        limit=limit,
        node_id=node_id,
        **passed_over,
    )
    return {row["execution_id"]: row["reasoner"] for row in rows}


async def leave(context: Context, execution_ids: list[str]) -> None:
    """What was taken to be sent goes nowhere now: it is anybody's again."""
    if execution_ids and are_needed(context):
        change = Change(topics={"due"})
        change.add("leave_dispatches", expect=None, execution_ids=tuple(execution_ids))
        await context.store.apply(change)


async def leases_of(context: Context, key: InstanceKey, *, limit: int) -> list[tuple[str, int]]:
    """Executions that an instance holds, with their attempts."""
    rows = await _due(
        context, "held_attempts", CLAIM_MS, now=context.clock.now(), limit=limit, **key._asdict()
    )
    return [(row["execution_id"], row["attempt"]) for row in rows]


async def messages(context: Context, *, limit: int) -> list[Row]:
    """Where messages go that are due, the oldest first; only where claims are needed."""
    return await _due(context, "due_messages", SEND_MS, now=context.clock.now(), limit=limit)


def hold(context: Context, row: Row) -> bool:
    """Whether a message that was taken is still this server's to send, if that matters."""
    return not are_needed(context) or (row["claimed_until"] or 0) > context.clock.now()


def are_needed(context: Context) -> bool:
    """Whether there is anybody to share with."""
    return context.store.shared and bool(context.peers)


async def _due(
    context: Context, what: str, claim_ms: int, *, now: int, **params: Value
) -> list[Row]:
    if are_needed(context):
        until = now + claim_ms
        return await context.store.take(f"claim_{what}", now=now, until=until, **params)
    unclaimed = {} if what == "held_attempts" else {"now": now}
    return await context.store.all(f"list_{what}", **unclaimed, **params)
