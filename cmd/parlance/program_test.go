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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/chatwoot"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/listentest"
	"github.com/parlance-chat/parlance/internal/standin"
)

const testSecret = "test-secret"

// patience bounds what a test waits for. Machines are slow at times.
const patience = time.Minute

// binary is the program, built once.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "parlance-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "parlance")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// A program is a gateway of its own process, which may be killed and started
// again.
type program struct {
	t      *testing.T
	dir    string
	url    string
	ledger *ledger
	cmd    *exec.Cmd
}

// newProgram writes a configuration with a Chatwoot source, a Segment
// destination that is a ledger, and a file.
func newProgram(t *testing.T, data string) *program {
	address := fmt.Sprint("127.0.0.1:", listentest.Port(t)) // which is free again while it is killed
	p := &program{t: t, dir: t.TempDir(), url: "http://" + address, ledger: newLedger()}
	segment := httptest.NewServer(p.ledger)
	t.Cleanup(segment.Close)
	p.write(fmt.Sprintf("data: %s\nlisten: %s\nsettle: 20ms\nsources:\n  support: {type: chatwoot, secret: \"${TEST_SECRET}\"}\ndestinations:\n  segment: {type: segment, write_key: key, endpoint: %q}\n  log: {type: file, path: ./events.jsonl}\n",
		data, address, segment.URL))
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
		if t.Failed() {
			t.Logf("the program's log, at its end:\n%s", tail(p.log(), 20))
		}
	})
	return p
}

// log returns what the program has said so far.
func (p *program) log() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "log")) // there is none before the first start
	return string(b)
}

func tail(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func (p *program) write(config string) {
	if err := os.WriteFile(filepath.Join(p.dir, "parlance.yaml"), []byte(config), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// launch starts the program, and does not wait for it.
func (p *program) launch() {
	p.t.Helper()
	p.cmd = exec.Command(binary, "serve")
	p.cmd.Dir = p.dir
	p.cmd.Env = append(os.Environ(), "TEST_SECRET="+testSecret) // which the commands that look do without
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// start returns when the program is ready.
func (p *program) start() {
	p.t.Helper()
	p.launch()
	p.eventually("the program is ready", func() bool {
		resp, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// eventually waits until a condition holds.
func (p *program) eventually(what string, holds func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("it does not come to be: %s", what)
		}
	}
}

// kill gives the program no chance to do anything more.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	_ = p.cmd.Wait()
	p.cmd = nil
}

// stop ends the program as an operator would.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("stop: got %v, want a clean exit", err)
	}
	p.cmd = nil
}

// say posts the webhooks that report a, and returns the worst status, or 0 if
// there was no answer.
func (p *program) say(a conversation.Activity) int {
	worst := http.StatusOK
	for _, w := range faker().Fake([]conversation.Activity{a}) {
		req, err := http.NewRequest(http.MethodPost, p.url+"/in/support", bytes.NewReader(w.Body))
		if err != nil {
			panic(err)
		}
		req.Header = w.Header
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			worst = resp.StatusCode
			if worst == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
				p.t.Error("503 without Retry-After")
			}
		}
	}
	return worst
}

func faker() connector.Faker {
	return chatwoot.Type().New(connector.Options{Secrets: []string{testSecret}}).(connector.Faker)
}

// turn is the nth message of a conversation: the customer and an agent take turns.
func turn(conv, n int) conversation.Activity {
	id := fmt.Sprint(conv*1000 + n)
	a := conversation.Activity{ID: "message:" + id, Type: conversation.Message, Conversation: fmt.Sprint(conv), By: conversation.Customer,
		Time: time.Now().UTC().Truncate(time.Second), Message: conversation.Text{ID: id, Body: "hello"},
		Customer: conversation.Person{ContactID: fmt.Sprint(conv)}}
	if n%2 == 1 {
		a.By, a.Agent = conversation.HumanAgent, conversation.Agent{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}
	}
	return a
}

// wantTurns is what becomes of the first n messages.
func wantTurns(conv, n int) (want []string) {
	for i := range n {
		id := fmt.Sprint(conv*1000 + i)
		switch {
		case i == 0:
			want = append(want, "Live Chat Conversation Started "+id, "Live Chat Message Sent "+id)
		case i%2 == 1:
			want = append(want, "Live Chat Message Received "+id)
		default:
			want = append(want, "Live Chat Message Sent "+id)
		}
	}
	return want
}

// A ledger is a stand-in for Segment that remembers what is new to it, in the
// order in which it came.
type ledger struct {
	*standin.Server
	// refuse, if set before the start, says which messages are refused.
	refuse func(messageID string) bool

	mu    sync.Mutex                // guards calls
	calls map[string][]standin.Call // by conversation
}

func newLedger() *ledger {
	l := &ledger{calls: map[string][]standin.Call{}}
	l.Server = standin.New(standin.Options{Refuse: func(c standin.Call) bool {
		return l.refuse != nil && l.refuse(c.Properties.MessageID)
	}, OnCall: func(c standin.Call) {
		l.mu.Lock()
		defer l.mu.Unlock()
		id := c.Properties.ConversationID
		l.calls[id] = append(l.calls[id], c)
	}})
	return l
}

// awaitFile waits until there are n calls in the file, and returns what
// happened in each conversation. A call that a crash had repeated counts once.
func (p *program) awaitFile(n int) map[string][]string {
	p.t.Helper()
	var got map[string][]string
	p.eventually(fmt.Sprintf("the file has %d calls", n), func() bool {
		b, err := os.ReadFile(filepath.Join(p.dir, "events.jsonl"))
		if err != nil {
			p.t.Fatal(err)
		}
		got = map[string][]string{}
		seen := map[string]bool{}
		for line := range bytes.Lines(b) {
			var c standin.Call
			if err := json.Unmarshal(line, &c); err != nil {
				break // it is being written
			}
			if !seen[c.MessageID] {
				got[c.Properties.ConversationID] = append(got[c.Properties.ConversationID], string(c.Event)+" "+c.Properties.MessageID)
			}
			seen[c.MessageID] = true
		}
		return len(seen) >= n
	})
	return got
}

func (l *ledger) total() int { return l.Report().Calls }

// told returns what happened in a conversation.
func (l *ledger) told(conv int) (got []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.calls[fmt.Sprint(conv)] {
		got = append(got, string(c.Event)+" "+c.Properties.MessageID)
	}
	return got
}

// await waits until the ledger has n calls, for as long as some come.
func (l *ledger) await(t *testing.T, n int) {
	t.Helper()
	end := time.Now().Add(patience)
	for had := 0; had < n; time.Sleep(10 * time.Millisecond) {
		if got := l.total(); got > had {
			had, end = got, time.Now().Add(patience)
		}
		if time.Now().After(end) {
			t.Fatalf("got %d calls, want %d", had, n)
		}
	}
}

// parlance runs a command in a directory, and returns what it printed and its
// exit status.
func parlance(t *testing.T, dir, stdin string, args ...string) (out string, status int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	b, err := cmd.CombinedOutput()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}
