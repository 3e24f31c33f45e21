package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

func open(t *testing.T, s Settings) *Destination {
	t.Helper()
	d, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func send(t *testing.T, d *Destination, lines ...string) {
	t.Helper()
	var a destination.Attempt
	for _, l := range lines {
		a.Calls = append(a.Calls, destination.Call{JSON: []byte(l)})
	}
	if err := d.Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDestination(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{Path: path, Keep: 1} },
		Received: func(t *testing.T) []string { return strings.Split(strings.TrimSpace(read(t, path)), "\n") },
	})
}

func TestAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "events.jsonl")
	d := open(t, Settings{Path: path, Keep: 1})
	send(t, d, `{"a":1}`, `{"b":2}`)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	send(t, open(t, Settings{Path: path, Keep: 1}), `{"c":3}`)
	if got, want := read(t, path), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v (%v), want 0600", info.Mode(), err)
	}
}

// What a crash cut off is not taken for a call.
func TestTornLine(t *testing.T) {
	for _, torn := range []string{`{"b":`, strings.Repeat("x", 200_000)} {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		if err := os.WriteFile(path, []byte("{\"a\":1}\n"+torn), 0o600); err != nil {
			t.Fatal(err)
		}
		send(t, open(t, Settings{Path: path, Keep: 1}), `{"b":2}`)
		if got, want := read(t, path), "{\"a\":1}\n{\"b\":2}\n"; got != want {
			t.Errorf("got %d bytes, want %q", len(got), want)
		}
	}
}

func TestRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	d := open(t, Settings{Path: path, RotateMB: 1, Keep: 2})
	large := `"` + strings.Repeat("x", 1<<20) + `"`
	for _, mark := range []string{"1", "2", "3", "4"} {
		send(t, d, mark+large)
	}
	for name, want := range map[string]string{"": "4", ".1": "3", ".2": "2"} {
		if got := read(t, path+name); got[:1] != want {
			t.Errorf("%s: got %s, want %s", name, got[:1], want)
		}
	}
	if _, err := os.Stat(path + ".3"); err == nil {
		t.Error("the oldest file is still there")
	}
}

func TestSettings(t *testing.T) {
	if _, err := Open(Settings{RotateMB: -1}); err == nil {
		t.Error("got no error")
	}
	if _, err := Open(Settings{Path: "/dev/null", Keep: 1}); err == nil {
		t.Error("a device: got no error")
	}
}
