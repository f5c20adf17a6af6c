package signoff

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"
)

// RespondOptions are those of Respond.
type RespondOptions struct {
	// Patience is how long a request that is not there yet is waited for: a fast reviewer can be
	// ahead of who asks. 0 stands for 10 s; negative for not at all.
	Patience time.Duration
}

// DeliveryFilter says which deliveries a list has; empty fields let all through.
type DeliveryFilter struct {
	State       DeliveryStateFilter
	ExecutionID string
}

// ReceiveApprovalResponse hands in a signed decision, byte for byte as it was signed
// (receiveApprovalResponse). Of header those fields count that hold the signature.
// [Client.Respond] makes one.
func (c *Client) ReceiveApprovalResponse(ctx context.Context, header http.Header, body []byte) (*DecisionReceipt, error) {
	headers := map[string]string{}
	for _, name := range []string{headerID, headerTimestamp, headerSignature, headerBodySignature} {
		value, _, err := single(header, name)
		if err != nil {
			return nil, err
		}
		headers[name] = value
	}
	return ask[DecisionReceipt](ctx, c, call{operation: "receiveApprovalResponse", headers: headers, body: body})
}

// ListDeliveries is one page of what the server has sent or is to send, newest first (listDeliveries).
func (c *Client) ListDeliveries(ctx context.Context, filter *DeliveryFilter, page *PageOptions) (*DeliveryList, error) {
	if filter == nil {
		filter = &DeliveryFilter{}
	}
	query := page.and(map[string]string{"state": string(filter.State), "execution_id": filter.ExecutionID})
	return ask[DeliveryList](ctx, c, call{operation: "listDeliveries", query: query})
}

// RetryDelivery sends a dead delivery again (retryDelivery).
func (c *Client) RetryDelivery(ctx context.Context, id string) (*Delivery, error) {
	return ask[Delivery](ctx, c, call{operation: "retryDelivery", path: map[string]string{"id": id}})
}

// Respond decides a request by a signed message: ReceiveApprovalResponse, with the signing. It is for
// services that hold the webhook secret instead of a key. RequestID is the apr_ id or the asker's own.
//
// It is [ErrInvalidSignature] when the server has another secret, [ErrAlreadyDecided] when another
// decision won, [ErrAmbiguousRequestID] when the own id has named several requests.
func (c *Client) Respond(ctx context.Context, secret string, response *ApprovalResponse, options *RespondOptions) (*DecisionReceipt, error) {
	body, err := encode(response)
	if err != nil {
		return nil, err
	}
	id := "msg_" + rand.Text()
	patience := 10 * time.Second
	if options != nil && options.Patience != 0 {
		patience = options.Patience
	}
	last := c.clock.Now().Add(patience)
	for {
		// Each time anew: a signature is believed for some minutes, and the patience may be longer.
		header, err := signed(secret, id, body, c.clock.Now())
		if err != nil {
			return nil, err
		}
		receipt, err := c.ReceiveApprovalResponse(ctx, header, body)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != ProblemCodeNotFound || !refused.hasRetryAfter {
			return receipt, err
		}
		if c.clock.Now().Add(refused.retryAfter).After(last) {
			return nil, err
		}
		if c.clock.Sleep(ctx, refused.retryAfter) != nil {
			return nil, fmt.Errorf("signoff: %w, while waiting to try again after: %w", contextError(ctx), err)
		}
	}
}

// signed are the headers of the form that the secret is for.
func signed(secret, id string, body []byte, now time.Time) (http.Header, error) {
	if strings.HasPrefix(secret, secretPrefix) {
		return SignWebhook(secret, id, now, body)
	}
	signature, err := SignApprovalResponse(secret, body)
	if err != nil {
		return nil, err
	}
	return http.Header{headerBodySignature: {signature}}, nil
}

// IterDeliveries are all deliveries that fit, newest first.
func (c *Client) IterDeliveries(ctx context.Context, filter *DeliveryFilter) iter.Seq2[*Delivery, error] {
	return rows(func(page *PageOptions) ([]Delivery, string, error) {
		list, err := c.ListDeliveries(ctx, filter, page)
		if err != nil {
			return nil, "", err
		}
		return list.Items, list.NextCursor, nil
	})
}
