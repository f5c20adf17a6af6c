"""Start executions, read them, wait for their end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.contract_gen import ExecutionStatus
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Row, given
from signoff.server.operations import access, approval_reads, cursors, rendering, starting
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape
from signoff.server.operations.waiting import wait_for


async def execute(
    context: Context,
    principal: Principal,
    *,
    target: str,
    body: Mapping[str, Any],
    parent: str | None = None,
    idempotency_key: str | None = None,
    wait_seconds: float = 90.0,
) -> Shape:
    """``execute``: start a reasoner and wait until it is finished or has reached a gate.

    Args:
        context: the server's.
        principal: who calls.
        target: ``{node_id}.{reasoner}``.
        body: an ``ExecuteRequest``.
        parent: the attempt id of the execution that calls (``X-Parent-Execution-ID``).
        idempotency_key: makes a repeat safe.
        wait_seconds: how long to wait at most.

    Returns:
        The execution; it is finished (200) when ``completed_at`` is there, else 202.

    Raises:
        Refusal: see :func:`signoff.server.operations.starting.start`.
    """
    request = starting.Request("execute", target, body, parent, idempotency_key)
    row = await starting.start(context, principal, request)
    execution_id = row["execution_id"]

    async def look() -> Row:
        return await access.stored(context, execution_id)

    row = await wait_for(context, f"exec:{execution_id}", look, _finished_or_waiting, wait_seconds)
    return await shape(context, row)


async def execute_async(
    context: Context,
    principal: Principal,
    *,
    target: str,
    body: Mapping[str, Any],
    parent: str | None = None,
    idempotency_key: str | None = None,
) -> Shape:
    """``executeAsync``: start a reasoner; the arguments are those of :func:`execute`.

    Returns:
        The execution, new or known before.

    Raises:
        Refusal: see :func:`signoff.server.operations.starting.start`.
    """
    request = starting.Request("executeAsync", target, body, parent, idempotency_key)
    return await shape(context, await starting.start(context, principal, request))


async def get_execution(
    context: Context, principal: Principal, execution_id: str, *, wait_seconds: float = 0.0
) -> Shape:
    """``getExecution``: an execution, once it is finished or ``wait_seconds`` are over.

    Raises:
        Refusal: ``not_found``, ``forbidden``.
    """

    async def look() -> Row:
        return await access.readable_execution(context, principal, execution_id)

    topic = f"exec:{approval_reads.bare(execution_id)}"
    return await shape(context, await wait_for(context, topic, look, _finished, wait_seconds))


async def list_executions(
    context: Context,
    principal: Principal,  # noqa: ARG001 - whoever may call it may see all
    *,
    limit: int = 50,
    cursor: str | None = None,
    status: str | None = None,
    node_id: str | None = None,
    run_id: str | None = None,
) -> Shape:
    """``listExecutions``: a page of executions, newest first.

    Raises:
        Refusal: ``invalid_cursor``.
    """
    before = None if cursor is None else cursors.decode("executions", cursor)
    filters = given(before=before, status=status, node_id=node_id, run_id=run_id)
    rows = await context.store.all("list_executions", limit=limit + 1, **filters)
    shown, more = cursors.page("executions", rows, limit, lambda row: str(row["execution_id"]))
    return {"items": [await shape(context, row) for row in shown], **more}


async def shape(context: Context, row: Row) -> Shape:
    """The ``Execution`` of a row, with the ids of its pending requests."""
    pending: list[str] = []
    if row["pending_own"]:
        requests = await context.store.all(
            "list_execution_requests", execution_id=row["execution_id"], pending=1
        )
        pending = [request["id"] for request in requests]
    return rendering.execution(row, pending, now=context.clock.now())


def _finished(row: Row) -> bool:
    return row["completed_at"] is not None


def _finished_or_waiting(row: Row) -> bool:
    return _finished(row) or row["status"] == ExecutionStatus.WAITING
