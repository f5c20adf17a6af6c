"""The operations of the contract: where each is, and when a request may be sent again.

One row per operationId, in the contract's order. A test compares the table with `openapi.yaml`.

A repeat is safe where the contract says so ("Repeating a request is safe ..."): then whatever was
lost is sent again. Where it is not, a request is sent again only when it never left this machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Repeat(Enum):
    """What makes a second request harmless."""

    ALWAYS = "always"
    """The operation itself: it reads, or the first write wins."""

    IDEMPOTENCY_KEY = "Idempotency-Key"
    """The header, which the client makes up once per call and keeps over its tries."""

    KEY = "key"
    """The member `key` of the body, where the caller gives one."""

    STEP_KEY = "step_key"
    """The member `step_key` of the body, where the caller gives one."""

    NEVER = "never"
    """Nothing: the second request may do something again."""


@dataclass(frozen=True, slots=True)
class Route:
    """Method and path template of an operation, and when it may be repeated."""

    method: str
    path: str
    repeat: Repeat

    def repeatable(self, headers: Mapping[str, str], body: Mapping[str, Any] | None) -> bool:
        """Whether this request of the operation may be sent twice."""
        if self.repeat is Repeat.IDEMPOTENCY_KEY:
            return Repeat.IDEMPOTENCY_KEY.value in headers
        if self.repeat in (Repeat.KEY, Repeat.STEP_KEY):
            return body is not None and self.repeat.value in body
        return self.repeat is Repeat.ALWAYS


_EXECUTION: Final = "/api/v1/executions/{execution_id}"
_AGENT: Final = "/api/v1/agents/{node_id}/executions/{execution_id}"
_APPROVALS: Final = "/api/v1/approval-requests"

ROUTES: Final[Mapping[str, Route]] = {
    "registerNode": Route("POST", "/api/v1/nodes/register", Repeat.ALWAYS),
    "heartbeatNode": Route("POST", "/api/v1/nodes/{node_id}/heartbeat", Repeat.ALWAYS),
    "shutdownNode": Route("POST", "/api/v1/nodes/{node_id}/shutdown", Repeat.NEVER),
    "listNodes": Route("GET", "/api/v1/nodes", Repeat.ALWAYS),
    "getNode": Route("GET", "/api/v1/nodes/{node_id}", Repeat.ALWAYS),
    "execute": Route("POST", "/api/v1/execute/{target}", Repeat.IDEMPOTENCY_KEY),
    "executeAsync": Route("POST", "/api/v1/execute/async/{target}", Repeat.IDEMPOTENCY_KEY),
    "listExecutions": Route("GET", "/api/v1/executions", Repeat.ALWAYS),
    "getExecution": Route("GET", _EXECUTION, Repeat.ALWAYS),
    "reportExecutionStatus": Route("POST", f"{_EXECUTION}/status", Repeat.ALWAYS),
    "cancelExecution": Route("POST", f"{_EXECUTION}/cancel", Repeat.ALWAYS),
    "addNote": Route("POST", "/api/v1/executions/note", Repeat.KEY),
    "recordStep": Route("PUT", f"{_EXECUTION}/steps/{{step_key}}", Repeat.ALWAYS),
    "listSteps": Route("GET", f"{_EXECUTION}/steps", Repeat.ALWAYS),
    "appendExecutionEvent": Route("POST", f"{_EXECUTION}/events", Repeat.KEY),
    "listExecutionEvents": Route("GET", f"{_EXECUTION}/events", Repeat.ALWAYS),
    "streamExecutionEvents": Route("GET", f"{_EXECUTION}/events/stream", Repeat.ALWAYS),
    "requestExecutionApproval": Route("POST", f"{_AGENT}/request-approval", Repeat.STEP_KEY),
    "getExecutionApprovalStatus": Route("GET", f"{_AGENT}/approval-status", Repeat.ALWAYS),
    "createApprovalRequest": Route("POST", _APPROVALS, Repeat.ALWAYS),
    "listApprovalRequests": Route("GET", _APPROVALS, Repeat.ALWAYS),
    "getApprovalRequest": Route("GET", f"{_APPROVALS}/{{id}}", Repeat.ALWAYS),
    "listApprovalRequestEvents": Route("GET", f"{_APPROVALS}/{{id}}/events", Repeat.ALWAYS),
    "decideApprovalRequest": Route("POST", f"{_APPROVALS}/{{id}}/decision", Repeat.ALWAYS),
    "cancelApprovalRequest": Route("POST", f"{_APPROVALS}/{{id}}/cancel", Repeat.ALWAYS),
    "receiveApprovalResponse": Route("POST", "/api/v1/webhooks/approval-response", Repeat.ALWAYS),
    "listDeliveries": Route("GET", "/api/v1/deliveries", Repeat.ALWAYS),
    "retryDelivery": Route("POST", "/api/v1/deliveries/{id}/retry", Repeat.NEVER),
    "getHealth": Route("GET", "/api/v1/health", Repeat.ALWAYS),
    "getReadiness": Route("GET", "/api/v1/ready", Repeat.ALWAYS),
    "getOpenapi": Route("GET", "/api/v1/openapi.yaml", Repeat.ALWAYS),
    "getMetrics": Route("GET", "/api/v1/metrics", Repeat.ALWAYS),
}
