"""Runs that ended long ago: what is kept of them elsewhere, and how they leave the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from signoff.server.domain.ids import oldest_execution, oldest_message
from signoff.server.domain.store import Change, Missed, Row
from signoff.server.operations import rendering
from signoff.server.operations.context import Context

PORTION = 1_000
"""Rows that are read, or deleted, at a time."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The events of one execution, as `signoff audit export` writes them."""

    execution_id: str
    ended_at: int
    """When the execution ended, in ms since the epoch."""
    event_seq: int
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is over: its executions, each with its chain."""

    run_id: str
    chains: list[Chain]


async def list_over(context: Context, before: int, *, limit: int) -> list[str]:
    """The ids of runs all of whose executions ended before a time, the oldest first.

    A run of which anything is unfinished is not among them, nor one of which a message waits for
    its delivery, nor one that the same request with the same idempotency key is to find.

    Args:
        context: the server's.
        before: ms since the epoch.
        limit: so many at most.
    """
    rows = await context.store.all(
        "list_runs_over",
        now=context.clock.now(),
        before=before,
        before_id=oldest_execution(before),
        limit=limit,
    )
    return [row["run_id"] for row in rows]


async def read(context: Context, run_id: str) -> Run | None:
    """A run with all that its chains hold; None when another server has deleted it meanwhile."""
    rows = await context.store.all("list_run", run_id=run_id)
    chains = [await _chain(context, row) for row in rows]
    whole = [chain for chain in chains if chain is not None]
    return Run(run_id, whole) if whole and len(whole) == len(chains) else None


async def forget(context: Context, run: Run) -> bool:
    """Delete a run as it was read; False when something was added to it since, such as a note."""
    change = Change()
    for chain in run.chains:
        change.add("check_ended", execution_id=chain.execution_id, if_event_seq=chain.event_seq)
    ids = tuple(chain.execution_id for chain in run.chains)
    for table in ("waiters", "idempotency", "steps", "events", "approval_requests"):
        for start in range(0, len(ids), PORTION):  # a statement takes 32,767 values at most
            some = ids[start : start + PORTION]
            change.add(f"delete_{table}_of", expect=None, execution_ids=some)
    change.add("delete_run", expect=len(ids), run_id=run.run_id)
    try:
        await context.store.apply(change)
    except Missed:
        return False
    return True


async def forget_messages(context: Context, before: int) -> bool:
    """Delete some of the messages whose executions are gone; whether there may be more."""
    rows = await context.store.all(
        "list_messages_left", before_id=oldest_message(before), limit=PORTION
    )
    if rows:
        change = Change()
        change.add("delete_messages", expect=None, ids=tuple(row["id"] for row in rows))
        await context.store.apply(change)
    return len(rows) == PORTION


async def _chain(context: Context, row: Row) -> Chain | None:
    """The chain of an execution; None when it does not reach its head: it was deleted meanwhile."""
    execution_id, lines, after = row["execution_id"], [], 0
    while True:
        events = await context.store.all(
            "list_events", chain_id=execution_id, after=after, limit=PORTION
        )
        lines += _lines(events)
        if len(events) < PORTION:
            break
        after = events[-1]["seq"]
    if len(lines) < row["event_seq"]:
        return None
    head = {"id": execution_id, "event_head": rendering.head(row)}
    lines.append(rendering.dump(head) + "\n")
    return Chain(execution_id, row["completed_at"], row["event_seq"], lines)


def _lines(events: Iterable[Row]) -> list[str]:
    return [rendering.dump(rendering.event(row)) + "\n" for row in events]
