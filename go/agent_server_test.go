package signoff

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A served agent, and what a test does with it.
type served struct {
	*Agent
	t      *testing.T
	client *Client
	url    string
	stop   func()
}

// newAgent makes an agent of the shared server, whose name no other test has.
func newAgent(t *testing.T, options ...AgentOption) *Agent {
	t.Helper()
	realClient(t)
	return NewAgent(strings.ReplaceAll(ownID(t), ".", "-"), options...)
}

// serve serves an agent until the end of the test, or until it is stopped.
func serve(t *testing.T, agent *Agent) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- agent.Serve(ctx, listener) }()
	stopped := false
	s := &served{Agent: agent, t: t, client: newClient(t, WithServerURL(agent.client.ServerURL())), url: "http://" + listener.Addr().String()}
	s.stop = func() {
		cancel()
		if stopped {
			return
		}
		stopped = true
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(s.stop)
	eventually(t, "the agent is registered", func() bool { return agent.life.Load() != nil })
	if err := agent.Registered(soon(t)); err != nil {
		t.Fatal(err)
	}
	return s
}

// lifespan lets an agent live that nobody serves.
func lifespan(agent *Agent) (ended chan error, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	go func() { ended <- agent.Lifespan(ctx) }()
	return ended, cancel
}

func (s *served) begin(name string, input any) *Execution {
	s.t.Helper()
	if input == nil {
		input = struct{}{}
	}
	text, err := json.Marshal(input)
	if err != nil {
		s.t.Fatal(err)
	}
	return must(s.client.ExecuteAsync(soon(s.t), s.nodeID+"."+name, &ExecuteRequest{Input: text}, nil))(s.t)
}

func (s *served) finished(id string) *Execution {
	s.t.Helper()
	return must(s.client.WaitForExecution(soon(s.t), id, nil))(s.t)
}

// succeeded is the result of an execution, which has to come to one.
func (s *served) succeeded(id string) string {
	s.t.Helper()
	done := s.finished(id)
	if done.Status != ExecutionStatusSucceeded {
		s.t.Fatalf("%s is %s: %s", done.Target, done.Status, endOf(done))
	}
	return string(done.Result)
}

// failed is the error of an execution, which has to fail.
func (s *served) failed(id string) string {
	s.t.Helper()
	done := s.finished(id)
	if done.Status != ExecutionStatusFailed || done.Error == nil {
		s.t.Fatalf("%s is %s: %s", done.Target, done.Status, done.Result)
	}
	return *done.Error
}

// asked is the pending request of an execution, once it is there.
func (s *served) asked(id string) *Approval {
	s.t.Helper()
	var found *Approval
	eventually(s.t, id+" asks", func() bool {
		page, err := s.client.ListApprovalRequests(soon(s.t), &ApprovalFilter{ExecutionID: id, Status: ApprovalStatusFilterPending}, nil)
		if err == nil && len(page.Items) > 0 {
			found = &page.Items[0]
		}
		return found != nil
	})
	return found
}

func (s *served) decide(id string, decision Decision, feedback string) {
	s.t.Helper()
	must(s.client.Decide(soon(s.t), id, &NewDecision{Decision: decision, Feedback: feedback}))(s.t)
}

// events are those of one type.
func (s *served) events(id, kind string) []*Event {
	s.t.Helper()
	var found []*Event
	for event, err := range s.client.IterExecutionEvents(soon(s.t), id) {
		if err != nil {
			s.t.Fatal(err)
		}
		if event.Type == kind {
			found = append(found, event)
		}
	}
	return found
}

// eventually waits for what has to come.
func eventually(t *testing.T, what string, there func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !there(); {
		if time.Now().After(end) {
			t.Fatalf("it does not come to this: %s", what)
		}
		_ = systemClock{}.Sleep(t.Context(), 5*time.Millisecond)
	}
}

// hasty is real time whose sleeps are short, so that heartbeats and retries follow at once.
type hasty struct{ systemClock }

func (h hasty) Sleep(ctx context.Context, d time.Duration) error {
	return h.systemClock.Sleep(ctx, d/50)
}

// sameGoroutines wants as many at the end of a test as at its begin.
func sameGoroutines(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
			_ = systemClock{}.Sleep(context.Background(), time.Millisecond)
		}
		if after := runtime.NumGoroutine(); after > before {
			stacks := make([]byte, 1<<16)
			t.Errorf("%d goroutines before, %d after\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
		}
	})
}

type order struct {
	Number int `json:"number"`
}

type sale struct {
	Order, Shipped int
	Price          float64
	Failures       []string
	Decision       Outcome
}

// A shop is a node whose process is replaced while its run waits; done counts the side effects.
type shop struct {
	t      *testing.T
	done   []string
	change string
	title  string
}

func (s *shop) does(what string) { s.done = append(s.done, what) }

func (s *shop) process() *Agent {
	agent := newAgent(s.t)
	AddReasoner(agent, "price", func(_ *Run, in order) (float64, error) {
		s.does("price")
		return float64(in.Number) * 1.5, nil
	})
	AddReasoner(agent, "broken", func(*Run, struct{}) (any, error) {
		s.does("broken")
		return nil, errors.New("no price")
	})
	AddReasoner(agent, "sell", s.sell)
	return agent
}

func (s *shop) sell(run *Run, in order) (sold sale, err error) {
	run.Note("selling", "shop")
	run.Note("selling", "shop")
	in.Number += len(s.change)
	reserved, err := StepAs(run, "reserve", func(context.Context) (order, error) {
		s.does("reserve")
		return order{in.Number + 1}, nil
	}, StepInput(in))
	if err != nil {
		return sold, err
	}
	sold.Order = reserved.Number
	if sold.Shipped, err = StepAs(run, "ship", func(context.Context) (int, error) {
		s.does("ship")
		return reserved.Number, nil
	}, StepKey("a")); err != nil {
		return sold, err
	}
	if sold.Price, err = CallAs[float64](run, run.of.nodeID+".price", reserved); err != nil {
		return sold, err
	}
	_, failed := run.Step("fail", func(context.Context) (any, error) { s.does("fail"); return nil, errors.New("out of stock") })
	_, refused := run.Call(run.of.nodeID+".broken", nil)
	sold.Failures = []string{failed.Error(), refused.Error()}
	result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "sell", Title: "Sell?" + s.title})
	if err == nil {
		sold.Decision = result.Decision
	}
	return sold, err
}

func TestTheNextProcessFinishesTheRunAndRepeatsNothing(t *testing.T) {
	sameGoroutines(t)
	shop := &shop{t: t}
	first := serve(t, shop.process())
	id := first.begin("sell", order{1}).ExecutionID
	asked := first.asked(id)
	first.stop()
	effects := []string{"reserve", "ship", "price", "fail", "broken"}
	if !slices.Equal(shop.done, effects) {
		t.Fatalf("did %v", shop.done)
	}
	first.decide(asked.ID, DecisionApproved, "")
	second := serve(t, shop.process())
	want := `{"Order":2,"Shipped":2,"Price":3,"Failures":["signoff: step.fail.1 failed: out of stock","signoff: ` +
		second.nodeID + `.broken failed: no price"],"Decision":"approved"}`
	if got := second.succeeded(id); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	if done := second.finished(id); done.Attempt != 2 || !slices.Equal(shop.done, effects) {
		t.Errorf("attempt %d, did %v", done.Attempt, shop.done)
	}
	if notes := second.events(id, "note"); len(notes) != 2 {
		t.Errorf("it noted %d times", len(notes))
	}
	if requests := second.events(id, "approval.requested"); len(requests) != 1 {
		t.Errorf("it asked %d times", len(requests))
	}
}

func TestAWayThatDiffersIsNamed(t *testing.T) {
	for where, change := range map[string]func(*shop){
		"step.reserve.1": func(s *shop) { s.change = "!" },
		"pause.1":        func(s *shop) { s.title = " All?" },
	} {
		t.Run(where, func(t *testing.T) {
			shop := &shop{t: t}
			first := serve(t, shop.process())
			id := first.begin("sell", order{1}).ExecutionID
			asked := first.asked(id)
			first.stop()
			first.decide(asked.ID, DecisionApproved, "")
			change(shop)
			wantText(t, serve(t, shop.process()).failed(id), "nondeterministic_replay", where)
		})
	}
}
