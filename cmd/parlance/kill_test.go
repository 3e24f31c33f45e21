package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Promise 1: a 2xx means that the webhook survives kill -9. Under load the
// program is killed again and again; every acknowledged webhook's events
// arrive, none twice by messageId, in order, at a receiver and in a file.
func TestKill(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 10
	}
	p := newProgram(t, "data")
	p.start()
	var done atomic.Bool
	var mu sync.Mutex
	turns := map[int]int{} // acknowledged messages of each conversation
	var wg sync.WaitGroup
	for writer := range 8 {
		wg.Go(func() {
			for conv := 1 + writer*10_000; !done.Load(); conv++ {
				for n := range 20 {
					a := turn(conv, n)
					for p.say(a) != http.StatusOK {
						time.Sleep(5 * time.Millisecond) // a tool that tries again
					}
					mu.Lock()
					turns[conv] = n + 1
					mu.Unlock()
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range kills {
		time.Sleep(time.Duration(20+random.IntN(200)) * time.Millisecond)
		p.kill()
		if random.IntN(4) == 0 { // in the middle of its start, too
			p.launch()
			time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
			p.kill()
		}
		p.start()
	}
	done.Store(true)
	wg.Wait()
	want, webhooks := 0, 0
	for _, n := range turns {
		want += n + 1
		webhooks += n
	}
	p.ledger.await(t, want)
	file := p.awaitFile(want)
	p.stop()
	for conv, n := range turns {
		if got, want := file[fmt.Sprint(conv)], wantTurns(conv, n); !slices.Equal(got, want) {
			t.Errorf("the file, conversation %d: got %q, want %q", conv, got, want)
		}
		if got, want := p.ledger.told(conv), wantTurns(conv, n); !slices.Equal(got, want) {
			t.Errorf("conversation %d: got %q, want %q", conv, got, want)
		}
	}
	t.Logf("%d kills, %d webhooks acknowledged, %d events, %d dropped by messageId", kills, webhooks, p.ledger.total(), p.ledger.Report().Repeated)
}
