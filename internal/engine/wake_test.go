package engine

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// hourly are rules by which an hour's silence ends a conversation.
var hourly = conversation.Rules{Reopen: conversation.Restart, Inactivity: time.Hour, InactivityEnd: true}

// live is a message that is written now.
func live(n int, by conversation.Author) conversation.Activity {
	a := message(n, by, 0)
	a.Time = time.Now().UTC()
	return a
}

func expect(t *testing.T, j journal.Outbox, want ...string) {
	t.Helper()
	synctest.Wait()
	if got := names(told(t, j)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What fell silent ends though nobody writes again, once, and at its last
// message; also if the gateway stands still when the time is up.
func TestSilenceEnds(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			j := openJournal(t, dir)
			stop := startBy(j, hourly)
			restart := func(pause time.Duration) {
				stop()
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(pause)
				j = openJournal(t, dir)
				stop = startBy(j, hourly)
			}
			receive(t, j, live(1, conversation.Customer))
			time.Sleep(30 * time.Second)
			last := time.Now().UTC()
			receive(t, j, live(2, conversation.HumanAgent))
			time.Sleep(time.Hour)
			talk := []string{"Started 1 0s", "Sent 1 0s", "Received 2 30s"}
			expect(t, j, talk...)
			if stopped {
				restart(time.Hour)
			}
			time.Sleep(2 * settle)
			ended := append(talk, "Ended 2 30s")
			expect(t, j, ended...)
			if events := told(t, j); len(events) == 4 {
				var call struct{ Timestamp time.Time }
				if err := json.Unmarshal(events[3].JSON, &call); err != nil || !call.Timestamp.Equal(last) {
					t.Errorf("ended at %v (%v), want %v", call.Timestamp, err, last)
				}
			}
			time.Sleep(5 * time.Hour)
			restart(time.Hour)
			time.Sleep(5 * time.Hour)
			expect(t, j, ended...)
			receive(t, j, live(3, conversation.Customer))
			time.Sleep(time.Minute)
			expect(t, j, append(ended, "Started 3 0s", "Sent 3 0s")...)
			stop()
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Nothing ends before what has arrived by then is applied.
func TestSilenceBrokenAtTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer startBy(j, hourly)()
		receive(t, j, live(1, conversation.Customer))
		time.Sleep(time.Hour)
		receive(t, j, live(2, conversation.HumanAgent))
		time.Sleep(time.Hour)
		expect(t, j, "Started 1 0s", "Sent 1 0s", "Received 2 3600s")
		time.Sleep(2 * settle)
		expect(t, j, "Started 1 0s", "Sent 1 0s", "Received 2 3600s", "Ended 2 3600s")
	})
}

// What happened long ago and is told only now does not end amid the telling.
func TestSilenceOfThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer startBy(j, hourly)()
		began := time.Now().UTC().Add(-1000 * time.Hour)
		for n, minute := range []int{0, 50, 100, 300, 310} {
			a := message(n, conversation.Customer, 0)
			a.Time = began.Add(time.Duration(minute) * time.Minute)
			receive(t, j, a)
			time.Sleep(time.Minute)
		}
		past := []string{"Started 0 0s", "Sent 0 0s", "Sent 1 3000s", "Sent 2 6000s", "Ended 2 6000s", "Started 3 0s", "Sent 3 0s", "Sent 4 600s"}
		expect(t, j, past...)
		time.Sleep(2 * time.Hour)
		expect(t, j, append(past, "Ended 4 600s")...)
	})
}

// Rules that change in between count when the time is up.
func TestSilenceAfterReload(t *testing.T) {
	longer := hourly
	longer.Inactivity = 3 * time.Hour
	for _, rules := range []conversation.Rules{{}, longer} {
		synctest.Test(t, func(t *testing.T) {
			j := openJournal(t, t.TempDir())
			defer j.Close()
			stop := startBy(j, hourly)
			receive(t, j, live(1, conversation.Customer))
			time.Sleep(time.Minute)
			stop()
			defer startBy(j, rules)()
			time.Sleep(2 * time.Hour)
			want := []string{"Started 1 0s", "Sent 1 0s"}
			expect(t, j, want...)
			time.Sleep(2 * time.Hour)
			if rules.InactivityEnd {
				want = append(want, "Ended 1 0s")
			}
			expect(t, j, want...)
		})
	}
}

// Each step of ending what fell silent may fail, or fail but happen.
func TestSilenceWithFailingJournal(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			j := openJournal(t, t.TempDir())
			defer j.Close()
			defer startBy(&flaky{j, rand.New(rand.NewPCG(seed, 0))}, hourly)()
			var want []string
			for n := range 3 {
				receive(t, j, live(n, conversation.Customer))
				time.Sleep(3 * time.Hour)
				want = append(want, fmt.Sprintf("Started %d 0s", n), fmt.Sprintf("Sent %d 0s", n), fmt.Sprintf("Ended %d 0s", n))
			}
			expect(t, j, want...)
		})
	}
}

// However webhooks are delayed within the settle time, and whenever the engine
// is stopped for a moment, it tells of each conversation what Step does that
// knows all that happened.
func TestSilenceAnyTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		gaps := rapid.SliceOfN(rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Minute, time.Hour, time.Hour + time.Second, 3 * time.Hour}), 1, 8).Draw(rt, "gaps")
		delays := rapid.SliceOfN(rapid.Int64Range(0, int64(settle)-1), len(gaps), len(gaps)).Draw(rt, "delays")
		stops := rapid.SliceOfN(rapid.Int64Range(0, int64(12*time.Hour)), 0, 3).Draw(rt, "stops")
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			j := openJournal(t, dir)
			stop := startBy(j, hourly)
			type step struct {
				at time.Time
				do func()
			}
			var steps []step
			var history []conversation.Activity
			at := time.Now().UTC()
			for n, gap := range gaps {
				at = at.Add(gap)
				a := message(n, conversation.Customer, 0)
				a.Time, a.Conversation = at, fmt.Sprint(n%2)
				history = append(history, a)
				steps = append(steps, step{at.Add(time.Duration(delays[n])), func() { receive(t, j, a) }})
			}
			for _, s := range stops {
				steps = append(steps, step{time.Now().Add(time.Duration(s)), func() {
					stop()
					if err := j.Close(); err != nil {
						t.Fatal(err)
					}
					j = openJournal(t, dir)
					stop = startBy(j, hourly)
				}})
			}
			slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
			for _, s := range steps {
				time.Sleep(time.Until(s.at))
				s.do()
			}
			time.Sleep(2 * time.Hour)
			synctest.Wait()
			got := map[string][]string{}
			for _, e := range told(t, j) {
				got[e.Conversation] = append(got[e.Conversation], string(e.JSON))
			}
			want := map[string][]string{}
			states := map[string]conversation.State{}
			end := conversation.Activity{Type: conversation.Silence, Time: at.Add(100 * time.Hour)}
			for _, a := range append(history, in("0", end), in("1", end)) {
				var o conversation.Output
				states[a.Conversation], o = conversation.Step(origin("default", "support").Origin, hourly, states[a.Conversation], a)
				for _, e := range o.Events {
					b, err := e.MarshalJSON()
					if err != nil {
						t.Fatal(err)
					}
					want[a.Conversation] = append(want[a.Conversation], string(b))
				}
			}
			for _, c := range []string{"0", "1"} {
				if !slices.Equal(got[c], want[c]) {
					rt.Errorf("conversation %s: got\n%v\nwant\n%v", c, got[c], want[c])
				}
			}
			stop()
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		})
	})
}
