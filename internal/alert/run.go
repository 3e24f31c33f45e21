package alert

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/control"
)

const (
	// every is how often it is looked.
	every = 15 * time.Second
	// maxBackoff bounds how long a receiver that does not take alerts is left
	// alone.
	maxBackoff = 10 * time.Minute
	sendTime   = 30 * time.Second
)

// A Hook is a receiver of alerts.
type Hook struct {
	Name      string // of no other
	Workspace string // whose destinations and sources it hears of; "" is all
	Limit     Limit
	Repeat    time.Duration // how often what still holds is told again; 0 is never
	TextOnly  bool
	Receiver  destination.Destination
}

// Options are what Run needs. All fields are required.
type Options struct {
	Hook   Hook
	Status func(ctx context.Context, workspace string) (control.Status, error)
	Store  *Store
	Log    *slog.Logger
}

// Run tells a receiver until ctx is done.
func Run(ctx context.Context, o Options) {
	r := &runner{Options: o, watch: newWatch(o.Hook.Limit, o.Hook.Repeat, o.Store.load(o.Hook.Name))}
	r.Log = o.Log.With("alert", o.Hook.Name)
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		r.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// A runner tells one receiver.
type runner struct {
	Options
	watch    *watch
	failures int       // in a row
	next     time.Time // when the receiver may be tried
}

// round looks once, and tells what is due.
func (r *runner) round(ctx context.Context) {
	s, err := r.Status(ctx, r.Hook.Workspace)
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Error("alerts cannot be judged", "error", err)
		}
		return
	}
	due := r.watch.look(time.Now(), s)
	if time.Now().Before(r.next) {
		due = nil
	}
	told := false
	for _, a := range due {
		err := r.send(ctx, a)
		if ctx.Err() != nil {
			break
		}
		refused := errors.As(err, new(*destination.Refusal))
		if err != nil && !refused {
			r.failed(a, err)
			break
		}
		if refused { // and would be again
			r.Log.Error("an alert was refused, and is given up", "type", a.Type, "error", err)
		}
		r.failures, told = 0, true
		r.watch.tell(time.Now(), a)
	}
	if told || r.watch.changed {
		r.watch.changed = false
		if err := r.Store.save(r.Hook.Name, r.watch.told); err != nil {
			r.Log.Error("what alerts were told cannot be kept; after a restart they may be told again", "error", err)
		}
	}
}

// send makes one attempt.
func (r *runner) send(ctx context.Context, a Alert) error {
	body, err := a.Body(r.Hook.TextOnly)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	return r.Hook.Receiver.Send(ctx, destination.Attempt{SentAt: time.Now(), Retry: r.failures, Calls: []destination.Call{{MessageID: a.ID, JSON: body}}})
}

// failed has the receiver be left alone for a while.
func (r *runner) failed(a Alert, err error) {
	backoff := min(every<<min(r.failures, 10), maxBackoff)
	var wait *destination.Wait
	if errors.As(err, &wait) {
		backoff = max(backoff, wait.For)
	}
	if r.failures == 0 {
		r.Log.Warn("the receiver of alerts does not take one; it will be tried again", "type", a.Type, "error", err)
	}
	r.failures++
	r.next = time.Now().Add(backoff)
}
