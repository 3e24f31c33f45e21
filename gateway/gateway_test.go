package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination/file"
	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/standin"
)

// run runs a gateway behind a test server until the test ends.
func run(t *testing.T, c gateway.Config) (*gateway.Gateway, string) {
	t.Helper()
	c.Listen = gateway.NoListener
	if c.Data == "" {
		c.Data = t.TempDir()
	}
	c.Log = slog.New(slog.DiscardHandler)
	g, err := gateway.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	server := httptest.NewServer(g.Handler())
	t.Cleanup(func() {
		server.Close()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g, server.URL
}

// post sends activities with a token, and returns the status.
func post(t *testing.T, url, token, body string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url+"/v1/activities", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func api(name, token string) gateway.Source {
	return gateway.Source{Name: name, Type: "api", Tokens: []gateway.Secret{gateway.Secret(token)}}
}

func toFile(name, path string) gateway.Destination {
	return gateway.Destination{Name: name, Type: "file", Settings: &file.Settings{Path: path, Keep: 1}}
}

func toSegment(name, url string) gateway.Destination {
	return gateway.Destination{Name: name, Type: "segment", Settings: &segment.Settings{WriteKey: "key", Region: "us", Endpoint: url}}
}

// The conversation of the specification's examples, told as activities, comes
// out as its four payloads.
func TestSpecExample(t *testing.T) {
	const agent = `"agent":{"id":"bce89acdd11901","name":"Peter Gibbons","username":"pgibbons"}`
	const told = `{"activities":[
		{"id":"1","type":"message","conversation_id":"abd627dbecffc","time":"2026-03-02T09:00:00Z","by":"customer",` + agent + `,
			"customer":{"user_id":"019mr8mf4r"},"message":{"id":"beaffc193618cbe","body":"But my stapler..."}},
		{"id":"2","type":"message","conversation_id":"abd627dbecffc","time":"2026-03-02T09:00:45Z","by":"customer",
			"message":{"id":"beaffc193618cbe","body":"But then they switched from the Swingline to the Boston stapler!"}},
		{"id":"3","type":"message","conversation_id":"abd627dbecffc","time":"2026-03-02T09:01:38Z","by":"agent",` + agent + `,
			"message":{"id":"beaffc193618cbe","body":"Yeah, uh huh, okay, Milton"}},
		{"id":"4","type":"message","conversation_id":"abd627dbecffc","time":"2026-03-02T09:03:20Z","by":"customer",
			"message":{"id":"bcadac1183618cbe","body":"I'll... set the building on fire"}},
		{"id":"5","type":"closed","conversation_id":"abd627dbecffc","time":"2026-03-02T09:03:23Z"}]}`
	payload := func(event, body, message string, duration float64) map[string]any {
		return map[string]any{"userId": "019mr8mf4r", "type": "track", "event": "Live Chat " + event, "properties": map[string]any{
			"agent_id": "bce89acdd11901", "agent_name": "Peter Gibbons", "agent_username": "pgibbons",
			"conversation_duration": duration, "conversation_id": "abd627dbecffc", "message_body": body, "message_id": message}}
	}
	want := []map[string]any{
		payload("Conversation Started", "But my stapler...", "beaffc193618cbe", 0),
		payload("Message Sent", "But my stapler...", "beaffc193618cbe", 0),
		payload("Message Sent", "But then they switched from the Swingline to the Boston stapler!", "beaffc193618cbe", 45),
		payload("Message Received", "Yeah, uh huh, okay, Milton", "beaffc193618cbe", 98),
		payload("Message Sent", "I'll... set the building on fire", "bcadac1183618cbe", 200),
		payload("Conversation Ended", "I'll... set the building on fire", "bcadac1183618cbe", 203),
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	_, url := run(t, gateway.Config{Settle: time.Millisecond, Sources: []gateway.Source{api("shop", "token")}, Destinations: []gateway.Destination{toFile("log", path)}})
	if status := post(t, url, "token", told); status != http.StatusOK {
		t.Fatalf("got %d, want 200", status)
	}
	ids := map[any]bool{}
	for i, line := range wait(path, len(want)) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		ids[got["messageId"]] = true
		for _, beside := range []string{"messageId", "timestamp", "sentAt", "context"} {
			if got[beside] == nil {
				t.Errorf("%s: no %s", got["event"], beside)
			}
			delete(got, beside)
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got %v, want %v", got, want[i])
		}
	}
	if len(ids) != len(want) {
		t.Errorf("got %d messageIds, want %d", len(ids), len(want))
	}
}

func message(id int) string {
	return fmt.Sprintf(`{"activities":[{"id":"%d","type":"message","conversation_id":"17","time":"2026-03-02T09:00:00Z","by":"customer","message":{"id":"%d","body":"hello"}}]}`, id, id)
}

// patience bounds what a test waits for. Machines are slow at times.
const patience = time.Minute

// await waits until n calls have arrived.
func await(t *testing.T, s *standin.Server, n int) {
	t.Helper()
	for end := time.Now().Add(patience); s.Report().Calls < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("got %d calls, want %d", s.Report().Calls, n)
		}
	}
}

// A reload loses no request, and a wrong one changes nothing.
func TestReload(t *testing.T) {
	receiver := standin.New(standin.Options{})
	server := httptest.NewServer(receiver)
	defer server.Close()
	c := gateway.Config{Data: t.TempDir(), Settle: time.Millisecond, Sources: []gateway.Source{api("shop", "token")}, Destinations: []gateway.Destination{toSegment("segment", server.URL)}}
	g, url := run(t, c)
	var stop atomic.Bool
	var sent atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			if status := post(t, url, "token", message(int(sent.Add(1)))); status != http.StatusOK {
				t.Errorf("during reloads: got %d, want 200", status)
			}
		}
	})
	c.Listen = gateway.NoListener
	for i := range 20 {
		for before := sent.Load(); sent.Load() < before+3; {
			time.Sleep(time.Millisecond)
		}
		other := c
		if i%2 == 0 {
			other.Sources = append([]gateway.Source{api("other", "other-token")}, c.Sources...)
			other.Destinations = append([]gateway.Destination{toFile("log", filepath.Join(t.TempDir(), "events.jsonl"))}, c.Destinations...)
		}
		if err := g.Reload(other); err != nil {
			t.Fatal(err)
		}
		wrong := c
		wrong.Sources = []gateway.Source{{Name: "x", Type: "nothing"}}
		if err := g.Reload(wrong); err == nil {
			t.Error("a wrong configuration: got no error")
		}
	}
	stop.Store(true)
	wg.Wait()
	await(t, receiver, int(sent.Load())+1) // and one Started
}

// A destination that is paused goes on at a reload, be it with another key or,
// where the receiver was mended, with the same.
func TestReloadEndsPause(t *testing.T) {
	for name, mend := range map[string]func(c *gateway.Config, accept *atomic.Value){
		"another key": func(c *gateway.Config, _ *atomic.Value) {
			c.Destinations[0].Settings.(*segment.Settings).WriteKey = "right"
		},
		"the same key": func(_ *gateway.Config, accept *atomic.Value) { accept.Store("key") },
	} {
		t.Run(name, func(t *testing.T) {
			var accept atomic.Value
			accept.Store("right")
			receiver := standin.New(standin.Options{Fail: func(r *http.Request) (int, time.Duration) {
				if key, _, _ := r.BasicAuth(); key != accept.Load() {
					return http.StatusUnauthorized, 0
				}
				return 0, 0
			}})
			server := httptest.NewServer(receiver)
			defer server.Close()
			config := func() gateway.Config {
				return gateway.Config{Settle: time.Millisecond, Sources: []gateway.Source{api("shop", "token")}, Destinations: []gateway.Destination{toSegment("segment", server.URL)}}
			}
			g, url := run(t, config())
			post(t, url, "token", message(1))
			metrics(t, url, `parlance_destination_state{destination="segment",workspace="default"} 3`)
			next := config()
			next.Listen = gateway.NoListener
			mend(&next, &accept)
			if err := g.Reload(next); err != nil {
				t.Fatal(err)
			}
			await(t, receiver, 2)
			metrics(t, url, `parlance_parked_total{destination="segment",workspace="default"} 0`)
		})
	}
}

// Promise 4: neither a dead destination nor another workspace delays anybody.
func TestDeadDestinationAndOtherWorkspace(t *testing.T) {
	good, other := standin.New(standin.Options{}), standin.New(standin.Options{})
	goodServer, otherServer := httptest.NewServer(good), httptest.NewServer(other)
	defer goodServer.Close()
	defer otherServer.Close()
	_, url := run(t, gateway.Config{
		Settle:       time.Millisecond,
		Sources:      []gateway.Source{api("shop", "token")},
		Destinations: []gateway.Destination{toSegment("dead", "http://127.0.0.1:1"), toSegment("good", goodServer.URL)},
		Workspaces: []gateway.Workspace{{Name: "acme", Sources: []gateway.Source{api("shop", "acme-token")},
			Destinations: []gateway.Destination{toSegment("segment", otherServer.URL)}}},
	})
	post(t, url, "token", message(1))
	post(t, url, "token", message(2))
	post(t, url, "acme-token", message(1))
	await(t, good, 3)
	await(t, other, 2)
}

// A destination that is configured no more does not have the log kept, and
// starts anew if it comes back.
func TestForgottenDestination(t *testing.T) {
	receiver := standin.New(standin.Options{})
	server := httptest.NewServer(receiver)
	defer server.Close()
	c := gateway.Config{Data: t.TempDir(), Listen: gateway.NoListener, Settle: time.Millisecond, Sources: []gateway.Source{api("shop", "token")}}
	dead, alive := toSegment("segment", "http://127.0.0.1:1"), toSegment("segment", server.URL)
	for i, d := range []*gateway.Destination{&dead, nil, &alive} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			c.Destinations = nil
			if d != nil {
				c.Destinations = []gateway.Destination{*d}
			}
			_, url := run(t, c)
			post(t, url, "token", message(i))
			metrics(t, url, `parlance_activities_applied_total{source="shop",workspace="default"} 1`)
			if d == &alive {
				await(t, receiver, 1)
			}
		})
	}
	if got := receiver.Report().Calls; got != 1 {
		t.Errorf("got %d calls, want the last alone", got)
	}
}

func get(t *testing.T, url string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

// metrics waits until the metrics hold all of the texts: what is counted is
// counted a moment after it has happened.
func metrics(t *testing.T, url string, texts ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		status, text := get(t, url+"/metrics")
		i := slices.IndexFunc(texts, func(s string) bool { return !strings.Contains(text, s) })
		if status == http.StatusOK && i < 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("metrics: got %d, and no %s", status, texts[max(i, 0)])
		}
	}
}

func TestHealthAndMetrics(t *testing.T) {
	receiver := standin.New(standin.Options{})
	server := httptest.NewServer(receiver)
	defer server.Close()
	_, url := run(t, gateway.Config{Settle: time.Millisecond, Sources: []gateway.Source{api("shop", "token")}, Destinations: []gateway.Destination{toSegment("segment", server.URL)}})
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, _ := get(t, url+path); status != http.StatusOK {
			t.Errorf("%s: got %d, want 200", path, status)
		}
	}
	metrics(t, url, "received", "refused", "unreadable", "applied", "delivered", "parked", "lag", "oldest") // before anything came
	post(t, url, "token", message(1))
	post(t, url, "wrong", message(1))
	await(t, receiver, 2)
	metrics(t, url,
		`parlance_webhooks_received_total{source="shop",workspace="default"} 1`,
		`parlance_webhooks_refused_total{reason="token",source="",workspace=""} 1`,
		`parlance_activities_applied_total{source="shop",workspace="default"} 1`,
		`parlance_delivered_total{destination="segment",workspace="default"} 2`,
		`parlance_parked_total{destination="segment",workspace="default"} 0`,
		`parlance_destination_lag_events{destination="segment",workspace="default"}`,
		`parlance_destination_oldest_seconds{destination="segment",workspace="default"}`)
	if status, _ := get(t, url+"/metrics", "X-Forwarded-For", "203.0.113.7"); status != http.StatusForbidden {
		t.Errorf("metrics through a proxy: got %d, want 403", status)
	}
}
