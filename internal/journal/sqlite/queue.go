package sqlite

import (
	"fmt"
	"sync"

	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	// queueBytes and queueLength bound what waits to be written.
	queueBytes  = 32 << 20
	queueLength = 8192
	// groupBytes bounds one transaction.
	groupBytes = 4 << 20
)

// A request is something to be written.
type request struct {
	gather  func(*tx)       // adds to the blocks; may be nil
	do      func(*tx) error // does the rest; may be nil
	size    int
	outside bool // alone, and outside of any transaction
	done    chan error
}

// A queue holds what waits to be written.
type queue struct {
	mu     sync.Mutex // guards the fields below
	more   *sync.Cond
	list   []*request
	bytes  int
	closed bool
}

func (q *queue) init() { q.more = sync.NewCond(&q.mu) }

// put adds a request, or says that there is no room.
func (q *queue) put(r *request) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return fmt.Errorf("%w: it is closed", journal.ErrFull)
	case q.bytes+r.size > queueBytes && len(q.list) > 0, len(q.list) >= queueLength:
		return fmt.Errorf("%w: too much waits to be written", journal.ErrFull)
	}
	q.list = append(q.list, r)
	q.bytes += r.size
	q.more.Signal()
	return nil
}

// take waits for requests and removes as many as make one transaction. It
// returns nil when the queue is closed and empty.
func (q *queue) take() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.list) == 0 && !q.closed {
		q.more.Wait()
	}
	n, bytes := 0, 0
	for n < len(q.list) && (n == 0 || bytes+q.list[n].size <= groupBytes && !q.list[n].outside) {
		bytes += q.list[n].size
		n++
		if q.list[n-1].outside {
			break
		}
	}
	group := q.list[:n:n]
	if q.list = q.list[n:]; len(q.list) == 0 {
		q.list = nil
	}
	q.bytes -= bytes
	return group
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.more.Broadcast()
}
