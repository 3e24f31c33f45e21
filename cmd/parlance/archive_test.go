package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// The archive is made anew from the log, but not beside a gateway that writes
// it, and not where the log has forgotten what it has.
func TestArchiveRebuild(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	p.chat(1, 2, 8)
	p.run(1, "the gateway is running", "archive", "rebuild")
	p.stop()
	p.run(0, "the archive is made of 8 events", "archive", "rebuild")
	if err := os.Remove(filepath.Join(p.dir, "data", "archive.db")); err != nil {
		t.Fatal(err)
	}
	p.run(0, "the archive is made of 8 events", "archive", "rebuild")
	for _, name := range []string{"parlance.db", "parlance.db-wal", "parlance.db-shm"} {
		if err := os.Remove(filepath.Join(p.dir, "data", name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	p.start()
	p.stop()
	p.run(1, "say --force", "archive", "rebuild")
	p.run(0, "the archive is made of 0 events", "archive", "rebuild", "--force")
}
