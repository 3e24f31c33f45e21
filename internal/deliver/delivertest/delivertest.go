// Package delivertest plays all the ways in which a receiver over HTTP fails,
// and holds a destination to losing nothing in any of them.
package delivertest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// A Harness is a destination and its receiver.
type Harness struct {
	// Open returns a destination that sends to a URL.
	Open func(t *testing.T, url string) destination.Destination
	// IDs returns the messageIds in a request, in order.
	IDs func(r *http.Request, body []byte) ([]string, error)
	// Taken answers that all of n calls were taken.
	Taken func(w http.ResponseWriter, n int)
}

const (
	workspace, name = "default", "d"
	// events is how many there are, and patience how long an attempt may take.
	events   = 12
	patience = 400 * time.Millisecond
	// failures is how often a receiver fails before it does what it should.
	failures = 2
)

// Faults plays each fault, all at the same time: most of it is waiting.
func Faults(t *testing.T, h Harness) {
	var cells sync.WaitGroup
	defer cells.Wait()
	cell := func(name string, play func(t *testing.T)) {
		cells.Go(func() { t.Run(name, play) })
	}
	for name, url := range elsewhere(t) {
		cell(name, func(t *testing.T) {
			r := newReceiver(t, h, nil)
			d := newDelivery(t, r)
			d.until(url, func() bool { return d.attempts() >= failures })
			d.until(r.url, d.over)
			d.check(nil)
		})
	}
	for name, fault := range faults {
		cell(name, func(t *testing.T) {
			r := newReceiver(t, h, fault)
			d := newDelivery(t, r)
			d.until(r.url, d.over)
			d.check(nil)
		})
	}
	for _, status := range []int{400, 413} {
		cell(fmt.Sprintf("%d for one of them", status), func(t *testing.T) {
			r := newReceiver(t, h, nil)
			r.bad, r.status = "m05", status
			d := newDelivery(t, r)
			d.until(r.url, d.over)
			d.check([]string{"m05"})
		})
	}
}

// A receiver fails, and then takes what comes.
type receiver struct {
	t      *testing.T
	h      Harness
	fault  fault
	url    string
	bad    string // the messageId that is refused with status
	status int
	over   chan struct{} // closed at the end, so that nothing hangs for ever

	mu       sync.Mutex // guards the fields below
	requests int
	got      []string // messageIds, also of what was taken without saying so
}

func newReceiver(t *testing.T, h Harness, f fault) *receiver {
	r := &receiver{t: t, h: h, fault: f, over: make(chan struct{})}
	server := httptest.NewUnstartedServer(r)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(func() { close(r.over); server.CloseClientConnections(); server.Close() })
	r.url = server.URL
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests++
	fails := r.fault != nil && r.requests <= failures
	r.mu.Unlock()
	var ids []string
	read := func() {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			ids, err = r.h.IDs(req, body)
		}
		if err != nil && req.Context().Err() == nil {
			r.t.Errorf("a request: %v", err)
		}
	}
	take := func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, ids...)
	}
	if fails {
		r.fault(exchange{w: w, over: r.over, read: read, take: take})
		return
	}
	read()
	if r.bad != "" && slices.Contains(ids, r.bad) {
		w.WriteHeader(r.status)
		return
	}
	take()
	r.h.Taken(w, len(ids))
}

// first returns the messageIds that arrived, each where it came first.
func (r *receiver) first() (ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range r.got {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// A delivery is one of some events to a receiver.
type delivery struct {
	t *testing.T
	r *receiver
	j *sqlite.Journal
	o deliver.Options
	// last is the last event's place: a cursor there is at the end.
	last journal.Seq

	mu    sync.Mutex // guards the field below
	tries int
}

func newDelivery(t *testing.T, r *receiver) *delivery {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	d := &delivery{t: t, r: r, j: j}
	d.o = deliver.Options{Journal: j, Workspace: workspace, Name: name, Log: slog.New(slog.DiscardHandler)}
	from, err := j.Cursor(t.Context(), workspace, name) // what comes from here on
	if err != nil {
		t.Fatal(err)
	}
	var list []journal.Event
	for _, id := range d.ids() {
		call := `{"type":"track","event":"Live Chat Message Sent","userId":"u","properties":{"conversation_duration":0,"conversation_id":"17","message_id":"` + id +
			`"},"messageId":"` + id + `","timestamp":"2026-03-02T09:00:00.000Z"}`
		list = append(list, journal.Event{Workspace: workspace, Source: "support", Conversation: "17", Name: "Live Chat Message Sent", MessageID: id, JSON: []byte(call)})
	}
	c := journal.Conversation{Workspace: workspace, Source: "support", ID: "17"}
	if err := j.Commit(t.Context(), journal.Source{Workspace: workspace, Name: "support"}, []journal.Applied{{Conversation: c, Activity: "a", Events: list}}, 0); err != nil {
		t.Fatal(err)
	}
	stored, err := j.Events(t.Context(), workspace, from, events)
	if err != nil || len(stored) != events {
		t.Fatalf("got %d events (%v), want %d", len(stored), err, events)
	}
	d.last = stored[events-1].Seq
	return d
}

// over reports whether the receiver has answered for every event.
func (d *delivery) over() bool {
	at, err := d.j.Cursor(d.t.Context(), workspace, name)
	return err == nil && at == d.last
}

func (d *delivery) ids() (ids []string) {
	for n := range events {
		ids = append(ids, fmt.Sprintf("m%02d", n))
	}
	return ids
}

// until delivers to a URL until something holds.
func (d *delivery) until(url string, holds func() bool) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	to := d.r.h.Open(d.t, url)
	resume := make(chan struct{}, 1)
	o := d.o
	o.Destination, o.Resume, o.Metrics = &impatient{to, d}, resume, deliver.NewMetrics(prometheus.NewRegistry())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := deliver.Run(ctx, o); err != nil {
			d.t.Error(err)
		}
	}()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Errorf("after 30 s: %d of %d events arrived, %d attempts, %d parked", len(d.r.first()), events, d.attempts(), len(d.parked()))
			break
		}
		select {
		case resume <- struct{}{}: // somebody has mended what it paused for
		default:
		}
	}
	cancel()
	<-done
	if err := to.Close(); err != nil {
		d.t.Error(err)
	}
}

// An impatient destination does not wait for an answer as long as it would,
// and counts its attempts.
type impatient struct {
	destination.Destination
	d *delivery
}

func (i *impatient) Send(ctx context.Context, a destination.Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := i.Destination.Send(ctx, a)
	i.d.mu.Lock()
	defer i.d.mu.Unlock()
	i.d.tries++
	return err
}

func (d *delivery) attempts() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tries
}

func (d *delivery) parked() (ids []string) {
	parked, err := d.j.Parked(d.t.Context(), workspace, name, events)
	if err != nil {
		d.t.Error(err)
	}
	for _, p := range parked {
		ids = append(ids, p.Event.MessageID)
	}
	return ids
}

// check holds that each event arrived, in order, or is parked; and that what
// came again has the messageId of one of them.
func (d *delivery) check(parked []string) {
	want := slices.DeleteFunc(d.ids(), func(id string) bool { return slices.Contains(parked, id) })
	if got := d.r.first(); !slices.Equal(got, want) {
		d.t.Errorf("got %v, want %v", got, want)
	}
	if got := d.parked(); !slices.Equal(got, parked) {
		d.t.Errorf("parked: got %v, want %v", got, parked)
	}
}
