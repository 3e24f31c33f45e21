package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// A receiver is a destination that does as it is told.
type receiver struct {
	limits destination.Limits
	answer func(destination.Attempt) error // nil takes everything

	mu    sync.Mutex // guards the fields below
	got   []destination.Call
	tries []destination.Attempt
}

func (r *receiver) Limits() destination.Limits { return r.limits }
func (r *receiver) Close() error               { return nil }
func (r *receiver) Send(ctx context.Context, a destination.Attempt) error {
	r.mu.Lock()
	r.tries = append(r.tries, destination.Attempt{Calls: slices.Clone(a.Calls), Retry: a.Retry, SentAt: a.SentAt})
	r.mu.Unlock()
	if r.answer != nil {
		if err := r.answer(a); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, a.Calls...)
	return nil
}

// attempts returns all there were.
func (r *receiver) attempts() []destination.Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tries)
}

// taken returns the calls that were taken.
func (r *receiver) taken() []destination.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) ids() (ids []string) {
	for _, c := range r.taken() {
		ids = append(ids, c.MessageID)
	}
	return ids
}

func openJournal(t *testing.T) *sqlite.Journal {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func options(j journal.Outbox, workspace, name string, d destination.Destination) Options {
	return Options{Journal: j, Workspace: workspace, Name: name, Destination: d, Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(prometheus.NewRegistry())}
}

// start runs a delivery until stop is called, which waits for its end.
func start(o Options) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := Run(ctx, o); err != nil {
			panic(err)
		}
	}()
	synctest.Wait() // its cursor is there
	return func() { cancel(); <-done }
}

// tell commits events with the ids.
func tell(t *testing.T, j journal.Workbench, workspace string, ids ...string) {
	var events []journal.Event
	for _, id := range ids {
		call := fmt.Sprintf(`{"type":"track","event":"Live Chat Message Sent","messageId":%q,"timestamp":%q}`, id, time.Now().UTC().Format(time.RFC3339))
		events = append(events, journal.Event{Workspace: workspace, Source: "support", Conversation: "17", Name: "Live Chat Message Sent", MessageID: id, JSON: []byte(call)})
	}
	c := journal.Conversation{Workspace: workspace, Source: "support", ID: "17"}
	if err := j.Commit(t.Context(), journal.Source{Workspace: workspace, Name: "support"}, []journal.Applied{{Conversation: c, Activity: ids[0], Events: events}}, 0); err != nil {
		t.Fatal(err)
	}
}

func numbered(from, to int) (ids []string) {
	for n := from; n <= to; n++ {
		ids = append(ids, fmt.Sprintf("m%04d", n))
	}
	return ids
}

func TestInOrderAndOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 7}}
		stop := start(options(j, "default", "d", r))
		tell(t, j, "default", numbered(1, 50)...)
		synctest.Wait()
		stop()
		tell(t, j, "default", numbered(51, 60)...)
		defer start(options(j, "default", "d", r))()
		tell(t, j, "default", numbered(61, 70)...)
		synctest.Wait()
		if got, want := r.ids(), numbered(1, 70); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for _, a := range r.attempts() {
			if len(a.Calls) > 7 {
				t.Errorf("got %d calls in an attempt, want at most 7", len(a.Calls))
			}
		}
	})
}

// What is refused is found by halving and parked; all else arrives, in order.
func TestRefusedEventsAreParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		bad := []string{"m0013", "m0014", "m0100"}
		r := &receiver{answer: func(a destination.Attempt) error {
			for _, c := range a.Calls {
				if slices.Contains(bad, c.MessageID) {
					return &destination.Refusal{Status: 400, Reason: "400 Bad Request"}
				}
			}
			return nil
		}}
		defer start(options(j, "default", "d", r))()
		tell(t, j, "default", numbered(1, 100)...)
		synctest.Wait()
		want := slices.DeleteFunc(numbered(1, 100), func(id string) bool { return slices.Contains(bad, id) })
		if got := r.ids(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default", Destination: "d"}, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range slices.Backward(parked) {
			got = append(got, p.Event.MessageID)
			if p.Reason != "400 Bad Request" {
				t.Errorf("reason: got %q", p.Reason)
			}
		}
		if !slices.Equal(got, bad) {
			t.Errorf("parked: got %v, want %v", got, bad)
		}
		if len(r.attempts()) > 50 {
			t.Errorf("got %d attempts, want few", len(r.attempts()))
		}
	})
}

// An attempt holds what the destination's limit allows, and what is in memory
// stays small, however large the events are.
func TestLargeEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 475_000
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 1000, Bytes: limit, CallBytes: 32_768}}
		defer start(options(j, "default", "d", r))()
		var events []journal.Event
		for _, id := range numbered(1, 400) {
			call := fmt.Sprintf(`{"messageId":%q,"properties":{"x":%q}}`, id, strings.Repeat("x", 31_000))
			events = append(events, journal.Event{Workspace: "default", Source: "s", Name: "track", MessageID: id, JSON: []byte(call)})
		}
		if held := bounded(events, readBytes); len(held) == 0 || len(held)*31_000 > readBytes {
			t.Errorf("got %d events held, want some, and less than %d bytes", len(held), readBytes)
		}
		c := journal.Conversation{Workspace: "default", Source: "s"}
		if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{{Conversation: c, Events: events}}, 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, want := r.ids(), numbered(1, 400); !slices.Equal(got, want) {
			t.Errorf("got %d calls, want %d in order", len(got), len(want))
		}
		for _, a := range r.attempts() {
			body := `{"batch":[`
			for i, c := range a.Calls {
				if i > 0 {
					body += ","
				}
				body += string(c.JSON)
			}
			body += `],"sentAt":"2026-03-02T09:00:00.000Z"}`
			if len(body) > limit {
				t.Errorf("got %d bytes in an attempt, want at most %d", len(body), limit)
			}
		}
		if n := len(r.attempts()); n > 32 {
			t.Errorf("got %d attempts, want full ones, which are 27 and some more where what is held ends", n)
		}
	})
}

func TestTooLargeCallIsParkedUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{CallBytes: 10}}
		defer start(options(j, "default", "d", r))()
		tell(t, j, "default", "m1", "m2")
		synctest.Wait()
		parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 10)
		if err != nil || len(parked) != 2 || len(r.attempts()) != 0 {
			t.Fatalf("got %d parked and %d attempts (%v), want 2 and 0", len(parked), len(r.attempts()), err)
		}
		if got, want := parked[0].Reason, "and the destination takes 10"; !strings.Contains(got, want) {
			t.Errorf("reason: got %q, want %q", got, want)
		}
	})
}

// A wrong key burns no events.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		var mended atomic.Bool
		r := &receiver{answer: func(destination.Attempt) error {
			if !mended.Load() {
				return &destination.Pause{Reason: "401"}
			}
			return nil
		}}
		defer start(options(j, "default", "d", r))()
		tell(t, j, "default", numbered(1, 10)...)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(r.attempts()); n < 10 || n > 14 {
			t.Errorf("got %d attempts in an hour, want one in %v", n, probeEvery)
		}
		mended.Store(true)
		time.Sleep(probeEvery)
		synctest.Wait()
		if got, want := r.ids(), numbered(1, 10); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// Somebody who has mended a destination need not wait for the next probe; but
// a destination that asked to be left alone is.
func TestResume(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"paused":  {&destination.Pause{Reason: "401"}, 2},
		"waiting": {&destination.Wait{For: time.Hour}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j, r := openJournal(t), &receiver{answer: func(destination.Attempt) error { return tt.err }}
				resume := make(chan struct{}, 1)
				o := options(j, "default", "d", r)
				o.Resume = resume
				defer start(o)()
				tell(t, j, "default", "m1")
				time.Sleep(time.Second)
				resume <- struct{}{}
				synctest.Wait()
				if got := len(r.attempts()); got != tt.want {
					t.Errorf("got %d attempts, want %d", got, tt.want)
				}
			})
		})
	}
}

// Promise 4: a dead destination delays nobody, of its own workspace or of another.
func TestDeadDestinationDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		dead := &receiver{answer: func(destination.Attempt) error { return errors.New("no answer") }}
		beside, other := &receiver{}, &receiver{}
		defer start(options(j, "default", "dead", dead))()
		defer start(options(j, "default", "beside", beside))()
		defer start(options(j, "acme", "other", other))()
		tell(t, j, "default", "m1")
		tell(t, j, "acme", "m2")
		synctest.Wait()
		if len(beside.taken()) != 1 || len(other.taken()) != 1 {
			t.Errorf("got %d and %d calls, want 1 and 1", len(beside.taken()), len(other.taken()))
		}
		lag, err := j.Lag(t.Context(), "default", "dead")
		if err != nil || lag.Events != 1 {
			t.Errorf("lag of the dead one: got %+v (%v), want 1", lag, err)
		}
	})
}

// A flaky outbox fails to move, or moves and says that it failed.
type flaky struct {
	journal.Outbox
	n int
}

func (f *flaky) Move(ctx context.Context, c journal.Cursor, parked ...journal.Parked) error {
	f.n++
	if f.n%3 == 1 {
		return errors.New("flaky")
	}
	if err := f.Outbox.Move(ctx, c, parked...); err != nil || f.n%3 == 0 {
		return err
	}
	return errors.New("flaky, but it happened")
}

func TestFailingMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 3}, answer: refuse("m0017")}
		defer start(options(&flaky{Outbox: j}, "default", "d", r))()
		tell(t, j, "default", numbered(1, 30)...)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got, want := r.ids(), slices.Concat(numbered(1, 16), numbered(18, 30)); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 10)
		if len(parked) != 1 || parked[0].Event.MessageID != "m0017" || err != nil {
			t.Errorf("got %d parked (%v), want the refused one, once", len(parked), err)
		}
	})
}

// A crash after an attempt and before its cursor moves repeats the attempt
// with the same messageIds.
func TestRepeatedAfterCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{}
		stop := start(options(crashing{j}, "default", "d", r))
		tell(t, j, "default", "m1", "m2")
		time.Sleep(time.Second)
		stop()
		defer start(options(j, "default", "d", r))()
		synctest.Wait()
		if got, want := r.ids(), []string{"m1", "m2", "m1", "m2"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A crashing outbox never moves.
type crashing struct{ journal.Outbox }

func (crashing) Move(context.Context, journal.Cursor, ...journal.Parked) error {
	return errors.New("crash")
}

func TestStopLetsAttemptFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		r := &receiver{answer: func(destination.Attempt) error { time.Sleep(time.Second); return nil }}
		stop := start(options(j, "default", "d", r))
		tell(t, j, "default", "m1")
		time.Sleep(time.Millisecond)
		stop()
		lag, err := j.Lag(t.Context(), "default", "d")
		if err != nil || lag.Events != 0 || len(r.taken()) != 1 {
			t.Errorf("got %d calls and lag %d (%v), want 1 and 0", len(r.taken()), lag.Events, err)
		}
	})
}
