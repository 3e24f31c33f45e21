package deliver

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"github.com/parlance-chat/parlance/internal/journal"
)

// A ReplayJournal is what a replay is read from.
type ReplayJournal interface {
	journal.Outbox
	journal.Replays
}

// Replay delivers the events of a replay as Run delivers what is new, from
// where the replay has got to. It returns once the replay has ended, or ctx is
// done. The options' Journal does not count.
func Replay(ctx context.Context, o Options, j ReplayJournal, r journal.Replay) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	o = o.onceMore()
	o.Journal = &replayed{journal: j, stop: stop, moved: make(chan struct{}, 1), r: r}
	return Run(ctx, o)
}

// onceMore returns the options of what is delivered once more, beside what is
// new: its attempts are the destination's, and its lag and state are not.
func (o Options) onceMore() Options {
	o.beside = true
	o.Record = &Record{Told: cmp.Or(o.Record, &Record{}).note}
	return o
}

// A replayed is a replay that looks like a log of nothing but its events.
type replayed struct {
	journal ReplayJournal
	stop    context.CancelFunc // ends the delivery
	moved   chan struct{}      // holds a value when fewer are handed

	mu     sync.Mutex // guards the fields below
	r      journal.Replay
	handed []journal.Seq // what was read, and has not been moved past
}

// Events implements journal.Outbox. When there are no more, it waits until
// those that were read are delivered, and ends the replay.
func (p *replayed) Events(ctx context.Context, workspace string, after journal.Seq, limit int) ([]journal.Event, error) {
	for at := after; ; {
		events, err := p.next(ctx, workspace, at, limit)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			break
		}
		at = events[len(events)-1].Seq
		if list := p.hand(after, events); len(list) > 0 {
			return list, nil
		}
	}
	for p.left() > 0 {
		select {
		case <-p.moved:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := p.journal.EndReplay(ctx, p.r.Workspace, p.r.ID, false); err != nil {
		return nil, err
	}
	p.stop()
	return nil, context.Canceled
}

// left is how many were read and are not delivered.
func (p *replayed) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.handed)
}

// next returns what follows a position and is no later than the replay; none if
// there is no more.
func (p *replayed) next(ctx context.Context, workspace string, after journal.Seq, limit int) ([]journal.Event, error) {
	now, cancel := context.WithCancel(ctx)
	cancel() // what is not there yet is not meant
	events, err := p.journal.Events(now, workspace, after, limit)
	if errors.Is(err, context.Canceled) {
		return nil, ctx.Err()
	}
	for len(events) > 0 && events[len(events)-1].Seq > p.r.UpTo {
		events = events[:len(events)-1]
	}
	return events, err
}

// hand returns those of the events that the replay is about, and notes them as
// what was read after a position.
func (p *replayed) hand(after journal.Seq, events []journal.Event) (list []journal.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.handed); n > 0 && p.handed[n-1] > after; n-- {
		p.handed = p.handed[:n-1] // it is read again
	}
	for i := range events {
		if p.r.Filter.Lets(&events[i]) {
			list = append(list, events[i])
			p.handed = append(p.handed, events[i].Seq)
		}
	}
	return list
}

// Cursor implements journal.Outbox.
func (p *replayed) Cursor(context.Context, string, string) (journal.Seq, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.r.At, nil
}

// Move implements journal.Outbox.
func (p *replayed) Move(ctx context.Context, c journal.Cursor, parked ...journal.Parked) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.handed) && p.handed[n] <= c.At {
		n++
	}
	r := p.r
	r.At, r.Done = c.At, r.Done+int64(n)
	if err := p.journal.MoveReplay(ctx, r, parked...); err != nil {
		return err
	}
	p.r.At, p.r.Done, p.handed = r.At, r.Done, p.handed[n:] // the rest is read without the lock
	select {
	case p.moved <- struct{}{}:
	default: // it has been told
	}
	return nil
}

// Lag implements journal.Outbox.
func (p *replayed) Lag(context.Context, string, string) (journal.Lag, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return journal.Lag{Events: p.r.Events - p.r.Done}, nil
}
