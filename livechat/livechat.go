// Package livechat is Segment's Live Chat specification as Go types.
//
// It defines the four events, the seven properties and the call that surrounds
// them, says what is wrong with a call that breaks the specification, and
// exports it as JSON Schema and as tracking plans. It imports the standard
// library only, so that any program may depend on it.
//
// Source: https://segment.com/docs/connections/spec/live-chat/
package livechat

import (
	"encoding/json"
	"time"
)

// A Kind is the name of one of the four events.
type Kind string

// The four events. Sent and Received are told from the customer's side.
const (
	Started  Kind = "Live Chat Conversation Started" // the customer's first message
	Ended    Kind = "Live Chat Conversation Ended"   // customer or agent ended it explicitly
	Sent     Kind = "Live Chat Message Sent"         // by the customer, to the agent
	Received Kind = "Live Chat Message Received"     // by the customer, from the agent
)

// Kinds returns the four events in the order of a conversation's life.
func Kinds() []Kind { return []Kind{Started, Sent, Received, Ended} }

// MaxEventBytes is the size above which receivers refuse a single call.
// Segment documents "32 KB"; its SDKs count 32,000 bytes.
const MaxEventBytes = 32_000

// Properties are the seven properties of every event, in the order in which
// the specification's examples show them. A property that is not known is
// left out of the JSON: it is never null and never empty.
type Properties struct {
	AgentID              string `json:"agent_id,omitempty"`       // the agent's ID
	AgentName            string `json:"agent_name,omitempty"`     // the agent's real name
	AgentUsername        string `json:"agent_username,omitempty"` // the agent's login or handle
	ConversationDuration int64  `json:"conversation_duration"`    // whole seconds since Started, at least 0
	ConversationID       string `json:"conversation_id,omitempty"`
	MessageBody          string `json:"message_body,omitempty"` // plain text
	MessageID            string `json:"message_id,omitempty"`
}

// An Event is one track call that carries one of the four events.
type Event struct {
	UserID      string // the customer's ID in the company's own database
	AnonymousID string // the customer's ID while the company does not know them
	Kind        Kind
	Properties  Properties
	// MessageID identifies the call, not the chat message. Receivers drop a
	// call whose MessageID they have seen. At most 100 characters.
	MessageID    string
	Timestamp    time.Time // when it happened; written in UTC with milliseconds
	SentAt       time.Time // when this attempt to deliver it was made
	Context      Context
	Integrations map[string]any
}

// An Identify is the call that ties traits to a customer.
type Identify struct {
	UserID      string
	AnonymousID string
	Traits      Traits
	MessageID   string
	Timestamp   time.Time
	SentAt      time.Time
	Context     Context
}

// Traits are what an Identify says about a customer.
type Traits struct {
	Email string `json:"email,omitempty"`
	Name  string `json:"name,omitempty"`
}

// A Context says where a call comes from. Whatever is not one of the seven
// properties is told here.
type Context struct {
	Integration Integration `json:"integration,omitzero"`
	Library     Library     `json:"library,omitzero"`
	LiveChat    LiveChat    `json:"live_chat,omitzero"`
}

// An Integration names the chat tool, as Segment asks of every partner.
type Integration struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// A Library names the program that made the call.
type Library struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// LiveChat holds what we know beyond the specification.
type LiveChat struct {
	AgentType       string `json:"agent_type,omitempty"` // "human" or "bot"
	Channel         string `json:"channel,omitempty"`
	ConversationURL string `json:"conversation_url,omitempty"`
	Source          string `json:"source,omitempty"`
}

// FormatTime writes t as the calls carry it: RFC 3339, UTC, milliseconds.
func FormatTime(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

type stamp time.Time

func (s stamp) IsZero() bool { return time.Time(s).IsZero() }

func (s stamp) MarshalJSON() ([]byte, error) {
	return []byte(`"` + FormatTime(time.Time(s)) + `"`), nil
}

func (s *stamp) UnmarshalJSON(b []byte) error {
	return (*time.Time)(s).UnmarshalJSON(b)
}

// track is the shape of an Event on the wire. sentAt comes last, so that a
// stored event is stamped by appending to it.
type track struct {
	UserID       string         `json:"userId,omitempty"`
	AnonymousID  string         `json:"anonymousId,omitempty"`
	Type         string         `json:"type"`
	Event        Kind           `json:"event"`
	Properties   Properties     `json:"properties"`
	MessageID    string         `json:"messageId,omitempty"`
	Timestamp    stamp          `json:"timestamp,omitzero"`
	Context      Context        `json:"context,omitzero"`
	Integrations map[string]any `json:"integrations,omitempty"`
	SentAt       stamp          `json:"sentAt,omitzero"`
}

// MarshalJSON writes e as the specification's examples show it, with
// "type":"track" where they say "action".
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(track{e.UserID, e.AnonymousID, "track", e.Kind, e.Properties, e.MessageID,
		stamp(e.Timestamp), e.Context, e.Integrations, stamp(e.SentAt)})
}

// UnmarshalJSON reads what MarshalJSON writes. What Event has no field for is
// ignored; [ValidateJSON] judges a call that somebody else made.
func (e *Event) UnmarshalJSON(b []byte) error {
	var t track
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	*e = Event{t.UserID, t.AnonymousID, t.Event, t.Properties, t.MessageID,
		time.Time(t.Timestamp), time.Time(t.SentAt), t.Context, t.Integrations}
	return nil
}

// MarshalJSON writes i as an identify call.
func (i Identify) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		UserID      string  `json:"userId,omitempty"`
		AnonymousID string  `json:"anonymousId,omitempty"`
		Type        string  `json:"type"`
		Traits      Traits  `json:"traits"`
		MessageID   string  `json:"messageId,omitempty"`
		Timestamp   stamp   `json:"timestamp,omitzero"`
		Context     Context `json:"context,omitzero"`
		SentAt      stamp   `json:"sentAt,omitzero"`
	}{i.UserID, i.AnonymousID, "identify", i.Traits, i.MessageID, stamp(i.Timestamp), i.Context, stamp(i.SentAt)})
}
