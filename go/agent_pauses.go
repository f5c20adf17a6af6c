package signoff

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A PauseOption is an option of Pause, of a run's and of a client's.
type PauseOption func(*pauseSettings)

type pauseSettings struct{ timeout time.Duration }

// longestWithdrawal is the time in which a request is withdrawn whose local time is over: of the time
// of a client's Pause, a quarter but never more than this is kept for it; in a run, where the time is
// that for the answer, it comes after.
const longestWithdrawal = 2 * time.Second

// PauseTimeout is how long Pause waits. Then it withdraws its request, so that nobody decides it for
// no one, and returns a [*PauseTimeoutError]. Without it, or with 0, Pause waits until the request is
// decided or expires; below 0 is an error.
//
// The time of a client's Pause is for all of it: asking, waiting, withdrawing. That of a run's begins
// when the question is stored.
func PauseTimeout(timeout time.Duration) PauseOption {
	return func(s *pauseSettings) { s.timeout = timeout }
}

func pauseSettingsOf(options []PauseOption) pauseSettings {
	var given pauseSettings
	for _, option := range options {
		option(&given)
	}
	return given
}

// Pause asks a person and waits for the answer, over any restart of anything.
//
// The result is the decision: approved, rejected, request_changes, expired, or error when the
// question was withdrawn. Only approved is a yes. ExpiresInHours defaults to 72. An earlier attempt
// that asked something else here is a [*NondeterministicReplayError].
// Source: requestExecutionApproval.
func (r *Run) Pause(request *ApprovalRequest, options ...PauseOption) (*ApprovalResult, error) {
	a, err := r.attempt("Pause")
	if err != nil {
		return nil, err
	}
	timeout := pauseSettingsOf(options).timeout
	if err := checkedTimeout(timeout); err != nil {
		return nil, err
	}
	if request == nil {
		request = &ApprovalRequest{} // which the server refuses, by its places
	}
	asked := &ExecutionApprovalRequest{
		ApprovalRequestID:  request.ApprovalRequestID,
		ApprovalRequestURL: request.ApprovalRequestURL,
		Title:              request.Title,
		Description:        request.Description,
		Payload:            request.Payload,
		ExpiresInHours:     request.ExpiresInHours,
		StepKey:            a.key("pause"),
	}
	approval, err := a.client.requestExecutionApproval(r.ctx, a.nodeID, a.id, asked)
	if conflict := (*Error)(nil); errors.As(err, &conflict) && errors.Is(err, ErrRequestConflict) {
		return nil, differs(conflict, asked)
	}
	if err != nil {
		return nil, a.broken(r, err)
	}
	if isDecided(approval) {
		return resultOf(approval)
	}
	result, err := a.answerTo(r, approval.ID, timeout)
	if !errors.Is(err, ErrWaitTimeout) {
		return result, err
	}
	return withdraw(r.ctx, a.client, approval.ID, deadline{a.client.clock.Now().Add(longestWithdrawal)})
}

// WaitForResume is the answer to a question that this execution has asked before; it waits while that
// is pending. It is nil at once when none was asked under that id, and never asks.
//
// When Options.Timeout is over it is a [*WaitTimeoutError], and the question stays pending.
// Source: getExecutionApprovalStatus.
func (r *Run) WaitForResume(approvalRequestID string, options *WaitOptions) (*ApprovalResult, error) {
	a, err := r.attempt("WaitForResume")
	if err != nil {
		return nil, err
	}
	if approvalRequestID == "" {
		return nil, errNoOwnID() // the newest question would be found, whichever it is
	}
	timeout := options.timeout()
	if err := checkedTimeout(timeout); err != nil {
		return nil, err
	}
	state, err := a.client.GetExecutionApprovalStatus(r.ctx, a.nodeID, a.id, approvalRequestID)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, a.broken(r, err)
	}
	if isDecided(&state.Approval) {
		return resultOf(&state.Approval)
	}
	return a.answerTo(r, state.Approval.ID, timeout)
}

// answerTo waits for the callback that answers a request; without a timeout for as long as it takes.
// A parked wait is one goroutine: no thread, no connection.
func (a *attempt) answerTo(r *Run, id string, timeout time.Duration) (*ApprovalResult, error) {
	clock := a.client.clock
	since := clock.Now()
	if _, timed := r.Deadline(); timed || timeout != 0 {
		since = time.Time{}
	}
	defer a.unpark(a.park(id, since))
	waiting, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	if timeout != 0 {
		timer := make(chan struct{})
		go func() {
			defer close(timer)
			if clock.Sleep(waiting, timeout) == nil {
				cancel(ErrWaitTimeout)
			}
		}()
		defer func() { cancel(nil); <-timer }()
	}
	result, err := a.waiters.wait(waiting, id)
	switch {
	case err == nil:
		return result, nil
	case r.Err() != nil:
		return nil, contextError(r)
	}
	return nil, &WaitTimeoutError{ID: id}
}

// withdraw takes a question back whose local time is over, unless it was answered just now. It does
// not outlast the deadline.
func withdraw(ctx context.Context, client *Client, id string, end deadline) (*ApprovalResult, error) {
	ctx, cancel := end.limit(ctx, client.clock.Now())
	defer cancel()
	_, err := client.CancelApprovalRequest(ctx, id, &Cancellation{Reason: "pause timed out"})
	if decided := (*Error)(nil); errors.As(err, &decided) && errors.Is(err, ErrAlreadyDecided) && decided.Approval != nil {
		return resultOf(decided.Approval)
	}
	return nil, &PauseTimeoutError{ID: id, Withdrawn: err == nil}
}

func differs(conflict *Error, asked *ExecutionApprovalRequest) error {
	stored := asked.ApprovalRequestID
	if conflict.Approval != nil {
		stored = conflict.Approval.ApprovalRequestID
	}
	return &NondeterministicReplayError{
		fmt.Sprintf("the question %q at %s", stored, asked.StepKey), fmt.Sprintf("one that differs (%s)", conflict.Detail),
	}
}
