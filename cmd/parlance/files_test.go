package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/recording"
	"github.com/parlance-chat/parlance/livechat"
)

// webhooks writes what a tool sent of some conversations into a directory, in
// no order: some in files of their own, the others as JSON Lines.
func webhooks(t *testing.T, dir string, conversations, turns int) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for c := range conversations {
		for n := range turns {
			for _, r := range faker().Fake([]conversation.Activity{turn(c+1, n)}) {
				if n == 0 {
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", c)), r.Body, 0o600); err != nil {
						t.Fatal(err)
					}
					continue
				}
				line, err := json.Marshal(recording.Of(&r))
				if err != nil {
					t.Fatal(err)
				}
				lines = append(lines, string(line))
			}
		}
	}
	rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	if err := os.WriteFile(filepath.Join(dir, "more.jsonl"), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// messageIDs returns those of calls, one a line, sorted.
func messageIDs(t *testing.T, calls string) (ids []string) {
	for line := range strings.Lines(calls) {
		var e livechat.Event
		if !strings.HasPrefix(line, "{") {
			continue
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		ids = append(ids, e.MessageID)
	}
	slices.Sort(ids)
	return ids
}

// An import tells yesterday's webhooks in their order, as the dry run says it
// will, and once, however often it is run.
func TestImport(t *testing.T) {
	p := newProgram(t, "data")
	webhooks(t, filepath.Join(p.dir, "old"), 5, 4)
	p.start()
	t.Setenv("TEST_SECRET", testSecret)
	dry, status := parlance(t, p.dir, "", "import", "--source", "support", "--dry-run", "old")
	if status != 0 || !strings.Contains(dry, "20 webhooks would become 25 events") {
		t.Fatalf("got status %d and %s", status, dry)
	}
	for range 2 {
		if out, status := parlance(t, p.dir, "", "import", "--source", "support", "old"); status != 0 || !strings.Contains(out, "20 webhooks imported") {
			t.Errorf("got status %d and %s", status, out)
		}
	}
	// Whatever more would come of them comes before what is said now.
	if status := p.say(turn(6, 0)); status != http.StatusOK {
		t.Fatalf("got %d", status)
	}
	p.ledger.await(t, 27)
	p.awaitFile(27)
	for c := range 5 {
		if got, want := p.ledger.told(c+1), wantTurns(c+1, 4); !slices.Equal(got, want) {
			t.Errorf("conversation %d: got %v, want %v", c+1, got, want)
		}
	}
	sent, err := os.ReadFile(filepath.Join(p.dir, "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	all, want := messageIDs(t, string(sent)), messageIDs(t, dry)
	got := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return !slices.Contains(want, id) })
	if !slices.Equal(got, want) || len(got) != 25 || len(all) != 27 {
		t.Errorf("got %d messageIds, want the %d of the dry run", len(got), len(want))
	}
	if marks, _ := filepath.Glob(filepath.Join(p.dir, "data", "import-*")); len(marks) > 0 {
		t.Errorf("left behind: %q", marks)
	}
	// An interrupted one goes on.
	p.stop()
	out, status := parlance(t, p.dir, "", "import", "--source", "support", "old")
	if status == 0 || !strings.Contains(out, "parlance serve") {
		t.Errorf("with no gateway: got status %d and %s", status, out)
	}
	for args, want := range map[string]string{
		"import old":                           "--source",
		"import --source nobody old":           `there are ["support"]`,
		"import --source support empty":        "no such file",
		"import --source support parlance.yml": "no such file",
	} {
		if out, status := parlance(t, p.dir, "", strings.Fields(args)...); status == 0 || !strings.Contains(out, want) {
			t.Errorf("%s: got status %d and %s", args, status, out)
		}
	}
}

func TestMap(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("desk.jq", `{type: "message", conversation_id: .chat, time: .at, by: .who, message: {id: .id, body: .text}}`)
	write("a.json", `{"chat":17,"at":1772442045,"who":"customer","id":5,"text":"hello"}`)
	write("b.json", `{"chat":17,"at":1772442045,"who":"nobody","id":6,"text":"hello"}`)
	write("c.json", `{"chat":17}`)
	out, status := parlance(t, dir, "", "map", "--program", "desk.jq", "--try", "a.json", "--try", "b.json", "--try", "c.json")
	for _, want := range []string{`activity {"id":"message:5"`, "Live Chat Conversation Started", "lacks agent_name: no activity so far has agent.name", "dropped: unknown_author", "unreadable: custom: activity 1: time: is missing"} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("got status %d and\n%s\nwant %q", status, out, want)
		}
	}
	if out, status := parlance(t, dir, "", "map", "--type", "chatwoot", "--try", "c.json"); status != 0 || !strings.Contains(out, "unknown_event") {
		t.Errorf("got status %d and %s", status, out)
	}
	write("thread.json", `[{"eventId":1,"objectId":17,"occurredAt":1772442045000,"subscriptionType":"conversation.newMessage","messageId":"m1","messageType":"MESSAGE"}]`)
	if out, status := parlance(t, dir, "", "map", "--type", "hubspot", "--try", "thread.json"); status != 0 || !strings.Contains(out, "asks the tool's API, which is not done here") {
		t.Errorf("got status %d and %s", status, out)
	}
	for _, tool := range all.Types() {
		if out, status := parlance(t, dir, "", "map", "--type", tool.Name, "--try", "c.json"); status != 0 && tool.Name != "custom" {
			t.Errorf("%s alone: got status %d and %s", tool.Name, status, out)
		}
	}
	if out, status := parlance(t, dir, "", "map", "--type", "chatwood", "--try", "c.json"); status != 2 || !strings.Contains(out, "parlance connectors") {
		t.Errorf("got status %d and %s", status, out)
	}
}

func TestConnectors(t *testing.T) {
	for args, want := range map[string]string{
		"connectors":               "chatwoot  ",
		"connectors chatwoot":      "HMAC-SHA256",
		"connectors --json":        `"type":"chatwoot"`,
		"connectors not-a-tool":    "no chat tool",
		"map --source a --try b":   "there is none",
		"capture":                  "--source",
		"capture --source nothing": "there is none",
	} {
		if out, _ := parlance(t, t.TempDir(), "", strings.Fields(args)...); !strings.Contains(out, want) {
			t.Errorf("%s: got %s, want %q", args, out, want)
		}
	}
}

func TestDestinations(t *testing.T) {
	for args, want := range map[string]string{
		"destinations":                 "segment ",
		"destinations segment file":    "Retry-After",
		"destinations --json":          `"type":"segment"`,
		"destinations not-a-warehouse": "no destination",
	} {
		if out, _ := parlance(t, t.TempDir(), "", strings.Fields(args)...); !strings.Contains(out, want) {
			t.Errorf("%s: got %s, want %q", args, out, want)
		}
	}
}

// What is captured can be imported, and holds no secret.
func TestCapture(t *testing.T) {
	p := newProgram(t, "data")
	cmd := exec.Command(binary, "capture", "--source", "support", "--to", "captured.jsonl")
	cmd.Dir, cmd.Env = p.dir, append(os.Environ(), "TEST_SECRET="+testSecret)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.eventually("it takes a webhook", func() bool { return p.say(turn(1, 0)) == http.StatusOK })
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("got %v and %s", err, said.String())
	}
	b, err := os.ReadFile(filepath.Join(p.dir, "captured.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "signed: message customer") || strings.Contains(string(b), "sha256=") || strings.Contains(string(b), "must-not-be-kept") {
		t.Errorf("got %s and %s", said.String(), b)
	}
	t.Setenv("TEST_SECRET", testSecret)
	if out, status := parlance(t, p.dir, "", "import", "--dry-run", "--source", "support", "captured.jsonl"); status != 0 || !strings.Contains(out, "1 webhooks would become 2 events") {
		t.Errorf("got status %d and %s", status, out)
	}
}
