package main

import (
	"cmp"
	"container/heap"
	"context"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// A history is a log of made-up conversations, in the order in which things
// happened. The same seed makes the same.
type history struct {
	conversations int
	began         time.Time
	length        time.Duration
	random        *rand.Rand
	made          int // conversations
	pending       pending
	seq           journal.Seq
}

type told struct {
	at time.Time
	n  int // in the order of making
	livechat.Event
}

// pending are events of conversations that have begun, as a heap by time.
type pending []told

func (p pending) Len() int           { return len(p) }
func (p pending) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p pending) Less(i, j int) bool { return cmp.Or(p[i].at.Compare(p[j].at), p[i].n-p[j].n) < 0 }
func (p *pending) Push(x any)        { *p = append(*p, x.(told)) }
func (p *pending) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

func newHistory(conversations int) *history {
	return &history{
		conversations: conversations, began: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), length: 365 * 24 * time.Hour,
		random: rand.New(rand.NewPCG(1, 2)),
	}
}

const (
	messages = 20 // of a conversation, on average
	agents   = 80
)

var (
	sources  = []string{"shop", "support", "app"}
	channels = []string{"chat", "chat", "chat", "messaging"}
	// words are taken at random, short ones more often.
	words = []string{"order", "the", "my", "is", "not", "where", "could", "you", "please", "yes", "invoice", "delivery", "address", "thanks", "we", "have",
		"sent", "it", "yesterday", "to", "number", "look", "for", "a", "moment", "refund", "parcel", "again", "of", "course", "hello", "account"}
)

// next returns the next event, and whether there is one.
func (h *history) next() (livechat.Event, bool) {
	for {
		begins := h.starts(h.made)
		if h.made >= h.conversations || len(h.pending) > 0 && h.pending[0].at.Before(begins) {
			break
		}
		for _, e := range h.conversation(h.made, begins) {
			heap.Push(&h.pending, e)
		}
		h.made++
	}
	if len(h.pending) == 0 {
		return livechat.Event{}, false
	}
	return heap.Pop(&h.pending).(told).Event, true
}

// Events returns the next events, whatever they are asked after.
func (h *history) Events(_ context.Context, workspace string, _ journal.Seq, limit int) ([]journal.Event, error) {
	var list []journal.Event
	for len(list) < limit {
		e, ok := h.next()
		if !ok {
			break
		}
		b, err := e.MarshalJSON()
		if err != nil {
			return nil, err
		}
		h.seq++
		list = append(list, journal.Event{Seq: h.seq, Workspace: workspace, At: e.Timestamp, Source: e.Context.LiveChat.Source,
			Conversation: e.Properties.ConversationID, Name: string(e.Kind), MessageID: e.MessageID, JSON: b})
	}
	return list, nil
}

// End is not known before; it is reached when there are no more events.
func (h *history) End(context.Context, string) (journal.Seq, error) { return math.MaxInt64, nil }

// starts spreads conversations over the year: most by day, few at night.
func (h *history) starts(n int) time.Time {
	at := h.began.Add(time.Duration(float64(h.length) * float64(n) / float64(h.conversations)))
	dayTime := at.Sub(at.Truncate(24*time.Hour)).Hours() / 24
	// A day's conversations lie between 6 and 22 o'clock, most at its middle.
	shifted := 6 + 16*(0.5-math.Sin(math.Pi*(0.5-dayTime))/2)
	return at.Truncate(24 * time.Hour).Add(time.Duration(shifted * float64(time.Hour)))
}

// conversation makes up the nth.
func (h *history) conversation(n int, at time.Time) (list []told) {
	r := h.random
	source := sources[n%len(sources)]
	agent := livechat.Properties{AgentID: strconv.Itoa(100 + (n/7+r.IntN(12))%agents), AgentUsername: "agent"}
	agent.AgentName = "Agent " + agent.AgentID
	user, anonymous := "", id("person", r.IntN(1+h.conversations/3))
	if n%3 == 0 {
		user = "user-" + strconv.Itoa(r.IntN(1+h.conversations/3))
	}
	began := at
	add := func(k livechat.Kind, by livechat.Properties, kind string, message int) {
		e := livechat.Event{UserID: user, AnonymousID: anonymous, Kind: k, Properties: by, Timestamp: at}
		e.Properties.ConversationID = strconv.Itoa(7_000_000 + n)
		e.Properties.ConversationDuration = int64(at.Sub(began) / time.Second)
		e.Properties.MessageID = strconv.Itoa(80_000_000 + 100*n + message)
		if k != livechat.Ended {
			e.Properties.MessageBody = h.text()
		}
		e.MessageID = id(string(k), 100*n+message)
		e.Context.Integration = livechat.Integration{Name: "chatwoot", Version: "1.0.0"}
		e.Context.Library = livechat.Library{Name: "parlance", Version: "1"}
		e.Context.LiveChat = livechat.LiveChat{AgentType: kind, Channel: channels[n%len(channels)], Source: source, ConversationURL: "https://chat.example.com/c/" + e.Properties.ConversationID}
		list = append(list, told{at, 100*n + len(list), e})
	}
	pause := func(median float64) {
		at = at.Add(time.Duration(median * math.Exp(r.NormFloat64()) * float64(time.Second)))
	}
	add(livechat.Started, livechat.Properties{}, "", 0)
	add(livechat.Sent, livechat.Properties{}, "", 0)
	if n%4 == 0 {
		pause(2)
		add(livechat.Received, livechat.Properties{AgentID: "1", AgentName: "Helper"}, "bot", 1)
	}
	if n%20 != 19 { // one in twenty is missed
		for m := range 1 + r.IntN(2*messages-5) {
			if pause(40); r.IntN(2) == 0 {
				add(livechat.Received, agent, "human", 2+m)
			} else {
				add(livechat.Sent, agent, "human", 2+m)
			}
		}
	}
	if n%10 != 9 { // one in ten stays open
		pause(120)
		add(livechat.Ended, agent, "human", 99)
	}
	return list
}

func (h *history) text() string {
	b := make([]byte, 0, 128)
	for range 3 + h.random.IntN(18) {
		b = append(append(b, words[h.random.IntN(len(words))]...), ' ')
	}
	return string(b[:len(b)-1])
}

// id returns a UUID for a number.
func id(kind string, n int) string {
	sum := fnv.New128a()
	fmt.Fprintf(sum, "%s %d", kind, n)
	s := hex.EncodeToString(sum.Sum(nil))
	return s[:8] + "-" + s[8:12] + "-8" + s[13:16] + "-8" + s[17:20] + "-" + s[20:]
}
