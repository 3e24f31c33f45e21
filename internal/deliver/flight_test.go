package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// A world is a journal and a receiver which look at each other: what the
// cursor has passed is either received or parked.
type world struct {
	journal.Outbox
	limits destination.Limits
	poison map[string]bool
	order  map[string]journal.Seq // of each messageId

	mu       sync.Mutex // guards the fields below
	random   *rand.Rand
	trouble  float64 // how often something goes wrong
	dead     bool    // the process was killed: nothing is written any more
	saved    journal.Seq
	flying   map[string]bool // conversations
	attempts int             // under way
	most     int             // of them
	parked   map[string]bool
	got      map[string]int  // how often
	again    map[string]bool // what may come more than once
	last     map[string]journal.Seq
	wrong    []string // what should not be
}

// wrongly notes what should not be. The caller holds the lock.
func (w *world) wrongly(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

func (w *world) chance(p float64) bool { return w.random.Float64() < p }

func (w *world) Limits() destination.Limits { return w.limits }
func (w *world) Close() error               { return nil }

func (w *world) Send(ctx context.Context, a destination.Attempt) error {
	took, answer := w.begin(a.Calls)
	err := sleep(ctx, took)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts--
	for _, c := range a.Calls {
		delete(w.flying, c.Conversation)
	}
	if err != nil {
		return err
	}
	if answer == nil || errors.Is(answer, errHappened) {
		w.take(a.Calls, answer != nil)
	}
	return answer
}

// begin notes an attempt, and says what is to come of it.
func (w *world) begin(calls []destination.Call) (took time.Duration, answer error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.attempts++; w.attempts > max(1, w.limits.InFlight) {
		w.wrongly("got %d attempts at once, want at most %d", w.attempts, w.limits.InFlight)
	}
	w.most = max(w.most, w.attempts)
	if len(calls) > w.limits.Calls {
		w.wrongly("got %d calls, want at most %d", len(calls), w.limits.Calls)
	}
	var seqs []journal.Seq
	for _, c := range calls {
		seqs = append(seqs, w.order[c.MessageID])
		if w.flying[c.Conversation] {
			w.wrongly("two attempts have calls of conversation %s", c.Conversation)
		}
	}
	if !slices.IsSorted(seqs) {
		w.wrongly("an attempt has %v, want them in order", seqs)
	}
	bad := false
	for _, c := range calls {
		w.flying[c.Conversation] = true
		bad = bad || w.poison[c.MessageID]
	}
	took = time.Duration(w.random.IntN(2000)) * time.Millisecond
	if bad {
		return took, &destination.Refusal{Status: 400, Reason: "poison"}
	}
	if !w.chance(w.trouble) {
		return took, nil
	}
	return took, []error{errors.New("no answer"), errHappened, errHappened, &destination.Wait{For: time.Minute}, &destination.Pause{Reason: "401"}}[w.random.IntN(5)]
}

var errHappened = errors.New("no answer, though it happened")

// take notes what arrived. The caller holds the lock.
func (w *world) take(calls []destination.Call, again bool) {
	for _, c := range calls {
		at := w.order[c.MessageID]
		if w.got[c.MessageID]++; w.got[c.MessageID] == 1 {
			if at <= w.last[c.Conversation] {
				w.wrongly("%s arrived after a later one of its conversation", c.MessageID)
			}
			w.last[c.Conversation] = at
		} else if !w.again[c.MessageID] {
			w.wrongly("%s came twice, and nothing had happened", c.MessageID)
		}
		if again {
			w.again[c.MessageID] = true
		}
	}
}

func (w *world) Move(ctx context.Context, c journal.Cursor, parked ...journal.Parked) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead || w.chance(w.trouble/2) {
		return errors.New("it did not happen")
	}
	for _, p := range parked {
		if !w.poison[p.Event.MessageID] {
			w.wrongly("%s was parked", p.Event.MessageID)
		}
		w.parked[p.Event.MessageID] = true
	}
	for id, at := range w.order {
		if at <= c.At && w.got[id] == 0 && !w.parked[id] {
			w.wrongly("the cursor passed %s, which is neither delivered nor parked", id)
		}
	}
	if err := w.Outbox.Move(ctx, c, parked...); err != nil {
		return err
	}
	w.saved = c.At
	if w.chance(w.trouble / 2) {
		return errors.New("it happened")
	}
	return nil
}

// kill has nothing be written any more, as if the process ended here. What is
// after the cursor may come again.
func (w *world) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for id, at := range w.order {
		if at > w.saved {
			w.again[id] = true
		}
	}
}

// A history is what happens to a world.
type history struct {
	limits        destination.Limits
	seed          uint64
	trouble       float64
	conversations int
	poison        float64
	rounds        []round
}

// A round is some events, a while, and what happens then.
type round struct {
	events int
	while  time.Duration
	then   string
}

func histories(r *rapid.T) history {
	h := history{
		limits: destination.Limits{
			Calls:    rapid.IntRange(1, 20).Draw(r, "calls"),
			InFlight: rapid.IntRange(0, 5).Draw(r, "in flight"),
			Age:      time.Duration(rapid.IntRange(0, 3).Draw(r, "age")) * time.Second,
		},
		seed:          rapid.Uint64().Draw(r, "seed"),
		trouble:       rapid.Float64Range(0, 0.3).Draw(r, "trouble"),
		conversations: rapid.IntRange(1, 30).Draw(r, "conversations"),
		poison:        rapid.Float64Range(0, 0.2).Draw(r, "poison"),
	}
	for range rapid.IntRange(1, 6).Draw(r, "rounds") {
		h.rounds = append(h.rounds, round{
			events: rapid.IntRange(1, 60).Draw(r, "events"),
			while:  time.Duration(rapid.IntRange(0, 5000).Draw(r, "ms")) * time.Millisecond,
			then:   rapid.SampledFrom([]string{"nothing", "restart", "kill"}).Draw(r, "then"),
		})
	}
	return h
}

// Promise 3, whatever happens: receivers that fail, or fail though it happened,
// calls that they refuse, moves likewise, restarts and kills.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := histories(r)
		var w *world
		synctest.Test(t, func(t *testing.T) { w = h.play(t) })
		if len(w.wrong) > 0 {
			r.Fatal(strings.Join(w.wrong, "\n"))
		}
	})
}

// Histories look at attempts beside each other, or they would show little.
func TestHistoriesFlyTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := history{limits: destination.Limits{Calls: 1, InFlight: 5}, conversations: 30, rounds: []round{{events: 60}}}
		if w := h.play(t); w.most != 5 || len(w.wrong) > 0 {
			t.Errorf("got %d attempts at once at most, and %q; want 5, and nothing wrong", w.most, w.wrong)
		}
	})
}

func (h history) play(t *testing.T) *world {
	j := openJournal(t)
	w := &world{Outbox: j, limits: h.limits, random: rand.New(rand.NewPCG(h.seed, 0)), trouble: h.trouble,
		poison: map[string]bool{}, order: map[string]journal.Seq{}, parked: map[string]bool{}, flying: map[string]bool{},
		got: map[string]int{}, again: map[string]bool{}, last: map[string]journal.Seq{}}
	o := options(w, "default", "d", w)
	stop := start(o)
	for _, r := range h.rounds {
		h.tell(t, j, w, r.events)
		time.Sleep(r.while)
		switch r.then {
		case "restart":
			stop()
			w.restarted()
			stop = start(o)
		case "kill":
			w.kill()
			stop()
			w.dead = false
			stop = start(o)
		}
	}
	w.mu.Lock()
	w.trouble = 0
	w.mu.Unlock()
	time.Sleep(time.Hour)
	synctest.Wait()
	stop()
	for id := range w.order {
		if (w.got[id] > 0) == w.poison[id] || w.parked[id] != w.poison[id] {
			w.wrongly("%s: received %d times, parked: %v, poison: %v", id, w.got[id], w.parked[id], w.poison[id])
		}
	}
	if parked, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 1000); err != nil || len(parked) != len(w.parked) {
		w.wrongly("got %d parked calls (%v), want each of %d once", len(parked), err, len(w.parked))
	}
	if lag, err := j.Lag(t.Context(), "default", "d"); err != nil || lag.Events != 0 {
		w.wrongly("lag: got %+v (%v), want none", lag, err)
	}
	return w
}

// restarted looks at what a stopped delivery has left: nothing comes again
// unless something before it, or a move, had trouble until the end.
func (w *world) restarted() {
	for id, at := range w.order {
		if at > w.saved && w.got[id] > 0 && !w.again[id] {
			if w.trouble == 0 && w.limits.InFlight <= 1 {
				w.wrongly("%s was delivered before the delivery stopped, and the cursor has not passed it", id)
			}
			w.again[id] = true
		}
	}
}

// tell commits events of random conversations.
func (h history) tell(t *testing.T, j *sqlite.Journal, w *world, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var events []journal.Event
	for range n {
		id := fmt.Sprintf("m%04d", len(w.order))
		w.order[id] = journal.Seq(len(w.order) + 1) // as the journal counts
		w.poison[id] = w.chance(h.poison)
		events = append(events, journal.Event{Workspace: "default", Source: "support", Conversation: fmt.Sprint(w.random.IntN(h.conversations)),
			Name: "track", MessageID: id, JSON: fmt.Appendf(nil, `{"messageId":%q}`, id)})
	}
	c := journal.Conversation{Workspace: "default", Source: "support"}
	if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{{Conversation: c, Events: events}}, 0); err != nil {
		t.Fatal(err)
	}
}

// A choosy outbox parks nothing.
type choosy struct{ journal.Outbox }

func (c choosy) Move(ctx context.Context, to journal.Cursor, parked ...journal.Parked) error {
	if len(parked) > 0 {
		return errors.New("it parks nothing")
	}
	return c.Outbox.Move(ctx, to)
}

// While one flight looks for the call that is at fault, the others go on.
func TestPoisonHoldsUpNoOtherFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t)
		b := newBusy(destination.Limits{Calls: 8, InFlight: 4}, func(a destination.Attempt) error {
			for _, c := range a.Calls {
				if c.MessageID == "m0006" {
					a.Tell(destination.Exchange{Request: "POST http://receiver", Status: 400, Response: "no"})
					return &destination.Refusal{Status: 400, Reason: "400 Bad Request: no"}
				}
			}
			return nil
		})
		defer start(options(j, "default", "d", b))()
		tellApart(t, j, 400)
		parked := func() []journal.Parked {
			list, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default", Destination: "d"}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		for len(parked()) == 0 {
			time.Sleep(time.Second)
		}
		// 8, 4, of the other 4 two, and two times one.
		if n := len(b.taken()); n < 4*3*8 {
			t.Errorf("got %d calls taken by the time the bad one stood alone, want those of three flights that went on", n)
		}
		time.Sleep(30 * time.Second)
		if n := len(b.taken()); n != 399 {
			t.Errorf("got %d calls, want 399", n)
		}
		if p := parked(); len(p) != 1 || p[0].Event.MessageID != "m0006" || p[0].Request == "" || p[0].Status != 400 || p[0].Response != "no" || p[0].Reason == "" || p[0].At.IsZero() {
			t.Errorf("got %+v parked, want m0006 with what was asked and said, why, and when", p)
		}
	})
}

// What could not be parked before the delivery had to stop is not passed by
// whatever ends after it.
func TestUnparkedIsNotPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &receiver{limits: destination.Limits{Calls: 1, InFlight: 2}}
		r.answer = func(a destination.Attempt) error {
			if a.Calls[0].MessageID == "m0001" {
				return &destination.Refusal{Reason: "400"}
			}
			time.Sleep(4 * time.Second)
			return nil
		}
		stop := start(options(choosy{j}, "default", "d", r))
		tellApart(t, j, 2)
		synctest.Wait()
		stop()
		if lag, err := j.Lag(t.Context(), "default", "d"); err != nil || lag.Events != 2 || len(r.ids()) != 1 {
			t.Errorf("got a lag of %d (%v) with %v delivered, want 2 with the second", lag.Events, err, r.ids())
		}
	})
}
