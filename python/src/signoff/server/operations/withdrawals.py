"""Withdrawing a request: who asked does not want to know any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.contract_gen import ApprovalStatus
from signoff.server.domain.approval import WITHDRAWN, is_pending
from signoff.server.domain.errors import Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.domain.store import Row
from signoff.server.operations import approval_reads, closing, serial
from signoff.server.operations.closing import Words
from signoff.server.operations.context import Context
from signoff.server.operations.decisions import already_decided
from signoff.server.operations.rendering import Shape

UNSAID = "withdrawn"
"""The reason of a withdrawal that gives none."""


async def cancel_approval_request(
    context: Context, principal: Principal, request_id: str, body: Mapping[str, Any]
) -> Shape:
    """``cancelApprovalRequest``: the ``Approval``. Whoever waits is told ``error`` and the reason.

    Args:
        context: the server's.
        principal: a client for its own standalone requests, an agent for its nodes' executions.
        request_id: ``apr_…``.
        body: a ``Cancellation``; its ``reason`` is :data:`UNSAID` by default.

    Raises:
        NotFound: there is no such request.
        Refusal: ``forbidden``.
        Conflict: ``already_decided``: a decision or the expiry came first; with ``approval``.
    """
    row = await approval_reads.stored(context, request_id)
    _require_asker(principal, row)
    words = Words(reason=body.get("reason") or UNSAID)

    async def work() -> Shape:
        return await _withdraw(context, principal, row, words)

    return await serial.change(context, row["run_id"] or request_id, work)


async def _withdraw(context: Context, principal: Principal, found: Row, words: Words) -> Shape:
    draft, request = await closing.load(context, found)
    row = request.row
    if not is_pending(row):
        if row["status"] == ApprovalStatus.CANCELLED:
            return closing.shown(request)
        raise already_decided(closing.shown(request), row["status"])
    late = draft.now >= row["expires_at"]
    if late:
        await closing.expire(context, draft, request)
    else:
        await closing.close(context, draft, request, WITHDRAWN, principal.actor, words=words)
    await context.store.apply(draft.change())
    if late:
        raise already_decided(closing.shown(request), row["status"])
    return closing.shown(request)


def _require_asker(principal: Principal, row: Row) -> None:
    if principal.role is Role.ADMIN:
        return
    if row["execution_id"] is None:
        mine = principal.role is Role.CLIENT and row["owner"] == principal.id
    else:
        mine = principal.speaks_for(row["node_id"])
    if not mine:
        raise Refusal("forbidden", "This key did not ask that question.")
