package signoff

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// worker offers work, which goes on until the gate opens, and boss, which calls it.
func worker(t *testing.T, gate, started chan struct{}, options ...AgentOption) *Agent {
	t.Helper()
	agent := newAgent(t, options...)
	AddReasoner(agent, "work", func(run *Run, _ struct{}) (string, error) {
		started <- struct{}{}
		select {
		case <-gate:
			return "done", nil
		case <-run.Done():
			return "broken off", nil // as if the error was swallowed
		}
	})
	AddReasoner(agent, "boss", func(run *Run, _ struct{}) (string, error) {
		return CallAs[string](run, agent.nodeID+".work", nil)
	})
	return agent
}

func TestWhatCanFinishInTimeDoes(t *testing.T) {
	sameGoroutines(t)
	gate, started := make(chan struct{}), make(chan struct{}, 9)
	s := serve(t, worker(t, gate, started, WithShutdownTimeout(20*time.Second)))
	id := s.begin("work", nil).ExecutionID
	<-started
	time.AfterFunc(50*time.Millisecond, func() { close(gate) })
	s.stop()
	if done := s.finished(id); string(done.Result) != `"done"` || done.Attempt != 1 {
		t.Errorf("got %+v", done)
	}
}

func TestWhatCannotIsFinishedByTheNextProcess(t *testing.T) {
	sameGoroutines(t)
	gate, started := make(chan struct{}), make(chan struct{}, 9)
	first := serve(t, worker(t, gate, started, WithShutdownTimeout(50*time.Millisecond)))
	run := first.begin("boss", nil)
	<-started
	first.stop()
	if now := must(first.client.GetExecution(soon(t), run.ExecutionID, nil))(t); now.Status != ExecutionStatusQueued {
		t.Errorf("it is %s", now.Status)
	}
	close(gate)
	second := serve(t, worker(t, gate, started))
	if got := second.succeeded(run.ExecutionID); got != `"done"` {
		t.Errorf("got %s", got)
	}
	children := 0
	for range second.client.IterExecutions(soon(t), &ExecutionFilter{RunID: run.RunID}) {
		children++
	}
	if done := second.finished(run.ExecutionID); done.Attempt != 2 || children != 2 {
		t.Errorf("attempt %d, %d executions", done.Attempt, children)
	}
}

func TestWhatIsGivenNoTimeIsHandedBack(t *testing.T) {
	sameGoroutines(t)
	gate, started := make(chan struct{}), make(chan struct{}, 9)
	s := serve(t, worker(t, gate, started, WithShutdownTimeout(0)))
	id := s.begin("work", nil).ExecutionID
	<-started
	s.stop()
	if now := must(s.client.GetExecution(soon(t), id, nil))(t); now.Status != ExecutionStatusQueued {
		t.Errorf("it is %s: nobody was told that it was left", now.Status)
	}
}

func TestWhatIsCancelledStopsAndHearsNoDecision(t *testing.T) {
	sameGoroutines(t)
	agent, heard := asking(t, ApprovalRequest{ApprovalRequestID: "q"})
	id := agent.begin("ask", nil).ExecutionID
	request := agent.asked(id)
	must(agent.client.CancelExecution(soon(t), id, &Cancellation{Reason: "never mind"}))(t)
	var said any
	eventually(t, "it is told", func() bool { said, _ = heard.Load(id); return said != nil })
	err, _ := said.(error)
	wantError(t, err, ErrStopped)
	wantError(t, err, context.Canceled)
	withdrawn := must(agent.client.GetApprovalRequest(soon(t), request.ID, nil))(t)
	if done := agent.finished(id); done.Status != ExecutionStatusCancelled || withdrawn.Status != ApprovalStatusCancelled {
		t.Errorf("it is %s, its request %s", done.Status, withdrawn.Status)
	}
	eventually(t, "it is let go", func() bool { return !agent.holds(id) })
}

func (s *served) holds(attemptID string) bool { return s.life.Load().hand.get(attemptID) != nil }

func TestWhatWaitsForLongIsSuspendedAndComesBack(t *testing.T) {
	sameGoroutines(t)
	var did, suspended atomic.Int64
	agent := newAgent(t, WithClock(hasty{}), WithSuspendAfter(time.Millisecond))
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (Outcome, error) {
		if _, err := run.Step("before", func(context.Context) (any, error) { return did.Add(1), nil }); err != nil {
			return "", err
		}
		result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "q"})
		if err != nil {
			if errors.Is(err, ErrStopped) {
				suspended.Add(1)
			}
			return "", err
		}
		return result.Decision, nil
	})
	AddReasoner(agent, "boss", func(run *Run, _ struct{}) (string, error) {
		return CallAs[string](run, agent.nodeID+".ask", nil)
	})
	s := serve(t, agent)
	id := s.begin("boss", nil).ExecutionID
	var child string
	eventually(t, "the child waits", func() bool {
		for execution, err := range s.client.IterExecutions(soon(t), &ExecutionFilter{Status: ExecutionStatusFilterWaiting}) {
			if err == nil && execution.ParentExecutionID == id {
				child = execution.ExecutionID
			}
		}
		return child != ""
	})
	eventually(t, "it is not in hand", func() bool { return !s.holds(child) })
	if now := must(s.client.GetExecution(soon(t), child, nil))(t); now.Status != ExecutionStatusWaiting || suspended.Load() != 1 {
		t.Errorf("it is %s", now.Status)
	}
	s.decide(s.asked(child).ID, DecisionApproved, "")
	if got := s.succeeded(id); got != `"approved"` || did.Load() != 1 {
		t.Errorf("got %s, did it %d times", got, did.Load())
	}
	if done := s.finished(child); done.Attempt != 2 {
		t.Errorf("attempt %d", done.Attempt)
	}
}

func TestAStepThatIsDoneIsNotSuspended(t *testing.T) {
	now := time.Now()
	a := &attempt{parks: map[*park]bool{}}
	if a.restsSince(now) {
		t.Error("it does not wait")
	}
	gate := a.park("apr_1", now.Add(-time.Minute))
	if !a.restsSince(now) || a.restsSince(now.Add(-time.Hour)) {
		t.Error("it waits since a minute")
	}
	done := a.works()
	if a.restsSince(now) {
		t.Error("it works on a step")
	}
	done()
	child := a.park("exec_1", time.Time{})
	if a.restsSince(now) {
		t.Error("its child may be at work")
	}
	a.waitsSince(child, now.Add(-time.Second))
	a.waitsSince(child, now.Add(time.Second))
	if !a.restsSince(now) {
		t.Error("all that it does is to wait")
	}
	a.stop, a.cancel = nil, func(error) {}
	if a.end(ReportedStatusWaiting, "why"); !slices.Equal(a.ended().WaitsFor, []string{"apr_1", "exec_1"}) {
		t.Errorf("it waits for %v", a.ended().WaitsFor)
	}
	a.unpark(gate)
	a.unpark(child)
	if a.rests() {
		t.Error("it does not wait any more")
	}
}

func TestAThousandPausesWaitInOneProcess(t *testing.T) {
	sameGoroutines(t)
	agent := newAgent(t)
	var waiting atomic.Int64
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (Outcome, error) {
		waiting.Add(1)
		result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "gate"})
		if err != nil {
			return "", err
		}
		return result.Decision, nil
	})
	s := serve(t, agent)
	const many = 1000
	ids := make([]string, many)
	var group sync.WaitGroup
	for lane := range 8 {
		group.Go(func() {
			for index := lane; index < many; index += 8 {
				ids[index] = s.begin("ask", nil).ExecutionID
			}
		})
	}
	group.Wait()
	hand := func() int { held, _ := s.life.Load().hand.ids(); return len(held) }
	eventually(t, "all wait", func() bool { return hand() == many && waiting.Load() == many })
	if parked := runtime.NumGoroutine(); parked > many+many/2 {
		t.Errorf("%d runs cost %d goroutines", many, parked)
	}
	for lane := range 8 {
		group.Go(func() {
			for index := lane; index < many; index += 8 {
				s.decide(s.asked(ids[index]).ID, DecisionApproved, "")
			}
		})
	}
	group.Wait()
	eventually(t, "all are done", func() bool { return hand() == 0 })
	for _, id := range []string{ids[0], ids[many/2], ids[many-1]} {
		if got := s.succeeded(id); got != `"approved"` {
			t.Errorf("got %s", got)
		}
	}
}

func TestAReasonerThatPanicsOrEndsItsGoroutineHasFailed(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "panic", func(*Run, struct{}) (any, error) { panic("out of tune") })
	AddReasoner(agent, "goexit", func(*Run, struct{}) (any, error) { runtime.Goexit(); return nil, nil })
	AddReasoner(agent, "grow", func(*Run, struct{}) (string, error) { return strings.Repeat("x", 10<<20), nil })
	AddReasoner(agent, "odd", func(*Run, struct{}) (any, error) { return make(chan int), nil })
	s := serve(t, agent)
	for name, word := range map[string]string{
		"panic": "panic: out of tune", "goexit": "ended its goroutine", "grow": "the result is over the limit", "odd": "the result of odd must be something that JSON can hold",
	} {
		wantText(t, s.failed(s.begin(name, nil).ExecutionID), word)
	}
}

func TestARunIsOverWhenItsReasonerHasReturned(t *testing.T) {
	agent := newAgent(t)
	var left *Run
	AddReasoner(agent, "leave", func(run *Run, _ struct{}) (any, error) { left = run; return nil, nil })
	s := serve(t, agent)
	s.succeeded(s.begin("leave", nil).ExecutionID)
	_, err := left.Pause(&ApprovalRequest{ApprovalRequestID: "late"})
	wantError(t, err, ErrStopped)
	_, err = left.Step("late", nil)
	wantError(t, err, ErrStopped)
}

// away is a way to the server that can be cut.
type away struct {
	http.RoundTripper
	cut  atomic.Bool
	lost atomic.Int64
}

func (a *away) RoundTrip(request *http.Request) (*http.Response, error) {
	if a.cut.Load() {
		a.lost.Add(1)
		return nil, io.ErrUnexpectedEOF
	}
	return a.RoundTripper.RoundTrip(request)
}

func TestNoResultIsLostBecauseTheServerWasAway(t *testing.T) {
	way := &away{RoundTripper: newNetwork()}
	agent := newAgent(t, WithClock(hasty{}), WithHTTPClient(&http.Client{Transport: way}))
	AddReasoner(agent, "work", func(run *Run, _ struct{}) (string, error) {
		run.Note("before the result")
		way.cut.Store(true)
		return "done", nil
	})
	s := serve(t, agent)
	id := s.begin("work", nil).ExecutionID
	eventually(t, "much is lost", func() bool { return way.lost.Load() > 20 })
	way.cut.Store(false)
	if got := s.succeeded(id); got != `"done"` || len(s.events(id, "note")) != 1 {
		t.Errorf("got %s", got)
	}
}

func TestWhatWasReportedIsRememberedForLongButNotForEver(t *testing.T) {
	hand := newInHand()
	for number := range remembered + 1 {
		id := fmt.Sprintf("exec_%d", number)
		hand.forget(&attempt{id: id, executionID: id, number: 1, cancel: func(error) {}})
	}
	if hand.knows("exec_0") || !hand.knows(fmt.Sprintf("exec_%d", remembered)) {
		t.Error("the wrong one is forgotten")
	}
}

func TestWhatIsWrongWithAnAgentIsSaidWhenItIsServed(t *testing.T) {
	agent := NewAgent("no name", WithServerURL("nowhere"), WithPublicURL("http://127.0.0.1:9"), WithMaxRunning(-1))
	for _, name := range []string{"a", "a", "a b"} {
		AddReasoner(agent, name, func(*Run, struct{}) (any, error) { return nil, nil })
	}
	err := agent.Lifespan(soon(t))
	if err == nil {
		t.Fatal("it runs")
	}
	wantText(t, err.Error(), "node's name", "server's URL", "below zero", "has a reasoner a already", "reasoner's name")
	wantError(t, NewAgent("n").Lifespan(soon(t)), ErrAgentNotRunning)
	wantError(t, NewAgent("n").Registered(soon(t)), ErrAgentNotRunning)
	_, err = (*Run)(nil).Pause(&ApprovalRequest{})
	wantError(t, err, ErrNotInRun)
	recorder := httptest.NewRecorder()
	NewAgent("n").ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/reasoners/a", nil))
	if recorder.Code != 503 {
		t.Errorf("got %d", recorder.Code)
	}
}
