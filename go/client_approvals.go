package signoff

import (
	"context"
	"iter"
	"time"
)

// ApprovalFilter says which approval requests a list has; empty fields let all through.
type ApprovalFilter struct {
	// ApprovalRequestID is the asker's own id.
	ApprovalRequestID string
	// ExecutionID may be "none", for standalone requests.
	ExecutionID string
	Status      ApprovalStatusFilter
	NodeID      string
	// Reviewer is the id of who decided.
	Reviewer string
	// DecidedAfter and DecidedBefore count to the millisecond; the first is within, the second is not.
	DecidedAfter, DecidedBefore time.Time
}

// GetExecutionApprovalStatus is the newest request of an execution, or, where approvalRequestID is
// not empty, its newest under that own id (getExecutionApprovalStatus).
func (c *Client) GetExecutionApprovalStatus(ctx context.Context, nodeID, executionID, approvalRequestID string) (*ApprovalState, error) {
	return ask[ApprovalState](ctx, c, call{
		operation: "getExecutionApprovalStatus",
		path:      map[string]string{"node_id": nodeID, "execution_id": executionID},
		query:     map[string]string{"approval_request_id": approvalRequestID},
	})
}

// CreateApprovalRequest asks a person, without an execution (createApprovalRequest).
//
// Until it expires (after ExpiresInHours, default 72) the same id and content are the same request:
// a process that runs again attaches to its question. Another content is [ErrRequestConflict].
func (c *Client) CreateApprovalRequest(ctx context.Context, request *ApprovalRequest) (*Approval, error) {
	return ask[Approval](ctx, c, call{operation: "createApprovalRequest", body: request})
}

// ListApprovalRequests is one page of approval requests, newest first (listApprovalRequests).
func (c *Client) ListApprovalRequests(ctx context.Context, filter *ApprovalFilter, page *PageOptions) (*ApprovalList, error) {
	if filter == nil {
		filter = &ApprovalFilter{}
	}
	query := page.and(map[string]string{
		"approval_request_id": filter.ApprovalRequestID,
		"execution_id":        filter.ExecutionID,
		"status":              string(filter.Status),
		"node_id":             filter.NodeID,
		"reviewer":            filter.Reviewer,
		"decided_after":       timestamp(filter.DecidedAfter),
		"decided_before":      timestamp(filter.DecidedBefore),
	})
	return ask[ApprovalList](ctx, c, call{operation: "listApprovalRequests", query: query})
}

// GetApprovalRequest is a request as it is, or, with Wait, once it is decided (getApprovalRequest).
// id is the apr_ id. [Client.WaitForApproval] waits for as long as you like.
func (c *Client) GetApprovalRequest(ctx context.Context, id string, options *GetOptions) (*Approval, error) {
	return ask[Approval](ctx, c, options.held("getApprovalRequest", "id", id))
}

// ListApprovalRequestEvents is one page of a request's events, oldest first (listApprovalRequestEvents).
func (c *Client) ListApprovalRequestEvents(ctx context.Context, id string, page *PageOptions) (*EventList, error) {
	return ask[EventList](ctx, c, call{operation: "listApprovalRequestEvents", path: map[string]string{"id": id}, query: page.query()})
}

// DecideApprovalRequest decides the request with this apr_ id (decideApprovalRequest).
//
// The reviewer is the owner of the key. The same decision again is already_processed; where another
// one won it is [ErrAlreadyDecided], whose Approval says which.
func (c *Client) DecideApprovalRequest(ctx context.Context, id string, decision *NewDecision) (*DecisionReceipt, error) {
	return ask[DecisionReceipt](ctx, c, call{operation: "decideApprovalRequest", path: map[string]string{"id": id}, body: decision})
}

// CancelApprovalRequest withdraws the request with this apr_ id: whoever waits for it is told error
// (cancelApprovalRequest). Where somebody was faster it is [ErrAlreadyDecided].
func (c *Client) CancelApprovalRequest(ctx context.Context, id string, cancellation *Cancellation) (*Approval, error) {
	return ask[Approval](ctx, c, cancelling("cancelApprovalRequest", "id", id, cancellation))
}

// IterApprovalRequests are all approval requests that fit, newest first.
func (c *Client) IterApprovalRequests(ctx context.Context, filter *ApprovalFilter) iter.Seq2[*Approval, error] {
	return rows(func(page *PageOptions) ([]Approval, string, error) {
		list, err := c.ListApprovalRequests(ctx, filter, page)
		if err != nil {
			return nil, "", err
		}
		return list.Items, list.NextCursor, nil
	})
}

// IterApprovalRequestEvents are all events of a request so far, oldest first.
func (c *Client) IterApprovalRequestEvents(ctx context.Context, id string) iter.Seq2[*Event, error] {
	return rows(func(page *PageOptions) ([]Event, string, error) {
		list, err := c.ListApprovalRequestEvents(ctx, id, page)
		if err != nil {
			return nil, "", err
		}
		return list.Items, list.NextCursor, nil
	})
}

// timestamp is a time as the contract writes it; empty for the zero time.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
