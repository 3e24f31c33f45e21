// Package nats publishes calls to a stream of NATS JetStream, which drops
// repetitions by messageId.
//
// Source: https://docs.nats.io/using-nats/developer/develop_jetstream/model_deep_dive
package nats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
)

const (
	dialTimeout = 10 * time.Second
	// timeout bounds one attempt.
	timeout = 30 * time.Second
	// Most servers take messages of 1 MiB, headers included.
	maxCall  = 1<<20 - 4<<10
	maxCalls = 500
	// repetitions is for how long a stream that we create knows messageIds:
	// longer than it takes to come back after most failures.
	repetitions = time.Hour
)

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "nats",
		Title: "NATS JetStream",
		Gives: destination.Gives{
			Repetition: "by messageId, within the stream's duplicate window: 2 minutes, or 1 hour where we create the stream",
			Order:      "kept within a conversation",
			Batch:      "calls are taken up to one that fails; where the stream takes no batches, up to that of each conversation",
			Limits:     "500 calls; 1 MiB a call, or what the server or stream takes",
			Retries:    "none are asked for",
		},
		Settings: func() any { return &Settings{Subject: "parlance.{workspace}.{source}.{event}", Replicas: 1} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// A Destination implements destination.Destination.
type Destination struct {
	s  Settings
	nc *nats.Conn // nil while there is none
	js jetstream.JetStream
	// batches says that the stream takes batches of fast ingest.
	batches bool
	// forbidden is set once a server says that we lack a right: it answers
	// nothing to what was sent.
	forbidden atomic.Bool
}

// Open returns a destination. It connects at the first attempt.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	return &Destination{s: s}, nil
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: maxCalls, CallBytes: maxCall}
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	if d.nc != nil {
		d.nc.Close()
	}
	d.nc, d.js = nil, nil
	return nil
}

// Send implements destination.Destination.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) (err error) {
	defer func() {
		a.Told("publish to "+d.s.Subject+" at "+strings.Join(d.s.Servers, ", "), err)
	}()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = d.connect(ctx)
	if err == nil {
		err = d.publish(ctx, a)
	}
	if err == nil {
		return nil
	}
	forbidden := d.forbidden.Load()
	if meaning := means(err, forbidden); errors.As(meaning, new(*destination.Refusal)) {
		return meaning
	}
	d.Close() // whatever is wrong with it goes with it
	return means(err, forbidden)
}

// connect makes sure that there is a connection, and a stream.
func (d *Destination) connect(ctx context.Context) error {
	if d.nc != nil && d.nc.IsConnected() {
		return nil
	}
	d.Close()
	d.forbidden.Store(false)
	left := dialTimeout
	if deadline, ok := ctx.Deadline(); ok {
		left = max(min(left, time.Until(deadline)), time.Millisecond)
	}
	nc, err := nats.Connect(strings.Join(d.s.Servers, ","), append(d.s.options(), nats.Timeout(left),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrPermissionViolation) {
				d.forbidden.Store(true)
			}
		}))...)
	if err != nil {
		return err
	}
	d.nc = nc
	if d.js, err = jetstream.New(nc); err != nil {
		return err
	}
	stream, err := d.js.Stream(ctx, d.s.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) && d.s.Create {
		stream, err = d.create(ctx)
	}
	d.batches = err == nil && stream.CachedInfo().Config.AllowBatchPublish
	return err
}

// create makes the stream.
func (d *Destination) create(ctx context.Context) (jetstream.Stream, error) {
	c := jetstream.StreamConfig{
		Name: d.s.Stream, Subjects: []string{wildcard(d.s.Subject)}, Replicas: d.s.Replicas, Duplicates: repetitions,
		AllowBatchPublish: true,
	}
	stream, err := d.js.CreateStream(ctx, c)
	if errors.As(err, new(*jetstream.APIError)) { // servers before 2.14 do not know it
		c.AllowBatchPublish = false
		stream, err = d.js.CreateStream(ctx, c)
	}
	return stream, err
}

// wildcard returns all subjects that a template can make.
func wildcard(template string) string {
	parts := strings.Split(template, ".")
	for i, part := range parts {
		if placeholder.MatchString(part) {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}

// conversations returns the indexes of calls by conversation.
func conversations(calls []destination.Call) (list [][]int) {
	type conversation struct{ workspace, source, id string }
	at := map[conversation]int{}
	for i, c := range calls {
		of := conversation{c.Workspace, c.Source, c.Conversation}
		n, ok := at[of]
		if !ok {
			n = len(list)
			at[of], list = n, append(list, nil)
		}
		list[n] = append(list[n], i)
	}
	return list
}

// publish publishes the calls of an attempt, and returns once the stream has all
// of them, or those before a failure.
func (d *Destination) publish(ctx context.Context, a destination.Attempt) error {
	messages := make([]*nats.Msg, len(a.Calls))
	for i, c := range a.Calls {
		var err error
		if messages[i], err = d.message(c); err != nil {
			return err
		}
	}
	// A repetition ends a batch that begins with it, and an answer that got lost
	// once may get lost again: the second time goes the sure way.
	if d.batches && a.Retry == 0 && d.publishBatch(ctx, messages) {
		return nil
	}
	// If there was a batch and it failed, this shows why.
	return d.publishEach(ctx, messages, conversations(a.Calls))
}

// message returns a call as a message.
func (d *Destination) message(c destination.Call) (*nats.Msg, error) {
	subject, err := subject(d.s.Subject, c)
	if err != nil {
		return nil, err
	}
	m := &nats.Msg{Subject: subject, Data: c.JSON, Header: nats.Header{jetstream.ExpectedStreamHeader: {d.s.Stream}}}
	if c.MessageID != "" {
		m.Header[jetstream.MsgIDHeader] = []string{c.MessageID}
	}
	return m, nil
}

// subject fills in a template.
func subject(template string, c destination.Call) (string, error) {
	name, err := c.Name()
	if err != nil {
		return "", err
	}
	subject := strings.ReplaceAll(template, "{workspace}", word(c.Workspace))
	subject = strings.ReplaceAll(subject, "{source}", word(c.Source))
	return strings.ReplaceAll(subject, "{event}", word(strings.ToLower(name))), nil
}

// word returns text as it can stand in a subject.
func word(text string) string {
	if text == "" {
		return "_"
	}
	w := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, text)
	return w[:min(len(w), 128)]
}
