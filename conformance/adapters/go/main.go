// Command go is the Go SDK under test: one JSON object a line in, one a line out. See
// ../../ADAPTERS.md.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/signoff-dev/signoff/go"
)

// A line is what the runner sends; which members are there depends on Do.
type line struct {
	Do        string  `json:"do"`
	ID        int     `json:"id"`
	ServerURL string  `json:"server_url"`
	APIKey    string  `json:"api_key"`
	TimeoutMS float64 `json:"timeout_ms"`
	Clock     struct {
		Mode  string
		NowMS float64 `json:"now_ms"`
	} `json:"clock"`
	Op        string            `json:"op"`
	Args      json.RawMessage   `json:"args"`
	Timer     int               `json:"timer"`
	AdvanceMS float64           `json:"advance_ms"`
	Call      int               `json:"call"`
	Form      string            `json:"form"`
	Headers   map[string]string `json:"headers"`
	Body      []byte            `json:"body"`
	Secrets   []string          `json:"secrets"`
	Now       float64           `json:"now"`
	Type      string            `json:"type"`
	Text      string            `json:"text"`
}

// unsupported: the SDK, or this adapter, has no such thing.
type unsupported struct{ why string }

func (u *unsupported) Error() string { return u.why }

// An adapter has a client, and the calls that it has in flight.
type adapter struct {
	client *signoff.Client
	clock  *clock

	mutex   sync.Mutex
	calls   map[int]context.CancelFunc
	pending sync.WaitGroup
}

func main() {
	a := &adapter{calls: map[int]context.CancelFunc{}}
	lines := bufio.NewReaderSize(os.Stdin, 1<<16)
	for {
		raw, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			fmt.Fprintln(os.Stderr, "not a line of the protocol:", err)
			os.Exit(1)
		}
		if l.Do == "call" {
			a.start(&l)
			continue
		}
		value, err := a.do(&l)
		reply(l.ID, value, err)
		if l.Do == "bye" {
			return
		}
	}
}

// start makes a call. It may take as long as it likes: others go on beside it.
func (a *adapter) start(l *line) {
	run, known := verbs[l.Op]
	if !known || a.client == nil {
		reply(l.ID, nil, &unsupported{"no verb " + l.Op + ", or nothing is open"})
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.mutex.Lock()
	a.calls[l.ID] = cancel
	a.mutex.Unlock()
	client := a.client
	a.pending.Go(func() {
		value, err := run(ctx, client, l.Args)
		reply(l.ID, value, err)
		a.mutex.Lock()
		delete(a.calls, l.ID)
		a.mutex.Unlock()
		cancel()
	})
}

func (a *adapter) do(l *line) (any, error) {
	switch l.Do {
	case "hello":
		return map[string]any{
			"protocol": 1, "name": "signoff-go", "language": "go", "version": "0.1.0",
			"lacks":     lacks,
			"abilities": map[string]bool{"exact_integers": true, "key_order": true, "clock": true, "unknown_members": true},
		}, nil
	case "open":
		return struct{}{}, a.open(l)
	case "fire":
		if a.clock == nil {
			return nil, &unsupported{"the client runs on this machine's time"}
		}
		return struct{}{}, a.clock.fire(l.Timer, l.AdvanceMS)
	case "cancel":
		a.mutex.Lock()
		defer a.mutex.Unlock()
		cancel, found := a.calls[l.Call]
		if found {
			cancel()
		}
		return map[string]bool{"found": found}, nil
	case "receive":
		return receive(l)
	case "codec":
		return codec(l)
	case "bye":
		a.close()
		return struct{}{}, nil
	}
	return nil, &unsupported{"no message " + l.Do}
}

func (a *adapter) open(l *line) error {
	a.close()
	options := []signoff.Option{signoff.WithServerURL(l.ServerURL)}
	if l.APIKey != "" {
		options = append(options, signoff.WithAPIKey(l.APIKey))
	}
	if l.TimeoutMS > 0 {
		options = append(options, signoff.WithTimeout(millis(l.TimeoutMS)))
	}
	a.clock = nil
	if l.Clock.Mode == "injected" {
		a.clock = newClock(l.Clock.NowMS)
		options = append(options, signoff.WithClock(a.clock))
	}
	client, err := signoff.NewClient(options...)
	a.client = client
	return err
}

func (a *adapter) close() {
	a.mutex.Lock()
	for _, cancel := range a.calls {
		cancel()
	}
	a.mutex.Unlock()
	a.pending.Wait()
	if a.client != nil {
		a.client.CloseIdleConnections()
	}
}

func receive(l *line) (any, error) {
	verify := map[string]func(http.Header, []byte, []string, time.Time) (*signoff.Verified, error){
		"webhook":           signoff.VerifyWebhook,
		"approval_response": signoff.VerifyApprovalResponse,
	}[l.Form]
	if verify == nil {
		return nil, &unsupported{"no form " + l.Form}
	}
	header := http.Header{}
	for name, value := range l.Headers {
		header.Set(name, value)
	}
	got, err := verify(header, l.Body, l.Secrets, time.UnixMilli(int64(l.Now*1000)))
	if err != nil {
		return nil, err
	}
	told := map[string]any{"kind": got.Form, "id": nil, "timestamp": nil}
	if got.ID != "" {
		told["id"], told["timestamp"] = got.ID, got.Timestamp.Unix()
	}
	return told, nil
}

func codec(l *line) (any, error) {
	kind, known := types[l.Type]
	if !known {
		return nil, &unsupported{"no type " + l.Type}
	}
	value := reflect.New(kind).Interface()
	if err := json.Unmarshal([]byte(l.Text), value); err != nil {
		return nil, &undecodable{err}
	}
	text, err := written(value)
	return map[string]string{"text": string(text)}, err
}

// written is JSON without HTML's escapes.
func written(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

var stdout sync.Mutex

// say writes one line.
func say(value any) {
	text, err := written(value)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stdout.Lock()
	defer stdout.Unlock()
	_, _ = os.Stdout.Write(append(text, '\n'))
}

func reply(id int, value any, err error) {
	var lacking *unsupported
	switch {
	case errors.As(err, &lacking):
		say(map[string]any{"id": id, "unsupported": lacking.why})
	case err != nil:
		say(map[string]any{"id": id, "error": described(err)})
	default:
		say(map[string]any{"id": id, "ok": value})
	}
}

func millis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
