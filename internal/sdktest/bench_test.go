package sdktest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/segment"
)

// benchmarked is how many calls each side hands over.
const benchmarked = 50_000

// BenchmarkSend compares destination/segment, in one loop, with Segment's own
// SDK for Node, which has several requests under way. Both hand the same calls
// to the same receiver in this process; the SDK has already started.
func BenchmarkSend(b *testing.B) {
	dir := install(b)
	for name, batch := range map[string]int{"as the SDK comes, 15 a batch": 15, "1000 a batch": 1000} {
		b.Run(name, func(b *testing.B) {
			var ours, sdks time.Duration
			for b.Loop() {
				ours += handOver(b, sendAll)
				sdks += handOver(b, func(b *testing.B, url string) time.Duration {
					cmd := exec.CommandContext(b.Context(), "node", "bench.mjs", url, strconv.Itoa(benchmarked), strconv.Itoa(batch))
					cmd.Dir = dir
					out, err := cmd.Output()
					if err != nil {
						b.Fatal(err)
					}
					ms, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
					if err != nil {
						b.Fatal(err)
					}
					return time.Duration(ms * float64(time.Millisecond))
				})
			}
			calls := benchmarked * float64(b.N)
			b.ReportMetric(calls/ours.Seconds(), "calls/s")
			b.ReportMetric(calls/sdks.Seconds(), "SDK-calls/s")
			b.ReportMetric(float64(sdks)/float64(ours), "ratio")
		})
	}
}

// handOver runs a receiver, and checks that it gets every call.
func handOver(b *testing.B, send func(b *testing.B, url string) time.Duration) time.Duration {
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				b.Error(err)
				return
			}
			in = z
		}
		body, err := io.ReadAll(in)
		if err != nil {
			b.Error(err)
		}
		got.Add(int64(bytes.Count(body, []byte(`"event":"Live Chat Message Sent"`))))
		_, _ = io.WriteString(w, `{"success":true}`) // the client is gone; nobody to tell
	}))
	defer server.Close()
	took := send(b, server.URL)
	if got.Load() != benchmarked {
		b.Fatalf("the receiver got %d calls, want %d", got.Load(), benchmarked)
	}
	return took
}

// sendAll sends as the gateway does: attempts as large as the destination takes.
func sendAll(b *testing.B, url string) time.Duration {
	d, err := segment.Open(segment.Settings{WriteKey: "k", Region: "us", Endpoint: url})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	began := time.Now()
	size := d.Limits().Calls
	for from := 0; from < benchmarked; from += size {
		a := destination.Attempt{SentAt: time.Now()}
		for n := from; n < min(from+size, benchmarked); n++ {
			a.Calls = append(a.Calls, destination.Call{MessageID: fmt.Sprint("m", n), JSON: fmt.Appendf(nil,
				`{"userId":"u-%d","type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"%d","conversation_duration":%d,"message_id":"m%d","message_body":"Where is my order?"},"context":{"library":{"name":"parlance","version":"1.0.0"}},"messageId":"node-next-%d-00000000-0000-8000-8000-000000000000","timestamp":"2026-03-02T09:00:00.000Z","sentAt":"2026-03-02T09:00:00.000Z"}`,
				n%50, n%50, n, n, 1_000_000_000_000+n)})
		}
		if err := d.Send(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}
