package signoff

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// Agent is a named process that offers reasoners to the control plane: functions that may ask a
// person, and go on where they stopped, even when the process was killed in between. Make it with
// [NewAgent], offer functions with [AddReasoner], then Run it. It is an [http.Handler].
type Agent struct {
	nodeID    string
	settings  agentSettings
	reasoners map[string]*reasoner
	names     []string
	// faults are said when it is served.
	faults []error
	client *Client
	life   atomic.Pointer[lifetime]
	// bound is where Run or Serve has found out that the control plane reaches it.
	bound atomic.Pointer[string]
}

// AgentOption is a setting of [NewAgent]: one of the agent's own, or one of a client's. WithRetry and
// WithTimeout do not count for what must not be lost: that is said until the server has heard it.
type AgentOption interface{ setAgent(*agentSettings) }

type agentSettings struct {
	client                      []Option
	log                         *slog.Logger
	version, publicURL          string
	shutdownAfter, suspendAfter time.Duration
	maxRunning                  int
}

func (o Option) setAgent(s *agentSettings) { s.client = append(s.client, o) }

type agentOption func(*agentSettings)

func (o agentOption) setAgent(s *agentSettings) { o(s) }

// WithVersion is the version of your code, for people to read. Default 0.0.0.
func WithVersion(version string) AgentOption {
	return agentOption(func(s *agentSettings) { s.version = version })
}

// WithPublicURL is where the control plane reaches this agent. Run and Serve find it out; an agent that
// is mounted in another server must be given it, prefix included.
func WithPublicURL(url string) AgentOption {
	return agentOption(func(s *agentSettings) { s.publicURL = strings.TrimRight(url, "/") })
}

// WithShutdownTimeout is how long unfinished work may go on when the agent is told to end. Default 5 s.
func WithShutdownTimeout(timeout time.Duration) AgentOption {
	return agentOption(func(s *agentSettings) { s.shutdownAfter = timeout })
}

// WithMaxRunning is how many runs go on at a time, without those that wait; more are sent to another
// process of the node, or later. Default: no limit.
func WithMaxRunning(most int) AgentOption {
	return agentOption(func(s *agentSettings) { s.maxRunning = most })
}

// WithSuspendAfter is how long a run may do nothing but wait for people before it is suspended: its verbs
// return [ErrStopped], and once its reasoner has returned it costs nothing here; the decision brings it
// back as a new attempt, to any process of the node. Waits with a time limit are not suspended.
//
// Default never: a parked run is one goroutine, some kilobytes, and code that comes after an error of a
// verb runs with each suspension. Above some ten thousand parked runs it is worth it.
func WithSuspendAfter(wait time.Duration) AgentOption {
	return agentOption(func(s *agentSettings) { s.suspendAfter = wait })
}

// WithLogger takes what is said for whoever runs the agent. Default [slog.Default].
func WithLogger(log *slog.Logger) AgentOption {
	return agentOption(func(s *agentSettings) { s.log = log })
}

var nodeName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// NewAgent makes an agent; nodeID is 1 to 128 of A-Z a-z 0-9 _ -. It opens no connection yet. What is
// wrong with it, its options or its reasoners is the error of Run, Serve and Lifespan.
func NewAgent(nodeID string, options ...AgentOption) *Agent {
	a := &Agent{nodeID: nodeID, reasoners: map[string]*reasoner{}}
	a.settings = agentSettings{log: slog.Default(), version: "0.0.0", shutdownAfter: 5 * time.Second}
	for _, option := range options {
		option.setAgent(&a.settings)
	}
	if !nodeName.MatchString(nodeID) {
		a.faults = append(a.faults, fmt.Errorf("signoff: a node's name is 1 to 128 of A-Z a-z 0-9 _ -, not %q", nodeID))
	}
	if a.settings.shutdownAfter < 0 || a.settings.maxRunning < 0 || a.settings.log == nil {
		a.faults = append(a.faults, errors.New("signoff: an agent needs a logger, and no number below zero"))
	}
	client, err := NewClient(a.settings.client...)
	if err != nil {
		a.faults = append(a.faults, err)
	}
	a.client = client
	return a
}

// NodeID is the name of the node.
func (a *Agent) NodeID() string { return a.nodeID }

// Lifespan registers the agent, sends heartbeats, and, when ctx is over, hands back what is unfinished;
// then it returns nil. It is for an agent that is mounted in another server, which should serve on until
// it returns: [Agent.Run] and [Agent.Serve] have it within.
func (a *Agent) Lifespan(ctx context.Context) error {
	if len(a.faults) > 0 {
		return errors.Join(a.faults...)
	}
	if a.publicURL() == "" {
		return fmt.Errorf("%w: say where the control plane reaches %s, by WithPublicURL", ErrAgentNotRunning, a.nodeID)
	}
	living, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	life := a.newLifetime(living)
	if !a.life.CompareAndSwap(nil, life) {
		return fmt.Errorf("signoff: %s is running already", a.nodeID)
	}
	defer a.life.Store(nil)
	defer a.client.CloseIdleConnections()
	kept := make(chan struct{})
	keeping, letGo := context.WithCancel(living)
	go func() { defer close(kept); life.keep(keeping) }()
	<-ctx.Done()
	life.hand.close()
	life.leave(living, a.settings.shutdownAfter)
	life.hand.handBack(a.client.clock, a.settings.shutdownAfter, end)
	letGo()
	<-kept
	return nil
}

// Registered comes back once the control plane knows this process.
func (a *Agent) Registered(ctx context.Context) error {
	life := a.life.Load()
	if life == nil {
		return ErrAgentNotRunning
	}
	select {
	case <-life.known:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// publicURL is what was given, or else found out.
func (a *Agent) publicURL() string {
	if a.settings.publicURL != "" {
		return a.settings.publicURL
	}
	if bound := a.bound.Load(); bound != nil {
		return *bound
	}
	return ""
}
