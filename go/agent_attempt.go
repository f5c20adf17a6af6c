package signoff

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An attempt is a run from its dispatch to its report.
type attempt struct {
	nodeID, executionID, id, runID string
	number                         int
	client                         *Client
	log                            *slog.Logger
	notes                          *notes
	waiters                        waiters
	ctx                            context.Context
	cancel                         context.CancelCauseFunc

	mutex sync.Mutex
	// asked counts the keys under a prefix.
	asked map[string]int
	// recorded holds the steps of earlier attempts and of this one, by key.
	recorded map[string]*Step
	// parks are the verbs that wait for somebody else.
	parks map[*park]bool
	// working counts the steps that are being done.
	working int
	// stop is what to report instead of what the reasoner returns.
	stop *StatusReport
	// unheard: the control plane has said that this attempt is none any more, so nothing is reported.
	unheard bool
}

// A park is a verb that waits for somebody else: for the request or the execution with that id. since
// is when a person began to be waited for; it is zero while nobody knows whether one is, and where the
// wait ends when a time is over, which no other process would know of.
type park struct {
	id    string
	since time.Time
}

func newAttempt(life *lifetime, attemptID, runID string) *attempt {
	executionID, number := attemptNumber(attemptID)
	a := &attempt{
		nodeID: life.agent.nodeID, executionID: executionID, id: attemptID, runID: runID, number: number,
		client: life.client, log: life.agent.settings.log,
		asked: map[string]int{}, recorded: map[string]*Step{}, parks: map[*park]bool{},
	}
	a.notes = newNotes(life.ctx, a)
	a.ctx, a.cancel = context.WithCancelCause(context.WithValue(life.ctx, runKey{}, a))
	return a
}

// longestPrefix is that of a step key before its number; the contract gives both 300 characters.
const longestPrefix = 280

// key is the next one under a prefix: {prefix}.{n}, n counted from 1 in this attempt. A prefix that would
// be too long gives its end for its digest, alike in all languages.
func (a *attempt) key(prefix string) string {
	if len(prefix) > longestPrefix {
		prefix = prefix[:longestPrefix-65] + "." + digestOfText(prefix)
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.asked[prefix]++
	return prefix + "." + strconv.Itoa(a.asked[prefix])
}

// loadRecorded fetches what earlier attempts recorded; the first attempt has nothing to fetch.
func (a *attempt) loadRecorded() error {
	if a.number == 1 {
		return nil
	}
	for step, err := range a.client.IterSteps(a.ctx, a.id) {
		if err != nil {
			return err
		}
		a.recorded[step.Key] = step
	}
	return nil
}

// end stops the attempt, if nothing has stopped it yet, and says what is to be reported then.
func (a *attempt) end(status ReportedStatus, why string) {
	a.mutex.Lock()
	if a.stop == nil {
		a.stop = &StatusReport{Status: status, StatusReason: why}
		if status == ReportedStatusWaiting {
			a.stop.WaitsFor = a.waitsFor()
		}
	}
	a.mutex.Unlock()
	a.cancel(fmt.Errorf("%w: %s", ErrStopped, why))
}

// over stops the attempt of which nobody wants to hear any more.
func (a *attempt) over(why error) {
	a.mutex.Lock()
	a.unheard = true
	a.mutex.Unlock()
	a.end(ReportedStatusCancelled, why.Error())
}

// isOver tells whether the control plane has said that this attempt is none any more.
func (a *attempt) isOver() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.unheard
}

// ended is what to report instead of the reasoner's result; nil when nothing has stopped it.
func (a *attempt) ended() *StatusReport {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.stop
}

// waitsFor are the ids that it waits for. The mutex is held.
func (a *attempt) waitsFor() []string {
	ids := []string{}
	for parked := range a.parks {
		ids = append(ids, parked.id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (a *attempt) park(id string, since time.Time) *park {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	parked := &park{id, since}
	a.parks[parked] = true
	return parked
}

// waitsSince: a person is waited for, or, with the zero time, nobody knows.
func (a *attempt) waitsSince(parked *park, since time.Time) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if parked.since.IsZero() || since.IsZero() {
		parked.since = since
	}
}

func (a *attempt) unpark(parked *park) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.parks, parked)
}

// rests tells whether it waits for somebody else and does no step beside: another process could do
// that as well.
func (a *attempt) rests() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return len(a.parks) > 0 && a.working == 0
}

// restsSince tells whether it only waits, and for people, since then.
func (a *attempt) restsSince(then time.Time) bool {
	if !a.rests() {
		return false
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for parked := range a.parks {
		if parked.since.IsZero() || parked.since.After(then) {
			return false
		}
	}
	return true
}

// works counts a step that is being done, until the function is called that it returns.
func (a *attempt) works() func() {
	a.count(1)
	return func() { a.count(-1) }
}

func (a *attempt) count(more int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.working += more
}

// attemptNumber: exec_…~2 is the second attempt of exec_…; without a suffix it is the first.
func attemptNumber(attemptID string) (executionID string, number int) {
	executionID, suffix, _ := strings.Cut(attemptID, "~")
	number, err := strconv.Atoi(suffix)
	if err != nil || number < 1 {
		number = 1
	}
	return executionID, number
}
