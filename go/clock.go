package signoff

import (
	"context"
	"time"
)

// Clock is time as the client sees it: injected, so that tests of waits and retries take no time.
// It must be safe for concurrent use.
//
// Deadlines of contexts and the limits of a single try over the network run on this machine's time.
type Clock interface {
	// Now is the present, for signatures, deadlines and dates.
	Now() time.Time
	// Sleep comes back after d with nil, or, once ctx is over, with its error.
	Sleep(ctx context.Context, d time.Duration) error
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
