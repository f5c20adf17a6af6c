package signoff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A counter is a served agent, and requests to it signed as the server signs them.
type counter struct {
	*served
	runs atomic.Int64
	gate chan struct{}
}

func newCounter(t *testing.T, options ...AgentOption) *counter {
	t.Helper()
	c := &counter{gate: make(chan struct{})}
	agent := newAgent(t, append(options, WithShutdownTimeout(time.Second))...)
	AddReasoner(agent, "count", func(run *Run, in order) (int, error) {
		c.runs.Add(1)
		select {
		case <-c.gate:
		case <-run.Done():
		}
		return in.Number, nil
	})
	c.served = serve(t, agent)
	return c
}

// A signing says what is to be wrong with a signature, if anything.
type signing struct {
	unsigned bool
	secret   string
	skew     time.Duration
	// sent goes out instead of what was signed.
	sent string
}

func (c *counter) post(path, body, attempt string, how signing) (int, Problem) {
	c.t.Helper()
	secret := *c.life.Load().secret.Load()
	if how.secret != "" {
		secret = how.secret
	}
	message := attempt
	if message == "" {
		message = "msg_1"
	}
	header, err := SignWebhook(secret, message, time.Now().Add(how.skew), []byte(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if how.unsigned {
		header = http.Header{}
	}
	if attempt != "" {
		header.Set("X-Execution-ID", attempt)
	}
	if how.sent != "" {
		body = how.sent
	}
	return c.send(http.MethodPost, path, body, header)
}

func (c *counter) send(method, path, body string, header http.Header) (int, Problem) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(soon(c.t), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	var said Problem
	_ = json.Unmarshal(text, &said)
	if said.Detail == "" {
		said.Detail = string(text)
	}
	return response.StatusCode, said
}

func TestUnsignedWorkIsRefused(t *testing.T) {
	c := newCounter(t)
	for rule, how := range map[string]signing{
		"unsigned": {unsigned: true}, "another secret": {secret: NewSecret()}, "old": {skew: -301 * time.Second},
		"of tomorrow": {skew: 302 * time.Second}, "changed": {sent: `{"number":2}`},
	} {
		for _, path := range []string{"/reasoners/count", "/webhooks/approval", "/_internal/executions/exec_1/cancel"} {
			if status, said := c.post(path, `{"number":1}`, "exec_1", how); status != 401 || said.Code != ProblemCodeInvalidSignature {
				t.Errorf("%s at %s: %d %+v", rule, path, status, said)
			}
		}
	}
	if c.runs.Load() != 0 {
		t.Error("it ran")
	}
}

func TestASignatureIsForOneAttemptOnly(t *testing.T) {
	c := newCounter(t)
	body := `{"number":1}`
	header := must(SignWebhook(*c.life.Load().secret.Load(), "exec_1", time.Now(), []byte(body)))(t)
	header.Set("X-Execution-ID", "exec_2")
	if status, said := c.send(http.MethodPost, "/reasoners/count", body, header); status != 401 || said.Code != ProblemCodeInvalidSignature {
		t.Errorf("got %d %+v", status, said)
	}
	header["X-Execution-Id"] = []string{"exec_1", "exec_2"}
	if status, said := c.send(http.MethodPost, "/reasoners/count", body, header); status != 400 || said.Code != ProblemCodeInvalidRequest {
		t.Errorf("got %d %+v", status, said)
	}
}

func TestAnAttemptIsRunOnceHoweverOftenItIsSent(t *testing.T) {
	c := newCounter(t)
	send := func() {
		if status, said := c.post("/reasoners/count", `{"number":1}`, "exec_1", signing{}); status != 202 || said.Detail != `{"status":"processing","execution_id":"exec_1"}`+"\n" {
			t.Errorf("got %d %+v", status, said)
		}
	}
	send()
	send()
	close(c.gate)
	// Its report is refused: the server knows no such execution.
	eventually(t, "it is reported", func() bool { return c.life.Load().hand.get("exec_1") == nil })
	send()
	if c.runs.Load() != 1 {
		t.Errorf("it ran %d times", c.runs.Load())
	}
}

// A noSteps tells of no recorded steps, of executions too that the server does not know.
type noSteps struct{ http.RoundTripper }

func (n noSteps) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.HasSuffix(request.URL.Path, "/steps") {
		recorder := httptest.NewRecorder()
		reply(recorder, http.StatusOK, &StepList{Items: []Step{}})
		return recorder.Result(), nil
	}
	return n.RoundTripper.RoundTrip(request)
}

func TestAnEarlierAttemptThatComesLateIsNotRun(t *testing.T) {
	c := newCounter(t, WithHTTPClient(&http.Client{Transport: noSteps{newNetwork()}}))
	send := func(attempt string) {
		t.Helper()
		if status, said := c.post("/reasoners/count", `{"number":1}`, attempt, signing{}); status != 202 || said.Detail != `{"status":"processing","execution_id":"`+attempt+`"}`+"\n" {
			t.Errorf("got %d %+v", status, said)
		}
	}
	hand := c.life.Load().hand
	send("exec_1~3")
	newer := hand.get("exec_1~3")
	eventually(t, "it runs", func() bool { return c.runs.Load() == 1 })
	send("exec_1~2")
	send("exec_1")
	if ids, _ := hand.ids(); !slices.Equal(ids, []string{"exec_1~3"}) || newer.ended() != nil {
		t.Errorf("in hand are %v, it is to end as %v", ids, newer.ended())
	}
	// Two dispatches may pass the first look side by side: the second one counts.
	late := newAttempt(c.life.Load(), "exec_1~2", "run_1")
	if !hand.start(late, nil) || late.ctx.Err() == nil || hand.get(late.id) != nil || newer.ended() != nil {
		t.Error("it was started")
	}
	close(c.gate)
	eventually(t, "it is reported", func() bool { return hand.get("exec_1~3") == nil })
	send("exec_1~2")
	if ids, _ := hand.ids(); len(ids) > 0 || c.runs.Load() != 1 {
		t.Errorf("in hand are %v, %d ran", ids, c.runs.Load())
	}
}

func TestTheNewestAttemptIsKnownInWhateverOrderTwoEnd(t *testing.T) {
	for _, ends := range [][]int{{2, 1}, {1, 2}} {
		hand := newInHand()
		for _, number := range ends {
			hand.forget(&attempt{id: fmt.Sprintf("exec_1~%d", number), executionID: "exec_1", number: number, cancel: func(error) {}})
		}
		if !hand.knows("exec_1~2") || hand.knows("exec_1~3") {
			t.Errorf("%v: %v", ends, hand.reported)
		}
	}
}

func TestWhatDoesNotFitIsRefusedByName(t *testing.T) {
	c := newCounter(t)
	for _, test := range []struct {
		path, body, attempt string
		status              int
		code                ProblemCode
	}{
		{"/reasoners/other", `{}`, "exec_1", 404, "not_found"},
		{"/elsewhere", `{}`, "exec_1", 404, "not_found"},
		{"/reasoners/count", `{"number":1}`, "", 400, "invalid_request"},
		{"/reasoners/count", `{`, "exec_1", 400, "invalid_json"},
		{"/reasoners/count", "{\"number\":\"\xff\"}", "exec_1", 400, "invalid_json"},
		{"/reasoners/count", `{"number":"x"}`, "exec_1", 422, "invalid_input"},
		{"/reasoners/count", `{"number":99999999999999999999}`, "exec_1", 422, "invalid_input"},
		{"/webhooks/approval", `{`, "", 400, "invalid_request"},
		{"/webhooks/approval", `{"decision":"approved"}`, "", 400, "invalid_request"},
		{"/_internal/executions/exec_1/cancel", `{`, "", 400, "invalid_request"},
		{"/_internal/executions/exec_1/cancel", `{"execution_id":"exec_2"}`, "", 400, "invalid_request"},
		{"/_internal/executions/exec_1/cancel", `{"execution_id":"exec_1"}`, "", 404, "not_found"},
	} {
		if status, said := c.post(test.path, test.body, test.attempt, signing{}); status != test.status || said.Code != test.code {
			t.Errorf("%s %s: %d %+v", test.path, test.body, status, said)
		}
	}
	if c.runs.Load() != 0 {
		t.Error("it ran")
	}
	status, said := c.post("/reasoners/count", `{"number":"x","more":1}`, "exec_1", signing{})
	if status != 422 || len(said.Errors) != 2 || said.Errors[0].Pointer != "/more" || said.Errors[1].Pointer != "/number" {
		t.Errorf("got %d %+v", status, said)
	}
}

func TestAnAgentAnswersWhatIsNotTheServers(t *testing.T) {
	c := newCounter(t)
	if status, said := c.send(http.MethodGet, "/health", "", http.Header{}); status != 200 || !strings.Contains(said.Detail, c.nodeID) {
		t.Errorf("got %d %+v", status, said)
	}
	if status, said := c.send(http.MethodGet, "/reasoners/count", "", http.Header{}); status != 405 || said.Code != ProblemCodeMethodNotAllowed {
		t.Errorf("got %d %+v", status, said)
	}
	huge := string(bytes.Repeat([]byte(" "), agentBodyLimit+1))
	if status, said := c.send(http.MethodPost, "/reasoners/count", huge, http.Header{}); status != 413 || said.Code != ProblemCodeBodyTooLarge {
		t.Errorf("got %d %+v", status, said)
	}
}

func TestAnAnswerForNobodyIsReceivedAndNotResolved(t *testing.T) {
	c := newCounter(t)
	callback := `{"execution_id":"exec_9","id":"apr_1","approval_request_id":"q","decision":"approved","new_status":"running","event_head":{"seq":1,"hash":"0"}}`
	if status, said := c.post("/webhooks/approval", callback, "", signing{}); status != 200 || said.Detail != `{"status":"received","resolved":false}`+"\n" {
		t.Errorf("got %d %+v", status, said)
	}
}

func TestALaterAttemptEndsTheEarlierOne(t *testing.T) {
	c := newCounter(t)
	c.post("/reasoners/count", `{"number":1}`, "exec_1", signing{})
	c.post("/reasoners/count", `{"number":2}`, "exec_1~2", signing{})
	hand := c.life.Load().hand
	eventually(t, "only the later one is in hand", func() bool {
		ids, _ := hand.ids()
		return len(ids) == 0 || (len(ids) == 1 && ids[0] == "exec_1~2")
	})
	if !hand.knows("exec_1") || !hand.knows("exec_1~2") {
		t.Error("one is not known any more")
	}
}

func TestMoreThanMayRunIsSentElsewhere(t *testing.T) {
	c := newCounter(t, WithMaxRunning(1))
	if status, _ := c.post("/reasoners/count", `{"number":1}`, "exec_1", signing{}); status != 202 {
		t.Errorf("got %d", status)
	}
	if status, said := c.post("/reasoners/count", `{"number":1}`, "exec_2", signing{}); status != 429 || said.Code != "busy" {
		t.Errorf("got %d %+v", status, said)
	}
	if status, _ := c.post("/reasoners/count", `{"number":1}`, "exec_1", signing{}); status != 202 {
		t.Errorf("one in hand gets %d", status)
	}
}
