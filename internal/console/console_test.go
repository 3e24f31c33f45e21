package console_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// run runs a gateway that has the console, and returns its address.
func run(t *testing.T, c gateway.Config) string {
	t.Helper()
	c.Listen, c.Data, c.Log = gateway.NoListener, t.TempDir(), slog.New(slog.DiscardHandler)
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

// An event arrives while somebody watches, and is shown as it is written.
func TestLiveInBrowser(t *testing.T) {
	url := run(t, shop())
	tab := browsertest.Open(t, url)
	tab.Go("/")
	tab.See(".empty", "Nothing has passed yet")
	tell(t, url, `{"activities":[`+hello+`]}`)
	tab.See(".record.event .name", "Live Chat Message Sent")
	tab.See(".record.event .body", "Do you ship to <b>Norway</b>?")
	tab.See(".record.webhook .name", "read")
	tab.Shots("live")

	tab.Type("input[name=user]", "u-2\n")
	tab.See(".empty", "Nothing has passed yet")
	tab.Go("/?user=u-1&kind=event")
	tab.See(".record.event", "Live Chat Conversation Started")
	if n := browsertest.Eval[int](tab, `document.querySelectorAll('.record:not(.event)').length`); n != 0 {
		t.Errorf("got %d records that are no events, want none", n)
	}
}

// One event's whole way, from the bytes to the call.
func TestChainInBrowser(t *testing.T) {
	url := run(t, shop())
	tab := browsertest.Open(t, url)
	tell(t, url, `{"activities":[`+hello+`]}`)
	tab.Go("/?kind=event")
	tab.See(".record.event", "Live Chat Conversation Started")
	tab.See(".record.event", "Live Chat Message Sent")
	tab.Click(".record.event .name a")
	tab.See("h1", "Live Chat Message Sent")
	tab.See("h3", "Activity")
	tab.See("td", "m1 · Do you ship to <b>Norway</b>?")
	tab.See("pre", `"message_body": "Do you ship to <b>Norway</b>?"`)
	tab.Shots("event")
	tab.Click(".chain a[href^='/webhooks/']")
	tab.See("h1", "Webhook 1")
	tab.See("pre", `"conversation_id": "17"`)
	tab.ExpectComplaints()
	tab.Go("/events/99")
	tab.See(".notice", "There is no such event")
}
