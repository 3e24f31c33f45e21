package main

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Doctor says what is wrong and what to do, and sends nothing unasked.
func TestDoctor(t *testing.T) {
	dir := t.TempDir()
	var status atomic.Int64
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body, _ := io.ReadAll(z)
			calls.Add(int64(strings.Count(string(body), "Parlance Test Event")))
			w.WriteHeader(int(status.Load()))
		}
	}))
	defer server.Close()
	config := fmt.Sprintf("public_url: https://chats.example.com\ndestinations:\n  rudder: {type: rudderstack, write_key: do-not-show, endpoint: %q}\n  log: {type: file, path: events.jsonl}\n", server.URL)
	if err := os.WriteFile(filepath.Join(dir, "parlance.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args           string
		answer, status int
		sent           int64
		want           string
	}{
		{"doctor", 200, 0, 0, "✓ RudderStack knows the write key"},
		{"doctor", 401, 1, 0, "→ is write_key that of the source in RudderStack?"},
		{"doctor rudder --send-test", 200, 0, 1, "look for it in RudderStack"},
		{"doctor log", 401, 0, 0, "nothing is wrong"},
		{"doctor rudder --json", 401, 1, 0, `"level":"problem"`},
		{"doctor nobody", 200, 1, 0, `there are ["rudder" "log"]`},
		{"doctor -w nobody", 200, 1, 0, `no workspace "nobody"`},
	} {
		status.Store(int64(tt.answer))
		calls.Store(0)
		out, code := parlance(t, dir, "", strings.Fields(tt.args)...)
		if code != tt.status || calls.Load() != tt.sent || !strings.Contains(out, tt.want) || strings.Contains(out, "do-not-show") {
			t.Errorf("%s, %d: got status %d, %d test events and\n%s\nwant %d, %d and %q", tt.args, tt.answer, code, calls.Load(), out, tt.status, tt.sent, tt.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "events.jsonl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file was made: %v", err)
	}
}

// Doctor knows what the journal says, and disturbs no gateway that runs.
func TestDoctorOfRunningGateway(t *testing.T) {
	t.Setenv("TEST_SECRET", testSecret)
	p := newProgram(t, "data")
	p.start()
	if status := p.say(turn(1, 0)); status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	p.ledger.await(t, 2)
	p.eventually("the journal knows too", func() bool { s, _ := p.status(); return s.Destinations[1].LagEvents == 0 })
	resp, err := http.Post(p.url+"/in/support", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	out, status := parlance(t, p.dir, "", "doctor")
	for _, want := range []string{"✓ it has got every event", "✓ the last webhook came", "! 1 request refused", "nobody can be asked about the write key", "✓ the file has"} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("got status %d and\n%s\nwant %q", status, out, want)
		}
	}
	if status := p.say(turn(1, 1)); status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	p.ledger.await(t, 3)
	p.awaitFile(3)
	p.stop()
	if out, status := parlance(t, p.dir, "", "doctor"); status != 0 || !strings.Contains(out, "! no gateway runs") {
		t.Errorf("got status %d and\n%s", status, out)
	}
}
