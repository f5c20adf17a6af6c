package signoff

import (
	"context"
	"unicode/utf8"
)

// GetHealth tells whether the process answers (getHealth).
func (c *Client) GetHealth(ctx context.Context) (*Health, error) {
	return ask[Health](ctx, c, call{operation: "getHealth"})
}

// GetReadiness tells whether the server can do its work (getReadiness).
func (c *Client) GetReadiness(ctx context.Context) (*Readiness, error) {
	return ask[Readiness](ctx, c, call{operation: "getReadiness"})
}

// GetOpenapi is the contract, as the server keeps it: YAML (getOpenapi).
func (c *Client) GetOpenapi(ctx context.Context) (string, error) {
	return c.text(ctx, call{operation: "getOpenapi"})
}

// GetMetrics are metrics in the Prometheus text format (getMetrics).
func (c *Client) GetMetrics(ctx context.Context) (string, error) {
	return c.text(ctx, call{operation: "getMetrics"})
}

func (c *Client) text(ctx context.Context, what call) (string, error) {
	got, err := c.answer(ctx, what)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(got.body) {
		return "", &ProtocolError{"the answer is not UTF-8"}
	}
	return string(got.body), nil
}
