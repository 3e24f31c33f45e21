package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/control"
)

// run runs a command that must end with a status and say something.
func (p *program) run(status int, want string, args ...string) string {
	p.t.Helper()
	out, got := parlance(p.t, p.dir, "", args...)
	if got != status || !strings.Contains(out, want) {
		p.t.Errorf("%v: got status %d and\n%s\nwant %d and %q", args, got, out, status, want)
	}
	return out
}

// status returns how the gateway says that it is doing.
func (p *program) status() (s control.Status, code int) {
	p.t.Helper()
	out, code := parlance(p.t, p.dir, "", "status", "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		p.t.Fatalf("status: got %s", out)
	}
	return s, code
}

// metrics returns what is told of destinations.
func (p *program) metrics() string {
	p.t.Helper()
	resp, err := http.Get(p.url + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "destination=") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// config returns the configuration.
func (p *program) config() string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, "parlance.yaml"))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// behind puts something between the destination segment and its ledger.
func (p *program) behind(front http.HandlerFunc) {
	p.t.Helper()
	server := httptest.NewServer(front)
	p.t.Cleanup(server.Close)
	p.write(regexp.MustCompile(`endpoint: "[^"]*"`).ReplaceAllString(p.config(), `endpoint: "`+server.URL+`"`))
}

// chat has conversations of three messages each, and waits until the ledger has
// n calls.
func (p *program) chat(from, to, n int) {
	p.t.Helper()
	for conv := from; conv <= to; conv++ {
		for turnOf := range 3 {
			if status := p.say(turn(conv, turnOf)); status != http.StatusOK {
				p.t.Fatalf("got %d", status)
			}
		}
	}
	p.ledger.await(p.t, n)
}

// Parked calls are shown with what was asked and said, and named by ID or by
// what they have in common.
func TestParkedByFilter(t *testing.T) {
	p := newProgram(t, "data")
	var mended atomic.Bool
	p.ledger.refuse = func(id string) bool { return !mended.Load() && strings.HasSuffix(id, "001") } // every second message
	p.start()
	p.chat(1, 3, 9)
	if s, code := p.status(); code != 1 || s.Destinations[1].Parked != 3 || s.Destinations[1].Name != "segment" {
		t.Errorf("status: got %d and %+v", code, s)
	}
	if out := p.run(0, "400 Bad Request", "parked"); strings.Count(out, "\n") != 3 || out != p.run(0, "", "parked", "list") {
		t.Errorf("got\n%s", out)
	}
	var one control.Parked
	if err := json.Unmarshal([]byte(p.run(0, `"call"`, "parked", "--conversation", "2", "--json")), &one); err != nil {
		t.Fatal(err)
	}
	id := fmt.Sprint(one.ID)
	shown := p.run(0, "reason:       400 Bad Request", "parked", "show", id)
	if strings.Contains(shown, "hello") || !strings.Contains(shown, "request:      POST http") || !strings.Contains(shown, "response:     400") || !strings.Contains(shown, `"message_body": "…"`) || !strings.Contains(shown, "Live Chat Message Received") {
		t.Errorf("show: got\n%s", shown)
	}
	p.run(0, `"message_body": "hello"`, "parked", "show", id, "--body")
	p.run(1, "4711: is not parked", "parked", "show", "4711")
	for filter, want := range map[string]string{
		"--event Received": "3 calls", "--event Sent": "0 calls", "--source support": "3 calls", "--source other": "0 calls", "--conversation 2": "1 calls",
		"--reason Bad": "3 calls", "--reason good": "0 calls", "--since 1h": "3 calls", "--until 1h": "0 calls", "-d segment": "3 calls", "--all": "3 calls", id: "1 calls",
	} {
		p.run(0, want, append([]string{"parked", "drop", "--dry-run"}, strings.Fields(filter)...)...)
	}
	p.run(0, "drop: 1 done, 0 not", "parked", "drop", "--conversation", "1")
	p.run(1, "resend: 0 done, 2 not", "parked", "resend", "--event", "received")
	mended.Store(true)
	p.run(0, "resend: 1 done, 0 not", "parked", "resend", id)
	p.run(0, "resend: 1 done, 0 not", "parked", "resend", "--reason", "400")
	p.run(0, "nothing parked", "parked")
	if n := p.ledger.total(); n != 11 {
		t.Errorf("got %d calls, want 11", n)
	}
	if _, code := p.status(); code != 0 {
		t.Errorf("status: got %d, want 0", code)
	}
	p.stop()
}

// A replay of some events sends those and no others, to one destination, and
// moves no cursor.
func TestReplaySome(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	p.chat(1, 3, 12)
	p.awaitFile(12)
	repeated := func() int { return p.ledger.Report().Repeated }
	p.run(0, "4 events", "replay", "-d", "segment", "--conversation", "2", "--dry-run")
	p.run(0, "0 events", "replay", "-d", "segment", "--conversation", "4")
	p.run(0, "3 events", "replay", "-d", "segment", "--event", "Received", "--source", "support", "--since", "1h", "--dry-run")
	p.run(0, "0 events", "replay", "-d", "segment", "--until", "1h", "--dry-run")
	p.run(0, "no replay", "replay", "list")
	if repeated() != 0 {
		t.Errorf("dry runs repeat %d events", repeated())
	}
	p.run(0, "segment: done", "replay", "-d", "segment", "--conversation", "2")
	p.run(0, "done       4 of 4 events  conversation: 2", "replay", "list")
	if repeated() != 4 {
		t.Errorf("a replay repeats %d events, want 4", repeated())
	}
	p.run(0, "segment: done", "replay", "-d", "segment", "--since", "1h")
	if repeated() != 16 {
		t.Errorf("with a replay of all: got %d repeated, want 16", repeated())
	}
	b, err := os.ReadFile(filepath.Join(p.dir, "events.jsonl"))
	if n := strings.Count(string(b), "\n"); n != 12 || err != nil {
		t.Errorf("the other destination: got %d calls (%v), want 12", n, err)
	}
	p.run(1, "is done", "replay", "cancel", "1")
	p.run(1, "no replay 7", "replay", "cancel", "7")
	p.stop()
	// Where no gateway runs, it is written down, and begins with the next.
	p.run(0, "not running", "replay", "-d", "segment", "--conversation", "1")
	p.run(0, "cancelled", "replay", "cancel", "2")
	p.run(0, "0 events", "replay", "-d", "segment", "--event", "Ended", "--until", "2100-01-01")
	p.run(0, "not running", "replay", "-d", "segment", "--conversation", "3")
	p.start()
	p.eventually("the replay of the conversation", func() bool { return repeated() == 20 })
	p.stop()
}

// What somebody paused stands still, over a restart too, until it is resumed;
// a replay meanwhile waits, and others are not held up.
func TestPause(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	p.chat(1, 1, 4)
	p.run(0, "segment is paused", "pause", "segment", "--reason", "moving house")
	p.run(1, `there are ["log" "segment"]`, "pause", "nobody")
	for turnOf := range 3 {
		p.say(turn(2, turnOf))
	}
	p.awaitFile(8)
	p.run(0, "begins after 'parlance resume segment'", "replay", "-d", "segment", "--conversation", "1")
	if s, code := p.status(); code != 0 || s.Destinations[1].State != "held" || s.Destinations[1].LagEvents != 4 || s.Destinations[1].Paused.Reason != "moving house" || s.Destinations[1].Paused.By == "" ||
		len(s.Destinations[1].Replays) != 1 || s.Destinations[0].State != "ok" || s.Sources[0].LastWebhook.IsZero() || !s.Running {
		t.Errorf("status: got %d and %+v", code, s)
	}
	p.run(0, ": moving house", "status")
	if m := p.metrics(); !strings.Contains(m, `parlance_destination_held{destination="segment",workspace="default"} 1`) || !strings.Contains(m, `parlance_destination_lag_events{destination="segment",workspace="default"} 4`) || !strings.Contains(m, `parlance_destination_held{destination="log",workspace="default"} 0`) {
		t.Errorf("metrics: got\n%s", m)
	}
	p.stop()
	p.run(1, "not running", "status")
	p.start()
	time.Sleep(200 * time.Millisecond) // it would have been delivered
	if n := p.ledger.total(); n != 4 {
		t.Errorf("while it is paused: got %d calls, want 4", n)
	}
	p.run(0, "segment goes on", "resume", "segment")
	p.ledger.await(t, 8)
	p.eventually("the replay", func() bool { return p.ledger.Report().Repeated == 4 })
	p.run(0, "segment goes on", "resume", "segment") // nothing paused it
	p.stop()
	p.run(0, "is paused", "pause", "segment")
	p.start()
	if s, _ := p.status(); s.Destinations[1].State != "held" {
		t.Errorf("paused while nothing runs: got %+v", s.Destinations[1])
	}
	p.stop()
}

// A destination that is added later begins where its configuration says.
func TestStart(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	p.chat(1, 2, 8)
	p.stop()
	more := "  all: {type: file, path: ./all.jsonl, start: beginning}\n  old: {type: file, path: ./old.jsonl, start: 2026-01-01}\n  late: {type: file, path: ./late.jsonl, start: 2099-01-01T00:00:00Z}\n  new: {type: file, path: ./new.jsonl}\n"
	p.write(p.config() + more)
	p.start()
	p.chat(3, 3, 12)
	count := func(name string) int {
		b, _ := os.ReadFile(filepath.Join(p.dir, name+".jsonl")) // not there yet
		return strings.Count(string(b), "\n")
	}
	for name, want := range map[string]int{"all": 12, "old": 12, "late": 4, "new": 4} {
		p.eventually(fmt.Sprintf("%s has %d calls", name, want), func() bool { return count(name) == want })
	}
	p.stop()
	p.start() // it counts once
	p.chat(4, 4, 16)
	p.eventually("16 calls", func() bool { return count("all") == 16 })
	p.stop()
}

// The examples of the API's page do what it says, and nobody else gets in.
func TestAPIExamples(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, "data")
	p.ledger.refuse = func(id string) bool { return strings.HasSuffix(id, "001") }
	p.start()
	p.chat(1, 2, 6)
	examples := 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		examples++
		line = strings.ReplaceAll(strings.Replace(line, "curl -s", "curl -s -f", 1), "http://127.0.0.1:8080", p.url)
		out, err := exec.Command("sh", "-c", line).Output()
		if err != nil || !json.Valid(out) {
			t.Errorf("%s: got %v and %s", line, err, out)
		}
		if told := strings.Contains(string(out), "hello"); told != strings.Contains(line, "body=true") {
			t.Errorf("%s: got\n%s\nwhich shows what people wrote: %v", line, out, told)
		}
	}
	if examples < 10 {
		t.Errorf("the page has %d examples", examples)
	}
	p.run(0, "nothing parked", "parked")
	p.run(0, "cancelled", "replay", "list")
	for name, tt := range map[string]struct {
		method, path, body string
		header             http.Header
		host               string
		status             int
	}{
		"a page elsewhere whose name leads here": {"GET", "/api/status", "", nil, "evil.example.com", http.StatusForbidden},
		"through a proxy":                        {"GET", "/api/status", "", http.Header{"X-Forwarded-For": {"203.0.113.7"}}, "", http.StatusForbidden},
		"another site's form":                    {"POST", "/api/parked/drop", `{"all":true}`, http.Header{"Content-Type": {"text/plain"}}, "", http.StatusUnsupportedMediaType},
		"another site's script":                  {"POST", "/api/parked/drop", `{"all":true}`, http.Header{"Content-Type": {"application/json"}, "Origin": {"https://evil.example.com"}}, "", http.StatusForbidden},
		"a filter spelled wrong":                 {"POST", "/api/parked/drop", `{"al":true}`, http.Header{"Content-Type": {"application/json"}}, "", http.StatusBadRequest},
		"nothing named":                          {"POST", "/api/parked/drop", `{}`, http.Header{"Content-Type": {"application/json"}}, "", http.StatusBadRequest},
		"an unknown token":                       {"GET", "/api/status", "", http.Header{"Authorization": {"Bearer nobody"}}, "", http.StatusUnauthorized},
		"what only the socket has":               {"GET", "/api/events", "", nil, "", http.StatusNotFound},
		"the same without its place":             {"POST", "/parked/drop", `{"all":true}`, http.Header{"Content-Type": {"application/json"}}, "", http.StatusNotFound},
	} {
		req, err := http.NewRequest(tt.method, p.url+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if tt.header != nil {
			req.Header = tt.header
		}
		req.Host = tt.host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.status || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %d, want %d", name, resp.StatusCode, tt.status)
		}
	}
	p.stop()
}

// Interrupting the command leaves the replay to the gateway; cancelling it ends
// it, though the destination answers nobody.
func TestReplayIsInterrupted(t *testing.T) {
	p := newProgram(t, "data")
	var down atomic.Bool
	p.behind(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		p.ledger.ServeHTTP(w, r)
	})
	p.start()
	p.chat(1, 1, 4)
	down.Store(true)
	cmd := exec.Command(binary, "replay", "-d", "segment", "--conversation", "1")
	cmd.Dir = p.dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.eventually("a replay is under way", func() bool {
		return strings.Contains(p.metrics(), `parlance_replay_events_left{destination="segment",workspace="default"} 4`)
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(said.String(), "goes on in the gateway") {
		t.Errorf("interrupted: got %v and\n%s", err, said.String())
	}
	p.run(0, "under way  0 of 4 events", "replay", "list")
	p.run(0, "replay 1 has delivered 0 of 4 events", "status")
	p.stop()
	p.start() // it is still under way
	p.run(0, "under way", "replay", "list")
	p.run(0, "cancelled", "replay", "cancel", "1")
	down.Store(false)
	p.run(0, "segment: done", "replay", "-d", "segment", "--event", "Started")
	if n := p.ledger.Report().Repeated; n != 1 {
		t.Errorf("got %d repeated, want 1: what was cancelled is sent no more", n)
	}
	p.stop()
}

// The archive is made anew from the log, but not beside a gateway that writes
// it, and not where the log has forgotten what it has.
func TestArchiveRebuild(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	p.chat(1, 2, 8)
	p.run(1, "the gateway is running", "archive", "rebuild")
	p.stop()
	p.run(0, "the archive is made of 8 events", "archive", "rebuild")
	if err := os.Remove(filepath.Join(p.dir, "data", "archive.db")); err != nil {
		t.Fatal(err)
	}
	p.run(0, "the archive is made of 8 events", "archive", "rebuild")
	for _, name := range []string{"parlance.db", "parlance.db-wal", "parlance.db-shm"} {
		if err := os.Remove(filepath.Join(p.dir, "data", name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	p.start()
	p.stop()
	p.run(1, "say --force", "archive", "rebuild")
	p.run(0, "the archive is made of 0 events", "archive", "rebuild", "--force")
}

// A destination that paused itself is told of in plain words, and tried at once
// when somebody says so.
func TestResumeTriesAtOnce(t *testing.T) {
	p := newProgram(t, "data")
	var wrong atomic.Bool
	var asked atomic.Int64
	wrong.Store(true)
	p.behind(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if wrong.Load() {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		p.ledger.ServeHTTP(w, r)
	})
	p.start()
	p.chat(1, 1, 0)
	paused := func() bool {
		s, code := p.status()
		d := s.Destinations[1]
		return code == 1 && d.State == "paused" && strings.Contains(d.Trouble, "key") && d.LagEvents == 4
	}
	p.eventually("it pauses itself", paused)
	p.run(1, "paused  4 events", "status")
	before := asked.Load()
	p.run(0, "goes on", "resume", "segment")
	p.eventually("it tries again, and pauses itself", func() bool { return asked.Load() > before && paused() }) // for nothing has changed
	wrong.Store(false)
	p.run(0, "goes on", "resume", "segment")
	p.ledger.await(t, 4) // without waiting for minutes
	p.stop()
}
