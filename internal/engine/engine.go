// Package engine turns journaled webhooks into events, each exactly once.
//
// An activity is applied once it has been held for the settle time, and after
// every earlier activity of the same conversation that has arrived. So within
// that time neither order nor repetition of webhooks matters. States, events
// and the engine's position are committed together: a restart at any point
// repeats nothing and loses nothing. Each source is applied on its own, so that
// none delays another.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	// readAhead bounds the activities of a source that are held in memory, and
	// readAheadBytes what all sources hold, where one may hold ownBytes in any
	// case. Beyond that, webhooks wait in the journal.
	readAhead      = 50_000
	readAheadBytes = 64 << 20
	ownBytes       = 256 << 10
	// perCommit and perCommitBytes bound what is applied in one commit.
	perCommit      = 1_000
	perCommitBytes = 4 << 20
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
	// Source tells how a source's conversations are told. It is asked at every
	// application, so that a reload counts.
	Source  func(workspace, source string) Source
	Log     *slog.Logger
	Metrics *Metrics
}

// A Source is how a source's conversations are told.
type Source struct {
	conversation.Origin
	conversation.Rules
	// Agents are those of whom the tool tells only the ID, by it.
	Agents map[string]conversation.Agent
}

// Run applies webhooks until ctx is done, and returns nil then.
func Run(ctx context.Context, o Options) error {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.UserBufferEncMode()
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	defer running.Wait()
	var bytes atomic.Int64
	for started := 0; ; {
		sources, err := o.Journal.Sources(ctx, started)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			o.Log.Error("engine cannot read the journal", "error", err)
			if sleep(ctx, time.Second) != nil {
				return nil
			}
			continue
		}
		for _, s := range sources[started:] {
			e := &engine{o: o, mode: mode, source: s, all: &bytes, waiting: map[string][]*item{}}
			running.Go(func() { e.run(ctx) })
		}
		started = len(sources)
	}
}

// An engine holds the webhooks of one source that are not wholly applied.
type engine struct {
	o       Options
	mode    cbor.UserBufferEncMode
	packing packing
	source  journal.Source
	all     *atomic.Int64      // bytes that all engines hold
	after   journal.Seq        // read up to here
	upTo    journal.Seq        // every webhook up to here is wholly applied
	queue   []*lot             // in order of arrival, and so of their time
	passing []*lot             // those of the queue whose calls are still to be passed on
	waiting map[string][]*item // by conversation
	items   int                // in waiting
	bytes   int                // of what is in queue
	state   conversation.State // of the conversation being stepped through
	people  people
	next    time.Time // when a conversation is to be woken; zero if none is
	woken   []*task   // those whose time has come
}

// run applies webhooks until ctx is done.
func (e *engine) run(ctx context.Context) {
	err := e.retry(ctx, "position", func() (err error) {
		if e.upTo, err = e.o.Journal.Position(ctx, e.source); err != nil {
			return err
		}
		e.after = e.upTo
		list, err := e.o.Journal.Wakes(ctx, e.source, 1)
		if len(list) > 0 {
			e.next = list[0].At
		}
		return err
	})
	for err == nil {
		err = e.cycle(ctx)
	}
}

// cycle reads what has come, applies what is due, and commits it.
func (e *engine) cycle(ctx context.Context) error {
	due, err := e.read(ctx)
	if err != nil {
		return err
	}
	tasks := append(e.take(due), e.woken...)
	e.woken = nil
	if !e.finish() && len(tasks) == 0 {
		return ctx.Err()
	}
	// A commit that failed may have happened, so each try asks the journal
	// anew what is known.
	began := time.Now()
	var applied []journal.Applied
	err = e.retry(ctx, "apply", func() (err error) {
		if applied, err = e.apply(ctx, tasks); err != nil {
			return err
		}
		for _, a := range applied {
			e.wakeBy(a.Wake) // also if the commit seems to fail
		}
		return e.o.Journal.Commit(ctx, e.source, applied, e.upTo)
	})
	if err == nil {
		clear(e.people.changed)
		e.count(tasks)
	}
	if err == nil && len(applied) > manyTogether {
		err = sleep(ctx, distance-time.Since(began))
	}
	return err
}

// read takes in webhooks until some at the head of the queue are due, and all
// that arrived before that is known. It returns how many.
func (e *engine) read(ctx context.Context) (due int, err error) {
	for e.items < readAhead && (e.bytes < ownBytes || e.all.Load() < readAheadBytes) {
		wait, cancel := e.untilDue(ctx)
		webhooks, err := e.o.Journal.Webhooks(wait, e.source, e.after, perCommit)
		cancel()
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			e.o.Log.Error("engine cannot read the journal", "workspace", e.source.Workspace, "source", e.source.Name, "error", err)
			return 0, sleep(ctx, time.Second)
		case len(webhooks) == 0:
			return e.due(func(l *lot) bool { return !l.due.After(now) }), e.rouse(ctx, now)
		}
		for rest := webhooks; len(rest) > 0; {
			rest = e.hold(rest, now)
		}
		// Under load there is always more to read.
		last := webhooks[len(webhooks)-1].ReceivedAt
		if err := e.rouse(ctx, last); err != nil {
			return 0, err
		}
		if due := e.due(func(l *lot) bool { return !l.received.Add(e.o.Settle).After(last) }); due > 0 || len(e.passing)+len(e.woken) > 0 {
			return due, nil // calls wait for nobody
		}
	}
	// Memory is bounded: what has been read must be applied before more.
	err = sleep(ctx, time.Until(e.queue[0].due))
	return e.due(func(l *lot) bool { return !l.due.After(time.Now()) }), err
}

// due returns how many lots at the head of the queue are so.
func (e *engine) due(so func(*lot) bool) (n int) {
	for n < len(e.queue) && so(e.queue[n]) {
		n++
	}
	return n
}

// untilDue bounds ctx by the time at which something is to be done.
func (e *engine) untilDue(ctx context.Context) (context.Context, context.CancelFunc) {
	at := e.next
	if len(e.queue) > 0 && (at.IsZero() || e.queue[0].due.Before(at)) {
		at = e.queue[0].due
	}
	if at.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, at)
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
			e.o.Log.Error("engine waits for the journal", "workspace", e.source.Workspace, "source", e.source.Name, "doing", what, "error", err)
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
