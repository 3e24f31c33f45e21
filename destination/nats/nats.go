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
			Batch:      "each call is acknowledged on its own",
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
	for _, calls := range rounds(a.Calls) {
		if err != nil {
			break
		}
		err = d.publish(ctx, calls)
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
	_, err = d.js.Stream(ctx, d.s.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) && d.s.Create {
		_, err = d.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: d.s.Stream, Subjects: []string{wildcard(d.s.Subject)}, Replicas: d.s.Replicas, Duplicates: repetitions,
		})
	}
	return err
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

// rounds parts calls into such as may be under way at the same moment: no two
// of one conversation, so that none can arrive where one before it did not.
func rounds(calls []destination.Call) [][]destination.Call {
	type conversation struct{ workspace, source, id string }
	var list [][]destination.Call
	next := map[conversation]int{}
	for _, c := range calls {
		of := conversation{c.Workspace, c.Source, c.Conversation}
		n := next[of]
		next[of]++
		if n == len(list) {
			list = append(list, nil)
		}
		list[n] = append(list[n], c)
	}
	return list
}

// publish publishes calls, and waits until the stream has all of them.
func (d *Destination) publish(ctx context.Context, calls []destination.Call) error {
	closed := d.nc.StatusChanged(nats.CLOSED)
	defer d.nc.RemoveStatusListener(closed)
	acks := make([]jetstream.PubAckFuture, 0, len(calls))
	var first error
	for _, c := range calls {
		subject, err := subject(d.s.Subject, c)
		if err == nil {
			var ack jetstream.PubAckFuture
			m := &nats.Msg{Subject: subject, Data: c.JSON, Header: nats.Header{}}
			if c.MessageID != "" {
				m.Header.Set(jetstream.MsgIDHeader, c.MessageID)
			}
			if ack, err = d.js.PublishMsgAsync(m, jetstream.WithExpectStream(d.s.Stream)); err == nil {
				acks = append(acks, ack)
			}
		}
		if err != nil {
			first = err
			break
		}
	}
	for _, ack := range acks {
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			if first == nil {
				first = err
			}
		case <-closed:
			return nats.ErrConnectionClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if first == nil && d.nc.IsClosed() && len(acks) < len(calls) {
		return nats.ErrConnectionClosed
	}
	return first
}

// subject fills in a template.
func subject(template string, c destination.Call) (string, error) {
	name, err := c.Name()
	if err != nil {
		return "", err
	}
	return placeholder.ReplaceAllStringFunc(template, func(p string) string {
		switch p {
		case "{workspace}":
			return word(c.Workspace)
		case "{source}":
			return word(c.Source)
		default:
			return word(strings.ToLower(name))
		}
	}), nil
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
