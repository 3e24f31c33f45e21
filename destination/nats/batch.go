package nats

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
)

// What a message does for its batch.
const (
	startBatch = iota
	addToBatch
	commitBatch
)

// publishBatch publishes messages as a batch of fast ingest, which servers have
// since 2.14, and reports whether the stream has all of them. It stores them in
// order, and nothing behind one that it did not store; so none needs to wait for
// another, and one answer is enough. Nothing is known of those of a batch that
// failed, and all of them can be published again: the stream drops repetitions.
//
// The library for it, orbit.go/jetstreamext, waits for an answer to the first
// message, and takes no notice of a closed connection. What it does to slow us
// down is not needed for as few messages as an attempt has.
//
// Source: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-50.md
func (d *Destination) publishBatch(ctx context.Context, messages []*nats.Msg) bool {
	inbox := d.nc.NewInbox() // and its last part is the batch's name
	answers, err := d.nc.SubscribeSync(inbox + ".>")
	if err != nil {
		return false
	}
	defer func() { _ = answers.Unsubscribe() }() // it fails without a connection, and then there is none
	for i, m := range messages {
		does := addToBatch
		switch i {
		case len(messages) - 1:
			does = commitBatch
		case 0:
			does = startBatch
		}
		batched := *m
		batched.Reply = fmt.Sprintf("%s.%d.fail.%d.%d.$FI", inbox, maxCalls, i+1, does)
		if err := d.nc.PublishMsg(&batched); err != nil {
			return false
		}
	}
	for {
		m, err := answers.NextMsgWithContext(ctx)
		if err != nil {
			return false
		}
		var said struct {
			Type   string `json:"type"` // of what is said in between
			Stream string `json:"stream"`
			Count  int    `json:"count"`
		}
		if err := json.Unmarshal(m.Data, &said); err != nil || said.Type != "ack" {
			return err == nil && said.Stream == d.s.Stream && said.Count == len(messages)
		}
	}
}
