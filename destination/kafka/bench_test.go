package kafka

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/parlance-chat/parlance/destination"
)

const benchmarked = 100_000

// calls returns attempts of what the gateway hands over at once, of 100
// conversations that are others in each attempt.
func calls(size int) (list []destination.Attempt) {
	for from := 0; from < benchmarked; from += size {
		var a destination.Attempt
		for n := from; n < from+size; n++ {
			a.Calls = append(a.Calls, destination.Call{
				Workspace: "acme", Source: "desk", MessageID: fmt.Sprint("m", n), Conversation: fmt.Sprint("c", from, ".", n%100),
				JSON: fmt.Appendf(nil, `{"type":"track","event":"Live Chat Message Sent","messageId":"m%d","userId":"u%d","timestamp":"2026-03-02T09:00:00.000Z","properties":{"conversation_id":"c%d","conversation_duration":%d,"message_id":"%d","message_body":"Where is my order?"}}`, n, n%100, n%100, n, n),
			})
		}
		list = append(list, a)
	}
	return list
}

// BenchmarkSend compares Send with a plain loop over ProduceSync with as many
// messages at once, acks=all and idempotent as well. The loop knows the event
// and need not look for it in the call, and sends while it makes messages.
func BenchmarkSend(b *testing.B) {
	attempts := calls(maxCalls)
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
