package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
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
