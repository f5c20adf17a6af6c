package signoff

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"time"
)

const (
	firstRegistrationWait   = 100 * time.Millisecond
	longestRegistrationWait = 5 * time.Second
	// heartbeatTimeout: one that hangs must leave time for others before the leases end.
	heartbeatTimeout = 5 * time.Second
	// inHandPage is how many attempt ids a page of the list holds.
	inHandPage = 1000
)

// patiently: what an agent has to say must not be lost because the server restarts.
var patiently = Retry{Attempts: -1, Within: -1, First: 100 * time.Millisecond, Longest: 5 * time.Second}

// A lifetime is that of one process of a node, as the server knows it: from its registration to when
// it has handed back what it had in hand. The server may be away at the start and at any time later:
// it is asked again until it is there.
type lifetime struct {
	agent *Agent
	// client says what must not be lost, hasty what is worthless when it is late.
	client, hasty *Client
	told          *NodeRegistration
	hand          *inHand
	// ctx is over when nothing is to be sent any more.
	ctx context.Context
	// secret is what the server signs with; nil until it has answered, which closes known.
	secret    atomic.Pointer[string]
	known     chan struct{}
	heartbeat time.Duration
	resync    bool
}

func (a *Agent) newLifetime(ctx context.Context) *lifetime {
	one := int64(1)
	told := &NodeRegistration{
		ID: a.nodeID, BaseURL: a.publicURL(), Version: a.settings.version, InstanceID: rand.Text(),
		Features: &Features{Signoff: &one},
	}
	for _, name := range a.names {
		told.Reasoners = append(told.Reasoners, a.reasoners[name].describe())
	}
	return &lifetime{
		agent: a, told: told, hand: newInHand(), ctx: ctx, known: make(chan struct{}),
		client: a.client.having(patiently, a.client.timeout), hasty: a.client.having(once, heartbeatTimeout),
	}
}

// keep registers, then sends heartbeats until ctx is over; it registers again when the server does not
// know this process any more.
func (l *lifetime) keep(ctx context.Context) {
	for l.register(ctx) == nil {
		for l.hasty.clock.Sleep(ctx, l.heartbeat) == nil {
			if after := l.agent.settings.suspendAfter; after > 0 {
				l.hand.suspend(l.hasty.clock.Now().Add(-after))
			}
			if errors.Is(l.beat(ctx), ErrNotFound) {
				l.agent.settings.log.Info("signoff: the server does not know this process any more", "node", l.told.ID)
				break
			}
		}
	}
}

// register comes back when the server knows this process, or with the error of ctx.
func (l *lifetime) register(ctx context.Context) error {
	wait := firstRegistrationWait
	for {
		answer, err := l.hasty.registerNode(ctx, l.told)
		if err == nil {
			l.heartbeat = max(time.Millisecond, time.Duration(answer.HeartbeatSeconds*float64(time.Second)))
			if l.secret.Swap(&answer.WebhookSecret) == nil {
				close(l.known)
			}
			l.agent.settings.log.Info("signoff: registered", "node", l.told.ID)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var refused *Error
		if errors.As(err, &refused) && refused.Status < 500 {
			// A wrong key or URL: somebody has to mend it, perhaps on the server's side.
			l.agent.settings.log.Error("signoff: cannot register", "node", l.told.ID, "error", err)
		} else {
			l.agent.settings.log.Info("signoff: cannot register yet", "node", l.told.ID, "error", err)
		}
		if err := l.hasty.clock.Sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, longestRegistrationWait)
	}
}

// beat sends a heartbeat, or, when the server has asked for it, the list of what is in hand.
func (l *lifetime) beat(ctx context.Context) error {
	ids, sum := l.hand.ids()
	lists := [][]string{nil}
	if l.resync {
		lists = pages(ids, inHandPage)
	}
	for index, list := range lists {
		whole := &InHand{Count: int64(len(ids)), Digest: sum}
		if l.resync {
			whole.Executions, whole.Page, whole.Pages = list, int64(index+1), int64(len(lists))
		}
		answer, err := l.hasty.heartbeatNode(ctx, l.told.ID, &Heartbeat{InstanceID: l.told.InstanceID, Status: "ready", InHand: whole})
		if err != nil {
			l.agent.settings.log.Debug("signoff: a heartbeat was not heard", "node", l.told.ID, "error", err)
			return err
		}
		if index == len(lists)-1 {
			l.resync = answer.Resync
		}
	}
	return nil
}

// leave tells the server that this process goes away; it is no harm when that is not heard.
func (l *lifetime) leave(ctx context.Context, timeout time.Duration) {
	seconds := timeout.Seconds()
	shutdown := &NodeShutdown{InstanceID: l.told.InstanceID, Reason: "the process is shutting down", TimeoutSeconds: &seconds}
	if _, err := l.hasty.shutdownNode(ctx, l.told.ID, shutdown); err != nil {
		l.agent.settings.log.Info("signoff: the server was not told of the shutdown", "node", l.told.ID, "error", err)
	}
}
