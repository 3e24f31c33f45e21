package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/control"
)

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
