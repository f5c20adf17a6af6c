package signoff

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestTheRealServersNotificationsAreReceived(t *testing.T) {
	if errShared != nil {
		t.Fatal(errShared)
	}
	received := make(chan *Notification, 10)
	var busy atomic.Bool
	busy.Store(true)
	hook := httptest.NewServer(&WebhookHandler{Secrets: []string{NewSecret(), testSecret}, Handle: func(_ context.Context, n *Notification) error {
		if busy.Swap(false) {
			return errors.New("busy")
		}
		received <- n
		return nil
	}})
	t.Cleanup(hook.Close)
	server := ownServer(t, "SIGNOFF_NOTIFY_URL="+hook.URL, "SIGNOFF_NOTIFY_SECRET="+testSecret)
	client := newClient(t, WithServerURL(server.url))
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	select {
	case n := <-received:
		if n.Type != "approval.requested" || n.Approval == nil || n.Approval.ID != asked.ID || n.Execution != nil || n.ID == "" {
			t.Errorf("got %+v", n)
		}
	case <-soon(t).Done():
		t.Fatal("nothing came")
	}
}

func TestAHandlerBelievesNothingThatIsNotSigned(t *testing.T) {
	clock := newClock()
	handled := 0
	handler := &WebhookHandler{Secrets: []string{testSecret}, MaxBytes: 2000, Clock: clock, Handle: func(_ context.Context, n *Notification) error {
		handled++
		if n.Type == "approval.decided" && !strings.HasPrefix(n.Approval.ID, "apr_") {
			t.Errorf("got %+v", n)
		}
		return nil
	}}
	good := `{"type":"approval.decided","timestamp":"2026-01-05T09:30:00.000Z","data":` + decidedApproval("approved") + `}`
	for rule, test := range map[string]struct {
		method, body string
		secret       string
		late         time.Duration
		status       int
	}{
		"a signed message":             {"POST", good, testSecret, 0, 200},
		"a word of a newer server":     {"POST", `{"type":"approval.escalated","timestamp":"","data":{"new":1}}`, testSecret, 0, 200},
		"another method":               {"GET", good, testSecret, 0, 405},
		"a signature of somebody else": {"POST", good, NewSecret(), 0, 401},
		"no signature":                 {"POST", good, "", 0, 401},
		"an old signature":             {"POST", good, testSecret, 301 * time.Second, 401},
		"too much":                     {"POST", good + strings.Repeat(" ", 2000), testSecret, 0, 413},
		"signed, but no JSON":          {"POST", "approved", testSecret, 0, 400},
		"signed, but no approval":      {"POST", `{"type":"approval.decided","timestamp":"","data":{}}`, testSecret, 0, 400},
	} {
		request := httptest.NewRequest(test.method, "/", strings.NewReader(test.body))
		if test.secret != "" {
			request.Header = must(SignWebhook(test.secret, "msg_1", clock.Now().Add(-test.late), []byte(test.body)))(t)
		}
		answer := httptest.NewRecorder()
		before := handled
		handler.ServeHTTP(answer, request)
		if answer.Code != test.status || (handled > before) != (test.status == 200) {
			t.Errorf("%s: %d %s", rule, answer.Code, answer.Body)
		}
	}
}

func TestAHandlerThatCannotDoItsWorkIsSentTheMessageAgain(t *testing.T) {
	body := `{"type":"approval.escalated","timestamp":"","data":{}}`
	fails := func(context.Context, *Notification) error { return errors.New("a database at 10.0.0.7") }
	for _, handler := range []*WebhookHandler{{Secrets: []string{testSecret}, Handle: fails}, {Handle: fails}, {Secrets: []string{"plain"}, Handle: fails}} {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		request.Header = must(SignWebhook(testSecret, "msg_1", time.Now(), []byte(body)))(t)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != 500 || strings.Contains(answer.Body.String(), "10.0.0.7") {
			t.Errorf("got %d %s", answer.Code, answer.Body)
		}
	}
}
