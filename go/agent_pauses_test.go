package signoff

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// asking offers ask, which asks one question and keeps what it heard.
func asking(t *testing.T, request ApprovalRequest, options ...PauseOption) (*served, *sync.Map) {
	t.Helper()
	agent, heard := newAgent(t), &sync.Map{}
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (Outcome, error) {
		result, err := run.Pause(&request, options...)
		if err != nil {
			heard.Store(run.ExecutionID(), err)
			return "", err
		}
		heard.Store(run.ExecutionID(), result)
		return result.Decision, nil
	})
	return serve(t, agent), heard
}

func TestTheDecisionComesBackWithAllThatWasSaid(t *testing.T) {
	request := ApprovalRequest{ApprovalRequestID: "q-1", Title: "Refund?", Description: "Twice billed.", Payload: json.RawMessage(`{"amount":4000}`)}
	agent, heard := asking(t, request)
	for _, decision := range []Decision{DecisionApproved, DecisionRejected, DecisionRequestChanges} {
		id := agent.begin("ask", nil).ExecutionID
		asked := agent.asked(id)
		response := json.RawMessage(`{"limit":1000000000000000000000000000000}`)
		must(agent.client.Decide(soon(t), asked.ID, &NewDecision{Decision: decision, Feedback: "see invoice", Response: response}))(t)
		if got := agent.succeeded(id); got != `"`+string(decision)+`"` {
			t.Errorf("got %s", got)
		}
		said, _ := heard.Load(id)
		result := said.(*ApprovalResult)
		if result.Approved() != (decision == DecisionApproved) || result.ChangesRequested() != (decision == DecisionRequestChanges) || result.Feedback != "see invoice" {
			t.Errorf("got %+v", result)
		}
		if string(result.Response) != string(response) || result.ID != asked.ID || result.ApprovalRequestID != "q-1" || result.Reviewer.ID != "local" {
			t.Errorf("got %+v", result)
		}
		if *asked.Title != "Refund?" || *asked.Description != "Twice billed." || string(asked.Payload) != `{"amount":4000}` {
			t.Errorf("asked %+v", asked)
		}
	}
}

func TestAQuestionThatExpiresIsAResult(t *testing.T) {
	agent, _ := asking(t, ApprovalRequest{ApprovalRequestID: "q-1", ExpiresInHours: 0.05 / 3600})
	if got := agent.succeeded(agent.begin("ask", nil).ExecutionID); got != `"expired"` {
		t.Errorf("got %s", got)
	}
}

func TestAQuestionThatIsWithdrawnIsAnErrorWithItsReason(t *testing.T) {
	agent, heard := asking(t, ApprovalRequest{ApprovalRequestID: "q-1"})
	id := agent.begin("ask", nil).ExecutionID
	must(agent.client.CancelApprovalRequest(soon(t), agent.asked(id).ID, &Cancellation{Reason: "asked twice"}))(t)
	if got := agent.succeeded(id); got != `"error"` {
		t.Errorf("got %s", got)
	}
	if said, _ := heard.Load(id); !said.(*ApprovalResult).Withdrawn() || said.(*ApprovalResult).Feedback != "asked twice" {
		t.Errorf("heard %+v", said)
	}
}

func TestALocalTimeOutWithdrawsTheQuestion(t *testing.T) {
	agent, heard := asking(t, ApprovalRequest{ApprovalRequestID: "q-1"}, PauseTimeout(50*time.Millisecond))
	id := agent.begin("ask", nil).ExecutionID
	wantText(t, agent.failed(id), "no decision on apr_", "it is withdrawn")
	said, _ := heard.Load(id)
	var late *PauseTimeoutError
	if !errors.As(said.(error), &late) || !late.Withdrawn || !errors.Is(late, ErrPauseTimeout) || !late.Timeout() {
		t.Fatalf("heard %v", said)
	}
	request := must(agent.client.GetApprovalRequest(soon(t), late.ID, nil))(t)
	if request.Status != ApprovalStatusCancelled || *request.StatusReason != "pause timed out" {
		t.Errorf("it is %s", request.Status)
	}
}

func TestATimeoutBelowZeroIsRefusedInARunToo(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) ([]string, error) {
		_, paused := run.Pause(&ApprovalRequest{ApprovalRequestID: "q"}, PauseTimeout(-time.Second))
		_, resumed := run.WaitForResume("q", &WaitOptions{Timeout: -time.Second})
		return []string{paused.Error(), resumed.Error()}, nil
	})
	s := serve(t, agent)
	told := "signoff: a timeout must be 0, for none, or more, not -1s"
	if got, want := s.succeeded(s.begin("ask", nil).ExecutionID), `["`+told+`","`+told+`"]`; got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

func TestAWithdrawalThatIsNotHeardIsSaid(t *testing.T) {
	f := newFaulty(t, problem(404, "not_found"), problem(409, "already_decided"))
	client, _ := f.client(t)
	_, err := withdraw(soon(t), client, "apr_1", deadline{})
	var late *PauseTimeoutError
	if !errors.As(err, &late) || late.Withdrawn {
		t.Errorf("got %v", err)
	}
	wantText(t, err.Error(), "apr_1", "could not be withdrawn")
}

func TestAWithdrawalEndsInItsTime(t *testing.T) {
	f := newFaulty(t, hang)
	client, clock := f.client(t)
	ctx := soon(t)
	_, err := withdraw(ctx, client, "apr_1", deadline{clock.Now().Add(20 * time.Millisecond)})
	var late *PauseTimeoutError
	if !errors.As(err, &late) || late.Withdrawn || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
}

func TestAPauseOfAClientIsNeverLongerThanItsTime(t *testing.T) {
	// The question is stored; then the server holds the wait, and falls silent for the withdrawal.
	f := newFaulty(t, says(201, pendingApproval()), hang)
	client := newClient(t, WithServerURL(f.URL))
	ctx, began := soon(t), time.Now()
	_, err := client.Pause(ctx, claim("a"), PauseTimeout(80*time.Millisecond))
	var late *PauseTimeoutError
	if !errors.As(err, &late) || late.Withdrawn || late.ID == "a" || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > longestWithdrawal {
		t.Errorf("it took %v", took)
	}
}

func TestADecisionThatComesAsTheTimeIsOverCounts(t *testing.T) {
	decided := `{"type":"about:blank","title":"T","status":409,"code":"already_decided","detail":"d","approval":` + decidedApproval("approved") + `}`
	f := newFaulty(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/cancel") {
			says(409, decided)(w, r)
		} else {
			says(200, pendingApproval())(w, r)
		}
	})
	client, _ := f.client(t)
	result := must(client.Pause(soon(t), claim("a"), PauseTimeout(time.Second)))(t)
	if !result.Approved() || !strings.HasSuffix(f.requests[len(f.requests)-1].URL.Path, "/cancel") {
		t.Errorf("got %+v", result)
	}
}

func TestAPauseOfAClientWithdrawsToo(t *testing.T) {
	client := realClient(t)
	_, err := client.Pause(soon(t), claim(ownID(t)+rand.Text()), PauseTimeout(2*time.Second))
	var late *PauseTimeoutError
	if !errors.As(err, &late) || !late.Withdrawn || errors.Is(err, ErrWaitTimeout) {
		t.Fatalf("got %v", err)
	}
	if request := must(client.GetApprovalRequest(soon(t), late.ID, nil))(t); request.Status != ApprovalStatusCancelled {
		t.Errorf("it is %s", request.Status)
	}
}

func TestAPauseOfAClientThatCannotAskEndsInTimeToo(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	client := newClient(t, WithServerURL(silent.URL))
	ctx := soon(t)
	_, err := client.Pause(ctx, claim("unheard"), PauseTimeout(50*time.Millisecond))
	var late *PauseTimeoutError
	if !errors.As(err, &late) || late.Withdrawn || late.ID != claim("unheard").ApprovalRequestID || ctx.Err() != nil {
		t.Fatalf("got %v", err)
	}
}

func TestALoopOverOneGateAsksEveryTime(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (said []string, err error) {
		for range 3 {
			result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "draft-review"})
			if err != nil {
				return nil, err
			}
			said = append(said, result.Feedback)
		}
		return said, nil
	})
	s := serve(t, agent)
	id := s.begin("ask", nil).ExecutionID
	var asked []string
	for _, word := range []string{"one", "two", "three"} {
		request := s.asked(id)
		asked = append(asked, request.ID)
		s.decide(request.ID, DecisionApproved, word)
	}
	if got := s.succeeded(id); got != `["one","two","three"]` {
		t.Errorf("got %s", got)
	}
	slices.Sort(asked)
	if len(slices.Compact(asked)) != 3 {
		t.Errorf("asked %v", asked)
	}
}

func TestTwoQuestionsAtOnceGetTheirOwnAnswers(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) ([]Outcome, error) {
		said, errs := make([]Outcome, 2), make([]error, 2)
		var group sync.WaitGroup
		for index, own := range []string{"legal", "finance"} {
			group.Go(func() {
				var result *ApprovalResult
				if result, errs[index] = run.Pause(&ApprovalRequest{ApprovalRequestID: own}); result != nil {
					said[index] = result.Decision
				}
			})
		}
		group.Wait()
		return said, errors.Join(errs...)
	})
	s := serve(t, agent)
	id := s.begin("ask", nil).ExecutionID
	eventually(t, "both ask", func() bool {
		return len(must(s.client.GetExecution(soon(t), id, nil))(t).PendingApprovals) == 2
	})
	for own, decision := range map[string]Decision{"finance": DecisionRejected, "legal": DecisionApproved} {
		request := must(s.client.FindApprovalRequest(soon(t), own, id))(t)
		s.decide(request.ID, decision, "")
	}
	if got := s.succeeded(id); got != `["approved","rejected"]` {
		t.Errorf("got %s", got)
	}
}

func TestNothingToResumeIsNilAtOnce(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) (bool, error) {
		result, err := run.WaitForResume("q-1", &WaitOptions{Timeout: time.Hour})
		return result == nil, err
	})
	s := serve(t, agent)
	if got := s.succeeded(s.begin("ask", nil).ExecutionID); got != "true" {
		t.Errorf("got %s", got)
	}
}

func TestResumingAttachesToThePendingQuestionAndLeavesItOnTimeOut(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "ask", func(run *Run, _ struct{}) ([]any, error) {
		type told struct {
			result *ApprovalResult
			err    error
		}
		first := make(chan told, 1)
		go func() {
			result, err := run.Pause(&ApprovalRequest{ApprovalRequestID: "q-1"})
			first <- told{result, err}
		}()
		for {
			result, err := run.WaitForResume("q-1", &WaitOptions{Timeout: 50 * time.Millisecond})
			if errors.Is(err, ErrWaitTimeout) && !errors.Is(err, ErrPauseTimeout) {
				break
			}
			if err != nil || result != nil {
				return nil, errors.Join(err, errors.New("it is answered"))
			}
		}
		run.Note("waiting")
		attached, err := run.WaitForResume("q-1", nil)
		if err != nil {
			return nil, err
		}
		paused := <-first
		decided, err := run.WaitForResume("q-1", nil)
		return []any{attached.Decision, paused.result.Decision, decided.Decision}, errors.Join(err, paused.err)
	})
	s := serve(t, agent)
	id := s.begin("ask", nil).ExecutionID
	request := s.asked(id)
	eventually(t, "it waits on", func() bool { return len(s.events(id, "note")) == 1 })
	s.decide(request.ID, DecisionApproved, "")
	if got := s.succeeded(id); got != `["approved","approved","approved"]` {
		t.Errorf("got %s", got)
	}
	if asked := s.events(id, "approval.requested"); len(asked) != 1 {
		t.Errorf("it asked %d times", len(asked))
	}
}

func TestAnAnswerThatOvertakesTheQuestionIsKept(t *testing.T) {
	w := &waiters{}
	if w.answer(&ApprovalResult{ID: "apr_1", Decision: OutcomeApproved}) {
		t.Error("somebody waits")
	}
	// The first one stays.
	w.answer(&ApprovalResult{ID: "apr_1", Decision: OutcomeRejected})
	if result := must(w.wait(soon(t), "apr_1"))(t); !result.Approved() {
		t.Errorf("got %+v", result)
	}
}
