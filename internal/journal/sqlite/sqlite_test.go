package sqlite

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
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

// What must not be opened is not touched either.
func TestRefusedFiles(t *testing.T) {
	whole := t.TempDir()
	j := mustOpen(t, whole, Options{})
	for n := range 50 {
		if err := j.Append(t.Context(), webhook(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(whole, fileName))
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(b []byte) []byte) []byte { return f(append([]byte{}, good...)) }
	for name, tt := range map[string]struct {
		content []byte
		want    error
	}{
		"text":               {[]byte("this is no database"), ErrDamaged},
		"garbage":            {change(func(b []byte) []byte { copy(b, make([]byte, 100)); return b }), ErrDamaged},
		"cut off":            {good[:len(good)/2], ErrDamaged},
		"of another program": {change(func(b []byte) []byte { binary.BigEndian.PutUint32(b[68:], 1); return b }), ErrFormat},
		"of another version": {change(func(b []byte) []byte { binary.BigEndian.PutUint32(b[60:], formatVersion+1); return b }), ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, fileName)
			if err := os.WriteFile(path, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, Options{}); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v that names the file", err, tt.want)
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != string(tt.content) {
				t.Errorf("the file was touched (%v)", err)
			}
			if files, err := filepath.Glob(path + "-*"); err != nil || len(files) > 0 {
				t.Errorf("there is %v beside it (%v)", files, err)
			}
		})
	}
}

// A page in the middle that is broken is told as such, where it is met.
func TestDamagedInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{})
	for n := range 200 {
		if err := j.Append(t.Context(), webhook(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, fileName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096 * 2; i < len(b); i++ {
		b[i] ^= 0x55
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err = Open(dir, Options{})
	if err == nil {
		_, err = j.Webhooks(t.Context(), support, 0, 1000)
		j.Close()
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	j := mustOpen(t, dir, Options{})
	if err := j.Append(t.Context(), webhook(1)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", fileName, fileName + "-wal", lockName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q: got mode %v (%v)", name, info.Mode(), err)
		}
	}
}

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
