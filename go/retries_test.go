package signoff

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRetryAfterHasTwoForms(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 30, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"2": 2 * time.Second, " 0 ": 0, "Mon, 05 Jan 2026 09:30:07 GMT": 7 * time.Second, "Mon, 05 Jan 2026 09:29:00 GMT": 0,
	} {
		if got, ok := retryAfter(value, now); got != want || !ok {
			t.Errorf("%q is %v, %v", value, got, ok)
		}
	}
	for _, value := range []string{"", "1.5", "-1", "soon", strings.Repeat("9", 400), "٣"} {
		if got, ok := retryAfter(value, now); ok {
			t.Errorf("%q is %v", value, got)
		}
	}
}

var (
	refusedConnection = &TransportError{cause: errors.New("refused")}
	lostReply         = &TransportError{Sent: true, cause: errors.New("lost")}
)

func noChance() float64 { return 0 }

func TestWaitsDoubleUpToTheLongest(t *testing.T) {
	var waits []time.Duration
	for failures := 1; failures < 9; failures++ {
		wait, _ := forever.nextWait(lostReply, true, failures, 0, noChance)
		waits = append(waits, wait/time.Millisecond)
	}
	if want := []time.Duration{200, 400, 800, 1600, 3200, 6400, 10000, 10000}; !slices.Equal(want, waits) {
		t.Errorf("want %v, got %v", want, waits)
	}
	if wait, _ := forever.nextWait(lostReply, true, 100_000, 0, noChance); wait != 10*time.Second {
		t.Errorf("the longest is %v", wait)
	}
}

func TestUpToHalfOfAWaitIsLeftToChance(t *testing.T) {
	if wait, _ := forever.nextWait(lostReply, true, 1, 0, func() float64 { return 0.5 }); wait != 150*time.Millisecond {
		t.Errorf("it is %v", wait)
	}
}

func TestTriesComeToAnEnd(t *testing.T) {
	for rule, test := range map[string]struct {
		retry      Retry
		err        error
		repeatable bool
		failures   int
		elapsed    time.Duration
		want       bool
	}{
		"the default is six tries":               {Retry{}, lostReply, true, 5, 0, true},
		"and no more":                            {Retry{}, lostReply, true, 6, 0, false},
		"within a minute":                        {Retry{}, lostReply, true, 1, 59*time.Second + 900*time.Millisecond, false},
		"one try is one try":                     {once, lostReply, true, 1, 0, false},
		"no limit":                               {forever, lostReply, true, 1000, time.Hour, true},
		"a lost reply to what may do harm":       {Retry{}, lostReply, false, 1, 0, false},
		"what never left may be sent":            {Retry{}, refusedConnection, false, 1, 0, true},
		"too much for now":                       {Retry{}, &Error{Status: 429}, true, 1, 0, true},
		"nobody there for now":                   {Retry{}, &Error{Status: 503, Code: "shutting_down"}, true, 1, 0, true},
		"503 to what may do harm":                {Retry{}, &Error{Status: 503}, false, 1, 0, false},
		"a secret that is missing stays missing": {Retry{}, &Error{Status: 503, Code: "webhook_secret_missing"}, true, 1, 0, false},
		"a bug stays a bug":                      {Retry{}, &Error{Status: 500}, true, 1, 0, false},
		"a refusal stays a refusal":              {Retry{}, &Error{Status: 409}, true, 1, 0, false},
		"an answer outside the contract":         {Retry{}, &ProtocolError{}, true, 1, 0, false},
	} {
		if _, got := test.retry.nextWait(test.err, test.repeatable, test.failures, test.elapsed, noChance); got != test.want {
			t.Errorf("%s: got %v", rule, got)
		}
	}
}

func TestRetryAfterGoesBefore(t *testing.T) {
	asked := refusal(503, http.Header{"Retry-After": {"7"}}, nil, time.Time{})
	if wait, again := (Retry{}).nextWait(asked, true, 1, 0, noChance); wait != 7*time.Second || !again {
		t.Errorf("it waits %v, %v", wait, again)
	}
	if _, again := (Retry{Within: 6 * time.Second}).nextWait(asked, true, 1, 0, noChance); again {
		t.Error("it waits longer than it may")
	}
	for _, none := range []string{"0", "Sat, 01 Jan 2000 00:00:00 GMT"} {
		asked := refusal(503, http.Header{"Retry-After": {none}}, nil, time.Now())
		if wait, _ := forever.nextWait(asked, true, 2, 0, noChance); wait != 400*time.Millisecond {
			t.Errorf("Retry-After %s: it waits %v", none, wait)
		}
	}
}
