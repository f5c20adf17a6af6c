package signoff

import (
	"encoding/json"
	"fmt"
)

// ApprovalResult is the end of an approval request: what a person said, or that nobody did.
type ApprovalResult struct {
	// Decision is approved, rejected, request_changes, expired or error (the request was
	// withdrawn), or a word of a newer server. Only approved is a yes: ask [ApprovalResult.Approved].
	Decision Outcome
	// Feedback is what the reviewer wrote; for error the reason. Empty when there is none.
	Feedback string
	// Response is user JSON from the reviewer; nil when none was given.
	Response json.RawMessage
	// Reviewer is who decided; nil when nobody did.
	Reviewer *Principal
	// ID is the request's apr_ id.
	ID string
	// ApprovalRequestID is the asker's own id.
	ApprovalRequestID string
	// EventHead vouches for the events up to here.
	EventHead EventHead
}

// Approved reports whether somebody said yes.
func (r *ApprovalResult) Approved() bool { return r.Decision == OutcomeApproved }

// Rejected reports whether somebody said no.
func (r *ApprovalResult) Rejected() bool { return r.Decision == OutcomeRejected }

// ChangesRequested reports whether somebody wants something changed first; Feedback says what.
func (r *ApprovalResult) ChangesRequested() bool { return r.Decision == OutcomeRequestChanges }

// Expired reports whether nobody answered in time.
func (r *ApprovalResult) Expired() bool { return r.Decision == OutcomeExpired }

// Withdrawn reports whether the request was taken back or its execution ended; Feedback is the
// reason, if any.
func (r *ApprovalResult) Withdrawn() bool { return r.Decision == OutcomeError }

// resultOf is the result that a request has come to; it is a *ProtocolError to ask before.
func resultOf(approval *Approval) (*ApprovalResult, error) {
	if approval.Decision == "" {
		return nil, &ProtocolError{fmt.Sprintf("%s is %s and has no decision", approval.ID, approval.Status)}
	}
	feedback := approval.Feedback
	if approval.Decision == OutcomeError {
		feedback = approval.StatusReason
	}
	result := &ApprovalResult{
		Decision:          approval.Decision,
		Response:          approval.Response,
		Reviewer:          approval.Reviewer,
		ID:                approval.ID,
		ApprovalRequestID: approval.ApprovalRequestID,
		EventHead:         approval.EventHead,
	}
	if feedback != nil {
		result.Feedback = *feedback
	}
	return result, nil
}

// isDecided tells whether the request has come to an end, whichever.
func isDecided(approval *Approval) bool { return approval.DecidedAt != "" }
