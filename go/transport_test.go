package signoff

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A faulty server answers by its script, one act for each request, and keeps what it was asked. It is
// for what a real server does only on a bad day.
type faulty struct {
	*httptest.Server
	mutex    sync.Mutex
	acts     []http.HandlerFunc
	requests []*http.Request
	bodies   []string
}

func newFaulty(t *testing.T, acts ...http.HandlerFunc) *faulty {
	t.Helper()
	f := &faulty{acts: acts}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mutex.Lock()
		act := f.acts[min(len(f.requests), len(f.acts)-1)]
		f.requests = append(f.requests, r)
		f.bodies = append(f.bodies, string(body))
		f.mutex.Unlock()
		act(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// client counts on every try being seen: on a connection that was used before, package http sends
// what is safe to repeat a second time by itself, at once.
func (f *faulty) client(t *testing.T, options ...Option) (*Client, *manualClock) {
	t.Helper()
	clock := newClock()
	network := newNetwork()
	network.DisableKeepAlives = true
	options = append([]Option{WithServerURL(f.URL), WithClock(clock), WithHTTPClient(&http.Client{Transport: network}), withoutChance}, options...)
	return newClient(t, options...), clock
}

func (f *faulty) count() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return len(f.requests)
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for index := 0; index < len(headers); index += 2 {
			w.Header().Set(headers[index], headers[index+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func problem(status int, code string, headers ...string) http.HandlerFunc {
	body := fmt.Sprintf(`{"type":"about:blank","title":"T","status":%d,"code":%q,"detail":"d"}`, status, code)
	return says(status, body, headers...)
}

// drop loses the reply.
func drop(w http.ResponseWriter, _ *http.Request) {
	connection, _, _ := http.NewResponseController(w).Hijack()
	connection.Close()
}

// hang says nothing until the caller has gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

const (
	health    = `{"status":"ok","version":"1"}`
	execution = `{"execution_id":"exec_1","run_id":"run_1","workflow_id":"run_1","target":"a.b","node_id":"a","status":"queued",` +
		`"input":{},"attempt":0,"pending_approvals":[],"event_head":{"seq":1,"hash":"0"},"created_at":"2026-01-01T00:00:00.000Z","running_ms":0}`
)

func pendingApproval() string { return approvalHead + `,"status":"pending"}` }

func decidedApproval(word string) string {
	return approvalHead + `,"status":"` + word + `","decision":"` + word + `","decided_at":"2026-01-01T00:00:00.000Z"}`
}

func TestWhatIsSafeToRepeatIsRepeated(t *testing.T) {
	f := newFaulty(t, drop, problem(503, "shutting_down", "Retry-After", "3"), says(502, "<html>"), says(200, health))
	client, clock := f.client(t)
	if _, err := client.GetHealth(soon(t)); err != nil {
		t.Fatal(err)
	}
	// The third wait is the third in a row, whatever the server asked for in between.
	if want := []time.Duration{200 * time.Millisecond, 3 * time.Second, 800 * time.Millisecond}; !slices.Equal(want, clock.sleeps()) {
		t.Errorf("want %v, got %v", want, clock.sleeps())
	}
}

func TestARefusalIsNotRepeated(t *testing.T) {
	f := newFaulty(t, problem(409, "already_decided"))
	client, _ := f.client(t)
	_, err := client.DecideApprovalRequest(soon(t), "apr_1", &NewDecision{Decision: DecisionApproved})
	wantError(t, err, ErrAlreadyDecided)
	if f.count() != 1 {
		t.Errorf("asked %d times", f.count())
	}
}

func TestAKeyIsMadeUpOnceAndKeptOverTheTries(t *testing.T) {
	f := newFaulty(t, drop, problem(503, "store_unavailable"), says(202, execution))
	client, _ := f.client(t)
	for range 2 {
		if _, err := client.ExecuteAsync(soon(t), "a.b", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	for _, request := range f.requests {
		keys = append(keys, request.Header.Get("Idempotency-Key"))
	}
	if len(keys) != 4 || keys[0] == "" || keys[0] != keys[1] || keys[0] != keys[2] || keys[2] == keys[3] {
		t.Errorf("the keys are %v", keys)
	}
}

func TestWhatMayDoHarmIsRepeatedOnlyWhenItNeverLeft(t *testing.T) {
	f := newFaulty(t, drop)
	client, _ := f.client(t)
	_, err := client.RetryDelivery(soon(t), "msg_1")
	var lost *TransportError
	if !errors.As(err, &lost) || !lost.Sent || lost.Attempts != 1 || f.count() != 1 {
		t.Errorf("asked %d times: %v", f.count(), err)
	}
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	listener.Close()
	client, clock := f.client(t, WithServerURL("http://"+listener.Addr().String()))
	_, err = client.RetryDelivery(soon(t), "msg_1")
	if !errors.As(err, &lost) || lost.Sent || lost.Attempts != 6 || len(clock.sleeps()) != 5 {
		t.Errorf("slept %v: %v", clock.sleeps(), err)
	}
	if strings.Contains(err.Error(), "?") || !strings.HasPrefix(err.Error(), "signoff: POST "+client.ServerURL()+"/api/v1/deliveries/msg_1/retry: ") {
		t.Errorf("it says %v", err)
	}
}

func TestARedirectIsNeverFollowedAndNoKeyGoesThere(t *testing.T) {
	elsewhere := newFaulty(t, says(200, health))
	for _, status := range []int{301, 302, 303, 307, 308} {
		f := newFaulty(t, says(status, "", "Location", elsewhere.URL+"/api/v1/health"))
		client, _ := f.client(t, WithAPIKey("k3y"), WithHTTPClient(&http.Client{}))
		_, err := client.GetHealth(soon(t))
		var outside *ProtocolError
		if !errors.As(err, &outside) || elsewhere.count() != 0 || f.requests[0].Header.Get("X-API-Key") != "k3y" {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestWhatIsNotInTheContractIsAnErrorOfItsOwn(t *testing.T) {
	for _, act := range []http.HandlerFunc{says(200, "<html>"), says(200, "{}"), says(200, `{"status":1,"version":"1"}`), says(204, ""), says(299, health)} {
		f := newFaulty(t, act)
		client, _ := f.client(t)
		_, err := client.GetHealth(soon(t))
		var outside *ProtocolError
		if !errors.As(err, &outside) || f.count() != 1 {
			t.Errorf("asked %d times: %v", f.count(), err)
		}
	}
}

func TestASilentServerIsGivenUp(t *testing.T) {
	half := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	}
	for _, act := range []http.HandlerFunc{hang, half} {
		f := newFaulty(t, act, says(200, health))
		client, _ := f.client(t, WithTimeout(50*time.Millisecond))
		if _, err := client.GetHealth(soon(t)); err != nil || f.count() != 2 {
			t.Errorf("asked %d times: %v", f.count(), err)
		}
	}
}

func TestTheContextEndsACallWhateverItDoes(t *testing.T) {
	f := newFaulty(t, hang)
	client, _ := f.client(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := client.GetHealth(ctx)
	wantError(t, err, context.DeadlineExceeded)
	// While it waits to try again.
	f = newFaulty(t, problem(503, "shutting_down", "Retry-After", "9"))
	client = newClient(t, WithServerURL(f.URL))
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = client.GetHealth(ctx)
	wantError(t, err, context.DeadlineExceeded)
	wantError(t, err, ErrShuttingDown)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestIdsAndFiltersAreWrittenSoThatTheyArriveWhole(t *testing.T) {
	f := newFaulty(t, says(200, `{"items":[]}`))
	client, _ := f.client(t)
	id := "a/b?c#d%e +é&f=g;"
	_, _ = client.ListApprovalRequests(soon(t), &ApprovalFilter{ApprovalRequestID: id}, &PageOptions{Limit: 7})
	query := f.requests[0].URL.Query()
	if query.Get("approval_request_id") != id || query.Get("limit") != "7" || strings.Contains(f.requests[0].RequestURI, "+") {
		t.Errorf("it arrives as %s", f.requests[0].RequestURI)
	}
	_, _ = client.GetNode(soon(t), id)
	if got := f.requests[1].URL.Path; got != "/api/v1/nodes/"+id {
		t.Errorf("it arrives as %s", got)
	}
	for _, impossible := range []string{"", ".", ".."} {
		if _, err := client.GetNode(soon(t), impossible); err == nil {
			t.Errorf("%q was sent", impossible)
		}
	}
	if f.count() != 2 {
		t.Errorf("asked %d times", f.count())
	}
}

func TestNoTextHoldsAKey(t *testing.T) {
	client := newClient(t, WithServerURL("http://127.0.0.1:1"), WithAPIKey("s3cr3t-key"), WithRetry(once))
	_, unreached := client.GetHealth(soon(t))
	_, bad := NewClient(WithAPIKey("s3cr3t key"))
	_, inURL := NewClient(WithServerURL("http://me:s3cr3t@host"))
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", client, client, client, client), fmt.Sprint(unreached), fmt.Sprint(bad), fmt.Sprint(inURL)} {
		if strings.Contains(text, "s3cr3t") || strings.Contains(text, "<nil>") {
			t.Errorf("it says %s", text)
		}
	}
}

func TestAServerURLIsChecked(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:8080", "ftp://host", "http://", "http://:80", "http://h:0", "http://h?q", "http://h#f", "http://u@h", "http://h:x"} {
		if _, err := NewClient(WithServerURL(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if client := newClient(t, WithServerURL("https://host/prefix/")); client.ServerURL() != "https://host/prefix" {
		t.Errorf("it is %s", client.ServerURL())
	}
}

func TestTheEnvironmentSaysWhatTheCodeDoesNot(t *testing.T) {
	t.Setenv("SIGNOFF_SERVER", "http://there:1")
	t.Setenv("SIGNOFF_API_KEY", "k3y")
	client := newClient(t)
	if client.ServerURL() != "http://there:1" || client.transport.apiKey != "k3y" {
		t.Errorf("it is %v", client)
	}
	t.Setenv("SIGNOFF_SERVER", "")
	if client := newClient(t); client.ServerURL() != DefaultServerURL {
		t.Errorf("it is %v", client)
	}
}
