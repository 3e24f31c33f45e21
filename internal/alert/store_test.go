package alert

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.json")
	s, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Keep(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file without need: %v", err)
	}
	known := map[subject]told{"paused default/segment": {At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}}
	for _, hook := range []string{"/team", "/old"} {
		if err := s.save(hook, known); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Keep(map[string]bool{"/team": true}); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenStore(path); err != nil {
		t.Fatal(err)
	}
	if got := s.load("/team"); len(got) != 1 || s.load("/old") != nil || s.load("/new") != nil {
		t.Errorf("got %v, %v and %v", got, s.load("/old"), s.load("/new"))
	}
	// A broken file keeps nobody from being told.
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = OpenStore(path); err == nil || s.load("/team") != nil || s.save("/team", known) != nil {
		t.Errorf("broken: got %v", err)
	}
}
