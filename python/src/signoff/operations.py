"""The operations of the contract, one method each, in its order and under its names.

Arguments are the contract's parameters and members of the body, in snake_case (`X-Execution-ID`
is `execution_id`). None is "not given"; user JSON has `ABSENT` for that, as None is its `null`.
Answers are the generated models; what is not a value is absent from them, not null.

Every method raises `ApiError` (by its code), `TransportError` and `ProtocolError`, and ValueError
for an argument that cannot be sent.

`signoff/blocking/operations.py` is generated from this file.
"""

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from signoff import contract_gen as models
from signoff.calls import AsyncCalls
from signoff.errors import ApiError, TransportError
from signoff.exchange import ABSENT, build, given, parsed, text, user_json
from signoff.sse import Reader

STREAM_SILENCE_SECONDS: Final = 15.0
"""The server sends a comment this often, so that a stream without news is told from a dead one."""

_SIGNATURE_HEADERS: Final = frozenset(
    {"x-webhook-signature", "webhook-id", "webhook-timestamp", "webhook-signature"}
)

JSONObject = Mapping[str, Any]
Time = str | datetime
"""A time as the contract writes it, or a datetime with a zone."""


class AsyncOperations:
    """One method per operationId. `AsyncClient` is what you want."""

    def __init__(self, calls: AsyncCalls) -> None:
        self._calls = calls

    # Nodes.

    async def register_node(
        self,
        id: str,
        base_url: str,
        *,
        version: str | None = None,
        instance_id: str | None = None,
        reasoners: Sequence[JSONObject | models.NewReasoner] | None = None,
        skills: Sequence[JSONObject | models.NewReasoner] | None = None,
        features: JSONObject | models.Features | None = None,
    ) -> models.NodeRegistered:
        """Register an agent instance (registerNode). The answer holds its webhook secret."""
        body = given(
            id=id,
            base_url=base_url,
            version=version,
            instance_id=instance_id,
            reasoners=reasoners,
            skills=skills,
            features=features,
        )
        return await self._calls.model(models.NodeRegistered, build("registerNode", body=body))

    async def heartbeat_node(
        self,
        node_id: str,
        *,
        instance_id: str | None = None,
        status: str | None = None,
        in_hand: JSONObject | models.InHand | None = None,
    ) -> models.HeartbeatReceipt:
        """Keep an instance's leases (heartbeatNode)."""
        body = given(instance_id=instance_id, status=status, in_hand=in_hand)
        request = build("heartbeatNode", path={"node_id": node_id}, body=body)
        return await self._calls.model(models.HeartbeatReceipt, request)

    async def shutdown_node(
        self,
        node_id: str,
        *,
        instance_id: str | None = None,
        reason: str | None = None,
        timeout_seconds: float | None = None,
    ) -> models.Node:
        """Say that an instance is going away (shutdownNode)."""
        body = given(instance_id=instance_id, reason=reason, timeout_seconds=timeout_seconds)
        request = build("shutdownNode", path={"node_id": node_id}, body=body)
        return await self._calls.model(models.Node, request)

    async def list_nodes(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> models.NodeList:
        """One page of nodes, newest first (listNodes)."""
        request = build("listNodes", query={"limit": limit, "cursor": cursor})
        return await self._calls.model(models.NodeList, request)

    async def get_node(self, node_id: str) -> models.Node:
        """A node with its instances and reasoners (getNode)."""
        return await self._calls.model(models.Node, build("getNode", path={"node_id": node_id}))

    # Executions.

    async def execute(
        self,
        target: str,
        *,
        input: Any = ABSENT,
        timeout_seconds: int | None = None,
        max_attempts: int | None = None,
        webhook: JSONObject | models.ExecutionWebhook | None = None,
        wait_seconds: float | None = None,
        idempotency_key: str | None = None,
        parent_execution_id: str | None = None,
    ) -> models.Execution:
        """Run the reasoner `target` (`node.reasoner`) and wait for the end (execute).

        Finished is what has `completed_at`. Without it, the run came to a gate or took longer
        than `wait_seconds` (0-600, default 90), and goes on: `wait_for_execution`.
        A repeat after a lost reply joins the first run: an `idempotency_key` is made up where
        none is given.
        """
        request = build(
            "execute",
            path={"target": target},
            query={"wait_seconds": wait_seconds},
            headers=_execute_headers(idempotency_key, parent_execution_id),
            body=user_json(input=input)
            | given(timeout_seconds=timeout_seconds, max_attempts=max_attempts, webhook=webhook),
            wait_seconds=90.0 if wait_seconds is None else wait_seconds,
        )
        return await self._calls.model(models.Execution, request)

    async def execute_async(
        self,
        target: str,
        *,
        input: Any = ABSENT,
        timeout_seconds: int | None = None,
        max_attempts: int | None = None,
        webhook: JSONObject | models.ExecutionWebhook | None = None,
        idempotency_key: str | None = None,
        parent_execution_id: str | None = None,
    ) -> models.Execution:
        """Start the reasoner `target` and come back once that is stored (executeAsync).

        As to `idempotency_key`, see `execute`.
        """
        request = build(
            "executeAsync",
            path={"target": target},
            headers=_execute_headers(idempotency_key, parent_execution_id),
            body=user_json(input=input)
            | given(timeout_seconds=timeout_seconds, max_attempts=max_attempts, webhook=webhook),
        )
        return await self._calls.model(models.Execution, request)

    async def list_executions(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        status: str | None = None,
        node_id: str | None = None,
        run_id: str | None = None,
    ) -> models.ExecutionList:
        """One page of executions, newest first (listExecutions)."""
        query = {
            "limit": limit,
            "cursor": cursor,
            "status": status,
            "node_id": node_id,
            "run_id": run_id,
        }
        return await self._calls.model(models.ExecutionList, build("listExecutions", query=query))

    async def get_execution(
        self, execution_id: str, *, wait_seconds: float | None = None
    ) -> models.Execution:
        """An execution as it is, or, with `wait_seconds` (0-60), once it is finished.

        (getExecution) `wait_for_execution` waits for as long as you like.
        """
        request = build(
            "getExecution",
            path={"execution_id": execution_id},
            query={"wait_seconds": wait_seconds},
            wait_seconds=wait_seconds or 0.0,
        )
        return await self._calls.model(models.Execution, request)

    async def report_execution_status(
        self,
        execution_id: str,
        status: str,
        *,
        result: Any = ABSENT,
        error: str | None = None,
        error_details: Any = ABSENT,
        status_reason: str | None = None,
        waits_for: Sequence[str] | None = None,
    ) -> models.Execution:
        """Report the end of an attempt, under its attempt id (reportExecutionStatus).

        With `waiting`, `waits_for` holds the ids of the requests and children that it waited for.
        """
        body = given(status=status) | user_json(result=result, error_details=error_details)
        body |= given(error=error, status_reason=status_reason, waits_for=waits_for)
        request = build("reportExecutionStatus", path={"execution_id": execution_id}, body=body)
        return await self._calls.model(models.Execution, request)

    async def cancel_execution(
        self, execution_id: str, *, reason: str | None = None
    ) -> models.Execution:
        """Cancel an execution and its descendants (cancelExecution)."""
        body = given(reason=reason)
        request = build("cancelExecution", path={"execution_id": execution_id}, body=body)
        return await self._calls.model(models.Execution, request)

    async def add_note(
        self,
        execution_id: str,
        message: str,
        *,
        tags: Sequence[str] | None = None,
        key: str | None = None,
    ) -> models.Event:
        """Add a note to an execution, under its attempt id (addNote).

        Only with a `key` is it sent again after a lost reply.
        """
        request = build(
            "addNote",
            headers={"X-Execution-ID": execution_id},
            body=given(message=message, tags=tags, key=key),
        )
        return await self._calls.model(models.Event, request)

    async def record_step(
        self,
        execution_id: str,
        step_key: str,
        *,
        kind: str,
        name: str,
        input_sha256: str,
        result: Any = ABSENT,
        error: str | None = None,
    ) -> models.Step:
        """Record the result of a step; the first write wins and is the answer (recordStep)."""
        body = given(kind=kind, name=name, input_sha256=input_sha256, error=error)
        request = build(
            "recordStep",
            path={"execution_id": execution_id, "step_key": step_key},
            body=body | user_json(result=result),
        )
        return await self._calls.model(models.Step, request)

    async def list_steps(
        self, execution_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> models.StepList:
        """One page of recorded steps, oldest first (listSteps)."""
        request = build(
            "listSteps",
            path={"execution_id": execution_id},
            query={"limit": limit, "cursor": cursor},
        )
        return await self._calls.model(models.StepList, request)

    async def append_execution_event(
        self, execution_id: str, type: str, *, content: Any = ABSENT, key: str | None = None
    ) -> models.Event:
        """Append an `agent.*` event to an execution (appendExecutionEvent).

        Only with a `key` is it sent again after a lost reply.
        """
        request = build(
            "appendExecutionEvent",
            path={"execution_id": execution_id},
            body=given(type=type, key=key) | user_json(content=content),
        )
        return await self._calls.model(models.Event, request)

    async def list_execution_events(
        self, execution_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> models.EventList:
        """One page of events, oldest first (listExecutionEvents)."""
        request = build(
            "listExecutionEvents",
            path={"execution_id": execution_id},
            query={"limit": limit, "cursor": cursor},
        )
        return await self._calls.model(models.EventList, request)

    async def stream_execution_events(
        self, execution_id: str, *, last_event_id: int | None = None
    ) -> AsyncIterator[models.Event]:
        """Follow an execution's events until it is finished (streamExecutionEvents).

        Begins after the event whose `seq` is `last_event_id`, with the first when None. A broken
        connection is taken up again where it broke: no event is left out, none comes twice.
        """
        seen = last_event_id
        tries = self._calls.patient(execution_id)
        server_url = self._calls.transport.server_url
        while True:
            headers = {} if seen is None else {"Last-Event-ID": str(seen)}
            request = build(
                "streamExecutionEvents",
                path={"execution_id": execution_id},
                headers=headers,
                wait_seconds=STREAM_SILENCE_SECONDS,
            )
            ended = TransportError(f"{request.at(server_url)}: the stream has ended")
            try:
                async with self._calls.stream(request) as stream:
                    if stream.status == 204:
                        return
                    reader = Reader()
                    async for chunk in stream.chunks:
                        for message in reader.feed(chunk):
                            event = parsed(models.Event, message.data)
                            seen = event.seq
                            tries.succeeded()
                            yield event
                        if self._calls.passes(request.name, stream.read_seconds):
                            break
                    else:
                        # A stopping server ends it like a finished execution: 204 tells which.
                        raise ended
            except (TransportError, ApiError) as error:
                await tries.failed(error)

    # Approvals.

    async def request_execution_approval(
        self,
        node_id: str,
        execution_id: str,
        approval_request_id: str,
        *,
        approval_request_url: str | None = None,
        title: str | None = None,
        description: str | None = None,
        payload: JSONObject | None = None,
        expires_in_hours: float | None = None,
        callback_url: str | None = None,
        step_key: str | None = None,
    ) -> models.Approval:
        """Ask a person from within an execution, under its attempt id (requestExecutionApproval).

        The answer is the request: pending, or decided when an earlier attempt has asked.
        Only with a `step_key` is it sent again after a lost reply.
        """
        body = given(
            approval_request_id=approval_request_id,
            approval_request_url=approval_request_url,
            title=title,
            description=description,
            payload=payload,
            expires_in_hours=expires_in_hours,
            callback_url=callback_url,
            step_key=step_key,
        )
        path = {"node_id": node_id, "execution_id": execution_id}
        request = build("requestExecutionApproval", path=path, body=body)
        return await self._calls.model(models.Approval, request)

    async def get_execution_approval_status(
        self, node_id: str, execution_id: str, *, approval_request_id: str | None = None
    ) -> models.ApprovalState:
        """The newest request of an execution, or its newest under an own id.

        (getExecutionApprovalStatus)
        """
        request = build(
            "getExecutionApprovalStatus",
            path={"node_id": node_id, "execution_id": execution_id},
            query={"approval_request_id": approval_request_id},
        )
        return await self._calls.model(models.ApprovalState, request)

    async def create_approval_request(
        self,
        approval_request_id: str,
        *,
        approval_request_url: str | None = None,
        title: str | None = None,
        description: str | None = None,
        payload: JSONObject | None = None,
        expires_in_hours: float | None = None,
    ) -> models.Approval:
        """Ask a person, without an execution (createApprovalRequest).

        Until it expires (after `expires_in_hours`, default 72) the same id and content are the
        same request: a process that runs again attaches to its question.
        """
        body = given(
            approval_request_id=approval_request_id,
            approval_request_url=approval_request_url,
            title=title,
            description=description,
            payload=payload,
            expires_in_hours=expires_in_hours,
        )
        return await self._calls.model(models.Approval, build("createApprovalRequest", body=body))

    async def list_approval_requests(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        approval_request_id: str | None = None,
        execution_id: str | None = None,
        status: str | None = None,
        node_id: str | None = None,
        reviewer: str | None = None,
        decided_after: Time | None = None,
        decided_before: Time | None = None,
    ) -> models.ApprovalList:
        """One page of approval requests, newest first (listApprovalRequests).

        `execution_id="none"` is for standalone ones.
        """
        query = {
            "limit": limit,
            "cursor": cursor,
            "approval_request_id": approval_request_id,
            "execution_id": execution_id,
            "status": status,
            "node_id": node_id,
            "reviewer": reviewer,
            "decided_after": decided_after,
            "decided_before": decided_before,
        }
        request = build("listApprovalRequests", query=query)
        return await self._calls.model(models.ApprovalList, request)

    async def get_approval_request(
        self, id: str, *, wait_seconds: float | None = None
    ) -> models.Approval:
        """A request as it is, or, with `wait_seconds` (0-60), once it is decided.

        (getApprovalRequest) `wait_for_approval` waits for as long as you like.
        """
        request = build(
            "getApprovalRequest",
            path={"id": id},
            query={"wait_seconds": wait_seconds},
            wait_seconds=wait_seconds or 0.0,
        )
        return await self._calls.model(models.Approval, request)

    async def list_approval_request_events(
        self, id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> models.EventList:
        """One page of a request's events, oldest first (listApprovalRequestEvents)."""
        query = {"limit": limit, "cursor": cursor}
        request = build("listApprovalRequestEvents", path={"id": id}, query=query)
        return await self._calls.model(models.EventList, request)

    async def decide_approval_request(
        self, id: str, decision: str, *, feedback: str | None = None, response: Any = ABSENT
    ) -> models.DecisionReceipt:
        """Decide a request: `approved`, `rejected` or `request_changes` (decideApprovalRequest).

        The reviewer is the owner of the key. The same decision again is `already_processed`.

        Raises:
            AlreadyDecidedError: another decision won; its `approval` says which.
        """
        body = given(decision=decision, feedback=feedback) | user_json(response=response)
        request = build("decideApprovalRequest", path={"id": id}, body=body)
        return await self._calls.model(models.DecisionReceipt, request)

    async def cancel_approval_request(
        self, id: str, *, reason: str | None = None
    ) -> models.Approval:
        """Withdraw a request: whoever waits for it is told `error` (cancelApprovalRequest).

        Raises:
            AlreadyDecidedError: somebody was faster.
        """
        body = given(reason=reason)
        request = build("cancelApprovalRequest", path={"id": id}, body=body)
        return await self._calls.model(models.Approval, request)

    # Webhooks.

    async def receive_approval_response(
        self, body: bytes, headers: Mapping[str, str]
    ) -> models.DecisionReceipt:
        """Hand in a signed decision, byte for byte as it was signed (receiveApprovalResponse).

        Of `headers` those count that hold the signature. `respond` makes one.
        """
        signature = {
            name: value for name, value in headers.items() if name.lower() in _SIGNATURE_HEADERS
        }
        request = build("receiveApprovalResponse", headers=signature, body=body)
        return await self._calls.model(models.DecisionReceipt, request)

    async def list_deliveries(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        state: str | None = None,
        execution_id: str | None = None,
    ) -> models.DeliveryList:
        """One page of what the server has sent or is to send, newest first (listDeliveries)."""
        query = {"limit": limit, "cursor": cursor, "state": state, "execution_id": execution_id}
        return await self._calls.model(models.DeliveryList, build("listDeliveries", query=query))

    async def retry_delivery(self, id: str) -> models.Delivery:
        """Send a dead delivery again (retryDelivery)."""
        return await self._calls.model(models.Delivery, build("retryDelivery", path={"id": id}))

    # System.

    async def get_health(self) -> models.Health:
        """Whether the process answers (getHealth)."""
        return await self._calls.model(models.Health, build("getHealth"))

    async def get_readiness(self) -> models.Readiness:
        """Whether the server can do its work (getReadiness)."""
        return await self._calls.model(models.Readiness, build("getReadiness"))

    async def get_openapi(self) -> str:
        """The contract, as the server keeps it: YAML (getOpenapi)."""
        return text(await self._calls.answer(build("getOpenapi")))

    async def get_metrics(self) -> str:
        """Metrics in the Prometheus text format (getMetrics)."""
        return text(await self._calls.answer(build("getMetrics")))


def _execute_headers(
    idempotency_key: str | None, parent_execution_id: str | None
) -> dict[str, str]:
    key = uuid.uuid4().hex if idempotency_key is None else idempotency_key
    headers = {"Idempotency-Key": key}
    if parent_execution_id is not None:
        headers["X-Parent-Execution-ID"] = parent_execution_id
    return headers
