package deliver

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 60 * time.Second
	// minWait is how long a destination is left alone that asks for less.
	minWait = 500 * time.Millisecond
	// probeEvery is how often a paused destination is tried.
	probeEvery = 5 * time.Minute
)

// A gate lets attempts through to a destination: all that there are while it
// takes them, none for a while after it does not, and then a single one, which
// says for all whether it does again. It is a circuit breaker, with what else
// holds attempts back.
type gate struct {
	most    int // attempts at once
	rate    *Rate
	resume  <-chan struct{}
	record  *Record
	metrics *destinationMetrics
	log     *slog.Logger

	turn    chan struct{} // holds a value while somebody is waiting to be let through
	changed chan struct{} // holds a value when that one is to look again

	mu     sync.Mutex // guards the fields below
	state  state
	until  time.Time // when the next attempt may be, in a state that ends
	failed int       // attempts in a row
	taken  int       // attempts so far, or refused: either shows that the destination is there
	backed int       // times in a row that attempts had to stay away: the backoff
	epoch  int       // counts changes of state: what came of an attempt before the last is old
	told   bool      // the log has been told that it is not ok
}

// A pass says under what an attempt was let through.
type pass struct {
	epoch int
	probe bool // it is the single one
	taken int  // attempts of the gate until then
}

func newGate(l *loop) *gate {
	g := &gate{most: l.limits.InFlight, rate: l.Rate, resume: l.Resume, record: l.Record, metrics: l.metrics, log: l.Log,
		turn: make(chan struct{}, 1), changed: make(chan struct{}, 1)}
	g.become(ok, time.Time{})
	return g
}

// enter waits until an attempt with so many calls may be made. Those who come
// are let through one after the other, so that one of them is the probe, and a
// large attempt gets its tokens. Its error means that ctx is done.
func (g *gate) enter(ctx context.Context, calls int) (pass, error) {
	select {
	case g.turn <- struct{}{}:
	case <-ctx.Done():
		return pass{}, ctx.Err()
	}
	defer func() { <-g.turn }()
	for {
		p, wait := g.look(time.Now(), calls)
		if wait == 0 {
			return p, nil
		}
		if err := g.await(ctx, wait); err != nil {
			return pass{}, err
		}
	}
}

// forever is how long to wait for what has no time.
const forever = time.Duration(1<<63 - 1)

// look returns a pass, or how long there will be none.
func (g *gate) look(now time.Time, calls int) (p pass, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.state == probing:
		return p, forever
	case g.state != ok && now.Before(g.until):
		return p, g.until.Sub(now)
	}
	if wait := g.rate.take(now, calls); wait > 0 {
		return p, wait
	}
	select {
	case <-g.resume: // this attempt is what it asks for
	default:
	}
	if p.probe = g.state != ok; p.probe {
		g.become(probing, time.Time{})
	}
	p.epoch, p.taken = g.epoch, g.taken
	return p, 0
}

// await waits until it is worth to look again.
func (g *gate) await(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	g.mu.Lock()
	resume := g.resume
	if g.state == waiting {
		resume = nil // who asked to be left alone is
	}
	g.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-resume:
		g.mu.Lock()
		g.until = time.Time{}
		g.mu.Unlock()
	case <-g.changed:
	case <-t.C:
	}
	return nil
}

// open reports whether attempts are let through.
func (g *gate) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == ok
}

// leave notes what came of an attempt. It reports whether the destination may
// be all right, so that only whoever made the attempt is to wait.
func (g *gate) leave(p pass, err error) (alone bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	old, now := p.epoch != g.epoch, time.Now()
	var wait *destination.Wait
	if err == nil || errors.As(err, new(*destination.Refusal)) {
		g.taken++
		if !old {
			g.recover()
		}
		return false
	}
	g.failed++
	switch {
	case errors.As(err, &wait):
		until := now.Add(max(wait.For, minWait))
		if g.state != paused && (g.state != waiting || until.After(g.until)) {
			g.trouble(waiting, until, err)
		}
	case errors.As(err, new(*destination.Pause)):
		if g.state != paused {
			g.trouble(paused, now.Add(probeEvery), err)
		}
	case old: // what it says is known
	case !p.probe && g.failed < g.most:
		return true
	default:
		d := jitter(backoff(g.backed))
		g.backed++
		g.trouble(backingOff, now.Add(d), err)
	}
	return false
}

// recover notes that the destination takes attempts. The caller holds the lock.
func (g *gate) recover() {
	if g.told {
		g.log.Info("destination takes events again", "retries", g.failed)
	}
	g.told, g.failed, g.backed = false, 0, 0
	if g.state != ok {
		g.become(ok, time.Time{})
	}
}

// trouble tells, once, that the destination does not take what it is sent. The
// caller holds the lock.
func (g *gate) trouble(s state, until time.Time, err error) {
	if !g.told || s == paused {
		g.log.Warn("destination does not take events; they wait", "state", s.String(), "error", err)
	}
	g.told = true
	g.become(s, until)
}

// become changes the state. The caller holds the lock, or is alone.
func (g *gate) become(s state, until time.Time) {
	g.state, g.until = s, until
	g.epoch++
	g.metrics.set(s)
	g.record.become(s, until)
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

// backoff is how long to wait at most after so many failures before this one.
func backoff(failures int) time.Duration {
	if failures > 7 { // 500 ms doubled so often is more than the most
		return maxBackoff
	}
	return min(firstBackoff<<failures, maxBackoff)
}

// jitter spreads the attempts of many who failed at once.
func jitter(d time.Duration) time.Duration { return rand.N(d) }
