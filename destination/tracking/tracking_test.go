package tracking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

// A receiver that hangs costs one timeout, and no more.
func TestSlowAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		status int // 0 says nothing at all
		phase  func(*phases) *time.Duration
		want   string
	}{
		"silent":    {0, func(p *phases) *time.Duration { return &p.header }, "again"},
		"drips 200": {200, func(p *phases) *time.Duration { return &p.body }, "ok"},
		"drips 400": {400, func(p *phases) *time.Duration { return &p.body }, "refusal"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if tt.status != 0 {
					w.WriteHeader(tt.status)
				}
				for tt.status != 0 && r.Context().Err() == nil {
					_, _ = io.WriteString(w, "x")
					_ = http.NewResponseController(w).Flush()
					time.Sleep(10 * time.Millisecond)
				}
				<-r.Context().Done()
			}))
			defer server.Close()
			d := Open(Profile{URL: server.URL, Key: "key"})
			defer d.Close()
			*tt.phase(&d.client.phases) = short
			if got := trackingtest.Class(d.Send(t.Context(), destination.Attempt{})); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// failing are answers of a platform that names those that it did not take:
// "id: again", "id: refusal" or "id: pause", one a line.
func failing(said []byte) (list []Failure, err error) {
	for line := range strings.Lines(string(said)) {
		id, class, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			return nil, errors.New("not the platform's")
		}
		f := Failure{MessageID: id, Err: errors.New("again")}
		switch class {
		case "refusal":
			f.Err = &destination.Refusal{Reason: id}
		case "pause":
			f.Err = &destination.Pause{Reason: id}
		}
		list = append(list, f)
	}
	return list, nil
}

// What was taken of an attempt that failed is not sent again.
func TestPartly(t *testing.T) {
	answers := []string{"b: again\nc: refusal", "c: refusal", "c: refusal", "c: refusal", ""}
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) {
		io.WriteString(w, answers[0])
		answers = answers[1:]
	})
	d := Open(Profile{URL: r.URL, Key: "key", Failures: failing})
	defer d.Close()
	for _, step := range []struct {
		ids        []string
		want, sent string
	}{
		{[]string{"a", "b", "c", "d"}, "again", "a b c d"},
		{[]string{"a", "b", "c", "d"}, "refusal", "b c"},
		{[]string{"a", "b"}, "ok", ""}, // as deliver looks for the one at fault
		{[]string{"c", "d"}, "refusal", "c"},
		{[]string{"c"}, "refusal", "c"}, // and parks it
		{[]string{"d"}, "ok", ""},
		{[]string{"a", "d"}, "ok", "a d"}, // a replay
	} {
		before := len(r.Requests())
		err := d.Send(t.Context(), trackingtest.Attempt(step.ids...))
		var sent []string
		for _, q := range r.Requests()[before:] {
			for i := range q.Calls {
				sent = append(sent, q.Call(t, i).MessageID)
			}
		}
		if got := trackingtest.Class(err); got != step.want || strings.Join(sent, " ") != step.sent {
			t.Errorf("%v: got %s after sending %v, want %s after %q", step.ids, got, sent, step.want, step.sent)
		}
	}
	if len(d.taken) != 0 {
		t.Errorf("remembers %v, want nothing", d.taken)
	}
}

// An answer that is not the platform's, or names nobody's messageId, has all
// of it sent again.
func TestUnknownAnswer(t *testing.T) {
	for answer, want := range map[string]string{"<html>": "again", "z: refusal": "refusal", "a: pause\nb: refusal": "pause"} {
		r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) { io.WriteString(w, answer) })
		d := Open(Profile{URL: r.URL, Key: "key", Failures: failing})
		for range 2 {
			if got := trackingtest.Class(d.Send(t.Context(), trackingtest.Attempt("a", "b"))); got != want {
				t.Errorf("%s: got %s, want %s", answer, got, want)
			}
		}
		if got := len(r.Calls()); got != 4 {
			t.Errorf("%s: got %d calls, want all of both attempts", answer, got)
		}
		d.Close()
	}
}

// An answer that breaks off does not tell what was taken.
func TestAnswerCutOff(t *testing.T) {
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "a: refusal\n")
	})
	d := Open(Profile{URL: r.URL, Key: "key", Failures: failing})
	defer d.Close()
	if got := trackingtest.Class(d.Send(t.Context(), trackingtest.Attempt("a"))); got != "again" {
		t.Errorf("got %s, want again", got)
	}
}

// Memory of what was taken does not grow for ever.
func TestTakenIsBounded(t *testing.T) {
	d := Open(Profile{})
	for n := range 5 * maxTaken {
		d.remember([]call{{id: fmt.Sprint(n)}}, nil)
	}
	if len(d.taken) > maxTaken {
		t.Errorf("got %d, want at most %d", len(d.taken), maxTaken)
	}
}

// Calls go together as far as their context and integrations are the same, in
// order; and what has arrived does not come again.
func TestSharedContext(t *testing.T) {
	fail := true
	r := trackingtest.New(t, func(w http.ResponseWriter, q trackingtest.Request) {
		if fail && string(q.Envelope["context"]) == `{"n":2}` {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	d := Open(Profile{URL: r.URL, Key: "key", SharedContext: true})
	defer d.Close()
	var a destination.Attempt
	for i, c := range []string{`,"context":{"n":1}`, `,"context":{"n":1}`, `,"context":{"n":2}`, `,"context":{"n":2},"integrations":{"All":true}`, ``, ``} {
		id := fmt.Sprint(i)
		a.Calls = append(a.Calls, destination.Call{MessageID: id, JSON: []byte(`{"messageId":"` + id + `"` + c + `}`)})
	}
	got := func(requests []trackingtest.Request) (list []string) {
		for _, q := range requests {
			text := string(q.Envelope["context"]) + string(q.Envelope["integrations"])
			for i := range q.Calls {
				text += " " + q.Call(t, i).MessageID
			}
			list = append(list, text)
		}
		return list
	}
	if err := d.Send(t.Context(), a); trackingtest.Class(err) != "again" {
		t.Errorf("got %v, want again", err)
	}
	fail = false
	if err := d.Send(t.Context(), a); err != nil {
		t.Error(err)
	}
	want := `[{"n":1} 0 1 {"n":2} 2 {"n":2} 2 {"n":2}{"All":true} 3  4 5]`
	if got := fmt.Sprint(got(r.Requests())); got != want || len(d.taken) != 0 {
		t.Errorf("got %s and %d remembered, want %s and none", got, len(d.taken), want)
	}
}

// No key shows, whatever the receiver says.
func TestKeyStaysHidden(t *testing.T) {
	const key = "id-5:s3cret"
	for _, status := range []int{200, 400, 401, 404, 500} {
		r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) {
			w.WriteHeader(status)
			io.WriteString(w, "a"+key+": refusal\ns3cret: again")
		})
		d := Open(Profile{URL: r.URL, Key: key, KeyHeader: "X-Write-Key", Failures: failing, Pauses: map[int]string{401: "is the key right?"}})
		err := d.Send(context.Background(), trackingtest.Attempt("a"))
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%d: got an error that holds the key, or none", status)
		}
		if got := r.Requests()[0].Header; got.Get("X-Write-Key") != key || got.Get("Authorization") != "" {
			t.Errorf("got headers without the key, or with Authorization")
		}
		if status == 401 && !strings.HasSuffix(err.Error(), "; is the key right?") {
			t.Errorf("got %v, want what the profile says of it", err)
		}
		d.Close()
	}
}

// A batch has the same id whenever it has the same calls.
func TestEnvelope(t *testing.T) {
	r := trackingtest.New(t, nil)
	d := Open(Profile{URL: r.URL, Key: "k\"<", BatchID: true, WriteKey: true})
	defer d.Close()
	for _, ids := range [][]string{{"a", "b"}, {"a", "b"}, {"ab"}} {
		if err := d.Send(t.Context(), trackingtest.Attempt(ids...)); err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, q := range r.Requests() {
		got = append(got, string(q.Envelope["messageId"]))
		if key := string(q.Envelope["writeKey"]); key != `"k\"<"` {
			t.Errorf("writeKey: got %s", key)
		}
	}
	if len(got) != 3 || len(got[0]) != 38 || got[0] != got[1] || got[0] == got[2] {
		t.Errorf("got %v, want two that are the same and another", got)
	}
}

func TestURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://a.example":                    "https://a.example/api/s/s2s/batch",
		"https://a.example/":                   "https://a.example/api/s/s2s/batch",
		"https://a.example/api/s/s2s/batch/":   "https://a.example/api/s/s2s/batch",
		"https://a.example/jitsu/v1/batch":     "https://a.example/jitsu/api/s/s2s/batch",
		"https://a.example:8080/jitsu/v1?q=17": "https://a.example:8080/jitsu/api/s/s2s/batch?q=17",
	} {
		if got := URL(base, "/api/s/s2s/batch"); got != want {
			t.Errorf("%s: got %s, want %s", base, got, want)
		}
	}
}

// What an attempt asked and was answered can be shown to people: no secret is
// in it.
func TestTell(t *testing.T) {
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"not of key-1"}`)
	})
	d := Open(Profile{URL: r.URL + "/v1/key-1?token=key-1", Key: "key-1"})
	defer d.Close()
	var told []destination.Exchange
	a := destination.Attempt{Tell: func(e destination.Exchange) { told = append(told, e) }}
	for _, id := range []string{"a", "b"} {
		a.Calls = append(a.Calls, destination.Call{MessageID: id, JSON: fmt.Appendf(nil, `{"messageId":%q}`, id)})
	}
	if err := d.Send(t.Context(), a); err == nil {
		t.Fatal("got no error")
	}
	if len(told) != 1 || told[0].Status != 400 || told[0].Response != `{"error":"not of …"}` ||
		!regexp.MustCompile(`^POST http://127\.0\.0\.1:\d+/v1/…, 2 calls, \d+ bytes$`).MatchString(told[0].Request) {
		t.Errorf("got %+v", told)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Send(ctx, a); err == nil || len(told) != 2 || told[1].Status != 0 || told[1].Request != told[0].Request {
		t.Errorf("without an answer: got %+v (%v)", told, err)
	}
}

// Several attempts at once do not mix up what the receiver has.
func TestConcurrentSends(t *testing.T) {
	var mu sync.Mutex
	got := map[string]int{}
	r := trackingtest.New(t, func(w http.ResponseWriter, r trackingtest.Request) {
		mu.Lock()
		defer mu.Unlock()
		for i := range r.Calls {
			if id := r.Call(t, i).MessageID; i == len(r.Calls)-1 && i > 0 {
				fmt.Fprintf(w, "%s: again\n", id)
			} else {
				got[id]++
			}
		}
	})
	d := Open(Profile{URL: r.URL, Key: "key", Failures: failing})
	defer d.Close()
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			var a destination.Attempt
			for i := range 20 {
				id := fmt.Sprintf("%d.%d", n, i)
				a.Calls = append(a.Calls, destination.Call{MessageID: id, JSON: fmt.Appendf(nil, `{"messageId":%q}`, id)})
			}
			if d.Send(t.Context(), a) == nil {
				t.Error("got no error although the last was not taken")
			}
			if err := d.Send(t.Context(), a); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for id, n := range got {
		if n != 1 {
			t.Errorf("%s was taken %d times", id, n)
		}
	}
	if len(got) != 160 || len(d.taken) != 0 {
		t.Errorf("got %d calls, and %d remembered; want 160 and 0", len(got), len(d.taken))
	}
}
