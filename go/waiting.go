package signoff

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// longestHold is how long the server holds the answer to one long poll.
	longestHold = time.Minute
	// pollGrace: an answer to a long poll that is this late is not coming any more.
	pollGrace = 5 * time.Second
)

// WaitOptions are those of the waiting verbs.
type WaitOptions struct {
	// Timeout ends the wait, and nothing else, with a [*WaitTimeoutError]. 0 waits for ever, or as
	// long as the context lasts; below 0 is an error. What is left of a time that may be over belongs
	// into the context.
	Timeout time.Duration
	// ExecutionID says, where an own id is waited for, that its request is one of this execution's;
	// empty for standalone ones.
	ExecutionID string
}

// A deadline is when a wait is over; the zero value never.
type deadline struct{ at time.Time }

// deadline is that of a wait which may take so long; 0 is for ever.
func (c *Client) deadline(timeout time.Duration) (deadline, error) {
	if err := checkedTimeout(timeout); err != nil || timeout == 0 {
		return deadline{}, err
	}
	return deadline{c.clock.Now().Add(timeout)}, nil
}

// checkedTimeout refuses what could be meant as for ever, or as over already.
func checkedTimeout(timeout time.Duration) error {
	if timeout < 0 {
		return fmt.Errorf("signoff: a timeout must be 0, for none, or more, not %v", timeout)
	}
	return nil
}

// timeout is that of options which may be nil.
func (o *WaitOptions) timeout() time.Duration {
	if o == nil {
		return 0
	}
	return o.Timeout
}

// left is at most longest.
func (d deadline) left(now time.Time, longest time.Duration) time.Duration {
	if d.at.IsZero() {
		return longest
	}
	return min(longest, max(0, d.at.Sub(now)))
}

// earlier is the deadline by that much earlier.
func (d deadline) earlier(by time.Duration) deadline {
	if d.at.IsZero() {
		return d
	}
	return deadline{d.at.Add(-by)}
}

// limit is ctx, ended at the deadline.
func (d deadline) limit(ctx context.Context, now time.Time) (context.Context, context.CancelFunc) {
	if d.at.IsZero() {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d.at.Sub(now))
}

// until is what poll finds, once it is done: long polls to the deadline, through every fault that
// another try may outlive. No deadline is passed, not even while a server is silent.
func until[T any](
	ctx context.Context, c *Client, id string, end deadline,
	poll func(ctx context.Context, c *Client, hold time.Duration) (*T, error), done func(*T) bool,
) (*T, error) {
	polling := c.having(once, pollGrace)
	idle := 0
	var last error // the last fault, for who asks why nothing came
	for {
		asked := c.clock.Now()
		hold := end.left(asked, longestHold).Truncate(time.Millisecond)
		limited, cancel := end.limit(ctx, asked)
		found, err := poll(limited, polling, hold)
		over := limited.Err() != nil
		cancel()
		if err == nil && done(found) {
			return found, nil
		}
		if over {
			return nil, waitOver(ctx, id, last)
		}
		idle++
		if err == nil {
			// Answered before its time: the server is stopping, or something between here and there
			// does not hold answers.
			err = &TransportError{Sent: true, request: id, cause: errors.New(c.ServerURL() + " does not hold the answer")}
			if c.clock.Now().Sub(asked) >= hold/2 {
				idle, err = 0, nil // it was held for its time: nothing went wrong
			}
		}
		last = err
		if err := c.nextPoll(ctx, id, end, idle, err); err != nil {
			return nil, err
		}
	}
}

// nextPoll comes back with nil when it is time to poll again after err, the idle-th in a row; nil, with 0,
// where nothing went wrong.
func (c *Client) nextPoll(ctx context.Context, id string, end deadline, idle int, err error) error {
	var wait time.Duration
	if idle > 0 {
		var again bool
		if wait, again = forever.nextWait(err, true, idle, 0, c.random); !again {
			return err
		}
	}
	now := c.clock.Now()
	if end.left(now, 1) <= 0 || c.clock.Sleep(ctx, end.left(now, wait)) != nil {
		return waitOver(ctx, id, err)
	}
	return nil
}

// waitOver is the error of a wait that ended without what it was for; last is the last fault.
func waitOver(ctx context.Context, id string, last error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("signoff: waiting for %s: %w", id, contextError(ctx))
	}
	over := &WaitTimeoutError{ID: id}
	if ctx.Err() != nil {
		over.cause = contextError(ctx)
	}
	if last != nil {
		over.detail = fmt.Sprintf(" (the last try: %v)", last)
	}
	return over
}
