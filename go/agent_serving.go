package signoff

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// Run serves the agent until ctx is over, the process is told to end (SIGTERM) or Ctrl-C, hands back
// what is unfinished, and returns nil. It says on standard output where it listens.
//
// addr is host:port. Where it is empty, SIGNOFF_AGENT_HOST (else 127.0.0.1) and PORT (else 8001) say
// where, and another port is taken when that one is in use.
func (a *Agent) Run(ctx context.Context, addr string) error {
	if len(a.faults) > 0 {
		return errors.Join(a.faults...) // before it says that it listens
	}
	listener, err := listen(ctx, addr)
	if err != nil {
		return fmt.Errorf("signoff: %s cannot listen: %w", a.nodeID, err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the process at once.
	context.AfterFunc(ctx, stop)
	a.find(listener)
	fmt.Printf("%s listens on %s\n", a.nodeID, a.publicURL())
	return a.Serve(ctx, listener)
}

// Serve serves the agent on a listener, which it closes, until ctx is over; then it hands back what is
// unfinished, and returns nil.
func (a *Agent) Serve(ctx context.Context, listener net.Listener) error {
	a.find(listener)
	server := &http.Server{Handler: a, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	living, end := context.WithCancelCause(ctx)
	served := make(chan struct{})
	go func() {
		defer close(served)
		err := server.Serve(listener)
		if !errors.Is(err, http.ErrServerClosed) {
			end(fmt.Errorf("signoff: %s cannot serve: %w", a.nodeID, err))
		}
	}()
	err := a.Lifespan(living)
	if err == nil && ctx.Err() == nil {
		err = context.Cause(living)
	}
	end(nil)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(closing) != nil {
		_ = server.Close()
	}
	<-served
	return err
}

// find says where the control plane reaches the agent, if nobody has said it.
func (a *Agent) find(listener net.Listener) {
	if address, ok := listener.Addr().(*net.TCPAddr); ok && a.client != nil {
		found := baseURL(address, a.client.ServerURL())
		a.bound.Store(&found)
	}
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	config := net.ListenConfig{}
	if addr != "" {
		return config.Listen(ctx, "tcp", addr)
	}
	host, port := os.Getenv("SIGNOFF_AGENT_HOST"), os.Getenv("PORT")
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "8001"
	}
	if number, err := strconv.Atoi(port); err != nil || number < 0 || number > 65_535 {
		return nil, fmt.Errorf("PORT=%s is no port: a number from 0 to 65535 is", port)
	}
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	return listener, err
}

// baseURL is where the control plane reaches this machine: the bound address, or, where that is every
// address, the one on the way to the server.
func baseURL(bound *net.TCPAddr, serverURL string) string {
	host := bound.IP.String()
	if bound.IP.IsUnspecified() {
		host = addressTowards(serverURL)
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(bound.Port))
}

func addressTowards(serverURL string) string {
	const here = "127.0.0.1"
	parts, err := url.Parse(serverURL)
	if err != nil || parts.Hostname() == "localhost" || net.ParseIP(parts.Hostname()).IsLoopback() {
		return here
	}
	// Nothing is sent.
	probe, err := net.Dial("udp", net.JoinHostPort(parts.Hostname(), "9"))
	if err != nil {
		return here
	}
	defer probe.Close()
	return probe.LocalAddr().(*net.UDPAddr).IP.String()
}
