package sqlite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/parlance-chat/parlance/internal/journal"
)

// A clock is one that the test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func TestTimeNeverGoesBack(t *testing.T) {
	c := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{now: c.now})
	a, b := webhook(1), webhook(2)
	if err := j.Append(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	c.move(-time.Hour)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, dir, Options{now: c.now}).Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if b.ReceivedAt.Before(a.ReceivedAt) {
		t.Errorf("got %v after %v", b.ReceivedAt, a.ReceivedAt)
	}
}

// stored counts what is in the file.
func stored(t *testing.T, j *Journal, table string) (n int) {
	t.Helper()
	err := j.query(t.Context(), "SELECT coalesce(sum(last - first + 1), 0) FROM "+table, func(s *sqlite.Stmt) error {
		n = s.ColumnInt(0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What is too old goes: webhooks once they are applied, events once every
// destination has them, the memory of activities, and nothing else.
func TestRetention(t *testing.T) {
	const day = 24 * time.Hour
	c := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{now: c.now})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.Cursor(t.Context(), "default", "segment"); err != nil {
		t.Fatal(err)
	}
	calls := journal.Conversation{Workspace: "default", Source: "website"}
	for n := range 10 {
		must(j.Append(t.Context(), webhook(n)))
		must(j.Commit(t.Context(), support, append(apply(n), journal.Applied{Conversation: calls, Activity: fmt.Sprint("call ", n)}), 5))
	}
	expect := func(when string, webhooks, events int, known, call bool) {
		t.Helper()
		must(j.sweep())
		j.recent.forget()
		w, e := stored(t, j, "webhooks"), stored(t, j, "events")
		_, applied, err := j.Load(t.Context(), apply(0)[0].Conversation, []string{"0"})
		must(err)
		_, passed, err := j.Load(t.Context(), calls, []string{"call 0"})
		must(err)
		if w != webhooks || e != events || applied[0] != known || passed[0] != call {
			t.Errorf("%s: got %d webhooks, %d events, activity known %v, call known %v; want %d, %d, %v, %v",
				when, w, e, applied[0], passed[0], webhooks, events, known, call)
		}
	}
	expect("at once", 10, 10, true, true)
	c.move(8 * day)
	must(j.Commit(t.Context(), support, []journal.Applied{{Conversation: calls, Activity: "another call"}}, 5))
	expect("after 8 days, half of them applied", 5, 10, true, false)
	c.move(2 * day)
	must(j.Commit(t.Context(), support, nil, 10))
	expect("after 10 days, all applied", 1, 10, false, false)
	c.move(30 * day)
	expect("after 40 days, not delivered", 1, 10, false, false)
	_, events := readAll(t, j)
	must(j.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: "segment", At: events[6].Seq}))
	expect("after 40 days, partly delivered", 1, 3, false, false)
	replay := journal.Replay{Workspace: "default", Destination: "segment", After: events[7].Seq, UpTo: events[8].Seq}
	must(j.AddReplay(t.Context(), &replay))
	must(j.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: "segment", At: events[9].Seq}))
	expect("after 40 days, delivered, and a replay under way", 1, 2, false, false)
	must(j.EndReplay(t.Context(), "default", replay.ID, false))
	must(j.Forget(t.Context(), "default", "segment"))
	expect("after 40 days, no destination", 1, 1, false, false)
	if state, _, err := j.Load(t.Context(), apply(9)[0].Conversation, nil); string(state) != "state 9" || err != nil {
		t.Errorf("the state: got %q (%v), want the last", state, err)
	}
	must(j.Close())
	j = mustOpen(t, dir, Options{now: c.now})
	h := webhook(11)
	must(j.Append(t.Context(), h))
	if h.Seq != 11 {
		t.Errorf("the next position: got %d, want 11", h.Seq)
	}
}

// While much is deleted, whoever writes goes on.
func TestDeletingBlocksNobody(t *testing.T) {
	c := &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	j := mustOpen(t, t.TempDir(), Options{now: c.now})
	const blocks = 50 * blocksOnce
	for n := range blocks {
		if err := j.Append(t.Context(), webhook(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Commit(t.Context(), support, nil, blocks); err != nil {
		t.Fatal(err)
	}
	c.move(8 * 24 * time.Hour)
	swept := make(chan error, 1)
	go func() { swept <- j.sweep() }()
	written := 0
	for len(swept) == 0 {
		if err := j.Append(t.Context(), webhook(blocks+written)); err != nil {
			t.Fatal(err)
		}
		written++
	}
	if err := <-swept; err != nil {
		t.Fatal(err)
	}
	if n := stored(t, j, "webhooks"); n != written || written < 10 {
		t.Errorf("wrote %d meanwhile, and %d are there, want some, and these", written, n)
	}
}

// SQLite's own log does not grow for ever under constant load.
func TestLogIsBounded(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{})
	random := rand.NewChaCha8([32]byte{})
	for n := range 2000 {
		h := webhook(n)
		h.Body = make([]byte, 100_000)
		if _, err := random.Read(h.Body); err != nil {
			t.Fatal(err)
		}
		if err := j.Append(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	db, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	wal, err := os.Stat(filepath.Join(dir, fileName+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("file %d MB, log %d MB", db.Size()>>20, wal.Size()>>20)
	if wal.Size() > 3*logPages*4096 {
		t.Errorf("the log has %d MB", wal.Size()>>20)
	}
}
