package ingest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/chatwoot"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

const secret = "chatwoot-secret"

var options = connector.Options{Secrets: []string{secret}}

// sources are one of each kind, and some that misbehave.
func sources() []Source {
	return []Source{
		{Workspace: "default", Name: "support", Type: "chatwoot", Connector: chatwoot.Type().New(options)},
		{Workspace: "default", Name: "old", Type: "chatwoot", Path: "an-unguessable-path-of-letters", JSON: true, Connector: chatwoot.Type().New(connector.Options{Unsigned: true})},
		{Workspace: "acme", Name: "support", Type: "chatwoot", Connector: chatwoot.Type().New(options)},
		{Workspace: "default", Name: "panic", Connector: panicking{}},
		{Workspace: "default", Name: "shop", Type: "api", Tokens: []string{"shop-token"}},
		{Workspace: "default", Name: "website", Type: "tracking", WriteKeys: []string{"website-key"}},
		{Workspace: "default", Name: "reported", Type: "tracking", WriteKeys: []string{"reported-key"}, Validate: Report},
		{Workspace: "default", Name: "unseen", Type: "tracking", WriteKeys: []string{"unseen-key"}, Validate: Off},
	}
}

// A panicking connector has a bug.
type panicking struct{}

func (panicking) Verify(*connector.Request) error { return nil }
func (panicking) Parse(*connector.Request) (connector.Parsed, error) {
	panic("with something that somebody wrote")
}

func open(t testing.TB) (*Handler, *sqlite.Journal) {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return handler(t, j), j
}

func handler(t testing.TB, j journal.Inbox) *Handler {
	h := New(Options{Journal: j, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err := h.SetSources(sources()); err != nil {
		t.Fatal(err)
	}
	return h
}

// stored returns all webhooks there are, in the order in which they came.
func stored(t testing.TB, j *sqlite.Journal) []journal.Webhook {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	sources, err := j.Sources(now, 0)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	var all []journal.Webhook
	for _, s := range sources {
		list, err := j.Webhooks(now, s, 0, 10_000)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b journal.Webhook) int { return cmp.Compare(a.Seq, b.Seq) })
	return all
}

func send(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func compress(body string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, body)
	_ = z.Close()
	return b.String()
}

// webhook is a signed message, as path of headers and a body.
func webhook(id int) (header []string, body string) {
	a := conversation.Activity{Type: conversation.Message, By: conversation.Customer, Conversation: "17", Time: time.Now(),
		Message: conversation.Text{ID: fmt.Sprint(id), Body: "hello"}, Customer: conversation.Person{ContactID: "42"}}
	w := chatwoot.Type().New(options).(connector.Faker).Fake([]conversation.Activity{a})[0]
	for name := range w.Header {
		header = append(header, name, w.Header.Get(name))
	}
	return header, string(w.Body)
}

func TestWebhook(t *testing.T) {
	header, body := webhook(1)
	with := func(more ...string) []string { return append(append([]string{}, header...), more...) }
	large := strings.Repeat(" ", maxWebhook+1)
	tests := []struct {
		name, method, path, body string
		header                   []string
		status, stored           int
	}{
		{"signed", "POST", "/in/support", body, header, 200, 1},
		{"of another workspace", "POST", "/w/acme/in/support", body, header, 200, 1},
		{"over its own path", "POST", "/in/an-unguessable-path-of-letters", body, nil, 200, 1},
		{"its name is no path then", "POST", "/in/old", body, nil, 404, 0},
		{"unknown source", "POST", "/in/nobody", body, header, 404, 0},
		{"unknown workspace", "POST", "/w/nobody/in/support", body, header, 404, 0},
		{"a source of another kind", "POST", "/in/shop", body, header, 404, 0},
		{"not signed", "POST", "/in/support", body, nil, 401, 0},
		{"signed for another body", "POST", "/in/support", body + " ", header, 401, 0},
		{"not POST", "GET", "/in/support", "", nil, 405, 0},
		{"too large", "POST", "/in/support", large, header, 413, 0},
		{"too large once inflated", "POST", "/in/support", compress(large), with("Content-Encoding", "gzip"), 413, 0},
		{"compressed", "POST", "/in/support", compress(body), with("Content-Encoding", "gzip"), 200, 1},
		{"broken gzip", "POST", "/in/support", "no gzip", with("Content-Encoding", "gzip"), 400, 0},
		{"cut gzip", "POST", "/in/support", compress(body)[:40], with("Content-Encoding", "gzip"), 400, 0},
		{"another encoding", "POST", "/in/support", body, with("Content-Encoding", "br"), 415, 0},
		{"another type", "POST", "/in/support", body, with("Content-Type", "image/png"), 415, 0},
		{"JSON, oddly said", "POST", "/in/support", body, with("Content-Type", "Application/JSON ;charset=utf-8; charset=utf-8"), 200, 1},
		{"a form's type", "POST", "/in/support", body, with("Content-Type", urlencoded), 200, 1},
		{"text", "POST", "/in/support", body, with("Content-Type", "text/plain; charset=utf-8"), 200, 1},
		{"a form's type, where the tool says JSON", "POST", "/in/an-unguessable-path-of-letters", body, []string{"Content-Type", urlencoded}, 415, 0},
		{"text, where the tool says JSON", "POST", "/in/an-unguessable-path-of-letters", body, []string{"Content-Type", "text/plain; charset=utf-8"}, 415, 0},
		{"JSON, where the tool says JSON", "POST", "/in/an-unguessable-path-of-letters", body, []string{"Content-Type", "application/json"}, 200, 1},
		{"unreadable", "POST", "/in/an-unguessable-path-of-letters", "{", nil, 200, 1},
		{"a connector with a bug", "POST", "/in/panic", "{}", nil, 200, 1},
		{"of no interest", "POST", "/in/an-unguessable-path-of-letters", `{"event":"contact_created"}`, nil, 200, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, j := open(t)
			w := send(h, tt.method, tt.path, tt.body, tt.header...)
			if w.Code != tt.status {
				t.Errorf("got %d, want %d", w.Code, tt.status)
			}
			if w.Code == 200 && w.Body.String() != taken {
				t.Errorf("got %q, want %q", w.Body, taken)
			}
			if w.Code == 405 && w.Header().Get("Allow") != "POST" {
				t.Errorf("Allow: got %q, want POST", w.Header().Get("Allow"))
			}
			if got := len(stored(t, j)); got != tt.stored {
				t.Errorf("got %d webhooks stored, want %d", got, tt.stored)
			}
		})
	}
}

// What cannot be read is kept, with a reason that holds nothing of it.
func TestUnreadableIsKept(t *testing.T) {
	h, j := open(t)
	send(h, "POST", "/in/an-unguessable-path-of-letters", `{"event":"message_created","id":{"somebody":"wrote this"}}`)
	send(h, "POST", "/in/panic", "somebody wrote this")
	list, err := j.Unreadable(t.Context(), "default", 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("got %d (%v), want 2", len(list), err)
	}
	for _, w := range list {
		if !strings.Contains(string(w.Body), "wrote this") || strings.Contains(w.Unreadable, "wrote") || w.Unreadable == "" {
			t.Errorf("got reason %q for a body of %d bytes", w.Unreadable, len(w.Body))
		}
	}
}

func TestCredentialsAreNotStored(t *testing.T) {
	h, j := open(t)
	send(h, "POST", "/in/an-unguessable-path-of-letters", `{"event":1,"pubsub_token":"let-me-in"}`)
	list, err := j.Unreadable(t.Context(), "default", 10)
	if err != nil || len(list) != 1 || strings.Contains(string(list[0].Body), "let-me-in") {
		t.Errorf("got %d webhooks (%v), perhaps with a token", len(list), err)
	}
}

// Neither logs nor metrics nor answers hold what somebody wrote, who they are,
// or a secret.
func TestNothingPrivateIsTold(t *testing.T) {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var told bytes.Buffer
	registry := prometheus.NewRegistry()
	h := New(Options{Journal: j, Log: slog.New(slog.NewTextHandler(&told, nil)), Registerer: registry})
	if err := h.SetSources(sources()); err != nil {
		t.Fatal(err)
	}
	const call = `{"type":"track","event":"Live Chat Message Sent","userId":{"name":"Jane Roe"},"messageId":"m1","properties":{"conversation_id":["Jane Roe"],"message_body":7,"Jane Roe":1}}`
	for _, r := range []struct {
		path, body string
		header     []string
	}{
		{"/in/an-unguessable-path-of-letters", `{"event":"message_created","id":{"Jane Roe":"Jane Roe"}}`, nil},
		{"/in/an-unguessable-path-of-letters", `{"event":"Jane Roe"}`, nil},
		{"/in/an-unguessable-path-of-letters", `Jane Roe`, nil},
		{"/in/panic", "Jane Roe", nil},
		{"/in/Jane%20Roe", "Jane Roe", nil},
		{"/w/Jane%20Roe/in/support", "Jane Roe", nil},
		{"/in/support", "Jane Roe", []string{"X-Chatwoot-Signature", "Jane Roe"}},
		{"/v1/activities", `{"activities":[{"id":1,"type":"Jane Roe","time":"Jane Roe","by":"Jane Roe","message":{"body":["Jane Roe"]}}]}`, []string{"Authorization", "Bearer shop-token"}},
		{"/v1/activities", `{"activities":["Jane Roe`, []string{"Authorization", "Bearer shop-token"}},
		{"/v1/activities", `{}`, []string{"Authorization", "Bearer Jane Roe"}},
		{"/v1/track", call, []string{"Authorization", basic("website-key:")}},
		{"/v1/track", call, []string{"Authorization", basic("reported-key:")}},
		{"/v1/track", `{"type":"Jane Roe"}`, []string{"Authorization", basic("reported-key:")}},
		{"/v1/batch", `{"batch":["Jane Roe"]}`, []string{"Authorization", basic("Jane Roe:")}},
		{"/v1/Jane%20Roe", "{}", nil},
	} {
		told.WriteString(send(h, "POST", r.path, r.body, r.header...).Body.String())
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		told.WriteString(f.String())
	}
	if list, err := j.Unreadable(t.Context(), "default", 10); err != nil || len(list) != 4 {
		t.Errorf("got %d unreadable (%v), want 4", len(list), err)
	} else {
		for _, w := range list {
			told.WriteString(w.Unreadable)
		}
	}
	for _, private := range []string{"Jane", "Roe", secret, "shop-token", "website-key", "reported-key", "unguessable-path"} {
		if strings.Contains(told.String(), private) {
			t.Errorf("%q is told", private)
		}
	}
	if !strings.Contains(told.String(), "breaks the specification") || !strings.Contains(told.String(), "parlance_webhooks_refused_total") {
		t.Error("nothing is told at all")
	}
}

// A full inbox takes nothing.
type full struct{}

func (full) Append(context.Context, ...*journal.Webhook) error { return journal.ErrFull }

func TestFullJournal(t *testing.T) {
	h := handler(t, full{})
	header, body := webhook(1)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"webhook":    send(h, "POST", "/in/support", body, header...),
		"activities": send(h, "POST", "/v1/activities", `{"activities":[{"id":"1","type":"closed","conversation_id":"1","time":"2026-03-02T09:00:00Z"}]}`, "Authorization", "Bearer shop-token"),
		"tracking":   send(h, "POST", "/v1/track", `{"event":"x","userId":"u","writeKey":"website-key"}`),
	} {
		if w.Code != 503 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d with Retry-After %q, want 503 with one", name, w.Code, w.Header().Get("Retry-After"))
		}
	}
}

// A sometimes is an inbox that takes something if its error is nil.
type sometimes struct{ err error }

func (s *sometimes) Append(ctx context.Context, _ ...*journal.Webhook) error {
	return cmp.Or(ctx.Err(), s.err)
}

// Whether we are ready follows from what became of the last request; and after
// a while without any, there is only one way to find out.
func TestTaking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inbox := &sometimes{}
		h := handler(t, inbox)
		try := func(ctx context.Context, err error) bool {
			inbox.err = err
			_ = h.put(ctx, &journal.Webhook{})
			return h.Taking()
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if !h.Taking() || !try(t.Context(), nil) || !try(gone, nil) {
			t.Error("got not taking, want taking: nothing was refused but for who hung up")
		}
		if try(t.Context(), journal.ErrFull) || try(gone, nil) {
			t.Error("got taking, want not taking: the journal is full")
		}
		if !try(t.Context(), nil) {
			t.Error("got not taking, want taking: something was taken since")
		}
		try(t.Context(), journal.ErrFull)
		time.Sleep(fullTime + 1)
		if !h.Taking() {
			t.Error("got not taking for ever where nobody tries, want to be tried again")
		}
	})
}

func TestTooMuchInFlight(t *testing.T) {
	h, _ := open(t)
	h.inFlight.Store(maxInFlight)
	header, body := webhook(1)
	if w := send(h, "POST", "/in/support", body, header...); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d, want 503 with Retry-After", w.Code)
	}
	if got := h.inFlight.Load(); got != maxInFlight {
		t.Errorf("in flight: got %d, want %d", got, maxInFlight)
	}
}

// Who stalls gets an answer when their time is up, also one for which the body
// does not matter.
func TestStalledBodies(t *testing.T) {
	for path, want := range map[string]string{"/in/nobody": "404", "/in/support": "408", "/v1/activities": "401", "/v1/track": "408"} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			conns := make(chan net.Conn, 1)
			conns <- server
			s := &http.Server{Handler: handler(t, full{})}
			done := make(chan error, 1)
			go func() { done <- s.Serve(listener(conns)) }()
			began := time.Now()
			fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", path)
			answer := make([]byte, len("HTTP/1.1 408"))
			if _, err := io.ReadFull(client, answer); err != nil || !strings.HasSuffix(string(answer), want) {
				t.Errorf("%s: got %q (%v), want %s", path, answer, err, want)
			}
			if took := time.Since(began); took > readTime {
				t.Errorf("%s: took %v", path, took)
			}
			_ = client.Close()
			_ = s.Close()
			<-done
		})
	}
}

// A listener hands out the connections it holds.
type listener chan net.Conn

func (l listener) Accept() (net.Conn, error) {
	if c, ok := <-l; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l listener) Close() error   { close(l); return nil }
func (l listener) Addr() net.Addr { return &net.TCPAddr{} }

func TestSetSources(t *testing.T) {
	h, _ := open(t)
	for name, wrong := range map[string][]Source{
		"path":  {{Name: "a", Path: "p", Connector: panicking{}}, {Name: "b", Path: "p", Connector: panicking{}}},
		"token": {{Name: "a", Tokens: []string{"same"}}, {Name: "b", Tokens: []string{"same"}}},
		"key":   {{Name: "a", WriteKeys: []string{"same"}}, {Name: "b", WriteKeys: []string{"same"}}},
	} {
		err := h.SetSources(wrong)
		if err == nil || strings.Contains(err.Error(), "same ") && strings.Contains(err.Error(), `"same"`) {
			t.Errorf("two sources with one %s: got %v", name, err)
		}
	}
	header, body := webhook(1)
	if w := send(h, "POST", "/in/support", body, header...); w.Code != 200 {
		t.Errorf("after refused sources: got %d, want 200 from the old ones", w.Code)
	}
}

func BenchmarkWebhook(b *testing.B) {
	h, _ := open(b)
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			header, body := webhook(n)
			if w := send(h, "POST", "/in/support", body, header...); w.Code != 200 {
				b.Errorf("got %d", w.Code)
			}
		}
	})
}
