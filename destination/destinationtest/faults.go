package destinationtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
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

// An HTTPHarness is a destination that speaks HTTP, and how its platform
// answers.
type HTTPHarness struct {
	// Open returns a destination that sends to a receiver at url.
	Open func(url string) (destination.Destination, error)
	// Secret is what the destination authorizes itself with. Receivers repeat
	// it, and no error may.
	Secret string
	// Answer is what the receiver says once it has taken everything.
	Answer string
	// Aside, if not nil, answers a request that hands over no calls, or those
	// that another does, and says so. It is no delivery, and nothing fails.
	Aside func(w http.ResponseWriter, q *http.Request) bool
	// Tells says that the answer has to be read: an answer of 2xx whose body
	// is lost, or not the platform's, is no success.
	Tells bool
	// ErrorBody is what the platform says with 200 if it has taken nothing, and
	// Means the class of that. Empty where there is no such thing.
	ErrorBody, Means string
	// Classes has the classes of errors that are not what other platforms'
	// mean, by the name of the fault: "wait", "refusal", "pause" or "again".
	Classes map[string]string
}

// impatience takes the place of a destination's own timeout, which a test
// cannot wait for, where a receiver hangs.
const impatience = 500 * time.Millisecond

// TestFaults breaks the way to a receiver in every way that we know of, and
// drives the destination through the delivery that the gateway has, with its
// journal. Whatever happens, each error is of the right class, no event is
// lost, their order stays, and what comes twice has the same messageId.
func TestFaults(t *testing.T, h HTTPHarness) {
	for _, f := range faults(h) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if class, ok := h.Classes[f.name]; ok {
				f.class = class
			}
			testFault(t, h, f)
		})
	}
}

func testFault(t *testing.T, h HTTPHarness, f fault) {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := listen(t, h, f)
	url := r.url
	if f.elsewhere != nil {
		url = f.elsewhere(t)
	}
	first := &watched{hangs: f.hangs}
	stop := run(t, j, h, url, first)
	want := commit(t, j)
	if f.elsewhere != nil || f.refused {
		eventually(t, func() bool { return len(first.failures()) > 0 })
	}
	if f.refused {
		r.open(t)
	}
	if f.elsewhere != nil { // until somebody mends it
		stop()
		stop = run(t, j, h, r.url, &watched{})
	}
	eventually(t, func() bool {
		lag, err := j.Lag(t.Context(), "default", "d")
		return err == nil && lag.Events == 0
	})
	stop()
	checkClass(t, h, f, first)
	checkArrived(t, f, r, parked(t, j), want)
}

// checkClass says what is wrong with the errors that the delivery was told.
func checkClass(t *testing.T, h HTTPHarness, f fault, w *watched) {
	errs := w.failures()
	if len(errs) == 0 && f.class != "ok" {
		t.Fatalf("no attempt failed, want %s", f.class)
	}
	for _, err := range errs {
		if got := Class(err); got != f.class {
			t.Errorf("got %s (%v), want %s", got, err, f.class)
		}
		if strings.Contains(err.Error(), h.Secret) {
			t.Error("an error has the secret in it")
		}
		if n := len(err.Error()); n > 1000 {
			t.Errorf("got an error of %d bytes", n)
		}
	}
	w.waited(t)
}

// checkArrived says what was lost, out of order, or repeated for nothing.
func checkArrived(t *testing.T, f fault, r *receiver, parked, want []string) {
	var first []string
	repeated := 0
	for _, ids := range r.taken() {
		if !slices.IsSorted(ids) {
			t.Errorf("a request has %v, want them in order", ids)
		}
		for _, id := range ids {
			if slices.Contains(first, id) {
				repeated++
				continue
			}
			first = append(first, id)
		}
	}
	if repeated > 0 && !f.happened {
		t.Errorf("%d calls came twice, and none had to", repeated)
	}
	if f.poison {
		if !slices.Equal(parked, []string{poison}) {
			t.Errorf("got %v parked, want the one that was refused", parked)
		}
		want = slices.DeleteFunc(want, func(id string) bool { return id == poison })
	} else if len(parked) > 0 {
		t.Errorf("got %v parked, want none: no call was at fault", parked)
	}
	if !slices.Equal(first, want) {
		t.Errorf("got\n%v, want\n%v", first, want)
	}
}

// events is how many events each test has.
const events = 12

// poison is the one that is refused where one is.
var poison = id(5)

// id returns a messageId that can be told from all else in a request, and that
// sorts.
func id(n int) string { return fmt.Sprintf("00000000-0000-8000-8000-%012d", n) }

// commit writes events of two conversations that alternate.
func commit(t *testing.T, j *sqlite.Journal) (ids []string) {
	t.Helper()
	for n := range events {
		c := journal.Conversation{Workspace: "default", Source: "support", ID: fmt.Sprint(n % 2)}
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

// run delivers to url until stop is called.
func run(t *testing.T, j *sqlite.Journal, h HTTPHarness, url string, w *watched) (stop func()) {
	t.Helper()
	d, err := h.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	w.Destination = d
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
		if err := d.Close(); err != nil {
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
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("not within 30 s")
}

// A watched destination has no more patience than the test, and keeps what
// attempts came to.
type watched struct {
	destination.Destination
	hangs bool // the receiver does

	mu   sync.Mutex // guards the field below
	told []outcome
}

// An outcome is what an attempt came to.
type outcome struct {
	began, ended time.Time
	err          error
}

func (w *watched) Send(ctx context.Context, a destination.Attempt) error {
	if w.hangs {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, impatience)
		defer cancel()
	}
	o := outcome{began: time.Now()}
	o.err = w.Destination.Send(ctx, a)
	o.ended = time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
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
		if errors.As(o.err, &wait) && i+1 < len(w.told) {
			if got := w.told[i+1].began.Sub(o.ended); got < wait.For {
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
