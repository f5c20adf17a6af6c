package signoff

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// longestIdempotencyKey is that of the contract.
const longestIdempotencyKey = 255

// CallAs is [Run.Call] with the type of the result.
func CallAs[Out any](run *Run, target string, input any) (Out, error) {
	var result Out
	text, err := run.Call(target, input)
	if err == nil {
		err = readResult(text, &result, target)
	}
	return result, err
}

// Call runs a reasoner of any node, "node.reasoner", and waits for the JSON text of its result. It is
// recorded: a later attempt gets the first child's result. A nil input stands for an object without
// members.
//
// Another end than success is a [*CallFailedError]; no such reasoner is [ErrUnknownTarget].
// Source: executeAsync, getExecution.
func (r *Run) Call(target string, input any) (json.RawMessage, error) {
	a, err := r.attempt("Call")
	if err != nil {
		return nil, err
	}
	if input == nil {
		input = struct{}{}
	}
	text, err := userJSON(input, "the input of "+target)
	if err != nil {
		return nil, err
	}
	fingerprint, err := digest(text)
	if err != nil {
		return nil, err
	}
	key := a.key("call." + target + "." + fingerprint[:16])
	stored, err := a.met(key, fingerprint)
	if err != nil {
		return nil, err
	}
	if stored != nil {
		if stored.Error != nil {
			return nil, &CallFailedError{Target: target, Detail: *stored.Error}
		}
		return stored.Result, nil
	}
	child, err := a.runChild(r, target, key, text)
	if err != nil {
		return nil, err
	}
	return a.recordChild(r, target, key, fingerprint, child)
}

// runChild starts the child, or joins the one that an earlier attempt started, and sees it end.
func (a *attempt) runChild(r *Run, target, key string, input json.RawMessage) (*Execution, error) {
	options := &ExecuteOptions{IdempotencyKey: a.idempotencyKey(key), ParentExecutionID: a.id}
	child, err := a.client.ExecuteAsync(r.ctx, target, &ExecuteRequest{Input: input}, options)
	if err != nil {
		return nil, a.broken(r, err)
	}
	parked := a.park(child.ExecutionID, time.Time{})
	defer a.unpark(parked)
	poll := func(ctx context.Context, c *Client, hold time.Duration) (*Execution, error) {
		// While the child waits for a person, so does this run.
		since := time.Time{}
		if _, timed := r.Deadline(); child.Status == ExecutionStatusWaiting && !timed {
			since = c.clock.Now()
		}
		a.waitsSince(parked, since)
		found, err := c.GetExecution(ctx, child.ExecutionID, &GetOptions{Wait: hold})
		if err == nil {
			child = found
		}
		return found, err
	}
	finished, err := until(r.ctx, a.client, child.ExecutionID, deadline{}, poll, func(e *Execution) bool { return e.CompletedAt != "" })
	return finished, a.broken(r, err)
}

// recordChild records how a child ended.
func (a *attempt) recordChild(r *Run, target, key, fingerprint string, child *Execution) (json.RawMessage, error) {
	record := &StepRecord{Kind: NewStepKindCall, Name: shortened(target), InputSHA256: fingerprint, Result: child.Result}
	if child.Status != ExecutionStatusSucceeded {
		record.Result, record.Error = nil, string(child.Status)+": "+endOf(child)
	}
	if _, err := a.record(r, key, record); err != nil {
		return nil, err
	}
	if record.Error != "" {
		return nil, &CallFailedError{target, record.Error, child}
	}
	return child.Result, nil
}

// endOf is why an execution ended as it did, in words.
func endOf(child *Execution) string {
	for _, words := range []*string{child.Error, child.StatusReason} {
		if words != nil && *words != "" {
			return *words
		}
	}
	return "it gave no reason"
}

// idempotencyKey stands for a call in all attempts; by its digest where the names are too long.
func (a *attempt) idempotencyKey(key string) string {
	whole := a.executionID + "/" + key
	if len(whole) <= longestIdempotencyKey {
		return whole
	}
	return a.executionID + "/" + digestOfText(key)
}

func digestOfText(text string) string {
	quoted, _ := json.Marshal(text)
	sum, _ := digest(quoted) // text always has one
	return sum
}

// broken says, of an error that came because the run is stopped, that it is. When the control plane says
// that the attempt is over, it is: whatever errors its code goes on after, it does nothing more, for what it
// would make good may be going well in a later attempt.
func (a *attempt) broken(r *Run, err error) error {
	if errors.Is(err, ErrStaleAttempt) || errors.Is(err, ErrExecutionFinished) {
		a.over(err)
	}
	if err != nil && r.Err() != nil && !errors.Is(err, ErrStopped) {
		return contextError(r)
	}
	return err
}

// shortened is a name as long as the contract takes it.
func shortened(name string) string { return name[:min(len(name), 500)] }
