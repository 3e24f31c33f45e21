package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// support is the source of all webhooks here.
var support = journal.Source{Workspace: "default", Name: "support"}

func mustOpen(t testing.TB, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func webhook(n int) *journal.Webhook {
	id := fmt.Sprint(n)
	return &journal.Webhook{Workspace: "default", Source: "support",
		Body: []byte(strings.Repeat(`{"event":"message_created","id":`+id+`,"content":"hello there"},`, 2500/64)),
		Activities: []conversation.Activity{{ID: "message:" + id, Type: conversation.Message, Conversation: fmt.Sprint(n / 10), By: conversation.Customer,
			Time: time.Now().UTC().Truncate(time.Second), Message: conversation.Text{ID: id, Body: "hello there"}}}}
}

// read returns the webhooks and the events of the default workspace.
func readAll(t testing.TB, j *Journal) (webhooks []journal.Webhook, events []journal.Event) {
	t.Helper()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	for after := journal.Seq(0); ; after = webhooks[len(webhooks)-1].Seq {
		list, err := j.Webhooks(now, support, after, 1000)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if webhooks = append(webhooks, list...); len(list) == 0 {
			break
		}
	}
	for after := journal.Seq(0); ; after = events[len(events)-1].Seq {
		list, err := j.Events(now, "default", after, 1000)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if events = append(events, list...); len(list) == 0 {
			return webhooks, events
		}
	}
}

func apply(n int) []journal.Applied {
	c := journal.Conversation{Workspace: "default", Source: "support", ID: fmt.Sprint(n / 10)}
	return []journal.Applied{{Conversation: c, Activity: fmt.Sprint(n), State: fmt.Appendf(nil, "state %d", n),
		Events: []journal.Event{{Name: "x", MessageID: fmt.Sprint(n), JSON: fmt.Appendf(nil, `{"n":%d}`, n)}}}}
}

// TestMain is also the process that TestKill kills.
func TestMain(m *testing.M) {
	dir := os.Getenv("PARLANCE_TEST_APPEND")
	if dir == "" {
		os.Exit(m.Run())
	}
	j, err := Open(dir, Options{})
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				h := webhook(w*1_000_000 + n)
				if err := j.Append(context.Background(), h); err != nil {
					panic(err)
				}
				fmt.Printf("%d %s\n", h.Seq, h.Activities[0].ID)
			}
		})
	}
	wg.Wait()
}

// Promise 1, at its root: what Append has acknowledged is there after kill -9.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	acked := map[journal.Seq]string{}
	for round := range 20 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PARLANCE_TEST_APPEND="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewScanner(out)
		for n := 0; in.Scan(); n++ {
			if n == 50+20*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			var seq journal.Seq
			var id string
			if _, err := fmt.Sscanf(in.Text(), "%d %s", &seq, &id); err == nil {
				acked[seq] = id
			}
		}
		_ = cmd.Wait() // it was killed
	}
	webhooks, _ := readAll(t, mustOpen(t, dir, Options{}))
	there := map[journal.Seq]string{}
	for _, w := range webhooks {
		there[w.Seq] = w.Activities[0].ID
	}
	for seq, id := range acked {
		if there[seq] != id {
			t.Errorf("acknowledged %s at %d: got %q there", id, seq, there[seq])
		}
	}
	t.Logf("%d acknowledged, %d there", len(acked), len(there))
}

// Every commit is broken twice: it failed, and it failed but happened. The
// journal goes on, and what it says is what is in the file.
func TestFailingCommit(t *testing.T) {
	for _, stage := range []string{"before commit", "after commit"} {
		t.Run(stage, func(t *testing.T) {
			var failing atomic.Bool
			dir := t.TempDir()
			j := mustOpen(t, dir, Options{step: func(s string) error {
				if failing.Load() && s == stage {
					return errors.New("told to fail")
				}
				return nil
			}})
			happened := 0
			for n := range 30 {
				fail := n%3 == 1
				failing.Store(fail)
				errs := []error{j.Append(t.Context(), webhook(n)), j.Commit(t.Context(), support, apply(n), journal.Seq(n))}
				for _, err := range errs {
					if (err != nil) != fail {
						t.Errorf("%d: got %v, want an error: %v", n, err, fail)
					}
				}
				if !fail || stage == "after commit" {
					happened++
				}
				failing.Store(false)
				check(t, j, n, happened)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			check(t, mustOpen(t, dir, Options{}), 29, happened)
		})
	}
}

// Requests that share a commit that failed, but happened, are there once.
func TestFailingSharedCommit(t *testing.T) {
	var failing atomic.Bool
	j := mustOpen(t, t.TempDir(), Options{step: func(s string) error {
		if failing.Load() && s == "after commit" {
			return errors.New("told to fail")
		}
		return nil
	}})
	failing.Store(true)
	var both []*request
	for n := range 2 {
		h := webhook(n)
		both = append(both, &request{gather: func(t *tx) { t.webhooks = append(t.webhooks, h) }, done: make(chan error, 1)})
	}
	j.queue.mu.Lock()
	j.queue.list = append(j.queue.list, both...)
	j.queue.more.Signal()
	j.queue.mu.Unlock()
	for _, r := range both {
		if err := <-r.done; err == nil {
			t.Error("got no error of a failed commit")
		}
	}
	failing.Store(false)
	if webhooks, _ := readAll(t, j); len(webhooks) != 2 {
		t.Errorf("got %d webhooks, want 2", len(webhooks))
	}
}

// check checks that so many webhooks and events are there, and that the state
// and the memory of activities agree with them.
func check(t *testing.T, j *Journal, n, want int) {
	t.Helper()
	webhooks, events := readAll(t, j)
	if len(webhooks) != want || len(events) != want {
		t.Fatalf("after %d: got %d webhooks and %d events, want %d", n, len(webhooks), len(events), want)
	}
	last := events[want-1].MessageID
	a := apply(n)[0]
	state, applied, err := j.Load(t.Context(), a.Conversation, []string{a.Activity})
	if err != nil || applied[0] != (last == a.Activity) || applied[0] && string(state) != string(a.State) {
		t.Fatalf("after %d: got %q and %v (%v), the last event is %s", n, state, applied, err, last)
	}
}

// Promise 7, at its root: a full disk is refused with ErrFull, and forgotten
// once there is room.
func TestFull(t *testing.T) {
	j := mustOpen(t, t.TempDir(), Options{pages: 100})
	n, random := 0, rand.NewChaCha8([32]byte{}) // hard to compress
	large := func() error {
		h := webhook(n)
		h.Body = make([]byte, 20_000)
		if _, err := random.Read(h.Body); err != nil {
			t.Fatal(err)
		}
		err := j.Append(t.Context(), h)
		if err == nil {
			n++
		}
		return err
	}
	var err error
	for err == nil {
		err = large()
	}
	if !errors.Is(err, journal.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	if err := large(); !errors.Is(err, journal.ErrFull) {
		t.Errorf("again: got %v, want ErrFull", err)
	}
	err = j.write(t.Context(), 0, func(tx *tx) error {
		return sqlitex.ExecuteTransient(tx.conn, "PRAGMA max_page_count = 100000", nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := large(); err != nil {
		t.Errorf("with room again: got %v", err)
	}
	if webhooks, _ := readAll(t, j); len(webhooks) != n {
		t.Errorf("got %d webhooks, want %d", len(webhooks), n)
	}
}

func TestTooMuchWaits(t *testing.T) {
	var q queue
	q.init()
	put := func(size int) error { return q.put(&request{size: size}) }
	if err := put(queueBytes + 1); err != nil {
		t.Errorf("one alone may be of any size: got %v", err)
	}
	if err := put(1); !errors.Is(err, journal.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	q.take()
	for range queueLength {
		if err := put(1); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(1); !errors.Is(err, journal.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
}

func FuzzBlock(f *testing.F) {
	c := newCodec()
	b, err := c.encode([]*journal.Webhook{webhook(1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte{}, b...))
	f.Add([]byte{})
	dec := newDecoder()
	f.Fuzz(func(t *testing.T, data []byte) {
		var webhooks []journal.Webhook
		var events []journal.Event
		for _, err := range []error{decode(dec, data, &webhooks), decode(dec, data, &events)} {
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v, want ErrDamaged", err)
			}
		}
	})
}
