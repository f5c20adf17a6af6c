package signoff

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestAPauseOutlivesRestartsOfTheServer(t *testing.T) {
	realClient(t)
	sameGoroutines(t)
	server := ownServer(t)
	agent := NewAgent("waiter", WithServerURL(server.url))
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (Outcome, error) {
		result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "q"})
		if err != nil {
			return "", err
		}
		return result.Decision, nil
	})
	s := serve(t, agent)
	first, second := s.begin("ask", nil).ExecutionID, s.begin("ask", nil).ExecutionID
	for _, id := range []string{first, second} {
		s.asked(id)
	}
	server.kill()
	server.again(t)
	s.decide(s.asked(first).ID, DecisionApproved, "")
	if got := s.succeeded(first); got != `"approved"` {
		t.Errorf("got %s", got)
	}
	server.stop()
	server.again(t)
	s.decide(s.asked(second).ID, DecisionRejected, "")
	if got := s.succeeded(second); got != `"rejected"` {
		t.Errorf("got %s", got)
	}
	if done := s.finished(second); done.Attempt != 1 {
		t.Errorf("attempt %d", done.Attempt)
	}
}

func TestAnAgentNeedsNoMoreThanItsOwnKey(t *testing.T) {
	realClient(t)
	folder := t.TempDir()
	clientKey, reviewerKey := key(t, folder, "client"), key(t, folder, "reviewer")
	create := exec.Command(serverCommand, "keys", "create", "--name", "bound", "--role", "agent", "--node", "bound", "--json",
		"--database", "sqlite:///"+filepath.Join(folder, "signoff.db"))
	var made struct{ Key string }
	if err := json.Unmarshal(must(create.Output())(t), &made); err != nil {
		t.Fatal(err)
	}
	server, err := startServer(folder, "0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.stop)
	agent := NewAgent("bound", WithServerURL(server.url), WithAPIKey(made.Key))
	AddReasoner(agent, "double", func(_ *Run, in order) (order, error) { return order{2 * in.Number}, nil })
	AddReasoner(agent, "ask", func(run *Run, in order) (Outcome, error) {
		doubled, err := CallAs[order](run, "bound.double", in)
		if err != nil {
			return "", err
		}
		run.Note("doubled")
		_, err = run.Pause(&ApprovalRequest{ApprovalRequestID: "short"}, PauseTimeout(time.Millisecond))
		if err == nil || doubled.Number != 14 {
			return "", err
		}
		result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "long"})
		if err != nil {
			return "", err
		}
		return result.Decision, nil
	})
	s := serve(t, agent)
	s.client = newClient(t, WithServerURL(server.url), WithAPIKey(clientKey))
	id := s.begin("ask", order{7}).ExecutionID
	var asked *Approval
	eventually(t, "it asks for long", func() bool { asked = s.asked(id); return asked.ApprovalRequestID == "long" })
	must(newClient(t, WithServerURL(server.url), WithAPIKey(reviewerKey)).Decide(soon(t), asked.ID, &NewDecision{Decision: DecisionApproved}))(t)
	if got := s.succeeded(id); got != `"approved"` {
		t.Errorf("got %s", got)
	}
}

func TestAnAgentIsMountedInAnotherServer(t *testing.T) {
	realClient(t)
	mux := http.NewServeMux()
	host := httptest.NewServer(mux)
	t.Cleanup(host.Close)
	agent := newAgent(t, WithPublicURL(host.URL+"/agents/mine/"))
	AddReasoner(agent, "echo", func(_ *Run, in order) (order, error) { return in, nil })
	mux.Handle("/agents/mine/", http.StripPrefix("/agents/mine", agent))
	ended, end := lifespan(agent)
	defer end()
	eventually(t, "it lives", func() bool { return agent.Registered(soon(t)) == nil })
	s := &served{Agent: agent, t: t, client: realClient(t)}
	if got := s.succeeded(s.begin("echo", order{3}).ExecutionID); got != `{"number":3}` {
		t.Errorf("got %s", got)
	}
	if err := agent.Lifespan(soon(t)); err == nil {
		t.Error("it runs twice")
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnAgentThatCannotListenSaysSo(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer listener.Close()
	err := NewAgent("n").Run(soon(t), listener.Addr().String())
	if err == nil {
		t.Fatal("it listens")
	}
	wantText(t, err.Error(), "n cannot listen", "in use")
	t.Setenv("PORT", "70000")
	if err = NewAgent("n").Run(soon(t), ""); err == nil {
		t.Fatal("it listens")
	}
	wantText(t, err.Error(), "PORT=70000 is no port")
	listener.Close()
	agent := NewAgent("n", WithServerURL("http://127.0.0.1:1"))
	if err := agent.Serve(soon(t), listener); err == nil {
		t.Error("it serves on a closed listener")
	}
}

func FuzzWhatAnAgentIsSent(f *testing.F) {
	agent := NewAgent("fuzzed", WithPublicURL("http://127.0.0.1:9"), WithServerURL("http://127.0.0.1:1"))
	AddReasoner(agent, "never", func(*Run, order) (any, error) { panic("it ran without a signature") })
	life := agent.newLifetime(f.Context())
	secret := NewSecret()
	life.secret.Store(&secret)
	agent.life.Store(life)
	f.Add("/reasoners/never", "exec_1", "v1,AAAA", "1767605400", []byte(`{"number":1}`))
	f.Add("/webhooks/approval", "", "", "", []byte(`{"id":"apr_1"}`))
	f.Add("/_internal/executions/exec_1/cancel", "exec_1", "v1,", "0", []byte(`{}`))
	f.Add("//reasoners/../never", "exec_1\x00", "v2,x v1,y", "-1", []byte("\xff"))
	f.Fuzz(func(t *testing.T, path, id, signature, timestamp string, body []byte) {
		request := httptest.NewRequest(http.MethodPost, "/", nil)
		request.URL.Path = path
		request.Body = http.NoBody
		request.Header = http.Header{
			"X-Execution-Id": {id}, "Webhook-Id": {id}, "Webhook-Signature": {signature}, "Webhook-Timestamp": {timestamp},
		}
		recorder := httptest.NewRecorder()
		life.receive(recorder, request, path, body)
		if recorder.Code != http.StatusUnauthorized {
			t.Errorf("%s gets %d: %s", path, recorder.Code, recorder.Body)
		}
	})
}
