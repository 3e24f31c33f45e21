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
	"sync/atomic"

	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
)

// loops are the deliveries, one a destination.
type loops struct {
	journal journal.Journal
	log     *slog.Logger
	metrics *deliver.Metrics
	told    func(workspace, name string, a deliver.Attempt) // hears of every attempt; may be nil

	mu      sync.Mutex      // guards the fields below; held while a loop stops or starts
	ctx     context.Context // of run; nil while it does not run
	running map[destinationKey]*loop
}

type destinationKey struct{ workspace, name string }

// A loop delivers to one destination.
type loop struct {
	resolved ResolvedDestination
	options  deliver.Options
	beside   deliver.Options // for what is delivered once more
	resume   chan<- struct{}
	again    chan struct{}      // holds a value when the journal's replays are to be looked at again
	held     bool               // somebody has it stand still
	stop     context.CancelFunc // nil while it stands still
	done     chan struct{}

	replaying atomic.Int64 // the ID of the replay under way; 0 is none

	open  context.Context // done when the destination is to be closed
	shut  context.CancelFunc
	using sync.WaitGroup // those who resend
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
		if err := old.close(); err != nil {
			l.log.Warn("destination did not close well", "workspace", old.options.Workspace, "destination", old.options.Name, "error", err)
		}
	}
	for _, n := range next {
		poke(n.resume)
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
				err = errors.Join(err, o.close())
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
	ctx := context.Background()
	if err := l.begin(ctx, r); err != nil {
		return nil, err
	}
	held, err := l.isHeld(ctx, r.Workspace, r.Name)
	if err != nil {
		return nil, err
	}
	d, err := r.Type.Open(r.Settings)
	if err != nil {
		return nil, fmt.Errorf("gateway: destination %s: %w", r.Name, err)
	}
	resume := make(chan struct{}, 1)
	told := func(a deliver.Attempt) {
		if l.told != nil {
			l.told(r.Workspace, r.Name, a)
		}
	}
	n := &loop{resolved: r, resume: resume, again: make(chan struct{}, 1), held: held, options: deliver.Options{
		Journal:   l.journal,
		Workspace: r.Workspace,
		Name:      r.Name,
		Policy:    r.Policy,
		Pace:      r.Pace,
		Rate:      deliver.NewRate(r.Pace),
		Resume:    resume,
		Record:    &deliver.Record{Told: told},
		Log:       l.log,
		Metrics:   l.metrics,
	}}
	n.open, n.shut = context.WithCancel(ctx)
	n.beside = n.options
	n.beside.Resume = nil
	n.options.Destination, n.beside.Destination = deliver.Share(d, r.Pace)
	return n, nil
}

// begin gives a destination that is new its place in the log.
func (l *loops) begin(ctx context.Context, r ResolvedDestination) error {
	known, err := l.journal.Destinations(ctx, r.Workspace)
	if err != nil || slices.Contains(known, r.Name) {
		return err
	}
	if !r.Start.Kept {
		_, err := l.journal.Cursor(ctx, r.Workspace, r.Name)
		return err
	}
	at, err := l.journal.Since(ctx, r.Workspace, r.Start.Since)
	if err != nil {
		return err
	}
	if err := l.journal.Move(ctx, journal.Cursor{Workspace: r.Workspace, Destination: r.Name, At: at}); err != nil {
		return err
	}
	lag, err := l.journal.Lag(ctx, r.Workspace, r.Name)
	l.log.Info("destination is new, and gets what is kept", "workspace", r.Workspace, "destination", r.Name, "events", lag.Events)
	return err
}

// close closes the destination. Nothing is being delivered to it.
func (n *loop) close() error {
	n.shut()
	n.using.Wait()
	return n.options.Destination.Close()
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
		errs = append(errs, n.close())
	}
	clear(l.running)
	return errors.Join(errs...)
}

// start has n deliver, or stand still if it is to, if anything runs.
func (l *loops) start(n *loop) {
	if l.ctx == nil {
		return
	}
	ctx, stop := context.WithCancel(l.ctx)
	n.stop, n.done = stop, make(chan struct{})
	held := n.held
	go func() {
		defer close(n.done)
		if held {
			deliver.Stand(ctx, n.options)
			return
		}
		var group sync.WaitGroup
		group.Go(func() {
			if err := deliver.Run(ctx, n.options); err != nil {
				l.log.Error("delivery stopped", "workspace", n.options.Workspace, "destination", n.options.Name, "error", err)
			}
		})
		group.Go(func() { l.replay(ctx, n) })
		group.Wait()
	}()
}

// poke leaves a value in a channel for one.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // there is one
	}
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
