// Package live shows what is passing through a gateway just now.
//
// It remembers the last few records of what passed, and tells of new ones. It
// holds up nobody: whoever watches too slowly misses some, and is told how many.
package live

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"sync"
	"time"

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

	said *said // of an event; nil for others
	// happened is when it did, by the tool's clock; zero if it does not say.
	happened time.Time
}

// Late reports whether a record tells of something long past, as imports do.
func (r *Record) Late() bool { return !r.happened.IsZero() && r.At.Sub(r.happened) > time.Hour }

// A said is what an event's call says. It is read when somebody looks, for most
// are looked at by nobody, and then once for all.
type said struct {
	call       []byte
	once       sync.Once
	user, body string
}

// kept is how many records are remembered.
const kept = 1024

// A Hub takes records and shows them. The zero Hub is ready. Its methods may be
// called concurrently.
type Hub struct {
	mu   sync.Mutex // guards the fields below
	view View
	more chan struct{} // closed when there is one after the last; nil while nobody waits
}

// A View is what a hub remembered at one moment. Its methods may be called
// concurrently.
type View struct {
	ring [kept]*Record
	last uint64 // the newest record's ID; 0 is none
}

// Publish adds records, and sets their IDs. It keeps them.
func (h *Hub) Publish(records ...Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range records {
		h.view.last++
		records[i].ID = h.view.last
		h.view.ring[h.view.last%kept] = &records[i]
	}
	if h.more != nil && len(records) > 0 {
		close(h.more)
		h.more = nil
	}
}

// Look returns what is remembered now.
func (h *Hub) Look() *View {
	v := new(View)
	h.mu.Lock()
	defer h.mu.Unlock()
	*v = h.view
	return v
}

// Forget forgets what has passed: somebody is to be found nowhere any more.
func (h *Hub) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, r := range h.view.ring {
		if r != nil {
			h.view.ring[i] = &Record{ID: r.ID, At: r.At, Kind: r.Kind} // of no workspace
		}
	}
}

// More returns a channel that is closed once there is a record after id.
func (h *Hub) More(id uint64) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.view.last > id {
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

// Last returns the ID of the newest record, 0 if there is none.
func (v *View) Last() uint64 { return v.last }

// Newest returns the records after an ID, the newest first. They must not be
// changed; of an event's, Words returns what the fields leave out.
func (v *View) Newest(after uint64) iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for id := v.last; id > after && id+kept > v.last; id-- {
			if !yield(v.ring[id%kept]) {
				return
			}
		}
	}
}

// After returns the newest records after an ID that keep lets through, at most
// limit, oldest first, and how many there were that it does not return though
// they were let through or are remembered no more.
func (v *View) After(id uint64, limit int, keep func(*Record) bool) (list []Record, missed uint64) {
	if id > 0 && v.last > id+kept {
		missed = v.last - id - kept
	}
	for r := range v.Newest(id) {
		if !keep(r) {
			continue
		}
		if len(list) == limit {
			missed++
			continue
		}
		one := *r
		one.User, one.Body = r.Words()
		list = append(list, one)
	}
	slices.Reverse(list)
	return list, missed
}

// Words returns the user, and what somebody wrote.
func (r *Record) Words() (user, body string) {
	if r.said == nil {
		return r.User, r.Body
	}
	r.said.once.Do(r.said.read)
	return r.said.user, r.said.body
}

func (s *said) read() {
	var c struct {
		UserID      string `json:"userId"`
		AnonymousID string `json:"anonymousId"`
		Properties  struct {
			MessageBody string `json:"message_body"`
		} `json:"properties"`
	}
	if json.Unmarshal(s.call, &c) != nil {
		c.UserID, c.Properties.MessageBody = "", "" // a call of somebody else's making
	}
	s.user, s.body, s.call = cmp.Or(c.UserID, c.AnonymousID), c.Properties.MessageBody, nil
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
	records := make([]Record, 0, 2*len(webhooks)) // most tell of one activity
	for _, one := range webhooks {
		records = appendWebhook(records, one)
	}
	w.Hub.Publish(records...)
	return nil
}

// Commit implements journal.Workbench.
func (w Watched) Commit(ctx context.Context, s journal.Source, applied []journal.Applied, upTo journal.Seq) error {
	if err := w.Journal.Commit(ctx, s, applied, upTo); err != nil {
		return err
	}
	n := 0
	for _, a := range applied {
		n += len(a.Events)
	}
	records, words := make([]Record, 0, n), make([]said, n)
	now := time.Now()
	for _, a := range applied {
		for _, e := range a.Events {
			words[len(records)].call = e.JSON
			records = append(records, Record{At: now, Kind: Event, Workspace: s.Workspace, Source: e.Source, Conversation: a.Conversation.ID,
				Name: e.Name, Seq: e.Seq, MessageID: e.MessageID, said: &words[len(records)], happened: timestamp(e.JSON)})
		}
	}
	w.Hub.Publish(records...)
	return nil
}

// appendWebhook appends the records of a webhook and of what it says.
func appendWebhook(list []Record, w *journal.Webhook) []Record {
	r := Record{At: w.ReceivedAt, Kind: Webhook, Workspace: w.Workspace, Source: w.Source, Seq: w.Seq, Name: "read"}
	switch {
	case w.Unreadable != "":
		r.Name, r.Text, r.Trouble = "unreadable", w.Unreadable, true
	case w.Pending:
		r.Name, r.Text = "pending", "the tool's API is asked"
	case len(w.Activities)+len(w.Calls) == 0:
		r.Name = "of no interest"
	}
	if n := len(w.Activities); n > 0 {
		r.happened = w.Activities[n-1].Time
	}
	list = append(list, r)
	for _, a := range w.Activities {
		list = append(list, Record{At: w.ReceivedAt, Kind: Activity, Workspace: w.Workspace, Source: w.Source, Seq: w.Seq,
			Conversation: a.Conversation, User: cmp.Or(a.Customer.UserID, a.Customer.AnonymousID), Name: string(a.Type), Text: string(a.By), Body: a.Message.Body, happened: a.Time})
	}
	return list
}

// timestamp returns when a call says that it happened, the zero time if it does
// not. Every event that passes is asked, so that none is decoded: a quote within
// a text has a backslash before it, so what is found is a key.
func timestamp(call []byte) time.Time {
	_, after, _ := bytes.Cut(call, []byte(`"timestamp":"`))
	text, _, _ := bytes.Cut(after, []byte(`"`))
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return time.Time{}
	}
	return t
}
