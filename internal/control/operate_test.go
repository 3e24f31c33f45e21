package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
)

// deliveries are those of a gateway that does as it is told.
type deliveries struct {
	resend func(p journal.Parked) (refused, stopped error)
	looked []string
}

func (d *deliveries) Reset(_, _ string, f func() error) error { return f() }
func (d *deliveries) State(_, _ string) (string, string)      { return StatePaused, "401 Unauthorized" }

func (d *deliveries) Look(_ context.Context, workspace, destination string) error {
	d.looked = append(d.looked, workspace+"/"+destination)
	return nil
}

func (d *deliveries) Resend(ctx context.Context, list []journal.Parked, told func(journal.Parked, error) error) error {
	for _, p := range list {
		refused, stopped := d.resend(p)
		if err := errors.Join(stopped, ctx.Err()); err != nil {
			return err
		}
		if err := told(p, refused); err != nil {
			return err
		}
	}
	return nil
}

// park parks n calls of a destination in turn with those of another.
func park(t *testing.T, j journal.Journal, n int) {
	t.Helper()
	var events []journal.Event
	for k := range n {
		events = append(events, journal.Event{Source: "support", Conversation: fmt.Sprint(k % 3), Name: "Live Chat Message Sent", MessageID: fmt.Sprint(k), JSON: []byte(`{}`)})
	}
	c := journal.Conversation{Workspace: "default", Source: "support"}
	if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{{Conversation: c, Events: events}}, 0); err != nil {
		t.Fatal(err)
	}
	parked := map[string][]journal.Parked{}
	for at := journal.Seq(0); len(parked["even"])+len(parked["odd"]) < n; {
		list, err := j.Events(t.Context(), "default", at, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			at = e.Seq
			name := []string{"even", "odd"}[at%2]
			parked[name] = append(parked[name], journal.Parked{Workspace: "default", Destination: name, Reason: "no", Event: e})
		}
	}
	for name, list := range parked {
		if err := j.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: name, At: 1}, list...); err != nil {
			t.Fatal(err)
		}
	}
}

// call asks a handler, and decodes its answer.
func call(t *testing.T, h http.Handler, method, path string, request, reply any) (status int, text string) {
	t.Helper()
	b, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(string(b))))
	if w.Code == http.StatusOK && reply != nil {
		if err := json.Unmarshal(w.Body.Bytes(), reply); err != nil {
			t.Fatal(err)
		}
	}
	return w.Code, w.Body.String()
}

// However many are parked, each request acts on a page, and all of them
// together on each call once.
func TestParkedInPages(t *testing.T) {
	j := openJournal(t, t.TempDir())
	park(t, j, 2600)
	times := map[int64]int{}
	h := Handler(Target{Journal: j, Deliveries: &deliveries{resend: func(p journal.Parked) (error, error) {
		times[p.ID]++
		if p.Event.Conversation == "0" {
			return errors.New("still no"), nil
		}
		return nil, nil
	}}})
	var counted ParkedReply
	call(t, h, "POST", "/parked/resend", ParkedRequest{All: true, DryRun: true}, &counted)
	if counted.Matched != 2600 || counted.Done != 0 || counted.More || len(times) != 0 {
		t.Errorf("a dry run: got %+v and %d attempts", counted, len(times))
	}
	pages, done, not := 0, 0, 0
	for past, more := int64(0), true; more; pages++ {
		var reply ParkedReply
		if status, text := call(t, h, "POST", "/parked/resend", ParkedRequest{All: true, Past: past}, &reply); status != http.StatusOK {
			t.Fatal(text)
		}
		past, more, done, not = reply.Past, reply.More, done+reply.Done, not+len(reply.Problems)
	}
	if len(times) != 2600 || pages < 6 || done+not != 2600 || not != 867 {
		t.Errorf("got %d calls in %d pages, %d done and %d not", len(times), pages, done, not)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("call %d was tried %d times", id, n)
		}
	}
	var left ParkedReply
	call(t, h, "POST", "/parked/drop", ParkedRequest{Destination: "odd"}, &left)
	if n, err := j.CountParked(t.Context(), journal.ParkedQuery{Workspace: "default"}); n != 867-int64(left.Done) || err != nil || left.Done == 0 {
		t.Errorf("after that, and %d dropped: %d are parked (%v)", left.Done, n, err)
	}
}

// A destination that takes nothing ends it; what had arrived is parked no more.
func TestResendStops(t *testing.T) {
	j := openJournal(t, t.TempDir())
	park(t, j, 10)
	n := 0
	h := Handler(Target{Journal: j, Deliveries: &deliveries{resend: func(journal.Parked) (error, error) {
		if n++; n > 3 {
			return nil, errors.New("paused: wrong key")
		}
		return nil, nil
	}}})
	var reply ParkedReply
	call(t, h, "POST", "/parked/resend", ParkedRequest{Destination: "odd"}, &reply)
	if reply.Done != 3 || reply.Stopped != "paused: wrong key" || reply.More {
		t.Errorf("got %+v", reply)
	}
	if n, err := j.CountParked(t.Context(), journal.ParkedQuery{Workspace: "default"}); n != 7 || err != nil {
		t.Errorf("%d are parked (%v), want 7", n, err)
	}
}

// A mistake must not name everything.
func TestWrongRequests(t *testing.T) {
	j := openJournal(t, t.TempDir())
	park(t, j, 4)
	h := Handler(Target{Journal: j})
	for path, requests := range map[string][]string{
		"/parked/drop":            {`{}`, `{"destinaton": "odd"}`, `{"all": "yes"}`, ``, `{"ids": [` + strings.Repeat("1,", 600) + `1]}`},
		"/replay":                 {`{"destination": "odd"}`, `{"since": "2026-01-01T00:00:00Z"}`, `{"destination": "odd", "since": "yesterday"}`},
		"/replay/x/cancel":        {`{}`},
		"/replay/1/cancel":        {`{}`},
		"/destinations/x/pause":   {`{}`},
		"/destinations/odd/pause": {`{"why": "no"}`},
	} {
		for _, request := range requests {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(request)))
			if w.Code != http.StatusBadRequest {
				t.Errorf("%s %.40s: got %d and %s", path, request, w.Code, w.Body)
			}
		}
	}
	for _, path := range []string{"/parked?since=yesterday", "/parked?past=x", "/parked/x", "/parked/4711", "/parked?destination=nobody", "/destinations/odd/left", "/destinations/x/left?up_to=1"} {
		if status, text := call(t, h, "GET", path, nil, nil); status != http.StatusBadRequest {
			t.Errorf("%s: got %d and %s", path, status, text)
		}
	}
	if n, err := j.CountParked(t.Context(), journal.ParkedQuery{Workspace: "default"}); n != 4 || err != nil {
		t.Errorf("%d are parked (%v), want 4", n, err)
	}
}

// What is asked for is written down, and the delivery told to look.
func TestPauseAndReplay(t *testing.T) {
	j := openJournal(t, t.TempDir())
	park(t, j, 6)
	end, err := j.End(t.Context(), "default")
	if err == nil {
		err = j.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: "odd", At: end - 1})
	}
	if err != nil {
		t.Fatal(err)
	}
	d := &deliveries{}
	h := Handler(Target{Journal: j, Deliveries: d, Configured: func() Configured {
		return Configured{Destinations: []Named{{"default", "odd", "segment"}}, Sources: []Named{{"acme", "shop", "chatwoot"}}}
	}})
	var reply ReplayReply
	call(t, h, "POST", "/replay", map[string]any{"destination": "odd", "conversation": "1"}, &reply)
	if reply.Events != 2 || reply.ID == 0 || reply.Waits != "" { // 1 and 4 of 0 to 4: the last is on its way
		t.Errorf("replay: got %+v", reply)
	}
	var one Destination
	call(t, h, "POST", "/destinations/odd/pause", PauseRequest{By: "ann", Reason: "moving"}, &one)
	if one.State != StateHeld || one.Paused == nil || one.Paused.By != "ann" || len(one.Replays) != 1 || one.LagEvents != 1 || one.Parked != 3 || len(d.looked) != 2 {
		t.Errorf("paused: got %+v, and told to look: %v", one, d.looked)
	}
	call(t, h, "POST", "/destinations/odd/resume", PauseRequest{}, &one)
	var s Status
	call(t, h, "GET", "/status", nil, &s)
	if len(s.Destinations) != 1 || s.Destinations[0].State != StatePaused || s.Destinations[0].Trouble != "401 Unauthorized" || s.Destinations[0].Type != "segment" || !s.Troubled() ||
		len(s.Sources) != 2 || s.Sources[0].Name != "shop" || !s.Sources[0].LastWebhook.Equal(time.Time{}) {
		t.Errorf("status: got %+v", s)
	}
	call(t, h, "GET", "/status?workspace=acme", nil, &s)
	if len(s.Destinations) != 0 || len(s.Sources) != 1 {
		t.Errorf("status of one workspace: got %+v", s)
	}
}

// Of the four events the message is hidden, of other calls whatever a person
// may have given.
func TestMasked(t *testing.T) {
	for name, tt := range map[string]struct{ call, want string }{
		"Live Chat Message Sent": {`{"userId":"u","properties":{"message_body":"secret","message_id":"m1","conversation_duration":45}}`,
			`{"properties":{"conversation_duration":45,"message_body":"…","message_id":"m1"},"userId":"u"}`},
		"Live Chat Conversation Ended": {`{"properties":{"message_id":"m1"},"context":{"live_chat":{"channel":"chat"}}}`,
			`{"context":{"live_chat":{"channel":"chat"}},"properties":{"message_id":"m1"}}`},
		"identify": {`{"type":"identify","traits":{"email":"a@example.com","age":7,"tags":["x"]}}`, `{"traits":{"age":7,"email":"…","tags":["…"]},"type":"identify"}`},
		"Order":    {`{"properties":{"note":{"text":"secret"}},"context":"secret"}`, `{"context":"…","properties":{"note":{"text":"…"}}}`},
		"broken":   {`{"properties"`, `"…"`},
	} {
		if got := string(masked([]byte(tt.call), name)); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}
