package signoff

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// An answer is status, headers and the body as it came.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends the request of a call, as often as is allowed, and reads the answer as a model.
func ask[T any](ctx context.Context, c *Client, what call) (*T, error) {
	got, err := c.answer(ctx, what)
	if err != nil {
		return nil, err
	}
	return parsed[T](got.body)
}

// parsed reads JSON text from the server as a model of the contract.
func parsed[T any](text []byte) (*T, error) {
	model := new(T)
	if err := decode(text, model); err != nil {
		return nil, &ProtocolError{fmt.Sprintf("the answer is no %T: %v", *model, err)}
	}
	return model, nil
}

// answer is a good answer, whatever its body is.
func (c *Client) answer(ctx context.Context, what call) (*answer, error) {
	r, err := build(what)
	if err != nil {
		return nil, err
	}
	tries := c.tries(c.retry, r.repeatable)
	for {
		got, err := c.try(ctx, r)
		if err == nil {
			return got, nil
		}
		if err := tries.failed(ctx, err); err != nil {
			return nil, err
		}
	}
}

func (c *Client) try(ctx context.Context, r *request) (*answer, error) {
	response, err := c.opened(ctx, r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNoContent {
		return nil, outsideContract(response.StatusCode)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &answer{response.StatusCode, response.Header, body}, nil
}

// opened is a good answer whose body is still to be read, and closed. 204 is one of a stream's.
func (c *Client) opened(ctx context.Context, r *request) (*http.Response, error) {
	response, err := c.transport.open(ctx, r, c.timeout+r.hold)
	if err != nil {
		return nil, err
	}
	switch response.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		return response, nil
	}
	defer response.Body.Close()
	if response.StatusCode < 400 {
		return nil, outsideContract(response.StatusCode)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return nil, refusal(response.StatusCode, response.Header, body, c.clock.Now())
}

// tries are those of one thing: how many failed in a row, and since when.
type tries struct {
	client     *Client
	retry      Retry
	repeatable bool
	failures   int
	began      time.Time
}

func (c *Client) tries(retry Retry, repeatable bool) *tries {
	return &tries{client: c, retry: retry, repeatable: repeatable, began: c.clock.Now()}
}

// patient are tries of something that goes on for long: any number, for Retry.Within in a row.
func (c *Client) patient() *tries {
	retry := c.retry
	if retry.Attempts != 1 {
		retry.Attempts = -1
	}
	return c.tries(retry, true)
}

// succeeded counts from here.
func (t *tries) succeeded() { t.failures, t.began = 0, t.client.clock.Now() }

// failed comes back with nil when it is time for the next try, and with err when there is to be none.
func (t *tries) failed(ctx context.Context, err error) error {
	t.failures++
	elapsed := t.client.clock.Now().Sub(t.began)
	wait, again := t.retry.nextWait(err, t.repeatable, t.failures, elapsed, t.client.random)
	if !again {
		var lost *TransportError
		if errors.As(err, &lost) {
			lost.Attempts = t.failures
		}
		return err
	}
	if t.client.clock.Sleep(ctx, wait) != nil {
		return fmt.Errorf("signoff: %w, while waiting to try again after: %w", contextError(ctx), err)
	}
	return nil
}
