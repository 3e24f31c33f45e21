package gateway_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// A pause is told, signed as Standard Webhooks has it.
func TestAlertOfPause(t *testing.T) {
	key := []byte("0123456789abcdef01234567")
	heard := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("webhook-signature") != want {
			t.Errorf("got signature %q, want %q", r.Header.Get("webhook-signature"), want)
		}
		heard <- string(body)
	}))
	defer receiver.Close()
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no: private", http.StatusUnauthorized) // some repeat what they were sent
	}))
	defer closed.Close()
	c := gateway.Config{
		Settle:  gateway.NoSettle,
		Sources: []gateway.Source{{Name: "app", Type: "api", Tokens: []gateway.Secret{"token"}}},
		Destinations: []gateway.Destination{{Name: "segment", Type: "segment",
			Settings: &segment.Settings{WriteKey: "k", Region: "us", Endpoint: closed.URL}}},
		Alerts: []gateway.Alert{{Name: "team", URL: gateway.Secret(receiver.URL), AllowPrivate: true,
			Secrets: []gateway.Secret{strictyaml.Secret("whsec_" + base64.StdEncoding.EncodeToString(key))}}},
	}
	g, url := run(t, c)
	if status := post(t, url, "token", `{"activities":[{"id":"1","type":"message","conversation_id":"17","time":"2026-03-02T09:00:00Z","by":"customer","customer":{"user_id":"u"},"message":{"id":"m1","body":"private"}}]}`); status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	deadline := time.After(time.Minute)
	for {
		select {
		case got := <-heard:
			var a struct {
				Type, Text string
				Data       struct{ Workspace, Destination, State, Reason string }
			}
			if err := json.Unmarshal([]byte(got), &a); err != nil {
				t.Fatal(err)
			}
			if a.Type != "destination.paused" || a.Data.Destination != "segment" || a.Data.State != "paused" || !strings.Contains(a.Data.Reason, "401 Unauthorized") || strings.Contains(got, "private") {
				t.Errorf("got %s", got)
			}
			return
		case <-time.After(100 * time.Millisecond):
			if err := g.Reload(c); err != nil { // which has it look at once, and not in 15 seconds
				t.Fatal(err)
			}
		case <-deadline:
			t.Fatal("nobody was told")
		}
	}
}

// A test says what the receivers answer.
func TestTestAlerts(t *testing.T) {
	var body string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
		if r.Header.Get("webhook-signature") != "" {
			t.Error("it is signed, and nobody knows with what")
		}
	}))
	defer receiver.Close()
	c := gateway.Config{
		Alerts: []gateway.Alert{
			{Name: "team", URL: gateway.Secret(receiver.URL), AllowPrivate: true, TextOnly: true},
			{Name: "old", URL: gateway.Secret(receiver.URL + "/gone"), AllowPrivate: true},
		},
		Workspaces: []gateway.Workspace{{Name: "acme", Alerts: []gateway.Alert{{Name: "theirs", URL: "https://example.com/"}}}},
	}
	list, err := c.TestAlerts(t.Context(), "default", "team")
	if err != nil || len(list) != 1 || list[0].Err != nil || !strings.HasPrefix(body, `{"text":"This is a test`) || strings.Contains(body, "data") {
		t.Errorf("got %v, %v and %s", list, err, body)
	}
	list, err = c.TestAlerts(t.Context(), "default")
	if err != nil || len(list) != 2 || list[1].Err == nil || !strings.Contains(list[1].Err.Error(), "404") {
		t.Errorf("got %v, %v", list, err)
	}
	if _, err := c.TestAlerts(t.Context(), "default", "theirs"); err == nil {
		t.Error("somebody else's alert was tested")
	}
}
