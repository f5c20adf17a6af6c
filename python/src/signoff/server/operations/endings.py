"""The end of an execution, by whatever way: all that goes with it, in one change.

Its own pending requests are cancelled, answers that nobody will hear are dropped, whoever asked
to be told is told. Children of an execution that succeeded, failed or timed out go on by
themselves; only cancelling takes them along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.contract_gen import ExecutionStatus
from signoff.server.domain.event import Actor
from signoff.server.domain.execution import Execution
from signoff.server.domain.node import AttemptId
from signoff.server.domain.store import Value
from signoff.server.domain.transition import Transition
from signoff.server.operations import closing, outbox, waiters
from signoff.server.operations.context import Context
from signoff.server.operations.tree import Tree


async def end(
    context: Context,
    tree: Tree,
    actor: Actor,
    transition: Transition[ExecutionStatus],
    *,
    of: Execution | None = None,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
    tell_agent: bool = False,
    **columns: Value,
) -> None:
    """End the execution of the tree (``of``: that member), with its pending requests.

    Args:
        context: the server's.
        tree: applied by the caller.
        actor: who ends it.
        transition: a move to an end.
        of: which member.
        reason: its status_reason.
        data: more for the event.
        tell_agent: whether the instance that holds it is told to stop.
        columns: result, error, error_details, cancel_requested.
    """
    execution = of or tree.execution
    if tell_agent:
        await _tell_agent(context, tree, execution, reason)
    # An agent whose run is cancelled has waiters left behind; one that reports an end has none.
    if not (tell_agent and execution.row["pending_own"]):
        waiters.drop(tree, execution)
    await closing.close_pending(context, tree, actor, of=execution, clear_waiters=tell_agent)
    tree.move(transition, actor, reason=reason, data=data, of=execution, **columns)
    tree.extend([outbox.drop_callbacks(execution.chain_id)])
    tree.defer(lambda: outbox.execution_finished(context, execution, now=tree.now))


async def _tell_agent(
    context: Context, tree: Tree, execution: Execution, reason: str | None
) -> None:
    instance = await closing.leaseholder(context, execution)
    if instance is not None:
        attempt = AttemptId(execution.chain_id, execution.row["attempt"])
        notice = outbox.cancel_notice(context, attempt, instance, now=tree.now, reason=reason)
        tree.extend([notice])
