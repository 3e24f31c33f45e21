package kafka

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/parlance-chat/parlance/destination"
)

// A producer has one attempt under way at most: two could share a batch, and
// part of one fail with the other.
type producer struct {
	*kgo.Client
	s *Settings
	// ready has the topics that the client has written to.
	ready map[string]bool
}

// send writes calls, and returns the indexes of those that the brokers
// acknowledged and the error that is to be heeded first.
//
// In a partition nothing comes behind a message that failed: the library fails
// all that it holds for the partition, and a broker refuses what was under way
// already, which has a gap before it in its sequence. All is handed to the
// library before any of it is sent, so that it does hold it.
func (p *producer) send(ctx context.Context, calls []destination.Call) (acked []int, err error) {
	records := make([]*kgo.Record, len(calls))
	topics := map[string]bool{}
	for i, c := range calls {
		if records[i], err = p.s.record(c); err != nil {
			return nil, err
		}
		topics[records[i].Topic] = true
	}
	for t := range topics {
		if err := p.prepare(ctx, t); err != nil {
			return nil, means(err)
		}
	}
	// The library does not know the partitions of a topic before the first
	// message, and would send what it has while more comes. So that one goes
	// alone.
	var alone, rest []int
	for i, r := range records {
		if topics[r.Topic] && !p.ready[r.Topic] {
			alone = append(alone, i)
			topics[r.Topic] = false
		} else {
			rest = append(rest, i)
		}
	}
	for _, some := range [][]int{alone, rest} {
		done, err := p.produce(ctx, records, some)
		acked = append(acked, done...)
		for _, i := range done {
			p.ready[records[i].Topic] = true
		}
		if err != nil {
			return acked, err
		}
	}
	return acked, nil
}

// produce writes some of the records, and returns which were acknowledged.
func (p *producer) produce(ctx context.Context, records []*kgo.Record, some []int) (done []int, err error) {
	if len(some) == 0 {
		return nil, nil
	}
	done = make([]int, 0, len(some))
	var pause, again, refusal error
	var all sync.WaitGroup
	all.Add(len(some))
	for _, i := range some {
		// Promises are kept one after another, so that they share without a lock.
		p.Produce(ctx, records[i], func(_ *kgo.Record, err error) {
			defer all.Done()
			meaning := means(err)
			switch {
			case err == nil:
				done = append(done, i)
			case errors.As(meaning, new(*destination.Pause)):
				pause = cmp.Or(pause, meaning)
			case errors.As(meaning, new(*destination.Refusal)):
				refusal = cmp.Or(refusal, meaning)
			default:
				again = cmp.Or(again, meaning)
			}
		})
	}
	late := p.Flush(ctx)
	if late != nil {
		p.Close() // which fails what is left, at once
	}
	all.Wait()
	// A refusal can still be told once nothing else is wrong.
	return done, cmp.Or(pause, means(late), again, refusal)
}

// prepare makes sure that there is a topic.
func (p *producer) prepare(ctx context.Context, topic string) error {
	if p.ready[topic] {
		return nil
	}
	t, err := p.topic(ctx, topic)
	if err != nil {
		return err
	}
	err = kerr.ErrorForCode(t.ErrorCode)
	switch {
	case !errors.Is(err, kerr.UnknownTopicOrPartition):
		return err
	case p.s.CreateTopic:
		return p.create(ctx, topic)
	}
	return &destination.Pause{Reason: "there is no topic " + topic + "; create it, or write create_topic: true"}
}

// topic asks about a topic, which does not create it.
func (p *producer) topic(ctx context.Context, name string) (t kmsg.MetadataResponseTopic, err error) {
	q := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = kmsg.StringPtr(name)
	q.Topics = append(q.Topics, asked)
	q.IncludeTopicAuthorizedOperations = true
	said, err := q.RequestWith(ctx, p.Client)
	if err != nil {
		return t, err
	}
	if len(said.Topics) != 1 {
		return t, errors.New("the brokers say nothing of the topic")
	}
	return said.Topics[0], nil
}

func (p *producer) create(ctx context.Context, name string) error {
	q := kmsg.NewPtrCreateTopicsRequest()
	q.TimeoutMillis = int32(ackTimeout.Milliseconds())
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, -1, -1 // the brokers' own
	q.Topics = append(q.Topics, t)
	said, err := q.RequestWith(ctx, p.Client)
	if err != nil {
		return err
	}
	if len(said.Topics) != 1 {
		return errors.New("the brokers say nothing of the topic that they were to create")
	}
	err = kerr.ErrorForCode(said.Topics[0].ErrorCode)
	if errors.Is(err, kerr.TopicAlreadyExists) {
		return nil // another was faster
	}
	return err
}

// record returns a call as a message.
func (s *Settings) record(c destination.Call) (*kgo.Record, error) {
	name, err := c.Name()
	if err != nil {
		return nil, err
	}
	key := []byte(c.Workspace + "/" + c.Source + "/" + c.Conversation)
	return &kgo.Record{
		Topic: s.topicOf(c),
		Key:   key,
		Value: c.JSON,
		Headers: []kgo.RecordHeader{
			{Key: "messageId", Value: []byte(c.MessageID)},
			{Key: "event", Value: []byte(name)},
			{Key: "workspace", Value: key[:len(c.Workspace)]},
			{Key: "source", Value: key[len(c.Workspace)+1:][:len(c.Source)]},
		},
	}, nil
}

// topicOf fills in the template.
func (s *Settings) topicOf(c destination.Call) string {
	name := strings.ReplaceAll(s.Topic, "{workspace}", word(c.Workspace))
	name = strings.ReplaceAll(name, "{source}", word(c.Source))
	return name[:min(len(name), 249)]
}

// word returns text as it can stand in the name of a topic.
func word(text string) string {
	return cmp.Or(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, text), "_")
}
