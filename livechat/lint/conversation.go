package lint

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math"
	"time"

	"github.com/parlance-chat/parlance/livechat"
)

// A conversation is what is remembered of its events so far.
type conversation struct {
	unsure       bool     // it may be one that was forgotten
	started      bool     // Started was seen, or its absence told
	running      int      // line of the Started or Sent since which it runs; 0 if it does not
	startMessage uint64   // hash of the message of Started; 0 if there is none
	startSent    bool     // a Sent of that message was seen
	unproven     *Finding // to tell if no message of the customer turns up
	received     uint64   // hash of the message of the last Received
	ended        int      // line of the last Ended if nobody has written since; else 0
	last         time.Time
	duration     int64 // of the last event; -1 if there is none to compare with
}

// history judges k by what came before it in its conversation. Each event is
// compared with its predecessor only, so that one wrong clock reading is one
// finding.
func (c *checker) history(k call) {
	if k.text("conversation_id") == "" {
		return
	}
	id := c.hash(k.source() + "\x00" + k.text("conversation_id"))
	conv, ok := c.conversations.get(id)
	if !ok {
		c.report.Conversations++
		conv = &conversation{unsure: c.conversations.forgot, duration: -1}
		c.conversations.put(id, conv)
	}
	c.clock(conv, k)
	switch k.kind {
	case livechat.Started:
		c.start(conv, k)
	case livechat.Sent:
		conv.sent(k, c.hash(k.text("message_id")))
	case livechat.Received:
		c.receive(conv, k)
	case livechat.Ended:
		c.end(conv, k)
	}
}

// source returns which of several sources k comes from, if Parlance made it:
// two tools of one kind both count their conversations from 1.
func (k call) source() string {
	context, _ := k.fields["context"].(map[string]any)
	liveChat, _ := context["live_chat"].(map[string]any)
	source, _ := liveChat["source"].(string)
	return source
}

// hash stands for an ID of any length; 0 for none.
func (c *checker) hash(id string) uint64 {
	if id == "" {
		return 0
	}
	return maphash.String(c.seed, id)
}

func (c *checker) clock(conv *conversation, k call) {
	now, key := k.time()
	back := !now.IsZero() && now.Before(conv.last)
	if back {
		c.addTo(k.place, timeGoingBack, key, fmt.Sprintf("%s before the conversation's previous event", conv.last.Sub(now)))
	}
	if !now.IsZero() {
		conv.last = now
	}
	n, _ := k.properties["conversation_duration"].(json.Number)
	seconds, err := n.Float64() // some languages write 45 as 45.0
	if err != nil || seconds < 0 || seconds >= math.MaxInt64 {
		return
	}
	d := int64(seconds)
	// Events in the wrong order are one finding, not two.
	if d < conv.duration && k.kind != livechat.Started && !back {
		c.addTo(k.place, shrinkingDuration, "properties.conversation_duration",
			fmt.Sprintf("%d after %d in the same conversation", d, conv.duration))
	}
	conv.duration = d
}

func (c *checker) start(conv *conversation, k call) {
	if conv.running != 0 {
		c.addTo(k.place, misplacedStart, "event", fmt.Sprintf("the conversation has been running since line %d", conv.running))
	}
	message := c.hash(k.text("message_id"))
	if message != 0 && message == conv.received {
		c.addTo(k.place, swappedPerspective, "properties.message_id", "the customer's first message came as Received")
	}
	conv.started, conv.running, conv.ended = true, k.place.Line, 0
	conv.startMessage, conv.startSent = message, false
	conv.unproven = nil
	if message != 0 && k.text("message_body") == "" {
		f := k.place
		f.Rule, f.Problem = unprovenStart, "neither its message_body nor a Live Chat Message Sent shows that the customer wrote"
		conv.unproven = &f
	}
}

func (conv *conversation) sent(k call, message uint64) {
	if conv.running == 0 {
		conv.running = k.place.Line
	}
	conv.startSent = conv.startSent || message == conv.startMessage
	conv.unproven, conv.ended = nil, 0
}

func (c *checker) receive(conv *conversation, k call) {
	message := c.hash(k.text("message_id"))
	if conv.started && message != 0 && message == conv.startMessage && !conv.startSent {
		c.addTo(k.place, swappedPerspective, "properties.message_id", "the message of Started, which the customer wrote")
		conv.unproven = nil
	}
	conv.received, conv.ended = message, 0
}

func (c *checker) end(conv *conversation, k call) {
	switch {
	case !conv.started && !conv.unsure:
		c.addTo(k.place, endedWithoutStart, "event", "the conversation has no Live Chat Conversation Started before it")
		conv.started = true
	case conv.ended != 0:
		c.addTo(k.place, endedAgain, "event", fmt.Sprintf("ended in line %d, and nobody has written since", conv.ended))
	}
	conv.running, conv.ended = 0, k.place.Line
	conv.duration = -1 // the clock may start anew
}
