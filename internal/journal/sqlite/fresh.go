package sqlite

import (
	"sync"

	"github.com/parlance-chat/parlance/internal/journal"
)

// fresh keeps the ends of the logs in memory, so that readers who keep up
// neither touch the file nor decompress anything, and wakes those who wait.
type fresh struct {
	mu       sync.Mutex // guards the fields below
	webhooks tail[journal.Webhook]
	events   map[string]*tail[journal.Event] // by workspace
	opened   journal.Seq                     // the last event when the journal was opened
	order    []*block                        // of all tails, the oldest first
	bytes    int
}

// A tail is the end of one log.
type tail[T any] struct {
	after  journal.Seq // everything after it is in list
	list   []entry[T]
	wakeup chan struct{} // closed at the next addition; nil if nobody waits
}

type entry[T any] struct {
	last  journal.Seq
	items []T
}

// A block is an entry, seen from the order of age.
type block struct {
	bytes int
	drop  func() // removes it from its tail
}

// reset begins anew at the ends of the logs, and wakes all who wait.
func (f *fresh) reset(lastWebhook, lastEvent journal.Seq) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.webhooks.wake()
	for _, t := range f.events {
		t.wake()
	}
	f.webhooks, f.events = tail[journal.Webhook]{after: lastWebhook}, map[string]*tail[journal.Event]{}
	f.opened, f.order, f.bytes = lastEvent, nil, 0
}

func (f *fresh) of(workspace string) *tail[journal.Event] {
	t := f.events[workspace]
	if t == nil {
		t = &tail[journal.Event]{after: f.opened}
		f.events[workspace] = t
	}
	return t
}

// add makes known what was committed.
func (f *fresh) add(webhooks []journal.Webhook, events map[string][]journal.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(webhooks); n > 0 {
		bytes := 0
		for i := range webhooks {
			bytes += webhooks[i].Size()
		}
		f.keep(bytes, f.webhooks.add(webhooks[n-1].Seq, webhooks))
	}
	for workspace, list := range events {
		bytes := 0
		for i := range list {
			bytes += list[i].Size()
		}
		f.keep(bytes, f.of(workspace).add(list[len(list)-1].Seq, list))
	}
}

// add appends to the tail and wakes who waits.
func (t *tail[T]) add(last journal.Seq, items []T) (drop func()) {
	t.list = append(t.list, entry[T]{last, items})
	t.wake()
	return func() {
		t.after = t.list[0].last
		t.list[0] = entry[T]{}
		t.list = t.list[1:]
	}
}

func (t *tail[T]) wake() {
	if t.wakeup != nil {
		close(t.wakeup)
		t.wakeup = nil
	}
}

// keep counts a block, and drops the oldest while there are too many bytes.
func (f *fresh) keep(bytes int, drop func()) {
	f.order = append(f.order, &block{bytes, drop})
	f.bytes += bytes
	for f.bytes > cacheBytes && len(f.order) > 1 {
		f.bytes -= f.order[0].bytes
		f.order[0].drop()
		f.order[0] = nil
		f.order = f.order[1:]
	}
}

// read returns up to limit items after a position, if the tail reaches back so
// far, and a channel that is closed when there is more.
// The caller holds the lock.
func (t *tail[T]) read(after journal.Seq, limit int, seq func(*T) journal.Seq) (items []T, complete bool, wakeup <-chan struct{}) {
	if after >= t.after {
		next := len(t.list)
		for next > 0 && t.list[next-1].last > after {
			next--
		}
		n := 0
		for _, e := range t.list[next:] {
			n += len(e.items)
		}
		items = make([]T, 0, min(n, limit))
		for _, e := range t.list[next:] {
			for i := range e.items {
				if seq(&e.items[i]) > after && len(items) < limit {
					items = append(items, e.items[i])
				}
			}
			if len(items) >= limit {
				break
			}
		}
	}
	if t.wakeup == nil {
		t.wakeup = make(chan struct{})
	}
	return items, after >= t.after, t.wakeup
}

func (f *fresh) readWebhooks(after journal.Seq, limit int) ([]journal.Webhook, bool, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.webhooks.read(after, limit, func(w *journal.Webhook) journal.Seq { return w.Seq })
}

func (f *fresh) readEvents(workspace string, after journal.Seq, limit int) ([]journal.Event, bool, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.of(workspace).read(after, limit, func(e *journal.Event) journal.Seq { return e.Seq })
}
