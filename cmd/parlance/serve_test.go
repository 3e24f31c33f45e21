package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/gateway"
)

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

// What nothing can be kept in is told before a gateway starts, and by it.
func TestWrongData(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"taken": "", "parlance.yaml": "data: taken\nlisten: 127.0.0.1:0\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"check", "serve", "status"} {
		if out, status := parlance(t, dir, "", command); status != 1 || !strings.Contains(out, "taken") || !strings.Contains(out, "not a directory") || !strings.Contains(out, "data: DIRECTORY") {
			t.Errorf("%s: got status %d and\n%s", command, status, out)
		}
	}
}

// Each problem of a configuration that is read again is a record of its own.
func TestTellReloaded(t *testing.T) {
	var b strings.Builder
	_, err := gateway.Parse([]byte("settle: soon\nsources:\n  a: {type: nothing}\n"), "parlance.yaml", nil)
	tellReloaded(slog.New(slog.NewJSONHandler(&b, nil)), err)
	for i, want := range []string{
		`"file":"parlance.yaml","line":1,"column":9,"key":"settle","problem":"must be a duration such as 2s, 15m or 7d"}`,
		`"file":"parlance.yaml","line":3,"column":7,"key":"sources.a.type","problem":"is unknown;`,
	} {
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[i], want) || !strings.Contains(lines[i], "the old one stays in force") {
			t.Errorf("got\n%s\nwant %s", b.String(), want)
		}
	}
}

func TestSetupAddress(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/setup",
		":80":            "http://127.0.0.1:80/setup",
		"[::]:8080":      "http://127.0.0.1:8080/setup",
		"[::1]:8080":     "http://[::1]:8080/setup",
		"chats.lan:8080": "http://chats.lan:8080/setup",
	} {
		if got := setupAddress(listen); got != want {
			t.Errorf("%s: got %s, want %s", listen, got, want)
		}
	}
}

// A gateway without sources runs, and says what to do next.
func TestServeWithoutSources(t *testing.T) {
	p := newProgram(t, "data")
	p.write("listen: " + strings.TrimPrefix(p.url, "http://") + "\n")
	p.start()
	p.stop()
	for _, want := range []string{"parlance.yaml", p.url + "/setup"} {
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
