// Package trackingtest plays a receiver of batches for tests.
package trackingtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/destination"
)

// A Request is a batch that came.
type Request struct {
	Path     string
	Query    url.Values
	Header   http.Header
	Envelope map[string]json.RawMessage // what stands beside the calls
	Calls    []string
}

// A Call has what tests ask of one.
type Call struct {
	MessageID, Event, UserID string
	Properties               map[string]any
}

// Call reads a call of the request.
func (r Request) Call(t *testing.T, i int) (c Call) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Calls[i]), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// A Receiver takes batches and keeps them.
type Receiver struct {
	URL string

	mu       sync.Mutex // guards the field below
	requests []Request
}

// New returns a receiver that answers as it is told; nil answers 200 with
// nothing. It ends with the test.
func New(t *testing.T, answer func(http.ResponseWriter, Request)) *Receiver {
	var r Receiver
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		got, err := read(in)
		if err != nil {
			t.Errorf("%s %s: %v", in.Method, in.URL.Path, err)
		}
		r.mu.Lock()
		r.requests = append(r.requests, got)
		r.mu.Unlock()
		if answer != nil {
			answer(w, got)
		}
	}))
	t.Cleanup(server.Close)
	r.URL = server.URL
	return &r
}

// read reads a batch, whatever its format: a list of calls, or an object that
// has them in batch or events.
func read(in *http.Request) (Request, error) {
	r := Request{Path: in.URL.Path, Query: in.URL.Query(), Header: in.Header}
	body := io.Reader(in.Body)
	if in.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			return r, err
		}
		body = z
	}
	all, err := io.ReadAll(body)
	if err != nil {
		return r, err
	}
	list := json.RawMessage(all)
	if !bytes.HasPrefix(all, []byte("[")) {
		if err := json.Unmarshal(all, &r.Envelope); err != nil {
			return r, err
		}
		for _, name := range []string{"batch", "events"} {
			if calls, ok := r.Envelope[name]; ok {
				list = calls
				delete(r.Envelope, name)
			}
		}
	}
	var calls []json.RawMessage
	err = json.Unmarshal(list, &calls)
	for _, c := range calls {
		r.Calls = append(r.Calls, string(c))
	}
	return r, err
}

// Requests returns those that came so far.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Request(nil), r.requests...)
}

// Calls returns the calls that came so far, in order.
func (r *Receiver) Calls() (calls []string) {
	for _, q := range r.Requests() {
		calls = append(calls, q.Calls...)
	}
	return calls
}

// Class says in a word what an attempt came to.
func Class(err error) string {
	var wait *destination.Wait
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &wait):
		return "wait " + wait.For.String()
	case errors.As(err, new(*destination.Refusal)):
		return "refusal"
	case errors.As(err, new(*destination.Pause)):
		return "pause"
	}
	return "again"
}

// Attempt returns an attempt with Live Chat events of the ids.
func Attempt(ids ...string) (a destination.Attempt) {
	for _, id := range ids {
		call := `{"userId":"u-1","type":"track","event":"Live Chat Message Sent","properties":{"conversation_duration":0,"conversation_id":"17","message_body":"hello","message_id":"m-` + id +
			`"},"messageId":"` + id + `","timestamp":"2026-03-02T09:00:00.000Z","context":{"live_chat":{"source":"support"}},"sentAt":"2026-03-02T09:00:01.000Z"}`
		a.Calls = append(a.Calls, destination.Call{MessageID: id, Conversation: "17", JSON: []byte(call)})
	}
	return a
}

// Answered returns what an attempt with two calls, a and b, comes to at a
// receiver that always answers so, and how many calls the next attempt has.
func Answered(t *testing.T, open func(url string) (destination.Destination, error), status int, says string) (again int, err error) {
	t.Helper()
	r := New(t, func(w http.ResponseWriter, _ Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, says) // the client may be gone
	})
	d, err := open(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Send(t.Context(), Attempt("a", "b"))
	_ = d.Send(t.Context(), Attempt("a", "b")) // answered as before
	return len(r.Requests()[1].Calls), err
}

// Undocumented checks that statuses are taken as Segment's SDKs take them, where
// a platform documents none.
func Undocumented(t *testing.T, open func(url string) (destination.Destination, error)) {
	t.Helper()
	for status, want := range map[int]string{
		200: "ok", 202: "ok", 299: "ok", 400: "refusal", 401: "pause", 403: "pause", 404: "pause", 408: "again", 413: "refusal", 422: "refusal", 429: "again", 500: "again", 503: "again",
	} {
		if _, err := Answered(t, open, status, ""); Class(err) != want {
			t.Errorf("%d: got %v, want %s", status, err, want)
		}
	}
}
