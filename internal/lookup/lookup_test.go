package lookup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// idsOnly is a tool whose webhooks are a message's id: its API tells the rest,
// and who wrote it.
type idsOnly struct{}

func (idsOnly) Verify(*connector.Request) error { return nil }

func (idsOnly) Parse(r *connector.Request) (p connector.Parsed, err error) {
	id := string(r.Body)
	if id == "endless" {
		p.Lookups = []connector.Lookup{{Path: fmt.Sprint("/endless/", len(r.Answers))}}
		return p, nil
	}
	message, known := r.Answers["/messages/"+id]
	if !known {
		p.Lookups = []connector.Lookup{{Path: "/messages/" + id}}
		return p, nil
	}
	if message == nil {
		p.Dropped = []string{"deleted"}
		return p, nil
	}
	agent := "/agents/" + string(message)
	name, known := r.Answers[agent]
	if !known {
		p.Lookups = []connector.Lookup{{Path: agent, Keep: time.Hour}}
		return p, nil
	}
	p.Activities = []conversation.Activity{{ID: id, Type: conversation.Message, By: conversation.HumanAgent, Conversation: "1", Time: time.Unix(1, 0),
		Message: conversation.Text{ID: id}, Agent: conversation.Agent{ID: string(message), Name: string(name)}}}
	return p, nil
}

// An api answers as told, and notes what it was asked.
type api struct {
	asked []string
	say   func(n int, path string) (status int, body, retryAfter string)
}

func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, r.URL.Path)
	if r.Header.Get("Authorization") != "Bearer token" {
		return nil, errors.New("no token")
	}
	status, body, retryAfter := a.say(len(a.asked), r.URL.Path)
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// answers is a whole API: every message is agent 7's, whose name is Ann Lee.
func answers(path string) (int, string, string) {
	switch {
	case path == "/messages/gone":
		return 404, "", ""
	case path == "/messages/refused":
		return 400, "", ""
	case path == "/messages/huge":
		return 200, strings.Repeat("x", maxAnswer+1), ""
	case strings.HasPrefix(path, "/messages/"):
		return 200, "7", ""
	}
	return 200, "Ann Lee", ""
}

var source = journal.Source{Workspace: "default", Name: "hub"}

func run(j journal.Journal, a *api) (arrived chan struct{}, stop func()) {
	return runWith(j, a, func(*journal.Webhook, []string) {})
}

func runWith(j journal.Journal, a *api, told func(*journal.Webhook, []string)) (arrived chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done, arrived := make(chan struct{}), make(chan struct{}, 1)
	go func() {
		defer close(done)
		_ = Run(ctx, Options{Journal: j, Source: source, Connector: idsOnly{}, API: connector.API{URL: "https://api.example.com/"}, Token: "token",
			Arrived: arrived, Done: told, Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(prometheus.NewRegistry()), transport: a})
	}()
	return arrived, func() { cancel(); <-done }
}

func open(t *testing.T, dir string) journal.Journal {
	j, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func add(t *testing.T, j journal.Inbox, bodies ...string) {
	for _, b := range bodies {
		if err := j.Append(t.Context(), &journal.Webhook{Workspace: source.Workspace, Source: source.Name, Body: []byte(b), Pending: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// said returns what the answered webhooks say, in order.
func said(t *testing.T, j journal.Workbench) (list []string) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	webhooks, err := j.Webhooks(now, source, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range webhooks {
		for _, a := range w.Activities {
			list = append(list, a.ID+" "+a.Agent.Name)
		}
		if w.Unreadable != "" {
			list = append(list, "unreadable")
		}
	}
	return list
}

func pending(t *testing.T, j journal.Desk) int {
	list, err := j.Pending(t.Context(), source, 100)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// An outage of the API delays webhooks, in order, and loses none, also across
// a restart; what may be kept is asked for once.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := open(t, dir)
		up := time.Now().Add(3 * time.Hour)
		a := &api{say: func(n int, path string) (int, string, string) {
			if time.Now().Before(up) {
				return []int{0, 500, 502, 429}[n%4], "", ""
			}
			return answers(path)
		}}
		_, stop := run(j, a)
		add(t, j, "a", "gone", "b", "endless", "refused", "huge", "c")
		time.Sleep(time.Hour)
		if got := said(t, j); len(got) != 0 || pending(t, j) != 7 {
			t.Errorf("while it is down: got %q, %d pending", got, pending(t, j))
		}
		stop()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = open(t, dir)
		defer j.Close()
		_, stop = run(j, a)
		defer stop()
		time.Sleep(3 * time.Hour)
		want := []string{"a Ann Lee", "b Ann Lee", "unreadable", "unreadable", "unreadable", "c Ann Lee"}
		if got := said(t, j); !slices.Equal(got, want) || pending(t, j) != 0 {
			t.Errorf("got %q, want %q; %d pending", got, want, pending(t, j))
		}
		agents := 0
		for _, path := range a.asked {
			if path == "/agents/7" {
				agents++
			}
		}
		if agents != 1 {
			t.Errorf("the agent was asked for %d times, want once", agents)
		}
	})
}

// It waits as long as it is asked to, and seldom asks with a wrong token.
func TestWaits(t *testing.T) {
	for _, tt := range []struct {
		status     int
		retryAfter string
		want       time.Duration
	}{{429, "120", 2 * time.Minute}, {503, "86400", maxWait}, {401, "", probeEvery}, {403, "", probeEvery}} {
		synctest.Test(t, func(t *testing.T) {
			j := open(t, t.TempDir())
			defer j.Close()
			var first, second time.Time
			a := &api{say: func(n int, path string) (int, string, string) {
				switch n {
				case 1:
					first = time.Now()
					return tt.status, "", tt.retryAfter
				case 2:
					second = time.Now()
				}
				return answers(path)
			}}
			arrived, stop := run(j, a)
			defer stop()
			add(t, j, "a")
			arrived <- struct{}{}
			time.Sleep(time.Hour)
			if got := second.Sub(first); got < tt.want || got > tt.want+time.Second {
				t.Errorf("%d: asked again after %s, want %s", tt.status, got, tt.want)
			}
			if got := said(t, j); len(got) != 1 {
				t.Errorf("%d: got %q", tt.status, got)
			}
		})
	}
}

// Neither the token nor ids get into the log.
func TestLogIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := open(t, t.TempDir())
		defer j.Close()
		var log bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		a := &api{say: func(int, string) (int, string, string) { return 0, "", "" }}
		go func() {
			defer close(done)
			_ = Run(ctx, Options{Journal: j, Source: source, Connector: idsOnly{}, API: connector.API{URL: "https://api.example.com"}, Token: "token",
				Arrived: nil, Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: NewMetrics(prometheus.NewRegistry()), transport: a})
		}()
		add(t, j, "message-4711")
		time.Sleep(time.Minute)
		cancel()
		<-done
		if s := log.String(); strings.Contains(s, "4711") || strings.Contains(s, "token=") || strings.Count(s, "level=WARN") != 1 {
			t.Errorf("got %s", s)
		}
	})
}

// What is dropped or unreadable once the API has answered is told, to be counted.
func TestTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := open(t, t.TempDir())
		defer j.Close()
		var got []string
		_, stop := runWith(j, &api{say: func(_ int, path string) (int, string, string) { return answers(path) }}, func(w *journal.Webhook, dropped []string) {
			got = append(got, fmt.Sprint(string(w.Body), dropped, w.Unreadable != ""))
		})
		defer stop()
		add(t, j, "gone", "refused", "a")
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []string{"gone[deleted] false", "refused[] true", "a[] false"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Answers that are kept do not grow without end.
func TestKeptIsBounded(t *testing.T) {
	a := &asker{kept: map[string]kept{}}
	for n := range 100 {
		a.keep(connector.Lookup{Path: fmt.Sprint(n % 50), Keep: time.Hour}, make([]byte, maxAnswer/2))
		sum := 0
		for path, k := range a.kept {
			sum += 128 + len(path) + len(k.answer)
		}
		if sum != a.bytes || sum > keepBytes {
			t.Fatalf("%d: got %d bytes, counted %d", n, sum, a.bytes)
		}
	}
}

func TestKeys(t *testing.T) {
	k := NewKeys()
	for _, address := range []string{"http://example.com/key", "file:///etc/passwd", "://"} {
		if _, err := k.Get(t.Context(), address); err == nil {
			t.Errorf("%s: got no error", address)
		}
	}
}

// A transport of keys has one that never comes, many that are not there, and
// counts how often it is asked for the good one.
type keyRing struct {
	slow chan struct{}
	good atomic.Int32
}

func (r *keyRing) RoundTrip(q *http.Request) (*http.Response, error) {
	answer := func(code int, body string) (*http.Response, error) {
		return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: q}, nil
	}
	switch q.URL.Path {
	case "/good":
		r.good.Add(1)
		return answer(200, "key")
	case "/slow":
		<-r.slow
		return answer(200, "late")
	}
	return answer(404, "")
}

// Whatever addresses strangers name, a key that is there is got once, and waits
// for no other.
func TestStrangersKeys(t *testing.T) {
	ring := &keyRing{slow: make(chan struct{})}
	k := NewKeys()
	k.client.Transport = ring
	var wg sync.WaitGroup
	wg.Go(func() {
		if b, err := k.Get(t.Context(), "https://example.com/slow"); string(b) != "late" || err != nil {
			t.Errorf("the slow one: got %q, %v", b, err)
		}
	})
	for i := range 5 * keysAtMost {
		if _, err := k.Get(t.Context(), fmt.Sprintf("https://example.com/none/%d", i)); err == nil {
			t.Fatal("got a key that is not there")
		}
		if b, err := k.Get(t.Context(), "https://example.com/good"); string(b) != "key" || err != nil {
			t.Fatalf("got %q, %v", b, err)
		}
	}
	close(ring.slow)
	wg.Wait()
	if n := ring.good.Load(); n != 1 {
		t.Errorf("the good one was asked for %d times, want once", n)
	}
	if len(k.kept) > keysAtMost {
		t.Errorf("got %d kept", len(k.kept))
	}
}
