"""Cancelling an execution: it, all that is below it and their pending requests, in one change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.contract_gen import ExecutionStatus
from signoff.server.domain.execution import CANCELLED
from signoff.server.domain.principal import Principal
from signoff.server.operations import access, executions, serial
from signoff.server.operations.context import Context
from signoff.server.operations.endings import end
from signoff.server.operations.rendering import Shape
from signoff.server.operations.tree import Tree

PARENT_CANCELLED = "parent_cancelled"
"""The ``status_reason`` of a descendant that was cancelled with its ancestor."""


async def cancel_execution(
    context: Context,
    principal: Principal,
    execution_id: str,
    body: Mapping[str, Any] | None = None,
) -> Shape:
    """``cancelExecution``: cancel an execution and its descendants; agents are told.

    Args:
        context: the server's.
        principal: who cancels.
        execution_id: the execution.
        body: a ``Cancellation``; its reason becomes the status_reason.

    Raises:
        NotFound: there is no such execution.
        Conflict: ``execution_finished``: it ended otherwise; with the execution.
    """
    row = await access.readable_execution(context, principal, execution_id)
    bare = row["execution_id"]
    reason = (body or {}).get("reason")

    async def work() -> None:
        tree = await Tree.load(context, bare, descendants=True)
        if tree.execution.status == ExecutionStatus.CANCELLED:
            return
        access.require_unfinished(context, tree.execution.row)
        below = tree.descendants
        # Parents first: none of them goes on for a moment because its child has ended.
        for member in (tree.execution, *below):
            why = reason if member is tree.execution else PARENT_CANCELLED
            await end(
                context,
                tree,
                principal.actor,
                CANCELLED,
                of=member,
                reason=why,
                tell_agent=True,
                cancel_requested=1,
            )
        for member in (tree.execution, *below):
            # A child that was started meanwhile would be left behind: then the change misses.
            tree.add("check_children", expect=0, parent_execution_id=member.chain_id)
        await context.store.apply(tree.change())

    await serial.change(context, row["run_id"], work)
    return await executions.shape(context, await access.stored(context, bare))
