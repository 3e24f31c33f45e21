package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAbove(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "events.jsonl")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file, filepath.Join(dir, "a"), filepath.Join(dir, "a", "b", "c.jsonl")} {
		if got, err := Above(path); got != dir || err != nil {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
	if got, err := Above(filepath.Join(file, "below")); err == nil {
		t.Errorf("below a file: got %q, want an error", got)
	}
}

func TestRoom(t *testing.T) {
	dir := t.TempDir()
	if free, err := Free(dir); err != nil || free == 0 {
		t.Errorf("free: got %d, %v", free, err)
	}
	if err := Writable(dir); err != nil {
		t.Errorf("writable: %v", err)
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KB", 5 << 30: "5.0 GB", 3 << 60: "3.0 EB"} {
		if got := Size(bytes); got != want {
			t.Errorf("%d: got %q, want %q", bytes, got, want)
		}
	}
}
