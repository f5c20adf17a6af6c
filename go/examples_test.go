package signoff

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The examples are compiled as whoever copies them does, and run as processes of their own.

var builds sync.Map // the program of each folder, once for all tests

// built compiles an example; folder is below examples/.
func built(t *testing.T, folder string) string {
	t.Helper()
	build, _ := builds.LoadOrStore(folder, sync.OnceValues(func() (string, error) {
		program := filepath.Join(programs, strings.ReplaceAll(folder, "/", "-"))
		command := exec.Command("go", "build", "-o", program, ".")
		command.Dir = filepath.Join("../examples", folder)
		out, err := command.CombinedOutput()
		if err != nil {
			err = errors.Join(err, errors.New(string(out)))
		}
		return program, err
	}))
	return must(build.(func() (string, error))())(t)
}

// A process is a running example.
type process struct {
	*exec.Cmd
	t *testing.T
	// line is the first that it said.
	line string
}

// started runs a program until it has said where it listens.
func started(t *testing.T, program string, environment ...string) *process {
	t.Helper()
	return startedWith(t, []string{program}, environment...)
}

func startedWith(t *testing.T, command []string, environment ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(command[0], command[1:]...), t: t}
	p.Env = append(os.Environ(), environment...)
	p.Dir = t.TempDir()
	out := must(p.StdoutPipe())(t)
	p.Stderr = new(bytes.Buffer)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("it says nothing: %v\n%s", err, p.Stderr)
	}
	p.line = strings.TrimSpace(line)
	return p
}

// kill is a power cut.
func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// end is Ctrl-C; what it hands back, it hands back.
func (p *process) end() {
	p.t.Helper()
	_ = p.Process.Signal(os.Interrupt)
	if err := p.Wait(); err != nil {
		p.t.Errorf("%v\n%s", err, p.Stderr)
	}
}

// freePort is one that nothing listens on just now, for a process that is to come back to it.
func freePort(t *testing.T) string {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

// model speaks OpenAI's protocol; say is what it answers to the system's words.
func model(t *testing.T, say func(system string) string) (environment string, asked func() int) {
	t.Helper()
	var mutex sync.Mutex
	count := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		count++
		mutex.Unlock()
		var request struct {
			Model    string
			Messages []struct{ Role, Content string }
		}
		text, _ := io.ReadAll(r.Body)
		if json.Unmarshal(text, &request) != nil || r.URL.Path != "/chat/completions" || request.Model == "" || len(request.Messages) != 2 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		message := map[string]string{"role": "assistant", "content": say(request.Messages[0].Content)}
		_ = json.NewEncoder(w).Encode(map[string]any{"choices": []any{map[string]any{"index": 0, "message": message}}})
	}))
	t.Cleanup(server.Close)
	return "SIGNOFF_MODEL_URL=" + server.URL, func() int { mutex.Lock(); defer mutex.Unlock(); return count }
}

// onlooker is a reader of runs that are no agent's of the test's own.
func onlooker(t *testing.T, node string) *served {
	t.Helper()
	return &served{Agent: NewAgent(node), t: t, client: realClient(t)}
}

// known waits until the server has heard of the node. It says that it listens before it registers.
func (s *served) known() {
	s.t.Helper()
	eventually(s.t, s.nodeID+" is registered", func() bool {
		_, err := s.client.GetNode(soon(s.t), s.nodeID)
		return err == nil
	})
}

const (
	ticket   = "Please refund my annual plan, I was billed twice."
	unsure   = `{"approve":true,"amount_usd":4000,"reason":"The annual plan was charged twice.","confidence":0.82}`
	sure     = `{"approve":true,"amount_usd":12,"reason":"A double charge.","confidence":0.97}`
	decision = `{"approve":true,"amount_usd":4000,"reason":"The annual plan was charged twice.","confidence":0.82}`
)

func TestARefundGoesOnUnderItsFirstIDWhenItsProcessIsKilled(t *testing.T) {
	seen := onlooker(t, "refund-agent")
	says, asked := model(t, func(string) string { return unsure })
	log := filepath.Join(t.TempDir(), "reviews.log")
	environment := []string{says, "REVIEWS_LOG=" + log, "PORT=" + freePort(t)}
	agent := started(t, built(t, "refund/go"), environment...)
	if !strings.HasPrefix(agent.line, "refund-agent listens on http://127.0.0.1:") {
		t.Errorf("it says %q", agent.line)
	}
	seen.known()
	id := seen.begin("decide_refund", map[string]string{"ticket": ticket}).ExecutionID
	question := seen.asked(id)
	if question.ApprovalRequestURL != "https://review.acme.com/refunds/"+question.ApprovalRequestID {
		t.Errorf("asked at %s", question.ApprovalRequestURL)
	}
	agent.kill()
	seen.decide(question.ID, DecisionApproved, "The bank shows two charges.")
	again := started(t, built(t, "refund/go"), environment...)
	want := `{"status":"approved","feedback":"The bank shows two charges.","decision":` + decision + `}`
	if got := seen.succeeded(id); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	written := must(os.ReadFile(log))(t)
	if string(written) != question.ApprovalRequestID+" "+decision+"\n" || asked() != 1 {
		t.Errorf("it asked the model %d times and wrote %s", asked(), written)
	}
	if done := seen.finished(id); done.Attempt != 2 || len(seen.events(id, "approval.requested")) != 1 {
		t.Errorf("attempt %d", done.Attempt)
	}
	again.end()
}

func TestAProcessThatIsToldToEndHandsItsRunBack(t *testing.T) {
	seen := onlooker(t, "refund-agent")
	says, asked := model(t, func(string) string { return unsure })
	environment := []string{says, "REVIEWS_LOG=" + filepath.Join(t.TempDir(), "reviews.log"), "PORT=" + freePort(t)}
	agent := started(t, built(t, "refund/go"), environment...)
	seen.known()
	id := seen.begin("decide_refund", map[string]string{"ticket": ticket}).ExecutionID
	question := seen.asked(id)
	_ = agent.Process.Signal(syscall.SIGTERM)
	if err := agent.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, agent.Stderr)
	}
	if now := must(seen.client.GetExecution(soon(t), id, nil))(t); now.Status != ExecutionStatusWaiting {
		t.Errorf("it is %s", now.Status)
	}
	seen.decide(question.ID, DecisionRejected, "No.")
	again := started(t, built(t, "refund/go"), environment...)
	if got := seen.succeeded(id); got != `{"status":"rejected","feedback":"No."}` || asked() != 1 {
		t.Errorf("got %s, asked the model %d times", got, asked())
	}
	again.end()
}

func TestARefundThatTheModelIsSureOfAsksNobody(t *testing.T) {
	seen := onlooker(t, "refund-agent")
	says, _ := model(t, func(string) string { return sure })
	agent := started(t, built(t, "refund/go"), says, "PORT="+freePort(t))
	defer agent.end()
	seen.known()
	if got := seen.succeeded(seen.begin("decide_refund", map[string]string{"ticket": ticket}).ExecutionID); got != `{"status":"auto_approved","decision":`+sure+`}` {
		t.Errorf("got %s", got)
	}
	_, err := seen.client.Execute(soon(t), "refund-agent.decide_refund", &ExecuteRequest{Input: json.RawMessage(`{"tickets":1}`)}, nil)
	wantError(t, err, ErrInvalidInput)
	wantText(t, err.Error(), "/input", "ticket")
}

func TestATextIsPublishedAfterTwoGates(t *testing.T) {
	seen := onlooker(t, "content-pipeline")
	says, _ := model(t, func(system string) string {
		if strings.HasPrefix(system, "Revise") {
			return "The final text."
		}
		return "A first draft."
	})
	log := filepath.Join(t.TempDir(), "published.log")
	publisher := started(t, built(t, "publish/go/publisher"), "PUBLISHED_LOG="+log, "PORT=0")
	pipeline := started(t, built(t, "publish/go"), says, "PORT=0")
	seen.known()
	id := seen.begin("publish_with_review", map[string]string{"brief": "A note on refunds."}).ExecutionID
	for _, own := range []string{"draft-review", "final-approval"} {
		question := seen.asked(id)
		if _, err := os.Stat(log); question.ApprovalRequestID != own || !errors.Is(err, os.ErrNotExist) {
			t.Errorf("asks %s: %v", question.ApprovalRequestID, err)
		}
		response := &ApprovalResponse{RequestID: own, ExecutionID: id, Decision: DecisionApproved, Feedback: "Shorter."}
		must(seen.client.Respond(soon(t), testSecret, response, nil))(t)
	}
	if got := seen.succeeded(id); got != `{"status":"approved"}` {
		t.Errorf("got %s", got)
	}
	if text := must(os.ReadFile(log))(t); string(text) != "The final text.\n" {
		t.Errorf("published %s", text)
	}
	pipeline.end()
	publisher.end()
}

func TestAReviewerServiceAnswersByItsLimit(t *testing.T) {
	realClient(t)
	secret, port := NewSecret(), freePort(t)
	server := ownServer(t, "SIGNOFF_NOTIFY_URL=http://127.0.0.1:"+port+"/notifications", "SIGNOFF_NOTIFY_SECRET="+secret)
	client := newClient(t, WithServerURL(server.url))
	// Asked before there is anybody who could be told.
	asked := must(client.RequestApproval(soon(t), &ApprovalRequest{ApprovalRequestID: "early", Payload: json.RawMessage(`{"amount_usd":7,"reason":"late"}`)}))(t)
	started(t, built(t, "webhook/go"), "SIGNOFF_SERVER="+server.url, "SIGNOFF_NOTIFY_SECRET="+secret, "SIGNOFF_APPROVAL_WEBHOOK_SECRET="+testSecret, "PORT="+port)
	for payload, want := range map[string]Outcome{`{"amount_usd":100}`: OutcomeApproved, `{"amount_usd":100.01}`: OutcomeRejected} {
		result := must(client.Pause(soon(t), &ApprovalRequest{ApprovalRequestID: payload, Payload: json.RawMessage(payload)}))(t)
		if result.Decision != want || result.Reviewer.ID != "refund-limit" || result.Reviewer.Source != PrincipalSourceWebhook {
			t.Errorf("%s: %+v", payload, result)
		}
	}
	if result := must(client.WaitForApproval(soon(t), asked.ID, nil))(t); !result.Approved() {
		t.Errorf("got %+v", result)
	}
	other := must(client.RequestApproval(soon(t), &ApprovalRequest{ApprovalRequestID: "no-refund", Payload: json.RawMessage(`{"amount_usd":"many"}`)}))(t)
	must(client.Pause(soon(t), &ApprovalRequest{ApprovalRequestID: "after", Payload: json.RawMessage(`{"amount_usd":1}`)}))(t)
	if now := must(client.GetApprovalRequest(soon(t), other.ID, nil))(t); now.Status != ApprovalStatusPending {
		t.Errorf("it is %s", now.Status)
	}
}

func TestTheExampleOfAClaimIsTheCodeThatWasPublished(t *testing.T) {
	published := strings.ReplaceAll(string(must(os.ReadFile("testdata/seed_claim.go.txt"))(t)), "agentfield.", "signoff.")
	want := function(t, "package main\n"+published, "processClaim")
	if got := function(t, string(must(os.ReadFile("../examples/claim/go/main.go"))(t)), "processClaim"); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
}

// function is the source of one, in one form and without comments.
func function(t *testing.T, source, name string) string {
	t.Helper()
	files := token.NewFileSet()
	file := must(parser.ParseFile(files, "", source, 0))(t)
	for _, declaration := range file.Decls {
		if found, ok := declaration.(*ast.FuncDecl); ok && found.Name.Name == name {
			var out bytes.Buffer
			if err := format.Node(&out, token.NewFileSet(), found); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
	}
	t.Fatal("there is no " + name)
	return ""
}

func TestNoExampleIsLongerThanSixtyLines(t *testing.T) {
	files, _ := filepath.Glob("../examples/*/go/*.go")
	more, _ := filepath.Glob("../examples/*/go/*/*.go")
	if len(files) < 6 {
		t.Fatalf("there are %d", len(files))
	}
	for _, file := range append(files, more...) {
		if lines := bytes.Count(must(os.ReadFile(file))(t), []byte("\n")); lines > 60 {
			t.Errorf("%s has %d lines", file, lines)
		}
	}
}

func TestTheProgramOfTheReadmeAsks(t *testing.T) {
	_, rest, _ := strings.Cut(string(must(os.ReadFile("README.md"))(t)), "```go\n")
	source, _, _ := strings.Cut(rest, "```\n")
	folder := t.TempDir()
	here := must(filepath.Abs("."))(t)
	module := "module deployer\n\ngo 1.25\n\nrequire github.com/signoff-dev/signoff/go v0.0.0\n\nreplace github.com/signoff-dev/signoff/go => " + here + "\n"
	source = strings.Replace(source, "127.0.0.1:8001", "127.0.0.1:0", 1)
	for name, text := range map[string]string{"main.go": source, "go.mod": module} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(folder, "deployer")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := onlooker(t, "deployer")
	agent := started(t, program)
	seen.known()
	id := seen.begin("deploy", map[string]string{"version": "42"}).ExecutionID
	question := seen.asked(id)
	if question.ApprovalRequestID != "deploy-42" || *question.Title != "Deploy registry/shop:42 to production" {
		t.Errorf("it asks %+v", question)
	}
	seen.decide(question.ID, DecisionApproved, "go ahead")
	if got := seen.succeeded(id); got != `{"decision":"approved","feedback":"go ahead"}` {
		t.Errorf("got %s", got)
	}
	agent.end()
}

// The other blocks use what a reader has at hand by then; put there, they have to compile.
func TestTheBlocksOfTheReadmesCompile(t *testing.T) {
	const imports = "package shown\n\nimport (\n\t\"context\"\n\t\"encoding/json\"\n\t\"fmt\"\n\n\t\"github.com/signoff-dev/signoff/go\"\n)\n\n"
	const atHand = "func shown(ctx context.Context, client *signoff.Client, secret string, input json.RawMessage) {\n"
	const used = "\t_, _ = fmt.Print, err\n}\n"
	inside := goBlocks(t, "README.md")[1:]
	if len(inside) < 3 {
		t.Fatalf("there are %d", len(inside))
	}
	for _, block := range inside {
		end := used
		if strings.Contains(block, "finished, err :=") {
			end = "\t_ = finished\n" + used
		}
		vetted(t, imports+atHand+block+end)
	}
	const ofRefund = "type Ticket struct{}\n\nvar _ json.RawMessage\n\nvar _ = fmt.Print\n\n" +
		"func createReview(context.Context, Ticket) (string, error) { return \"\", nil }\n\n"
	for _, block := range goBlocks(t, "../README.md") {
		vetted(t, imports+ofRefund+block)
	}
}

func goBlocks(t *testing.T, path string) (blocks []string) {
	t.Helper()
	found := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(must(os.ReadFile(path))(t)), -1)
	for _, match := range found {
		blocks = append(blocks, match[1])
	}
	if blocks == nil {
		t.Fatalf("%s shows no Go", path)
	}
	return blocks
}

// vetted runs go vet on a package of one file beside this one.
func vetted(t *testing.T, source string) {
	t.Helper()
	folder, here := t.TempDir(), must(filepath.Abs("."))(t)
	module := "module shown\n\ngo 1.25\n\nrequire github.com/signoff-dev/signoff/go v0.0.0\n\nreplace github.com/signoff-dev/signoff/go => " + here + "\n"
	for name, text := range map[string]string{"shown.go": source, "go.mod": module} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vet := exec.Command("go", "vet", ".")
	vet.Dir = folder
	if out, err := vet.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s\n%s", err, out, source)
	}
}
