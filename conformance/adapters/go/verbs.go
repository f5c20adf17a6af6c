package main

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"

	"github.com/signoff-dev/signoff/go"
)

type verb func(ctx context.Context, client *signoff.Client, args json.RawMessage) (any, error)

// with makes a verb of a function that takes its arguments as a struct. Others than those of the
// struct are not supported.
func with[Args any](run func(ctx context.Context, c *signoff.Client, args *Args) (any, error)) verb {
	return func(ctx context.Context, c *signoff.Client, raw json.RawMessage) (any, error) {
		args := new(Args)
		if len(raw) > 0 {
			decoder := json.NewDecoder(bytes.NewReader(raw))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(args); err != nil {
				return nil, &unsupported{err.Error()}
			}
		}
		return run(ctx, c, args)
	}
}

type (
	none struct{}
	page struct {
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor"`
	}
	execution struct {
		ExecutionID string `json:"execution_id"`
	}
	request struct {
		ID string `json:"id"`
	}
	held struct {
		WaitSeconds float64 `json:"wait_seconds"`
	}
	waited struct {
		TimeoutMS float64 `json:"timeout_ms"`
	}
	executing struct {
		signoff.ExecuteRequest
		held
		Target            string `json:"target"`
		IdempotencyKey    string `json:"idempotency_key"`
		ParentExecutionID string `json:"parent_execution_id"`
	}
	executionFilter struct {
		Status signoff.ExecutionStatusFilter `json:"status"`
		NodeID string                        `json:"node_id"`
		RunID  string                        `json:"run_id"`
	}
	approvalFilter struct {
		ApprovalRequestID string                       `json:"approval_request_id"`
		ExecutionID       string                       `json:"execution_id"`
		Status            signoff.ApprovalStatusFilter `json:"status"`
		NodeID            string                       `json:"node_id"`
		Reviewer          string                       `json:"reviewer"`
		DecidedAfter      time.Time                    `json:"decided_after"`
		DecidedBefore     time.Time                    `json:"decided_before"`
	}
	deliveryFilter struct {
		State       signoff.DeliveryStateFilter `json:"state"`
		ExecutionID string                      `json:"execution_id"`
	}
)

func (p *page) options() *signoff.PageOptions {
	return &signoff.PageOptions{Limit: p.Limit, Cursor: p.Cursor}
}

func (h *held) options() *signoff.GetOptions {
	return &signoff.GetOptions{Wait: millis(h.WaitSeconds * 1000)}
}

func (e *executing) options() *signoff.ExecuteOptions {
	return &signoff.ExecuteOptions{
		Wait: millis(e.WaitSeconds * 1000), IdempotencyKey: e.IdempotencyKey, ParentExecutionID: e.ParentExecutionID,
	}
}

func (f *executionFilter) filter() *signoff.ExecutionFilter {
	return &signoff.ExecutionFilter{Status: f.Status, NodeID: f.NodeID, RunID: f.RunID}
}

func (f *approvalFilter) filter() *signoff.ApprovalFilter {
	return &signoff.ApprovalFilter{
		ApprovalRequestID: f.ApprovalRequestID, ExecutionID: f.ExecutionID, Status: f.Status, NodeID: f.NodeID, Reviewer: f.Reviewer,
		DecidedAfter: f.DecidedAfter, DecidedBefore: f.DecidedBefore,
	}
}

func (f *deliveryFilter) filter() *signoff.DeliveryFilter {
	return &signoff.DeliveryFilter{State: f.State, ExecutionID: f.ExecutionID}
}

// collected reads a whole list.
func collected[T any](rows iter.Seq2[*T, error]) (any, error) {
	items := []*T{}
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		items = append(items, row)
	}
	return map[string]any{"items": items}, nil
}

func told(result *signoff.ApprovalResult, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	value := map[string]any{
		"decision": result.Decision, "id": result.ID, "approval_request_id": result.ApprovalRequestID, "event_head": result.EventHead,
		"approved": result.Approved(), "rejected": result.Rejected(), "changes_requested": result.ChangesRequested(),
		"expired": result.Expired(), "withdrawn": result.Withdrawn(), "response": result.Response, "reviewer": result.Reviewer,
		"feedback": nil,
	}
	if result.Feedback != "" {
		value["feedback"] = result.Feedback
	}
	return value, nil
}

var verbs = map[string]verb{
	"listNodes": with(func(ctx context.Context, c *signoff.Client, a *page) (any, error) {
		return c.ListNodes(ctx, a.options())
	}),
	"iterNodes": with(func(ctx context.Context, c *signoff.Client, _ *none) (any, error) { return collected(c.IterNodes(ctx)) }),
	"getNode": with(func(ctx context.Context, c *signoff.Client, a *struct {
		NodeID string `json:"node_id"`
	},
	) (any, error) {
		return c.GetNode(ctx, a.NodeID)
	}),
	"execute": with(func(ctx context.Context, c *signoff.Client, a *executing) (any, error) {
		return c.Execute(ctx, a.Target, &a.ExecuteRequest, a.options())
	}),
	"executeAsync": with(func(ctx context.Context, c *signoff.Client, a *executing) (any, error) {
		return c.ExecuteAsync(ctx, a.Target, &a.ExecuteRequest, a.options())
	}),
	"listExecutions": with(func(ctx context.Context, c *signoff.Client, a *struct {
		page
		executionFilter
	},
	) (any, error) {
		return c.ListExecutions(ctx, a.filter(), a.page.options())
	}),
	"iterExecutions": with(func(ctx context.Context, c *signoff.Client, a *executionFilter) (any, error) {
		return collected(c.IterExecutions(ctx, a.filter()))
	}),
	"getExecution": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		held
	},
	) (any, error) {
		return c.GetExecution(ctx, a.ExecutionID, a.options())
	}),
	"waitForExecution": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		waited
	},
	) (any, error) {
		return c.WaitForExecution(ctx, a.ExecutionID, &signoff.WaitOptions{Timeout: millis(a.TimeoutMS)})
	}),
	"cancelExecution": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		signoff.Cancellation
	},
	) (any, error) {
		return c.CancelExecution(ctx, a.ExecutionID, &a.Cancellation)
	}),
	"listSteps": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		page
	},
	) (any, error) {
		return c.ListSteps(ctx, a.ExecutionID, a.options())
	}),
	"iterSteps": with(func(ctx context.Context, c *signoff.Client, a *execution) (any, error) {
		return collected(c.IterSteps(ctx, a.ExecutionID))
	}),
	"listExecutionEvents": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		page
	},
	) (any, error) {
		return c.ListExecutionEvents(ctx, a.ExecutionID, a.options())
	}),
	"iterExecutionEvents": with(func(ctx context.Context, c *signoff.Client, a *execution) (any, error) {
		return collected(c.IterExecutionEvents(ctx, a.ExecutionID))
	}),
	"streamExecutionEvents": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		LastEventID int64 `json:"last_event_id"`
	},
	) (any, error) {
		return collected(c.StreamExecutionEvents(ctx, a.ExecutionID, &signoff.StreamOptions{LastEventID: a.LastEventID}))
	}),
	"getExecutionApprovalStatus": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		NodeID            string `json:"node_id"`
		ApprovalRequestID string `json:"approval_request_id"`
	},
	) (any, error) {
		return c.GetExecutionApprovalStatus(ctx, a.NodeID, a.ExecutionID, a.ApprovalRequestID)
	}),
	"createApprovalRequest": with(func(ctx context.Context, c *signoff.Client, a *signoff.ApprovalRequest) (any, error) {
		return c.CreateApprovalRequest(ctx, a)
	}),
	"requestApproval": with(func(ctx context.Context, c *signoff.Client, a *signoff.ApprovalRequest) (any, error) {
		return c.RequestApproval(ctx, a)
	}),
	"pause": with(func(ctx context.Context, c *signoff.Client, a *struct {
		signoff.ApprovalRequest
		waited
	},
	) (any, error) {
		if a.TimeoutMS == 0 {
			return told(c.Pause(ctx, &a.ApprovalRequest))
		}
		return told(c.Pause(ctx, &a.ApprovalRequest, signoff.PauseTimeout(millis(a.TimeoutMS))))
	}),
	"waitForApproval": with(func(ctx context.Context, c *signoff.Client, a *struct {
		request
		waited
		execution
	},
	) (any, error) {
		return told(c.WaitForApproval(ctx, a.ID, &signoff.WaitOptions{Timeout: millis(a.TimeoutMS), ExecutionID: a.ExecutionID}))
	}),
	"findApprovalRequest": with(func(ctx context.Context, c *signoff.Client, a *struct {
		execution
		ApprovalRequestID string `json:"approval_request_id"`
	},
	) (any, error) {
		return c.FindApprovalRequest(ctx, a.ApprovalRequestID, a.ExecutionID)
	}),
	"listApprovalRequests": with(func(ctx context.Context, c *signoff.Client, a *struct {
		page
		approvalFilter
	},
	) (any, error) {
		return c.ListApprovalRequests(ctx, a.filter(), a.page.options())
	}),
	"iterApprovalRequests": with(func(ctx context.Context, c *signoff.Client, a *approvalFilter) (any, error) {
		return collected(c.IterApprovalRequests(ctx, a.filter()))
	}),
	"getApprovalRequest": with(func(ctx context.Context, c *signoff.Client, a *struct {
		request
		held
	},
	) (any, error) {
		return c.GetApprovalRequest(ctx, a.ID, a.options())
	}),
	"listApprovalRequestEvents": with(func(ctx context.Context, c *signoff.Client, a *struct {
		request
		page
	},
	) (any, error) {
		return c.ListApprovalRequestEvents(ctx, a.ID, a.options())
	}),
	"iterApprovalRequestEvents": with(func(ctx context.Context, c *signoff.Client, a *request) (any, error) {
		return collected(c.IterApprovalRequestEvents(ctx, a.ID))
	}),
	"decideApprovalRequest": with(func(ctx context.Context, c *signoff.Client, a *struct {
		request
		signoff.NewDecision
	},
	) (any, error) {
		return c.DecideApprovalRequest(ctx, a.ID, &a.NewDecision)
	}),
	"decide": with(func(ctx context.Context, c *signoff.Client, a *struct {
		request
		signoff.NewDecision
	},
	) (any, error) {
		return c.Decide(ctx, a.ID, &a.NewDecision)
	}),
	"cancelApprovalRequest": with(func(ctx context.Context, c *signoff.Client, a *struct {
		request
		signoff.Cancellation
	},
	) (any, error) {
		return c.CancelApprovalRequest(ctx, a.ID, &a.Cancellation)
	}),
	"receiveApprovalResponse": with(func(ctx context.Context, c *signoff.Client, a *struct {
		Body    string            `json:"body"`
		Headers map[string]string `json:"headers"`
	},
	) (any, error) {
		header := http.Header{}
		for name, value := range a.Headers {
			header.Set(name, value)
		}
		return c.ReceiveApprovalResponse(ctx, header, []byte(a.Body))
	}),
	"respond": with(func(ctx context.Context, c *signoff.Client, a *struct {
		signoff.NewDecision
		execution
		RequestID  string                 `json:"request_id"`
		Reviewer   *signoff.ReviewerClaim `json:"reviewer"`
		Secret     string                 `json:"secret"`
		PatienceMS float64                `json:"patience_ms"`
	},
	) (any, error) {
		response := signoff.ApprovalResponse{
			RequestID: a.RequestID, Decision: a.Decision, Feedback: a.Feedback, Response: a.Response,
			Reviewer: a.Reviewer, ExecutionID: a.ExecutionID,
		}
		return c.Respond(ctx, a.Secret, &response, &signoff.RespondOptions{Patience: millis(a.PatienceMS)})
	}),
	"listDeliveries": with(func(ctx context.Context, c *signoff.Client, a *struct {
		page
		deliveryFilter
	},
	) (any, error) {
		return c.ListDeliveries(ctx, a.filter(), a.page.options())
	}),
	"iterDeliveries": with(func(ctx context.Context, c *signoff.Client, a *deliveryFilter) (any, error) {
		return collected(c.IterDeliveries(ctx, a.filter()))
	}),
	"retryDelivery": with(func(ctx context.Context, c *signoff.Client, a *request) (any, error) {
		return c.RetryDelivery(ctx, a.ID)
	}),
	"getHealth":    with(func(ctx context.Context, c *signoff.Client, _ *none) (any, error) { return c.GetHealth(ctx) }),
	"getReadiness": with(func(ctx context.Context, c *signoff.Client, _ *none) (any, error) { return c.GetReadiness(ctx) }),
	"getOpenapi":   with(func(ctx context.Context, c *signoff.Client, _ *none) (any, error) { return c.GetOpenapi(ctx) }),
	"getMetrics":   with(func(ctx context.Context, c *signoff.Client, _ *none) (any, error) { return c.GetMetrics(ctx) }),
}

// lacks: what agents call, by other ways; and of an execution nothing is decided by its own id.
var lacks = []string{
	"decide.execution_id",
	"registerNode",
	"heartbeatNode",
	"shutdownNode",
	"reportExecutionStatus",
	"addNote",
	"recordStep",
	"appendExecutionEvent",
	"requestExecutionApproval",
}
