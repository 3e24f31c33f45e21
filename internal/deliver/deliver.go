// Package deliver hands a workspace's events to one destination, each
// conversation's in order, for as long as it takes.
//
// There is one reader for each destination. What it reads goes into a window;
// from there flights take it to the destination, as many at once as that
// allows, and no two with calls of one conversation. The cursor follows the
// oldest call that is not done. Back-pressure is the log itself: a full window
// is not read into.
package deliver

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

const (
	// readAtOnce and readBytes bound what is in memory of each destination,
	// however long it is dead, unless its own limits want more: twice what it
	// takes at once.
	readAtOnce = 1000
	readBytes  = 4 << 20
	// beside is how long calls wait for others while an attempt is under way,
	// so that a second one is not made for a few.
	beside = 10 * time.Millisecond
	// drainTime is how long an attempt under way may take once the loop is
	// told to stop.
	drainTime = 5 * time.Second
)

// Options are what Run needs. Journal, Workspace, Name, Destination, Log and
// Metrics are required.
type Options struct {
	Journal     journal.Outbox
	Workspace   string
	Name        string // of the destination
	Destination destination.Destination
	Policy      Policy
	Pace        Pace
	Rate        *Rate
	Resume      <-chan struct{} // a value ends a pause
	Record      *Record         // is told how it goes
	Log         *slog.Logger
	Metrics     *Metrics

	beside bool // see onceMore
}

// A loop is the delivery to one destination.
type loop struct {
	sender
	ctx     context.Context
	gate    *gate
	read    journal.Seq   // how far the reader has got
	look    chan struct{} // holds a value when the reader is to look again
	saving  chan struct{} // holds a value while done is under way
	workers sync.WaitGroup

	mu      sync.Mutex // guards the fields below
	window  window
	flights int
	waits   bool        // the reader waits for events, and has put all that were there into the window
	timer   *time.Timer // has flights take off later; nil before it is needed
	stopped bool

	// Whoever has put a value into saving has these.
	saved journal.Seq // where the cursor is
	lost  bool        // a move failed: what followed it could be lost
}

// Run delivers until ctx is done, and returns nil then. Attempts under way may
// finish.
func Run(ctx context.Context, o Options) error {
	l := newLoop(ctx, o)
	defer l.metrics.remove()
	if err := l.retry(ctx, func() (err error) {
		l.read, err = o.Journal.Cursor(ctx, o.Workspace, o.Name)
		return err
	}); err != nil {
		return nil
	}
	l.saved, l.window.at = l.read, l.read
	l.follow(ctx)
	l.mu.Lock()
	l.stopped = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.mu.Unlock()
	l.workers.Wait()
	return nil
}

func newLoop(ctx context.Context, o Options) *loop {
	o.Log = o.Log.With("workspace", o.Workspace, "destination", o.Name)
	l := &loop{sender: newSender(o), ctx: ctx, look: make(chan struct{}, 1), saving: make(chan struct{}, 1)}
	l.gate = newGate(l)
	l.window = newWindow(l.limits)
	return l
}

// follow reads what follows into the window, and has it take off, until ctx is
// done. It waits for events only where they could take off: a destination that
// takes nothing is not woken by each. Else it looks again when it is told.
func (l *loop) follow(ctx context.Context) {
	now, cancel := context.WithCancel(ctx)
	cancel() // what is there already is read, and nothing is waited for
	for ctx.Err() == nil {
		if l.depart() {
			l.fill(ctx)
			continue
		}
		if l.fill(now) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-l.look:
			l.fill(now) // so that what takes off next has what came meanwhile
		}
	}
}

// depart begins flights, and reports whether the reader may wait for events
// then. It may not while they could not take off, or there is no room.
func (l *loop) depart() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin()
	room, _ := l.window.room()
	l.waits = room > 0 && (l.flights == 0 || l.flights < l.limits.InFlight && l.gate.open())
	return l.waits
}

// fill reads events into the window if half of it is free, and waits for them
// until ctx is done. It reports whether there were any.
func (l *loop) fill(ctx context.Context) bool {
	l.mu.Lock()
	limit, bytes := l.window.room()
	l.mu.Unlock()
	if limit == 0 {
		return false
	}
	var events []journal.Event
	err := l.retry(ctx, func() (err error) {
		events, err = l.Journal.Events(ctx, l.Workspace, l.read, limit)
		return err
	})
	if err != nil || len(events) == 0 {
		return false
	}
	l.take(bounded(events, bytes))
	return true
}

// bounded returns the first of the events, and lets go of those that are too
// many to hold: they are read again.
func bounded(events []journal.Event, bytes int) []journal.Event {
	size := 0
	for i := range events {
		if size += events[i].Size(); size > bytes && i > 0 {
			return slices.Clone(events[:i])
		}
	}
	return events
}

// take puts events into the window. Those that the destination is not to get
// are passed, and those that it cannot get are parked.
func (l *loop) take(events []journal.Event) {
	items := make([]*item, len(events))
	for i, e := range events {
		items[i] = l.item(e)
	}
	var bad []*item
	l.mu.Lock()
	for _, i := range items {
		l.window.add(i)
		if i.err != nil {
			bad = append(bad, i)
		}
	}
	l.read = events[len(events)-1].Seq
	idle := len(l.window.list) == len(bad)
	l.mu.Unlock()
	if len(bad) > 0 || idle {
		var parked []journal.Parked
		for _, i := range bad {
			parked = append(parked, l.parked(i, &destination.Refusal{Reason: i.err.Error()}, destination.Exchange{}))
		}
		_ = l.done(bad, parked...) // ctx is done, so that they are looked at again
	}
}

// takeOff begins flights.
func (l *loop) takeOff() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin()
}

// begin begins flights, as many as may be. Those that have to wait for more
// calls take off later. The caller holds the lock.
func (l *loop) begin() {
	for l.flights < l.limits.InFlight && !l.stopped && l.ctx.Err() == nil {
		wait, ok := l.window.due(time.Now(), l.flights > 0)
		if !ok {
			return
		}
		if wait > 0 {
			if l.timer == nil {
				l.timer = time.AfterFunc(wait, l.takeOff)
			} else {
				l.timer.Reset(wait)
			}
			return
		}
		items := l.window.take()
		l.flights++
		l.workers.Go(func() { l.work(items) })
	}
}

// work flies, and makes room for the next flight.
func (l *loop) work(items []*item) {
	items = l.fly(items)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.window.release(items)
	l.flights--
	l.goOn()
}

// goOn has flights begin after something has come free. The caller holds the
// lock.
func (l *loop) goOn() {
	if l.waits {
		l.begin() // the reader has nothing to add
	} else {
		l.tell()
	}
}

// tell has the reader look whether it can go on.
func (l *loop) tell() {
	select {
	case l.look <- struct{}{}:
	default: // it is going to
	}
}

// done notes that the destination has the items, or that they are parked, and
// moves the cursor as far as nothing is missing. Whoever comes while the
// cursor is being moved shares the next move. Its error means that ctx is done.
func (l *loop) done(items []*item, parked ...journal.Parked) error {
	l.saving <- struct{}{}
	defer func() { <-l.saving }()
	if l.lost {
		return context.Canceled
	}
	l.mu.Lock()
	l.window.done(items)
	at := l.window.at
	l.mu.Unlock()
	if at > l.saved || len(parked) > 0 {
		if err := l.move(at, parked); err != nil {
			l.lost = true
			return err
		}
		l.saved = at
	}
	for _, p := range parked {
		l.metrics.parked.Inc()
		l.Log.Warn("event parked: the destination refuses it", "messageId", p.Event.MessageID, "event", p.Event.Name,
			"reason", unsaid(p.Reason, destination.Exchange{Status: p.Status, Response: p.Response}))
	}
	l.tell()
	return nil
}

// move moves the cursor. Its error means that ctx is done.
func (l *loop) move(to journal.Seq, parked []journal.Parked) error {
	ctx, cancel := drain(l.ctx)
	defer cancel()
	return l.retry(ctx, func() error {
		return l.Journal.Move(ctx, journal.Cursor{Workspace: l.Workspace, Destination: l.Name, At: to}, parked...)
	})
}

// drain returns a context that is done some time after ctx: what is under way
// may finish, so that a restart does not repeat it.
func drain(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if sleep(longer, drainTime) == nil {
			cancel()
		}
	})
	return longer, func() {
		stop()
		cancel()
	}
}

// retry does f until it succeeds or ctx is done.
func (l *loop) retry(ctx context.Context, f func() error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := f()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.Log.Error("delivery waits for the journal", "error", err)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
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

// Once makes one attempt to deliver one event.
func Once(ctx context.Context, o Options, e journal.Event) error {
	now := time.Now()
	c, err := o.Policy.render(e)
	if err != nil || c == nil {
		return err
	}
	return o.Destination.Send(ctx, destination.Attempt{Calls: []destination.Call{stamped(&item{event: e, call: c}, now)}, SentAt: now})
}

// stamped returns an item's call with the time of an attempt.
func stamped(i *item, now time.Time) destination.Call {
	c := *i.call
	c.JSON = stamp(c.JSON, now.Add(i.event.Skew))
	return c
}

// stamp returns a stored call with the time of an attempt.
func stamp(call []byte, at time.Time) []byte {
	b := make([]byte, 0, len(call)+stampSize)
	b = append(b, call[:len(call)-1]...)
	if len(call) > len("{}") {
		b = append(b, ',')
	}
	b = append(b, `"sentAt":"`...)
	b = append(b, livechat.FormatTime(at)...)
	return append(b, `"}`...)
}

// stampSize is what the time of an attempt adds to a call.
const stampSize = len(`,"sentAt":"2006-01-02T15:04:05.000Z"`)
