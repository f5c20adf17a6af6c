package signoff

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// recordGrace is how long the record of a step is tried for when its run was stopped meanwhile: what
// is recorded is not done again.
const recordGrace = 5 * time.Second

// A StepOption is an option of Step.
type StepOption func(*stepSettings)

type stepSettings struct {
	key  string
	args []any
}

// StepKey tells steps of one name apart that run side by side: 1 to 150 of A-Z a-z 0-9 . _ ~ -.
func StepKey(key string) StepOption { return func(s *stepSettings) { s.key = key } }

// StepInput is what the work is done with. A later attempt that comes with something else is told so,
// by a [*NondeterministicReplayError], instead of getting the result of other work.
func StepInput(args ...any) StepOption {
	return func(s *stepSettings) { s.args = append(s.args, args...) }
}

// StepAs is [Run.Step] with the type of the result:
//
//	id, err := signoff.StepAs(run, "create_review", func(ctx context.Context) (string, error) {
//		return createReview(ctx, decision)
//	}, signoff.StepInput(decision))
//
// With a nil run it is a plain call of work, as for tests of a reasoner's parts.
func StepAs[T any](run *Run, name string, work func(context.Context) (T, error), options ...StepOption) (T, error) {
	var result T
	if run == nil {
		return work(context.Background())
	}
	text, err := run.Step(name, func(ctx context.Context) (any, error) { return work(ctx) }, options...)
	if err == nil {
		err = readResult(text, &result, name)
	}
	return result, err
}

// Step does a piece of work once, whatever attempt this is, and returns the JSON text of its result,
// which is recorded before it is returned; a later attempt gets the recorded one. A crash between the
// work and its record repeats this one piece. name is 1 to 150 of A-Z a-z 0-9 . _ ~ -.
//
// An error of the work is recorded too and is a [*StepFailedError], here and in every later attempt.
// Source: recordStep.
func (r *Run) Step(name string, work func(context.Context) (any, error), options ...StepOption) (json.RawMessage, error) {
	a, err := r.attempt("Step")
	if err != nil {
		return nil, err
	}
	given := stepSettings{}
	for _, option := range options {
		option(&given)
	}
	prefix, err := stepPrefix(name, given.key)
	if err != nil {
		return nil, err
	}
	fingerprint, err := fingerprintOf(name, given.args)
	if err != nil {
		return nil, err
	}
	key := a.key(prefix)
	stored, err := a.met(key, fingerprint)
	if err != nil {
		return nil, err
	}
	if stored == nil {
		if stored, err = a.do(r, key, name, fingerprint, work); err != nil {
			return nil, err
		}
	}
	if stored.Error != nil {
		return nil, &StepFailedError{key, *stored.Error}
	}
	return stored.Result, nil
}

// do does the work of a step and records what came of it.
func (a *attempt) do(r *Run, key, name, fingerprint string, work func(context.Context) (any, error)) (*Step, error) {
	defer a.works()()
	result, failed := work(r)
	record := &StepRecord{Kind: NewStepKindStep, Name: name, InputSHA256: fingerprint}
	if failed != nil {
		if r.Err() != nil {
			// It was broken off: that is nothing to remember.
			return nil, fmt.Errorf("%w, in %s: %w", contextError(r), key, failed)
		}
		record.Error = said(failed)
	} else {
		text, err := userJSON(result, "the result of "+name)
		if err != nil {
			return nil, err
		}
		record.Result = text
	}
	return a.record(r, key, record)
}

// met is what an earlier attempt recorded under a key; nil when none did.
func (a *attempt) met(key, fingerprint string) (*Step, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	stored := a.recorded[key]
	if stored != nil && stored.InputSHA256 != fingerprint {
		return nil, &NondeterministicReplayError{
			fmt.Sprintf("%s with input %.12s", key, stored.InputSHA256), fmt.Sprintf("%s with input %.12s", key, fingerprint),
		}
	}
	return stored, nil
}

// record stores what came of a step, and waits for the server.
func (a *attempt) record(r *Run, key string, record *StepRecord) (*Step, error) {
	ctx, done := lasting(r.ctx, recordGrace)
	defer done()
	stored, err := a.client.recordStep(ctx, a.id, key, record)
	if errors.Is(err, ErrStepConflict) {
		return nil, &NondeterministicReplayError{key + " with another input", fmt.Sprintf("%s with input %.12s", key, record.InputSHA256)}
	}
	if err != nil {
		return nil, a.broken(r, err)
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.recorded[key] = stored
	if a.ctx.Err() != nil {
		// What comes after it is done by the next attempt, if by any.
		return nil, contextError(a.ctx)
	}
	return stored, nil
}

// lasting is a context that goes on for a while when ctx is over.
func lasting(ctx context.Context, grace time.Duration) (context.Context, func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var timer *time.Timer
	armed := make(chan struct{})
	disarm := context.AfterFunc(ctx, func() {
		timer = time.AfterFunc(grace, func() { cancel(context.Cause(ctx)) })
		close(armed)
	})
	return longer, func() {
		if !disarm() {
			<-armed
			timer.Stop()
		}
		cancel(nil)
	}
}

var stepName = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,150}$`)

func stepPrefix(name, key string) (string, error) {
	for _, part := range []string{name, key} {
		if !stepName.MatchString(part) && (part != "" || part == name) {
			return "", fmt.Errorf("signoff: a step's name and key are 1 to 150 of A-Z a-z 0-9 . _ ~ -, not %q", part)
		}
	}
	if key == "" {
		return "step." + name, nil
	}
	return "step." + name + "." + key, nil
}

// fingerprintOf is the digest of a step's arguments, in the form that all languages give them.
func fingerprintOf(name string, args []any) (string, error) {
	if args == nil {
		args = []any{}
	}
	what := "the arguments of " + name
	text, err := userJSON(map[string]any{"args": args, "kwargs": struct{}{}}, what)
	if err != nil {
		return "", err
	}
	sum, err := digest(text)
	if err != nil {
		return "", fmt.Errorf("signoff: %s must be something that JSON can hold: %w", what, err)
	}
	return sum, nil
}

// userJSON is a value of the user's as JSON text.
func userJSON(value any, what string) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("signoff: %s must be something that JSON can hold: %w", what, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// readResult reads JSON text of the user's own into a type of theirs.
func readResult(text json.RawMessage, into any, what string) error {
	if text == nil {
		text = json.RawMessage("null")
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("signoff: what %s came to is no %T: %w", what, into, err)
	}
	return nil
}

// said is an error as it is recorded and reported.
func said(err error) string {
	text := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "\uFFFD"), "\x00", `\x00`)
	if text == "" {
		text = fmt.Sprintf("%T", err)
	}
	for len(text) > 100_000 {
		_, size := utf8.DecodeLastRuneInString(text[:100_000+1])
		text = text[:100_000+1-size]
	}
	return text
}
