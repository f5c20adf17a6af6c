package signoff

import (
	"errors"
	"fmt"
)

// What goes wrong in an agent, beside what errors.go says:
//
//	*PauseTimeoutError            the time given to Pause is over, its request is withdrawn; ErrPauseTimeout
//	*NondeterministicReplayError  a later attempt came another way than the recorded one; ErrNondeterministicReplay
//	*StepFailedError              a step failed, now or in an earlier attempt
//	*CallFailedError              a called execution ended otherwise than by success
//	ErrStopped                    this attempt is over: return, and what is returned counts for nothing
//	ErrNotInRun                   a verb outside of a run
//	ErrAgentNotRunning            the agent is not served

var (
	// ErrPauseTimeout is what every [*PauseTimeoutError] is.
	ErrPauseTimeout = errors.New("signoff: the pause is over")
	// ErrNondeterministicReplay is what every [*NondeterministicReplayError] is.
	ErrNondeterministicReplay = errors.New("signoff: nondeterministic_replay")
	// ErrStopped is the error of every verb of a run whose attempt is over here: it was cancelled,
	// is handed back because the process ends, or is suspended until somebody decides. The run's
	// context is cancelled with it. Return it: what a stopped reasoner returns is not reported.
	ErrStopped = errors.New("signoff: this attempt is stopped")
	// ErrNotInRun: a verb works inside a reasoner that the control plane dispatched; elsewhere use a
	// [Client].
	ErrNotInRun = errors.New("signoff: this works inside a reasoner that the control plane dispatched")
	// ErrAgentNotRunning: the agent is not served. Start it with Run or Serve, or let Lifespan run
	// beside the server that it is mounted in.
	ErrAgentNotRunning = errors.New("signoff: the agent is not running")
)

// PauseTimeoutError says that the time given to Pause is over before a decision. The request is
// withdrawn, so that nobody decides it for no one. It is [ErrPauseTimeout].
type PauseTimeoutError struct {
	// ID is the request's apr_ id, or its own id when the answer to asking did not come.
	ID string
	// Withdrawn is false when the server could not be told; then the request, if there is one, expires
	// by itself.
	Withdrawn bool
}

// Error says what was waited for.
func (e *PauseTimeoutError) Error() string {
	what := "is withdrawn"
	if !e.Withdrawn {
		what = "could not be withdrawn"
	}
	return fmt.Sprintf("signoff: no decision on %s in time; it %s", e.ID, what)
}

// Timeout returns true, as of every time-out in Go.
func (e *PauseTimeoutError) Timeout() bool { return true }

// Unwrap returns ErrPauseTimeout.
func (e *PauseTimeoutError) Unwrap() error { return ErrPauseTimeout }

// NondeterministicReplayError says that a later attempt came to a recorded step or question with
// something else in hand. It is [ErrNondeterministicReplay].
type NondeterministicReplayError struct {
	// Recorded is what the earlier attempt left there, Met what this one brought.
	Recorded, Met string
}

// Error names both.
func (e *NondeterministicReplayError) Error() string {
	return fmt.Sprintf("%v: recorded is %s, this attempt came with %s; "+
		"a reasoner must take the same way every time it gets the same input", ErrNondeterministicReplay, e.Recorded, e.Met)
}

// Unwrap returns ErrNondeterministicReplay.
func (e *NondeterministicReplayError) Unwrap() error { return ErrNondeterministicReplay }

// StepFailedError says that a step failed. It is the same in the attempt that did the work and in
// those that meet its record, so that they take the same way; what a program has to tell apart
// belongs into the step's result.
type StepFailedError struct {
	// Key is the step's.
	Key string
	// Detail is the text of the error that the work returned.
	Detail string
}

// Error says which step failed, and how.
func (e *StepFailedError) Error() string { return "signoff: " + e.Key + " failed: " + e.Detail }

// CallFailedError says that a called execution ended otherwise than by success.
type CallFailedError struct {
	// Target is what was called.
	Target string
	// Detail is how it ended, in words.
	Detail string
	// Execution is how it ended; nil when an earlier attempt recorded it.
	Execution *Execution
}

// Error says which call failed, and how.
func (e *CallFailedError) Error() string { return "signoff: " + e.Target + " " + e.Detail }
