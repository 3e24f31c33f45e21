package stdout

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

const benchmarked = 200_000

// BenchmarkSend compares Send with a plain loop that writes the same lines
// through a bufio.Writer and flushes as often, both to a pipe.
func BenchmarkSend(b *testing.B) {
	var attempts []destination.Attempt
	for from := 0; from < benchmarked; from += 1000 {
		var a destination.Attempt
		for n := from; n < from+1000; n++ {
			a.Calls = append(a.Calls, destination.Call{JSON: fmt.Appendf(nil, `{"type":"track","event":"Live Chat Message Sent","messageId":"m%d","userId":"u%d","timestamp":"2026-03-02T09:00:00.000Z","properties":{"conversation_id":"c%d","conversation_duration":%d,"message_id":"%d","message_body":"Where is my order?"}}`, n, n%100, n%100, n, n)})
		}
		attempts = append(attempts, a)
	}
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
