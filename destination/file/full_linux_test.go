package file

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/internal/disk/disktest"
)

// A disk that is really full holds calls back until there is room.
func TestFullDisk(t *testing.T) {
	disk := disktest.Small(t, "64k")
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
