package destinationtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// Where a receiver hangs, these take the place of a destination's own timeout,
// which a test cannot wait for.
const (
	// impatience is how long an attempt may take from when the receiver hangs.
	// What it does before that takes as long as the machine is slow.
	impatience = time.Second
	// withoutWord is how long it may take if the receiver does not say so.
	withoutWord = 10 * time.Second
)

// patience bounds what a test waits for. Machines are slow at times.
const patience = 2 * time.Minute

// A Case is one way in which a receiver fails, and what is to come of it.
type Case struct {
	Name string
	// Class of the errors that attempts end with: "again", "wait", "refusal" or
	// "pause". "ok" if none may, and "" if it does not matter whether one does.
	Class string
	// Happened says that the receiver may have the calls of an attempt that
	// failed, so that they may come twice.
	Happened bool
	// Hangs says that the receiver answers after longer than a test can wait.
	Hangs bool
	// stuck, if not nil, is given what the receiver is to call when it hangs.
	stuck func(hangs func())
	// Secret is what no error may have in it.
	Secret string
	// Open returns a destination whose receiver is going to fail.
	Open func(t *testing.T) destination.Destination
	// Mend, if not nil, ends the fault once an attempt has failed.
	Mend func(t *testing.T)
	// Reopen, if not nil, returns a destination whose settings somebody has
	// mended once an attempt has failed.
	Reopen func(t *testing.T) destination.Destination
	// Received returns the calls that the receiver has, those of each
	// conversation in their order.
	Received func(t *testing.T) []string
}

// TestCases drives a destination through the delivery that the gateway has,
// with its journal, while its receiver fails. Whatever happens, each error is
// of the right class, no event is lost, the order of each conversation stays,
// and what comes twice has the same messageId.
func TestCases(t *testing.T, cases []Case) {
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			want, parked := c.play(t)
			if len(parked) > 0 {
				t.Errorf("got %v parked, want none: no call was at fault", parked)
			}
			c.check(t, c.Received(t), want)
		})
	}
}

// play delivers events until the receiver has all of them, and returns their
// ids, and those that were parked.
func (c Case) play(t *testing.T) (want, set []string) {
	t.Helper()
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	first := &watched{Destination: c.Open(t), under: map[*outcome]context.CancelFunc{}}
	if c.Hangs {
		first.patience = impatience
	}
	if c.Hangs && c.stuck != nil {
		first.patience = withoutWord
		c.stuck(first.cut)
	}
	stop := run(t, j, first)
	want = commit(t, j)
	if c.Mend != nil || c.Reopen != nil {
		eventually(t, func() bool { return len(first.failures()) > 0 })
	}
	if c.Mend != nil {
		c.Mend(t)
	}
	if c.Reopen != nil {
		stop()
		stop = run(t, j, &watched{Destination: c.Reopen(t)})
	}
	eventually(t, func() bool {
		lag, err := j.Lag(t.Context(), "default", "d")
		return err == nil && lag.Events == 0
	})
	stop()
	c.checkClass(t, first)
	return want, parked(t, j)
}

// checkClass says what is wrong with the errors that the delivery was told.
func (c Case) checkClass(t *testing.T, w *watched) {
	errs := w.failures()
	if len(errs) == 0 && c.Class != "ok" && c.Class != "" {
		t.Fatalf("no attempt failed, want %s", c.Class)
	}
	for _, err := range errs {
		if got := Class(err); got != c.Class && c.Class != "" {
			t.Errorf("got %s (%v), want %s", got, err, c.Class)
		}
		if c.Secret != "" && strings.Contains(err.Error(), c.Secret) {
			t.Error("an error has the secret in it")
		}
		if n := len(err.Error()); n > 1000 {
			t.Errorf("got an error of %d bytes", n)
		}
	}
	w.waited(t)
	w.tales.check(t, c.Secret, "hello")
}

// check says what was lost, out of order, or repeated for nothing.
func (c Case) check(t *testing.T, received, want []string) {
	var first []string
	for _, call := range received {
		id := ids.FindString(call)
		if !slices.Contains(first, id) {
			first = append(first, id)
		} else if !c.Happened {
			t.Errorf("%s came twice, and did not have to", id)
		}
	}
	checkOrder(t, first, want)
}

// checkOrder says which conversations did not arrive as they should.
func checkOrder(t *testing.T, first, want []string) {
	t.Helper()
	conversations := func(list []string) map[string][]string {
		out := map[string][]string{}
		for _, id := range list {
			of := conversation(id)
			out[of] = append(out[of], id)
		}
		return out
	}
	got := conversations(first)
	for of, ids := range conversations(want) {
		if !slices.Equal(got[of], ids) {
			t.Errorf("of conversation %s got\n%v, want\n%v", of, got[of], ids)
		}
	}
}

// events is how many events each test has.
const events = 12

// poison is the one that is refused where one is.
var poison = id(5)

// id returns a messageId that can be told from all else in a request, and that
// sorts.
func id(n int) string { return fmt.Sprintf("00000000-0000-8000-8000-%012d", n) }

// conversation returns the one that an event of two that alternate is of.
func conversation(id string) string { return fmt.Sprint(int(id[len(id)-1]-'0') % 2) }

// commit writes events of two conversations that alternate.
func commit(t *testing.T, j *sqlite.Journal) (ids []string) {
	t.Helper()
	for n := range events {
		c := journal.Conversation{Workspace: "default", Source: "support", ID: conversation(id(n))}
		e := journal.Event{Workspace: "default", Source: "support", Conversation: c.ID, Name: "Live Chat Message Sent", MessageID: id(n)}
		e.JSON = fmt.Appendf(nil, `{"userId":"user-%s","type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":%q,"conversation_duration":%d,"message_id":"m%d","message_body":"hello"},"messageId":%q,"timestamp":%q}`,
			c.ID, c.ID, n, n, e.MessageID, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
		applied := journal.Applied{Conversation: c, Activity: e.MessageID, Events: []journal.Event{e}}
		if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{applied}, 0); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.MessageID)
	}
	return ids
}

func parked(t *testing.T, j *sqlite.Journal) (ids []string) {
	t.Helper()
	list, err := j.Parked(t.Context(), journal.ParkedQuery{Workspace: "default", Destination: "d"}, events)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		ids = append(ids, p.Event.MessageID)
	}
	return ids
}

// run delivers until stop is called.
func run(t *testing.T, j *sqlite.Journal, w *watched) (stop func()) {
	t.Helper()
	if _, err := j.Cursor(t.Context(), "default", "d"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	resume := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = deliver.Run(ctx, deliver.Options{ // nil, as it says
			Journal: j, Workspace: "default", Name: "d", Destination: w, Resume: resume,
			Log: slog.New(slog.DiscardHandler), Metrics: deliver.NewMetrics(prometheus.NewRegistry()),
		})
	})
	all.Go(func() { mend(ctx, resume) })
	return func() {
		cancel()
		all.Wait()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// mend ends every pause, as somebody does who has mended what was wrong.
func mend(ctx context.Context, resume chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case resume <- struct{}{}:
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// eventually waits until done is true.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v", patience)
		}
	}
}

// A watched destination has no more patience than the test, and keeps what
// attempts came to.
type watched struct {
	destination.Destination
	patience time.Duration // with an attempt; zero has no end
	tales    tales

	mu    sync.Mutex                      // guards the fields below
	under map[*outcome]context.CancelFunc // ends each attempt under way, where patience has an end
	told  []*outcome
}

// An outcome is what an attempt came to.
type outcome struct {
	began, ended time.Time
	retry        int
	err          error
}

// cut ends the attempts under way in a moment, for the receiver hangs.
func (w *watched) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, cancel := range w.under {
		time.AfterFunc(impatience, cancel)
	}
}

func (w *watched) Send(ctx context.Context, a destination.Attempt) error {
	o := &outcome{began: time.Now(), retry: a.Retry}
	if w.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.patience)
		defer cancel()
		w.mu.Lock()
		w.under[o] = cancel
		w.mu.Unlock()
	}
	tell := a.Tell
	a.Tell = func(e destination.Exchange) {
		w.tales.add(e)
		tell(e)
	}
	o.err = w.Destination.Send(ctx, a)
	o.ended = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.under, o)
	w.told = append(w.told, o)
	return o.err
}

func (w *watched) failures() (errs []error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.told {
		if o.err != nil {
			errs = append(errs, o.err)
		}
	}
	return errs
}

// waited checks that a receiver was left alone for as long as it asked.
func (w *watched) waited(t *testing.T) {
	for i, o := range w.told {
		var wait *destination.Wait
		if !errors.As(o.err, &wait) {
			continue
		}
		others := max(w.Limits().InFlight, 1) - 1 // may be under way already, and cannot know
		for _, next := range w.told[i+1:] {
			got := next.began.Sub(o.ended)
			if got < 0 || got >= wait.For {
				continue
			}
			if others--; others < 0 || next.retry > 0 {
				t.Errorf("it asked for %v, and was asked again after %v", wait.For, got)
			}
		}
	}
}

// Class says in a word what an attempt came to.
func Class(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, new(*destination.Wait)):
		return "wait"
	case errors.As(err, new(*destination.Refusal)):
		return "refusal"
	case errors.As(err, new(*destination.Pause)):
		return "pause"
	}
	return "again"
}
