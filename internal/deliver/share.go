package deliver

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/parlance-chat/parlance/destination"
)

// Share returns two ways to one destination. Attempts on the first may be
// concurrent, as its limits and the pace allow. On the second each is made alone, while
// none is on the first, so that no two have calls of one conversation: it is
// for what is delivered once more, beside what is new. Whoever came first is
// let through first, so that neither waits for long.
func Share(d destination.Destination, p Pace) (many, alone destination.Destination) {
	most := int64(p.lower(d.Limits()).InFlight)
	turns := semaphore.NewWeighted(most)
	return way{d, turns, 1, false}, way{d, turns, most, true}
}

// A way is a destination whose attempts take turns with others'.
type way struct {
	destination.Destination
	turns  *semaphore.Weighted
	weight int64 // of one attempt
	alone  bool
}

// Limits implements destination.Destination.
func (w way) Limits() destination.Limits {
	l := w.Destination.Limits()
	if w.alone {
		l.InFlight, l.Age = 0, 0
	}
	return l
}

// Send implements destination.Destination.
func (w way) Send(ctx context.Context, a destination.Attempt) error {
	if err := w.turns.Acquire(ctx, w.weight); err != nil {
		return err
	}
	defer w.turns.Release(w.weight)
	a.Again = w.alone
	return w.Destination.Send(ctx, a)
}
