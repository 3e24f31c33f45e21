package file

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// BenchmarkSend compares Send with a plain loop that writes the same lines
// through a bufio.Writer and syncs as often.
func BenchmarkSend(b *testing.B) {
	d, err := Open(Settings{Path: filepath.Join(b.TempDir(), "ours.jsonl"), Keep: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	f, err := os.Create(filepath.Join(b.TempDir(), "plain.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	plain := func(_ context.Context, a destination.Attempt) error {
		for _, c := range a.Calls {
			_, _ = w.Write(c.JSON) // Flush tells of an error
			_ = w.WriteByte('\n')
		}
		if err := w.Flush(); err != nil {
			return err
		}
		return f.Sync()
	}
	destinationtest.Race(b, 1000, destinationtest.Racer{Name: "Send", Send: d.Send}, destinationtest.Racer{Name: "bufio", Send: plain})
}
