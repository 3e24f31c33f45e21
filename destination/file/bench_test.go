package file

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination/destinationtest"
)

const benchmarked = 200_000

// BenchmarkSend compares Send with a plain loop that writes the same lines
// through a bufio.Writer and syncs as often.
func BenchmarkSend(b *testing.B) {
	attempts := destinationtest.Attempts(benchmarked, 1000)
	var ours, plain time.Duration
	for b.Loop() {
		d, err := Open(Settings{Path: filepath.Join(b.TempDir(), "ours.jsonl"), Keep: 1})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		for _, a := range attempts {
			if err := d.Send(b.Context(), a); err != nil {
				b.Fatal(err)
			}
		}
		ours += time.Since(began)
		d.Close()

		f, err := os.Create(filepath.Join(b.TempDir(), "plain.jsonl"))
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		w := bufio.NewWriter(f)
		for _, a := range attempts {
			for _, c := range a.Calls {
				_, _ = w.Write(c.JSON) // Flush tells of an error
				_ = w.WriteByte('\n')
			}
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		plain += time.Since(began)
		f.Close()
	}
	n := benchmarked * float64(b.N)
	b.ReportMetric(n/ours.Seconds(), "calls/s")
	b.ReportMetric(n/plain.Seconds(), "bufio/s")
	b.ReportMetric(float64(plain)/float64(ours), "ratio")
}
