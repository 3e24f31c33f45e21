// Package tracking delivers to whatever takes batches of calls over HTTP, as
// Segment's Tracking API does: one engine for the whole family, and a Profile
// for what each platform does in its own way, be it another format.
package tracking

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/parlance-chat/parlance/destination"
)

// maxTaken bounds how many messageIds are remembered.
const maxTaken = 10_000

// A Destination sends batches to one source. It implements
// destination.Destination.
type Destination struct {
	p      Profile
	client *Client

	mu sync.Mutex // guards the field below
	// taken has the messageIds of calls that the receiver has, though the
	// attempt that they were in failed. What is sent again leaves them out.
	taken map[string]bool
}

// inFlight is how many requests are under way at once, unless the profile says.
const inFlight = 4

// Open returns a destination. It makes no request.
func Open(p Profile) *Destination {
	if p.Limits.InFlight == 0 {
		p.Limits.InFlight = inFlight
	}
	return &Destination{p: p, client: NewClient(), taken: map[string]bool{}}
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits { return d.p.Limits }

// Close implements destination.Destination.
func (d *Destination) Close() error {
	d.client.CloseIdleConnections()
	if d.p.Authorizer != nil {
		d.p.Authorizer.Close()
	}
	return nil
}

// Send implements destination.Destination.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) error {
	calls, err := d.edited(a.Calls)
	if err != nil {
		return err
	}
	if len(calls) == 0 && len(a.Calls) > 0 {
		d.forget(a.Calls)
		return nil
	}
	for {
		b := d.next(calls)
		if err := d.request(ctx, a, b); err != nil {
			// Not again on a connection that may be dead, or to an address
			// that may be out of service.
			d.client.CloseIdleConnections()
			return err
		}
		calls = calls[len(b.calls):]
		if len(calls) == 0 {
			d.forget(a.Calls)
			return nil
		}
		d.remember(b.calls, nil)
	}
}

// A call is one of an attempt, as the platform gets it.
type call struct {
	id                    string // messageId
	json                  []byte
	context, integrations json.RawMessage // where they are shared
	frame                 Frame           // of a part
	more                  bool            // there is another part
}

var errNotOurs = &destination.Refusal{Reason: "the call is no JSON object"}

// edited returns the calls that the receiver does not have yet.
func (d *Destination) edited(calls []destination.Call) ([]call, error) {
	list := make([]call, 0, len(calls))
	for _, c := range d.untaken(calls) {
		if d.p.Parts != nil {
			parts, err := d.parts(c)
			if err != nil {
				return nil, err
			}
			list = append(list, parts...)
			continue
		}
		one := call{id: c.MessageID, json: c.JSON}
		if d.p.Edit != nil || d.p.SharedContext {
			o, err := parse(c.JSON)
			if err != nil {
				return nil, errNotOurs
			}
			if d.p.SharedContext {
				one.context, one.integrations = o.Get("context"), o.Get("integrations")
			}
			if d.p.Edit != nil {
				d.p.Edit(o)
				one.json = o.json()
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// untaken returns the calls that the receiver does not have.
func (d *Destination) untaken(calls []destination.Call) []destination.Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.taken) == 0 {
		return calls
	}
	return slices.DeleteFunc(slices.Clone(calls), func(c destination.Call) bool { return d.taken[c.MessageID] })
}

// A batch is what one request carries.
type batch struct {
	calls                 []call
	context, integrations json.RawMessage // of all calls, where they are shared
	frame                 Frame           // of all parts
}

// next returns the batch that the calls begin with.
func (d *Destination) next(calls []call) batch {
	if len(calls) == 0 {
		return batch{}
	}
	b := batch{context: calls[0].context, integrations: calls[0].integrations, frame: calls[0].frame}
	n := 0
	for n < len(calls) && bytes.Equal(calls[n].context, b.context) && bytes.Equal(calls[n].integrations, b.integrations) && calls[n].frame == b.frame {
		n++
	}
	b.calls = calls[:n]
	return b
}

// remember notes that the receiver has the calls, but for those that failed.
func (d *Destination) remember(calls []call, failed map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.taken)+len(calls) > maxTaken {
		clear(d.taken) // a repetition is better than memory without end
	}
	for _, c := range calls {
		if c.id != "" && !c.more && !failed[d.told(c.id)] {
			d.taken[c.id] = true
		}
	}
}

// forget lets go of calls that will not come again.
func (d *Destination) forget(calls []destination.Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range calls {
		delete(d.taken, c.MessageID)
	}
}

// told returns a messageId as the platform tells it.
func (d *Destination) told(id string) string {
	if d.p.ID == nil {
		return id
	}
	return d.p.ID(id)
}

// partly says what an answer of 2xx means of which the platform has more to
// tell.
func (d *Destination) partly(b batch, said []byte) error {
	failures, err := d.p.Failures(said)
	if err != nil || len(failures) == 0 {
		return err
	}
	return d.heed(b, failures)
}

// heed remembers what was taken although other calls were not, and returns the
// error that is to be heeded first.
func (d *Destination) heed(b batch, failures []Failure) error {
	ours := map[string]bool{}
	for _, c := range b.calls {
		ours[d.told(c.id)] = true
	}
	failed, all := map[string]bool{}, true
	for _, f := range failures {
		failed[f.MessageID] = true
		all = all && ours[f.MessageID]
	}
	if all { // or nobody knows which of ours they are
		d.remember(b.calls, failed)
	}
	return worst(failures)
}

// worst returns the error that is to be heeded first: what has everything wait
// before what is worth another attempt, and that before a refusal, which can
// still be told once nothing else is wrong.
func worst(failures []Failure) error {
	var pause, again, refusal error
	for _, f := range failures {
		switch {
		case errors.As(f.Err, new(*destination.Pause)):
			pause = cmp.Or(pause, f.Err)
		case errors.As(f.Err, new(*destination.Refusal)):
			refusal = cmp.Or(refusal, f.Err)
		default:
			again = cmp.Or(again, f.Err)
		}
	}
	return cmp.Or(pause, again, refusal)
}

// hide takes the key out of what a receiver said: some repeat it.
func (p *Profile) hide(said []byte) []byte {
	_, secret, _ := strings.Cut(p.Key, ":")
	for _, s := range []string{p.Key, secret} {
		if s != "" {
			said = bytes.ReplaceAll(said, []byte(s), []byte("…"))
		}
	}
	return said
}
