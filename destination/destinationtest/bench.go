package destinationtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

// A Racer is one way of sending.
type Racer struct {
	Name string
	Send func(context.Context, destination.Attempt) error
}

// Race has racers send the same attempts, of so many calls, and reports how
// fast each is, and the first one's speed divided by that of each other. They
// take turns at every attempt, in any order, so that whatever else the machine
// does slows all of them down. The first attempt does not count.
func Race(b *testing.B, calls int, racers ...Racer) {
	took := make([]time.Duration, len(racers))
	run := func(n int) {
		a := Attempt(n*calls, calls)
		for _, i := range rand.Perm(len(racers)) {
			began := time.Now()
			if err := racers[i].Send(b.Context(), a); err != nil {
				b.Fatalf("%s: %v", racers[i].Name, err)
			}
			took[i] += time.Since(began)
		}
	}
	run(0)
	clear(took)
	n := 0
	for b.Loop() {
		n++
		run(n)
	}
	b.ReportMetric(0, "ns/op") // which is that of all of them
	for i, r := range racers {
		b.ReportMetric(float64(n*calls)/took[i].Seconds(), r.Name+"-calls/s")
		if i > 0 {
			b.ReportMetric(float64(took[i])/float64(took[0]), "ratio-"+r.Name)
		}
	}
}

// Attempt returns one with so many calls, of up to 100 conversations, from the
// given one on.
func Attempt(from, calls int) (a destination.Attempt) {
	a.SentAt = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for i := from; i < from+calls; i++ {
		a.Calls = append(a.Calls, destination.Call{
			Workspace: "acme", Source: "desk", MessageID: fmt.Sprint("m", i), Conversation: fmt.Sprint("c", i%100), Event: "Live Chat Message Sent",
			JSON: fmt.Appendf(nil, `{"userId":"u%d","type":"track","event":"Live Chat Message Sent","messageId":"m%d","timestamp":"2026-03-02T09:00:00.000Z","properties":{"conversation_id":"c%d","conversation_duration":%d,"message_id":"%d","message_body":"Where is my order?"}}`, i%100, i, i%100, i, i),
		})
	}
	return a
}

// Attempts returns n calls, so many in an attempt.
func Attempts(n, calls int) (list []destination.Attempt) {
	for from := 0; from < n; from += calls {
		list = append(list, Attempt(from, min(calls, n-from)))
	}
	return list
}
