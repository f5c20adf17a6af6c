package signoff

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

func TestAServerThatForgotIsToldAgain(t *testing.T) {
	// A server that knows nobody: every heartbeat is a 404 until the node registers again.
	var registered, beats atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/nodes/register", func(w http.ResponseWriter, r *http.Request) {
		registered.Add(1)
		says(200, fmt.Sprintf(`{"node_id":"n","instance_id":"i","webhook_secret":%q,"heartbeat_seconds":0.01,"lease_seconds":30}`, testSecret))(w, r)
	})
	lists := make(chan InHand, 100)
	mux.HandleFunc("POST /api/v1/nodes/n/heartbeat", func(w http.ResponseWriter, r *http.Request) {
		var beat Heartbeat
		_ = json.NewDecoder(r.Body).Decode(&beat)
		lists <- *beat.InHand
		switch beats.Add(1) {
		case 1:
			problem(404, "not_found")(w, r)
		case 2:
			says(200, `{"node_id":"n","lease_seconds":30,"resync":true}`)(w, r)
		default:
			says(200, `{"node_id":"n","lease_seconds":30,"resync":false}`)(w, r)
		}
	})
	mux.HandleFunc("POST /api/v1/nodes/n/shutdown", drop)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	agent := NewAgent("n", WithServerURL(server.URL), WithPublicURL("http://127.0.0.1:9"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- agent.Lifespan(ctx) }()
	eventually(t, "it beats on", func() bool { return beats.Load() >= 4 })
	cancel()
	if err := <-ended; err != nil || registered.Load() != 2 {
		t.Errorf("registered %d times: %v", registered.Load(), err)
	}
	const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	first, second, list := <-lists, <-lists, <-lists
	if first.Count != 0 || first.Digest != nothing || first.Executions != nil || second.Pages != 0 {
		t.Errorf("got %+v, %+v", first, second)
	}
	if list.Executions == nil || list.Page != 1 || list.Pages != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestLongListsComeInPages(t *testing.T) {
	ids := make([]string, 2001)
	if lists := pages(ids, inHandPage); len(lists) != 3 || len(lists[2]) != 1 {
		t.Errorf("%d pages", len(lists))
	}
	if lists := pages(nil, inHandPage); len(lists) != 1 || lists[0] == nil {
		t.Errorf("got %v", lists)
	}
}
