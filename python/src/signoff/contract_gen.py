# Generated from openapi.yaml by tools/generate.py; do not edit.

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from signoff.wire import Record, Word


class ExecutionStatus(Word):
    """Where an execution is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"


class ExecutionStatusFilter(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"


class ReportedStatus(StrEnum):
    """`waiting` releases the lease; `cancelled` for a run that nobody cancelled hands it back."""

    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ApprovalStatus(Word):
    """Where an approval request is in its life."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REQUEST_CHANGES = "request_changes"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ApprovalStatusFilter(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REQUEST_CHANGES = "request_changes"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Decision(StrEnum):
    """What a reviewer may say."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REQUEST_CHANGES = "request_changes"


class Outcome(Word):
    """What whoever waits is told. `error` stands for a withdrawn request. Only `approved` is a yes."""

    APPROVED = "approved"
    REJECTED = "rejected"
    REQUEST_CHANGES = "request_changes"
    EXPIRED = "expired"
    ERROR = "error"


class DecisionReceiptStatus(Word):
    PROCESSED = "processed"
    ALREADY_PROCESSED = "already_processed"


class PrincipalSource(Word):
    """Where the name comes from: a key, a server without keys, the body of a signed message, the server itself."""

    KEY = "key"
    OPEN = "open"
    WEBHOOK = "webhook"
    SYSTEM = "system"


class StepKind(Word):
    STEP = "step"
    CALL = "call"
    AI = "ai"


class NewStepKind(StrEnum):
    STEP = "step"
    CALL = "call"
    AI = "ai"


class InstanceState(Word):
    """`away`: no heartbeat in time; its leases have ended or are about to."""

    LIVE = "live"
    DRAINING = "draining"
    AWAY = "away"


class DeliveryKind(Word):
    APPROVAL_CALLBACK = "approvalCallback"
    CANCEL_AGENT_EXECUTION = "cancelAgentExecution"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_DECIDED = "approval.decided"
    APPROVAL_EXPIRED = "approval.expired"
    APPROVAL_CANCELLED = "approval.cancelled"
    EXECUTION_FINISHED = "execution.finished"


class DeliveryState(Word):
    """`dead`: given up after a day; `dropped`: nobody is left to hear it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    DROPPED = "dropped"


class DeliveryStateFilter(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    DROPPED = "dropped"


class ReadinessStatus(Word):
    """`degraded`: it works, and `checks` names something to look at."""

    READY = "ready"
    DEGRADED = "degraded"


class ProblemCode(Word):
    """What went wrong, for programs. The words stay; new ones may come."""

    INVALID_REQUEST = "invalid_request"
    INVALID_JSON = "invalid_json"
    UNAUTHORIZED = "unauthorized"
    INVALID_SIGNATURE = "invalid_signature"
    FORBIDDEN = "forbidden"
    UNTRUSTED_ORIGIN = "untrusted_origin"
    NOT_FOUND = "not_found"
    UNKNOWN_TARGET = "unknown_target"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ALREADY_DECIDED = "already_decided"
    REQUEST_CONFLICT = "request_conflict"
    AMBIGUOUS_REQUEST_ID = "ambiguous_request_id"
    EXECUTION_FINISHED = "execution_finished"
    STALE_ATTEMPT = "stale_attempt"
    STEP_CONFLICT = "step_conflict"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    DELIVERY_NOT_RETRYABLE = "delivery_not_retryable"
    BODY_TOO_LARGE = "body_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID_INPUT = "invalid_input"
    INVALID_CALLBACK_URL = "invalid_callback_url"
    INVALID_WEBHOOK_URL = "invalid_webhook_url"
    INVALID_BASE_URL = "invalid_base_url"
    INVALID_CURSOR = "invalid_cursor"
    INTERNAL_ERROR = "internal_error"
    WEBHOOK_SECRET_MISSING = "webhook_secret_missing"
    STORE_UNAVAILABLE = "store_unavailable"
    SHUTTING_DOWN = "shutting_down"


class Features(Record):
    """What the agent keeps. Open."""

    signoff: int | None = None
    """1 for agents that keep this contract (own agents)."""


class NewReasoner(Record):
    """A function that a node offers. Open; null counts as nothing said."""

    id: str
    """Its name."""

    input_schema: Any | None = None
    """JSON Schema of the input. Inputs for own agents are checked against it."""

    output_schema: Any | None = None
    """JSON Schema of the result."""

    tags: Any | None = None
    """Free words; an array of strings."""

    description: Any | None = None
    """What it does; a string."""


class NodeRegistration(Record):
    """An agent instance says what it is. Open, as foreign agents send more."""

    id: str
    base_url: str
    version: str | None = None
    instance_id: str | None = None
    """New for each process."""

    reasoners: list[NewReasoner] | None = None
    skills: list[NewReasoner] | None = None
    """Served at `/skills/{id}`."""

    features: Features | None = None


class NodeRegistered(Record):
    node_id: str
    instance_id: str
    """As registered."""

    webhook_secret: str
    """Signs what the server sends to this instance; `whsec_` and base64. Keep it secret."""

    heartbeat_seconds: float
    """Heartbeat this often."""

    lease_seconds: float
    """Leases end after this long without a heartbeat."""


class InHand(Record):
    """
    What an own agent has in hand. `digest` is of the sorted attempt ids, each followed by a line feed. All pages of a
    list carry the same `count`, `digest` and `pages`; servers of one database put them together, whichever takes each. Open.
    """

    count: int
    """Attempts in hand."""

    digest: str
    """Lower-case hex SHA-256."""

    executions: list[str] | None = None
    """Their attempt ids, sorted; after `resync: true`."""

    page: int | None = None
    """Which page of the list this is, from 1."""

    pages: int | None = None
    """How many pages the list has."""


class Heartbeat(Record):
    """A sign of life. Open, as foreign agents send more."""

    instance_id: str | None = None
    """Absent or empty for the newest instance of the node."""

    status: str | None = None
    """`offline` drains; any other word is a sign of life."""

    in_hand: InHand | None = None


class HeartbeatReceipt(Record):
    node_id: str
    lease_seconds: float
    """Seconds until the leases end without another heartbeat."""

    resync: bool
    """Send the list of what is in hand with the next heartbeats."""


class NodeShutdown(Record):
    """Open, as foreign agents send more."""

    instance_id: str | None = None
    """Absent or empty for the newest instance of the node."""

    reason: str | None = None
    timeout_seconds: float | None = None
    """How long it goes on with what it has. Default 0."""


class Reasoner(Record):
    id: str
    """Its name."""

    input_schema: Any | None = None
    """JSON Schema of the input; absent when none was given."""

    output_schema: Any | None = None
    """JSON Schema of the result; absent when none was given."""

    tags: Any | None = None
    """Free words."""

    description: Any | None = None
    """What it does."""


class Instance(Record):
    instance_id: str
    """As registered."""

    base_url: str
    state: InstanceState
    registered_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    last_heartbeat_at: str | None = None
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""


class Node(Record):
    node_id: str
    version: str | None = None
    reasoners: list[Reasoner]
    skills: list[Reasoner]
    instances: list[Instance]
    """Newest first."""

    created_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    updated_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""


class NodeList(Record):
    items: list[Node]
    next_cursor: str | None = None


class ExecutionWebhook(Record):
    """Where `execution.finished` goes. A public address, unless the server's `SIGNOFF_ALLOWED_HOSTS` names it."""

    model_config = ConfigDict(
        extra="forbid",
    )
    url: str
    secret: str | None = None
    """Signs the message; `whsec_` and base64 of at least 24 bytes."""


class ExecuteRequest(Record):
    model_config = ConfigDict(
        extra="forbid",
    )
    input: Any | None = None
    """User JSON for the reasoner; own agents take an object. Absent is `{}`."""

    timeout_seconds: int | None = 7200
    """Running time that the execution may take."""

    max_attempts: int | None = 10
    """Attempts in a row that may end without a new step or decision."""

    webhook: ExecutionWebhook | None = None


class EventHead(Record):
    """The newest event of the chain."""

    seq: int
    """Events so far."""

    hash: str
    """Lower-case hex SHA-256."""


class Execution(Record):
    """One run of a reasoner."""

    execution_id: str
    run_id: str
    workflow_id: str
    parent_execution_id: str | None = None
    target: str
    node_id: str
    status: ExecutionStatus
    status_reason: str | None = None
    """Why it is in this status, where that needs saying."""

    input: Any
    """User JSON, as given."""

    result: Any | None = None
    """User JSON, as reported; absent when none was. `null` is a result."""

    error: str | None = None
    """What went wrong, in words; only of failed and cancelled executions."""

    error_details: Any | None = None
    """User JSON about the error; absent when none was given."""

    attempt: int
    """The newest attempt; 0 before the first dispatch."""

    pending_approvals: list[str]
    """The `apr_` ids of its own pending requests, oldest first."""

    event_head: EventHead
    created_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    started_at: str | None = None
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    completed_at: str | None = None
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    duration_ms: int | None = None
    """From `created_at` to `completed_at`; absent while unfinished."""

    running_ms: int
    """Time spent running so far; waiting does not count."""


class ExecutionList(Record):
    items: list[Execution]
    next_cursor: str | None = None


class StatusReport(Record):
    """The end of an attempt, or a sign of it. Open, as foreign agents send more."""

    status: ReportedStatus
    result: Any | None = None
    """User JSON. Absent with `succeeded` is null."""

    error: str | None = None
    """What went wrong, in words."""

    error_details: Any | None = None
    """User JSON about the error; null stands for none."""

    status_reason: str | None = None
    """A word or sentence of the agent's."""

    waits_for: list[str] | None = None
    """
    With `waiting`: the ids (`apr_…`, `exec_…`) of the requests and children that the attempt waited for. When one of
    them has come to its end by now, the run is dispatched again at once. Ignored otherwise.
    """


class Cancellation(Record):
    model_config = ConfigDict(
        extra="forbid",
    )
    reason: str | None = None


class Note(Record):
    """A remark for whoever reads the run. Open, as foreign agents send more."""

    message: str
    """Free text."""

    tags: list[str] | None = None
    key: str | None = None


class StepRecord(Record):
    model_config = ConfigDict(
        extra="forbid",
    )
    kind: NewStepKind
    name: str
    input_sha256: str
    """Lower-case hex SHA-256."""

    result: Any | None = None
    """User JSON. Absent without `error` is null."""

    error: str | None = None
    """Instead of a result."""


class Step(Record):
    """A piece of work that will not be done again."""

    key: str
    kind: StepKind
    name: str
    input_sha256: str
    """Lower-case hex SHA-256."""

    result: Any | None = None
    """User JSON; absent when the step failed."""

    error: str | None = None
    """What went wrong; absent when the step has a result."""

    attempt: int
    """The attempt that recorded it."""

    at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""


class StepList(Record):
    items: list[Step]
    next_cursor: str | None = None


class Principal(Record):
    """Who did it."""

    id: str
    """The key's id or what a signed body says."""

    name: str | None = None
    """For people to read."""

    source: PrincipalSource


class NewEvent(Record):
    model_config = ConfigDict(
        extra="forbid",
    )
    type: str
    """A word of the agent's."""

    content: Any | None = None
    """User JSON."""

    key: str | None = None


class Event(Record):
    """Something that happened. Never changed, never deleted."""

    seq: int
    """Place in the chain, from 1."""

    type: str
    """
    `execution.created`, `.dispatched`, `.requeued`, `.waiting`, `.resumed`, `.succeeded`, `.failed`, `.cancelled`,
    `.timed_out`; `approval.requested`, `.decided`, `.expired`, `.cancelled`, `.replayed`; `step.recorded`; `note`;
    `agent.*`. Servers may add words.
    """

    execution_id: str | None = None
    approval_id: str | None = None
    at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    actor: Principal
    data: dict[str, Any]
    """Ids, words, integers below 2^53, digests."""

    content: Any | None = None
    """User text and user JSON that the event carries; absent when it carries none."""

    prev_hash: str
    """Lower-case hex SHA-256."""

    hash: str
    """Lower-case hex SHA-256."""


class EventList(Record):
    items: list[Event]
    next_cursor: str | None = None


class ApprovalRequest(Record):
    """A question to a person."""

    model_config = ConfigDict(
        extra="forbid",
    )
    approval_request_id: str
    """The caller's own id. Does not start with `apr_`."""

    approval_request_url: str | None = None
    title: str | None = None
    description: str | None = None
    payload: dict[str, Any] | None = None
    """What the reviewer must see. User JSON."""

    expires_in_hours: float | None = 72
    """Hours until it expires, fractions allowed; at most ten years."""


class ExecutionApprovalRequest(Record):
    """
    A question to a person from within an execution. `callback_url` has the origin of a registered instance of the node; absent,
    the answer goes to `{base_url}/webhooks/approval`. `step_key` (`pause.n`) says where in the attempt it is asked.
    """

    model_config = ConfigDict(
        extra="forbid",
    )
    approval_request_id: str
    """The caller's own id. Does not start with `apr_`."""

    approval_request_url: str | None = None
    title: str | None = None
    description: str | None = None
    payload: dict[str, Any] | None = None
    """What the reviewer must see. User JSON."""

    expires_in_hours: float | None = 72
    """Hours until it expires, fractions allowed; at most ten years."""

    callback_url: str | None = None
    step_key: str | None = None


class Approval(Record):
    """
    A question to a person, and the answer once there is one. `decision` is absent while pending, `decided_at` is set by every end.
    `execution_id`, `node_id` and `run_id` are absent when it is standalone.
    """

    id: str
    approval_request_id: str
    approval_request_url: str | None = None
    title: str | None = None
    description: str | None = None
    payload: dict[str, Any] | None = None
    """User JSON; absent when none was given."""

    execution_id: str | None = None
    node_id: str | None = None
    run_id: str | None = None
    status: ApprovalStatus
    status_reason: str | None = None
    """Why it was cancelled."""

    decision: Outcome | None = None
    feedback: str | None = None
    """The reviewer's words."""

    response: Any | None = None
    """User JSON from the reviewer; absent when none was given."""

    reviewer: Principal | None = None
    expires_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    created_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    decided_at: str | None = None
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    callback_url: str | None = None
    event_head: EventHead


class ApprovalList(Record):
    items: list[Approval]
    next_cursor: str | None = None


class ApprovalState(Record):
    """The state of a request in the words of foreign agents, and the request itself."""

    status: ApprovalStatus
    response: str | None = None
    """The JSON text of the response, for foreign agents; absent when none was given."""

    request_url: str | None = None
    requested_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    responded_at: str | None = None
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    expires_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    approval: Approval


class NewDecision(Record):
    model_config = ConfigDict(
        extra="forbid",
    )
    decision: Decision
    feedback: str | None = None
    response: Any | None = None
    """User JSON for whoever waits."""


class ReviewerClaim(Record):
    """Open."""

    id: str
    """Who decided, in the words of the signing service."""

    name: str | None = None


class ApprovalResponse(Record):
    """A decision in a signed message. Open, as reviewer services send more."""

    requestId: str
    decision: Decision
    feedback: str | None = None
    response: Any | None = None
    """User JSON for whoever waits."""

    reviewer: ReviewerClaim | None = None
    execution_id: str | None = None


class DecisionReceipt(Record):
    status: DecisionReceiptStatus
    approval: Approval


class Delivery(Record):
    """A message that the server sends until it is heard. Its `id` is the `webhook-id`."""

    id: str
    kind: DeliveryKind
    state: DeliveryState
    url: str
    """Where it goes, without user info and query."""

    execution_id: str | None = None
    approval_id: str | None = None
    attempts: int
    """Tries so far."""

    last_status: int | None = None
    """HTTP status of the last answer; absent when there was none."""

    last_error: str | None = None
    """Why the last try failed."""

    resolved: bool | None = None
    """Whether the agent found somebody who waits; callbacks only."""

    next_at: str | None = None
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    created_at: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    delivered_at: str | None = None
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""


class DeliveryList(Record):
    items: list[Delivery]
    next_cursor: str | None = None


class DispatchReceipt(Record):
    status: str
    """`processing`."""

    execution_id: str


class CancelNotice(Record):
    execution_id: str
    reason: str | None = None
    """Why."""


class ApprovalCallback(Record):
    execution_id: str
    """The attempt id; for foreign agents `{attempt id}#{apr_id}`."""

    id: str
    approval_request_id: str
    decision: Outcome
    new_status: ExecutionStatus
    feedback: str | None = None
    """The reviewer's words; for `error` the reason."""

    response: Any | None = None
    """User JSON from the reviewer; absent when none was given."""

    reviewer: Principal | None = None
    event_head: EventHead


class CallbackReceipt(Record):
    status: str
    """`received`."""

    resolved: bool
    """Whether somebody waits for it there."""


class ApprovalNotification(Record):
    """What a subscriber is told about a request."""

    type: str
    """The event's word."""

    timestamp: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    data: Approval


class ExecutionNotification(Record):
    """What the caller's webhook is told about its execution."""

    type: str
    """`execution.finished`."""

    timestamp: str
    """RFC 3339 in UTC, with milliseconds and Z; a day that exists."""

    data: Execution


class Health(Record):
    status: str
    """`ok`."""

    version: str
    """The server's version."""


class ReadinessCheck(Record):
    name: str
    """What was looked at."""

    ok: bool
    """Whether it is well."""

    detail: str | None = None
    """What is not well."""


class Readiness(Record):
    status: ReadinessStatus
    checks: list[ReadinessCheck]


class Candidate(Record):
    """One of the requests that an own id has named."""

    id: str
    execution_id: str | None = None
    status: ApprovalStatus


class ProblemError(Record):
    """One place that is wrong."""

    in_: Annotated[str, Field(alias="in")]
    """`body`, `query`, `path` or `header`."""

    pointer: str
    """JSON Pointer into the body, or `/` and the name of the parameter as it stands in this file, headers too (`/X-Execution-ID`). Empty for the whole."""

    detail: str
    """What would be right."""


class Problem(Record):
    """RFC 9457. `approval` comes with `already_decided` and `request_conflict`, `execution` with `execution_finished`."""

    type: str
    """`about:blank`; `code` tells more."""

    title: str
    """The HTTP status in words."""

    status: int
    """The HTTP status."""

    code: ProblemCode
    detail: str
    """What is wrong here, for people."""

    errors: list[ProblemError] | None = None
    """Each place that is wrong."""

    approval: Approval | None = None
    execution: Execution | None = None
    candidates: list[Candidate] | None = None
    """With `ambiguous_request_id`, newest first, at most 50."""
