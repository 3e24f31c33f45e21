package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

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
