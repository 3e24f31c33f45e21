package deliver

import (
	"cmp"
	"errors"
	"slices"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
)

// fly hands over a flight until all have been, or are parked, or the delivery
// stops, and returns what it has not given back to the window. What is refused
// is halved until the call that is at fault stands alone. What fails while
// others are taken is halved by conversation, so that it holds up its own.
func (l *loop) fly(flight []*item) []*item {
	items, most := flight, len(flight)
	for len(items) > 0 && l.ctx.Err() == nil {
		n := min(most, len(items))
		told, err := l.attempts(items[:n])
		var refusal *destination.Refusal
		switch {
		case err == nil:
			if l.done(items[:n]) != nil {
				return flight // the same again, which the receiver knows by messageId
			}
			items = items[n:]
			most *= 2 // the bad one is behind us, or in what comes next
		case err == errApart:
			flight = l.part(flight)
			left := undone(flight)
			if most = len(left); most == len(items) { // it is one conversation
				most = (n + 1) / 2
			}
			items = left
		case errors.As(err, &refusal) && n > 1:
			most = n / 2
		case errors.As(err, &refusal):
			if l.done(items[:1], l.parked(items[0], refusal, told)) != nil {
				return flight
			}
			items = items[1:]
			most = 1 // what stands beside a bad one may be bad too
		}
	}
	return flight
}

// errApart says that calls fail while others are taken.
var errApart = errors.New("deliver: calls fail while others are taken")

// apartAfter is how many attempts fail before it is errApart.
const apartAfter = 3

// part gives half of a flight's conversations back to the window, and returns
// what is left.
func (l *loop) part(flight []*item) []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	flight = l.window.part(flight)
	l.goOn()
	return flight
}

// undone returns those of a flight that are not done.
func undone(flight []*item) []*item {
	return slices.DeleteFunc(slices.Clone(flight), func(i *item) bool { return i.done })
}

// parked is an item that was refused, as it is to be kept.
func (l *loop) parked(i *item, refusal *destination.Refusal, told destination.Exchange) journal.Parked {
	return journal.Parked{Workspace: l.Workspace, Destination: l.Name, Reason: refusal.Reason,
		Request: told.Request, Status: cmp.Or(told.Status, refusal.Status), Response: told.Response, Event: i.event}
}

// attempts tries to hand over items, all of them or none, until it is clear
// what becomes of them. Its error is a *Refusal, errApart, or that ctx is done.
func (l *loop) attempts(items []*item) (told destination.Exchange, err error) {
	var first pass
	for retry := 0; ; retry++ {
		p, err := l.gate.enter(l.ctx, len(items))
		if err != nil {
			return told, err
		}
		if retry == 0 {
			first = p
		}
		if p.probe {
			l.tell() // others may be taken though these are not
		}
		told, err = l.attempt(items, retry)
		if errors.As(err, new(*destination.Refusal)) || err == nil {
			l.gate.leave(p, err)
			return told, err
		}
		if l.ctx.Err() != nil {
			return told, l.ctx.Err()
		}
		if l.gate.leave(p, unsaidError{err, told}) {
			if retry+1 >= apartAfter && p.taken > first.taken && len(items) > 1 {
				return told, errApart
			}
			if err := sleep(l.ctx, jitter(backoff(retry))); err != nil {
				return told, err
			}
		}
	}
}

// attempt makes one attempt, which may finish when the delivery stops.
func (l *loop) attempt(items []*item, retry int) (destination.Exchange, error) {
	ctx, cancel := drain(l.ctx)
	defer cancel()
	return l.sender.attempt(ctx, items, retry)
}
