package main

import (
	"context"
	"errors"

	"github.com/signoff-dev/signoff/go"
)

// undecodable: the text is no value of the type.
type undecodable struct{ cause error }

func (u *undecodable) Error() string { return u.cause.Error() }

var conflicts = []error{
	signoff.ErrAlreadyDecided, signoff.ErrRequestConflict, signoff.ErrAmbiguousRequestID,
	signoff.ErrExecutionFinished, signoff.ErrStaleAttempt, signoff.ErrStepConflict,
	signoff.ErrIdempotencyConflict, signoff.ErrDeliveryNotRetryable,
}

func kindOf(err error) string {
	var (
		refused    *signoff.Error
		lost       *signoff.TransportError
		outside    *signoff.ProtocolError
		disbelief  *signoff.SignatureError
		unreadable *undecodable
		late       *signoff.PauseTimeoutError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, signoff.ErrWaitTimeout), errors.As(err, &late), errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	case errors.As(err, &disbelief), errors.Is(err, signoff.ErrInvalidSignature):
		return "signature"
	case errors.As(err, &refused):
		return kindOfRefusal(refused)
	case errors.As(err, &lost):
		return "transport"
	case errors.As(err, &outside), errors.As(err, &unreadable):
		return "protocol"
	}
	// What is left are arguments that cannot be sent.
	return "validation"
}

func kindOfRefusal(refused *signoff.Error) string {
	if errors.Is(refused, signoff.ErrAlreadyDecided) && refused.Approval != nil && refused.Approval.Status == signoff.ApprovalStatusExpired {
		return "expired"
	}
	for _, conflict := range conflicts {
		if errors.Is(refused, conflict) {
			return "conflict"
		}
	}
	switch {
	case errors.Is(refused, signoff.ErrUnauthorized), errors.Is(refused, signoff.ErrForbidden), errors.Is(refused, signoff.ErrUntrustedOrigin):
		return "auth"
	case errors.Is(refused, signoff.ErrNotFound), errors.Is(refused, signoff.ErrUnknownTarget):
		return "not_found"
	case refused.Status >= 500:
		return "server"
	}
	return "validation"
}

// described is an error as the runner is told it.
func described(err error) map[string]any {
	told := map[string]any{"kind": kindOf(err), "message": err.Error()}
	var refused *signoff.Error
	if errors.As(err, &refused) {
		told["code"], told["status"] = refused.Code, refused.Status
		pointers := []string{}
		for _, place := range refused.Errors {
			pointers = append(pointers, place.Pointer)
		}
		told["pointers"] = pointers
		if wait, asked := refused.RetryAfter(); asked {
			told["retry_after_ms"] = wait.Milliseconds()
		}
		if refused.Approval != nil {
			told["approval"] = refused.Approval
		}
	}
	var disbelief *signoff.SignatureError
	if errors.As(err, &disbelief) {
		told["reason"] = disbelief.Reason
	}
	return told
}
