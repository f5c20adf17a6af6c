package signoff

import (
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"sync"
)

// Note leaves a remark in the run's history. It does not wait: notes are sent in order in the
// background, all of them before the run's result. A later attempt that says the same again adds
// nothing; that of a stopped run is none. A nil run logs it. Source: addNote.
func (r *Run) Note(message string, tags ...string) {
	if r == nil || r.of == nil {
		slog.Info("signoff: note", "message", message, "tags", tags)
		return
	}
	if r.of.ctx.Err() == nil {
		r.of.notes.add(message, tags)
	}
}

// notes are those of one attempt. Each has a key of its digest and its place among equals.
type notes struct {
	ctx   context.Context
	of    *attempt
	mutex sync.Mutex
	said  map[string]int
	queue []*Note
	// sent is closed when the queue is empty; nil while nothing is being sent.
	sent chan struct{}
}

func newNotes(ctx context.Context, of *attempt) *notes {
	return &notes{ctx: ctx, of: of, said: map[string]int{}}
}

func (n *notes) add(message string, tags []string) {
	if tags == nil {
		tags = []string{}
	}
	// Text and a list of texts: it cannot fail.
	text, _ := json.Marshal([]any{message, tags})
	sum, _ := digest(text)
	prefix := "note." + sum[:16]
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.said[prefix]++
	n.queue = append(n.queue, &Note{Message: message, Tags: tags, Key: prefix + "." + strconv.Itoa(n.said[prefix])})
	if n.sent == nil {
		n.sent = make(chan struct{})
		go n.send()
	}
}

// flush comes back when all that was said is stored, or refused for good.
func (n *notes) flush() {
	n.mutex.Lock()
	sent := n.sent
	n.mutex.Unlock()
	if sent != nil {
		<-sent
	}
}

func (n *notes) send() {
	for {
		n.mutex.Lock()
		if len(n.queue) == 0 {
			close(n.sent)
			n.sent = nil
			n.mutex.Unlock()
			return
		}
		note := n.queue[0]
		n.queue = n.queue[1:]
		n.mutex.Unlock()
		// A remark must not cost the run.
		if _, err := n.of.client.addNote(n.ctx, n.of.id, note); err != nil {
			n.of.log.Warn("signoff: a note was not taken", "execution", n.of.id, "error", err)
		}
	}
}
