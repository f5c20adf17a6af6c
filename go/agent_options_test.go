package signoff

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// A journal is what an agent has said to whoever runs it.
type journal struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (j *journal) Write(line []byte) (int, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.text.String()
}

func logger(said *journal) *slog.Logger { return slog.New(slog.NewTextHandler(said, nil)) }

func TestANodeSaysWhatItOffers(t *testing.T) {
	said := &journal{}
	agent := newAgent(t, WithVersion("1.2.3"), WithLogger(logger(said)))
	AddReasoner(agent, "plain", func(*Run, order) (string, error) { return "", nil }, ReasonerTags("entry", "money"), ReasonerDescription("Does it."))
	odd := json.RawMessage(`{"type":"object","properties":{"number":{"enum":[7]}}}`)
	AddReasoner(agent, "given", func(_ *Run, in order) (int, error) { return in.Number, nil }, ReasonerSchemas(odd, json.RawMessage(`{"type":"integer"}`)))
	s := serve(t, agent)
	node := must(s.client.GetNode(soon(t), s.nodeID))(t)
	if *node.Version != "1.2.3" || len(node.Reasoners) != 2 {
		t.Fatalf("got %+v", node)
	}
	for _, offered := range node.Reasoners {
		switch offered.ID {
		case "plain":
			if string(offered.Tags) != `["entry","money"]` || string(offered.Description) != `"Does it."` || string(offered.OutputSchema) != `{"type":"string"}` {
				t.Errorf("got %+v", offered)
			}
		case "given":
			if string(offered.InputSchema) != string(odd) || string(offered.OutputSchema) != `{"type":"integer"}` {
				t.Errorf("got %+v", offered)
			}
		}
	}
	if got := s.succeeded(s.begin("given", order{7}).ExecutionID); got != "7" {
		t.Errorf("got %s", got)
	}
	_, err := s.client.Execute(soon(t), s.nodeID+".given", &ExecuteRequest{Input: json.RawMessage(`{"number":8}`)}, nil)
	wantError(t, err, ErrInvalidInput)
	wantText(t, said.String(), "registered", s.nodeID)
}

func TestARunSaysWhichItIs(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "who", func(run *Run, _ struct{}) (any, error) {
		var within *Run
		_, err := run.Step("s", func(ctx context.Context) (any, error) {
			within, _ = RunFrom(ctx)
			return nil, nil
		})
		return []any{run.NodeID(), run.ExecutionID(), run.AttemptID(), run.RunID(), run.Attempt(), within.ExecutionID()}, err
	})
	s := serve(t, agent)
	begun := s.begin("who", nil)
	id := begun.ExecutionID
	if got, want := s.succeeded(id), `["`+s.nodeID+`","`+id+`","`+id+`","`+begun.RunID+`",1,"`+id+`"]`; got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

func TestADeadlineOfOnesOwnEndsAVerbAndNotTheQuestion(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (Outcome, error) {
		short, cancel := context.WithTimeout(run, 50*time.Millisecond)
		defer cancel()
		_, err := run.WithContext(short).Pause(&ApprovalRequest{ApprovalRequestID: "q"})
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrStopped) {
			return "", errors.Join(err, errors.New("it is no deadline"))
		}
		if _, err := run.WithContext(short).Step("s", nil); !errors.Is(err, context.DeadlineExceeded) {
			return "", err
		}
		run.Note("waits on")
		result, err := run.WaitForResume("q", nil)
		if err != nil {
			return "", err
		}
		return result.Decision, nil
	})
	s := serve(t, agent)
	id := s.begin("ask", nil).ExecutionID
	eventually(t, "it waits on", func() bool { return len(s.events(id, "note")) == 1 })
	s.decide(s.asked(id).ID, DecisionRejected, "")
	if got := s.succeeded(id); got != `"rejected"` {
		t.Errorf("got %s", got)
	}
}

func TestWhileItEndsItTakesNoNewWork(t *testing.T) {
	c := newCounter(t)
	c.post("/reasoners/count", `{"number":1}`, "exec_1", signing{})
	life := c.life.Load()
	life.hand.close()
	if status, said := c.post("/reasoners/count", `{"number":1}`, "exec_2", signing{}); status != 503 || said.Code != ProblemCodeShuttingDown {
		t.Errorf("got %d %+v", status, said)
	}
	if status, _ := c.post("/reasoners/count", `{"number":1}`, "exec_1", signing{}); status != 202 {
		t.Errorf("one in hand gets %d", status)
	}
	// One that was let in just before.
	if life.hand.start(newAttempt(life, "exec_3", ""), nil) {
		t.Error("it is taken")
	}
}

func TestWhereNobodySaysAnAgentListensOnAFreePort(t *testing.T) {
	taken := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	t.Setenv("PORT", port)
	other := must(listen(t.Context(), ""))(t)
	defer other.Close()
	if other.Addr().String() == taken.Addr().String() {
		t.Error("both listen there")
	}
	t.Setenv("PORT", "0")
	t.Setenv("SIGNOFF_AGENT_HOST", "localhost")
	local := must(listen(t.Context(), ""))(t)
	local.Close()
	// The address towards another machine is one of this machine's, or what is left.
	if ip := net.ParseIP(addressTowards("http://192.0.2.1:8080")); ip == nil || ip.IsUnspecified() {
		t.Errorf("got %v", ip)
	}
	if got := addressTowards("http://nobody.invalid"); got != "127.0.0.1" {
		t.Errorf("got %s", got)
	}
}

func TestAReasonerThatDoesNotEndIsSaid(t *testing.T) {
	said, never := &journal{}, make(chan struct{})
	agent := newAgent(t, WithShutdownTimeout(10*time.Millisecond), WithLogger(logger(said)))
	started := make(chan struct{}, 1)
	AddReasoner(agent, "deaf", func(*Run, struct{}) (any, error) {
		started <- struct{}{}
		<-never
		return nil, nil
	})
	s := serve(t, agent)
	id := s.begin("deaf", nil).ExecutionID
	<-started
	s.stop()
	close(never)
	wantText(t, said.String(), "does not end with its context", id)
	// The next agent of this name is not to get it.
	must(s.client.CancelExecution(soon(t), id, nil))(t)
}

func TestAnAgentThatIsWrongTakesNoPort(t *testing.T) {
	taken := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer taken.Close()
	err := NewAgent("n", WithServerURL("nowhere")).Run(t.Context(), taken.Addr().String())
	if err == nil || strings.Contains(err.Error(), "in use") {
		t.Fatalf("got %v", err)
	}
	wantText(t, err.Error(), "must start with http://")
}
