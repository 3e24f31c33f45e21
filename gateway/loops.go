package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
)

// loops are the deliveries, one a destination.
type loops struct {
	journal journal.Outbox
	log     *slog.Logger
	metrics *deliver.Metrics

	mu      sync.Mutex      // guards the fields below; held while a loop stops or starts
	ctx     context.Context // of run; nil while it does not run
	running map[destinationKey]*loop
}

type destinationKey struct{ workspace, name string }

// A loop delivers to one destination.
type loop struct {
	resolved ResolvedDestination
	options  deliver.Options
	resume   chan<- struct{}
	stop     context.CancelFunc // nil while it stands still
	done     chan struct{}
}

// set makes the loops those of list. A loop whose destination stays the same
// goes on undisturbed, but tries again at once if it is paused. If a
// destination cannot be opened, nothing changes.
func (l *loops) set(list []ResolvedDestination) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := map[destinationKey]*loop{}
	for _, r := range list {
		key := destinationKey{r.Workspace, r.Name}
		if old := l.running[key]; old != nil && reflect.DeepEqual(old.resolved, r) {
			next[key] = old
		}
	}
	// Those that go stand still before others are opened: they may have the
	// same file.
	var gone []*loop
	for key, old := range l.running {
		if next[key] == nil {
			gone = append(gone, old)
		}
	}
	halt(gone)
	opened, err := l.openMissing(next, list)
	if err != nil {
		for _, old := range gone {
			l.start(old)
		}
		return err
	}
	for _, old := range gone {
		if err := old.options.Destination.Close(); err != nil {
			l.log.Warn("destination did not close well", "workspace", old.options.Workspace, "destination", old.options.Name, "error", err)
		}
	}
	for _, n := range next {
		select {
		case n.resume <- struct{}{}:
		default: // it has been told
		}
	}
	l.running = next
	for _, n := range opened {
		l.start(n)
	}
	return nil
}

// openMissing opens the destinations of list that are not in to, and adds them
// there; all or none.
func (l *loops) openMissing(to map[destinationKey]*loop, list []ResolvedDestination) (opened []*loop, err error) {
	for _, r := range list {
		key := destinationKey{r.Workspace, r.Name}
		if to[key] != nil {
			continue
		}
		n, err := l.open(r)
		if err != nil {
			for _, o := range opened {
				err = errors.Join(err, o.options.Destination.Close())
			}
			return nil, err
		}
		to[key] = n
		opened = append(opened, n)
	}
	return opened, nil
}

func (l *loops) open(r ResolvedDestination) (*loop, error) {
	// Its place in the log is taken before anything more comes in.
	if _, err := l.journal.Cursor(context.Background(), r.Workspace, r.Name); err != nil {
		return nil, err
	}
	d, err := r.Type.Open(r.Settings)
	if err != nil {
		return nil, fmt.Errorf("gateway: destination %s: %w", r.Name, err)
	}
	resume := make(chan struct{}, 1)
	return &loop{resolved: r, resume: resume, options: deliver.Options{
		Journal:     l.journal,
		Workspace:   r.Workspace,
		Name:        r.Name,
		Destination: d,
		Policy:      r.Policy,
		Resume:      resume,
		Log:         l.log,
		Metrics:     l.metrics,
	}}, nil
}

// run delivers until ctx is done.
func (l *loops) run(ctx context.Context) {
	l.mu.Lock()
	l.ctx = ctx
	for _, n := range l.running {
		l.start(n)
	}
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ctx = nil
	halt(slices.Collect(maps.Values(l.running)))
}

// close closes the destinations. run must have returned.
func (l *loops) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, n := range l.running {
		errs = append(errs, n.options.Destination.Close())
	}
	clear(l.running)
	return errors.Join(errs...)
}

// start has n deliver, if anything does.
func (l *loops) start(n *loop) {
	if l.ctx == nil {
		return
	}
	ctx, stop := context.WithCancel(l.ctx)
	n.stop, n.done = stop, make(chan struct{})
	go func() {
		defer close(n.done)
		if err := deliver.Run(ctx, n.options); err != nil {
			l.log.Error("delivery stopped", "workspace", n.options.Workspace, "destination", n.options.Name, "error", err)
		}
	}()
}

// halt has loops stand still, all at once: each may have an attempt to finish.
func halt(list []*loop) {
	for _, n := range list {
		if n.stop != nil {
			n.stop()
		}
	}
	for _, n := range list {
		if n.stop != nil {
			<-n.done
			n.stop = nil
		}
	}
}

// reset does f while a destination stands still.
func (l *loops) reset(workspace, name string, f func() error) error {
	return l.still(workspace, name, func(*loop) error { return f() })
}

// still does f with a destination that stands still, or with nil if it is not
// configured.
func (l *loops) still(workspace, name string, f func(*loop) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.running[destinationKey{workspace, name}]
	if n != nil {
		halt([]*loop{n})
		defer l.start(n)
	}
	return f(n)
}

// resend makes one attempt to deliver a parked call.
func (l *loops) resend(ctx context.Context, p journal.Parked) error {
	return l.still(p.Workspace, p.Destination, func(n *loop) error {
		if n == nil {
			return fmt.Errorf("destination %s is not configured", p.Destination)
		}
		return deliver.Once(ctx, n.options, p.Event)
	})
}
