package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/signoff-dev/signoff/go"
)

// A verb is one thing that a script does; which members are there depends on Verb.
type verb struct {
	Verb          string            `json:"verb"`
	Name          string            `json:"name"`
	Key           string            `json:"key"`
	Args          []json.RawMessage `json:"args"`
	Value         json.RawMessage   `json:"value"`
	Error         *string           `json:"error"`
	Linger        bool              `json:"linger"`
	Catch         bool              `json:"catch"`
	ID            string            `json:"id"`
	Title         string            `json:"title"`
	Description   string            `json:"description"`
	Payload       json.RawMessage   `json:"payload"`
	URL           string            `json:"url"`
	ExpireInHours float64           `json:"expires_in_hours"`
	TimeoutMS     float64           `json:"timeout_ms"`
	Target        string            `json:"target"`
	Input         json.RawMessage   `json:"input"`
	Message       string            `json:"message"`
	Tags          []string          `json:"tags"`
	Do            []json.RawMessage `json:"do"`
}

// perform does what is listed, one after the other; attempt is what the log says did it.
func perform(run *signoff.Run, attempt string, list []json.RawMessage) ([]any, error) {
	results := []any{}
	for _, text := range list {
		result, err := one(run, attempt, text)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// one does one verb; with catch, what goes wrong is its result.
func one(run *signoff.Run, attempt string, text json.RawMessage) (any, error) {
	var v verb
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	result, err := v.do(run, attempt)
	if err != nil && v.Catch {
		return map[string]any{"error": told(err)}, nil
	}
	return result, err
}

func (v *verb) do(run *signoff.Run, attempt string) (any, error) {
	switch v.Verb {
	case "step":
		return v.step(run, attempt)
	case "pause":
		return v.pause(run)
	case "resume":
		result, err := run.WaitForResume(v.ID, &signoff.WaitOptions{Timeout: duration(v.TimeoutMS)})
		return outcome(result), err
	case "call":
		return run.Call(v.Target, v.Input)
	case "note":
		run.Note(v.Message, v.Tags...)
		return nil, nil
	case "work":
		return nil, write(map[string]string{"did": v.Name, "attempt": attempt})
	case "value":
		return v.Value, nil
	case "fail":
		return nil, errors.New(v.Message)
	case "linger":
		<-run.Done()
		return nil, run.Err()
	case "together":
		return v.together(run, attempt)
	}
	return nil, fmt.Errorf("there is no verb %q", v.Verb)
}

func (v *verb) step(run *signoff.Run, attempt string) (any, error) {
	args := make([]any, len(v.Args))
	for index, arg := range v.Args {
		args[index] = arg
	}
	options := []signoff.StepOption{signoff.StepInput(args...)}
	if v.Key != "" {
		options = append(options, signoff.StepKey(v.Key))
	}
	return run.Step(v.Name, func(ctx context.Context) (any, error) {
		if err := write(map[string]string{"did": v.Name, "attempt": attempt}); err != nil {
			return nil, err
		}
		if v.Error != nil {
			return nil, errors.New(*v.Error)
		}
		if v.Linger {
			<-ctx.Done()
			return nil, errors.New("it was broken off")
		}
		return v.Value, nil
	}, options...)
}

func (v *verb) pause(run *signoff.Run) (any, error) {
	asked := &signoff.ApprovalRequest{
		ApprovalRequestID: v.ID, ApprovalRequestURL: v.URL, Title: v.Title, Description: v.Description,
		Payload: v.Payload, ExpiresInHours: v.ExpireInHours,
	}
	options := []signoff.PauseOption{}
	if v.TimeoutMS != 0 {
		options = append(options, signoff.PauseTimeout(duration(v.TimeoutMS)))
	}
	result, err := run.Pause(asked, options...)
	return outcome(result), err
}

// together does what is listed side by side.
func (v *verb) together(run *signoff.Run, attempt string) (any, error) {
	results, faults := make([]any, len(v.Do)), make([]error, len(v.Do))
	var group sync.WaitGroup
	for index, text := range v.Do {
		group.Go(func() { results[index], faults[index] = one(run, attempt, text) })
	}
	group.Wait()
	return results, errors.Join(faults...)
}

// told is an error as the suite wants it.
func told(err error) map[string]any {
	var step *signoff.StepFailedError
	var call *signoff.CallFailedError
	var refused *signoff.Error
	told := map[string]any{"kind": "internal", "message": err.Error()}
	switch {
	case errors.As(err, &step):
		told["kind"] = "step_failed"
	case errors.As(err, &call):
		told["kind"] = "call_failed"
	case errors.Is(err, signoff.ErrNondeterministicReplay):
		told["kind"] = "nondeterministic_replay"
	case errors.Is(err, signoff.ErrPauseTimeout), errors.Is(err, signoff.ErrWaitTimeout):
		told["kind"] = "deadline"
	case errors.As(err, &refused):
		told["kind"], told["code"] = "refused", refused.Code
	}
	return told
}

// outcome is the end of a wait, with the five booleans as the SDK has them.
func outcome(result *signoff.ApprovalResult) any {
	if result == nil {
		return nil
	}
	members := map[string]any{
		"decision": result.Decision, "approved": result.Approved(), "rejected": result.Rejected(),
		"changes_requested": result.ChangesRequested(), "expired": result.Expired(), "withdrawn": result.Withdrawn(),
		"id": result.ID, "approval_request_id": result.ApprovalRequestID, "event_head": result.EventHead,
	}
	if result.Feedback != "" {
		members["feedback"] = result.Feedback
	}
	if result.Response != nil {
		members["response"] = result.Response
	}
	if result.Reviewer != nil {
		members["reviewer"] = result.Reviewer
	}
	return members
}
