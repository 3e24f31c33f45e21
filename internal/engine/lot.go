package engine

import (
	"bytes"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/s2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A lot is webhooks that were journaled together, and so are due together,
// while something of them is still to be applied. Under load tens of thousands
// of activities wait, so they are packed: that takes a third of the memory, and
// the garbage collector has nothing to follow.
type lot struct {
	last     journal.Seq // of its webhooks
	size     int         // of its webhooks
	received time.Time
	due      time.Time // by the clock that does not go back
	items    []item
	keys     []byte // the items' keys
	packed   []byte // the items' activities, as CBOR, compressed
	calls    []journal.Event
	open     int // how many of its items and calls are not applied
}

// An item is an activity that waits for its time.
type item struct {
	conversation string
	of           *lot
	webhook      journal.Seq
	key          span // in the lot's keys
	packed       span // in what the lot has packed
	applied      bool
}

// A span is a part of bytes.
type span struct{ from, to uint32 }

func (s span) of(b []byte) []byte { return b[s.from:s.to] }

// packing is room for what is packed, used again and again.
type packing struct {
	plain      bytes.Buffer
	keys, room []byte
}

// hold puts the activities of the first webhooks, those that were journaled
// together, among those that wait, and returns the others.
func (e *engine) hold(webhooks []journal.Webhook, now time.Time) (others []journal.Webhook) {
	received := webhooks[0].ReceivedAt
	// If the wall clock went back, the journal's times wait for it; we do not.
	left := min(received.Add(e.o.Settle).Sub(now), e.o.Settle)
	l := &lot{received: received, due: now.Add(left)}
	n, activities := 0, 0
	for ; n < len(webhooks) && webhooks[n].ReceivedAt.Equal(received) && activities < perCommit && l.size < perCommitBytes; n++ {
		w := &webhooks[n]
		activities += len(w.Activities)
		l.size += w.Size()
		for _, c := range w.Calls {
			c.Webhook = w.Seq
			l.calls = append(l.calls, c)
		}
		e.people.hear(w)
	}
	l.last, l.items = webhooks[n-1].Seq, make([]item, 0, activities)
	e.pack(l, webhooks[:n])
	for i := range l.items {
		it := &l.items[i]
		c := it.conversation
		at, _ := slices.BinarySearchFunc(e.waiting[c], it, compare)
		e.waiting[c] = slices.Insert(e.waiting[c], at, it)
	}
	if len(l.calls) > 0 {
		e.passing = append(e.passing, l)
	}
	l.open = len(l.items) + len(l.calls)
	e.items += l.open
	e.bytes += l.size
	e.all.Add(int64(l.size))
	e.after = l.last
	e.queue = append(e.queue, l)
	return webhooks[n:]
}

// pack makes the lot's items.
func (e *engine) pack(l *lot, webhooks []journal.Webhook) {
	p := &e.packing
	p.plain.Reset()
	p.keys = p.keys[:0]
	for i := range webhooks {
		for j := range webhooks[i].Activities {
			a := &webhooks[i].Activities[j]
			it := item{conversation: a.Conversation, of: l, webhook: webhooks[i].Seq}
			it.key.from, it.packed.from = uint32(len(p.keys)), uint32(p.plain.Len())
			p.keys = conversation.AppendKey(p.keys, a)
			if err := e.mode.MarshalToBuffer(a, &p.plain); err != nil {
				panic("engine: BUG: an activity cannot be packed: " + err.Error())
			}
			it.key.to, it.packed.to = uint32(len(p.keys)), uint32(p.plain.Len())
			l.items = append(l.items, it)
		}
	}
	p.room = s2.Encode(p.room[:cap(p.room)], p.plain.Bytes())
	l.keys, l.packed = bytes.Clone(p.keys), bytes.Clone(p.room)
}

// unpack returns what all activities of the lot are read from.
func (l *lot) unpack() []byte {
	b, err := s2.Decode(nil, l.packed)
	if err != nil {
		panic("engine: BUG: what was packed cannot be unpacked: " + err.Error())
	}
	return b
}

// activity reads the item's activity from what its lot unpacks to.
func (it *item) activity(unpacked []byte) (a conversation.Activity) {
	if err := cbor.Unmarshal(it.packed.of(unpacked), &a); err != nil {
		panic("engine: BUG: a packed activity cannot be read: " + err.Error())
	}
	return a
}

// compare orders items as conversation.Compare orders their activities.
func compare(x, y *item) int {
	if c := bytes.Compare(x.key.of(x.of.keys), y.key.of(y.of.keys)); c != 0 {
		return c
	}
	return conversation.Compare(x.activity(x.of.unpack()), y.activity(y.of.unpack()))
}

// A task is what is to be applied to one conversation, in order. The
// conversation without ID stands for the calls that pass through a source.
type task struct {
	conversation               journal.Conversation
	activities                 []toldBy
	calls                      []journal.Event
	woken                      bool
	applied, repeated, invalid int // by the last try
}

// A toldBy is an activity, and the webhook that told of it.
type toldBy struct {
	conversation.Activity
	webhook journal.Seq
}

// tasks are in the order in which their conversations first come up.
type tasks struct {
	list     []*task
	of       map[string]*task
	unpacked map[*lot][]byte
}

func (e *engine) task(ts *tasks, c string) *task {
	t := ts.of[c]
	if t == nil {
		t = &task{conversation: e.conversation(c)}
		ts.of[c] = t
		ts.list = append(ts.list, t)
	}
	return t
}

// add gives the task an activity.
func (ts *tasks) add(t *task, it *item) {
	b := ts.unpacked[it.of]
	if b == nil {
		b = it.of.unpack()
		ts.unpacked[it.of] = b
	}
	t.activities = append(t.activities, toldBy{it.activity(b), it.webhook})
}

// take removes the first lots of the queue, which are due, from what waits, and
// all that precedes them in their conversations.
func (e *engine) take(due int) []*task {
	ts := tasks{of: map[string]*task{}, unpacked: map[*lot][]byte{}}
	before, size := e.items, 0
	for _, l := range e.passing {
		t := e.task(&ts, "")
		t.calls = append(t.calls, l.calls...)
		l.open -= len(l.calls)
		e.items -= len(l.calls)
		l.calls = nil
	}
	e.passing = nil
	for _, l := range e.queue[:due] {
		if before-e.items >= perCommit || size >= perCommitBytes {
			break
		}
		size += l.size
		for i := range l.items {
			it := &l.items[i]
			if it.applied {
				continue
			}
			c := it.conversation
			t, list := e.task(&ts, c), e.waiting[c]
			n := slices.Index(list, it) + 1
			for _, x := range list[:n] {
				ts.add(t, x)
				x.applied = true
				x.of.open--
			}
			e.items -= n
			if n == len(list) {
				delete(e.waiting, c)
			} else {
				e.waiting[c] = list[n:]
			}
		}
	}
	return ts.list
}

// finish forgets the lots at the head that are wholly applied, and reports
// whether there were any.
func (e *engine) finish() bool {
	n := 0
	for ; n < len(e.queue) && e.queue[n].open == 0; n++ {
		e.upTo = e.queue[n].last
		e.bytes -= e.queue[n].size
		e.all.Add(-int64(e.queue[n].size))
		e.queue[n] = nil
	}
	e.queue = e.queue[n:]
	return n > 0
}
