package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
)

var _ control.Deliveries = (*loops)(nil)

// Reset implements control.Deliveries.
func (l *loops) Reset(workspace, name string, f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := l.running[destinationKey{workspace, name}]; n != nil && n.stop != nil {
		halt([]*loop{n})
		defer l.start(n)
	}
	return f()
}

// Resend implements control.Deliveries.
func (l *loops) Resend(ctx context.Context, list []journal.Parked, told func(journal.Parked, error) error) error {
	n, err := l.use(list[0].Workspace, list[0].Destination)
	if err != nil {
		return err
	}
	defer n.using.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.open, cancel)()
	return deliver.Resend(ctx, n.beside, list, told)
}

// use returns a destination that is not closed until the caller is done with it.
func (l *loops) use(workspace, name string) (*loop, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.running[destinationKey{workspace, name}]
	switch {
	case n == nil:
		return nil, fmt.Errorf("destination %s is configured no more", name)
	case n.held:
		return nil, fmt.Errorf("%s is paused; 'parlance resume %s' has it go on", name, name)
	}
	n.using.Add(1)
	return n, nil
}

// Look implements control.Deliveries.
func (l *loops) Look(ctx context.Context, workspace, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.running[destinationKey{workspace, name}]
	if n == nil {
		return nil
	}
	held, err := l.isHeld(ctx, workspace, name)
	if err != nil {
		return err
	}
	if held != n.held {
		halt([]*loop{n})
		n.held = held
		l.start(n)
		return nil
	}
	poke(n.resume)
	poke(n.again)
	return nil
}

// isHeld reports whether somebody has a destination stand still.
func (l *loops) isHeld(ctx context.Context, workspace, name string) (bool, error) {
	holds, err := l.journal.Holds(ctx, workspace)
	return slices.ContainsFunc(holds, func(h journal.Hold) bool { return h.Destination == name }), err
}

// forget has all deliveries forget what receivers said.
func (l *loops) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.running {
		n.options.Record.Forget()
	}
}

// State implements control.Deliveries.
func (l *loops) State(workspace, name string) (state, trouble string) {
	s, ok := l.deliveryStatus(workspace, name)
	if !ok {
		return control.StateStopped, ""
	}
	if s.State == control.StateOK || s.State == "" {
		return control.StateOK, ""
	}
	trouble = s.Error + "; since " + s.Since.Format(time.DateTime)
	if !s.Next.IsZero() {
		trouble += ", next attempt " + s.Next.Format(time.TimeOnly)
	}
	return s.State, trouble
}

// meaning returns what is wrong with a delivery, without what the receiver
// said: for those who are not here.
func (l *loops) meaning(workspace, name string) string {
	s, _ := l.deliveryStatus(workspace, name)
	return s.Meaning
}

// deliveryStatus returns how a delivery is doing, if it runs.
func (l *loops) deliveryStatus(workspace, name string) (deliver.Status, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.running[destinationKey{workspace, name}]
	if n == nil || n.stop == nil {
		return deliver.Status{}, false
	}
	return n.options.Record.Status(), true
}

// replay delivers the destination's replays, the oldest first, until ctx is
// done.
func (l *loops) replay(ctx context.Context, n *loop) {
	log := l.log.With("workspace", n.options.Workspace, "destination", n.options.Name)
	for ctx.Err() == nil {
		r, err := l.nextReplay(ctx, n)
		switch {
		case err != nil && ctx.Err() == nil:
			log.Error("replays cannot be read; they will be tried again", "error", err)
			select {
			case <-time.After(replayRetry):
			case <-ctx.Done():
			}
			continue
		case r == nil:
			select {
			case <-n.again:
			case <-ctx.Done():
			}
			continue
		}
		log.Info("replay is under way", "replay", r.ID, "events", r.Events-r.Done)
		n.replaying.Store(r.ID)
		l.replayOne(ctx, n, *r)
		n.replaying.Store(0)
	}
}

// replayRetry is when replays that could not be read are tried again.
const replayRetry = 5 * time.Second

// nextReplay returns the oldest replay that is under way, nil if there is none.
func (l *loops) nextReplay(ctx context.Context, n *loop) (*journal.Replay, error) {
	list, err := l.journal.Replays(ctx, n.options.Workspace)
	for _, r := range slices.Backward(list) {
		if r.Destination == n.options.Name && r.Ended.IsZero() {
			return &r, err
		}
	}
	return nil, err
}

// replayOne delivers a replay until it has ended, ctx is done, or replays are
// to be looked at again: it goes on from where it was then, unless it was
// cancelled.
func (l *loops) replayOne(ctx context.Context, n *loop, r journal.Replay) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- deliver.Replay(ctx, n.beside, l.journal, r) }()
	var err error
	select {
	case err = <-done:
	case <-n.again:
		cancel()
		err = <-done
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		l.log.Error("replay stopped", "workspace", r.Workspace, "destination", r.Destination, "replay", r.ID, "error", err)
	}
}
