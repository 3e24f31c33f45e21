package forget

import (
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// An eraser takes a person out, and counts what goes.
type eraser struct {
	*person
	webhooks, events map[journal.Seq]bool
	states           map[journal.Conversation]bool
	parked           int
}

func newEraser(p *person) *eraser {
	return &eraser{person: p, webhooks: map[journal.Seq]bool{}, events: map[journal.Seq]bool{}, states: map[journal.Conversation]bool{}}
}

// theirs reports whether what a tool tells is of the person.
func (e *eraser) theirs(source string, a *conversation.Activity) bool {
	return e.in(source, a.Conversation) || e.customer(source, a.Customer)
}

// Webhook implements journal.Eraser. The raw body goes with anything in it that
// is the person's, or that names them.
func (e *eraser) Webhook(w *journal.Webhook) (changed bool) {
	keep := w.Activities[:0:0]
	for i := range w.Activities {
		if a := &w.Activities[i]; !e.theirs(w.Source, a) {
			keep = append(keep, *a)
		}
	}
	contacts := w.Contacts[:0:0]
	for _, c := range w.Contacts {
		if !e.customer(w.Source, c) {
			contacts = append(contacts, c)
		}
	}
	calls := w.Calls[:0:0]
	for i := range w.Calls {
		c := w.Calls[i]
		if c.Source = w.Source; !e.gone(&c) {
			calls = append(calls, w.Calls[i])
		}
	}
	named := e.mentions(w.Body)
	for _, values := range w.Header {
		named = named || e.mentions([]byte(strings.Join(values, "\n")))
	}
	if len(keep) == len(w.Activities) && len(contacts) == len(w.Contacts) && len(calls) == len(w.Calls) && !named {
		return false
	}
	w.Activities, w.Contacts, w.Calls = keep, contacts, calls
	w.Body, w.Header, w.Pending, w.Unreadable = nil, nil, false, ""
	e.webhooks[w.Seq] = true
	return true
}

// gone reports whether a call is the person's.
func (e *eraser) gone(ev *journal.Event) bool {
	c := parse(ev.JSON)
	return e.is(c.UserID, c.AnonymousID, c.Traits.Email) || e.in(ev.Source, c.Properties.ConversationID) ||
		ev.Conversation != "" && e.in(ev.Source, ev.Conversation)
}

// Event implements journal.Eraser.
func (e *eraser) Event(ev *journal.Event) bool {
	gone := e.gone(ev)
	if gone {
		e.events[ev.Seq] = true
	}
	return gone
}

// State implements journal.Eraser. A conversation's state stays without what
// was said and by whom: what comes later must not start it a second time. Where
// its id is the contact's, such as a phone number, it goes.
func (e *eraser) State(c journal.Conversation, state []byte) ([]byte, bool) {
	if source, ok := contactSource(c.Source); ok {
		var r remembered
		if cbor.Unmarshal(state, &r) != nil || !e.customer(source, r.Contact) && !e.contacts[contact{source, c.ID}] {
			return state, false
		}
		e.states[c] = true
		return nil, true
	}
	var s conversation.State
	if cbor.Unmarshal(state, &s) != nil || !e.in(c.Source, c.ID) && !e.customer(c.Source, s.Customer) {
		return state, false
	}
	if s.Customer == (conversation.Person{}) && s.Last.Body == "" && s.URL == "" && s.Told == "" {
		return state, false // it has been forgotten before
	}
	e.states[c] = true
	if id := s.Customer.ContactID; id != "" && strings.Contains(c.ID, id) || e.mentions([]byte(c.ID)) {
		return nil, true
	}
	s.Customer, s.Last.Body, s.URL, s.Told = conversation.Person{}, "", "", ""
	to, err := stateMode.Marshal(s)
	if err != nil {
		return nil, true // nothing of the person may stay
	}
	return to, true
}

// stateMode is how the engine writes states.
var stateMode = func() cbor.EncMode {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		panic("BUG: " + err.Error()) // these options are right, or they are not
	}
	return mode
}()

// Parked implements journal.Eraser.
func (e *eraser) Parked(ev *journal.Event) bool {
	gone := e.gone(ev)
	if gone {
		e.parked++
	}
	return gone
}

// Replay implements journal.Eraser.
func (e *eraser) Replay(r *journal.Replay) bool {
	if e.is(r.Filter.User, "", r.Filter.User) || e.anonymous[r.Filter.User] {
		return true
	}
	for c := range e.conversations {
		if c.id == r.Filter.Conversation && (r.Filter.Source == "" || r.Filter.Source == c.source) {
			return true
		}
	}
	return false
}
