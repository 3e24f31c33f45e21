package deliver

import (
	"context"
	"errors"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Resend makes one attempt to deliver each of the calls, several at once as
// the destination takes them, and tells what became of each: nil, or why it
// was refused. Its error is told's, or says why the destination takes nothing
// just now; the rest was not tried then.
func Resend(ctx context.Context, o Options, list []journal.Parked, told func(p journal.Parked, refused error) error) error {
	s := newSender(o.onceMore())
	for most := len(list); len(list) > 0; {
		items, n, err := s.again(list[:min(most, len(list))])
		var refusal *destination.Refusal
		if err == nil && len(items) > 0 {
			if err = o.Rate.wait(ctx, len(items)); err != nil {
				return err
			}
			_, err = s.attempt(ctx, items, 0)
		}
		switch {
		case errors.As(err, &refusal) && n > 1:
			most = n / 2 // until the one at fault stands alone
			continue
		case err != nil && refusal == nil:
			return err
		}
		for _, p := range list[:n] {
			if err := told(p, err); err != nil {
				return err
			}
		}
		list = list[n:]
		most = min(2*most, len(list)) // it must not grow for ever
	}
	return nil
}

// again returns as many of the calls as one attempt takes, and how many parked
// ones they are: of what the destination is not to get any more, nothing is
// left. A call that it can never get is a *Refusal, and alone.
func (s sender) again(list []journal.Parked) (items []*item, n int, err error) {
	for bytes := envelope; n < len(list); n++ {
		i := s.item(list[n].Event)
		switch {
		case i.err != nil && n == 0:
			return nil, 1, &destination.Refusal{Reason: i.err.Error()}
		case i.err != nil:
			return items, n, nil // it will be the first
		case i.call == nil:
			continue
		}
		if bytes += i.size(); len(items) > 0 && (len(items) == s.limits.Calls || s.limits.Bytes > 0 && bytes > s.limits.Bytes) {
			return items, n, nil
		}
		items = append(items, i)
	}
	return items, n, nil
}
