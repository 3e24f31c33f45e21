package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

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
