package deliver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// talk commits n events of conversations 0 to 9 in turn.
func talk(t *testing.T, j *sqlite.Journal, n int) (last journal.Seq) {
	t.Helper()
	for from := 0; from < n; from += 500 {
		var events []journal.Event
		for k := from; k < min(n, from+500); k++ {
			id := fmt.Sprintf("m%04d", k)
			events = append(events, journal.Event{Workspace: "default", Source: "support", Conversation: fmt.Sprint(k % 10), Name: "Live Chat Message Sent", MessageID: id,
				JSON: []byte(fmt.Sprintf(`{"type":"track","messageId":%q}`, id))})
		}
		c := journal.Conversation{Workspace: "default", Source: "support"}
		if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{{Conversation: c, Events: events}}, 0); err != nil {
			t.Fatal(err)
		}
	}
	last, err := j.End(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	return last
}

func addReplay(t *testing.T, j *sqlite.Journal, r journal.Replay) journal.Replay {
	t.Helper()
	r.Workspace, r.Destination = "default", "d"
	if err := j.AddReplay(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func replayNow(t *testing.T, j *sqlite.Journal) journal.Replay {
	t.Helper()
	list, err := j.Replays(t.Context(), "default")
	if err != nil || len(list) == 0 {
		t.Fatalf("got %d replays (%v)", len(list), err)
	}
	return list[0]
}

// A replay hands over what it is about, in order, ends, and leaves the
// destination's own cursor alone.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 7}}
		upTo := talk(t, j, 2500)
		talk(t, j, 50) // what came later is no part of it
		before, err := j.Cursor(t.Context(), "default", "d")
		if err != nil {
			t.Fatal(err)
		}
		one := addReplay(t, j, journal.Replay{UpTo: upTo, Filter: journal.Filter{Conversation: "3"}, Events: 250})
		o := options(j, "default", "d", r)
		c := counts(&o)
		if err := Replay(t.Context(), o, j, one); err != nil {
			t.Fatal(err)
		}
		c.check(t, len(r.attempts()), 250)
		var want []string
		for k := 3; k < 2500; k += 10 {
			want = append(want, fmt.Sprintf("m%04d", k))
		}
		if got := r.ids(); !slices.Equal(got, want) {
			t.Errorf("got %d calls, want %d, from %v", len(got), len(want), got[:min(3, len(got))])
		}
		if got := replayNow(t, j); got.Done != 250 || got.Ended.IsZero() || got.Cancelled {
			t.Errorf("got %+v, want it ended with 250", got)
		}
		if at, err := j.Cursor(t.Context(), "default", "d"); at != before || err != nil {
			t.Errorf("the cursor: got %d (%v), want %d", at, err, before)
		}
	})
}

// One about nothing ends too.
func TestReplayOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		for _, r := range []journal.Replay{{}, {UpTo: 100}, {UpTo: 30, Filter: journal.Filter{Source: "nobody"}}} {
			if r.Filter.Source != "" {
				talk(t, j, 30)
			}
			if err := Replay(t.Context(), options(j, "default", "d", &receiver{}), j, addReplay(t, j, r)); err != nil {
				t.Fatal(err)
			}
			if got := replayNow(t, j); got.Ended.IsZero() || got.Done != 0 {
				t.Errorf("got %+v, want it ended", got)
			}
		}
	})
}

// A replay that is stopped goes on where it was. What was refused is parked.
func TestReplayGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		one := addReplay(t, j, journal.Replay{UpTo: talk(t, j, 100), Events: 100})
		ctx, cancel := context.WithCancel(t.Context())
		first := &receiver{limits: destination.Limits{Calls: 10}}
		first.answer = func(a destination.Attempt) error {
			if a.Calls[0].MessageID >= "m0050" {
				cancel()
				return errors.New("unavailable")
			}
			return nil
		}
		if err := Replay(ctx, options(j, "default", "d", first), j, one); err != nil {
			t.Fatal(err)
		}
		half := replayNow(t, j)
		if half.Done != 50 || !half.Ended.IsZero() {
			t.Fatalf("got %+v, want it half done", half)
		}
		second := &receiver{limits: destination.Limits{Calls: 10}}
		second.answer = func(a destination.Attempt) error {
			if slices.ContainsFunc(a.Calls, func(c destination.Call) bool { return c.MessageID == "m0077" }) {
				return &destination.Refusal{Status: 400, Reason: "400 Bad Request"}
			}
			return nil
		}
		if err := Replay(t.Context(), options(j, "default", "d", second), j, half); err != nil {
			t.Fatal(err)
		}
		got := slices.Concat(first.ids(), second.ids())
		if len(got) != 99 || got[50] != "m0050" || !slices.IsSorted(got) {
			t.Errorf("got %d calls, want 99 in order: %v", len(got), got)
		}
		parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 10)
		if len(parked) != 1 || parked[0].Event.MessageID != "m0077" || err != nil {
			t.Errorf("got %d parked (%v), want the refused one", len(parked), err)
		}
		if got := replayNow(t, j); got.Done != 100 || got.Ended.IsZero() {
			t.Errorf("got %+v, want it ended", got)
		}
	})
}

// A flakyReplay fails to move, or moves and says that it failed.
type flakyReplay struct {
	*sqlite.Journal
	n int
}

func (f *flakyReplay) try(do func() error) error {
	f.n++
	if f.n%3 == 1 {
		return errors.New("flaky")
	}
	if err := do(); err != nil || f.n%3 == 0 {
		return err
	}
	return errors.New("flaky, but it happened")
}

func (f *flakyReplay) MoveReplay(ctx context.Context, r journal.Replay, parked ...journal.Parked) error {
	return f.try(func() error { return f.Journal.MoveReplay(ctx, r, parked...) })
}

func (f *flakyReplay) EndReplay(ctx context.Context, workspace string, id int64, cancelled bool) error {
	return f.try(func() error { return f.Journal.EndReplay(ctx, workspace, id, cancelled) })
}

// However its moves fail, a replay counts right, and ends.
func TestFailingReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 7}, answer: refuse("m0031")}
		one := addReplay(t, j, journal.Replay{UpTo: talk(t, j, 100), Events: 100})
		if err := Replay(t.Context(), options(j, "default", "d", r), &flakyReplay{Journal: j}, one); err != nil {
			t.Fatal(err)
		}
		if got := replayNow(t, j); got.Done != 100 || got.Ended.IsZero() || got.Cancelled {
			t.Errorf("got %+v, want it ended with 100", got)
		}
		if got := r.ids(); len(got) != 99 || !slices.IsSorted(got) {
			t.Errorf("got %d calls, want 99 in order: %v", len(got), got)
		}
		parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 10)
		if len(parked) != 1 || err != nil {
			t.Errorf("got %d parked (%v), want the refused one, once", len(parked), err)
		}
	})
}

// An attempt that is made alone overlaps with no other, and neither side waits
// for ever.
func TestShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		under := map[string]int{}
		r := &receiver{limits: destination.Limits{InFlight: 3, Age: time.Second}}
		r.answer = func(a destination.Attempt) error {
			kind := a.Calls[0].MessageID
			if a.Again != (kind == "alone") {
				t.Errorf("%s: delivered once more: %t", kind, a.Again)
			}
			mu.Lock()
			under[kind]++
			if under["alone"] > 1 || under["alone"] == 1 && under["many"] > 0 || under["many"] > 3 {
				t.Errorf("under way at once: %v", under)
			}
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			under[kind]--
			mu.Unlock()
			return nil
		}
		many, alone := Share(r, Pace{})
		if l := alone.Limits(); l.InFlight != 0 || l.Age != 0 || many.Limits() != r.limits {
			t.Errorf("got limits %+v and %+v", many.Limits(), l)
		}
		began := time.Now()
		var wg sync.WaitGroup
		for d, kind := range map[destination.Destination]string{many: "many", alone: "alone"} {
			for range 3 {
				wg.Go(func() {
					for range 10 {
						if err := d.Send(t.Context(), destination.Attempt{Calls: []destination.Call{{MessageID: kind}}}); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		if took := time.Since(began); took > 65*time.Second {
			t.Errorf("it took %v, want a minute at the most", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := alone.Send(ctx, destination.Attempt{}); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that is done: got %v", err)
		}
	})
}

// Each parked call is tried, several at once, and what is refused again is
// told. A destination that takes nothing ends it.
func TestResend(t *testing.T) {
	var list []journal.Parked
	for n := range 20 {
		id := fmt.Sprintf("m%04d", n)
		list = append(list, journal.Parked{ID: int64(n), Event: journal.Event{Conversation: "1", MessageID: id, JSON: []byte(`{"messageId":"` + id + `"}`)}})
	}
	list[4].Event.JSON = []byte("null") // it cannot be rendered
	list[5].Event.JSON = fmt.Appendf(nil, `{"a":"%0100d"}`, 1)
	for name, tt := range map[string]struct {
		answer  func(destination.Attempt) error
		arrived int
		refused []int64
		err     string
		most    int // attempts
	}{
		"all well":       {nil, 18, []int64{4, 5}, "", 8},
		"one is refused": {refuse("m0013"), 17, []int64{4, 5, 13}, "", 16},
		"nothing goes":   {func(destination.Attempt) error { return &destination.Pause{Reason: "wrong key"} }, 0, nil, "paused: wrong key", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{limits: destination.Limits{Calls: 5, CallBytes: 90}, answer: tt.answer}
			var refused []int64
			arrived := 0
			o := options(nil, "default", "d", r)
			c := counts(&o)
			err := Resend(t.Context(), o, list, func(p journal.Parked, err error) error {
				if err != nil {
					refused = append(refused, p.ID)
				} else {
					arrived++
				}
				return nil
			})
			if fmt.Sprint(err) != tt.err && (err != nil || tt.err != "") {
				t.Errorf("got %v, want %q", err, tt.err)
			}
			if arrived != tt.arrived || !slices.Equal(refused, tt.refused) || !slices.IsSorted(r.ids()) || len(r.ids()) != tt.arrived {
				t.Errorf("got %d arrived (%v) and %v refused, want %d and %v", arrived, r.ids(), refused, tt.arrived, tt.refused)
			}
			if got := len(r.attempts()); got > tt.most {
				t.Errorf("got %d attempts, want at most %d", got, tt.most)
			}
			c.check(t, len(r.attempts()), tt.arrived)
		})
	}
}

// A count is what the metrics and the record of a delivery say.
type count struct {
	registry *prometheus.Registry
	record   *Record
}

// counts has a delivery be counted.
func counts(o *Options) count {
	c := count{prometheus.NewRegistry(), &Record{}}
	o.Metrics, o.Record = NewMetrics(c.registry), c.record
	return c
}

// check fails the test if not each attempt that was made beside the delivery is
// counted, or if anything else is told of it.
func (c count) check(t *testing.T, attempts, delivered int) {
	t.Helper()
	families, err := c.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got[f.GetName()] += int(m.GetCounter().GetValue()) + int(m.GetHistogram().GetSampleCount())
		}
	}
	want := map[string]int{"parlance_delivery_attempts_total": attempts, "parlance_delivery_attempt_seconds": attempts,
		"parlance_delivered_total": delivered, "parlance_parked_total": 0, "parlance_delivery_in_flight": 0}
	if !maps.Equal(got, want) {
		t.Errorf("metrics: got %v, want %v", got, want)
	}
	if n := len(c.record.Attempts()); n != min(attempts, recent) {
		t.Errorf("got %d attempts recorded, want %d", n, min(attempts, recent))
	}
	if s := c.record.Status(); s != (Status{}) {
		t.Errorf("status of the delivery: got %+v, want none", s)
	}
}

// However many are parked, each is tried, also where an attempt has one call.
func TestResendOneByOne(t *testing.T) {
	list := make([]journal.Parked, 200)
	for n := range list {
		list[n].Event = journal.Event{MessageID: fmt.Sprintf("m%04d", n), JSON: []byte(`{}`)}
	}
	r := &receiver{limits: destination.Limits{Calls: 1}}
	if err := Resend(t.Context(), options(nil, "default", "d", r), list, func(_ journal.Parked, err error) error { return err }); err != nil {
		t.Fatal(err)
	}
	if got := len(r.attempts()); got != len(list) {
		t.Errorf("got %d attempts, want %d", got, len(list))
	}
}

func refuse(id string) func(destination.Attempt) error {
	return func(a destination.Attempt) error {
		if slices.ContainsFunc(a.Calls, func(c destination.Call) bool { return c.MessageID == id }) {
			return &destination.Refusal{Status: 400, Reason: "400 Bad Request"}
		}
		return nil
	}
}
