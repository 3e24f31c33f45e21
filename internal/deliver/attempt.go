package deliver

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A sender makes attempts at one destination, and tells the metrics and the
// record of each.
type sender struct {
	Options
	limits  destination.Limits // as the pace lowers them
	metrics *destinationMetrics
}

func newSender(o Options) sender {
	o.Record = cmp.Or(o.Record, &Record{})
	return sender{Options: o, limits: o.Pace.lower(o.Destination.Limits()), metrics: o.Metrics.of(o)}
}

// attempt makes one attempt to hand over items, after so many that failed, and
// notes what came of it.
func (s sender) attempt(ctx context.Context, items []*item, retry int) (told destination.Exchange, err error) {
	var last last
	began := time.Now()
	a := destination.Attempt{Calls: make([]destination.Call, len(items)), Retry: retry, SentAt: began, Tell: last.tell}
	seqs := make([]journal.Seq, len(items))
	for n, i := range items {
		a.Calls[n], seqs[n] = stamped(i, began), i.event.Seq
	}
	s.metrics.inFlight.Inc()
	s.Record.begin()
	err = s.Destination.Send(ctx, a)
	took := time.Since(began)
	s.metrics.inFlight.Dec()
	s.metrics.attempt(err, took)
	if err == nil {
		s.metrics.delivered.Add(float64(len(items)))
	}
	told = last.exchange()
	r := Attempt{At: began, Took: took, Events: seqs, Retry: retry, Result: result(err), Exchange: told}
	if err != nil {
		r.Error = err.Error()
	}
	s.Record.end(r)
	return told, err
}

// result names the class of what came of an attempt.
func result(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, new(*destination.Refusal)):
		return "refused"
	case errors.As(err, new(*destination.Wait)):
		return "wait"
	case errors.As(err, new(*destination.Pause)):
		return "pause"
	}
	return "failed"
}
