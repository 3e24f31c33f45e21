// Package live shows what is passing through a gateway just now.
//
// It remembers the last few records of what passed, and tells of new ones. It
// holds up nobody: whoever watches too slowly misses some, and is told how many.
package live

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A Kind is what a record tells of.
type Kind string

// The kinds of records, in the order of the way of a webhook.
const (
	Webhook  Kind = "webhook"
	Activity Kind = "activity"
	Event    Kind = "event"
	Delivery Kind = "delivery"
)

// A Record is one thing that passed.
type Record struct {
	ID           uint64    `json:"id"` // grows by one
	At           time.Time `json:"at"`
	Kind         Kind      `json:"kind"`
	Workspace    string    `json:"workspace"`
	Source       string    `json:"source,omitempty"`
	Destination  string    `json:"destination,omitempty"` // of a delivery
	Conversation string    `json:"conversation,omitempty"`
	User         string    `json:"user,omitempty"` // userId, else anonymousId
	// Name is the event's, the kind of activity, what became of the webhook, or
	// the result of the attempt.
	Name string `json:"name"`
	// Text says more, such as the author of an activity. Nobody wrote it in a
	// chat.
	Text string `json:"text,omitempty"`
	// Body is what somebody wrote. Not everybody who watches may see it.
	Body string `json:"body,omitempty"`
	// Trouble means that somebody should look.
	Trouble bool `json:"trouble,omitempty"`
	// Seq is the position of a webhook or an event in its log, and MessageID
	// the event's.
	Seq       journal.Seq `json:"seq,omitempty"`
	MessageID string      `json:"messageId,omitempty"`

	call []byte // of an event, from which the rest is read when somebody looks
}

// kept is how many records are remembered.
const kept = 1024

// A Hub takes records and shows them. The zero Hub is ready. Its methods may be
// called concurrently.
type Hub struct {
	mu   sync.Mutex // guards the fields below
	ring [kept]Record
	last uint64        // the newest record's ID; 0 is none
	more chan struct{} // closed when there is one after last; nil while nobody waits
}

// Publish adds records, and sets their IDs.
func (h *Hub) Publish(records ...Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range records {
		h.last++
		r.ID = h.last
		h.ring[h.last%kept] = r
	}
	if h.more != nil && len(records) > 0 {
		close(h.more)
		h.more = nil
	}
}

// After returns the newest records after an ID that keep lets through, at most
// limit, oldest first, the ID to go on from, and how many there were that it
// does not return though they were let through or are remembered no more.
func (h *Hub) After(id uint64, limit int, keep func(*Record) bool) (list []Record, next, missed uint64) {
	h.mu.Lock()
	news := h.copy(id)
	next = h.last
	h.mu.Unlock()
	if gone := int64(next-min(id, next)) - int64(len(news)); gone > 0 && id > 0 {
		missed = uint64(gone)
	}
	// The newest first, so that what is not returned is not read either.
	for i := len(news) - 1; i >= 0; i-- {
		r := &news[i]
		r.read()
		if !keep(r) {
			continue
		}
		if len(list) == limit {
			missed++
			continue
		}
		list = append(list, *r)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, next, missed
}

// copy returns the remembered records after an ID. The caller holds mu.
func (h *Hub) copy(id uint64) []Record {
	first := id + 1
	if h.last >= kept && first <= h.last-kept {
		first = h.last - kept + 1
	}
	if first > h.last {
		return nil
	}
	list := make([]Record, 0, h.last-first+1)
	for n := first; n <= h.last; n++ {
		list = append(list, h.ring[n%kept])
	}
	return list
}

// More returns a channel that is closed once there is a record after id.
func (h *Hub) More(id uint64) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last > id {
		return over
	}
	if h.more == nil {
		h.more = make(chan struct{})
	}
	return h.more
}

// over is closed from the beginning.
var over = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// read fills in what an event's call says. It is done for those that somebody
// looks at, for most are looked at by nobody.
func (r *Record) read() {
	if r.call == nil {
		return
	}
	var c struct {
		UserID      string `json:"userId"`
		AnonymousID string `json:"anonymousId"`
		Properties  struct {
			MessageBody string `json:"message_body"`
		} `json:"properties"`
	}
	if json.Unmarshal(r.call, &c) != nil {
		c.UserID, c.Properties.MessageBody = "", "" // a call of somebody else's making
	}
	r.User = c.UserID
	if r.User == "" {
		r.User = c.AnonymousID
	}
	r.Body = c.Properties.MessageBody
	r.call = nil
}

// A Watched is a journal that tells a hub what it took.
type Watched struct {
	journal.Journal
	Hub *Hub
}

// Append implements journal.Inbox.
func (w Watched) Append(ctx context.Context, webhooks ...*journal.Webhook) error {
	if err := w.Journal.Append(ctx, webhooks...); err != nil {
		return err
	}
	var records []Record
	for _, one := range webhooks {
		records = append(records, ofWebhook(one)...)
	}
	w.Hub.Publish(records...)
	return nil
}

// Commit implements journal.Workbench.
func (w Watched) Commit(ctx context.Context, s journal.Source, applied []journal.Applied, upTo journal.Seq) error {
	if err := w.Journal.Commit(ctx, s, applied, upTo); err != nil {
		return err
	}
	var records []Record
	now := time.Now()
	for _, a := range applied {
		for _, e := range a.Events {
			records = append(records, Record{At: now, Kind: Event, Workspace: s.Workspace, Source: e.Source, Conversation: a.Conversation.ID,
				Name: e.Name, Seq: e.Seq, MessageID: e.MessageID, call: e.JSON})
		}
	}
	w.Hub.Publish(records...)
	return nil
}

// ofWebhook returns the records of a webhook and of what it says.
func ofWebhook(w *journal.Webhook) []Record {
	r := Record{At: w.ReceivedAt, Kind: Webhook, Workspace: w.Workspace, Source: w.Source, Seq: w.Seq, Name: "read"}
	switch {
	case w.Unreadable != "":
		r.Name, r.Text, r.Trouble = "unreadable", w.Unreadable, true
	case w.Pending:
		r.Name, r.Text = "pending", "the tool's API is asked"
	case len(w.Activities)+len(w.Calls) == 0:
		r.Name = "of no interest"
	}
	list := []Record{r}
	for _, a := range w.Activities {
		list = append(list, Record{At: w.ReceivedAt, Kind: Activity, Workspace: w.Workspace, Source: w.Source, Seq: w.Seq,
			Conversation: a.Conversation, User: user(a.Customer), Name: string(a.Type), Text: string(a.By), Body: a.Message.Body})
	}
	return list
}

func user(p conversation.Person) string {
	if p.UserID != "" {
		return p.UserID
	}
	return p.AnonymousID
}
