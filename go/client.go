package signoff

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"time"
)

// DefaultServerURL is where the control plane is when nobody says otherwise.
const DefaultServerURL = "http://127.0.0.1:8080"

// Client is a client of the control plane: one method for each operation of the contract, and the
// verbs that people think in. Make it with [NewClient]. It is safe for concurrent use, and one
// serves a whole program.
//
// The last argument of many methods is a pointer to options: nil stands for none. Every method
// returns, beside the errors of errors.go, an error for an argument that cannot be sent.
type Client struct {
	transport *transport
	clock     Clock
	retry     Retry
	timeout   time.Duration
	random    func() float64
}

// Option is a setting of [NewClient].
type Option func(*settings)

type settings struct {
	serverURL, apiKey       string
	hasServerURL, hasAPIKey bool
	httpClient              *http.Client
	clock                   Clock
	retry                   Retry
	timeout                 time.Duration
	random                  func() float64
}

// WithServerURL says where the control plane is; else SIGNOFF_SERVER does, else it is
// [DefaultServerURL].
func WithServerURL(url string) Option {
	return func(s *settings) { s.serverURL, s.hasServerURL = url, true }
}

// WithAPIKey is the key to send; else that in SIGNOFF_API_KEY, if there is one.
func WithAPIKey(key string) Option {
	return func(s *settings) { s.apiKey, s.hasAPIKey = key, true }
}

// WithHTTPClient takes the connections of another client, as for a proxy or certificates of one's
// own. It is copied: neither its redirects, nor its cookies, nor its Timeout are used.
func WithHTTPClient(client *http.Client) Option {
	return func(s *settings) { s.httpClient = client }
}

// WithClock is for tests; else it is this machine's time.
func WithClock(clock Clock) Option { return func(s *settings) { s.clock = clock } }

// WithRetry says how long to go on where a repeat is safe.
func WithRetry(retry Retry) Option { return func(s *settings) { s.retry = retry } }

// WithTimeout is how long nothing may come before a try is given up, beyond the time that the
// server was asked to wait. Default 30 s. The context limits a call as a whole.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// NewClient makes a client. It opens no connection yet. The error is that of an option: a server
// URL that is none, a key that no header can hold.
func NewClient(options ...Option) (*Client, error) {
	s := settings{clock: systemClock{}, timeout: 30 * time.Second, random: rand.Float64}
	for _, option := range options {
		option(&s)
	}
	if !s.hasServerURL {
		s.serverURL = os.Getenv("SIGNOFF_SERVER")
		if s.serverURL == "" {
			s.serverURL = DefaultServerURL
		}
	}
	if !s.hasAPIKey {
		s.apiKey = os.Getenv("SIGNOFF_API_KEY")
	}
	if s.hasAPIKey || s.apiKey != "" {
		if err := checkedKey(s.apiKey); err != nil {
			return nil, err
		}
	}
	if s.timeout <= 0 || s.clock == nil {
		return nil, errors.New("signoff: a client needs a clock and a timeout above zero")
	}
	transport, err := newTransport(s.serverURL, s.apiKey, s.httpClient)
	if err != nil {
		return nil, err
	}
	return &Client{transport, s.clock, s.retry, s.timeout, s.random}, nil
}

// ServerURL is where the control plane is, without a slash at the end.
func (c *Client) ServerURL() string { return c.transport.serverURL }

// String names the server, and never the key.
func (c *Client) String() string { return "signoff.Client(" + c.ServerURL() + ")" }

// GoString is String, so that %#v keeps the key to itself too.
func (c *Client) GoString() string { return c.String() }

// CloseIdleConnections closes the connections that no call uses now. The client can be used on.
func (c *Client) CloseIdleConnections() { c.transport.client.CloseIdleConnections() }

// having is the same client, on the same connections, with other limits.
func (c *Client) having(retry Retry, timeout time.Duration) *Client {
	other := *c
	other.retry, other.timeout = retry, timeout
	return &other
}
