package forget

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

type set map[string]bool

// A person is whoever is to be forgotten, as far as is known.
type person struct {
	named         string // as in the request: whatever carries it is theirs
	users         set
	anonymous     set
	emails        set
	contacts      map[contact]bool
	conversations map[contact]bool
}

// A contact is an id that a source has for something: a contact, or a
// conversation.
type contact struct{ source, id string }

func newPerson(named string) *person {
	return &person{named: named, users: set{}, anonymous: set{}, emails: set{}, contacts: map[contact]bool{}, conversations: map[contact]bool{}}
}

func (p *person) size() int {
	return len(p.users) + len(p.anonymous) + len(p.emails) + len(p.contacts) + len(p.conversations)
}

// is reports whether somebody is the person. An anonymousId is of a device,
// which others may use too: it counts where there is no userId.
func (p *person) is(user, anonymous, email string) bool {
	switch {
	case user != "" && (user == p.named || p.users[user]), anonymous != "" && anonymous == p.named, email != "" && p.mail(email):
		return true
	}
	return user == "" && anonymous != "" && p.anonymous[anonymous]
}

func (p *person) mail(email string) bool {
	return strings.EqualFold(email, p.named) || p.emails[strings.ToLower(email)]
}

// in reports whether a conversation is the person's.
func (p *person) in(source, id string) bool { return p.conversations[contact{source, id}] }

// meet takes in by what else the person is known, and reports whether it is the
// person. Who is named by a device is not known by who uses it.
func (p *person) meet(user, anonymous, email string) bool {
	if !p.is(user, anonymous, email) {
		return false
	}
	if user != "" && (user == p.named || email != "" && p.mail(email)) {
		p.users[user] = true
	}
	if anonymous != "" {
		p.anonymous[anonymous] = true
	}
	if email != "" {
		p.emails[strings.ToLower(email)] = true
	}
	return true
}

// customer takes in a customer as a tool tells of them.
func (p *person) customer(source string, c conversation.Person) bool {
	if !p.meet(c.UserID, c.AnonymousID, c.Email) && !p.contacts[contact{source, c.ContactID}] {
		return false
	}
	if c.ContactID != "" {
		p.contacts[contact{source, c.ContactID}] = true
	}
	return true
}

// A call is what names somebody in a call.
type call struct {
	UserID      string `json:"userId"`
	AnonymousID string `json:"anonymousId"`
	Properties  struct {
		ConversationID string `json:"conversation_id"`
	} `json:"properties"`
	Traits struct {
		Email string `json:"email"`
	} `json:"traits"`
}

// parse reads a call as far as it can be read.
func parse(b []byte) (c call) {
	_ = json.Unmarshal(b, &c) // what has another type names nobody by it
	return c
}

// mentions reports whether a text holds one of the person's ids as a word. What
// is shorter than 5 characters is in many.
func (p *person) mentions(text []byte) bool {
	if mentions(text, p.named) {
		return true
	}
	for _, ids := range []set{p.users, p.anonymous, p.emails} {
		for id := range ids {
			if mentions(text, id) {
				return true
			}
		}
	}
	return false
}

func mentions(text []byte, id string) bool {
	const short = 5
	if len(id) < short {
		return false
	}
	inWord := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] == '_' || text[i] >= '0' && text[i] <= '9' || text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z')
	}
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(id))
		if i < 0 {
			return false
		}
		from += i
		if !inWord(from-1) && !inWord(from+len(id)) {
			return true
		}
		from++
	}
}

// remembered is what the engine remembers of a contact.
type remembered struct {
	Contact conversation.Person `cbor:"3,keyasint"`
}

// contactSource is what the engine calls the place of what it remembers of a
// source's contacts.
func contactSource(source string) (of string, ok bool) {
	of, kind, ok := strings.Cut(source, "\x00")
	return of, ok && kind == "contact"
}

// A finder learns by what a person is known, and what conversations are theirs.
type finder struct{ *person }

// Webhook implements journal.Eraser.
func (f *finder) Webhook(w *journal.Webhook) bool {
	for _, a := range w.Activities {
		if f.customer(w.Source, a.Customer) {
			f.conversations[contact{w.Source, a.Conversation}] = true
		}
	}
	for _, c := range w.Contacts {
		f.customer(w.Source, c)
	}
	for i := range w.Calls {
		w.Calls[i].Source = w.Source
		f.Event(&w.Calls[i])
	}
	return false
}

// Event implements journal.Eraser.
func (f *finder) Event(e *journal.Event) bool {
	c := parse(e.JSON)
	if f.meet(c.UserID, c.AnonymousID, c.Traits.Email) && c.Properties.ConversationID != "" {
		f.conversations[contact{e.Source, c.Properties.ConversationID}] = true
	}
	return false
}

// State implements journal.Eraser.
func (f *finder) State(c journal.Conversation, state []byte) ([]byte, bool) {
	if source, ok := contactSource(c.Source); ok {
		var r remembered
		if cbor.Unmarshal(state, &r) == nil {
			f.customer(source, r.Contact)
		}
		return state, false
	}
	var s conversation.State
	if cbor.Unmarshal(state, &s) == nil && f.customer(c.Source, s.Customer) {
		f.conversations[contact{c.Source, c.ID}] = true
	}
	return state, false
}

// Parked implements journal.Eraser.
func (f *finder) Parked(e *journal.Event) bool { return f.Event(e) }

// Replay implements journal.Eraser.
func (f *finder) Replay(*journal.Replay) bool { return false }
