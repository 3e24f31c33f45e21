package console_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/gateway"
)

// patience bounds what a test waits for. Machines are slow at times.
const patience = time.Minute

// run runs a gateway that has the console, and returns its address.
func run(t *testing.T, c gateway.Config) string {
	t.Helper()
	c.Listen, c.Data, c.Log = gateway.NoListener, filepath.Join(t.TempDir(), "data"), slog.New(slog.DiscardHandler)
	g, err := gateway.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	server := httptest.NewServer(g.Handler())
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		server.Close()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL
}

// shop is a gateway with one source that tests can tell of chats.
func shop() gateway.Config {
	return gateway.Config{Settle: gateway.NoSettle, Sources: []gateway.Source{{Name: "shop", Type: "api", Tokens: []gateway.Secret{"token"}}}}
}

// tell tells the gateway of activities.
func tell(t *testing.T, url, activities string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url+"/v1/activities", strings.NewReader(activities))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer token")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(resp.Body)
		t.Fatalf("got %d: %s", resp.StatusCode, said)
	}
}

const hello = `{"id":"m1","type":"message","conversation_id":"17","time":"2026-03-02T09:00:00Z","by":"customer",` +
	`"message":{"id":"m1","body":"Do you ship to <b>Norway</b>?"},"customer":{"user_id":"u-1"}}`

// get asks for a page.
func get(t *testing.T, url string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestTwin(t *testing.T) {
	url := run(t, shop())
	resp, body := get(t, url+"/index.json", nil)
	if !json.Valid([]byte(body)) || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %v %s, want JSON", resp.Header, body)
	}
	_, page := get(t, url+"/", nil)
	if !strings.Contains(page, `href="/index.json"`) {
		t.Error("the page does not lead to its twin")
	}
}

// Whoever may come from elsewhere sees nothing: through a proxy that says so,
// through one that does not, or by a name that was made to lead here.
func TestClosedElsewhere(t *testing.T) {
	url := run(t, shop())
	for name, change := range map[string]func(*http.Request){
		"forwarded":     func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.7") },
		"another name":  func(r *http.Request) { r.Host = "attacker.example.com" },
		"a public name": func(r *http.Request) { r.Host = "203.0.113.7:8080" },
	} {
		if resp, _ := get(t, url+"/", change); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", name, resp.StatusCode)
		}
	}
}
