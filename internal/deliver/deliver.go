// Package deliver hands a workspace's events to one destination, in order, for
// as long as it takes.
//
// There is one loop for each destination: read what follows the cursor, send
// it, move the cursor. Back-pressure is the log itself.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

const (
	// readAtOnce and readBytes bound what is in memory of each destination,
	// however long it is dead: they are a few attempts.
	readAtOnce = 1000
	readBytes  = 4 << 20
	// drainTime is how long an attempt under way may take once the loop is
	// told to stop.
	drainTime = 5 * time.Second

	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 60 * time.Second
	// probeEvery is how often a paused destination is tried.
	probeEvery = 5 * time.Minute
)

// Options are what Run needs. All fields but Policy and Resume are required.
type Options struct {
	Journal     journal.Outbox
	Workspace   string
	Name        string // of the destination
	Destination destination.Destination
	Policy      Policy
	Resume      <-chan struct{} // a value ends a pause
	Log         *slog.Logger
	Metrics     *Metrics
}

// Run delivers until ctx is done, and returns nil then. An attempt under way
// may finish.
func Run(ctx context.Context, o Options) error {
	l := &loop{Options: o, limits: o.Destination.Limits(), metrics: o.Metrics.of(o)}
	l.Log = o.Log.With("workspace", o.Workspace, "destination", o.Name)
	defer l.metrics.remove()
	if err := l.retry(ctx, func() (err error) {
		l.at, err = o.Journal.Cursor(ctx, o.Workspace, o.Name)
		return err
	}); err != nil {
		return nil
	}
	for ctx.Err() == nil {
		var events []journal.Event
		err := l.retry(ctx, func() (err error) {
			events, err = o.Journal.Events(ctx, o.Workspace, l.at, readAtOnce)
			return err
		})
		if err == nil {
			l.hand(ctx, bounded(events))
		}
	}
	return nil
}

// bounded returns the first of the events, and lets go of those that are too
// many to hold: they are read again.
func bounded(events []journal.Event) []journal.Event {
	size := 0
	for i := range events {
		if size += events[i].Size(); size > readBytes && i > 0 {
			return slices.Clone(events[:i])
		}
	}
	return events
}

// Once makes one attempt to deliver one event.
func Once(ctx context.Context, o Options, e journal.Event) error {
	now := time.Now()
	c, err := o.Policy.render(e)
	if err != nil || c == nil {
		return err
	}
	return o.Destination.Send(ctx, destination.Attempt{Calls: []destination.Call{stamped(item{e, c, nil}, now)}, SentAt: now})
}

// An item is an event with the call that the destination is to get, or why
// there is none.
type item struct {
	event journal.Event
	call  *destination.Call // without sentAt
	err   error
}

// stamped returns an item's call with the time of an attempt.
func stamped(i item, now time.Time) destination.Call {
	c := *i.call
	c.JSON = stamp(c.JSON, now.Add(i.event.Skew))
	return c
}

// A loop is the delivery to one destination.
type loop struct {
	Options
	limits  destination.Limits
	metrics *destinationMetrics
	at      journal.Seq // the cursor
	calls   int         // how many calls an attempt may have while a bad one is looked for; 0 is no bound
}

// hand hands over those of the events that the destination is to get, and
// moves past the others.
func (l *loop) hand(ctx context.Context, events []journal.Event) {
	if len(events) == 0 {
		return
	}
	items := make([]item, 0, len(events))
	for _, e := range events {
		if c, err := l.Policy.render(e); c != nil || err != nil {
			items = append(items, item{e, c, err})
		}
	}
	l.deliver(ctx, items)
	if last := events[len(events)-1].Seq; ctx.Err() == nil && l.at < last {
		_ = l.move(ctx, last) // ctx is done, so that they are looked at again
	}
}

// deliver hands over items until all have been, or ctx is done.
func (l *loop) deliver(ctx context.Context, events []item) {
	for len(events) > 0 && ctx.Err() == nil {
		n, err := l.attempts(ctx, events)
		var refusal *destination.Refusal
		switch {
		case err == nil:
			l.metrics.delivered.Add(float64(n))
			if l.move(ctx, events[n-1].event.Seq) != nil {
				return // the same again, which the receiver knows by messageId
			}
			events = events[n:]
			l.calls *= 2 // the bad one is behind us, or in what comes next
			if l.calls >= readAtOnce {
				l.calls = 0
			}
		case errors.As(err, &refusal) && n > 1:
			l.calls = n / 2
		case errors.As(err, &refusal):
			if l.park(ctx, events[0].event, refusal) != nil {
				return
			}
			events = events[1:]
		}
	}
}

// attempts tries to hand over the first of the events, and says how many they
// were. Its error is a *Refusal, or that ctx is done.
func (l *loop) attempts(ctx context.Context, events []item) (n int, err error) {
	backoff := firstBackoff
	for retry := 0; ; retry++ {
		select {
		case <-l.Resume: // this attempt is what it asks for
		default:
		}
		now := time.Now()
		calls, err := l.batch(events, now)
		if err == nil {
			err = l.send(ctx, destination.Attempt{Calls: calls, Retry: retry, SentAt: now})
		}
		l.metrics.attempt(err)
		var wait *destination.Wait
		var pause *destination.Pause
		var refusal *destination.Refusal
		switch {
		case err == nil, errors.As(err, &refusal):
			l.recovered(retry)
			return max(len(calls), 1), err
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case errors.As(err, &wait):
			l.troubled(retry, waiting, err)
			err = sleep(ctx, wait.For)
		case errors.As(err, &pause):
			l.troubled(retry, paused, err)
			err = l.pause(ctx)
		default:
			l.troubled(retry, backingOff, err)
			err = sleep(ctx, jitter(backoff))
			backoff = min(2*backoff, maxBackoff)
		}
		if err != nil {
			return 0, err
		}
	}
}

// pause waits until it may be worth another attempt.
func (l *loop) pause(ctx context.Context) error {
	t := time.NewTimer(probeEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-l.Resume:
	case <-t.C:
	}
	return nil
}

// jitter spreads the attempts of many who failed at once.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2) }

// send makes one attempt.
func (l *loop) send(ctx context.Context, a destination.Attempt) error {
	ctx, cancel := drain(ctx)
	defer cancel()
	return l.Destination.Send(ctx, a)
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

// batch stamps as many of the items as one attempt takes. A call too large
// for the destination is a *Refusal, if it is the first.
func (l *loop) batch(items []item, now time.Time) (calls []destination.Call, err error) {
	bytes := len(`{"batch":[],"sentAt":"2006-01-02T15:04:05.000Z"}`)
	for _, i := range items {
		var c destination.Call
		err := i.err
		if err != nil {
			err = &destination.Refusal{Reason: err.Error()}
		} else if c = stamped(i, now); l.limits.CallBytes > 0 && len(c.JSON) > l.limits.CallBytes {
			err = &destination.Refusal{Reason: fmt.Sprintf("the call has %d bytes, and the destination takes %d", len(c.JSON), l.limits.CallBytes)}
		}
		if err != nil {
			if len(calls) > 0 {
				break // it will be the first
			}
			return nil, err
		}
		bytes += len(c.JSON) + 1
		full := l.limits.Calls > 0 && len(calls) == l.limits.Calls || l.calls > 0 && len(calls) == l.calls ||
			l.limits.Bytes > 0 && bytes > l.limits.Bytes
		if full && len(calls) > 0 {
			break
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// move moves the cursor. Its error means that ctx is done.
func (l *loop) move(ctx context.Context, to journal.Seq, parked ...journal.Parked) error {
	ctx, cancel := drain(ctx)
	defer cancel()
	err := l.retry(ctx, func() error {
		return l.Journal.Move(ctx, journal.Cursor{Workspace: l.Workspace, Destination: l.Name, At: to}, parked...)
	})
	if err == nil {
		l.at = to
	}
	return err
}

// park sets aside what was refused, and moves past it. Its error means that
// ctx is done.
func (l *loop) park(ctx context.Context, e journal.Event, refusal *destination.Refusal) error {
	l.calls = 1 // what stands beside a bad one may be bad too
	err := l.move(ctx, e.Seq, journal.Parked{Workspace: l.Workspace, Destination: l.Name, Reason: refusal.Reason, Event: e})
	if err == nil {
		l.metrics.parked.Inc()
		l.Log.Warn("event parked: the destination refuses it", "messageId", e.MessageID, "event", e.Name, "reason", refusal.Reason)
	}
	return err
}

// troubled tells, once, that the destination does not take what it is sent.
func (l *loop) troubled(retry int, s state, err error) {
	l.metrics.set(s)
	if retry == 0 || s == paused {
		l.Log.Warn("destination does not take events; they wait", "state", s.String(), "error", err)
	}
}

// recovered tells that it does again.
func (l *loop) recovered(retries int) {
	l.metrics.set(ok)
	if retries > 0 {
		l.Log.Info("destination takes events again", "retries", retries)
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

// stamp returns a stored call with the time of an attempt.
func stamp(call []byte, at time.Time) []byte {
	b := make([]byte, 0, len(call)+len(`,"sentAt":"2006-01-02T15:04:05.000Z"`))
	b = append(b, call[:len(call)-1]...)
	if len(call) > len("{}") {
		b = append(b, ',')
	}
	b = append(b, `"sentAt":"`...)
	b = append(b, livechat.FormatTime(at)...)
	return append(b, `"}`...)
}
