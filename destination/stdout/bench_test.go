package stdout

import (
	"bufio"
	"io"
	"os"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination/destinationtest"
)

const benchmarked = 200_000

// BenchmarkSend compares Send with a plain loop that writes the same lines
// through a bufio.Writer and flushes as often, both to a pipe.
func BenchmarkSend(b *testing.B) {
	attempts := destinationtest.Attempts(benchmarked, 1000)
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	go io.Copy(io.Discard, r) // until it is closed
	d, buffered := open(w), bufio.NewWriter(w)
	var ours, plain time.Duration
	for b.Loop() {
		began := time.Now()
		for _, a := range attempts {
			if err := d.Send(b.Context(), a); err != nil {
				b.Fatal(err)
			}
		}
		ours += time.Since(began)
		began = time.Now()
		for _, a := range attempts {
			for _, c := range a.Calls {
				_, _ = buffered.Write(c.JSON) // Flush tells of an error
				_ = buffered.WriteByte('\n')
			}
			if err := buffered.Flush(); err != nil {
				b.Fatal(err)
			}
		}
		plain += time.Since(began)
	}
	n := benchmarked * float64(b.N)
	b.ReportMetric(n/ours.Seconds(), "calls/s")
	b.ReportMetric(n/plain.Seconds(), "bufio/s")
	b.ReportMetric(float64(plain)/float64(ours), "ratio")
}
