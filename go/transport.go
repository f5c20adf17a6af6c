package signoff

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// version is that of the module, as servers see it.
const version = "0.1.0"

// transport does one try over HTTP. No redirect is followed and no cookie kept, so the API key goes
// to the server's own origin only.
type transport struct {
	serverURL string
	apiKey    string
	client    *http.Client
}

var errSilent = errors.New("nothing came in time")

func newTransport(serverURL, apiKey string, given *http.Client) (*transport, error) {
	checked, err := checkedURL(serverURL)
	if err != nil {
		return nil, err
	}
	if given == nil {
		given = &http.Client{Transport: newNetwork()}
	}
	client := *given
	client.Jar = nil
	// A try is limited by the silence of the server and by the context: a long poll may be long.
	client.Timeout = 0
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &transport{checked, apiKey, &client}, nil
}

// newNetwork makes connections of the client's own. Proxies of the environment are not used: they
// would see the key.
func newNetwork() *http.Transport {
	return &http.Transport{
		// A connection that is not there by then counts as refused.
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		// Long polls are many, and each holds a connection.
		MaxIdleConns:        100,
		MaxIdleConnsPerHost: 100,
		// Shorter than any server keeps an idle connection: one that just closed loses the request.
		IdleConnTimeout: 4 * time.Second,
	}
}

// checkedURL returns the URL without its last slashes, if it is one that requests can go to.
func checkedURL(serverURL string) (string, error) {
	parts, err := url.Parse(serverURL)
	// The URL stays out of the message: somebody may have written a password into it.
	if err != nil || (parts.Scheme != "http" && parts.Scheme != "https") || parts.Hostname() == "" || parts.Port() == "0" {
		return "", errors.New("signoff: the server's URL must start with http:// or https:// and name a host")
	}
	if parts.User != nil || parts.RawQuery != "" || parts.Fragment != "" {
		return "", errors.New("signoff: the server's URL must have no user info, query or fragment")
	}
	return strings.TrimRight(serverURL, "/"), nil
}

var keyText = regexp.MustCompile(`^[!-~]+$`)

func checkedKey(apiKey string) error {
	if !keyText.MatchString(apiKey) {
		// The key itself stays out of the message.
		return errors.New("signoff: the API key must be of visible ASCII characters")
	}
	return nil
}

// open sends a request once. silence is how long nothing may come. The body of the answer must be
// closed, also where it is not read.
func (t *transport) open(ctx context.Context, r *request, silence time.Duration) (*http.Response, error) {
	trying, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(silence, func() { cancel(errSilent) })
	sent, err := http.NewRequestWithContext(trying, r.method, t.serverURL+r.target, bytes.NewReader(r.body))
	if err == nil {
		maps.Copy(sent.Header, r.header)
		sent.Header.Set("User-Agent", "signoff-go/"+version)
		if t.apiKey != "" {
			sent.Header.Set("X-API-Key", t.apiKey)
		}
		var answer *http.Response
		if answer, err = t.client.Do(sent); err == nil {
			answer.Body = &watchedBody{answer.Body, ctx, trying, r.at(t.serverURL), timer, silence, cancel}
			return answer, nil
		}
	}
	err = fault(ctx, trying, r.at(t.serverURL), err)
	timer.Stop()
	cancel(nil)
	return nil, err
}

// fault is what an error of the network's stands for: the end of the caller's context, or no answer.
func fault(ctx, trying context.Context, request string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("signoff: %s: %w", request, contextError(ctx))
	}
	if context.Cause(trying) == errSilent {
		err = errSilent
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		// It holds the whole URL, query and all.
		err = wrapped.Err
	}
	var dialing *net.OpError
	neverSent := errors.As(err, &dialing) && dialing.Op == "dial"
	return &TransportError{Sent: !neverSent, Attempts: 1, request: request, cause: err}
}

// A watchedBody gives up when nothing comes for too long.
type watchedBody struct {
	io.ReadCloser
	ctx, trying context.Context
	request     string
	timer       *time.Timer
	silence     time.Duration
	cancel      context.CancelCauseFunc
}

func (b *watchedBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if n > 0 {
		b.timer.Reset(b.silence)
	}
	if err != nil && err != io.EOF {
		err = fault(b.ctx, b.trying, b.request, err)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}
