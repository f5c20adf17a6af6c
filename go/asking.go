package signoff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// RequestApproval asks a person and comes back at once: CreateApprovalRequest by its everyday name.
func (c *Client) RequestApproval(ctx context.Context, request *ApprovalRequest) (*Approval, error) {
	return c.CreateApprovalRequest(ctx, request)
}

// WaitForApproval waits until a request has come to an end, whichever: expired, request_changes and
// error (withdrawn) are results, no errors.
//
// id is the apr_ id or the asker's own; an own id means the newest request under it that is
// standalone, or of Options.ExecutionID. Lost connections and restarts of the server are waited
// through. When the time is over it returns a [*WaitTimeoutError] and leaves the request pending.
func (c *Client) WaitForApproval(ctx context.Context, id string, options *WaitOptions) (*ApprovalResult, error) {
	end, err := c.deadline(options.timeout())
	if err != nil {
		return nil, err
	}
	if isApprovalID(id) {
		return c.decision(ctx, id, end)
	}
	executionID := ""
	if options != nil {
		executionID = options.ExecutionID
	}
	found, err := until(ctx, c, id, end, func(ctx context.Context, c *Client, _ time.Duration) (*Approval, error) {
		return c.FindApprovalRequest(ctx, id, executionID)
	}, func(*Approval) bool { return true })
	if err != nil {
		return nil, err
	}
	if isDecided(found) {
		return resultOf(found)
	}
	return c.decision(ctx, found.ID, end)
}

// Pause asks a person and waits for the answer.
//
// A program that crashed and asks the same again attaches to its question. ExpiresInHours (default
// 72) ends the question, with the result expired. [PauseTimeout] is for the whole call: its end (a
// quarter, at most two seconds) is kept for withdrawing the question, and then it is a
// [*PauseTimeoutError], also where the question could not be asked in that time. The end of ctx ends
// only this call, as that of a process does.
func (c *Client) Pause(ctx context.Context, request *ApprovalRequest, options ...PauseOption) (*ApprovalResult, error) {
	timeout := pauseSettingsOf(options).timeout
	end, err := c.deadline(timeout)
	if err != nil {
		return nil, err
	}
	asking, cancel := end.limit(ctx, c.clock.Now())
	approval, err := c.CreateApprovalRequest(asking, request)
	late := asking.Err() != nil && ctx.Err() == nil
	cancel()
	if err != nil && late && request != nil {
		return nil, &PauseTimeoutError{ID: request.ApprovalRequestID}
	}
	if err != nil {
		return nil, err
	}
	if isDecided(approval) {
		return resultOf(approval)
	}
	result, err := c.decision(ctx, approval.ID, end.earlier(min(longestWithdrawal, timeout/4)))
	if errors.Is(err, ErrWaitTimeout) && ctx.Err() == nil {
		return withdraw(ctx, c, approval.ID, end)
	}
	return result, err
}

// Decide decides a request: DecideApprovalRequest, where id may be the asker's own id too, of its
// newest standalone request.
func (c *Client) Decide(ctx context.Context, id string, decision *NewDecision) (*DecisionReceipt, error) {
	if !isApprovalID(id) {
		found, err := c.FindApprovalRequest(ctx, id, "")
		if err != nil {
			return nil, err
		}
		id = found.ID
	}
	return c.DecideApprovalRequest(ctx, id, decision)
}

// FindApprovalRequest is the newest request under an own id: a standalone one, or, where executionID
// is not empty, one of that execution. It is [ErrNotFound] when there is none, and
// [ErrAmbiguousRequestID] when several standalone ones, of several owners, are pending.
func (c *Client) FindApprovalRequest(ctx context.Context, approvalRequestID, executionID string) (*Approval, error) {
	if approvalRequestID == "" {
		return nil, errNoOwnID() // a list would have everybody's
	}
	filter := ApprovalFilter{ApprovalRequestID: approvalRequestID, ExecutionID: executionID}
	if executionID == "" {
		filter.ExecutionID = "none"
	}
	page, err := c.ListApprovalRequests(ctx, &filter, nil)
	if err != nil {
		return nil, err
	}
	if len(page.Items) == 0 {
		among := " of " + executionID
		if executionID == "" {
			among = " among the standalone ones; those of an execution need its id"
		}
		detail := "there is no approval request " + approvalRequestID + among
		return nil, &Error{Status: http.StatusNotFound, Code: ProblemCodeNotFound, Detail: detail}
	}
	var pending []Candidate
	for _, item := range page.Items {
		if item.Status == ApprovalStatusPending {
			pending = append(pending, Candidate{ID: item.ID, Status: item.Status})
		}
	}
	if executionID == "" && len(pending) > 1 {
		detail := fmt.Sprintf("%d requests under %s are pending; give an apr_ id", len(pending), approvalRequestID)
		return nil, &Error{Status: http.StatusConflict, Code: ProblemCodeAmbiguousRequestID, Detail: detail, Candidates: pending}
	}
	return &page.Items[0], nil
}

// errNoOwnID is the server's answer to an own id that is empty. The client says it itself, as an empty
// parameter is left out of what it sends: somebody else's newest question would be found.
func errNoOwnID() *Error {
	place := ProblemError{In: "query", Pointer: "/approval_request_id", Detail: "must not be empty"}
	return &Error{
		Status: http.StatusBadRequest, Code: ProblemCodeInvalidRequest,
		Detail: "approval_request_id: must not be empty", Errors: []ProblemError{place},
	}
}

func isApprovalID(id string) bool { return strings.HasPrefix(id, "apr_") }

func (c *Client) decision(ctx context.Context, id string, end deadline) (*ApprovalResult, error) {
	approval, err := until(ctx, c, id, end, func(ctx context.Context, c *Client, hold time.Duration) (*Approval, error) {
		return c.GetApprovalRequest(ctx, id, &GetOptions{Wait: hold})
	}, isDecided)
	if err != nil {
		return nil, err
	}
	return resultOf(approval)
}
