package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/listentest"
)

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

func TestLint(t *testing.T) {
	const good = `{"type":"track","event":"Live Chat Message Received","userId":"u","messageId":"1","timestamp":"2026-03-02T09:00:00Z","properties":{"conversation_id":"17","message_id":"m1","conversation_duration":0}}`
	for _, tt := range []struct {
		in, args string
		status   int
		want     string
	}{
		{good, "lint", 0, ""},
		{good, "lint -", 0, ""},
		{strings.Replace(good, "conversation_id", "conversationId", 1), "lint", 1, "conversation_id"},
		{strings.Replace(good, `"type"`, `"action"`, 1), "lint --json", 1, `"findings"`},
		{good + good, "lint", 1, "repeated-call"},
		{"this is no JSON", "lint", 2, "parlance: lint: read input: no call found (line 1: not JSON"},
		{good[:40], "lint --json", 2, "it ends in the middle"},
		{"", "lint", 2, "no call found"},
		{"", "lint nowhere.jsonl", 2, "parlance: lint: open nowhere.jsonl"},
		{"", "lint .", 2, "is a directory"},
		{good, "lint --jsno", 2, "unknown flag"},
		{good, "lint a b", 2, "one file, not 2"},
	} {
		out, status := parlance(t, t.TempDir(), tt.in, strings.Fields(tt.args)...)
		if status != tt.status || !strings.Contains(out, tt.want) {
			t.Errorf("%s: got status %d and\n%s\nwant %d and %q", tt.args, status, out, tt.status, tt.want)
		}
	}
}

// Ctrl-C ends lint also while it waits for what is typed.
func TestLintIsInterrupted(t *testing.T) {
	cmd := exec.Command(binary, "lint")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	// More than a pipe holds: once it is written, lint is reading.
	if _, err := stdin.Write(bytes.Repeat([]byte("{}\n"), 100_000)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "interrupt") {
		t.Errorf("got %v, want it interrupted", err)
	}
}

func TestExport(t *testing.T) {
	for _, what := range []string{"schema", "segment-plan", "rudderstack-plan"} {
		if out, status := parlance(t, "", "", "export", what); status != 0 || !json.Valid([]byte(out)) {
			t.Errorf("%s: got status %d and %d bytes, want JSON", what, status, len(out))
		}
	}
	for _, args := range [][]string{{"export"}, {"export", "nothing"}, {"export", "schema", "segment-plan"}} {
		if out, status := parlance(t, "", "", args...); status == 0 || !strings.Contains(out, "want one of rudderstack-plan, schema, segment-plan") {
			t.Errorf("%v: got status %d and %s", args, status, out)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	check := func(config string) (string, int) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "parlance.yaml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		return parlance(t, dir, "", "check")
	}
	out, status := check("sources:\n  support: {type: chatwoot, secret: do-not-show}\n")
	if status != 0 || strings.Contains(out, "do-not-show") || !strings.Contains(out, "support") {
		t.Errorf("a right one: got status %d and\n%s", status, out)
	}
	if strings.Contains(out, "nothing signs") {
		t.Errorf("a signed one: got %s", out)
	}
	out, status = check("sources:\n  support: {type: chatwoot, unsigned: true, path: 5f0c1a2b3c4d5e6f7a8b9c0d}\nworkspaces:\n  acme: {sources: {shop: {type: olark, path: 6f0c1a2b3c4d5e6f7a8b9c0d}}}\n")
	if status != 0 || !strings.Contains(out, "nothing signs the webhooks of support:") || !strings.Contains(out, "nothing signs the webhooks of acme/shop:") {
		t.Errorf("unsigned ones: got status %d and\n%s", status, out)
	}
	out, status = check("sources:\n  support: {type: chatwoot, secrte: do-not-show}\nsettle: long\n")
	if status == 0 || strings.Contains(out, "do-not-show") || !strings.Contains(out, "parlance.yaml:2:") || !strings.Contains(out, `"secret"`) || !strings.Contains(out, "parlance.yaml:3:") {
		t.Errorf("a wrong one: got status %d and\n%s", status, out)
	}
}

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

// A mistake on the command line says what to do, and makes nothing.
func TestUsage(t *testing.T) {
	dir := t.TempDir()
	for args, want := range map[string]struct {
		status int
		text   string
	}{
		"srve":                      {1, "serve"},
		"serve --confg x":           {2, "parlance serve --help"},
		"serve --config nope.yaml":  {1, "nope.yaml: no such file"},
		"check parlance.yaml":       {2, "--config FILE"},
		"check":                     {0, "there is no parlance.yaml here"},
		"lint --bogus":              {2, "parlance lint --help"},
		"lint a b":                  {2, "one file"},
		"export":                    {2, "rudderstack-plan, schema, segment-plan"},
		"replay":                    {1, `"destination"`},
		"replay -d x":               {2, "say what to replay"},
		"replay -d x --since never": {1, "2026-03-02"},
		"replay cancel":             {2, "parlance replay list"},
		"replay cancel x":           {2, "parlance replay list"},
		"pause":                     {2, "one destination's name"},
		"resume a b":                {2, "one destination's name"},
		"pause segment":             {1, "parlance serve"},
		"status":                    {1, "parlance serve"},
		"status -w nobody":          {1, `there are ["default"]`},
		"parked show":               {2, "one ID"},
		"parked show x":             {1, "is not an ID"},
		"parked resend --bogus":     {2, "parlance parked resend --help"},
		"parked":                    {1, "parlance serve"},
		"parked -w nobody":          {1, `there are ["default"]`},
		"parked drop":               {2, "--all"},
		"tail":                      {1, "parlance serve"},
		"simulate --to http://x/":   {1, "PARLANCE_SECRET"},
	} {
		out, status := parlance(t, dir, "", strings.Fields(args)...)
		if status != want.status || !strings.Contains(out, want.text) {
			t.Errorf("%s: got status %d and\n%s\nwant %d and %q", args, status, out, want.status, want.text)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("they left %v behind (%v)", left, err)
	}
}

func TestVersion(t *testing.T) {
	if out, status := parlance(t, "", "", "version"); status != 0 || !strings.HasPrefix(out, "parlance ") {
		t.Errorf("got status %d and %s", status, out)
	}
}

// A gateway without sources runs, and says what to do next.
func TestServeWithoutSources(t *testing.T) {
	p := newProgram(t, "data")
	p.write("listen: " + strings.TrimPrefix(p.url, "http://") + "\n")
	p.start()
	p.stop()
	for _, want := range []string{"parlance.yaml", "chatwoot", "parlance demo"} {
		if !strings.Contains(p.log(), want) {
			t.Errorf("it does not speak of %s:\n%s", want, p.log())
		}
	}
	for line := range strings.Lines(p.log()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("this is no JSON: %s", line)
		}
	}
}

func TestDemo(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(binary, "demo", "--for", "6s", "--rate", "20")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Live Chat Conversation Started") || !strings.Contains(string(out), "0 of them broke the specification") {
		t.Errorf("got %v and\n%s", err, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v behind (%v)", left, err)
	}
}

// However a demo ends, nothing is left.
func TestDemoCutShort(t *testing.T) {
	for name, end := range map[string]func(*os.Process, io.Closer) error{
		"interrupt":       func(p *os.Process, _ io.Closer) error { return p.Signal(os.Interrupt) },
		"closed terminal": func(p *os.Process, _ io.Closer) error { return p.Signal(syscall.SIGHUP) },
		"closed pipe":     func(_ *os.Process, out io.Closer) error { return out.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command(binary, "demo", "--rate", "20")
			cmd.Env = append(os.Environ(), "TMPDIR="+dir)
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(out)
			for line := ""; !strings.Contains(line, "Live Chat"); {
				if line, err = in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			if err := end(cmd.Process, out); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, in) // until it ends
			_ = cmd.Wait()                 // a closed pipe is an error
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("it left %v behind (%v)", left, err)
			}
		})
	}
}

// What is refused for good is parked, shown, and delivered once it is mended.
func TestParked(t *testing.T) {
	p := newProgram(t, "data")
	var refuse atomic.Bool
	refuse.Store(true)
	p.ledger.refuse = func(id string) bool { return refuse.Load() && id == "1001" }
	p.start()
	for n := range 3 {
		p.say(turn(1, n))
	}
	p.ledger.await(t, 3) // Started, Sent, and the last one
	out, status := parlance(t, p.dir, "", "parked")
	if status != 0 || !strings.Contains(out, "400 Bad Request") || strings.Contains(out, "hello") {
		t.Errorf("parked: got status %d and\n%s", status, out)
	}
	if out, status := parlance(t, p.dir, "", "parked", "drop", "4711"); status != 1 || !strings.Contains(out, "4711: is not parked") {
		t.Errorf("drop nothing: got status %d and\n%s", status, out)
	}
	if out, status := parlance(t, p.dir, "", "parked", "resend", "--all"); status != 1 || !strings.Contains(out, "0 done, 1 not") {
		t.Errorf("resend too early: got status %d and\n%s", status, out)
	}
	refuse.Store(false)
	if out, status := parlance(t, p.dir, "", "parked", "resend", "--all"); status != 0 || !strings.Contains(out, "1 done, 0 not") {
		t.Errorf("resend: got status %d and\n%s", status, out)
	}
	p.ledger.await(t, 4)
	if out, _ := parlance(t, p.dir, "", "parked"); !strings.Contains(out, "nothing parked") {
		t.Errorf("after that: got\n%s", out)
	}
	p.stop()
}

// A simulated chat tool is one like any other.
func TestSimulate(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	cmd := exec.Command(binary, "simulate", "--to", p.url+"/in/support", "--conversations", "5", "--rate", "500", "--speed", "1000", "--seed", "7", "--chaos")
	cmd.Env = append(os.Environ(), "PARLANCE_SECRET="+testSecret)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "5 conversations told whole") {
		t.Errorf("got %v and\n%s", err, out)
	}
	p.ledger.await(t, 5)
	if r := p.ledger.Report(); r.Invalid > 0 {
		t.Errorf("%d events break the specification", r.Invalid)
	}
	wrong := exec.Command(binary, "simulate", "--to", p.url+"/in/support") // without an end, but for the refusal
	wrong.Env = append(os.Environ(), "PARLANCE_SECRET=another")
	if out, err := wrong.CombinedOutput(); err == nil || !strings.Contains(string(out), "401") {
		t.Errorf("with another secret: got %v and\n%s", err, out)
	}
	p.stop()
}

// So is one whose webhooks hold nothing but ids.
func TestSimulateAPI(t *testing.T) {
	api := fmt.Sprint("127.0.0.1:", listentest.Port(t))
	p := newProgram(t, "data")
	config, err := os.ReadFile(filepath.Join(p.dir, "parlance.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.write(strings.Replace(string(config), "type: chatwoot,", fmt.Sprintf("type: hubspot, api_token: token, api_url: \"http://%s\",", api), 1))
	p.start()
	t.Setenv("PARLANCE_SECRET", testSecret)
	cmd := exec.Command(binary, "simulate", "--type", "hubspot", "--api", api, "--to", p.url+"/in/support", "--conversations", "2", "--rate", "100", "--speed", "1000", "--seed", "7")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "2 conversations told whole") {
		t.Errorf("got %v and\n%s", err, out)
	}
	p.ledger.await(t, 2)
	if r := p.ledger.Report(); r.Invalid > 0 {
		t.Errorf("%d events break the specification", r.Invalid)
	}
	p.stop()
	if out, status := parlance(t, p.dir, "", "simulate", "--api", api, "--to", p.url+"/in/support", "--type", "chatwoot"); status != 2 || !strings.Contains(out, "API") {
		t.Errorf("a tool without an API: got %d and\n%s", status, out)
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.Local)
	for in, want := range map[string]time.Time{
		"24h": now.Add(-24 * time.Hour), "2026-03-01": time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local),
		"2026-03-01T08:00:00Z": time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
	} {
		if got, err := parseTime("since", in, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v (%v), want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "yesterday", "-1h"} {
		if got, err := parseTime("since", in, now); err == nil {
			t.Errorf("%q: got %v, want an error", in, got)
		}
	}
}

// What was signed but cannot be read is answered with 200, kept and shown, but
// its body only to who asks.
func TestUnreadable(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	const body = `{"event":"message_created","content":"whisper`
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(now + "." + body))
	for signature, want := range map[string]int{hex.EncodeToString(mac.Sum(nil)): http.StatusOK, strings.Repeat("0", 64): http.StatusUnauthorized} {
		req, err := http.NewRequest(http.MethodPost, p.url+"/in/support", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {"application/json"}, "X-Chatwoot-Timestamp": {now}, "X-Chatwoot-Signature": {"sha256=" + signature}}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("got %d, want %d", resp.StatusCode, want)
		}
	}
	for _, state := range []string{"running", "stopped"} {
		if out, status := parlance(t, p.dir, "", "unreadable"); status != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "support") || strings.Contains(out, "whisper") {
			t.Errorf("%s: got status %d and\n%s", state, status, out)
		}
		if out, _ := parlance(t, p.dir, "", "unreadable", "--body"); !strings.Contains(out, body) {
			t.Errorf("%s, with bodies: got\n%s", state, out)
		}
		if state == "running" {
			p.stop()
		}
	}
}
