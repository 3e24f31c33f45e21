package deliver

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/standin"
)

// An outage is a receiver that fails for a day, each quarter in another way.
// It has real connections, and the time of whoever sends.
type outage struct {
	began   time.Time
	segment *standin.Server

	mu      sync.Mutex // guards the fields below
	now     time.Time
	retries []string // X-Retry-Count of each request
	calls   []standin.Call
}

func (o *outage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	now := o.now
	o.retries = append(o.retries, r.Header.Get("X-Retry-Count"))
	o.mu.Unlock()
	switch down := now.Sub(o.began); {
	case down < 6*time.Hour:
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
	case down < 12*time.Hour:
		w.WriteHeader(http.StatusBadGateway)
	case down < 18*time.Hour:
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	case down < 24*time.Hour:
		w.Header().Set("Retry-After", now.Add(90*time.Second).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		o.segment.ServeHTTP(w, r)
	}
}

// A watched destination tells its receiver what time it is, and notes when it
// was sent something.
type watched struct {
	destination.Destination
	o  *outage
	at []time.Duration
}

func (w *watched) Send(ctx context.Context, a destination.Attempt) error {
	w.o.mu.Lock()
	w.o.now = time.Now()
	w.o.mu.Unlock()
	w.at = append(w.at, time.Since(w.o.began))
	return w.Destination.Send(ctx, a)
}

// Promise 4: no outage, however long, loses or shifts an event. An event an
// hour, a restart in the middle, and a real connection to Segment's stand-in.
func TestDayWithoutDestination(t *testing.T) {
	o := &outage{}
	o.segment = standin.New(standin.Options{WriteKey: "key", OnCall: func(c standin.Call) { o.calls = append(o.calls, c) }})
	server := httptest.NewUnstartedServer(o)
	server.Config.SetKeepAlivesEnabled(false) // time stands still while somebody reads from the network
	server.Start()
	defer server.Close()
	d, err := segment.Open(segment.Settings{WriteKey: "key", Region: "us", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{Destination: d, o: o}
	synctest.Test(t, func(t *testing.T) {
		o.began = time.Now()
		j := openJournal(t)
		stop := start(options(j, "default", "d", w))
		for n := range 24 {
			tell(t, j, "default", numbered(n, n)...)
			if time.Sleep(time.Hour); n == 8 {
				stop()
				stop = start(options(j, "default", "d", w))
			}
		}
		time.Sleep(time.Hour)
		stop()
		for n, c := range o.calls {
			if want := numbered(n, n)[0]; c.MessageID != want || !c.Timestamp.Equal(o.began.Add(time.Duration(n)*time.Hour)) {
				t.Errorf("got %s of %v, want %s of its hour", c.MessageID, c.Timestamp, want)
			}
			if late := c.SentAt.Sub(o.began); late < 24*time.Hour || late > 24*time.Hour+90*time.Second {
				t.Errorf("%s: sentAt got %v after the beginning, want that of the attempt that arrived", c.MessageID, late)
			}
		}
	})
	if got := o.segment.Report(); got.Calls != 24 || got.Repeated != 0 {
		t.Errorf("got %+v, want 24 calls, each once", got)
	}
	w.check(t)
}

// check looks at when the attempts were, and what count they told.
func (w *watched) check(t *testing.T) {
	first := 0
	for i, at := range w.at {
		told := w.o.retries[i]
		if told == "" {
			first++
		} else if before, _ := strconv.Atoi(w.o.retries[i-1]); told != strconv.Itoa(before+1) {
			t.Errorf("X-Retry-Count after %d: got %s", before, told)
		}
		if i == len(w.at)-1 || at >= 24*time.Hour {
			continue
		}
		least, most := time.Duration(0), maxBackoff
		if at >= 18*time.Hour {
			least, most = 89*time.Second, 90*time.Second // a date has whole seconds
		} else if at >= 12*time.Hour {
			least, most = 2*time.Minute, 2*time.Minute
		}
		if gap := w.at[i+1] - at; gap < least || gap > most {
			t.Errorf("attempt at %v: the next came %v later, want %v to %v", at, gap, least, most)
		}
	}
	if first != 3 {
		t.Errorf("got %d requests without X-Retry-Count, want 3: at the start, at the restart, and the batch after the first that arrived", first)
	}
	if n := len(w.at); n > 12*60*3 {
		t.Errorf("got %d attempts in a day, want about two a minute while there is no answer", n)
	}
}

func TestRetryAfterHonoured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		began := time.Now()
		var at []time.Duration
		r := &receiver{}
		r.answer = func(a destination.Attempt) error {
			at = append(at, time.Since(began))
			if len(at) <= 3 {
				return &destination.Wait{For: 90 * time.Second, Reason: "429"}
			}
			return nil
		}
		defer start(options(j, "default", "d", r))()
		tell(t, j, "default", "m1")
		time.Sleep(time.Hour)
		synctest.Wait()
		want := []time.Duration{0, 90 * time.Second, 180 * time.Second, 270 * time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("attempts at %v, want %v", at, want)
		}
		if n := r.attempts()[3].Retry; n != 3 {
			t.Errorf("retry count of the last attempt: got %d, want 3", n)
		}
	})
}

// A hanging receiver answers nothing until it is left.
type hanging struct{ receiver }

func (*hanging) Send(ctx context.Context, _ destination.Attempt) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestStopLeavesHangingReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		stop := start(options(j, "default", "d", &hanging{}))
		tell(t, j, "default", "m1")
		synctest.Wait()
		told := time.Now()
		stop()
		if took := time.Since(told); took != drainTime {
			t.Errorf("stopping took %v, want %v", took, drainTime)
		}
		if lag, err := j.Lag(t.Context(), "default", "d"); err != nil || lag.Events != 1 {
			t.Errorf("lag: got %+v (%v), want 1", lag, err)
		}
	})
}

// An asked outbox counts how often events are read.
type asked struct {
	journal.Outbox
	times atomic.Int64
}

func (a *asked) Events(ctx context.Context, workspace string, after journal.Seq, limit int) ([]journal.Event, error) {
	a.times.Add(1)
	return a.Outbox.Events(ctx, workspace, after, limit)
}

// A destination that takes nothing has nothing done for it about each event,
// whether it does not answer or is left alone, and gets all of them in the end.
func TestWhoIsDownReadsNothing(t *testing.T) {
	hangs := func(up chan struct{}) error { <-up; return nil }
	fails := func(up chan struct{}) error {
		select {
		case <-up:
			return nil
		default:
			return errors.New("no")
		}
	}
	for _, c := range []struct {
		name                    string
		down                    func(up chan struct{}) error
		inFlight, conversations int
	}{
		{"hangs", hangs, 1, 50},
		{"hangs, several attempts", hangs, 3, 50},
		{"fails", fails, 1, 50},
		{"fails, several attempts", fails, 3, 50},
		{"fails, one conversation", fails, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j, up := openJournal(t), make(chan struct{})
				r := &receiver{limits: destination.Limits{Calls: 10, InFlight: c.inFlight}, answer: func(destination.Attempt) error { return c.down(up) }}
				a := &asked{Outbox: j}
				defer start(options(a, "default", "d", r))()
				before := 0
				for n := range 100 {
					if n == 10 {
						before = len(r.attempts())
						a.times.Store(0)
					}
					commitMany(t, j, n+1, 1, c.conversations)
					time.Sleep(time.Second)
				}
				if n, attempts := a.times.Load(), len(r.attempts())-before; n > 3*int64(attempts) {
					t.Errorf("events were read %d times while 90 came and %d attempts were made, want that only for those", n, attempts)
				}
				close(up)
				time.Sleep(maxBackoff + time.Second) // for the attempts, once the last backoff is over
				synctest.Wait()
				if n := len(r.taken()); n != 100 {
					t.Errorf("got %d events in the end, want 100", n)
				}
			})
		})
	}
}
