package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/standin"
)

// The other commands look into a gateway, whether it runs or not.
func TestLook(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	p.chat(1, 1, 4)
	p.run(0, "nothing unreadable", "unreadable")
	p.run(0, "nothing parked", "parked")
	p.run(0, "nothing parked", "parked", "-d", "segment")
	p.run(0, "4 events", "replay", "-d", "segment", "--since", "1h", "--dry-run")
	if got := p.ledger.Report().Repeated; got != 0 {
		t.Errorf("a dry run repeats %d events", got)
	}
	p.run(0, "4 events", "replay", "-d", "segment", "--since", "1h")
	p.eventually("a replay repeats 4 events", func() bool { return p.ledger.Report().Repeated == 4 })
	for _, args := range []string{"replay -d nobody --since 1h", "parked -d nobody"} {
		if out, status := parlance(t, p.dir, "", strings.Fields(args)...); status == 0 || !strings.Contains(out, `"segment"`) {
			t.Errorf("%s: got status %d and %s", args, status, out)
		}
	}
	p.stop()
	p.run(0, "nothing unreadable", "unreadable")
	p.run(0, "4 events", "replay", "-d", "segment", "--since", "1h", "--dry-run")
	if out, status := parlance(t, p.dir, "", "tail"); status == 0 || !strings.Contains(out, "not running") {
		t.Errorf("tail of nothing: got status %d and %s", status, out)
	}
}

// Tail shows every event from when it listens, until the gateway stops.
func TestTail(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	cmd := exec.Command(binary, "tail", "--json")
	cmd.Dir = p.dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	shown := make(chan string, 1000)
	go func() {
		defer close(shown)
		for in := bufio.NewScanner(out); in.Scan(); {
			var c standin.Call
			if err := json.Unmarshal(in.Bytes(), &c); err != nil {
				t.Error(err)
			}
			shown <- string(c.Event) + " " + c.Properties.MessageID
		}
	}()
	turns := 0
	say := func() {
		if status := p.say(turn(1, turns)); status != http.StatusOK {
			t.Fatalf("got %d", status)
		}
		turns++
	}
	// From when it listens, there is no telling from outside.
	p.eventually("it shows something", func() bool { say(); return len(shown) > 0 })
	say()
	want := wantTurns(1, turns)
	var got []string
	for last := want[len(want)-1]; !slices.Contains(got, last); {
		select {
		case line := <-shown:
			got = append(got, line)
		case <-time.After(patience):
			t.Fatalf("got %q, and no %q", got, last)
		}
	}
	p.stop()
	for line := range shown {
		got = append(got, line)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), "the gateway has stopped") {
		t.Errorf("got %v and %s", err, said.String())
	}
	if len(got) > len(want) || !slices.Equal(got, want[len(want)-len(got):]) {
		t.Errorf("got %q, want the last of %q", got, want)
	}
}
