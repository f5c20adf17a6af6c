package signoff

import (
	"context"
	"errors"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func claim(id string) *ApprovalRequest {
	return &ApprovalRequest{ApprovalRequestID: id, Title: "Claim", Payload: []byte(`{"amount":2000000,"exact":12345678901234567890}`), ExpiresInHours: 1}
}

// decideLater decides while the test goes on: before it waits or after, the waiter has to come back.
func decideLater(t *testing.T, client *Client, id string, decision Decision) {
	go func() {
		_, err := client.Decide(context.Background(), id, &NewDecision{Decision: decision, Feedback: "words"})
		if err != nil {
			t.Error(err)
		}
	}()
}

func TestPauseAsksAndComesBackWithTheAnswer(t *testing.T) {
	client := realClient(t)
	for _, decision := range []Decision{DecisionApproved, DecisionRejected, DecisionRequestChanges} {
		id := ownID(t) + string(decision)
		asked := must(client.RequestApproval(soon(t), claim(id)))(t)
		decideLater(t, client, asked.ID, decision)
		result := must(client.Pause(soon(t), claim(id)))(t)
		if result.Decision != Outcome(decision) || result.Feedback != "words" || result.Reviewer == nil || result.ID != asked.ID || result.ApprovalRequestID != id {
			t.Errorf("got %+v", result)
		}
		if result.Approved() != (decision == DecisionApproved) || result.Rejected() != (decision == DecisionRejected) || result.ChangesRequested() != (decision == DecisionRequestChanges) {
			t.Errorf("got %+v", result)
		}
	}
}

func TestExpiryAndWithdrawalAreResults(t *testing.T) {
	client := realClient(t)
	short := claim(ownID(t) + "-short")
	short.ExpiresInHours = 0.00001
	result := must(client.Pause(soon(t), short))(t)
	if !result.Expired() || result.Approved() {
		t.Errorf("got %+v", result)
	}
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	must(client.CancelApprovalRequest(soon(t), asked.ID, &Cancellation{Reason: "the order was withdrawn"}))(t)
	result = must(client.WaitForApproval(soon(t), asked.ApprovalRequestID, nil))(t)
	if !result.Withdrawn() || result.Feedback != "the order was withdrawn" {
		t.Errorf("got %+v", result)
	}
}

func TestATimeoutLeavesTheRequestPending(t *testing.T) {
	client := realClient(t)
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	began := time.Now()
	for _, id := range []string{asked.ID, asked.ApprovalRequestID} {
		_, err := client.WaitForApproval(soon(t), id, &WaitOptions{Timeout: 50 * time.Millisecond})
		wantError(t, err, ErrWaitTimeout)
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it is the context's: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.Pause(ctx, claim(ownID(t)))
	wantError(t, err, ErrWaitTimeout)
	wantError(t, err, context.DeadlineExceeded)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if now := must(client.GetApprovalRequest(soon(t), asked.ID, nil))(t); now.Status != ApprovalStatusPending {
		t.Errorf("it is %s", now.Status)
	}
}

func TestASilentServerDoesNotMakeAWaitLonger(t *testing.T) {
	f := newFaulty(t, hang)
	client := newClient(t, WithServerURL(f.URL))
	began := time.Now()
	_, err := client.WaitForApproval(soon(t), "apr_1", &WaitOptions{Timeout: 40 * time.Millisecond})
	wantError(t, err, ErrWaitTimeout)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestACancelledWaitIsNoTimeoutAndLeavesNothingBehind(t *testing.T) {
	client := realClient(t)
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	client.CloseIdleConnections()
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			_, err := client.WaitForApproval(ctx, asked.ID, nil)
			if !errors.Is(err, context.Canceled) || errors.Is(err, ErrWaitTimeout) {
				t.Errorf("got %v", err)
			}
		})
	}
	cancel()
	group.Wait()
	client.CloseIdleConnections()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

func TestAWaitOutlivesRestartsOfTheServer(t *testing.T) {
	if errShared != nil {
		t.Fatal(errShared)
	}
	server := ownServer(t)
	client := newClient(t, WithServerURL(server.url))
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	done := make(chan *ApprovalResult, 1)
	go func() {
		result, err := client.WaitForApproval(soon(t), asked.ID, nil)
		if err != nil {
			t.Error(err)
		}
		done <- result
	}()
	server.kill()
	server.again(t)
	server.stop()
	server.again(t)
	must(client.Decide(soon(t), asked.ID, &NewDecision{Decision: DecisionApproved}))(t)
	if result := <-done; result == nil || !result.Approved() {
		t.Errorf("got %+v", result)
	}
}

func TestAThousandWaitsInOneProcess(t *testing.T) {
	client := realClient(t)
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	var group sync.WaitGroup
	for range 1000 {
		group.Go(func() {
			result, err := client.WaitForApproval(soon(t), asked.ID, nil)
			if err != nil || !result.Approved() {
				t.Errorf("got %+v, %v", result, err)
			}
		})
	}
	decideLater(t, client, asked.ID, DecisionApproved)
	group.Wait()
}

func TestAWordThatIsNotKnownIsNoYes(t *testing.T) {
	f := newFaulty(t, says(200, decidedApproval("approved_by_machine")))
	client, _ := f.client(t)
	result := must(client.WaitForApproval(soon(t), "apr_1", nil))(t)
	if result.Decision != "approved_by_machine" || result.Approved() || result.Rejected() || result.Expired() {
		t.Errorf("got %+v", result)
	}
}

func TestAnEndWithoutADecisionIsNoAnswer(t *testing.T) {
	f := newFaulty(t, says(200, approvalHead+`,"status":"approved","decided_at":"2026-01-01T00:00:00.000Z"}`))
	client, _ := f.client(t)
	_, err := client.WaitForApproval(soon(t), "apr_1", nil)
	var outside *ProtocolError
	if !errors.As(err, &outside) {
		t.Errorf("got %v", err)
	}
}

func TestWaitsBackOffAndObeyRetryAfter(t *testing.T) {
	f := newFaulty(t, drop, problem(503, "shutting_down", "Retry-After", "4"), says(200, pendingApproval()), drop, says(200, decidedApproval("rejected")))
	client, clock := f.client(t)
	result := must(client.WaitForApproval(soon(t), "apr_1", nil))(t)
	if !result.Rejected() {
		t.Errorf("got %+v", result)
	}
	// An answer before its time counts as a fault too: nothing is asked in a busy loop.
	want := []time.Duration{200 * time.Millisecond, 4 * time.Second, 800 * time.Millisecond, 1600 * time.Millisecond}
	if !slices.Equal(want, clock.sleeps()) {
		t.Errorf("want %v, got %v", want, clock.sleeps())
	}
	if hold := f.requests[0].URL.Query().Get("wait_seconds"); hold != "60" {
		t.Errorf("it asks to wait %s", hold)
	}
}

func TestAWaitEndsWhereNoRepeatCanChangeTheAnswer(t *testing.T) {
	for _, act := range []http.HandlerFunc{problem(404, "not_found"), problem(401, "unauthorized"), says(200, "{}")} {
		f := newFaulty(t, act)
		client, clock := f.client(t)
		if _, err := client.WaitForApproval(soon(t), "apr_1", nil); err == nil || f.count() != 1 || len(clock.sleeps()) != 0 {
			t.Errorf("asked %d times: %v", f.count(), err)
		}
	}
	_, err := realClient(t).WaitForApproval(soon(t), ownID(t), nil)
	wantError(t, err, ErrNotFound)
}

func TestATimeoutBelowZeroIsRefusedBeforeAnythingIsAsked(t *testing.T) {
	f := newFaulty(t, says(200, pendingApproval()))
	client, _ := f.client(t)
	below := &WaitOptions{Timeout: -time.Second}
	for verb, call := range map[string]func() error{
		"WaitForApproval":  func() error { _, err := client.WaitForApproval(soon(t), "apr_1", below); return err },
		"WaitForExecution": func() error { _, err := client.WaitForExecution(soon(t), "exec_1", below); return err },
		"Pause":            func() error { _, err := client.Pause(soon(t), claim("a"), PauseTimeout(-time.Second)); return err },
	} {
		err := call()
		if err == nil || errors.Is(err, ErrWaitTimeout) || errors.Is(err, ErrPauseTimeout) {
			t.Fatalf("%s: %v", verb, err)
		}
		wantText(t, err.Error(), "a timeout must be 0, for none, or more, not -1s")
	}
	if f.count() != 0 {
		t.Errorf("asked %d times", f.count())
	}
}

func TestAWaitThatIsOverSaysWhatTheLastTryMet(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	listener.Close()
	client := newClient(t, WithServerURL("http://"+listener.Addr().String()))
	_, err := client.WaitForApproval(soon(t), "apr_1", &WaitOptions{Timeout: 60 * time.Millisecond})
	wantError(t, err, ErrWaitTimeout)
	wantText(t, err.Error(), "apr_1 is not done in time", "the last try: signoff: GET "+client.ServerURL()+"/api/v1/approval-requests/apr_1: ", "refused")
}

func TestADeadlineOnTheClockIsKept(t *testing.T) {
	f := newFaulty(t, says(200, pendingApproval()))
	client, clock := f.client(t)
	began := clock.Now()
	_, err := client.WaitForApproval(soon(t), "apr_1", &WaitOptions{Timeout: 3 * time.Second})
	wantError(t, err, ErrWaitTimeout)
	if took := clock.Now().Sub(began); took != 3*time.Second || !strings.Contains(err.Error(), "apr_1") {
		t.Errorf("it took %v: %v", took, err)
	}
}
