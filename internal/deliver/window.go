package deliver

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
)

// An item is an event with the call that the destination is to get, or why
// there is none.
type item struct {
	event journal.Event
	call  *destination.Call // without sentAt; nil if the destination is not to get it
	err   error
	read  time.Time
	held  int         // bytes of memory
	upTo  journal.Seq // where the cursor stands once this and all before it are done
	done  bool
}

// size is what the call has in an attempt, with what separates it from others.
func (i *item) size() int { return len(i.call.JSON) + stampSize + 1 }

// item makes an event what the destination is to get.
func (s sender) item(e journal.Event) *item {
	i := &item{event: e, read: time.Now(), held: e.Size(), upTo: e.Seq}
	if i.call, i.err = s.Policy.render(e); i.err != nil || i.call == nil {
		return i
	}
	if size := i.size() - 1; s.limits.CallBytes > 0 && size > s.limits.CallBytes {
		i.err = fmt.Errorf("the call has %d bytes, and the destination takes %d", size, s.limits.CallBytes)
	}
	return i
}

// A window is what was read and is not done: the log from the cursor on. It is
// a queue for each conversation, and says which calls may take off together.
type window struct {
	limits      destination.Limits
	most, bytes int         // how many events and bytes of memory it may have
	at          journal.Seq // everything up to here is done
	list        []*item     // what follows, in order; some of it done
	held        int         // bytes of what is not done

	threads map[string]*thread
	ready   []*thread // that may take off, in the order in which they could
	calls   int       // of those
	size    int       // of those calls
}

// A thread is what one conversation has to be taken.
type thread struct {
	waiting []*item
	size    int  // of their calls
	flying  bool // others are on their way
}

func newWindow(l destination.Limits) window {
	return window{limits: l, most: max(readAtOnce, 2*l.InFlight*l.Calls), bytes: max(readBytes, 2*l.InFlight*l.Bytes)}
}

// room says how many events and bytes may be read. There is none until half of
// the window is free, so that the log is not read in crumbs.
func (w *window) room() (events, bytes int) {
	if len(w.list) > w.most/2 || w.held > w.bytes/2 {
		return 0, 0
	}
	return w.most - len(w.list), w.bytes - w.held
}

// add appends what was read next.
func (w *window) add(i *item) {
	switch {
	case i.call == nil && i.err == nil && len(w.list) == 0:
		w.at = i.upTo
		return
	case i.call == nil && i.err == nil:
		w.list[len(w.list)-1].upTo = i.upTo
		return
	}
	w.list = append(w.list, i)
	w.held += i.held
	if i.err != nil {
		return
	}
	key := w.key(i)
	t := w.threads[key]
	if t == nil {
		if t = (&thread{}); w.threads == nil {
			w.threads = map[string]*thread{}
		}
		w.threads[key] = t
	}
	t.waiting = append(t.waiting, i)
	t.size += i.size()
	if t.flying {
		return
	}
	if w.calls, w.size = w.calls+1, w.size+i.size(); len(t.waiting) == 1 {
		w.ready = append(w.ready, t)
	}
}

// key names the thread of an item. Where one attempt is made after the other,
// all is one conversation, in the order of the log.
func (w *window) key(i *item) string {
	if w.limits.InFlight == 1 {
		return ""
	}
	return i.call.Conversation
}

// due says in how long calls may take off, if any wait. They go at once if
// they fill an attempt.
func (w *window) due(now time.Time, others bool) (wait time.Duration, ok bool) {
	if w.calls == 0 {
		return 0, false
	}
	age := w.limits.Age
	if others {
		age = max(age, beside)
	}
	if age == 0 || w.calls >= w.limits.Calls || w.limits.Bytes > 0 && w.size+envelope >= w.limits.Bytes {
		return 0, true
	}
	oldest := now
	for _, t := range w.ready {
		if at := t.waiting[0].read; at.Before(oldest) {
			oldest = at
		}
	}
	return max(0, age-now.Sub(oldest)), true
}

// envelope is what stands around the calls of an attempt.
const envelope = len(`{"batch":[],"sentAt":"2006-01-02T15:04:05.000Z"}`)

// take removes as many calls as one attempt has, in the order of the log. Of
// each conversation it takes all that waits, so that others are left for those
// who fly beside.
func (w *window) take() (flight []*item) {
	size := envelope
	for len(w.ready) > 0 {
		t := w.ready[0]
		n, bytes := 0, 0
		for n < len(t.waiting) && w.fits(len(flight)+n+1, size+bytes+t.waiting[n].size()) {
			bytes += t.waiting[n].size()
			n++
		}
		if n == 0 {
			break
		}
		w.ready[0] = nil
		w.ready = w.ready[1:]
		w.calls, w.size = w.calls-len(t.waiting), w.size-t.size
		flight = append(flight, t.waiting[:n]...)
		t.waiting, t.size, t.flying = t.waiting[n:], t.size-bytes, true
		if size += bytes; len(t.waiting) > 0 {
			break // what is left did not fit
		}
	}
	slices.SortFunc(flight, func(a, b *item) int { return cmp.Compare(a.event.Seq, b.event.Seq) })
	return flight
}

// fits reports whether one attempt may have so much.
func (w *window) fits(calls, bytes int) bool {
	return calls == 1 || calls <= w.limits.Calls && (w.limits.Bytes == 0 || bytes <= w.limits.Bytes)
}

// release lets the conversations of a flight that has ended take off again.
func (w *window) release(flight []*item) {
	for _, i := range flight {
		key := w.key(i)
		t := w.threads[key]
		if t == nil || !t.flying {
			continue // another call of the flight has told
		}
		if w.let(t); len(t.waiting) == 0 {
			delete(w.threads, key)
		}
	}
	if len(w.threads) == 0 {
		w.threads, w.ready = nil, nil // of thousands of destinations, most are idle
	}
}

// let has what waits of a thread take off again.
func (w *window) let(t *thread) {
	if t.flying = false; len(t.waiting) > 0 {
		w.ready = append(w.ready, t)
		w.calls, w.size = w.calls+len(t.waiting), w.size+t.size
	}
}

// part takes half of the conversations that are not done out of a flight, lets
// them take off again, and returns the flight without them.
func (w *window) part(flight []*item) (rest []*item) {
	back := map[string][]*item{}
	var keys []string
	for _, i := range flight {
		key := w.key(i)
		if i.done {
			continue
		}
		if back[key] == nil {
			keys = append(keys, key)
		}
		back[key] = append(back[key], i)
	}
	for _, key := range keys[:(len(keys)+1)/2] {
		delete(back, key)
	}
	for _, key := range keys[(len(keys)+1)/2:] {
		t := w.threads[key]
		for _, i := range back[key] {
			t.size += i.size()
		}
		t.waiting = append(back[key], t.waiting...)
		w.let(t)
	}
	return slices.DeleteFunc(flight, func(i *item) bool { return back[w.key(i)] != nil })
}

// done notes that items are, and moves on to the first that is not.
func (w *window) done(items []*item) {
	for _, i := range items {
		i.done = true
		w.held -= i.held
		i.event.JSON = nil
		if i.call != nil {
			i.call.JSON = nil // it may have long to wait for one before it
		}
	}
	n := 0
	for n < len(w.list) && w.list[n].done {
		w.at = w.list[n].upTo
		n++
	}
	clear(w.list[:n])
	if w.list = w.list[n:]; len(w.list) == 0 {
		w.list = nil
	}
}
