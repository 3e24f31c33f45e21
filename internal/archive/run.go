package archive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	// atOnce is how many events are read at once, and about how many are
	// written in a transaction.
	atOnce = 500
	// pause lies between two reads of a workspace's log, so that what trickles
	// in is written together. Nobody looks more often.
	pause = 250 * time.Millisecond
	// A sixteenth of one processor is what the archive may use while it has
	// something to catch up with: to derive and deliver events goes first. What
	// has waited for long gets a half, or it might wait for ever.
	share     = 16
	longShare = 2
	long      = 15 * time.Minute
	// patience lies between two attempts to write what could not be written.
	patience = 5 * time.Second
)

// A Log is the log of events; a journal is one.
type Log interface {
	Events(ctx context.Context, workspace string, after journal.Seq, limit int) ([]journal.Event, error)
	End(ctx context.Context, workspace string) (journal.Seq, error)
}

// A Follower keeps an archive up to date.
type Follower struct {
	archive *Archive
	log     Log
	batches chan offer

	mu         sync.Mutex // guards the fields below
	ctx        context.Context
	workspaces map[string]bool // whether it is being read
	reading    sync.WaitGroup
}

// An offer is a batch whose reader waits until it is written.
type offer struct {
	batch
	done chan error
}

// Follow returns what keeps the archive up to date with a log.
func (a *Archive) Follow(log Log) *Follower {
	return &Follower{archive: a, log: log, batches: make(chan offer), workspaces: map[string]bool{}}
}

// Add has the log of workspaces read too. Those that are read already go on.
func (f *Follower) Add(workspaces ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range workspaces {
		if !f.workspaces[w] {
			f.workspaces[w] = false
			f.begin(w)
		}
	}
}

// begin starts to read a workspace's log, if Run does. The caller holds the lock.
func (f *Follower) begin(workspace string) {
	if f.ctx == nil || f.ctx.Err() != nil {
		return
	}
	f.workspaces[workspace] = true
	ctx := f.ctx
	f.reading.Go(func() {
		for ctx.Err() == nil {
			if err := f.read(ctx, workspace); err != nil && ctx.Err() == nil {
				f.archive.o.Log.Warn("archive cannot read the log; it will be tried again", "workspace", workspace, "error", err)
				wait(ctx, patience)
			}
		}
	})
}

// Run reads and writes until ctx is done.
func (f *Follower) Run(ctx context.Context) {
	f.mu.Lock()
	f.ctx = ctx
	for w := range f.workspaces {
		f.begin(w)
	}
	f.mu.Unlock()
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case o := <-f.batches:
			f.write(ctx, o)
		case <-sweep.C:
			if err := f.archive.Sweep(ctx); err != nil && ctx.Err() == nil {
				f.archive.o.Log.Warn("archive could not delete what is too old; it will be tried again", "error", err)
			}
		}
	}
	f.reading.Wait()
}

// write writes what is offered together, then leaves the processor to others.
func (f *Follower) write(ctx context.Context, first offer) {
	offers, batches, n := []offer{first}, []batch{first.batch}, len(first.events)
	for more := true; more && n < atOnce; {
		select {
		case o := <-f.batches:
			offers, batches, n = append(offers, o), append(batches, o.batch), n+len(o.events)
		default:
			more = false
		}
	}
	began := time.Now()
	err := f.archive.take(batches...)
	if err == nil {
		f.archive.o.Metrics.count(offers)
	}
	for _, o := range offers {
		o.done <- err
	}
	part := time.Duration(share)
	if began.Sub(first.events[0].At) > long {
		part = longShare
	}
	wait(ctx, (part-1)*time.Since(began))
}

// wait returns after d, or when ctx is done.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// read offers what comes in a workspace's log until ctx is done.
func (f *Follower) read(ctx context.Context, workspace string) error {
	at, err := f.archive.position(ctx, f.log, workspace)
	if err != nil {
		return err
	}
	for {
		events, err := f.log.Events(ctx, workspace, at, atOnce)
		if err != nil {
			return err
		}
		upTo := events[len(events)-1].Seq
		for {
			o := offer{batch{workspace, events, upTo}, make(chan error, 1)}
			select {
			case f.batches <- o:
			case <-ctx.Done():
				return nil
			}
			// Run answers what it took before it returns.
			if err = <-o.done; err == nil {
				break
			}
			f.archive.o.Log.Warn("archive could not be written; it will be tried again", "workspace", workspace, "error", err)
			wait(ctx, patience)
		}
		at = upTo
		if len(events) < atOnce {
			wait(ctx, pause)
		}
	}
}

// position returns where to go on in a workspace's log. A log that ends before
// is another one than was read: it is read from its beginning, and what is
// known of it already changes nothing.
func (a *Archive) position(ctx context.Context, log Log, workspace string) (journal.Seq, error) {
	at, err := a.cursor(ctx, workspace)
	if err != nil {
		return 0, err
	}
	end, err := log.End(ctx, workspace)
	if err == nil && end < at {
		a.o.Log.Warn("archive reads the log from its beginning: it ends before what was read of it", "workspace", workspace, "read", at, "end", end)
		at = 0
	}
	return at, err
}

func (a *Archive) cursor(ctx context.Context, workspace string) (at journal.Seq, err error) {
	err = a.read(ctx, "SELECT at FROM cursors WHERE workspace = ?", func(s *sqlite.Stmt) error {
		at = journal.Seq(s.ColumnInt64(0))
		return nil
	}, workspace)
	return at, err
}

// Lag returns how many positions of a workspace's log are not read yet.
func (a *Archive) Lag(ctx context.Context, log Log, workspace string) (journal.Seq, error) {
	at, err := a.cursor(ctx, workspace)
	if err != nil {
		return 0, err
	}
	end, err := log.End(ctx, workspace)
	return max(0, end-at), err
}

// Since returns when the first event was committed of the first thread of a
// workspace that the archive has, or the zero time if it has none.
func (a *Archive) Since(ctx context.Context, workspace string) (t time.Time, err error) {
	err = a.read(ctx, `SELECT (SELECT min(received) FROM events WHERE thread = t.id) FROM threads t CROSS JOIN sources s ON s.id = t.source
		WHERE s.workspace = ? ORDER BY t.id LIMIT 1`, func(s *sqlite.Stmt) error {
		t = moment(s, 0)
		return nil
	}, workspace)
	return t, err
}

// CatchUp reads a workspace's log up to where it ends now, as fast as it can,
// and calls progress, if not nil, with how many events it has read.
func (a *Archive) CatchUp(ctx context.Context, log Log, workspace string, progress func(events int)) error {
	at, err := a.position(ctx, log, workspace)
	if err != nil {
		return err
	}
	end, err := log.End(ctx, workspace)
	for n := 0; err == nil && at < end; {
		var events []journal.Event
		if events, err = log.Events(ctx, workspace, at, 20*atOnce); err != nil {
			break
		}
		if len(events) == 0 {
			return nil // the log has no more
		}
		at = events[len(events)-1].Seq
		err = a.take(batch{workspace, events, at})
		if n += len(events); progress != nil {
			progress(n)
		}
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("archive: workspace %s: %w", workspace, err)
	}
	return err
}
