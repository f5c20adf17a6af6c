package signoff

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Retry says how long to go on with a request that failed for now. The zero value is the default.
//
// Between tries the client waits First, twice as long each time, at most Longest, less a random
// part of up to a half. The server's Retry-After goes before, unless it asks for no wait at all (0, or a
// date in the past: a clock that differs must not make a storm). Only what the contract calls safe
// to repeat is sent again after it left this machine.
type Retry struct {
	// Attempts are the tries in all, the first one included. 0 stands for 6; negative is no limit.
	Attempts int
	// Within: no new try begins later than this after the first. 0 stands for a minute; negative
	// is no limit.
	Within time.Duration
	// First is the first wait. 0 stands for 0.2 s.
	First time.Duration
	// Longest is the longest wait. 0 stands for 10 s.
	Longest time.Duration
}

var (
	once    = Retry{Attempts: 1}
	forever = Retry{Attempts: -1, Within: -1}
)

func (r Retry) orDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 6
	}
	if r.Within == 0 {
		r.Within = time.Minute
	}
	if r.First <= 0 {
		r.First = 200 * time.Millisecond
	}
	if r.Longest <= 0 {
		r.Longest = 10 * time.Second
	}
	return r
}

// nextWait is how long to wait before the next try; false when there is to be none.
//
// failures counts the tries that failed, this one included, elapsed is the time since the first
// began, random draws from [0, 1).
func (r Retry) nextWait(err error, repeatable bool, failures int, elapsed time.Duration, random func() float64) (time.Duration, bool) {
	r = r.orDefaults()
	if !forNow(err, repeatable) || (r.Attempts > 0 && failures >= r.Attempts) {
		return 0, false
	}
	var wait time.Duration
	var refused *Error
	if errors.As(err, &refused) && refused.retryAfter > 0 {
		wait = refused.retryAfter
	} else {
		doubled := float64(r.First) * math.Pow(2, float64(min(failures-1, 60)))
		wait = time.Duration(min(float64(r.Longest), doubled) * (1 - random()/2))
	}
	if r.Within >= 0 && elapsed+wait > r.Within {
		return 0, false
	}
	return wait, true
}

// forNow tells whether the fault may be gone with the next try, and that may be made.
func forNow(err error, repeatable bool) bool {
	var lost *TransportError
	if errors.As(err, &lost) {
		return repeatable || !lost.Sent
	}
	var refused *Error
	if !errors.As(err, &refused) || !repeatable {
		return false
	}
	switch refused.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		// Only somebody who configures the server can change a missing secret.
		return refused.Code != ProblemCodeWebhookSecretMissing
	}
	return false
}

// retryAfter is what a Retry-After header asks for, whichever of its two forms it has. A date in
// the past is 0; what is neither form counts as absent.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	// A number of more digits is no wait but a mistake.
	if len(value) < 10 && value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.Atoi(value)
		return time.Duration(seconds) * time.Second, err == nil
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}
