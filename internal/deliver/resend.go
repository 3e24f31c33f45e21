package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Resend makes one attempt to deliver each of the calls, several at once as
// the destination takes them, and tells what became of each: nil, or why it
// was refused. Its error is told's, or says why the destination takes nothing
// just now; the rest was not tried then.
func Resend(ctx context.Context, o Options, list []journal.Parked, told func(p journal.Parked, refused error) error) error {
	limits := o.Pace.lower(o.Destination.Limits())
	for most := len(list); len(list) > 0; {
		calls, n, err := again(o.Policy, list[:min(most, len(list))], limits)
		var refusal *destination.Refusal
		if err == nil && len(calls) > 0 {
			if err = o.Rate.wait(ctx, len(calls)); err != nil {
				return err
			}
			err = o.Destination.Send(ctx, destination.Attempt{Calls: calls, SentAt: time.Now()})
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
func again(p Policy, list []journal.Parked, limits destination.Limits) (calls []destination.Call, n int, err error) {
	now, bytes := time.Now(), envelope
	for ; n < len(list); n++ {
		e := list[n].Event
		c, err := p.render(e)
		if err == nil && c == nil {
			continue
		}
		if err == nil {
			c.JSON = stamp(c.JSON, now.Add(e.Skew))
			if limits.CallBytes > 0 && len(c.JSON) > limits.CallBytes {
				err = errTooLarge
			}
		}
		if err != nil && n == 0 {
			return nil, 1, &destination.Refusal{Reason: err.Error()}
		}
		if err != nil {
			return calls, n, nil // it will be the first
		}
		bytes += len(c.JSON) + 1
		if len(calls) > 0 && (len(calls) == limits.Calls || limits.Bytes > 0 && bytes > limits.Bytes) {
			return calls, n, nil
		}
		calls = append(calls, *c)
	}
	return calls, n, nil
}

var errTooLarge = errors.New("the call is larger than the destination takes")
