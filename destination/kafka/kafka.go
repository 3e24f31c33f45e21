// Package kafka writes calls to a topic of Kafka, or of what speaks its
// protocol.
//
// Source: https://kafka.apache.org/protocol
package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/parlance-chat/parlance/destination"
)

const (
	dialTimeout = 10 * time.Second
	// ackTimeout is how long the replicas may take.
	ackTimeout = 10 * time.Second
	// timeout bounds one attempt.
	timeout = 30 * time.Second
	// retries is how often the library tries again: with pauses that grow from
	// a quarter of a second some 8 s, in which a partition finds another leader.
	retries = 5
	// A topic takes 1,048,588 bytes a batch unless set, and a batch holds the
	// messages for one partition.
	maxBytes = 1 << 20
	maxCall  = 980_000
	maxCalls = 1000
	// maxTaken bounds how many messageIds are remembered.
	maxTaken = 10_000
	// maxWait bounds how long brokers can have us wait.
	maxWait = 5 * time.Minute
)

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "kafka",
		Title: "Apache Kafka",
		Gives: destination.Gives{
			Repetition: "not recognised where an attempt failed and yet arrived; then a message comes again with the same messageId, in a header. What the brokers acknowledged does not come again",
			Order:      "kept within a conversation, which is the key: one partition has it",
			Batch:      "taken or refused partition by partition; only those that failed come again",
			Limits:     "1,000 calls, 1 MiB; 980,000 bytes a call, or what the topic takes",
			Retries:    "a broker's throttling, up to 5 minutes",
		},
		Find:     "read the topic: kafka-console-consumer.sh --topic TOPIC --from-beginning --property print.key=true",
		Settings: func() any { return &Settings{Compression: "zstd"} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// A Destination implements destination.Destination.
type Destination struct {
	s    Settings
	more []kgo.Opt // of tests

	p *producer // nil while there is none
	// taken has the messageIds of calls that the brokers acknowledged, though
	// the attempt that they were in failed.
	taken map[string]bool

	mu        sync.Mutex // guards the field below
	throttled time.Time  // until when the brokers want to be left alone
}

// Open returns a destination. It connects at the first attempt.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &Destination{s: s, taken: map[string]bool{}}, nil
}

// Limits implements destination.Destination. An attempt goes to all partitions
// at the same time; four at once, each with a producer, were tried and were no
// faster.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall}
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	if d.p != nil {
		d.p.Close()
	}
	d.p = nil
	return nil
}

// Send implements destination.Destination.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) error {
	if wait := d.wait(); wait > time.Second { // less passes in the library
		return &destination.Wait{For: min(wait, maxWait), Reason: "the brokers throttle us; a quota of Kafka is used up"}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if d.p == nil {
		p, err := d.connect()
		if err != nil {
			return err
		}
		d.p = p
	}
	calls := d.left(a.Calls)
	acked, err := d.p.send(ctx, calls)
	destination.Attempt{Calls: calls, Tell: a.Tell}.Told("produce to "+d.s.Topic+" at "+strings.Join(d.s.Brokers, ", "), err)
	if err == nil {
		d.forget(a.Calls)
		return nil
	}
	d.remember(calls, acked)
	if !errors.As(err, new(*destination.Refusal)) {
		d.Close() // whatever is wrong with it goes with it
	}
	return err
}

// left returns the calls that the brokers do not have yet.
func (d *Destination) left(calls []destination.Call) []destination.Call {
	if len(d.taken) == 0 {
		return calls
	}
	list := make([]destination.Call, 0, len(calls))
	for _, c := range calls {
		if !d.taken[c.MessageID] {
			list = append(list, c)
		}
	}
	return list
}

// remember notes that the brokers have those of the calls.
func (d *Destination) remember(calls []destination.Call, acked []int) {
	if len(d.taken)+len(acked) > maxTaken {
		clear(d.taken) // a repetition is better than memory without end
	}
	for _, i := range acked {
		if id := calls[i].MessageID; id != "" {
			d.taken[id] = true
		}
	}
}

// forget lets go of calls that will not come again.
func (d *Destination) forget(calls []destination.Call) {
	for _, c := range calls {
		delete(d.taken, c.MessageID)
	}
}

// connect returns a producer. It dials when it is used.
func (d *Destination) connect() (*producer, error) {
	client, err := kgo.NewClient(append(append(d.s.options(), kgo.WithHooks(d)), d.more...)...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &producer{Client: client, s: &d.s, ready: map[string]bool{}}, nil
}

// wait returns for how long yet the brokers want to be left alone.
func (d *Destination) wait() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Until(d.throttled)
}

// OnBrokerThrottle implements kgo.HookBrokerThrottle.
func (d *Destination) OnBrokerThrottle(_ kgo.BrokerMetadata, interval time.Duration, _ bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if until := time.Now().Add(interval); until.After(d.throttled) {
		d.throttled = until
	}
}
