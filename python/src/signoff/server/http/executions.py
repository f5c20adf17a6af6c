"""The operations on executions."""

from __future__ import annotations

from starlette.responses import Response

from signoff.server.http.replies import shape
from signoff.server.http.requests import Call
from signoff.server.operations import cancellations, executions, reports


async def execute(call: Call) -> Response:
    """Run a reasoner and wait for the end; a gate, or the end of the wait, is 202."""
    execution = await executions.execute(
        call.context,
        call.principal,
        target=call.path["target"],
        body=call.body,
        parent=call.headers.get("x-parent-execution-id"),
        idempotency_key=call.headers.get("idempotency-key"),
        wait_seconds=call.query["wait_seconds"],
    )
    if "completed_at" in execution:
        return shape(execution)
    return shape(execution, 202, location=f"/executions/{execution['execution_id']}")


async def execute_async(call: Call) -> Response:
    """Start a reasoner."""
    execution = await executions.execute_async(
        call.context,
        call.principal,
        target=call.path["target"],
        body=call.body,
        parent=call.headers.get("x-parent-execution-id"),
        idempotency_key=call.headers.get("idempotency-key"),
    )
    return shape(execution, 202, location=f"/executions/{execution['execution_id']}")


async def get_execution(call: Call) -> Response:
    """Read an execution, or wait for its end."""
    return shape(
        await executions.get_execution(
            call.context, call.principal, call.path["execution_id"], **call.query
        )
    )


async def list_executions(call: Call) -> Response:
    """A page of executions."""
    return shape(await executions.list_executions(call.context, call.principal, **call.query))


async def report_execution_status(call: Call) -> Response:
    """Take the end of an attempt."""
    return shape(
        await reports.report_execution_status(
            call.context, call.principal, call.path["execution_id"], call.body
        )
    )


async def cancel_execution(call: Call) -> Response:
    """Cancel an execution and its descendants."""
    return shape(
        await cancellations.cancel_execution(
            call.context, call.principal, call.path["execution_id"], call.body
        )
    )


HANDLERS = {
    "execute": execute,
    "executeAsync": execute_async,
    "getExecution": get_execution,
    "listExecutions": list_executions,
    "reportExecutionStatus": report_execution_status,
    "cancelExecution": cancel_execution,
}
