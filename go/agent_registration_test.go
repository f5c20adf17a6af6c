package signoff

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A spy keeps what is said in heartbeats.
type spy struct {
	http.RoundTripper
	mutex sync.Mutex
	beats []InHand
}

func (s *spy) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.HasSuffix(request.URL.Path, "/heartbeat") {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		var beat Heartbeat
		if err := json.Unmarshal(body, &beat); err != nil {
			return nil, err
		}
		s.mutex.Lock()
		s.beats = append(s.beats, *beat.InHand)
		s.mutex.Unlock()
	}
	return s.RoundTripper.RoundTrip(request)
}

// beat is the first heartbeat of which is is true, once it was sent.
func (s *spy) beat(t *testing.T, what string, is func(InHand) bool) InHand {
	t.Helper()
	var found InHand
	eventually(t, what, func() bool {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		for _, beat := range s.beats {
			if is(beat) {
				found = beat
				return true
			}
		}
		return false
	})
	return found
}

func TestTheListOfWhatIsInHandIsSentWhenTheServerAsks(t *testing.T) {
	watched := &spy{RoundTripper: newNetwork()}
	c := newCounter(t, WithClock(hasty{}), WithHTTPClient(&http.Client{Transport: watched}))
	const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	first := watched.beat(t, "it beats", func(InHand) bool { return true })
	if first.Count != 0 || first.Digest != nothing || first.Executions != nil {
		t.Errorf("got %+v", first)
	}
	// An attempt that the server knows nothing of.
	c.post("/reasoners/count", `{"number":1}`, "exec_1", signing{})
	list := watched.beat(t, "the list comes", func(beat InHand) bool { return beat.Count > 0 && beat.Executions != nil })
	if list.Count != 1 || len(list.Executions) != 1 || list.Executions[0] != "exec_1" || list.Page != 1 || list.Pages != 1 {
		t.Errorf("got %+v", list)
	}
	close(c.gate)
}

func TestAServerThatForgotIsToldAgain(t *testing.T) {
	realClient(t)
	sameGoroutines(t)
	server := ownServer(t)
	agent := NewAgent("worker", WithServerURL(server.url), WithClock(hasty{}))
	AddReasoner(agent, "work", func(_ *Run, in order) (order, error) { return in, nil })
	s := serve(t, agent)
	old := *agent.life.Load().secret.Load()
	server.kill()
	files := must(filepath.Glob(filepath.Join(server.folder, "signoff.db*")))(t)
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	server.again(t)
	eventually(t, "it is known again", func() bool { return *agent.life.Load().secret.Load() != old })
	if got := s.succeeded(s.begin("work", order{3}).ExecutionID); got != `{"number":3}` {
		t.Errorf("got %s", got)
	}
}

func TestARegistrationThatIsRefusedIsTriedAgain(t *testing.T) {
	said := &journal{}
	agent := newAgent(t, WithClock(hasty{}), WithLogger(logger(said)), WithPublicURL("http://169.254.169.254"))
	ended, end := lifespan(agent)
	eventually(t, "it is refused twice", func() bool { return strings.Count(said.String(), "invalid_base_url") >= 2 })
	end()
	if err := <-ended; err != nil || !errors.Is(agent.Registered(soon(t)), ErrAgentNotRunning) {
		t.Errorf("got %v", err)
	}
}

func TestLongListsComeInPages(t *testing.T) {
	ids := make([]string, 2001)
	if lists := pages(ids, inHandPage); len(lists) != 3 || len(lists[2]) != 1 {
		t.Errorf("%d pages", len(lists))
	}
	if lists := pages(nil, inHandPage); len(lists) != 1 || lists[0] == nil {
		t.Errorf("got %v", lists)
	}
}
