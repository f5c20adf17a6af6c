package signoff

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// Notification is a message that the server sent: one of approval.* (to SIGNOFF_NOTIFY_URL) or
// execution.finished (to the webhook of an execution).
type Notification struct {
	// ID is webhook-id. A message that is sent again keeps it: whoever must not do a thing twice
	// remembers it.
	ID string
	// Type is the event's word. Newer servers may have more.
	Type string
	// Timestamp is when it happened, as the contract writes times.
	Timestamp string
	// Approval is there when the type is one of approval.*.
	Approval *Approval
	// Execution is there when the type is execution.finished.
	Execution *Execution
	// Body is the whole message, as it was signed.
	Body json.RawMessage
}

// WebhookHandler receives notifications: it takes only POST, reads no more than MaxBytes, verifies the
// signature over the raw bytes before anything is parsed, decodes, and calls Handle.
//
// It answers 200 when Handle returns nil and 500 when it fails; the server then sends the message
// again, for a day. Answer soon: do long work elsewhere.
type WebhookHandler struct {
	// Secrets are those that may have signed, whsec_ and base64; several while one is being replaced.
	Secrets []string
	// Handle is called with each message, maybe from several goroutines at once.
	Handle func(context.Context, *Notification) error
	// MaxBytes of a body. 0 stands for 32 MiB: an execution carries its input and its result.
	MaxBytes int64
	// Clock is for tests; nil is this machine's time.
	Clock Clock
}

// ServeHTTP receives one message.
func (h *WebhookHandler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodPost {
		writer.Header().Set("Allow", http.MethodPost)
		http.Error(writer, "this takes POST", http.StatusMethodNotAllowed)
		return
	}
	limit := h.MaxBytes
	if limit <= 0 {
		limit = 32 << 20
	}
	body, err := io.ReadAll(http.MaxBytesReader(writer, request.Body, limit))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(writer, "the body is too large", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(writer, "the body was not sent whole", http.StatusBadRequest)
		return
	}
	verified, err := VerifyWebhook(request.Header, body, h.Secrets, h.now())
	if err != nil {
		refuse(writer, err)
		return
	}
	notification, err := notificationOf(verified.ID, body)
	if err != nil {
		http.Error(writer, "the body is no notification", http.StatusBadRequest)
		return
	}
	if err := h.Handle(request.Context(), notification); err != nil {
		// What went wrong is nothing for the sender.
		http.Error(writer, "not handled; send it again", http.StatusInternalServerError)
		return
	}
	writer.WriteHeader(http.StatusOK)
}

func (h *WebhookHandler) now() time.Time {
	if h.Clock == nil {
		return time.Now()
	}
	return h.Clock.Now()
}

func refuse(writer http.ResponseWriter, err error) {
	var bad *SignatureError
	if errors.As(err, &bad) && bad.Reason == SignatureSecret {
		// Not the sender's fault: the message is to come again once there is a secret.
		http.Error(writer, "no secret to verify with", http.StatusInternalServerError)
		return
	}
	http.Error(writer, err.Error(), http.StatusUnauthorized)
}

func notificationOf(id string, body []byte) (*Notification, error) {
	var head struct {
		Type      string          `json:"type"`
		Timestamp string          `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	if err := decode(body, &head); err != nil {
		return nil, err
	}
	message := &Notification{ID: id, Type: head.Type, Timestamp: head.Timestamp, Body: body}
	switch DeliveryKind(head.Type) {
	case DeliveryKindApprovalRequested, DeliveryKindApprovalDecided, DeliveryKindApprovalExpired, DeliveryKindApprovalCancelled:
		message.Approval = new(Approval)
		return message, decode(head.Data, message.Approval)
	case DeliveryKindExecutionFinished:
		message.Execution = new(Execution)
		return message, decode(head.Data, message.Execution)
	}
	return message, nil
}
