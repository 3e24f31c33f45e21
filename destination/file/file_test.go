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

// A rotation that failed half way loses no more files when it is tried again.
func TestRotatesAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	d := open(t, Settings{Path: path, RotateMB: 1, Keep: 3})
	for name, text := range map[string]string{".2": "1", ".3": "0"} {
		if err := os.WriteFile(path+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	send(t, d, "2"+strings.Repeat("x", 2<<20))
	send(t, d, "3")
	for name, want := range map[string]string{"": "3", ".1": "2", ".2": "1", ".3": "0"} {
		if got := read(t, path+name); got[:1] != want {
			t.Errorf("%s: got %s, want %s", name, got[:1], want)
		}
	}
}

// Whatever somebody does to the file, what comes next is found at its path.
func TestChangedByOthers(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(path string) error
		want   string
	}{
		"renamed":                    {func(path string) error { return os.Rename(path, path+".old") }, "2\n"},
		"removed":                    {os.Remove, "2\n"},
		"removed with its directory": {func(path string) error { return os.RemoveAll(filepath.Dir(path)) }, "2\n"},
		"emptied":                    {func(path string) error { return os.Truncate(path, 0) }, "2\n"},
		"replaced": {func(path string) error {
			if err := os.WriteFile(path+".new", []byte("new\n"), 0o600); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}, "new\n2\n"},
		"appended to": {func(path string) error { return os.WriteFile(path, []byte("1\nedited\n"), 0o600) }, "1\nedited\n2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sub", "events.jsonl")
			d := open(t, Settings{Path: path, Keep: 1})
			send(t, d, "1")
			if err := tt.change(path); err != nil {
				t.Fatal(err)
			}
			send(t, d, "2")
			if got := read(t, path); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What cannot be written now is written once it can be.
func TestComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "events.jsonl")
	d := open(t, Settings{Path: path, Keep: 1})
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Send(t.Context(), destination.Attempt{Calls: []destination.Call{{JSON: []byte("1")}}}); err == nil {
		t.Error("a file in the directory's place: got no error")
	}
	if err := os.Remove(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	send(t, d, "1")
	if got := read(t, path); got != "1\n" {
		t.Errorf("got %q", got)
	}
}

// Whoever only opens makes nothing, and a place where no file can be keeps
// nobody from starting: the attempt says what is wrong.
func TestOpen(t *testing.T) {
	if _, err := Open(Settings{RotateMB: -1}); err == nil {
		t.Error("wrong settings: got no error")
	}
	path := filepath.Join(t.TempDir(), "sub", "events.jsonl")
	open(t, Settings{Path: path, Keep: 1})
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("opened: got %v, want nothing there", err)
	}
	d := open(t, Settings{Path: os.DevNull, Keep: 1})
	if err := d.Send(t.Context(), destination.Attempt{}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a device: got %v", err)
	}
}
