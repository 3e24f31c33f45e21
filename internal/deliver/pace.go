package deliver

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/parlance-chat/parlance/destination"
)

// A Pace is how somebody wants calls to be handed over. What is zero is as the
// destination has it.
type Pace struct {
	// InFlight is how many attempts may be under way at once.
	InFlight int
	// Calls, Bytes and Age bound one attempt, as in destination.Limits.
	Calls, Bytes int
	Age          time.Duration
	// Events and Requests bound what is sent in a second. As much as a second
	// has may come at once.
	Events, Requests float64
}

// MostInFlight is how many attempts may be under way at once at most.
const MostInFlight = 64

// Check says what of a pace a destination with such limits does not take.
func (p Pace) Check(l destination.Limits) error {
	switch {
	case l.InFlight == 0 && p.InFlight > 1:
		return fmt.Errorf("in_flight: %d is too many, for this type of destination takes one request at a time; remove it", p.InFlight)
	case l.Calls > 0 && p.Calls > l.Calls:
		return fmt.Errorf("batch.calls: %d is more than the destination takes, which is %d", p.Calls, l.Calls)
	case l.Bytes > 0 && p.Bytes > l.Bytes:
		return fmt.Errorf("batch.bytes: %d is more than the destination takes, which is %d", p.Bytes, l.Bytes)
	}
	return nil
}

// lower returns the limits that hold: the destination's, and within them what
// somebody wants. Only what bounds a call may be zero then, bytes, and age.
func (p Pace) lower(l destination.Limits) destination.Limits {
	if l.InFlight == 0 {
		p.InFlight = 1
	}
	l.InFlight = min(max(cmp.Or(p.InFlight, l.InFlight), 1), MostInFlight)
	l.Calls = lower(cmp.Or(l.Calls, readAtOnce), p.Calls)
	if p.Events > 0 {
		l.Calls = min(l.Calls, burst(p.Events)) // more would never be let through
	}
	l.Bytes = lower(l.Bytes, p.Bytes)
	l.Age = cmp.Or(p.Age, l.Age)
	return l
}

// lower returns the lower of two bounds of which zero is none.
func lower(a, b int) int {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

// A Rate lets so much through as the events and requests of a pace allow. All
// that is sent to one destination shares one. A nil Rate lets everything
// through.
type Rate struct{ requests, events *rate.Limiter }

// NewRate returns the rate that a pace asks for.
func NewRate(p Pace) *Rate { return &Rate{limiter(p.Requests), limiter(p.Events)} }

func limiter(perSecond float64) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), burst(perSecond))
}

// burst is how much may come at once: what a second has.
func burst(perSecond float64) int { return max(1, int(min(perSecond, 1e9))) }

// take takes what an attempt with so many calls needs, or says when there may
// be enough.
func (r *Rate) take(now time.Time, calls int) time.Duration {
	if r == nil {
		return 0
	}
	request, events := r.requests.ReserveN(now, 1), r.events.ReserveN(now, calls)
	wait := max(request.DelayFrom(now), events.DelayFrom(now))
	if wait > 0 {
		request.CancelAt(now)
		events.CancelAt(now)
	}
	return wait
}

// wait waits until take has what an attempt needs. Its error means that ctx is
// done.
func (r *Rate) wait(ctx context.Context, calls int) error {
	for {
		d := r.take(time.Now(), calls)
		if d == 0 {
			return nil
		}
		if err := sleep(ctx, d); err != nil {
			return err
		}
	}
}
