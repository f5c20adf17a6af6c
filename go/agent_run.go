package signoff

import (
	"context"
	"fmt"
	"time"
)

// A Run is one attempt of one execution, as its reasoner sees it: what Pause, Step, Call, Note and
// WaitForResume work on. It is a context, cancelled when the attempt is over here; then the verbs
// return [ErrStopped]. It is safe for concurrent use, and is of no use once the reasoner has returned.
type Run struct {
	ctx context.Context
	of  *attempt
}

var _ context.Context = (*Run)(nil)

// Deadline is that of the run's context; the control plane's is not known here.
func (r *Run) Deadline() (time.Time, bool) { return r.ctx.Deadline() }

// Done is closed when the attempt is over here.
func (r *Run) Done() <-chan struct{} { return r.ctx.Done() }

// Err is nil until then.
func (r *Run) Err() error { return r.ctx.Err() }

// Value is that of the run's context.
func (r *Run) Value(key any) any { return r.ctx.Value(key) }

// WithContext is the same run with another context, which must come from the run's own: a verb
// called on it ends with that context.
func (r *Run) WithContext(ctx context.Context) *Run { return &Run{ctx, r.of} }

// NodeID is the node that runs it.
func (r *Run) NodeID() string { return r.of.nodeID }

// ExecutionID is what everybody but the agent calls it: exec_…, the same in all attempts.
func (r *Run) ExecutionID() string { return r.of.executionID }

// AttemptID is what the agent calls it: exec_…, and from the second attempt on exec_…~2.
func (r *Run) AttemptID() string { return r.of.id }

// Attempt is which attempt this is, from 1.
func (r *Run) Attempt() int { return r.of.number }

// RunID is the tree of calls that it belongs to: run_….
func (r *Run) RunID() string { return r.of.runID }

type runKey struct{}

// RunFrom is the run that a context comes from, in a reasoner or a step of it, for functions that are
// called from there; false outside of one.
func RunFrom(ctx context.Context) (*Run, bool) {
	of, ok := ctx.Value(runKey{}).(*attempt)
	if !ok {
		return nil, false
	}
	return &Run{ctx, of}, true
}

// attempt checks that there is a run to work on; verb is for the message.
func (r *Run) attempt(verb string) (*attempt, error) {
	if r == nil || r.of == nil {
		return nil, fmt.Errorf("%s: %w", verb, ErrNotInRun)
	}
	if r.Err() != nil {
		return nil, contextError(r)
	}
	return r.of, nil
}
