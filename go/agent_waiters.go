package signoff

import (
	"context"
	"slices"
	"sync"
)

// waiters are the questions of one run that wait for an answer, by apr_ id. A callback can be faster
// than the answer to the request that asked, so an answer that nobody waits for yet is kept for
// whoever comes. The zero value is ready for use.
type waiters struct {
	mutex   sync.Mutex
	waiting map[string][]chan *ApprovalResult
	answers map[string]*ApprovalResult
}

// answer hands an answer to all who wait for it; the first one stays. It tells whether anybody does.
func (w *waiters) answer(result *ApprovalResult) bool {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	first, there := w.answers[result.ID]
	if !there {
		if w.answers == nil {
			w.answers = map[string]*ApprovalResult{}
		}
		first = result
		w.answers[result.ID] = first
	}
	waiting := w.waiting[result.ID]
	delete(w.waiting, result.ID)
	for _, each := range waiting {
		each <- first
	}
	return len(waiting) > 0
}

// wait is the answer to the request with that apr_ id; it ends with ctx.
func (w *waiters) wait(ctx context.Context, id string) (*ApprovalResult, error) {
	arrives, leave := w.enter(id)
	defer leave()
	select {
	case result := <-arrives:
		return result, nil
	case <-ctx.Done():
		// An answer that is there at the same time counts.
		select {
		case result := <-arrives:
			return result, nil
		default:
			return nil, ctx.Err()
		}
	}
}

func (w *waiters) enter(id string) (arrives chan *ApprovalResult, leave func()) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	arrives = make(chan *ApprovalResult, 1)
	if first, there := w.answers[id]; there {
		arrives <- first
		return arrives, func() {}
	}
	if w.waiting == nil {
		w.waiting = map[string][]chan *ApprovalResult{}
	}
	w.waiting[id] = append(w.waiting[id], arrives)
	return arrives, func() { w.leave(id, arrives) }
}

func (w *waiters) leave(id string, arrives chan *ApprovalResult) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	left := slices.DeleteFunc(w.waiting[id], func(each chan *ApprovalResult) bool { return each == arrives })
	if len(left) > 0 {
		w.waiting[id] = left
	} else {
		delete(w.waiting, id)
	}
}
