package nats

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// publishEach publishes the messages of each conversation, each once the stream
// has the one before it, so that none can arrive where one before it did not.
// It returns when of every conversation the stream has all, or those before one
// that failed. The library would keep a future, channels and a goroutine's wait
// for each message; here one reads all answers.
func (d *Destination) publishEach(ctx context.Context, messages []*nats.Msg, conversations [][]int) (failed error) {
	inbox := d.nc.NewInbox() + "."
	answers, err := d.nc.SubscribeSync(inbox + "*")
	if err != nil {
		return err
	}
	defer func() { _ = answers.Unsubscribe() }() // it fails without a connection, and then there is none
	waiting := 0                                 // for answers, one of a conversation
	next := func(of int) {
		if len(conversations[of]) == 0 {
			return
		}
		m := messages[conversations[of][0]]
		conversations[of] = conversations[of][1:]
		m.Reply = inbox + strconv.Itoa(of)
		if err := d.nc.PublishMsg(m); err != nil {
			failed = cmp.Or(failed, err)
			return
		}
		waiting++
	}
	for of := range conversations {
		next(of)
	}
	for waiting > 0 {
		m, err := answers.NextMsgWithContext(ctx)
		if errors.Is(err, nats.ErrNoResponders) {
			err = jetstream.ErrNoStreamResponse
		}
		if err != nil {
			return cmp.Or(failed, err)
		}
		of, err := strconv.Atoi(m.Subject[len(inbox):])
		if err != nil || of < 0 || of >= len(conversations) {
			continue // nobody asked
		}
		waiting--
		if err := d.acknowledged(m); err != nil {
			failed = cmp.Or(failed, err)
			continue
		}
		next(of)
	}
	return failed
}

// acknowledged returns what an answer says of a message.
func (d *Destination) acknowledged(m *nats.Msg) error {
	var said struct {
		Stream string              `json:"stream"`
		Error  *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &said); err != nil {
		return fmt.Errorf("the answer is not JetStream's: %w", err)
	}
	if said.Error != nil {
		return said.Error
	}
	if said.Stream != d.s.Stream {
		return errors.New("the answer is of another stream")
	}
	return nil
}
