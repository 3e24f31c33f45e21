// Package conversation turns what happens in one chat into Live Chat events.
//
// It is a pure function, [Step], from a state and an activity to the next
// state and the events that follow. It reads no clock and does no I/O: time is
// data, and comes from the chat tool.
package conversation

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"time"
)

// A Type says what kind of thing happened.
type Type string

// The activities.
const (
	Message    Type = "message"    // somebody wrote
	Closed     Type = "closed"     // the conversation was ended
	Reopened   Type = "reopened"   // it was opened again
	Assigned   Type = "assigned"   // an agent became responsible, or nobody (zero Agent)
	Identified Type = "identified" // something about the customer or the start became known
	// Ending is that the tool says that it is over, but tells only afterwards
	// what was said. The Closed that comes with that happened then.
	Ending Type = "ending"
	// Silence is that nothing else happened until then. No tool tells it.
	Silence Type = "silence"
)

// An Author says who did it. The zero Author means that the tool does not say.
type Author string

// The authors. A connector that meets another kind of author reports nothing.
const (
	Customer   Author = "customer"
	HumanAgent Author = "agent"
	Bot        Author = "bot"        // an AI agent or bot that converses
	Company    Author = "company"    // a person or a bot: the tool does not say which, nor who
	Automation Author = "automation" // welcome lines, triggers, surveys, templates
	System     Author = "system"     // the tool itself: timers, activity lines
)

// An Activity is one thing that happened in one conversation, in our words.
type Activity struct {
	// ID names the activity within its conversation: the same thing told
	// twice has the same ID.
	ID           string    `json:"id" cbor:"1,keyasint"`
	Type         Type      `json:"type" cbor:"2,keyasint"`
	Conversation string    `json:"conversation_id" cbor:"3,keyasint"`
	Time         time.Time `json:"time" cbor:"4,keyasint"` // by the tool's clock
	By           Author    `json:"by,omitempty" cbor:"5,keyasint,omitempty"`
	// Message is set for Message, and may be set for Closed if the tool then
	// tells the last message that both sides could see.
	Message Text `json:"message,omitzero" cbor:"6,keyasint,omitzero"`
	// Agent is the author where By is HumanAgent or Bot, else the assignee as
	// far as known.
	Agent    Agent  `json:"agent,omitzero" cbor:"7,keyasint,omitzero"`
	Customer Person `json:"customer,omitzero" cbor:"8,keyasint,omitzero"`
	// StartedAt is when the conversation began, if the tool says so. For a
	// tool with one endless thread it is when the present session began.
	StartedAt time.Time `json:"started_at,omitzero" cbor:"9,keyasint,omitzero"`
	// Channel is how the two talk: "chat", "messaging", "email", "sms",
	// "ticket", "phone", or the tool's own word. Empty means as before, and
	// chat if nothing was said before.
	Channel         string `json:"channel,omitempty" cbor:"10,keyasint,omitempty"`
	ConversationURL string `json:"conversation_url,omitempty" cbor:"11,keyasint,omitempty"`
}

// A Text is a chat message.
type Text struct {
	ID   string `json:"id,omitempty" cbor:"1,keyasint,omitempty"`
	Body string `json:"body,omitempty" cbor:"2,keyasint,omitempty"` // plain text; empty for an attachment alone
}

// An Agent is whoever speaks for the company. The zero Agent is nobody.
type Agent struct {
	ID       string `json:"id,omitempty" cbor:"1,keyasint,omitempty"`
	Name     string `json:"name,omitempty" cbor:"2,keyasint,omitempty"`
	Username string `json:"username,omitempty" cbor:"3,keyasint,omitempty"`
}

// A Person is the customer, as far as the tool knows them.
type Person struct {
	UserID      string `json:"user_id,omitempty" cbor:"1,keyasint,omitempty"`      // the company's own ID for them
	AnonymousID string `json:"anonymous_id,omitempty" cbor:"2,keyasint,omitempty"` // the site's Segment anonymousId
	ContactID   string `json:"contact_id,omitempty" cbor:"3,keyasint,omitempty"`   // the tool's own ID for them
	Email       string `json:"email,omitempty" cbor:"4,keyasint,omitempty"`
	Name        string `json:"name,omitempty" cbor:"5,keyasint,omitempty"`
}

// Compare orders the activities of one conversation: by the tool's clock,
// then so that what is known about a message precedes it and a closing comes
// last, then by content, so that the order never depends on arrival.
func Compare(a, b Activity) int {
	if c := a.Time.Compare(b.Time); c != 0 {
		return c
	}
	if c := cmp.Compare(rank(a.Type), rank(b.Type)); c != 0 {
		return c
	}
	if c := compareIDs(a.Message.ID, b.Message.ID); c != 0 {
		return c
	}
	if c := compareIDs(a.ID, b.ID); c != 0 {
		return c
	}
	// Two tellings of one activity, the later one perhaps with newer fields.
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return cmp.Compare(string(x), string(y))
}

// AppendKey appends what orders activities, byte by byte, as Compare does.
// Only tellings of one activity have the same key.
func AppendKey(b []byte, a *Activity) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(a.Time.Unix())^1<<63)
	b = binary.BigEndian.AppendUint32(b, uint32(a.Time.Nanosecond()))
	b = append(b, byte(rank(a.Type)))
	for _, id := range [...]string{a.Message.ID, a.ID} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(id)))
		b = append(b, id...)
	}
	return b
}

func rank(t Type) int {
	switch t {
	case Identified:
		return 0
	case Assigned:
		return 1
	case Reopened:
		return 2
	case Message:
		return 3
	default:
		return 4
	}
}

// compareIDs puts "9" before "10": most tools count.
func compareIDs(a, b string) int {
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}
