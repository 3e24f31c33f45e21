package nats

import (
	"context"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// BenchmarkSend compares Send, which keeps each conversation in order whatever
// fails, with plain loops over the driver: one that publishes all of an attempt
// and then waits, which does not, and one that waits for each message. Each
// fills a stream of its own, which knows repetitions by messageId. Waiting is
// Send with a stream that takes no batches. The loops know the event, and need
// not look for it in the call.
func BenchmarkSend(b *testing.B) {
	s := run(b, server.Options{JetStream: true, StoreDir: b.TempDir()})
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	send := func(name string, batches bool) func(context.Context, destination.Attempt) error {
		o := settings(s)
		o.Stream, o.Subject = name, name+".{workspace}.{source}.{event}"
		_, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{name + ".>"}, Duplicates: repetitions, AllowBatchPublish: batches})
		if err != nil {
			b.Fatal(err)
		}
		return open(b, o).Send
	}
	ours, waiting := send("ours", true), send("waiting", false)
	send("async", false)
	send("sync", false)
	destinationtest.Race(b, maxCalls,
		destinationtest.Racer{Name: "Send", Send: ours},
		destinationtest.Racer{Name: "waiting", Send: waiting},
		destinationtest.Racer{Name: "PublishAsync", Send: func(ctx context.Context, a destination.Attempt) error {
			acks := make([]jetstream.PubAckFuture, len(a.Calls))
			for i, c := range a.Calls {
				if acks[i], err = js.PublishMsgAsync(message("async", c)); err != nil {
					return err
				}
			}
			for _, ack := range acks {
				select {
				case <-ack.Ok():
				case err := <-ack.Err():
					return err
				}
			}
			return nil
		}},
		destinationtest.Racer{Name: "Publish", Send: func(ctx context.Context, a destination.Attempt) error {
			for _, c := range a.Calls {
				if _, err := js.PublishMsg(ctx, message("sync", c)); err != nil {
					return err
				}
			}
			return nil
		}},
	)
}

func message(stream string, c destination.Call) *nats.Msg {
	return &nats.Msg{
		Subject: stream + ".acme.desk.live_chat_message_sent", Data: c.JSON,
		Header: nats.Header{jetstream.MsgIDHeader: {c.MessageID}, jetstream.ExpectedStreamHeader: {stream}},
	}
}
