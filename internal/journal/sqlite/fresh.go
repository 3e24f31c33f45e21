package sqlite

import (
	"sync"

	"github.com/parlance-chat/parlance/internal/journal"
)

// fresh keeps the ends of the logs in memory, so that readers who keep up
// neither touch the file nor decompress anything, and wakes those who wait.
type fresh struct {
	mu       sync.Mutex // guards the fields below
	webhooks map[journal.Source]*tail[journal.Webhook]
	events   map[string]*tail[journal.Event] // by workspace
	opened   ends
	order    []*block // of all tails, the oldest first
	bytes    int
}

// ends are where the logs ended when the journal was opened.
type ends struct{ webhook, event journal.Seq }

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
func (f *fresh) reset(opened ends) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.webhooks {
		t.wake()
	}
	for _, t := range f.events {
		t.wake()
	}
	f.webhooks, f.events = map[journal.Source]*tail[journal.Webhook]{}, map[string]*tail[journal.Event]{}
	f.opened, f.order, f.bytes = opened, nil, 0
}

// of returns the tail of one of the logs.
func of[K comparable, T any](tails map[K]*tail[T], key K, opened journal.Seq) *tail[T] {
	t := tails[key]
	if t == nil {
		t = &tail[T]{after: opened}
		tails[key] = t
	}
	return t
}

// addWebhooks makes known which webhooks of a source were committed.
func (f *fresh) addWebhooks(s journal.Source, list []journal.Webhook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	bytes := 0
	for i := range list {
		bytes += list[i].Size()
	}
	f.keep(bytes, of(f.webhooks, s, f.opened.webhook).add(list[len(list)-1].Seq, list))
}

// addEvents makes known which events of a workspace were committed.
func (f *fresh) addEvents(workspace string, list []journal.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	bytes := 0
	for i := range list {
		bytes += list[i].Size()
	}
	f.keep(bytes, of(f.events, workspace, f.opened.event).add(list[len(list)-1].Seq, list))
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

func (f *fresh) readWebhooks(s journal.Source, after journal.Seq, limit int) ([]journal.Webhook, bool, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return of(f.webhooks, s, f.opened.webhook).read(after, limit, func(w *journal.Webhook) journal.Seq { return w.Seq })
}

func (f *fresh) readEvents(workspace string, after journal.Seq, limit int) ([]journal.Event, bool, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return of(f.events, workspace, f.opened.event).read(after, limit, func(e *journal.Event) journal.Seq { return e.Seq })
}
