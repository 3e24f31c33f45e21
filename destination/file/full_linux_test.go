package file

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// A disk that is really full holds calls back until there is room.
func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("mount: %v", err)
		}
		t.Skipf("cannot mount a small file system here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	path, ballast := filepath.Join(disk, "events.jsonl"), filepath.Join(disk, "ballast")
	destinationtest.TestCases(t, []destinationtest.Case{{
		Name: "tmpfs", Class: "again",
		Open: func(t *testing.T) destination.Destination {
			d := open(t, Settings{Path: path, Keep: 1})
			if err := os.WriteFile(ballast, bytes.Repeat([]byte("x"), 1<<20), 0o600); err == nil {
				t.Fatal("the disk is not full")
			}
			return d
		},
		Mend: func(t *testing.T) {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		},
		Received: func(t *testing.T) []string { return strings.Split(strings.TrimSpace(read(t, path)), "\n") },
	}})
}
