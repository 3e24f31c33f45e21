package kafka

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// BenchmarkSend compares Send with plain loops over the driver that write the
// same messages, acks=all, idempotent and compressed as well: with ProduceSync
// and as many messages at once, and with Produce for each and Flush at the end
// of an attempt. Neither keeps a conversation in order when something fails.
// They find the event in the call; told knows it, as Send does.
func BenchmarkSend(b *testing.B) {
	loop := func(produce func(context.Context, *kgo.Client, []*kgo.Record) error, event func(destination.Call) string) func(context.Context, destination.Attempt) error {
		client, err := kgo.NewClient(kgo.SeedBrokers(run(b).ListenAddrs()...), kgo.ProducerBatchCompression(kgo.ZstdCompression()))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(client.Close)
		return func(ctx context.Context, a destination.Attempt) error {
			records := make([]*kgo.Record, len(a.Calls))
			for i, c := range a.Calls {
				records[i] = &kgo.Record{
					Topic: "chats", Key: []byte(c.Workspace + "/" + c.Source + "/" + c.Conversation), Value: c.JSON,
					Headers: []kgo.RecordHeader{
						{Key: "messageId", Value: []byte(c.MessageID)}, {Key: "event", Value: []byte(event(c))},
						{Key: "workspace", Value: []byte(c.Workspace)}, {Key: "source", Value: []byte(c.Source)},
					},
				}
			}
			return produce(ctx, client, records)
		}
	}
	sync := func(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
		return client.ProduceSync(ctx, records...).FirstErr()
	}
	async := func(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
		var first kgo.FirstErrPromise
		for _, r := range records {
			client.Produce(ctx, r, first.Promise())
		}
		if err := client.Flush(ctx); err != nil {
			return err
		}
		return first.Err()
	}
	found := func(c destination.Call) string {
		var call struct {
			Event string `json:"event"`
		}
		_ = json.Unmarshal(c.JSON, &call)
		return call.Event
	}
	told := func(destination.Call) string { return "Live Chat Message Sent" }
	d := open(b, settings(run(b)))
	d.more = nil
	destinationtest.Race(b, maxCalls,
		destinationtest.Racer{Name: "Send", Send: d.Send},
		destinationtest.Racer{Name: "ProduceSync", Send: loop(sync, found)},
		destinationtest.Racer{Name: "Produce", Send: loop(async, found)},
		destinationtest.Racer{Name: "told", Send: loop(sync, told)},
	)
}
