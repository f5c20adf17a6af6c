package signoff

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"
)

// remembered is of how many reported attempts it is still known that they or later ones were here, so
// that a late dispatch runs nothing.
const remembered = 10_000

// releasesAtOnce is how many runs that wait are given back at a time.
const releasesAtOnce = 64

// handBackTime is what reports of what is handed back may take at least when the process ends.
const handBackTime = 2 * time.Second

// inHand are the attempts that this process runs, by attempt id: from dispatch to the accepted report.
// Each is one goroutine, which runs the reasoner and then sees its report taken.
type inHand struct {
	mutex    sync.Mutex
	attempts map[string]*attempt
	newest   map[string]*attempt
	// reported is the newest attempt of each execution that is recognised; order is that in which they
	// are forgotten.
	reported map[string]int
	order    []reportedAttempt
	// sorted and sum are of the attempts' ids; nil when they have to be made anew.
	sorted []string
	sum    string
	group  sync.WaitGroup
	// releases bounds how many are given back at a time, when thousands are due together.
	releases chan struct{}
	// closed: the process ends, and takes no new ones.
	closed bool
}

type reportedAttempt struct {
	executionID string
	number      int
}

func newInHand() *inHand {
	return &inHand{attempts: map[string]*attempt{}, newest: map[string]*attempt{}, reported: map[string]int{}, releases: make(chan struct{}, releasesAtOnce)}
}

// start runs an attempt and reports how it ends. It does nothing when the attempt or a later one of its
// execution is in hand, or was, and is false when no new ones are taken.
func (h *inHand) start(a *attempt, work func(*Run) (json.RawMessage, error)) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.hasHad(a.id) || h.closed {
		a.cancel(nil)
		return !h.closed
	}
	if earlier := h.newest[a.executionID]; earlier != nil {
		// It has lost its lease.
		earlier.end(ReportedStatusCancelled, "a later attempt has begun here")
	}
	h.newest[a.executionID], h.attempts[a.id], h.sorted = a, a, nil
	h.group.Go(func() {
		defer h.forget(a)
		a.seeThrough(work, h.releases)
	})
	return true
}

// knows tells whether an attempt is in hand, or was, or a later one of its execution.
func (h *inHand) knows(attemptID string) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.hasHad(attemptID)
}

// hasHad is knows for who holds the mutex.
func (h *inHand) hasHad(attemptID string) bool {
	executionID, number := attemptNumber(attemptID)
	newest := h.reported[executionID]
	if a := h.newest[executionID]; a != nil {
		newest = max(newest, a.number)
	}
	return number <= newest || h.attempts[attemptID] != nil
}

// close takes no new attempts from here on.
func (h *inHand) close() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.closed = true
}

func (h *inHand) isClosed() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.closed
}

func (h *inHand) get(attemptID string) *attempt {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.attempts[attemptID]
}

// running is how many do something: neither wait for a person nor for a child.
func (h *inHand) running() (count int) {
	for _, a := range h.all() {
		if !a.rests() {
			count++
		}
	}
	return count
}

func (h *inHand) all() []*attempt {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return slices.Collect(maps.Values(h.attempts))
}

// ids are sorted; sum is the SHA-256 over them, each followed by a line feed.
func (h *inHand) ids() (sorted []string, sum string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.sorted == nil {
		h.sorted = slices.AppendSeq([]string{}, maps.Keys(h.attempts))
		slices.Sort(h.sorted)
		hash := sha256.New()
		for _, id := range h.sorted {
			hash.Write([]byte(id + "\n"))
		}
		h.sum = hex.EncodeToString(hash.Sum(nil))
	}
	return h.sorted, h.sum
}

func (h *inHand) forget(a *attempt) {
	a.cancel(nil)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.attempts, a.id)
	if h.newest[a.executionID] == a {
		delete(h.newest, a.executionID)
	}
	h.sorted = nil
	h.reported[a.executionID] = max(h.reported[a.executionID], a.number)
	h.order = append(h.order, reportedAttempt{a.executionID, a.number})
	if len(h.order) > remembered {
		if oldest := h.order[0]; h.reported[oldest.executionID] == oldest.number {
			delete(h.reported, oldest.executionID)
		}
		h.order = h.order[1:]
	}
}

// suspend hands over what has only waited for people since then: it costs nothing any more, and the
// decision brings it back.
func (h *inHand) suspend(then time.Time) {
	for _, a := range h.all() {
		if a.restsSince(then) {
			a.end(ReportedStatusWaiting, "suspended until somebody decides")
		}
	}
}

// handBack is for the end of the process: what waits for somebody else is released, the rest may
// finish. Whatever is not finished after grace is handed back too, and goes on in another process by
// its steps. Reports that the server does not take in as long again, or in handBackTime where that is
// longer, are given up by endNow: then leases run out first.
func (h *inHand) handBack(clock Clock, grace time.Duration, endNow func()) {
	const why = "the agent is shutting down"
	h.close()
	for _, a := range h.all() {
		if a.rests() {
			// It costs the run nothing.
			a.end(ReportedStatusWaiting, why)
		}
	}
	finished := make(chan struct{})
	go func() { h.group.Wait(); close(finished) }()
	if within(clock, finished, grace) {
		return
	}
	for _, a := range h.all() {
		// A cancelled that nobody asked for hands it back.
		a.end(ReportedStatusCancelled, why)
	}
	// Little time, or none, for the work is no reason to tell nobody that it was left.
	telling := max(grace, handBackTime)
	if within(clock, finished, telling) {
		return
	}
	endNow()
	if !within(clock, finished, telling) {
		for _, a := range h.all() {
			a.log.Error("signoff: a reasoner does not end with its context", "execution", a.id)
		}
	}
}

// within waits for done, and tells whether it came in time.
func within(clock Clock, done <-chan struct{}, d time.Duration) bool {
	waiting, cancel := context.WithCancel(context.Background())
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = clock.Sleep(waiting, d)
	}()
	select {
	case <-done:
		return true
	case <-over:
		return false
	}
}

// pages is the list that the server asks for with resync; one empty page for nothing.
func pages(ids []string, size int) [][]string {
	if len(ids) == 0 {
		return [][]string{{}}
	}
	return slices.Collect(slices.Chunk(ids, size))
}
