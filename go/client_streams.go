package signoff

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// streamSilence is how often the server sends a comment, so that a stream without news is told from
// a dead one.
const streamSilence = 15 * time.Second

// StreamOptions are those of StreamEvents.
type StreamOptions struct {
	// LastEventID is the Seq of the last event that was seen; 0 begins with the first.
	LastEventID int64
}

// StreamExecutionEvents follows an execution's events until it is finished (streamExecutionEvents).
//
// A broken connection is taken up again where it broke: no event is left out, none comes twice. An
// error is the last of the pairs, with a nil event. To stop, leave the loop or cancel the context.
func (c *Client) StreamExecutionEvents(ctx context.Context, executionID string, options *StreamOptions) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		stream := eventStream{client: c, executionID: executionID, tries: c.patient(), yield: yield}
		if options != nil {
			stream.seen = options.LastEventID
		}
		for {
			err := stream.follow(ctx)
			if err == errEnough {
				return
			}
			if err := stream.tries.failed(ctx, err); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// StreamEvents is StreamExecutionEvents by its everyday name.
func (c *Client) StreamEvents(ctx context.Context, executionID string, options *StreamOptions) iter.Seq2[*Event, error] {
	return c.StreamExecutionEvents(ctx, executionID, options)
}

// errEnough: the execution is finished and all was read, or nobody wants to read on.
var errEnough = errors.New("enough")

type eventStream struct {
	client      *Client
	executionID string
	seen        int64
	tries       *tries
	yield       func(*Event, error) bool
}

// follow reads from one connection. It returns errEnough at the end of everything, else why this
// connection is over.
func (s *eventStream) follow(ctx context.Context) error {
	what := call{operation: "streamExecutionEvents", path: map[string]string{"execution_id": s.executionID}, hold: streamSilence}
	if s.seen != 0 {
		what.headers = map[string]string{"Last-Event-ID": strconv.FormatInt(s.seen, 10)}
	}
	r, err := build(what)
	if err != nil {
		return err
	}
	response, err := s.client.opened(ctx, r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNoContent {
		return errEnough
	}
	reader := newEventReader(response.Body)
	for {
		data, err := reader.next()
		if err == io.EOF {
			// A stopping server ends the stream like a finished execution: 204 tells which.
			return &TransportError{Sent: true, Attempts: 1, request: r.at(s.client.ServerURL()), cause: errors.New("the stream has ended")}
		}
		if err != nil {
			return err
		}
		event, err := parsed[Event](data)
		if err != nil {
			return err
		}
		s.seen = event.Seq
		s.tries.succeeded()
		if !s.yield(event, nil) {
			return errEnough
		}
	}
}
