// Package engine turns journaled webhooks into events, each exactly once.
//
// An activity is applied once it has been held for the settle time, and after
// every earlier activity of the same conversation that has arrived. So within
// that time neither order nor repetition of webhooks matters. States, events
// and the engine's position are committed together: a restart at any point
// repeats nothing and loses nothing.
package engine

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	// readAhead and readAheadBytes bound what is held in memory. Beyond them,
	// webhooks wait in the journal.
	readAhead      = 50_000
	readAheadBytes = 64 << 20
	// perCommit bounds the activities of one commit.
	perCommit = 1_000
	// Under load, commits keep a distance: the more activities share one,
	// the less each costs.
	manyTogether = 50
	distance     = 50 * time.Millisecond
)

// Options are what Run needs. All fields but Settle are required.
type Options struct {
	Journal journal.Workbench
	// Settle is how long an activity is held.
	Settle time.Duration
	// Source tells where a source's conversations take place, and by which
	// rules. It is asked at every application, so that a reload counts.
	Source  func(workspace, source string) (conversation.Origin, conversation.Rules)
	Log     *slog.Logger
	Metrics *Metrics
}

// Metrics count what the engine does.
type Metrics struct {
	applied, repeated, invalid *prometheus.CounterVec
}

// NewMetrics registers the engine's metrics with r.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"workspace", "source"})
		r.MustRegister(c)
		return c
	}
	return &Metrics{
		applied:  counter("parlance_activities_applied_total", "Activities applied to their conversation."),
		repeated: counter("parlance_activities_repeated_total", "Activities that were known already."),
		invalid:  counter("parlance_events_invalid_total", "Events withheld because they would break the specification."),
	}
}

// Know makes a source's series: at 0 they say more than if they are absent.
func (m *Metrics) Know(workspace, source string) {
	for _, c := range []*prometheus.CounterVec{m.applied, m.repeated, m.invalid} {
		c.WithLabelValues(workspace, source)
	}
}

// Run applies webhooks until ctx is done, and returns nil then.
func Run(ctx context.Context, o Options) error {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		return err
	}
	e := &engine{o: o, mode: mode, waiting: map[journal.Conversation][]*item{}}
	err = e.retry(ctx, "position", func() (err error) {
		e.upTo, err = o.Journal.Position(ctx)
		e.after = e.upTo
		return err
	})
	for err == nil {
		err = e.cycle(ctx)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// An engine holds the webhooks that are not wholly applied.
type engine struct {
	o       Options
	mode    cbor.EncMode
	after   journal.Seq // read up to here
	upTo    journal.Seq // every webhook up to here is wholly applied
	queue   []*held     // in order of arrival, and so of their time
	passing []*held     // those of the queue whose calls are still to be passed on
	waiting map[journal.Conversation][]*item
	items   int                // in waiting
	bytes   int                // of what is in queue
	state   conversation.State // of the conversation being stepped through
}

// A held is a webhook of which something is still to be applied.
type held struct {
	workspace, source string
	seq               journal.Seq
	size              int
	due               time.Time
	items             []item
	calls             []journal.Event
	open              int // how many of its items and calls are not applied
}

// An item is an activity that waits for its time.
type item struct {
	*conversation.Activity
	of      *held
	applied bool
}

// cycle reads what has come, applies what is due, and commits it.
func (e *engine) cycle(ctx context.Context) error {
	horizon, err := e.read(ctx)
	if err != nil {
		return err
	}
	tasks := e.take(horizon)
	if !e.finish() && len(tasks) == 0 {
		return ctx.Err()
	}
	// A commit that failed may have happened, so each try asks the journal
	// anew what is known.
	began, many := time.Now(), false
	err = e.retry(ctx, "apply", func() error {
		applied, err := e.apply(ctx, tasks)
		if err != nil {
			return err
		}
		many = len(applied) > manyTogether
		return e.o.Journal.Commit(ctx, applied, e.upTo)
	})
	if err == nil && many {
		err = sleep(ctx, distance-time.Since(began))
	}
	return err
}

// read takes in webhooks until something is due and all that arrived before
// that is known. It returns the time up to which everything is known.
func (e *engine) read(ctx context.Context) (horizon time.Time, err error) {
	for e.items < readAhead && e.bytes < readAheadBytes {
		wait, cancel := e.untilDue(ctx)
		webhooks, err := e.o.Journal.Webhooks(wait, e.after, perCommit)
		late := wait.Err() != nil
		cancel()
		if err != nil && ctx.Err() == nil && !late {
			e.o.Log.Error("engine cannot read the journal", "error", err)
			return time.Time{}, sleep(ctx, time.Second)
		}
		now := time.Now()
		if len(webhooks) == 0 {
			return now, ctx.Err()
		}
		for _, w := range webhooks {
			e.hold(w, now)
		}
		// Under load there is always more to read.
		if last := webhooks[len(webhooks)-1].ReceivedAt; !last.Before(e.queue[0].due) {
			return last, nil
		}
	}
	// Memory is bounded: what has been read must be applied before more.
	err = sleep(ctx, time.Until(e.queue[0].due))
	return time.Now(), err
}

// untilDue bounds ctx by the time at which something is to be done.
func (e *engine) untilDue(ctx context.Context) (context.Context, context.CancelFunc) {
	switch {
	case len(e.passing) > 0:
		return context.WithDeadline(ctx, time.Time{})
	case len(e.queue) > 0:
		return context.WithDeadline(ctx, e.queue[0].due)
	default:
		return context.WithCancel(ctx)
	}
}

// hold puts a webhook's activities among those that wait.
func (e *engine) hold(w journal.Webhook, now time.Time) {
	h := &held{workspace: w.Workspace, source: w.Source, seq: w.Seq, size: w.Size(), due: w.ReceivedAt.Add(e.o.Settle),
		items: make([]item, len(w.Activities)), calls: w.Calls, open: len(w.Activities) + len(w.Calls)}
	if latest := now.Add(e.o.Settle); h.due.After(latest) {
		h.due = latest // the wall clock went back
	}
	for i := range w.Activities {
		it := &h.items[i]
		*it = item{Activity: &w.Activities[i], of: h}
		c := h.conversation(it.Conversation)
		at, _ := slices.BinarySearchFunc(e.waiting[c], it, func(x, y *item) int { return conversation.Compare(*x.Activity, *y.Activity) })
		e.waiting[c] = slices.Insert(e.waiting[c], at, it)
	}
	if len(w.Calls) > 0 {
		e.passing = append(e.passing, h)
	}
	e.items += h.open
	e.bytes += h.size
	e.after = w.Seq
	e.queue = append(e.queue, h)
}

func (h *held) conversation(id string) journal.Conversation {
	return journal.Conversation{Workspace: h.workspace, Source: h.source, ID: id}
}

// A task is what is to be applied to one conversation, in order. The
// conversation without ID stands for the calls that pass through a source.
type task struct {
	conversation journal.Conversation
	items        []*item
	calls        []journal.Event
}

// tasks are in the order in which their conversations first come up.
type tasks struct {
	list []*task
	of   map[journal.Conversation]*task
}

func (ts *tasks) task(c journal.Conversation) *task {
	t := ts.of[c]
	if t == nil {
		t = &task{conversation: c}
		ts.of[c] = t
		ts.list = append(ts.list, t)
	}
	return t
}

// take removes what is due by the horizon from what waits, and all that
// precedes it in its conversation.
func (e *engine) take(horizon time.Time) []*task {
	ts := tasks{of: map[journal.Conversation]*task{}}
	before := e.items
	for _, h := range e.passing {
		t := ts.task(h.conversation(""))
		t.calls = append(t.calls, h.calls...)
		h.open -= len(h.calls)
		e.items -= len(h.calls)
		h.calls = nil
	}
	e.passing = nil
	for _, h := range e.queue {
		if h.due.After(horizon) || before-e.items >= perCommit {
			break
		}
		for i := range h.items {
			it := &h.items[i]
			if it.applied {
				continue
			}
			c := h.conversation(it.Conversation)
			list := e.waiting[c]
			n := slices.Index(list, it) + 1
			for _, x := range list[:n] {
				x.applied = true
				x.of.open--
			}
			t := ts.task(c)
			t.items = append(t.items, list[:n]...)
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

// finish forgets the webhooks at the head that are wholly applied, and reports
// whether there were any.
func (e *engine) finish() bool {
	n := 0
	for ; n < len(e.queue) && e.queue[n].open == 0; n++ {
		e.upTo = e.queue[n].seq
		e.bytes -= e.queue[n].size
		e.queue[n] = nil
	}
	e.queue = e.queue[n:]
	return n > 0
}

// retry does f until it succeeds or ctx is done. A journal that cannot take
// more holds the engine up; it loses nothing.
func (e *engine) retry(ctx context.Context, what string, f func() error) error {
	wait := 50 * time.Millisecond
	for try := 0; ; try++ {
		err := f()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if try == 0 {
			e.o.Log.Error("engine waits for the journal", "doing", what, "error", err)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, 5*time.Second)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (e *engine) count(c *prometheus.CounterVec, t *task) {
	c.WithLabelValues(t.conversation.Workspace, t.conversation.Source).Inc()
}
