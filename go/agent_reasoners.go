package signoff

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// A ReasonerOption is an option of AddReasoner.
type ReasonerOption func(*reasoner)

// ReasonerTags are free words, for people and programs that look for a reasoner.
func ReasonerTags(tags ...string) ReasonerOption { return func(r *reasoner) { r.tags = tags } }

// ReasonerDescription says what it does.
func ReasonerDescription(text string) ReasonerOption {
	return func(r *reasoner) { r.description = text }
}

// ReasonerSchemas are JSON Schemas of the input and the output, in place of those that are derived
// from the types. Nil leaves the derived one.
func ReasonerSchemas(input, output json.RawMessage) ReasonerOption {
	return func(r *reasoner) {
		if input != nil {
			r.input, r.shape = input, &schema{}
		}
		if output != nil {
			r.output = output
		}
	}
}

// A reasoner is a function that an agent offers, and how its input is read.
type reasoner struct {
	name, description string
	tags              []string
	input, output     json.RawMessage
	// shape checks an input, so that a bad one is told by its places.
	shape *schema
	// prepare reads an input; what it returns runs the function and writes its result.
	prepare func(input json.RawMessage) (func(*Run) (json.RawMessage, error), error)
}

var reasonerName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,170}$`)

// AddReasoner offers a function under a name, 1 to 170 of A-Z a-z 0-9 _ . -. Its types are the schema
// of its input and output, as package json reads and writes them: a field that may be left out has
// omitempty, omitzero or a pointer, a field that is not known is refused. Add reasoners before the
// agent is served; what is wrong with one is an error then.
//
// A later attempt of an execution runs the function again from its first line; its steps, calls and
// pauses come back with what is recorded. So it must take the same way for the same input, and what
// must not be done twice belongs into a [Run.Step].
func AddReasoner[In, Out any](a *Agent, name string, work func(*Run, In) (Out, error), options ...ReasonerOption) {
	shape := schemaOf(reflect.TypeFor[In]())
	made := &reasoner{name: name, shape: shape}
	made.prepare = func(text json.RawMessage) (func(*Run) (json.RawMessage, error), error) {
		var input In
		if err := json.Unmarshal(text, &input); err != nil {
			return nil, err
		}
		return func(run *Run) (json.RawMessage, error) {
			result, err := work(run, input)
			if err != nil {
				return nil, err
			}
			return userJSON(result, "the result of "+name)
		}, nil
	}
	// A schema is made of words and lists: it cannot fail.
	made.input, _ = json.Marshal(shape)
	made.output, _ = json.Marshal(schemaOf(reflect.TypeFor[Out]()))
	for _, option := range options {
		option(made)
	}
	a.add(made)
}

func (a *Agent) add(made *reasoner) {
	if !reasonerName.MatchString(made.name) {
		a.faults = append(a.faults, fmt.Errorf("signoff: a reasoner's name is 1 to 170 of A-Z a-z 0-9 _ . -, not %q", made.name))
	}
	if _, twice := a.reasoners[made.name]; twice {
		a.faults = append(a.faults, fmt.Errorf("signoff: %s has a reasoner %s already", a.nodeID, made.name))
	}
	a.reasoners[made.name] = made
	a.names = append(a.names, made.name)
}

// describe is what registerNode is told.
func (r *reasoner) describe() NewReasoner {
	told := NewReasoner{ID: r.name, InputSchema: r.input, OutputSchema: r.output}
	if len(r.tags) > 0 {
		told.Tags, _ = json.Marshal(r.tags)
	}
	if r.description != "" {
		told.Description, _ = json.Marshal(r.description)
	}
	return told
}

// read makes an input ready to be worked on; the places where it does not fit are returned instead.
func (r *reasoner) read(input []byte) (func(*Run) (json.RawMessage, error), []ProblemError) {
	if faults := r.shape.faults(input); len(faults) > 0 {
		return nil, faults
	}
	work, err := r.prepare(input)
	if err != nil {
		fault := ProblemError{In: "body", Detail: err.Error()}
		var typed *json.UnmarshalTypeError
		if errors.As(err, &typed) && typed.Field != "" {
			fault.Pointer, fault.Detail = "/"+strings.ReplaceAll(typed.Field, ".", "/"), "is no "+typed.Type.String()
		}
		return nil, []ProblemError{fault}
	}
	return work, nil
}
