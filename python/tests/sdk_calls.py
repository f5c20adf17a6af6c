"""A call of each operation with the least that it needs, for the tables of the SDK's tests.

They fit `AsyncClient` and `Client` alike: what they return is awaited where it can be.
"""

from typing import Any

SHA = "0" * 64

CALLS: dict[str, Any] = {
    "registerNode": lambda c: c.register_node("n", "http://127.0.0.1:1"),
    "heartbeatNode": lambda c: c.heartbeat_node("n"),
    "shutdownNode": lambda c: c.shutdown_node("n"),
    "listNodes": lambda c: c.list_nodes(),
    "getNode": lambda c: c.get_node("n"),
    "execute": lambda c: c.execute("n.r"),
    "executeAsync": lambda c: c.execute_async("n.r"),
    "listExecutions": lambda c: c.list_executions(),
    "getExecution": lambda c: c.get_execution("exec_1"),
    "reportExecutionStatus": lambda c: c.report_execution_status("exec_1", "succeeded"),
    "cancelExecution": lambda c: c.cancel_execution("exec_1"),
    "addNote": lambda c: c.add_note("exec_1", "message"),
    "recordStep": lambda c: c.record_step(
        "exec_1", "step.s.1", kind="step", name="s", input_sha256=SHA
    ),
    "listSteps": lambda c: c.list_steps("exec_1"),
    "appendExecutionEvent": lambda c: c.append_execution_event("exec_1", "agent.x"),
    "listExecutionEvents": lambda c: c.list_execution_events("exec_1"),
    "streamExecutionEvents": lambda c: c.stream_execution_events("exec_1"),
    "requestExecutionApproval": lambda c: c.request_execution_approval("n", "exec_1", "own"),
    "getExecutionApprovalStatus": lambda c: c.get_execution_approval_status("n", "exec_1"),
    "createApprovalRequest": lambda c: c.create_approval_request("own"),
    "listApprovalRequests": lambda c: c.list_approval_requests(),
    "getApprovalRequest": lambda c: c.get_approval_request("apr_1"),
    "listApprovalRequestEvents": lambda c: c.list_approval_request_events("apr_1"),
    "decideApprovalRequest": lambda c: c.decide_approval_request("apr_1", "approved"),
    "cancelApprovalRequest": lambda c: c.cancel_approval_request("apr_1"),
    "receiveApprovalResponse": lambda c: c.receive_approval_response(
        b"{}", {"X-Webhook-Signature": "sha256=0"}
    ),
    "listDeliveries": lambda c: c.list_deliveries(),
    "retryDelivery": lambda c: c.retry_delivery("msg_1"),
    "getHealth": lambda c: c.get_health(),
    "getReadiness": lambda c: c.get_readiness(),
    "getOpenapi": lambda c: c.get_openapi(),
    "getMetrics": lambda c: c.get_metrics(),
}

WITH_KEY: dict[str, Any] = {
    "addNote": lambda c: c.add_note("exec_1", "message", key="note.1"),
    "appendExecutionEvent": lambda c: c.append_execution_event("exec_1", "agent.x", key="k"),
    "requestExecutionApproval": lambda c: c.request_execution_approval(
        "n", "exec_1", "own", step_key="pause.1"
    ),
}
"""The calls that a key makes safe to repeat."""
