package kafka

import (
	"runtime"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

const benchmarked = 100_000

// BenchmarkSend compares Send with a plain loop over ProduceSync with as many
// messages at once, acks=all and idempotent as well. The loop knows the event
// and need not look for it in the call, and sends while it makes messages.
func BenchmarkSend(b *testing.B) {
	attempts := destinationtest.Attempts(benchmarked, maxCalls)
	var sent, plain time.Duration
	for b.Loop() {
		sent += ours(b, attempts)
		plain += theirs(b, attempts)
	}
	n := benchmarked * float64(b.N)
	b.ReportMetric(n/sent.Seconds(), "calls/s")
	b.ReportMetric(n/plain.Seconds(), "ProduceSync/s")
	b.ReportMetric(float64(plain)/float64(sent), "ratio")
}

func ours(b *testing.B, attempts []destination.Attempt) time.Duration {
	c := run(b)
	defer c.Close() // and let go of what it has
	d := open(b, settings(c))
	defer d.Close()
	d.more = nil
	runtime.GC()
	began := time.Now()
	for _, a := range attempts {
		if err := d.Send(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}

func theirs(b *testing.B, attempts []destination.Attempt) time.Duration {
	c := run(b)
	defer c.Close()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	runtime.GC()
	began := time.Now()
	for _, a := range attempts {
		records := make([]*kgo.Record, len(a.Calls))
		for i, c := range a.Calls {
			records[i] = &kgo.Record{
				Topic: "chats", Key: []byte(c.Workspace + "/" + c.Source + "/" + c.Conversation), Value: c.JSON,
				Headers: []kgo.RecordHeader{
					{Key: "messageId", Value: []byte(c.MessageID)}, {Key: "event", Value: []byte("Live Chat Message Sent")},
					{Key: "workspace", Value: []byte(c.Workspace)}, {Key: "source", Value: []byte(c.Source)},
				},
			}
		}
		if err := client.ProduceSync(b.Context(), records...).FirstErr(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}
