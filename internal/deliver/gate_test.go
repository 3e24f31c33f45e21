package deliver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
)

// tellApart commits an event for each of n conversations.
func tellApart(t *testing.T, j journal.Workbench, n int) {
	t.Helper()
	tellFrom(t, j, 1, n)
}

// tellFrom is tellApart from one event on.
func tellFrom(t *testing.T, j journal.Workbench, first, n int) {
	t.Helper()
	var events []journal.Event
	for i := range n {
		id := fmt.Sprintf("m%04d", first+i)
		events = append(events, journal.Event{Workspace: "default", Source: "s", Conversation: id, Name: "track", MessageID: id, JSON: fmt.Appendf(nil, `{"messageId":%q}`, id)})
	}
	c := journal.Conversation{Workspace: "default", Source: "s"}
	if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "s"}, []journal.Applied{{Conversation: c, Events: events}}, 0); err != nil {
		t.Fatal(err)
	}
}

// A busy receiver takes a second for each attempt, and counts those at once.
type busy struct {
	receiver
	mu        sync.Mutex // guards the fields below
	now, most int
}

func newBusy(l destination.Limits, answer func(destination.Attempt) error) *busy {
	b := &busy{receiver: receiver{limits: l}}
	b.answer = func(a destination.Attempt) error {
		b.mu.Lock()
		b.now++
		b.most = max(b.most, b.now)
		b.mu.Unlock()
		time.Sleep(time.Second)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.now--
		if answer == nil {
			return nil
		}
		return answer(a)
	}
	return b
}

// atMost returns how many attempts there were at once since it was asked last.
func (b *busy) atMost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.most = 0 }()
	return b.most
}

// As many attempts as a destination allows are under way at once, and as many
// as somebody wants, if that is fewer; or more, where the type can.
func TestInFlight(t *testing.T) {
	for _, tt := range []struct{ limit, pace, want int }{{0, 0, 1}, {0, 4, 1}, {1, 0, 1}, {1, 4, 4}, {4, 0, 4}, {4, 2, 2}} {
		synctest.Test(t, func(t *testing.T) {
			j, b := openJournal(t), newBusy(destination.Limits{Calls: 5, InFlight: tt.limit}, nil)
			o := options(j, "default", "d", b)
			o.Pace.InFlight = tt.pace
			defer start(o)()
			tellApart(t, j, 100)
			began := time.Now()
			for len(b.taken()) < 100 {
				time.Sleep(100 * time.Millisecond)
			}
			if took, want, most := time.Since(began), time.Duration(20/tt.want)*time.Second, b.atMost(); most != tt.want || took > want+time.Second {
				t.Errorf("%+v: got %d attempts at once, and all after %v; want %d, and %v", tt, most, took, tt.want, want)
			}
		})
	}
}

// While a destination takes nothing, one attempt at a time asks for all whether
// it does again.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		mended := false
		j := openJournal(t)
		b := newBusy(destination.Limits{Calls: 1, InFlight: 4}, func(destination.Attempt) error {
			mu.Lock()
			defer mu.Unlock()
			if mended {
				return nil
			}
			return errors.New("no answer")
		})
		o := options(j, "default", "d", b)
		o.Record = &Record{}
		defer start(o)()
		tellApart(t, j, 40)
		time.Sleep(30 * time.Second) // by then every flight has failed
		b.atMost()
		time.Sleep(time.Hour)
		if most := b.atMost(); most != 1 {
			t.Errorf("got %d attempts at once while nothing is taken, want 1", most)
		}
		if s := o.Record.Status(); s.State == "ok" || s.Retries < 60 || s.Error != "no answer" || time.Since(s.Since) < time.Hour {
			t.Errorf("status: got %+v", s)
		}
		mu.Lock()
		mended = true
		mu.Unlock()
		time.Sleep(2*maxBackoff + 15*time.Second)
		if n, most := len(b.taken()), b.atMost(); n != 40 || most != 4 {
			t.Errorf("got %d calls, %d attempts at once, after it was mended; want 40, 4", n, most)
		}
		if s := o.Record.Status(); s.State != "ok" || s.Retries != 0 || s.InFlight != 0 {
			t.Errorf("status: got %+v", s)
		}
	})
}

// What one conversation meets holds up only its own calls, also those that came
// with them.
func TestOneConversationInTrouble(t *testing.T) {
	for _, calls := range []int{1, 8} {
		oneConversationInTrouble(t, calls)
	}
}

func oneConversationInTrouble(t *testing.T, calls int) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		b := newBusy(destination.Limits{Calls: calls, InFlight: 4}, func(a destination.Attempt) error {
			if slices.ContainsFunc(a.Calls, func(c destination.Call) bool { return c.MessageID == "m0003" }) {
				return errors.New("500 Internal Server Error")
			}
			return nil
		})
		o := options(j, "default", "d", b)
		o.Record = &Record{}
		defer start(o)()
		for first := 1; first <= 100; first += 4 { // as long as others are taken, there is company to be parted from
			tellFrom(t, j, first, 4)
			time.Sleep(5 * time.Second)
		}
		time.Sleep(time.Minute)
		if n := len(b.taken()); n != 99 {
			t.Errorf("got %d calls, want 99", n)
		}
		if lag, err := j.Lag(t.Context(), "default", "d"); err != nil || lag.Events != 98 {
			t.Errorf("lag: got %+v (%v), want the cursor before m0003", lag, err)
		}
		time.Sleep(5 * time.Minute)
		if s := o.Record.Status(); s.State == "ok" {
			t.Errorf("status: got %+v, want that what is left is not taken", s)
		}
	})
}

// It may also have come first, and alone: others are tried in its stead.
func TestTroubleComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		b := newBusy(destination.Limits{Calls: 1, InFlight: 4}, func(a destination.Attempt) error {
			if a.Calls[0].MessageID == "m0001" {
				return errors.New("500 Internal Server Error")
			}
			return nil
		})
		defer start(options(j, "default", "d", b))()
		for range 3 {
			tellApart(t, j, 1) // all of one conversation
			time.Sleep(10 * time.Minute)
		}
		tell(t, j, "default", numbered(2, 10)...)
		time.Sleep(4 * time.Minute) // two times away, at most, each at most a minute
		if got := b.ids(); !slices.Equal(got, numbered(2, 10)) {
			t.Errorf("got %v in 4 minutes, want all that came later", got)
		}
	})
}

// A wait counts for all, from the one who asked last, and attempts that were
// under way do not end it.
func TestWaitCountsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, began := openJournal(t), time.Now()
		b := &receiver{limits: destination.Limits{Calls: 1, InFlight: 3}, answer: func(a destination.Attempt) error {
			if a.Retry == 0 && a.Calls[0].MessageID == "m0001" {
				time.Sleep(500 * time.Millisecond)
				return &destination.Wait{For: time.Minute}
			}
			time.Sleep(time.Second)
			return nil
		}}
		defer start(options(j, "default", "d", b))()
		tellApart(t, j, 9)
		time.Sleep(2 * time.Minute)
		for n, a := range b.attempts() {
			at := a.SentAt.Sub(began)
			if want := n >= 3; want != (at >= time.Minute) {
				t.Errorf("attempt %d at %v, want three before and all others a minute later", n, at)
			}
		}
		if len(b.taken()) != 9 {
			t.Errorf("got %d calls, want 9", len(b.taken()))
		}
	})
}

// A destination that asks for no time at all is not asked again at once.
func TestLeastWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{answer: func(destination.Attempt) error { return &destination.Wait{} }}
		defer start(options(j, "default", "d", r))()
		tell(t, j, "default", "m1")
		time.Sleep(10 * time.Second)
		if n := len(r.attempts()); n > 21 {
			t.Errorf("got %d attempts in 10 s, want one in %v", n, minWait)
		}
	})
}

// The jitter is full: anything from nothing to all.
func TestJitter(t *testing.T) {
	for failures, most := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute} {
		var list []time.Duration
		for range 1000 {
			list = append(list, jitter(backoff(failures)))
		}
		least, longest := slices.Min(list), slices.Max(list)
		if least < 0 || least > most/20 || longest >= most || longest < most-most/20 {
			t.Errorf("after %d failures: got %v to %v, want 0 to %v", failures, least, longest, most)
		}
	}
	if backoff(1_000_000) != maxBackoff {
		t.Errorf("after a million failures: got %v", backoff(1_000_000))
	}
}

// No second has more than what was asked for, but the first, in which as much
// may come at once.
func TestRateLimit(t *testing.T) {
	for name, pace := range map[string]Pace{
		"events":       {Events: 20, InFlight: 3},
		"requests":     {Requests: 4, Calls: 5, InFlight: 3},
		"few events":   {Events: 0.5},
		"few requests": {Requests: 0.1, Calls: 5},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 100, InFlight: 1}}
				o := options(j, "default", "d", r)
				o.Pace, o.Rate = pace, NewRate(pace)
				defer start(o)()
				tellApart(t, j, 200)
				began := time.Now()
				time.Sleep(10 * time.Minute)
				tries := r.attempts()
				rate, burst := pace.Events, max(1, pace.Events)
				if pace.Requests > 0 {
					rate, burst = pace.Requests, max(1, pace.Requests)
				}
				for first := range tries {
					n := 0.0
					for _, a := range tries[first:] {
						if n++; pace.Events > 0 {
							n += float64(len(a.Calls)) - 1
						}
						if most := burst + rate*a.SentAt.Sub(tries[first].SentAt).Seconds(); n > most+.01 {
							t.Fatalf("got %v between %v and %v, want at most %v", n, tries[first].SentAt.Sub(began), a.SentAt.Sub(began), most)
						}
					}
				}
				if n := len(r.taken()); n != 200 {
					t.Errorf("got %d calls in ten minutes, want all of 200", n)
				}
			})
		})
	}
}

// Calls wait for others until an attempt is full, or the first of them has
// waited long enough.
func TestAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 10, Age: 5 * time.Minute}}
		stop := start(options(j, "default", "d", r))
		told := func(n int) { tell(t, j, "default", numbered(n, n+2)...); synctest.Wait() }
		told(1)
		time.Sleep(4 * time.Minute)
		told(4)
		if n := len(r.attempts()); n != 0 {
			t.Errorf("got %d attempts before the time is up, want none", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.ids(); !slices.Equal(got, numbered(1, 6)) {
			t.Errorf("after 5 minutes: got %v, want all six", got)
		}
		told(7)
		told(10)
		told(13)
		if got := len(r.ids()); got != 6 {
			t.Errorf("got %d calls, want none of the next nine", got)
		}
		told(16)
		if got := len(r.ids()); got != 16 {
			t.Errorf("got %d calls, want a full attempt at once", got)
		}
		stop()
		if got := len(r.ids()); got != 16 {
			t.Errorf("got %d calls, want the two that wait to be left to the next start", got)
		}
		defer start(options(j, "default", "d", r))()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := r.ids(); !slices.Equal(got, numbered(1, 18)) {
			t.Errorf("got %v, want each once", got)
		}
	})
}

// A record keeps the last attempts, the newest first, and what the receiver
// was asked and said; so does what is parked.
func TestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 1}}
		r.answer = func(a destination.Attempt) error {
			a.Tell(destination.Exchange{Request: "POST http://first"})
			a.Tell(destination.Exchange{Request: "POST http://last", Status: 400, Response: "no"})
			time.Sleep(time.Second)
			if a.Calls[0].MessageID == "m0060" {
				return &destination.Refusal{Status: 400, Reason: "400: no"}
			}
			return nil
		}
		o := options(j, "default", "d", r)
		o.Record = &Record{}
		defer start(o)()
		tell(t, j, "default", numbered(1, 60)...)
		time.Sleep(time.Hour)
		list := o.Record.Attempts()
		if len(list) != recent {
			t.Fatalf("got %d attempts, want %d", len(list), recent)
		}
		for n, a := range list {
			if want := []journal.Seq{journal.Seq(60 - n)}; !slices.Equal(a.Events, want) || a.Took != time.Second {
				t.Errorf("attempt %d: got %+v, want %v", n, a, want)
			}
		}
		if a := list[0]; a.Result != "refused" || !strings.Contains(a.Error, "400: no") || a.Request != "POST http://last" || a.Status != 400 || a.Response != "no" {
			t.Errorf("the last attempt: got %+v", a)
		}
		parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 10)
		if err != nil || len(parked) != 1 || parked[0].Request != "POST http://last" || parked[0].Status != 400 || parked[0].Response != "no" {
			t.Errorf("parked: got %+v (%v)", parked, err)
		}
	})
}
