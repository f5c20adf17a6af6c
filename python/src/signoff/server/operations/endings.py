"""The end of an execution, by whatever way: all that goes with it, in one change.

Its own pending requests are cancelled, answers that nobody will hear are dropped, whoever asked
to be told is told. Children of an execution that succeeded, failed or timed out go on by
themselves; only cancelling takes them along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.contract_gen import DeliveryKind, ExecutionStatus
from signoff.server.domain.approval import WITHDRAWN, Request
from signoff.server.domain.event import Actor
from signoff.server.domain.execution import Execution
from signoff.server.domain.store import Statement, Value
from signoff.server.domain.transition import Transition
from signoff.server.operations import outbox
from signoff.server.operations.context import Context
from signoff.server.operations.tree import Tree

EXECUTION_FINISHED = "execution_finished"
"""The ``status_reason`` of a request that was pending when its execution came to its end."""


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
    if execution.row["pending_own"]:
        await _close_requests(context, tree, execution, actor)
    tree.move(transition, actor, reason=reason, data=data, of=execution, **columns)
    tree.extend([outbox.drop_callbacks(execution.chain_id)])
    tree.defer(lambda: outbox.execution_finished(context, execution, now=tree.now))


async def _close_requests(context: Context, tree: Tree, execution: Execution, actor: Actor) -> None:
    rows = await context.store.all(
        "list_execution_requests", execution_id=execution.chain_id, pending=1
    )
    closed = [Request(row, execution) for row in rows]
    for request in closed:
        request.close(WITHDRAWN, at=tree.now, actor=actor, reason=EXECUTION_FINISHED)
        tree.extend(request.statements())
        tree.wake(f"apr:{request.row['id']}")

    def notifications() -> list[Statement]:
        kind, head = DeliveryKind.APPROVAL_CANCELLED, execution.head
        return [
            message
            for request in closed
            for message in outbox.notification(context, kind, request.row, head, now=tree.now)
        ]

    tree.defer(notifications)


async def _tell_agent(
    context: Context, tree: Tree, execution: Execution, reason: str | None
) -> None:
    row = execution.row
    if row["lease_instance"] is None:
        return
    instance = await context.store.one(
        "get_instance", node_id=row["node_id"], instance_id=row["lease_instance"]
    )
    if instance is not None:
        tree.extend(
            [outbox.cancel_notice(context, execution, instance, now=tree.now, reason=reason)]
        )
