"""The operations on approval requests."""

from __future__ import annotations

from starlette.responses import Response

from signoff.server.http.replies import shape
from signoff.server.http.requests import Call
from signoff.server.operations import approval_reads, approvals, decisions, withdrawals


async def request_execution_approval(call: Call) -> Response:
    """Ask a person, from within an execution."""
    return shape(
        await approvals.request_execution_approval(
            call.context,
            call.principal,
            call.path["node_id"],
            call.path["execution_id"],
            call.body,
        )
    )


async def get_execution_approval_status(call: Call) -> Response:
    """Read the newest request of an execution."""
    return shape(
        await approval_reads.get_execution_approval_status(
            call.context,
            call.principal,
            call.path["node_id"],
            call.path["execution_id"],
            **call.query,
        )
    )


async def create_approval_request(call: Call) -> Response:
    """Ask a person, without an execution."""
    approval, is_new = await approvals.create_approval_request(
        call.context, call.principal, call.body
    )
    if not is_new:
        return shape(approval)
    return shape(approval, 201, location=f"/approval-requests/{approval['id']}")


async def list_approval_requests(call: Call) -> Response:
    """A page of requests."""
    times = {name: call.time(name) for name in ("decided_after", "decided_before")}
    return shape(
        await approval_reads.list_approval_requests(call.context, **{**call.query, **times})
    )


async def get_approval_request(call: Call) -> Response:
    """Read a request, or wait for its decision."""
    return shape(
        await approval_reads.get_approval_request(
            call.context, call.principal, call.path["id"], **call.query
        )
    )


async def list_approval_request_events(call: Call) -> Response:
    """A page of the events of a request."""
    return shape(
        await approval_reads.list_approval_request_events(
            call.context, call.path["id"], **call.query
        )
    )


async def decide_approval_request(call: Call) -> Response:
    """Decide a request."""
    return shape(
        await decisions.decide_approval_request(
            call.context, call.principal, call.path["id"], call.body
        )
    )


async def cancel_approval_request(call: Call) -> Response:
    """Withdraw a request."""
    return shape(
        await withdrawals.cancel_approval_request(
            call.context, call.principal, call.path["id"], call.body
        )
    )


HANDLERS = {
    "requestExecutionApproval": request_execution_approval,
    "getExecutionApprovalStatus": get_execution_approval_status,
    "createApprovalRequest": create_approval_request,
    "listApprovalRequests": list_approval_requests,
    "getApprovalRequest": get_approval_request,
    "listApprovalRequestEvents": list_approval_request_events,
    "decideApprovalRequest": decide_approval_request,
    "cancelApprovalRequest": cancel_approval_request,
}
