package signoff

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
)

// seeThrough runs the reasoner of an attempt and sees its report taken.
func (a *attempt) seeThrough(work func(*Run) (json.RawMessage, error), releases chan struct{}) {
	// What stands here stays when the reasoner ends its goroutine, as FailNow of a test does.
	result, err := json.RawMessage(nil), errors.New("the reasoner ended its goroutine")
	defer func() {
		report := a.outcome(result, err)
		if report.Status == ReportedStatusWaiting {
			releases <- struct{}{}
			defer func() { <-releases }()
		}
		a.report(report)
	}()
	result, err = a.work(work)
}

// work runs the reasoner; a panic of it is an error of the run, not the end of the process.
func (a *attempt) work(work func(*Run) (json.RawMessage, error)) (result json.RawMessage, err error) {
	defer func() {
		if broke := recover(); broke != nil {
			a.log.Error("signoff: a reasoner panicked", "execution", a.id, "panic", broke, "stack", string(debug.Stack()))
			result, err = nil, fmt.Errorf("panic: %v", broke)
		}
	}()
	if err := a.loadRecorded(); err != nil {
		return nil, err
	}
	return work(&Run{a.ctx, a})
}

// outcome is what to report. What a stopped reasoner returns counts for nothing: it may be what came
// of the stop.
func (a *attempt) outcome(result json.RawMessage, err error) *StatusReport {
	if stop := a.ended(); stop != nil {
		return stop
	}
	if err != nil {
		a.log.Warn("signoff: a run failed", "execution", a.id, "error", err)
		kind, _ := json.Marshal(map[string]string{"type": fmt.Sprintf("%T", err)})
		return &StatusReport{Status: ReportedStatusFailed, Error: said(err), ErrorDetails: kind}
	}
	return &StatusReport{Status: ReportedStatusSucceeded, Result: result}
}

// report sends a report until the server has taken it.
func (a *attempt) report(report *StatusReport) {
	// What the reasoner left behind has no run any more.
	a.cancel(fmt.Errorf("%w: its reasoner has returned", ErrStopped))
	if a.isOver() {
		a.log.Info("signoff: an attempt is over", "execution", a.id, "reason", report.StatusReason)
		return
	}
	if report.Status != ReportedStatusCancelled {
		a.notes.flush()
	}
	// The attempt's own context is over; that of its notes lasts as long as the process.
	ctx := a.notes.ctx
	_, err := a.client.reportExecutionStatus(ctx, a.id, report)
	if errors.Is(err, ErrBodyTooLarge) {
		tooLarge := &StatusReport{Status: ReportedStatusFailed, Error: "the result is over the limit"}
		_, err = a.client.reportExecutionStatus(ctx, a.id, tooLarge)
	}
	var refused *Error
	switch {
	case err == nil:
	case errors.As(err, &refused) && refused.Status < 500:
		// The execution was cancelled, timed out, or runs in a later attempt elsewhere.
		a.log.Info("signoff: a report was refused", "execution", a.id, "error", err)
	default:
		// The server misses it in the heartbeats and dispatches the next attempt.
		a.log.Error("signoff: a report was not taken", "execution", a.id, "error", err)
	}
}
