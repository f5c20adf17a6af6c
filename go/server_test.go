package signoff

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests talk to the real control plane, which they start: one for all of them, and one of their
// own for those that stop it.

const (
	serverCommand = "../python/.venv/bin/signoff"
	testSecret    = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

// A realServer is a process of the control plane with a database of its own.
type realServer struct {
	url, port, folder string
	process           *exec.Cmd
}

func startServer(folder, port string, environment ...string) (*realServer, error) {
	if _, err := os.Stat(serverCommand); err != nil {
		return nil, fmt.Errorf("the tests need the control plane at %s: run make setup in the folder above", serverCommand)
	}
	process := exec.Command(serverCommand, "serve", "--json", "--port", port, "--database", "sqlite:///"+filepath.Join(folder, "signoff.db"))
	process.Env = append(os.Environ(), "SIGNOFF_APPROVAL_WEBHOOK_SECRET="+testSecret, "SIGNOFF_ALLOWED_HOSTS=127.0.0.1")
	process.Env = append(process.Env, environment...)
	log, err := os.OpenFile(filepath.Join(folder, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	process.Stderr = log
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	var ready struct{ URL string }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		_ = process.Wait()
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("the control plane does not start: %w\n%s", err, text)
	}
	return &realServer{ready.URL, ready.URL[strings.LastIndex(ready.URL, ":")+1:], folder, process}, nil
}

// stop ends the process as an operator does, kill as a power cut.
func (s *realServer) stop() { s.end(syscall.SIGTERM) }
func (s *realServer) kill() { s.end(syscall.SIGKILL) }

func (s *realServer) end(signal os.Signal) {
	_ = s.process.Process.Signal(signal)
	_ = s.process.Wait()
}

// again starts it anew, at the same place with the same database.
func (s *realServer) again(t *testing.T) {
	t.Helper()
	next, err := startServer(s.folder, s.port)
	if err != nil {
		t.Fatal(err)
	}
	s.process = next.process
}

// ownServer is one that a test may stop.
func ownServer(t *testing.T, environment ...string) *realServer {
	t.Helper()
	server, err := startServer(t.TempDir(), "0", environment...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.stop() })
	return server
}

var (
	errShared error
	// programs is a folder for what is compiled.
	programs string
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// A worker of a fuzz test needs none.
	if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "signoff-go-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	programs = folder
	os.Unsetenv("SIGNOFF_API_KEY")
	server, err := startServer(folder, "0")
	if err != nil {
		// What needs no server is tested all the same; what does, says this.
		errShared = err
		fmt.Fprintln(os.Stderr, err)
		os.Setenv("SIGNOFF_SERVER", "http://127.0.0.1:1")
		return m.Run()
	}
	defer server.stop()
	// So that the examples can be written as programs are.
	os.Setenv("SIGNOFF_SERVER", server.url)
	return m.Run()
}

// realClient is a client of the shared server.
func realClient(t *testing.T, options ...Option) *Client {
	t.Helper()
	if errShared != nil {
		t.Fatal(errShared)
	}
	return newClient(t, options...)
}

func newClient(t *testing.T, options ...Option) *Client {
	t.Helper()
	client, err := NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

// soon is a context that ends long before a test that hangs is given up, but not before a server has started
// twice where others start beside it.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// must is the value of a call that is to succeed.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// ownID is an own id that no other test has.
func ownID(t *testing.T) string {
	t.Helper()
	return strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())
}

// manualClock moves only when it is slept on, and remembers how long.
type manualClock struct {
	mutex sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newClock() *manualClock { return &manualClock{now: time.Unix(1767605400, 0)} }

func (c *manualClock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *manualClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

// sleeps are those so far that took time.
func (c *manualClock) sleeps() []time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var found []time.Duration
	for _, d := range c.slept {
		if d > 0 {
			found = append(found, d)
		}
	}
	return found
}

// withoutChance leaves waits as long as they are.
func withoutChance(s *settings) { s.random = func() float64 { return 0 } }

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %v, got %v", want, err)
	}
}

// wantText wants all of the words in a text.
func wantText(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("there is no %q in %q", word, text)
		}
	}
}
