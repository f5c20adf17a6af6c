"""What agents report of their attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.canonical import digest
from signoff.contract_gen import ExecutionStatus, ReportedStatus
from signoff.server.domain.event import Actor
from signoff.server.domain.execution import FAILED, SUCCEEDED
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Row
from signoff.server.operations import access, executions, leases, nodes, rendering, serial
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.endings import end
from signoff.server.operations.rendering import Shape
from signoff.server.operations.tree import Tree
from signoff.strict_json import loads_strict


async def report_execution_status(
    context: Context, principal: Principal, execution_id: str, body: Mapping[str, Any]
) -> Shape:
    """``reportExecutionStatus``: take a ``StatusReport`` for an attempt id.

    ``running`` is a sign of life. ``waiting`` releases the lease (``waits_for`` says what the
    attempt waited for), ``cancelled`` for a run that nobody cancelled hands it back. ``succeeded``
    and ``failed`` end the execution, from ``waiting`` and from the queue too.

    Returns:
        The execution as it is now.

    Raises:
        NotFound: there is no such attempt.
        Refusal: ``forbidden``.
        Conflict: ``stale_attempt``, or ``execution_finished`` with the execution.
    """
    row = await access.newest_attempt(context, principal, execution_id)

    known = serial.once(context, row["run_id"], row)

    async def work() -> Shape:
        tree = await access.newest_tree(context, principal, execution_id, known())
        if not tree.execution.finished:
            await _apply(context, principal.actor, tree, body)
        elif not _is_repeat(tree.execution.row, body):
            raise access.finished(context, tree.execution.row)
        return await executions.shape(context, tree.execution.shown)

    shape = await serial.change(context, row["run_id"], work)
    if row["lease_instance"] is not None and body["status"] != ReportedStatus.RUNNING:
        context.liveness.eased(InstanceKey(row["node_id"], row["lease_instance"]))
    return shape


async def finish(
    context: Context, tree: Tree, actor: Actor, status: str, body: Mapping[str, Any]
) -> None:
    """End the execution of the tree as its agent says, and apply the change.

    ``status`` is ``succeeded`` or ``failed``; ``body`` holds result, error, error_details and
    status_reason of a ``StatusReport``, each optional.
    """
    columns = _columns(status, body)
    data: dict[str, Any] = {"attempt": tree.execution.row["attempt"]}
    if columns["result"] is not None:
        data["result_sha256"] = digest(body.get("result"))
    if columns["error"] is not None:
        data["error_sha256"] = digest(columns["error"])
    transition = SUCCEEDED if status == ExecutionStatus.SUCCEEDED else FAILED
    reason = body.get("status_reason")
    await end(
        context,
        tree,
        actor,
        transition,
        reason=reason,
        data=data,
        result=columns["result"],
        error=columns["error"],
        error_details=columns["error_details"],
    )
    await context.store.apply(tree.change())


async def _apply(context: Context, actor: Actor, tree: Tree, body: Mapping[str, Any]) -> None:
    status = body["status"]
    if status == ReportedStatus.RUNNING:
        row = tree.execution.row
        if row["lease_instance"] is not None:
            await nodes.sign_of_life(context, InstanceKey(row["node_id"], row["lease_instance"]))
    elif status == ReportedStatus.WAITING:
        await leases.suspend(context, tree, actor, body.get("waits_for"))
    elif status == ReportedStatus.CANCELLED:
        await leases.release(context, tree, actor, why="handed_back")
    else:
        await finish(context, tree, actor, status, body)


def _columns(status: str, body: Mapping[str, Any]) -> dict[str, str | None]:
    """What a terminal report leaves in the row. A success without a result has the result null."""
    failed = status == ExecutionStatus.FAILED
    result = rendering.user_json_of(body, "result")
    details = body.get("error_details")
    return {
        "result": result if failed or result is not None else "null",
        "error": body.get("error") if failed else None,
        "error_details": None if details is None or not failed else rendering.user_json(details),
    }


def _is_repeat(row: Row, body: Mapping[str, Any]) -> bool:
    """Whether a report says what is known: the same end, or the end that a cancel has asked for."""
    status = body["status"]
    if status != row["status"]:
        return False
    if status == ReportedStatus.CANCELLED:
        return True
    columns = _columns(status, body)
    return columns["error"] == row["error"] and all(
        _same_json(columns[name], row[name]) for name in ("result", "error_details")
    )


def _same_json(one: str | None, other: str | None) -> bool:
    if one is None or other is None or one == other:
        return one == other
    return digest(loads_strict(one)) == digest(loads_strict(other))
