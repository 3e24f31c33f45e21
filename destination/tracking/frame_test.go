package tracking

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

// Parts with the same frame go together, in the order of the calls, and a call
// comes again until all its parts have been taken.
func TestParts(t *testing.T) {
	down := true
	r := trackingtest.New(t, func(w http.ResponseWriter, q trackingtest.Request) {
		if q.Path == "/people" && down {
			w.WriteHeader(503)
		}
	})
	part := func(call *Object, f Frame) Part {
		o := &Object{}
		o.Set("is", call.Get("messageId"))
		return Part{Object: o, Frame: f}
	}
	people := Frame{URL: r.URL + "/people", Before: `{"key":"k","events":[`, After: "]}", Plain: true}
	d := Open(Profile{
		URL: r.URL + "/events", Key: "k", NoHeader: true, Frame: Frame{Before: "[", After: "]"},
		Parts: func(call *Object) ([]Part, error) {
			switch kind, _ := call.Text("type"); kind {
			case "track":
				return []Part{part(call, Frame{})}, nil
			case "identify":
				return []Part{part(call, Frame{}), part(call, people)}, nil
			default:
				return nil, NoCounterpart(kind)
			}
		},
	})
	defer d.Close()
	a := trackingtest.Attempt("a", "b", "c")
	a.Calls[1].JSON = json.RawMessage(`{"type":"identify","messageId":"b"}`)
	if got := trackingtest.Class(d.Send(t.Context(), a)); got != "again" {
		t.Errorf("got %s, want another attempt", got)
	}
	down = false
	if err := d.Send(t.Context(), a); err != nil {
		t.Error(err)
	}
	var got []string
	for _, q := range r.Requests() {
		line := q.Path
		for _, c := range q.Calls {
			line += " " + c[len(`{"is":"`):len(c)-len(`"}`)]
		}
		got = append(got, line)
		if plain := q.Header.Get("Content-Encoding") == ""; plain != (q.Path == "/people") || q.Header.Get("Authorization") != "" {
			t.Errorf("%s: got %v", q.Path, q.Header)
		}
	}
	if want := []string{"/events a b", "/people b", "/events b", "/people b", "/events c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	a.Calls[2].JSON = json.RawMessage(`{"type":"group","messageId":"c"}`)
	if got := trackingtest.Class(d.Send(t.Context(), a)); got != "refusal" || len(r.Requests()) != 5 {
		t.Errorf("got %s, want a refusal without a request", got)
	}
}

// An attempt is several requests where parts have different frames, and who
// drips after the status of one does not hold up the others.
func TestDrip(t *testing.T) {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		_, _ = io.Copy(io.Discard, r.Body)
		w.(http.Flusher).Flush()
		<-r.Context().Done() // until nobody reads on
	}))
	defer server.Close()
	d := Open(Profile{URL: server.URL, NoHeader: true, Parts: func(call *Object) ([]Part, error) {
		id, _ := call.Text("messageId")
		return []Part{{Object: call, Frame: Frame{Before: `{"who":"` + id + `","events":[`, After: "]}"}}}, nil
	}})
	defer d.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := d.Send(ctx, trackingtest.Attempt("a", "b", "c")); err != nil || requests != 3 {
		t.Errorf("got %v after %d requests, want all of 3", err, requests)
	}
}

func TestUUID(t *testing.T) {
	const id = "6f2a7c1e-0000-8000-8000-000000000001"
	if got := UUID(id); got != id {
		t.Errorf("got %s, want what is one already", got)
	}
	if a, b := UUID("a"), UUID("b"); a == b || a != UUID("a") || UUID(a) != a {
		t.Errorf("got %s and %s", a, b)
	}
}
