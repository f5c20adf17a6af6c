package signoff

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestOutsideARunAStepIsAPlainCall(t *testing.T) {
	cause := errors.New("out of stock")
	if got := must(StepAs(nil, "double", func(context.Context) (int, error) { return 4, nil }))(t); got != 4 {
		t.Errorf("got %d", got)
	}
	_, err := StepAs(nil, "fail", func(context.Context) (int, error) { return 0, cause })
	wantError(t, err, cause)
	(*Run)(nil).Note("hello", "a")
	if _, ok := RunFrom(t.Context()); ok {
		t.Error("there is a run")
	}
}

func TestWhatJSONCannotHoldIsRefused(t *testing.T) {
	agent := newAgent(t)
	plain := func(context.Context) (any, error) { return 1, nil }
	for name, work := range map[string]func(*Run) (any, error){
		"argument": func(run *Run) (any, error) { return run.Step("s", plain, StepInput(make(chan int))) },
		"result": func(run *Run) (any, error) {
			return run.Step("s", func(context.Context) (any, error) { return func() {}, nil })
		},
		"name":  func(run *Run) (any, error) { return run.Step("a/b", plain) },
		"key":   func(run *Run) (any, error) { return run.Step("a", plain, StepKey("b c")) },
		"empty": func(run *Run) (any, error) { return run.Step("", plain) },
		"input": func(run *Run) (any, error) { return run.Call("a.b", make(chan int)) },
	} {
		AddReasoner(agent, name, func(run *Run, _ struct{}) (any, error) { return work(run) })
	}
	s := serve(t, agent)
	for name, word := range map[string]string{
		"argument": "the arguments of s must be something that JSON can hold",
		"result":   "the result of s must be something that JSON can hold",
		"name":     `not "a/b"`,
		"key":      `not "b c"`,
		"empty":    `not ""`,
		"input":    "the input of a.b must be something that JSON can hold",
	} {
		wantText(t, s.failed(s.begin(name, nil).ExecutionID), word)
	}
}

func TestAStepThatSomebodyElseRecordedOtherwiseIsNamed(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "work", func(run *Run, _ struct{}) (any, error) {
		other := &StepRecord{Kind: NewStepKindStep, Name: "one", InputSHA256: strings.Repeat("0", 64)}
		if _, err := agent.client.recordStep(run, run.AttemptID(), "step.one.1", other); err != nil {
			return nil, err
		}
		_, err := run.Step("one", func(context.Context) (any, error) { return 1, nil })
		if !errors.Is(err, ErrNondeterministicReplay) {
			return nil, errors.New("it is not named")
		}
		return nil, err
	})
	s := serve(t, agent)
	wantText(t, s.failed(s.begin("work", nil).ExecutionID), "nondeterministic_replay", "step.one.1 with another input")
}

func TestACallOfNobodyIsSaidAndLongNamesAreToldApart(t *testing.T) {
	agent := newAgent(t)
	name, counted := strings.Repeat("r", 120), 0
	AddReasoner(agent, name, func(*Run, struct{}) (int, error) { counted++; return counted, nil })
	AddReasoner(agent, "twice", func(run *Run, _ struct{}) (said []int, err error) {
		for range 2 {
			got, err := CallAs[int](run, agent.nodeID+"."+name, nil)
			if err != nil {
				return nil, err
			}
			said = append(said, got)
		}
		_, err = CallAs[string](run, agent.nodeID+"."+name, nil)
		if err == nil {
			return nil, errors.New("3 is a text")
		}
		_, err = run.Call(agent.nodeID+".nobody", nil)
		if !errors.Is(err, ErrUnknownTarget) {
			return nil, err
		}
		return said, nil
	})
	s := serve(t, agent)
	if got := s.succeeded(s.begin("twice", nil).ExecutionID); got != "[1,2]" {
		t.Errorf("got %s", got)
	}
	a := &attempt{executionID: "exec_1"}
	one, other := a.idempotencyKey(strings.Repeat("x", 300)+".1"), a.idempotencyKey(strings.Repeat("x", 300)+".2")
	if one == other || len(one) > longestIdempotencyKey {
		t.Errorf("got %s and %s", one, other)
	}
}

func TestANoteThatIsRefusedDoesNotHoldUpTheRun(t *testing.T) {
	agent := newAgent(t)
	AddReasoner(agent, "work", func(run *Run, _ struct{}) (string, error) {
		run.Note(strings.Repeat("x", 200_001))
		run.Note("fits")
		return "done", nil
	})
	s := serve(t, agent)
	id := s.begin("work", nil).ExecutionID
	s.succeeded(id)
	notes := s.events(id, "note")
	if len(notes) != 1 || string(notes[0].Content) != `{"message":"fits","tags":[]}` {
		t.Errorf("got %+v", notes)
	}
}

func TestAStepOfAStoppedRunIsStillRecorded(t *testing.T) {
	sameGoroutines(t)
	agent := newAgent(t, WithShutdownTimeout(5*time.Second))
	within, did := make(chan struct{}, 2), 0
	AddReasoner(agent, "work", func(run *Run, _ struct{}) (any, error) {
		return run.Step("effect", func(ctx context.Context) (any, error) {
			did++
			within <- struct{}{}
			<-ctx.Done() // the effect is there; its record is not
			return did, nil
		})
	})
	first := serve(t, agent)
	id := first.begin("work", nil).ExecutionID
	<-within
	first.life.Load().hand.get(id).end(ReportedStatusCancelled, "handed back")
	if got := first.succeeded(id); got != "1" || did != 1 {
		t.Errorf("got %s, did it %d times", got, did)
	}
	if done := first.finished(id); done.Attempt < 2 {
		t.Errorf("attempt %d", done.Attempt)
	}
}

func TestAStepThatIsBrokenOffIsNotRemembered(t *testing.T) {
	agent := newAgent(t)
	within, did := make(chan struct{}, 2), 0
	AddReasoner(agent, "work", func(run *Run, _ struct{}) (any, error) {
		return run.Step("effect", func(ctx context.Context) (any, error) {
			if did++; did == 1 {
				within <- struct{}{}
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return did, nil
		})
	})
	s := serve(t, agent)
	id := s.begin("work", nil).ExecutionID
	<-within
	s.life.Load().hand.get(id).end(ReportedStatusCancelled, "handed back")
	if got := s.succeeded(id); got != "2" {
		t.Errorf("got %s", got)
	}
}

func TestAContextLastsForTheRecord(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	longer, done := lasting(ctx, time.Hour)
	cancel(ErrStopped)
	if longer.Err() != nil {
		t.Error("it is over at once")
	}
	done()
	shorter, done := lasting(ctx, time.Millisecond)
	<-shorter.Done()
	wantError(t, context.Cause(shorter), ErrStopped)
	done()
}

func TestWhatIsSaidFitsIntoAReport(t *testing.T) {
	long := said(errors.New(strings.Repeat("é", 100_000)))
	if len(long) > 100_000 || !utf8.ValidString(long) {
		t.Errorf("%d bytes", len(long))
	}
	if got := said(errors.New("a\x00b\xff")); got != `a\x00b`+"\uFFFD" {
		t.Errorf("got %q", got)
	}
	if got := said(errors.New("")); got != "*errors.errorString" {
		t.Errorf("got %q", got)
	}
}

type listing struct {
	Text    string            `json:"text"`
	Amount  float64           `json:"amount,omitempty"`
	Count   uint8             `json:"count"`
	Model   *string           `json:"model"`
	Tags    []string          `json:"tags,omitzero"`
	Words   map[string]int    `json:"words,omitempty"`
	Raw     json.RawMessage   `json:"raw,omitempty"`
	Any     any               `json:"any,omitempty"`
	At      time.Time         `json:"at,omitzero"`
	Digits  json.Number       `json:"digits,omitempty"`
	Quoted  int               `json:"quoted,omitempty,string"`
	Pair    [2]bool           `json:"pair,omitempty"`
	Bytes   []byte            `json:"bytes,omitempty"`
	Next    *listing          `json:"next,omitempty"`
	Inner   map[string]*order `json:"inner,omitempty"`
	Hidden  int               `json:"-"`
	private int
	order
}

func TestASchemaSaysWhatPackageJSONReads(t *testing.T) {
	_ = listing{}.private
	of := schemaOf(reflect.TypeFor[listing]())
	want := `{"type":"object","properties":{"amount":{"type":"number"},"any":{},"at":{"type":"string","format":"date-time"},` +
		`"bytes":{"type":["string","null"]},"count":{"type":"integer","minimum":0},"digits":{"type":"number"},` +
		`"inner":{"type":["object","null"],"additionalProperties":{"type":["object","null"],"properties":{"number":{"type":"integer"}},"required":["number"],"additionalProperties":false}},` +
		`"model":{"type":["string","null"]},"next":{},"number":{"type":"integer"},"pair":{"type":"array","items":{"type":"boolean"}},` +
		`"quoted":{"type":"string"},"raw":{},"tags":{"type":["array","null"],"items":{"type":"string"}},"text":{"type":"string"},` +
		`"words":{"type":["object","null"],"additionalProperties":{"type":"integer"}}},"required":["text","count","number"],"additionalProperties":false}`
	if got := string(must(json.Marshal(of))(t)); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	for text, places := range map[string]string{
		`{"text":"a","count":1,"number":-2,"model":null,"amount":1.5,"words":{"a":1},"any":[1],"pair":[true,false]}`: "",
		`{"text":1,"count":-1,"number":1.5,"more":1}`:                                                                "/count /more /number /text",
		`{"text":"a","count":1,"number":1,"tags":["a",2],"words":{"a/b":"x"},"inner":{"x":{}}}`:                      "/inner/x/number /tags/1 /words/a~1b",
		`[]`: "",
		`{`:  "",
	} {
		var found []string
		faults := of.faults([]byte(text))
		for _, fault := range faults {
			found = append(found, fault.Pointer)
		}
		if strings.Join(found, " ") != places || (places == "") != (len(faults) == 0 || faults[0].Pointer == "") {
			t.Errorf("%s: %v", text, faults)
		}
	}
}

func TestABaseURLIsWhereTheControlPlaneReachesThisMachine(t *testing.T) {
	for _, test := range []struct{ ip, server, want string }{
		{"127.0.0.1", "http://10.0.0.1:8080", "http://127.0.0.1:1"},
		{"0.0.0.0", "http://localhost:8080", "http://127.0.0.1:1"},
		{"::", "http://127.0.0.1:8080", "http://127.0.0.1:1"},
		{"::1", "http://127.0.0.1:8080", "http://[::1]:1"},
	} {
		if got := baseURL(&net.TCPAddr{IP: net.ParseIP(test.ip), Port: 1}, test.server); got != test.want {
			t.Errorf("want %s, got %s", test.want, got)
		}
	}
}

func TestAKeyThatIsTooLongEndsInItsDigestAsInTheOtherLanguages(t *testing.T) {
	a := &attempt{asked: map[string]int{}}
	want := "call." + strings.Repeat("x", 210) + ".4dbfb3247f1b43fd3c41a6841d479f3e97eb66fe73b1ce46b8455104aebaaccc.1"
	if got := a.key("call." + strings.Repeat("x", 300) + ".0123456789abcdef"); got != want {
		t.Errorf("want %s\ngot  %s", want, got)
	}
	if whole := strings.Repeat("x", 280); a.key(whole) != whole+".1" {
		t.Error("it is shortened without need")
	}
	agent := newAgent(t)
	AddReasoner(agent, "work", func(run *Run, _ struct{}) (int, error) {
		long := strings.Repeat("n", 150)
		return StepAs(run, long, func(context.Context) (int, error) { return 1, nil }, StepKey(long))
	})
	s := serve(t, agent)
	if got := s.succeeded(s.begin("work", nil).ExecutionID); got != "1" {
		t.Errorf("got %s", got)
	}
}
