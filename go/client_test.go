package signoff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An agent is the other side of the tests: it runs what it is sent, over plain HTTP.
//
//	done   gives its input back
//	gated  asks a person first
type agent struct {
	*httptest.Server
	node, server string
	answers      sync.Map // by attempt id, a channel that is closed by the callback
}

func startAgent(t *testing.T, server string) *agent {
	t.Helper()
	a := &agent{node: strings.ToLower(ownID(t)), server: server}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reasoners/done", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	mux.HandleFunc("POST /reasoners/gated", a.gated)
	mux.HandleFunc("POST /webhooks/approval", a.callback)
	mux.HandleFunc("POST /_internal/executions/{id}/cancel", func(http.ResponseWriter, *http.Request) {})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	reasoners := []any{map[string]any{"id": "done"}, map[string]any{"id": "gated"}}
	err := a.post("/api/v1/nodes/register", map[string]any{"id": a.node, "base_url": a.URL, "instance_id": "one", "reasoners": reasoners})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// post sends what the server does not answer with a no.
func (a *agent) post(path string, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	response, err := http.Post(a.server+path, "application/json", bytes.NewReader(text))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s", answer)
	}
	return err
}

// tell is post for a goroutine: a test that it fails misses an event and says so.
func (a *agent) tell(path string, body any) {
	if err := a.post(path, body); err != nil {
		log.Print(err)
	}
}

func (a *agent) gated(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("X-Execution-ID")
	a.answers.Store("gate-"+id, id)
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": "processing", "execution_id": id})
	go a.tell("/api/v1/agents/"+a.node+"/executions/"+id+"/request-approval", map[string]any{"approval_request_id": "gate-" + id})
}

func (a *agent) callback(w http.ResponseWriter, r *http.Request) {
	var told ApprovalCallback
	_ = json.NewDecoder(r.Body).Decode(&told)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "received", "resolved": true})
	if id, waits := a.answers.LoadAndDelete(told.ApprovalRequestID); waits {
		go a.tell("/api/v1/executions/"+id.(string)+"/status", map[string]any{"status": "succeeded", "result": told.Decision})
	}
}

func TestAnExecutionIsRunToItsEnd(t *testing.T) {
	client := realClient(t)
	agent := startAgent(t, client.ServerURL())
	input := json.RawMessage(`{"z":1,"a":123456789012345678901234567890,"text":"<&>👍"}`)
	options := &ExecuteOptions{IdempotencyKey: ownID(t), Wait: 20 * time.Second}
	finished := must(client.Execute(soon(t), agent.node+".done", &ExecuteRequest{Input: input}, options))(t)
	if finished.Status != ExecutionStatusSucceeded || string(finished.Result) != string(input) {
		t.Fatalf("got %+v", finished)
	}
	again := must(client.Execute(soon(t), agent.node+".done", &ExecuteRequest{Input: input}, options))(t)
	if again.ExecutionID != finished.ExecutionID {
		t.Error("the key did not join the first run")
	}
	_, err := client.Execute(soon(t), agent.node+".done", nil, options)
	wantError(t, err, ErrIdempotencyConflict)
	_, err = client.Execute(soon(t), agent.node+".nothing", nil, nil)
	wantError(t, err, ErrUnknownTarget)
	_, err = client.CancelExecution(soon(t), finished.ExecutionID, nil)
	wantError(t, err, ErrExecutionFinished)
	must(client.ListSteps(soon(t), finished.ExecutionID, nil))(t)
	if node := must(client.GetNode(soon(t), agent.node))(t); len(node.Reasoners) != 2 {
		t.Errorf("got %+v", node)
	}
	must(client.ListNodes(soon(t), nil))(t)
}

func TestAGateIsWaitedForAndEventsAreFollowed(t *testing.T) {
	client := realClient(t)
	agent := startAgent(t, client.ServerURL())
	started := must(client.ExecuteAsync(soon(t), agent.node+".gated", nil, nil))(t)
	id := started.ExecutionID
	var types []string
	var gate string
	for event, err := range client.StreamEvents(soon(t), id, nil) {
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, event.Type)
		if int64(len(types)) != event.Seq {
			t.Errorf("event %d comes as the %dth", event.Seq, len(types))
		}
		if event.Type == "approval.requested" {
			gate = event.ApprovalID
			state := must(client.GetExecutionApprovalStatus(soon(t), agent.node, id, "gate-"+id))(t)
			if state.Approval.ID != gate {
				t.Errorf("got %+v", state)
			}
			decideLater(t, client, gate, DecisionApproved)
		}
	}
	result := must(client.WaitForApproval(soon(t), "gate-"+id, &WaitOptions{ExecutionID: id}))(t)
	if !result.Approved() || result.ID != gate {
		t.Errorf("got %+v", result)
	}
	finished := must(client.WaitForExecution(soon(t), id, nil))(t)
	if finished.Status != ExecutionStatusSucceeded || string(finished.Result) != `"approved"` {
		t.Errorf("got %+v", finished)
	}
	var listed []string
	for event, err := range client.IterExecutionEvents(soon(t), id) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, event.Type)
	}
	if !slices.Equal(listed, types) || !slices.Contains(types, "execution.succeeded") {
		t.Errorf("listed %v\nstreamed %v", listed, types)
	}
	for event, err := range client.StreamEvents(soon(t), id, &StreamOptions{LastEventID: 2}) {
		if err != nil || event.Seq != 3 {
			t.Errorf("got %+v, %v", event, err)
		}
		break
	}
	for range client.IterSteps(soon(t), id) {
		t.Error("it has no steps")
	}
	for range client.IterDeliveries(soon(t), &DeliveryFilter{ExecutionID: id}) {
		return
	}
	t.Error("it has no deliveries")
}

func TestAStreamIsTakenUpWhereItBroke(t *testing.T) {
	event := func(seq string) string {
		return "id: " + seq + "\ndata: " + `{"seq":` + seq + `,"type":"note","at":"2026-01-01T00:00:00.000Z","actor":{"id":"a","source":"key"},"data":{},"prev_hash":"0","hash":"1"}` + "\n\n"
	}
	cut := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, event("3")+"data: {\"seq\"")
		_ = http.NewResponseController(w).Flush()
		drop(w, r)
	}
	f := newFaulty(t, says(200, event("1")+event("2")), problem(503, "shutting_down", "Retry-After", "2"), cut, says(204, ""))
	client, clock := f.client(t)
	var seen []int64
	for event, err := range client.StreamEvents(soon(t), "exec_1", nil) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, event.Seq)
	}
	var asked []string
	for _, request := range f.requests {
		asked = append(asked, request.Header.Get("Last-Event-ID"))
	}
	if !slices.Equal(seen, []int64{1, 2, 3}) || !slices.Equal(asked, []string{"", "2", "2", "3"}) || len(clock.sleeps()) != 3 {
		t.Errorf("saw %v, asked %q, slept %v", seen, asked, clock.sleeps())
	}
}

func TestAStreamEndsWithTheErrorThatItMet(t *testing.T) {
	for event, err := range realClient(t).StreamEvents(soon(t), "exec_0", nil) {
		wantError(t, err, ErrNotFound)
		if event != nil {
			t.Errorf("got %+v", event)
		}
	}
}

func TestPagesAreReadToTheEndAndNoFurther(t *testing.T) {
	page := func(ids string, next string) http.HandlerFunc { return says(200, `{"items":[`+ids+`]`+next+`}`) }
	f := newFaulty(t, page(pendingApproval()+","+pendingApproval(), `,"next_cursor":"c1"`), page("", `,"next_cursor":"c2"`), page(pendingApproval(), ""))
	client, _ := f.client(t)
	count := 0
	for _, err := range client.IterApprovalRequests(soon(t), &ApprovalFilter{Status: ApprovalStatusFilterPending}) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 3 || f.count() != 3 || f.requests[2].URL.Query().Get("cursor") != "c2" || f.requests[2].URL.Query().Get("status") != "pending" {
		t.Errorf("%d rows of %d pages", count, f.count())
	}
	for range client.IterApprovalRequests(soon(t), nil) {
		break
	}
	if f.count() != 4 {
		t.Errorf("asked %d times", f.count())
	}
}

func TestRequestsAreFoundListedAndRead(t *testing.T) {
	client := realClient(t)
	asked := must(client.CreateApprovalRequest(soon(t), claim(ownID(t))))(t)
	if again := must(client.RequestApproval(soon(t), claim(ownID(t))))(t); again.ID != asked.ID {
		t.Error("the same question is another")
	}
	other := claim(ownID(t))
	other.Title = "Another"
	_, err := client.RequestApproval(soon(t), other)
	wantError(t, err, ErrRequestConflict)
	if string(asked.Payload) != string(claim("").Payload) {
		t.Errorf("the payload is %s", asked.Payload)
	}
	since := time.Now().Add(-time.Hour)
	must(client.Decide(soon(t), ownID(t), &NewDecision{Decision: DecisionRejected, Response: json.RawMessage("null")}))(t)
	found := 0
	for approval, err := range client.IterApprovalRequests(soon(t), &ApprovalFilter{ApprovalRequestID: ownID(t), DecidedAfter: since, DecidedBefore: since.Add(24 * time.Hour)}) {
		if err != nil || approval.ID != asked.ID || string(approval.Response) != "null" {
			t.Errorf("got %+v, %v", approval, err)
		}
		found++
	}
	events := 0
	for range client.IterApprovalRequestEvents(soon(t), asked.ID) {
		events++
	}
	if found != 1 || events != 2 {
		t.Errorf("found %d with %d events", found, events)
	}
	receipt := must(client.Decide(soon(t), asked.ID, &NewDecision{Decision: DecisionRejected, Response: json.RawMessage("null")}))(t)
	if receipt.Status != DecisionReceiptStatusAlreadyProcessed {
		t.Errorf("got %+v", receipt)
	}
	_, err = client.Decide(soon(t), asked.ID, &NewDecision{Decision: DecisionApproved})
	wantError(t, err, ErrAlreadyDecided)
	if refused := err.(*Error); refused.Approval == nil || refused.Approval.Decision != OutcomeRejected {
		t.Errorf("it does not say what holds: %+v", refused)
	}
}

func TestASignedResponseDecides(t *testing.T) {
	client := realClient(t)
	asked := must(client.RequestApproval(soon(t), claim(ownID(t))))(t)
	response := &ApprovalResponse{RequestID: ownID(t), Decision: DecisionApproved, Reviewer: &ReviewerClaim{ID: "42", Name: "duty officer"}}
	_, err := client.Respond(soon(t), NewSecret(), response, nil)
	wantError(t, err, ErrInvalidSignature)
	receipt := must(client.Respond(soon(t), testSecret, response, nil))(t)
	if receipt.Approval.ID != asked.ID || receipt.Approval.Reviewer.Source != PrincipalSourceWebhook {
		t.Errorf("got %+v", receipt)
	}
	body := []byte(`{"requestId":"` + asked.ID + `","decision":"approved"}`)
	signature := must(SignApprovalResponse(testSecret, body))(t)
	receipt = must(client.ReceiveApprovalResponse(soon(t), http.Header{"X-Webhook-Signature": {signature}}, body))(t)
	if receipt.Status != DecisionReceiptStatusAlreadyProcessed {
		t.Errorf("got %+v", receipt)
	}
	clock := newClock()
	clock.now = time.Now()
	early := realClient(t, WithClock(clock))
	response.RequestID = "nobody-asks"
	_, err = early.Respond(soon(t), testSecret, response, &RespondOptions{Patience: 5 * time.Second})
	wantError(t, err, ErrNotFound)
	if want := []time.Duration{2 * time.Second, 2 * time.Second}; !slices.Equal(want, clock.sleeps()) {
		t.Errorf("want %v, got %v", want, clock.sleeps())
	}
}

func TestASecretIsUsedInTheFormThatItIsFor(t *testing.T) {
	receipt := says(200, `{"status":"processed","approval":`+decidedApproval("approved")+`}`)
	for _, secret := range []string{"plain", testSecret} {
		f := newFaulty(t, problem(503, "shutting_down"), receipt)
		client, clock := f.client(t)
		must(client.Respond(soon(t), secret, &ApprovalResponse{RequestID: "a", Decision: DecisionApproved}, nil))(t)
		for index, request := range f.requests {
			verified := must(VerifyApprovalResponse(request.Header, []byte(f.bodies[index]), []string{secret}, clock.Now()))(t)
			if (verified.Form == SignatureBody) != (secret == "plain") || verified.ID != f.requests[0].Header.Get("Webhook-Id") {
				t.Errorf("got %+v", verified)
			}
		}
	}
	if _, err := newClient(t).Respond(soon(t), "whsec_!", &ApprovalResponse{}, nil); err == nil {
		t.Error("a secret that is none is used")
	}
}

func TestAResponseThatWaitsForLongIsSignedAnewAsTheSameMessage(t *testing.T) {
	receipt := says(200, `{"status":"processed","approval":`+decidedApproval("approved")+`}`)
	f := newFaulty(t, problem(404, "not_found", "Retry-After", "400"), receipt)
	client, clock := f.client(t)
	response := &ApprovalResponse{RequestID: "a", Decision: DecisionApproved}
	must(client.Respond(soon(t), testSecret, response, &RespondOptions{Patience: 10 * time.Minute}))(t)
	first, second := f.requests[0], f.requests[1]
	must(VerifyWebhook(second.Header, []byte(f.bodies[1]), []string{testSecret}, clock.Now()))(t)
	if first.Header.Get("Webhook-Id") != second.Header.Get("Webhook-Id") {
		t.Error("it is another message")
	}
}

func TestTheSystemAnswers(t *testing.T) {
	client := realClient(t)
	if health := must(client.GetHealth(soon(t)))(t); health.Status != "ok" {
		t.Errorf("got %+v", health)
	}
	must(client.GetReadiness(soon(t)))(t)
	if text := must(client.GetOpenapi(soon(t)))(t); !strings.HasPrefix(text, "openapi: 3.1") {
		t.Errorf("got %.40q", text)
	}
	if text := must(client.GetMetrics(soon(t)))(t); !strings.Contains(text, "signoff_") {
		t.Errorf("got %.40q", text)
	}
	_, err := client.RetryDelivery(soon(t), "msg_0")
	wantError(t, err, ErrNotFound)
	_, err = client.ListExecutions(soon(t), nil, &PageOptions{Cursor: "no-cursor"})
	wantError(t, err, ErrInvalidCursor)
	for execution, err := range client.IterExecutions(soon(t), &ExecutionFilter{NodeID: "nobody"}) {
		t.Errorf("got %+v, %v", execution, err)
	}
	for _, err := range client.IterNodes(soon(t)) {
		if err != nil {
			t.Error(err)
		}
	}
}
