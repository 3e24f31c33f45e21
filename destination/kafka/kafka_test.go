package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// run runs brokers in this process, with a topic of three partitions.
func run(t testing.TB, o ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(3, "chats")}, o...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func settings(c *kfake.Cluster, change ...func(*Settings)) Settings {
	s := *Type().Settings().(*Settings)
	s.Brokers, s.Topic = c.ListenAddrs(), "chats"
	for _, f := range change {
		f(&s)
	}
	return s
}

// quickly has the library try again at once.
var quickly = []kgo.Opt{
	kgo.RetryBackoffFn(func(int) time.Duration { return time.Millisecond }),
	kgo.MetadataMinAge(10 * time.Millisecond),
}

func open(t testing.TB, s Settings) *Destination {
	t.Helper()
	d, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	d.more = quickly
	t.Cleanup(func() { d.Close() })
	return d
}

// stored returns what a topic has, partition by partition in order.
func stored(t *testing.T, address, topic string) (records []*kgo.Record) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := written(t, c, topic)
	for int64(len(records)) < want {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		got := c.PollFetches(ctx)
		cancel()
		if err := got.Err(); err != nil {
			t.Fatal(err)
		}
		records = append(records, got.Records()...)
	}
	slices.SortStableFunc(records, func(a, b *kgo.Record) int { return int(a.Partition - b.Partition) })
	return records
}

// written returns how many messages a topic has.
func written(t *testing.T, c *kgo.Client, topic string) (n int64) {
	t.Helper()
	q := kmsg.NewPtrListOffsetsRequest()
	of := kmsg.NewListOffsetsRequestTopic()
	of.Topic = topic
	for p := range int32(3) {
		part := kmsg.NewListOffsetsRequestTopicPartition()
		part.Partition, part.Timestamp = p, -1
		of.Partitions = append(of.Partitions, part)
	}
	q.Topics = append(q.Topics, of)
	for _, s := range c.RequestSharded(t.Context(), q) {
		if s.Err != nil {
			t.Fatal(s.Err)
		}
		for _, topic := range s.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range topic.Partitions {
				n += max(p.Offset, 0)
			}
		}
	}
	return n
}

func values(records []*kgo.Record) (list []string) {
	for _, r := range records {
		list = append(list, string(r.Value))
	}
	return list
}

func attempt(from, to int) (a destination.Attempt) {
	for n := from; n < to; n++ {
		a.Calls = append(a.Calls, destination.Call{
			Workspace: "acme", Source: "desk", MessageID: fmt.Sprint("m", n), Conversation: fmt.Sprint("c", n%7),
			JSON: fmt.Appendf(nil, `{"type":"track","event":"Live Chat Message Sent","n":%d}`, n),
		})
	}
	return a
}

// inOrder checks that each conversation's calls are there, in order, and
// returns how often a call came again.
func inOrder(t *testing.T, records []*kgo.Record, calls int) (again int) {
	t.Helper()
	last, seen := map[string]int{}, map[int]bool{}
	for _, r := range records {
		var n int
		if _, err := fmt.Sscanf(string(r.Value[strings.Index(string(r.Value), `"n":`):]), `"n":%d`, &n); err != nil {
			t.Fatal(err)
		}
		if seen[n] {
			again++
			continue
		}
		seen[n] = true
		if before, ok := last[string(r.Key)]; ok && n < before {
			t.Errorf("%s: %d after %d", r.Key, n, before)
		}
		last[string(r.Key)] = n
	}
	if len(seen) != calls {
		t.Errorf("got %d calls, want %d", len(seen), calls)
	}
	return again
}

func TestDestination(t *testing.T) {
	c := run(t)
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { s := settings(c); return &s },
		Received: func(t *testing.T) []string { return values(stored(t, c.ListenAddrs()[0], "chats")) },
	})
}

func TestMessage(t *testing.T) {
	c := run(t)
	var told []destination.Exchange
	a := attempt(0, 1)
	a.Tell = func(e destination.Exchange) { told = append(told, e) }
	if err := open(t, settings(c)).Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	r := stored(t, c.ListenAddrs()[0], "chats")[0]
	got := fmt.Sprint(string(r.Key), r.Headers, string(r.Value))
	var headers []kgo.RecordHeader
	for _, h := range [][2]string{{"messageId", "m0"}, {"event", "Live Chat Message Sent"}, {"workspace", "acme"}, {"source", "desk"}} {
		headers = append(headers, kgo.RecordHeader{Key: h[0], Value: []byte(h[1])})
	}
	if want := fmt.Sprint("acme/desk/c0", headers, `{"type":"track","event":"Live Chat Message Sent","n":0}`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(told) != 1 || !strings.Contains(told[0].Request, "chats") || told[0].Response != "all taken" {
		t.Errorf("told %v", told)
	}
}
