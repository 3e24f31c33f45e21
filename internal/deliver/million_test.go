package deliver

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// A counting receiver takes nothing until it is mended, and then looks at the
// order of what it is sent, and at the memory that is in use meanwhile.
type counting struct {
	mu       sync.Mutex // guards the fields below
	mended   bool
	attempts int
	calls    int
	last     []int // by conversation
	wrong    int
	heap     []uint64
}

const answerTime = 100 * time.Millisecond

func (c *counting) Limits() destination.Limits {
	return destination.Limits{Calls: 1000, Bytes: 475_000, InFlight: 4}
}
func (c *counting) Close() error { return nil }

func (c *counting) Send(ctx context.Context, a destination.Attempt) error {
	if err := sleep(ctx, answerTime); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attempts++; !c.mended {
		return errors.New("no answer")
	}
	for _, call := range a.Calls {
		of, _ := strconv.Atoi(call.Conversation)
		n, _ := strconv.Atoi(call.MessageID)
		if n <= c.last[of] {
			c.wrong++
		}
		c.last[of] = n
	}
	before := c.calls
	if c.calls += len(a.Calls); before/100_000 != c.calls/100_000 || before == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.heap = append(c.heap, m.HeapAlloc)
	}
	return nil
}

// Promise 4, with all that a busy day brings: what waited for a day without the
// destination follows in order, each once, as fast as it answers, and takes no
// more memory than what comes every day.
func TestDayOfEventsWaits(t *testing.T) {
	commits, of := 1000, 1000
	if testing.Short() {
		commits = 50
	}
	const conversations = 400
	synctest.Test(t, func(t *testing.T) {
		j, r := openJournal(t), &counting{last: make([]int, conversations)}
		defer start(options(j, "default", "d", r))()
		for n := range commits {
			commitMany(t, j, n*of+1, of, conversations)
			time.Sleep(24 * time.Hour / time.Duration(commits))
		}
		r.mu.Lock()
		if r.mended = true; r.attempts > 24*60*4 {
			t.Errorf("got %d attempts in a day, want a few a minute", r.attempts)
		}
		r.mu.Unlock()
		mended := time.Now()
		for total := commits * of; r.count() < total && time.Since(mended) < time.Hour; {
			time.Sleep(answerTime)
		}
		took := time.Since(mended)
		r.mu.Lock()
		defer r.mu.Unlock()
		// 475,000 bytes are some 2,000 of these calls, so that attempts have 1,000.
		full := time.Duration(commits*of/1000/4) * answerTime
		if most := maxBackoff + full + full/4 + time.Second; r.calls != commits*of || r.wrong != 0 || took > most {
			t.Errorf("got %d calls, %d out of order or again, after %v; want %d within %v", r.calls, r.wrong, took, commits*of, most)
		}
		for _, heap := range r.heap {
			if most := r.heap[0] + 16<<20; heap > most {
				t.Errorf("heap: got %v bytes in use on the way, want no more than %d", r.heap, most)
				break
			}
		}
		t.Logf("%d calls in %v of its time, %v bytes of memory on the way", r.calls, took, r.heap)
	})
}

func (c *counting) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// commitMany commits n events, the first of which has the number first.
func commitMany(t *testing.T, j *sqlite.Journal, first, n, conversations int) {
	t.Helper()
	events := make([]journal.Event, n)
	for i := range events {
		id := strconv.Itoa(first + i)
		of := strconv.Itoa((first + i) * 7919 % conversations)
		events[i] = journal.Event{Workspace: "default", Source: "support", Conversation: of, Name: "Live Chat Message Sent", MessageID: id,
			JSON: fmt.Appendf(nil, `{"type":"track","event":"Live Chat Message Sent","userId":"customer-%s","properties":{"conversation_id":%q,"message_id":%q,"message_body":"hello"},"messageId":%q}`, of, of, id, id)}
	}
	c := journal.Conversation{Workspace: "default", Source: "support"}
	if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{{Conversation: c, Events: events}}, 0); err != nil {
		t.Fatal(err)
	}
}
