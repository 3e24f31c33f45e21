package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/control"
)

// An import that is broken off goes on where it was: each step failed, and
// failed but happened.
func TestImportGoesOn(t *testing.T) {
	dir, err := os.MkdirTemp("", "p") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	const n = 450
	var lines, want []string
	for k := range n {
		line := fmt.Sprintf(`{"id":"%d","type":"message","conversation_id":"1","time":"2026-03-02T09:%02d:%02dZ","by":"customer","message":{"id":"%d"}}`, k, k/60, k%60, k)
		lines, want = append(lines, line), append(want, line)
	}
	slices.Reverse(lines)
	old := filepath.Join(dir, "old.jsonl")
	if err := os.WriteFile(old, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	calls := 0
	l, err := control.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: control.Handler(control.Target{Import: func(_ context.Context, _, _ string, requests []connector.Request) (int, error) {
		calls++
		if calls%4 == 2 {
			return 0, errors.New("failed")
		}
		for _, r := range requests {
			got = append(got, string(r.Body))
		}
		if calls%4 == 0 {
			return 0, errors.New("failed, but happened")
		}
		return 0, nil
	}})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	c, err := control.Open(dir, control.Configured{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	config := &gateway.Config{Data: dir, Sources: []gateway.Source{{Name: "shop", Type: "api", Tokens: []gateway.Secret{"token"}}}}
	runs := 0
	for done := false; !done && runs < 10; runs++ {
		reader, err := config.Reader("default", "shop")
		if err != nil {
			t.Fatal(err)
		}
		i := &importer{workspace: "default", source: "shop", data: dir, reader: reader, out: io.Discard, bar: newBar(io.Discard)}
		if err := i.scan([]string{old}); err != nil {
			t.Fatal(err)
		}
		err = i.send(t.Context(), c)
		if done = err == nil; !done && !strings.Contains(err.Error(), "run it again to go on") {
			t.Fatal(err)
		}
	}
	// What happened though it failed comes again, and nothing else does.
	if again := perRequest + n%perRequest; runs != 5 || len(got) != n+again {
		t.Errorf("got %d requests in %d runs, want %d in 5", len(got), runs, n+again)
	}
	seen := map[string]bool{}
	got = slices.DeleteFunc(got, func(s string) bool {
		again := seen[s]
		seen[s] = true
		return again
	})
	if !slices.Equal(got, want) {
		t.Errorf("got %d requests, not in order", len(got))
	}
	if marks, _ := filepath.Glob(filepath.Join(dir, "import-*")); len(marks) > 0 {
		t.Errorf("left behind: %q", marks)
	}
}
