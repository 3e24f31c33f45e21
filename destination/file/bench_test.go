package file

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

const benchmarked = 200_000

// BenchmarkSend compares Send with a plain loop that writes the same lines
// through a bufio.Writer and syncs as often.
func BenchmarkSend(b *testing.B) {
	var attempts []destination.Attempt
	for from := 0; from < benchmarked; from += 1000 {
		var a destination.Attempt
		for n := from; n < from+1000; n++ {
			a.Calls = append(a.Calls, destination.Call{JSON: fmt.Appendf(nil, `{"type":"track","event":"Live Chat Message Sent","messageId":"m%d","userId":"u%d","timestamp":"2026-03-02T09:00:00.000Z","properties":{"conversation_id":"c%d","conversation_duration":%d,"message_id":"%d","message_body":"Where is my order?"}}`, n, n%100, n%100, n, n)})
		}
		attempts = append(attempts, a)
	}
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
