package control

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

func openJournal(t *testing.T, dir string) journal.Journal {
	j, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// short is a directory whose name a socket's path can hold.
func short(t *testing.T) string {
	dir, err := os.MkdirTemp("", "p")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func notOpened() (journal.Journal, error) { return nil, errors.New("the journal was opened") }

// A gateway that runs is asked over its socket, which is for its user alone.
func TestRunning(t *testing.T) {
	dir := short(t)
	j := openJournal(t, dir)
	if err := j.Append(t.Context(), &journal.Webhook{Workspace: "default", Source: "support", Body: []byte("{"), Unreadable: "broken"}); err != nil {
		t.Fatal(err)
	}
	// What a killed gateway left is replaced.
	stale, err := net.Listen("unix", filepath.Join(dir, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	l, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, SocketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v (%v), want 0600", info.Mode(), err)
	}
	server := &http.Server{Handler: Handler(Target{Journal: j, Live: true})}
	go server.Serve(l)
	defer server.Close()
	c, err := Open(dir, Configured{}, notOpened)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var list []Unreadable
	if err := c.Get(t.Context(), "/unreadable", url.Values{"workspace": {"default"}}, &list); err != nil || len(list) != 1 || list[0].Reason != "broken" || string(list[0].Body) != "{" {
		t.Errorf("got %+v (%v)", list, err)
	}
	told := make(chan Event, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go c.Events(ctx, "default", func(e Event) { told <- e })
	// An event that came before the stream stood is not told; so tell until one is.
	for n := 0; len(told) == 0; n++ {
		a := journal.Applied{Conversation: journal.Conversation{Workspace: "default"}, Events: []journal.Event{{Name: "x", JSON: []byte("{}")}}}
		if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "support"}, []journal.Applied{a}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if e := <-told; e.Name != "x" || e.Seq == 0 {
		t.Errorf("got %+v", e)
	}
}

// Where none runs, the journal itself is asked.
func TestNotRunning(t *testing.T) {
	dir := short(t)
	c, err := Open(dir, Configured{}, func() (journal.Journal, error) { return sqlite.Open(dir, sqlite.Options{}) })
	if err != nil {
		t.Fatal(err)
	}
	var list []Parked
	if err := c.Get(t.Context(), "/parked", url.Values{"workspace": {"default"}}, &list); err != nil || list == nil || len(list) != 0 {
		t.Errorf("got %v (%v), want none", list, err)
	}
	for path, want := range map[string]string{"/replay": "no destination", "/parked/resend": "not running"} {
		if err := c.Post(t.Context(), path, ReplayRequest{Workspace: "default", Destination: "nobody", Until: time.Now()}, &struct{}{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if err := c.Events(t.Context(), "default", func(Event) {}); err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("events: got %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	openJournal(t, dir) // it is not in use any more
}

func TestSomethingInTheWay(t *testing.T) {
	dir := short(t)
	if err := os.WriteFile(filepath.Join(dir, SocketName), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(dir); err == nil || !strings.Contains(err.Error(), "in the way") {
		t.Errorf("got %v, want an error", err)
	}
}

// What a handler panics at reaches whoever asks as an error that says so, and
// not as the end of the connection.
func TestPanic(t *testing.T) {
	usual := slog.Default()
	defer slog.SetDefault(usual)
	var log strings.Builder
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	c, err := Open(short(t), Configured{}, func() (journal.Journal, error) { return broken{}, nil })
	if err != nil {
		t.Fatal(err)
	}
	err = c.Get(t.Context(), "/parked", nil, new([]Parked))
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err == nil || !strings.Contains(err.Error(), "its log says where") || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("got %v, logged %s", err, log.String())
	}
}

// broken is a journal that panics at whatever it is asked.
type broken struct{ journal.Journal }

func (broken) Close() error { return nil }
