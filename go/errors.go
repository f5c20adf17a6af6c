package signoff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What can go wrong, and how to tell:
//
//	*Error              the server said no: Code, Status, Detail, Errors; errors.Is against the Err… of its code
//	*TransportError     no answer: the server was not reached, or its reply was lost
//	*ProtocolError      an answer that is not in the contract
//	*WaitTimeoutError   the wait is over, what it was for goes on; errors.Is(err, ErrWaitTimeout)
//	*SignatureError     a message is not to be believed
//	(in agents, those of agent_errors.go)
//	context.Canceled, context.DeadlineExceeded (by errors.Is)   the caller's context is over
//
// No text here holds a key, a secret or a signature.

// A problemKind is what errors.Is compares an *Error with. Its value is a word of the contract.
type problemKind ProblemCode

func (k problemKind) Error() string { return "signoff: " + string(k) }

// One Err for each word of the contract's ProblemCode, by one rule: not_found is ErrNotFound.
// A word from a newer server is in the Code of its *Error.
var (
	// ErrInvalidRequest is 400: the request does not match the contract; Errors says where.
	ErrInvalidRequest error = problemKind(ProblemCodeInvalidRequest)
	// ErrInvalidJSON is 400: the body is not JSON, or JSON that could not come back equal.
	ErrInvalidJSON error = problemKind(ProblemCodeInvalidJSON)
	// ErrUnauthorized is 401: the API key is missing or unknown.
	ErrUnauthorized error = problemKind(ProblemCodeUnauthorized)
	// ErrInvalidSignature is 401: the server does not believe the signature of an approval response.
	ErrInvalidSignature error = problemKind(ProblemCodeInvalidSignature)
	// ErrForbidden is 403: the key's role, nodes or runs do not allow this.
	ErrForbidden error = problemKind(ProblemCodeForbidden)
	// ErrUntrustedOrigin is 403: a server without keys is reached from elsewhere than its own machine.
	ErrUntrustedOrigin error = problemKind(ProblemCodeUntrustedOrigin)
	// ErrNotFound is 404: there is no such thing.
	ErrNotFound error = problemKind(ProblemCodeNotFound)
	// ErrUnknownTarget is 404: there is no such node or reasoner.
	ErrUnknownTarget error = problemKind(ProblemCodeUnknownTarget)
	// ErrMethodNotAllowed is 405: the path has other methods.
	ErrMethodNotAllowed error = problemKind(ProblemCodeMethodNotAllowed)
	// ErrAlreadyDecided is 409: another decision won, or the request expired or was withdrawn;
	// Approval says what holds.
	ErrAlreadyDecided error = problemKind(ProblemCodeAlreadyDecided)
	// ErrRequestConflict is 409: the own id stands for a question with other content; Approval is
	// the stored one.
	ErrRequestConflict error = problemKind(ProblemCodeRequestConflict)
	// ErrAmbiguousRequestID is 409: the own id has named several requests; Candidates lists them.
	ErrAmbiguousRequestID error = problemKind(ProblemCodeAmbiguousRequestID)
	// ErrExecutionFinished is 409: the execution is finished; Execution is how.
	ErrExecutionFinished error = problemKind(ProblemCodeExecutionFinished)
	// ErrStaleAttempt is 409: a later attempt of the execution runs.
	ErrStaleAttempt error = problemKind(ProblemCodeStaleAttempt)
	// ErrStepConflict is 409: the step was recorded with another input.
	ErrStepConflict error = problemKind(ProblemCodeStepConflict)
	// ErrIdempotencyConflict is 409: the idempotency key was used with another target or body.
	ErrIdempotencyConflict error = problemKind(ProblemCodeIdempotencyConflict)
	// ErrDeliveryNotRetryable is 409: the delivery is done or was dropped.
	ErrDeliveryNotRetryable error = problemKind(ProblemCodeDeliveryNotRetryable)
	// ErrBodyTooLarge is 413: the body is over the limit.
	ErrBodyTooLarge error = problemKind(ProblemCodeBodyTooLarge)
	// ErrUnsupportedMediaType is 415: the body is not application/json.
	ErrUnsupportedMediaType error = problemKind(ProblemCodeUnsupportedMediaType)
	// ErrInvalidInput is 422: the input does not fit the reasoner; Errors says where.
	ErrInvalidInput error = problemKind(ProblemCodeInvalidInput)
	// ErrInvalidCallbackURL is 422: callback_url is not at the origin of an instance of the node.
	ErrInvalidCallbackURL error = problemKind(ProblemCodeInvalidCallbackURL)
	// ErrInvalidWebhookURL is 422: the server may not connect to webhook.url.
	ErrInvalidWebhookURL error = problemKind(ProblemCodeInvalidWebhookURL)
	// ErrInvalidBaseURL is 422: the server may not connect to base_url.
	ErrInvalidBaseURL error = problemKind(ProblemCodeInvalidBaseURL)
	// ErrInvalidCursor is 422: the cursor is not of this list.
	ErrInvalidCursor error = problemKind(ProblemCodeInvalidCursor)
	// ErrInternal is 500: a fault of the server's own, and a bug.
	ErrInternal error = problemKind(ProblemCodeInternalError)
	// ErrWebhookSecretMissing is 503: the server has no secret to check approval responses with;
	// waiting does not help.
	ErrWebhookSecretMissing error = problemKind(ProblemCodeWebhookSecretMissing)
	// ErrStoreUnavailable is 503: the server cannot reach or write its database; nothing was stored.
	ErrStoreUnavailable error = problemKind(ProblemCodeStoreUnavailable)
	// ErrShuttingDown is 503: the server is stopping.
	ErrShuttingDown error = problemKind(ProblemCodeShuttingDown)
)

// ErrWaitTimeout is what every [*WaitTimeoutError] is.
var ErrWaitTimeout = errors.New("signoff: the wait is over")

// Error is the server's no: a problem (RFC 9457). Below 500 the request is at fault and the same
// again changes nothing; from 500 on nothing was stored and the same may succeed later.
type Error struct {
	// Code is the word for programs; empty when the answer had none, as from a proxy.
	Code ProblemCode
	// Status is the HTTP status.
	Status int
	// Detail is the sentence for people.
	Detail string
	// Errors names each place that is wrong.
	Errors []ProblemError
	// Approval comes with already_decided (what holds) and request_conflict (what is stored).
	Approval *Approval
	// Execution comes with execution_finished.
	Execution *Execution
	// Candidates come with ambiguous_request_id, newest first, at most 50.
	Candidates []Candidate

	retryAfter    time.Duration
	hasRetryAfter bool
}

// Error says what the server said.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "signoff: %d", e.Status)
	if e.Code != "" {
		text.WriteString(" " + string(e.Code))
	}
	text.WriteString(": " + e.Detail)
	for _, place := range e.Errors {
		fmt.Fprintf(&text, "\n  %s %s: %s", place.In, orRoot(place.Pointer), place.Detail)
	}
	return text.String()
}

// Is reports whether target is the Err… of the code.
func (e *Error) Is(target error) bool {
	kind, ok := target.(problemKind)
	return ok && ProblemCode(kind) == e.Code
}

// RetryAfter is how long the server asks to wait, if it does.
func (e *Error) RetryAfter() (time.Duration, bool) { return e.retryAfter, e.hasRetryAfter }

func orRoot(pointer string) string {
	if pointer == "" {
		return "/"
	}
	return pointer
}

// TransportError says that no answer came, in as many tries as were allowed.
type TransportError struct {
	// Sent is false when the request never left this machine, and so did nothing; true when it may
	// have been carried out and the reply was lost.
	Sent bool
	// Attempts counts the tries.
	Attempts int

	request string
	cause   error
}

// Error names the request, with the address that it went to, without its query, and the cause.
func (e *TransportError) Error() string { return fmt.Sprintf("signoff: %s: %v", e.request, e.cause) }

// Unwrap returns the cause: an error of the network's.
func (e *TransportError) Unwrap() error { return e.cause }

// ProtocolError says that an answer is not one that the contract knows: is it a signoff server?
type ProtocolError struct{ detail string }

// Error says what is wrong with the answer.
func (e *ProtocolError) Error() string { return "signoff: " + e.detail }

// WaitTimeoutError says that the time given to a waiting verb, or the deadline of its context, is
// over. What it waited for is untouched and goes on. A time-out is never a decision.
//
// It is [ErrWaitTimeout], and [context.DeadlineExceeded] too where that is why.
type WaitTimeoutError struct {
	// ID is what was waited for.
	ID string

	detail string
	cause  error
}

// Error says what was waited for.
func (e *WaitTimeoutError) Error() string {
	return fmt.Sprintf("signoff: %s is not done in time%s", e.ID, e.detail)
}

// Timeout returns true, as of every time-out in Go.
func (e *WaitTimeoutError) Timeout() bool { return true }

// Unwrap returns ErrWaitTimeout, and the error of the context if that is why.
func (e *WaitTimeoutError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrWaitTimeout}
	}
	return []error{ErrWaitTimeout, e.cause}
}

// contextError is why the caller's context is over, with the caller's own reason if there is one.
func contextError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// refusal is the error that an answer of 400 and above stands for. The body is a problem, or
// whatever a proxy has written instead.
func refusal(status int, header http.Header, body []byte, now time.Time) *Error {
	refused := &Error{Status: status, Detail: "the answer is no problem document"}
	var problem Problem
	if decode(body, &problem) == nil {
		refused.Code, refused.Detail, refused.Errors = problem.Code, problem.Detail, problem.Errors
		refused.Approval, refused.Execution = problem.Approval, problem.Execution
		refused.Candidates = problem.Candidates
	}
	refused.retryAfter, refused.hasRetryAfter = retryAfter(header.Get("Retry-After"), now)
	return refused
}
