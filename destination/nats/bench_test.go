package nats

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

const benchmarked = 50_000

// BenchmarkSend compares Send, which keeps each conversation in order whatever
// fails, with plain loops over the driver, which do not: one that publishes all
// of an attempt and then waits, and one that waits for each.
func BenchmarkSend(b *testing.B) {
	attempts := destinationtest.Attempts(benchmarked, maxCalls)
	var ours, async, sync time.Duration
	for b.Loop() {
		ours += timed(b, func(url string) func() {
			s := *Type().Settings().(*Settings)
			s.Servers, s.Stream = []string{url}, "chats"
			d := open(b, s)
			return func() {
				for _, a := range attempts {
					if err := d.Send(b.Context(), a); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		async += timed(b, func(url string) func() {
			js := dial(b, url)
			return func() {
				for _, a := range attempts {
					for _, c := range a.Calls {
						if _, err := js.PublishMsgAsync(message(c)); err != nil {
							b.Fatal(err)
						}
					}
					<-js.PublishAsyncComplete()
				}
			}
		})
		sync += timed(b, func(url string) func() {
			js := dial(b, url)
			return func() {
				for _, a := range attempts {
					for _, c := range a.Calls {
						if _, err := js.PublishMsg(b.Context(), message(c)); err != nil {
							b.Fatal(err)
						}
					}
				}
			}
		})
	}
	n := benchmarked * float64(b.N)
	b.ReportMetric(n/ours.Seconds(), "calls/s")
	b.ReportMetric(n/async.Seconds(), "PublishAsync/s")
	b.ReportMetric(n/sync.Seconds(), "Publish/s")
	b.ReportMetric(float64(async)/float64(ours), "ratio-PublishAsync")
	b.ReportMetric(float64(sync)/float64(ours), "ratio-Publish")
}

// timed runs a server of its own for what it times, and checks that the stream
// has every call then.
func timed(b *testing.B, prepare func(url string) (work func())) time.Duration {
	s := run(b, server.Options{JetStream: true, StoreDir: b.TempDir()})
	js := dial(b, s.ClientURL())
	stream, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "chats", Subjects: []string{"parlance.>"}, Duplicates: repetitions})
	if err != nil {
		b.Fatal(err)
	}
	work := prepare(s.ClientURL())
	began := time.Now()
	work()
	took := time.Since(began)
	if info, err := stream.Info(b.Context()); err != nil || info.State.Msgs != benchmarked {
		b.Fatalf("got %d calls (%v), want %d", info.State.Msgs, err, benchmarked)
	}
	return took
}

func dial(b *testing.B, url string) jetstream.JetStream {
	nc, err := nats.Connect(url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	return js
}

func message(c destination.Call) *nats.Msg {
	return &nats.Msg{Subject: "parlance.acme.desk.live_chat_message_sent", Data: c.JSON, Header: nats.Header{jetstream.MsgIDHeader: {c.MessageID}}}
}
