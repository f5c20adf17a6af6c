// Code generated from openapi.yaml by tools/generate.py; DO NOT EDIT.

package signoff

import (
	"encoding/json"
)

// Defines values for ApprovalStatus.
const (
	ApprovalStatusApproved       ApprovalStatus = "approved"
	ApprovalStatusCancelled      ApprovalStatus = "cancelled"
	ApprovalStatusExpired        ApprovalStatus = "expired"
	ApprovalStatusPending        ApprovalStatus = "pending"
	ApprovalStatusRejected       ApprovalStatus = "rejected"
	ApprovalStatusRequestChanges ApprovalStatus = "request_changes"
)

// Valid indicates whether the value is a known member of the ApprovalStatus enum.
func (e ApprovalStatus) Valid() bool {
	switch e {
	case ApprovalStatusApproved:
		return true
	case ApprovalStatusCancelled:
		return true
	case ApprovalStatusExpired:
		return true
	case ApprovalStatusPending:
		return true
	case ApprovalStatusRejected:
		return true
	case ApprovalStatusRequestChanges:
		return true
	default:
		return false
	}
}

// Defines values for ApprovalStatusFilter.
const (
	ApprovalStatusFilterApproved       ApprovalStatusFilter = "approved"
	ApprovalStatusFilterCancelled      ApprovalStatusFilter = "cancelled"
	ApprovalStatusFilterExpired        ApprovalStatusFilter = "expired"
	ApprovalStatusFilterPending        ApprovalStatusFilter = "pending"
	ApprovalStatusFilterRejected       ApprovalStatusFilter = "rejected"
	ApprovalStatusFilterRequestChanges ApprovalStatusFilter = "request_changes"
)

// Valid indicates whether the value is a known member of the ApprovalStatusFilter enum.
func (e ApprovalStatusFilter) Valid() bool {
	switch e {
	case ApprovalStatusFilterApproved:
		return true
	case ApprovalStatusFilterCancelled:
		return true
	case ApprovalStatusFilterExpired:
		return true
	case ApprovalStatusFilterPending:
		return true
	case ApprovalStatusFilterRejected:
		return true
	case ApprovalStatusFilterRequestChanges:
		return true
	default:
		return false
	}
}

// Defines values for Decision.
const (
	DecisionApproved       Decision = "approved"
	DecisionRejected       Decision = "rejected"
	DecisionRequestChanges Decision = "request_changes"
)

// Valid indicates whether the value is a known member of the Decision enum.
func (e Decision) Valid() bool {
	switch e {
	case DecisionApproved:
		return true
	case DecisionRejected:
		return true
	case DecisionRequestChanges:
		return true
	default:
		return false
	}
}

// Defines values for DecisionReceiptStatus.
const (
	DecisionReceiptStatusAlreadyProcessed DecisionReceiptStatus = "already_processed"
	DecisionReceiptStatusProcessed        DecisionReceiptStatus = "processed"
)

// Valid indicates whether the value is a known member of the DecisionReceiptStatus enum.
func (e DecisionReceiptStatus) Valid() bool {
	switch e {
	case DecisionReceiptStatusAlreadyProcessed:
		return true
	case DecisionReceiptStatusProcessed:
		return true
	default:
		return false
	}
}

// Defines values for DeliveryKind.
const (
	DeliveryKindApprovalCallback     DeliveryKind = "approvalCallback"
	DeliveryKindApprovalCancelled    DeliveryKind = "approval.cancelled"
	DeliveryKindApprovalDecided      DeliveryKind = "approval.decided"
	DeliveryKindApprovalExpired      DeliveryKind = "approval.expired"
	DeliveryKindApprovalRequested    DeliveryKind = "approval.requested"
	DeliveryKindCancelAgentExecution DeliveryKind = "cancelAgentExecution"
	DeliveryKindExecutionFinished    DeliveryKind = "execution.finished"
)

// Valid indicates whether the value is a known member of the DeliveryKind enum.
func (e DeliveryKind) Valid() bool {
	switch e {
	case DeliveryKindApprovalCallback:
		return true
	case DeliveryKindApprovalCancelled:
		return true
	case DeliveryKindApprovalDecided:
		return true
	case DeliveryKindApprovalExpired:
		return true
	case DeliveryKindApprovalRequested:
		return true
	case DeliveryKindCancelAgentExecution:
		return true
	case DeliveryKindExecutionFinished:
		return true
	default:
		return false
	}
}

// Defines values for DeliveryState.
const (
	DeliveryStateDead      DeliveryState = "dead"
	DeliveryStateDelivered DeliveryState = "delivered"
	DeliveryStateDropped   DeliveryState = "dropped"
	DeliveryStatePending   DeliveryState = "pending"
)

// Valid indicates whether the value is a known member of the DeliveryState enum.
func (e DeliveryState) Valid() bool {
	switch e {
	case DeliveryStateDead:
		return true
	case DeliveryStateDelivered:
		return true
	case DeliveryStateDropped:
		return true
	case DeliveryStatePending:
		return true
	default:
		return false
	}
}

// Defines values for DeliveryStateFilter.
const (
	DeliveryStateFilterDead      DeliveryStateFilter = "dead"
	DeliveryStateFilterDelivered DeliveryStateFilter = "delivered"
	DeliveryStateFilterDropped   DeliveryStateFilter = "dropped"
	DeliveryStateFilterPending   DeliveryStateFilter = "pending"
)

// Valid indicates whether the value is a known member of the DeliveryStateFilter enum.
func (e DeliveryStateFilter) Valid() bool {
	switch e {
	case DeliveryStateFilterDead:
		return true
	case DeliveryStateFilterDelivered:
		return true
	case DeliveryStateFilterDropped:
		return true
	case DeliveryStateFilterPending:
		return true
	default:
		return false
	}
}

// Defines values for ExecutionStatus.
const (
	ExecutionStatusCancelled ExecutionStatus = "cancelled"
	ExecutionStatusFailed    ExecutionStatus = "failed"
	ExecutionStatusQueued    ExecutionStatus = "queued"
	ExecutionStatusRunning   ExecutionStatus = "running"
	ExecutionStatusSucceeded ExecutionStatus = "succeeded"
	ExecutionStatusTimeout   ExecutionStatus = "timeout"
	ExecutionStatusWaiting   ExecutionStatus = "waiting"
)

// Valid indicates whether the value is a known member of the ExecutionStatus enum.
func (e ExecutionStatus) Valid() bool {
	switch e {
	case ExecutionStatusCancelled:
		return true
	case ExecutionStatusFailed:
		return true
	case ExecutionStatusQueued:
		return true
	case ExecutionStatusRunning:
		return true
	case ExecutionStatusSucceeded:
		return true
	case ExecutionStatusTimeout:
		return true
	case ExecutionStatusWaiting:
		return true
	default:
		return false
	}
}

// Defines values for ExecutionStatusFilter.
const (
	ExecutionStatusFilterCancelled ExecutionStatusFilter = "cancelled"
	ExecutionStatusFilterFailed    ExecutionStatusFilter = "failed"
	ExecutionStatusFilterQueued    ExecutionStatusFilter = "queued"
	ExecutionStatusFilterRunning   ExecutionStatusFilter = "running"
	ExecutionStatusFilterSucceeded ExecutionStatusFilter = "succeeded"
	ExecutionStatusFilterTimeout   ExecutionStatusFilter = "timeout"
	ExecutionStatusFilterWaiting   ExecutionStatusFilter = "waiting"
)

// Valid indicates whether the value is a known member of the ExecutionStatusFilter enum.
func (e ExecutionStatusFilter) Valid() bool {
	switch e {
	case ExecutionStatusFilterCancelled:
		return true
	case ExecutionStatusFilterFailed:
		return true
	case ExecutionStatusFilterQueued:
		return true
	case ExecutionStatusFilterRunning:
		return true
	case ExecutionStatusFilterSucceeded:
		return true
	case ExecutionStatusFilterTimeout:
		return true
	case ExecutionStatusFilterWaiting:
		return true
	default:
		return false
	}
}

// Defines values for InstanceState.
const (
	InstanceStateAway     InstanceState = "away"
	InstanceStateDraining InstanceState = "draining"
	InstanceStateLive     InstanceState = "live"
)

// Valid indicates whether the value is a known member of the InstanceState enum.
func (e InstanceState) Valid() bool {
	switch e {
	case InstanceStateAway:
		return true
	case InstanceStateDraining:
		return true
	case InstanceStateLive:
		return true
	default:
		return false
	}
}

// Defines values for NewStepKind.
const (
	NewStepKindAI   NewStepKind = "ai"
	NewStepKindCall NewStepKind = "call"
	NewStepKindStep NewStepKind = "step"
)

// Valid indicates whether the value is a known member of the NewStepKind enum.
func (e NewStepKind) Valid() bool {
	switch e {
	case NewStepKindAI:
		return true
	case NewStepKindCall:
		return true
	case NewStepKindStep:
		return true
	default:
		return false
	}
}

// Defines values for Outcome.
const (
	OutcomeApproved       Outcome = "approved"
	OutcomeError          Outcome = "error"
	OutcomeExpired        Outcome = "expired"
	OutcomeRejected       Outcome = "rejected"
	OutcomeRequestChanges Outcome = "request_changes"
)

// Valid indicates whether the value is a known member of the Outcome enum.
func (e Outcome) Valid() bool {
	switch e {
	case OutcomeApproved:
		return true
	case OutcomeError:
		return true
	case OutcomeExpired:
		return true
	case OutcomeRejected:
		return true
	case OutcomeRequestChanges:
		return true
	default:
		return false
	}
}

// Defines values for PrincipalSource.
const (
	PrincipalSourceKey     PrincipalSource = "key"
	PrincipalSourceOpen    PrincipalSource = "open"
	PrincipalSourceSystem  PrincipalSource = "system"
	PrincipalSourceWebhook PrincipalSource = "webhook"
)

// Valid indicates whether the value is a known member of the PrincipalSource enum.
func (e PrincipalSource) Valid() bool {
	switch e {
	case PrincipalSourceKey:
		return true
	case PrincipalSourceOpen:
		return true
	case PrincipalSourceSystem:
		return true
	case PrincipalSourceWebhook:
		return true
	default:
		return false
	}
}

// Defines values for ProblemCode.
const (
	ProblemCodeAlreadyDecided       ProblemCode = "already_decided"
	ProblemCodeAmbiguousRequestID   ProblemCode = "ambiguous_request_id"
	ProblemCodeBodyTooLarge         ProblemCode = "body_too_large"
	ProblemCodeDeliveryNotRetryable ProblemCode = "delivery_not_retryable"
	ProblemCodeExecutionFinished    ProblemCode = "execution_finished"
	ProblemCodeForbidden            ProblemCode = "forbidden"
	ProblemCodeIdempotencyConflict  ProblemCode = "idempotency_conflict"
	ProblemCodeInternalError        ProblemCode = "internal_error"
	ProblemCodeInvalidBaseURL       ProblemCode = "invalid_base_url"
	ProblemCodeInvalidCallbackURL   ProblemCode = "invalid_callback_url"
	ProblemCodeInvalidCursor        ProblemCode = "invalid_cursor"
	ProblemCodeInvalidInput         ProblemCode = "invalid_input"
	ProblemCodeInvalidJSON          ProblemCode = "invalid_json"
	ProblemCodeInvalidRequest       ProblemCode = "invalid_request"
	ProblemCodeInvalidSignature     ProblemCode = "invalid_signature"
	ProblemCodeInvalidWebhookURL    ProblemCode = "invalid_webhook_url"
	ProblemCodeMethodNotAllowed     ProblemCode = "method_not_allowed"
	ProblemCodeNotFound             ProblemCode = "not_found"
	ProblemCodeRequestConflict      ProblemCode = "request_conflict"
	ProblemCodeShuttingDown         ProblemCode = "shutting_down"
	ProblemCodeStaleAttempt         ProblemCode = "stale_attempt"
	ProblemCodeStepConflict         ProblemCode = "step_conflict"
	ProblemCodeStoreUnavailable     ProblemCode = "store_unavailable"
	ProblemCodeUnauthorized         ProblemCode = "unauthorized"
	ProblemCodeUnknownTarget        ProblemCode = "unknown_target"
	ProblemCodeUnsupportedMediaType ProblemCode = "unsupported_media_type"
	ProblemCodeUntrustedOrigin      ProblemCode = "untrusted_origin"
	ProblemCodeWebhookSecretMissing ProblemCode = "webhook_secret_missing"
)

// Valid indicates whether the value is a known member of the ProblemCode enum.
func (e ProblemCode) Valid() bool {
	switch e {
	case ProblemCodeAlreadyDecided:
		return true
	case ProblemCodeAmbiguousRequestID:
		return true
	case ProblemCodeBodyTooLarge:
		return true
	case ProblemCodeDeliveryNotRetryable:
		return true
	case ProblemCodeExecutionFinished:
		return true
	case ProblemCodeForbidden:
		return true
	case ProblemCodeIdempotencyConflict:
		return true
	case ProblemCodeInternalError:
		return true
	case ProblemCodeInvalidBaseURL:
		return true
	case ProblemCodeInvalidCallbackURL:
		return true
	case ProblemCodeInvalidCursor:
		return true
	case ProblemCodeInvalidInput:
		return true
	case ProblemCodeInvalidJSON:
		return true
	case ProblemCodeInvalidRequest:
		return true
	case ProblemCodeInvalidSignature:
		return true
	case ProblemCodeInvalidWebhookURL:
		return true
	case ProblemCodeMethodNotAllowed:
		return true
	case ProblemCodeNotFound:
		return true
	case ProblemCodeRequestConflict:
		return true
	case ProblemCodeShuttingDown:
		return true
	case ProblemCodeStaleAttempt:
		return true
	case ProblemCodeStepConflict:
		return true
	case ProblemCodeStoreUnavailable:
		return true
	case ProblemCodeUnauthorized:
		return true
	case ProblemCodeUnknownTarget:
		return true
	case ProblemCodeUnsupportedMediaType:
		return true
	case ProblemCodeUntrustedOrigin:
		return true
	case ProblemCodeWebhookSecretMissing:
		return true
	default:
		return false
	}
}

// Defines values for ReadinessStatus.
const (
	ReadinessStatusDegraded ReadinessStatus = "degraded"
	ReadinessStatusReady    ReadinessStatus = "ready"
)

// Valid indicates whether the value is a known member of the ReadinessStatus enum.
func (e ReadinessStatus) Valid() bool {
	switch e {
	case ReadinessStatusDegraded:
		return true
	case ReadinessStatusReady:
		return true
	default:
		return false
	}
}

// Defines values for ReportedStatus.
const (
	ReportedStatusCancelled ReportedStatus = "cancelled"
	ReportedStatusFailed    ReportedStatus = "failed"
	ReportedStatusRunning   ReportedStatus = "running"
	ReportedStatusSucceeded ReportedStatus = "succeeded"
	ReportedStatusWaiting   ReportedStatus = "waiting"
)

// Valid indicates whether the value is a known member of the ReportedStatus enum.
func (e ReportedStatus) Valid() bool {
	switch e {
	case ReportedStatusCancelled:
		return true
	case ReportedStatusFailed:
		return true
	case ReportedStatusRunning:
		return true
	case ReportedStatusSucceeded:
		return true
	case ReportedStatusWaiting:
		return true
	default:
		return false
	}
}

// Defines values for StepKind.
const (
	StepKindAI   StepKind = "ai"
	StepKindCall StepKind = "call"
	StepKindStep StepKind = "step"
)

// Valid indicates whether the value is a known member of the StepKind enum.
func (e StepKind) Valid() bool {
	switch e {
	case StepKindAI:
		return true
	case StepKindCall:
		return true
	case StepKindStep:
		return true
	default:
		return false
	}
}

// Approval A question to a person, and the answer once there is one. `decision` is absent while pending, `decided_at` is set by every end.
// `execution_id`, `node_id` and `run_id` are absent when it is standalone.
type Approval struct {
	ID                 string  `json:"id"`
	ApprovalRequestID  string  `json:"approval_request_id"`
	ApprovalRequestURL string  `json:"approval_request_url,omitempty"`
	Title              *string `json:"title,omitempty"`
	Description        *string `json:"description,omitempty"`

	// Payload User JSON; absent when none was given.
	Payload     json.RawMessage `json:"payload,omitempty"`
	ExecutionID string          `json:"execution_id,omitempty"`
	NodeID      string          `json:"node_id,omitempty"`
	RunID       string          `json:"run_id,omitempty"`

	// Status Where an approval request is in its life.
	Status ApprovalStatus `json:"status"`

	// StatusReason Why it was cancelled.
	StatusReason *string `json:"status_reason,omitempty"`

	// Decision What whoever waits is told. `error` stands for a withdrawn request. Only `approved` is a yes.
	Decision Outcome `json:"decision,omitempty"`

	// Feedback The reviewer's words.
	Feedback *string `json:"feedback,omitempty"`

	// Response User JSON from the reviewer; absent when none was given.
	Response json.RawMessage `json:"response,omitempty"`

	// Reviewer Who did it.
	Reviewer *Principal `json:"reviewer,omitempty"`

	// ExpiresAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	ExpiresAt string `json:"expires_at"`

	// CreatedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	CreatedAt string `json:"created_at"`

	// DecidedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	DecidedAt   string `json:"decided_at,omitempty"`
	CallbackURL string `json:"callback_url,omitempty"`

	// EventHead The newest event of the chain.
	EventHead EventHead `json:"event_head"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ApprovalCallback defines model for ApprovalCallback.
type ApprovalCallback struct {
	// ExecutionID The attempt id; for foreign agents `{attempt id}#{apr_id}`.
	ExecutionID       string `json:"execution_id"`
	ID                string `json:"id"`
	ApprovalRequestID string `json:"approval_request_id"`

	// Decision What whoever waits is told. `error` stands for a withdrawn request. Only `approved` is a yes.
	Decision Outcome `json:"decision"`

	// NewStatus Where an execution is in its life.
	NewStatus ExecutionStatus `json:"new_status"`

	// Feedback The reviewer's words; for `error` the reason.
	Feedback *string `json:"feedback,omitempty"`

	// Response User JSON from the reviewer; absent when none was given.
	Response json.RawMessage `json:"response,omitempty"`

	// Reviewer Who did it.
	Reviewer *Principal `json:"reviewer,omitempty"`

	// EventHead The newest event of the chain.
	EventHead EventHead `json:"event_head"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ApprovalList defines model for ApprovalList.
type ApprovalList struct {
	Items      []Approval `json:"items"`
	NextCursor string     `json:"next_cursor,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ApprovalNotification What a subscriber is told about a request.
type ApprovalNotification struct {
	// Type The event's word.
	Type string `json:"type"`

	// Timestamp RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	Timestamp string `json:"timestamp"`

	// Data A question to a person, and the answer once there is one. `decision` is absent while pending, `decided_at` is set by every end.
	// `execution_id`, `node_id` and `run_id` are absent when it is standalone.
	Data Approval `json:"data"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ApprovalRequest A question to a person.
type ApprovalRequest struct {
	// ApprovalRequestID The caller's own id. Does not start with `apr_`.
	ApprovalRequestID  string `json:"approval_request_id"`
	ApprovalRequestURL string `json:"approval_request_url,omitempty"`
	Title              string `json:"title,omitempty"`
	Description        string `json:"description,omitempty"`

	// Payload What the reviewer must see. User JSON.
	Payload json.RawMessage `json:"payload,omitempty"`

	// ExpiresInHours Hours until it expires, fractions allowed; at most ten years.
	ExpiresInHours float64 `json:"expires_in_hours,omitempty"`
}

// ApprovalResponse A decision in a signed message. Open, as reviewer services send more.
type ApprovalResponse struct {
	RequestID string `json:"requestId"`

	// Decision What a reviewer may say.
	Decision Decision `json:"decision"`
	Feedback string   `json:"feedback,omitempty"`

	// Response User JSON for whoever waits.
	Response json.RawMessage `json:"response,omitempty"`

	// Reviewer Open.
	Reviewer    *ReviewerClaim `json:"reviewer,omitempty"`
	ExecutionID string         `json:"execution_id,omitempty"`
}

// ApprovalState The state of a request in the words of foreign agents, and the request itself.
type ApprovalState struct {
	// Status Where an approval request is in its life.
	Status ApprovalStatus `json:"status"`

	// Response The JSON text of the response, for foreign agents; absent when none was given.
	Response   *string `json:"response,omitempty"`
	RequestURL string  `json:"request_url,omitempty"`

	// RequestedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	RequestedAt string `json:"requested_at"`

	// RespondedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	RespondedAt string `json:"responded_at,omitempty"`

	// ExpiresAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	ExpiresAt string `json:"expires_at"`

	// Approval A question to a person, and the answer once there is one. `decision` is absent while pending, `decided_at` is set by every end.
	// `execution_id`, `node_id` and `run_id` are absent when it is standalone.
	Approval Approval `json:"approval"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ApprovalStatus Where an approval request is in its life.
type ApprovalStatus string

// ApprovalStatusFilter defines model for ApprovalStatusFilter.
type ApprovalStatusFilter string

// CallbackReceipt defines model for CallbackReceipt.
type CallbackReceipt struct {
	// Status `received`.
	Status string `json:"status"`

	// Resolved Whether somebody waits for it there.
	Resolved bool `json:"resolved"`
}

// CancelNotice defines model for CancelNotice.
type CancelNotice struct {
	ExecutionID string `json:"execution_id"`

	// Reason Why.
	Reason *string `json:"reason,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// Cancellation defines model for Cancellation.
type Cancellation struct {
	Reason string `json:"reason,omitempty"`
}

// Candidate One of the requests that an own id has named.
type Candidate struct {
	ID          string `json:"id"`
	ExecutionID string `json:"execution_id,omitempty"`

	// Status Where an approval request is in its life.
	Status ApprovalStatus `json:"status"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// Decision What a reviewer may say.
type Decision string

// DecisionReceipt defines model for DecisionReceipt.
type DecisionReceipt struct {
	Status DecisionReceiptStatus `json:"status"`

	// Approval A question to a person, and the answer once there is one. `decision` is absent while pending, `decided_at` is set by every end.
	// `execution_id`, `node_id` and `run_id` are absent when it is standalone.
	Approval Approval `json:"approval"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// DecisionReceiptStatus defines model for DecisionReceiptStatus.
type DecisionReceiptStatus string

// Delivery A message that the server sends until it is heard. Its `id` is the `webhook-id`.
type Delivery struct {
	ID   string       `json:"id"`
	Kind DeliveryKind `json:"kind"`

	// State `dead`: given up after a day; `dropped`: nobody is left to hear it.
	State DeliveryState `json:"state"`

	// URL Where it goes, without user info and query.
	URL         string `json:"url"`
	ExecutionID string `json:"execution_id,omitempty"`
	ApprovalID  string `json:"approval_id,omitempty"`

	// Attempts Tries so far.
	Attempts int64 `json:"attempts"`

	// LastStatus HTTP status of the last answer; absent when there was none.
	LastStatus *int64 `json:"last_status,omitempty"`

	// LastError Why the last try failed.
	LastError *string `json:"last_error,omitempty"`

	// Resolved Whether the agent found somebody who waits; callbacks only.
	Resolved *bool `json:"resolved,omitempty"`

	// NextAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	NextAt string `json:"next_at,omitempty"`

	// CreatedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	CreatedAt string `json:"created_at"`

	// DeliveredAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	DeliveredAt string `json:"delivered_at,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// DeliveryKind defines model for DeliveryKind.
type DeliveryKind string

// DeliveryList defines model for DeliveryList.
type DeliveryList struct {
	Items      []Delivery `json:"items"`
	NextCursor string     `json:"next_cursor,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// DeliveryState `dead`: given up after a day; `dropped`: nobody is left to hear it.
type DeliveryState string

// DeliveryStateFilter defines model for DeliveryStateFilter.
type DeliveryStateFilter string

// DispatchReceipt defines model for DispatchReceipt.
type DispatchReceipt struct {
	// Status `processing`.
	Status      string `json:"status"`
	ExecutionID string `json:"execution_id"`
}

// Event Something that happened. Never changed, never deleted.
type Event struct {
	// Seq Place in the chain, from 1.
	Seq int64 `json:"seq"`

	// Type `execution.created`, `.dispatched`, `.requeued`, `.waiting`, `.resumed`, `.succeeded`, `.failed`, `.cancelled`,
	// `.timed_out`; `approval.requested`, `.decided`, `.expired`, `.cancelled`, `.replayed`; `step.recorded`; `note`;
	// `agent.*`. Servers may add words.
	Type        string `json:"type"`
	ExecutionID string `json:"execution_id,omitempty"`
	ApprovalID  string `json:"approval_id,omitempty"`

	// At RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	At string `json:"at"`

	// Actor Who did it.
	Actor Principal `json:"actor"`

	// Data Ids, words, integers below 2^53, digests.
	Data json.RawMessage `json:"data"`

	// Content User text and user JSON that the event carries; absent when it carries none.
	Content json.RawMessage `json:"content,omitempty"`

	// PrevHash Lower-case hex SHA-256.
	PrevHash string `json:"prev_hash"`

	// Hash Lower-case hex SHA-256.
	Hash string `json:"hash"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// EventHead The newest event of the chain.
type EventHead struct {
	// Seq Events so far.
	Seq int64 `json:"seq"`

	// Hash Lower-case hex SHA-256.
	Hash string `json:"hash"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// EventList defines model for EventList.
type EventList struct {
	Items      []Event `json:"items"`
	NextCursor string  `json:"next_cursor,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ExecuteRequest defines model for ExecuteRequest.
type ExecuteRequest struct {
	// Input User JSON for the reasoner; own agents take an object. Absent is `{}`.
	Input json.RawMessage `json:"input,omitempty"`

	// TimeoutSeconds Running time that the execution may take.
	TimeoutSeconds int64 `json:"timeout_seconds,omitempty"`

	// MaxAttempts Attempts in a row that may end without a new step or decision.
	MaxAttempts int64 `json:"max_attempts,omitempty"`

	// Webhook Where `execution.finished` goes. A public address, unless the server's `SIGNOFF_ALLOWED_HOSTS` names it.
	Webhook *ExecutionWebhook `json:"webhook,omitempty"`
}

// Execution One run of a reasoner.
type Execution struct {
	ExecutionID       string `json:"execution_id"`
	RunID             string `json:"run_id"`
	WorkflowID        string `json:"workflow_id"`
	ParentExecutionID string `json:"parent_execution_id,omitempty"`
	Target            string `json:"target"`
	NodeID            string `json:"node_id"`

	// Status Where an execution is in its life.
	Status ExecutionStatus `json:"status"`

	// StatusReason Why it is in this status, where that needs saying.
	StatusReason *string `json:"status_reason,omitempty"`

	// Input User JSON, as given.
	Input json.RawMessage `json:"input"`

	// Result User JSON, as reported; absent when none was. `null` is a result.
	Result json.RawMessage `json:"result,omitempty"`

	// Error What went wrong, in words; only of failed and cancelled executions.
	Error *string `json:"error,omitempty"`

	// ErrorDetails User JSON about the error; absent when none was given.
	ErrorDetails json.RawMessage `json:"error_details,omitempty"`

	// Attempt The newest attempt; 0 before the first dispatch.
	Attempt int64 `json:"attempt"`

	// PendingApprovals The `apr_` ids of its own pending requests, oldest first.
	PendingApprovals []string `json:"pending_approvals"`

	// EventHead The newest event of the chain.
	EventHead EventHead `json:"event_head"`

	// CreatedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	CreatedAt string `json:"created_at"`

	// StartedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	StartedAt string `json:"started_at,omitempty"`

	// CompletedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	CompletedAt string `json:"completed_at,omitempty"`

	// DurationMs From `created_at` to `completed_at`; absent while unfinished.
	DurationMs *int64 `json:"duration_ms,omitempty"`

	// RunningMs Time spent running so far; waiting does not count.
	RunningMs int64 `json:"running_ms"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ExecutionApprovalRequest A question to a person from within an execution. `callback_url` has the origin of a registered instance of the node; absent,
// the answer goes to `{base_url}/webhooks/approval`. `step_key` (`pause.n`) says where in the attempt it is asked.
type ExecutionApprovalRequest struct {
	// ApprovalRequestID The caller's own id. Does not start with `apr_`.
	ApprovalRequestID  string `json:"approval_request_id"`
	ApprovalRequestURL string `json:"approval_request_url,omitempty"`
	Title              string `json:"title,omitempty"`
	Description        string `json:"description,omitempty"`

	// Payload What the reviewer must see. User JSON.
	Payload json.RawMessage `json:"payload,omitempty"`

	// ExpiresInHours Hours until it expires, fractions allowed; at most ten years.
	ExpiresInHours float64 `json:"expires_in_hours,omitempty"`
	CallbackURL    string  `json:"callback_url,omitempty"`
	StepKey        string  `json:"step_key,omitempty"`
}

// ExecutionList defines model for ExecutionList.
type ExecutionList struct {
	Items      []Execution `json:"items"`
	NextCursor string      `json:"next_cursor,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ExecutionNotification What the caller's webhook is told about its execution.
type ExecutionNotification struct {
	// Type `execution.finished`.
	Type string `json:"type"`

	// Timestamp RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	Timestamp string `json:"timestamp"`

	// Data One run of a reasoner.
	Data Execution `json:"data"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ExecutionStatus Where an execution is in its life.
type ExecutionStatus string

// ExecutionStatusFilter defines model for ExecutionStatusFilter.
type ExecutionStatusFilter string

// ExecutionWebhook Where `execution.finished` goes. A public address, unless the server's `SIGNOFF_ALLOWED_HOSTS` names it.
type ExecutionWebhook struct {
	URL string `json:"url"`

	// Secret Signs the message; `whsec_` and base64 of at least 24 bytes.
	Secret string `json:"secret,omitempty"`
}

// Features What the agent keeps. Open.
type Features struct {
	// Signoff 1 for agents that keep this contract (own agents).
	Signoff *int64 `json:"signoff,omitempty"`
}

// Health defines model for Health.
type Health struct {
	// Status `ok`.
	Status string `json:"status"`

	// Version The server's version.
	Version string `json:"version"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// Heartbeat A sign of life. Open, as foreign agents send more.
type Heartbeat struct {
	// InstanceID Absent or empty for the newest instance of the node.
	InstanceID string `json:"instance_id,omitempty"`

	// Status `offline` drains; any other word is a sign of life.
	Status string `json:"status,omitempty"`

	// InHand What an own agent has in hand. `digest` is of the sorted attempt ids, each followed by a line feed. All pages of a
	// list carry the same `count`, `digest` and `pages`; servers of one database put them together, whichever takes each. Open.
	InHand *InHand `json:"in_hand,omitempty"`
}

// HeartbeatReceipt defines model for HeartbeatReceipt.
type HeartbeatReceipt struct {
	NodeID string `json:"node_id"`

	// LeaseSeconds Seconds until the leases end without another heartbeat.
	LeaseSeconds float64 `json:"lease_seconds"`

	// Resync Send the list of what is in hand with the next heartbeats.
	Resync bool `json:"resync"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// InHand What an own agent has in hand. `digest` is of the sorted attempt ids, each followed by a line feed. All pages of a
// list carry the same `count`, `digest` and `pages`; servers of one database put them together, whichever takes each. Open.
type InHand struct {
	// Count Attempts in hand.
	Count int64 `json:"count"`

	// Digest Lower-case hex SHA-256.
	Digest string `json:"digest"`

	// Executions Their attempt ids, sorted; after `resync: true`.
	Executions []string `json:"executions,omitzero"`

	// Page Which page of the list this is, from 1.
	Page int64 `json:"page,omitempty"`

	// Pages How many pages the list has.
	Pages int64 `json:"pages,omitempty"`
}

// Instance defines model for Instance.
type Instance struct {
	// InstanceID As registered.
	InstanceID string `json:"instance_id"`
	BaseURL    string `json:"base_url"`

	// State `away`: no heartbeat in time; its leases have ended or are about to.
	State InstanceState `json:"state"`

	// RegisteredAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	RegisteredAt string `json:"registered_at"`

	// LastHeartbeatAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	LastHeartbeatAt string `json:"last_heartbeat_at,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// InstanceState `away`: no heartbeat in time; its leases have ended or are about to.
type InstanceState string

// NewDecision defines model for NewDecision.
type NewDecision struct {
	// Decision What a reviewer may say.
	Decision Decision `json:"decision"`
	Feedback string   `json:"feedback,omitempty"`

	// Response User JSON for whoever waits.
	Response json.RawMessage `json:"response,omitempty"`
}

// NewEvent defines model for NewEvent.
type NewEvent struct {
	// Type A word of the agent's.
	Type string `json:"type"`

	// Content User JSON.
	Content json.RawMessage `json:"content,omitempty"`
	Key     string          `json:"key,omitempty"`
}

// NewReasoner A function that a node offers. Open; null counts as nothing said.
type NewReasoner struct {
	// ID Its name.
	ID string `json:"id"`

	// InputSchema JSON Schema of the input. Inputs for own agents are checked against it.
	InputSchema json.RawMessage `json:"input_schema,omitempty"`

	// OutputSchema JSON Schema of the result.
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`

	// Tags Free words; an array of strings.
	Tags json.RawMessage `json:"tags,omitempty"`

	// Description What it does; a string.
	Description json.RawMessage `json:"description,omitempty"`
}

// NewStepKind defines model for NewStepKind.
type NewStepKind string

// Node defines model for Node.
type Node struct {
	NodeID    string     `json:"node_id"`
	Version   *string    `json:"version,omitempty"`
	Reasoners []Reasoner `json:"reasoners"`
	Skills    []Reasoner `json:"skills"`

	// Instances Newest first.
	Instances []Instance `json:"instances"`

	// CreatedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	CreatedAt string `json:"created_at"`

	// UpdatedAt RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	UpdatedAt string `json:"updated_at"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// NodeList defines model for NodeList.
type NodeList struct {
	Items      []Node `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// NodeRegistered defines model for NodeRegistered.
type NodeRegistered struct {
	NodeID string `json:"node_id"`

	// InstanceID As registered.
	InstanceID string `json:"instance_id"`

	// WebhookSecret Signs what the server sends to this instance; `whsec_` and base64. Keep it secret.
	WebhookSecret string `json:"webhook_secret"`

	// HeartbeatSeconds Heartbeat this often.
	HeartbeatSeconds float64 `json:"heartbeat_seconds"`

	// LeaseSeconds Leases end after this long without a heartbeat.
	LeaseSeconds float64 `json:"lease_seconds"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// NodeRegistration An agent instance says what it is. Open, as foreign agents send more.
type NodeRegistration struct {
	ID      string `json:"id"`
	BaseURL string `json:"base_url"`
	Version string `json:"version,omitempty"`

	// InstanceID New for each process.
	InstanceID string        `json:"instance_id,omitempty"`
	Reasoners  []NewReasoner `json:"reasoners,omitzero"`

	// Skills Served at `/skills/{id}`.
	Skills []NewReasoner `json:"skills,omitzero"`

	// Features What the agent keeps. Open.
	Features *Features `json:"features,omitempty"`
}

// NodeShutdown Open, as foreign agents send more.
type NodeShutdown struct {
	// InstanceID Absent or empty for the newest instance of the node.
	InstanceID string `json:"instance_id,omitempty"`
	Reason     string `json:"reason,omitempty"`

	// TimeoutSeconds How long it goes on with what it has. Default 0.
	TimeoutSeconds *float64 `json:"timeout_seconds,omitempty"`
}

// Note A remark for whoever reads the run. Open, as foreign agents send more.
type Note struct {
	// Message Free text.
	Message string   `json:"message"`
	Tags    []string `json:"tags,omitzero"`
	Key     string   `json:"key,omitempty"`
}

// Outcome What whoever waits is told. `error` stands for a withdrawn request. Only `approved` is a yes.
type Outcome string

// Principal Who did it.
type Principal struct {
	// ID The key's id or what a signed body says.
	ID string `json:"id"`

	// Name For people to read.
	Name *string `json:"name,omitempty"`

	// Source Where the name comes from: a key, a server without keys, the body of a signed message, the server itself.
	Source PrincipalSource `json:"source"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// PrincipalSource Where the name comes from: a key, a server without keys, the body of a signed message, the server itself.
type PrincipalSource string

// Problem RFC 9457. `approval` comes with `already_decided` and `request_conflict`, `execution` with `execution_finished`.
type Problem struct {
	// Type `about:blank`; `code` tells more.
	Type string `json:"type"`

	// Title The HTTP status in words.
	Title string `json:"title"`

	// Status The HTTP status.
	Status int64 `json:"status"`

	// Code What went wrong, for programs. The words stay; new ones may come.
	Code ProblemCode `json:"code"`

	// Detail What is wrong here, for people.
	Detail string `json:"detail"`

	// Errors Each place that is wrong.
	Errors []ProblemError `json:"errors,omitzero"`

	// Approval A question to a person, and the answer once there is one. `decision` is absent while pending, `decided_at` is set by every end.
	// `execution_id`, `node_id` and `run_id` are absent when it is standalone.
	Approval *Approval `json:"approval,omitempty"`

	// Execution One run of a reasoner.
	Execution *Execution `json:"execution,omitempty"`

	// Candidates With `ambiguous_request_id`, newest first, at most 50.
	Candidates []Candidate `json:"candidates,omitzero"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ProblemCode What went wrong, for programs. The words stay; new ones may come.
type ProblemCode string

// ProblemError One place that is wrong.
type ProblemError struct {
	// In `body`, `query`, `path` or `header`.
	In string `json:"in"`

	// Pointer JSON Pointer into the body, or `/` and the name of the parameter as it stands in this file, headers too (`/X-Execution-ID`). Empty for the whole.
	Pointer string `json:"pointer"`

	// Detail What would be right.
	Detail string `json:"detail"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// Readiness defines model for Readiness.
type Readiness struct {
	// Status `degraded`: it works, and `checks` names something to look at.
	Status ReadinessStatus  `json:"status"`
	Checks []ReadinessCheck `json:"checks"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ReadinessCheck defines model for ReadinessCheck.
type ReadinessCheck struct {
	// Name What was looked at.
	Name string `json:"name"`

	// OK Whether it is well.
	OK bool `json:"ok"`

	// Detail What is not well.
	Detail *string `json:"detail,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ReadinessStatus `degraded`: it works, and `checks` names something to look at.
type ReadinessStatus string

// Reasoner defines model for Reasoner.
type Reasoner struct {
	// ID Its name.
	ID string `json:"id"`

	// InputSchema JSON Schema of the input; absent when none was given.
	InputSchema json.RawMessage `json:"input_schema,omitempty"`

	// OutputSchema JSON Schema of the result; absent when none was given.
	OutputSchema json.RawMessage `json:"output_schema,omitempty"`

	// Tags Free words.
	Tags json.RawMessage `json:"tags,omitempty"`

	// Description What it does.
	Description json.RawMessage `json:"description,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// ReportedStatus `waiting` releases the lease; `cancelled` for a run that nobody cancelled hands it back.
type ReportedStatus string

// ReviewerClaim Open.
type ReviewerClaim struct {
	// ID Who decided, in the words of the signing service.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// StatusReport The end of an attempt, or a sign of it. Open, as foreign agents send more.
type StatusReport struct {
	// Status `waiting` releases the lease; `cancelled` for a run that nobody cancelled hands it back.
	Status ReportedStatus `json:"status"`

	// Result User JSON. Absent with `succeeded` is null.
	Result json.RawMessage `json:"result,omitempty"`

	// Error What went wrong, in words.
	Error string `json:"error,omitempty"`

	// ErrorDetails User JSON about the error; null stands for none.
	ErrorDetails json.RawMessage `json:"error_details,omitempty"`

	// StatusReason A word or sentence of the agent's.
	StatusReason string `json:"status_reason,omitempty"`

	// WaitsFor With `waiting`: the ids (`apr_…`, `exec_…`) of the requests and children that the attempt waited for. When one of
	// them has come to its end by now, the run is dispatched again at once. Ignored otherwise.
	WaitsFor []string `json:"waits_for,omitzero"`
}

// Step A piece of work that will not be done again.
type Step struct {
	Key  string   `json:"key"`
	Kind StepKind `json:"kind"`
	Name string   `json:"name"`

	// InputSHA256 Lower-case hex SHA-256.
	InputSHA256 string `json:"input_sha256"`

	// Result User JSON; absent when the step failed.
	Result json.RawMessage `json:"result,omitempty"`

	// Error What went wrong; absent when the step has a result.
	Error *string `json:"error,omitempty"`

	// Attempt The attempt that recorded it.
	Attempt int64 `json:"attempt"`

	// At RFC 3339 in UTC, with milliseconds and Z; a day that exists.
	At string `json:"at"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// StepKind defines model for StepKind.
type StepKind string

// StepList defines model for StepList.
type StepList struct {
	Items      []Step `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`

	// Extra Members that this version does not know, as they came.
	Extra map[string]json.RawMessage `json:"-"`
}

// StepRecord defines model for StepRecord.
type StepRecord struct {
	Kind NewStepKind `json:"kind"`
	Name string      `json:"name"`

	// InputSHA256 Lower-case hex SHA-256.
	InputSHA256 string `json:"input_sha256"`

	// Result User JSON. Absent without `error` is null.
	Result json.RawMessage `json:"result,omitempty"`

	// Error Instead of a result.
	Error string `json:"error,omitempty"`
}
