"""The end of a lease: the instance holds the run no more, and the next attempt may come."""

from __future__ import annotations

from collections.abc import Collection

from signoff.server.domain.event import SERVER, Actor
from signoff.server.domain.execution import ABANDONED, RUNNING
from signoff.server.operations import outbox, serial, unheard, waiters
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.endings import end
from signoff.server.operations.tree import Tree

ATTEMPTS_EXHAUSTED = "attempts_exhausted"
"""The ``status_reason`` of an execution whose attempts come to nothing."""

SUSPENDED = "released"
"""Why the lease of an attempt ended whose agent reported ``waiting``."""


async def release(
    context: Context, tree: Tree, actor: Actor, *, why: str, delay_ms: int = 0
) -> None:
    """End the lease of the tree's execution and apply the change; without a lease do nothing.

    A running one is queued again. A waiting one stays, and is due only when there is a decision
    that no agent has taken, or a child has ended whose result the attempt did not take. What is
    due waits for ``delay_ms``, or for longer when more than one attempt in a row came to nothing.
    When so many did that there is no next one, the execution fails with ``attempts_exhausted``;
    one that waits is left to its decision then, if the result of a child is all there is.

    Args:
        context: the server's.
        tree: the execution, unfinished, loaded in this try.
        actor: who ended it.
        why: a word for the event.
        delay_ms: how long to wait at least before the next attempt.
    """
    execution = tree.execution
    if execution.row["lease_instance"] is None:
        return
    due = execution.status == RUNNING or await _is_due(context, tree)
    delay_ms = max(delay_ms, execution.idle_delay_ms)
    await _end(context, tree, actor, why, due_at=tree.now + delay_ms if due else None)


async def suspend(
    context: Context, tree: Tree, actor: Actor, waits_for: Collection[str] | None = None
) -> None:
    """The agent has let go of a run that only waits; without a lease do nothing.

    It is due at once when it does not wait any more, or when something that the attempt waited
    for has come to its end before this. Otherwise the attempt does not count as one that came to
    nothing: there was nothing that it could have come to.

    Args:
        context: the server's.
        tree: the execution, unfinished, loaded in this try.
        actor: who reports it.
        waits_for: the ids of the requests and children that the attempt waited for. None: it did
            not say, and only a decision that no agent has taken makes it due.
    """
    execution = tree.execution
    if execution.row["lease_instance"] is None:
        return
    due_at: int | None = tree.now
    if execution.status == RUNNING:
        # A decision has come and started the count anew, or it never waited for anything.
        due_at = tree.now + execution.idle_delay_ms
    elif not await _is_answered(context, tree, waits_for):
        due_at = None
        execution.set(idle_attempts=max(0, execution.row["idle_attempts"] - 1))
    await _end(context, tree, actor, SUSPENDED, due_at=due_at)


async def _is_answered(context: Context, tree: Tree, waits_for: Collection[str] | None) -> bool:
    if waits_for is None:
        return await unheard.has_decision(context, tree)
    return await _answered(context, tree, set(waits_for))


async def _is_due(context: Context, tree: Tree) -> bool:
    """Whether there is something for a waiting one that the attempt has not taken."""
    if await unheard.has_decision(context, tree):
        return True
    return not tree.execution.exhausted and await unheard.has_result(context, tree)


async def _answered(context: Context, tree: Tree, waits_for: set[str]) -> bool:
    """Whether one of them is no pending request or unfinished child of the tree's execution."""
    execution_id = tree.execution.chain_id
    requests = await context.store.all(
        "list_execution_requests", execution_id=execution_id, pending=1
    )
    children = await context.store.all("list_unfinished_children", parent_execution_id=execution_id)
    waited = waits_for & {row["execution_id"] for row in children}
    if waits_for - waited - {row["id"] for row in requests}:
        return True
    if waited:
        # The end of a child that overtakes this leaves nothing in the parent's row.
        tree.add("check_unfinished", expect=len(waited), execution_ids=tuple(sorted(waited)))
    return False


async def _end(context: Context, tree: Tree, actor: Actor, why: str, *, due_at: int | None) -> None:
    execution = tree.execution
    if due_at is not None and execution.exhausted:
        await _abandon(context, tree, actor)
    else:
        execution.release(at=tree.now, why=why, dispatch_at=due_at, actor=actor)
        tree.extend([outbox.drop_callbacks(execution.chain_id)])
        waiters.drop(tree, execution)
    await context.store.apply(tree.change())


async def end_lease(
    context: Context,
    execution_id: str,
    attempt: int,
    *,
    why: str = "lease_ended",
    delay_ms: int = 0,
) -> bool:
    """End the lease of one attempt; whether it was still there.

    Args:
        context: the server's.
        execution_id: the bare id.
        attempt: the attempt whose lease ends; a later one is left alone.
        why: a word for the event.
        delay_ms: how long to wait at least before the next attempt.
    """
    row = await context.store.one("get_execution", execution_id=execution_id)
    if row is None:
        return False

    async def work() -> bool:
        tree = await Tree.load(context, execution_id)
        now = tree.execution.row
        if now["attempt"] != attempt or now["lease_instance"] is None:
            return False
        await release(context, tree, SERVER, why=why, delay_ms=delay_ms)
        return True

    return await serial.change(context, row["run_id"], work)


async def end_leases(context: Context, key: InstanceKey, *, why: str = "lease_ended") -> int:
    """End all leases of an instance that is gone; how many there were.

    A lease that it gets meanwhile is left for the next call.
    """
    leases = await context.store.all("list_leases", **key._asdict())
    ended = 0
    for row in leases:
        ended += await end_lease(context, row["execution_id"], row["attempt"], why=why)
    return ended


async def _abandon(context: Context, tree: Tree, actor: Actor) -> None:
    attempts = tree.execution.row["idle_attempts"]
    await end(
        context,
        tree,
        actor,
        ABANDONED,
        reason=ATTEMPTS_EXHAUSTED,
        data={"attempt": tree.execution.row["attempt"]},
        error=f"{attempts} attempts in a row ended without a new step or decision",
        error_details=f'{{"attempts":{attempts}}}',
    )
