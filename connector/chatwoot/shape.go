package chatwoot

import (
	"bytes"
	"encoding/json"

	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook is the object that something happened to, a message or a
// conversation, with the name of what happened.
type webhook struct {
	Event string `json:"event"`
	chat         // of a conversation; id and created_at also of a message
	text         // of a message

	Conversation chat      `json:"conversation"`       // of a message
	Messages     []message `json:"messages"`           // of a conversation: the last one
	Changed      changes   `json:"changed_attributes"` // of a conversation
}

// A message is one of a conversation's messages.
type message struct {
	ID        field.ID   `json:"id"`
	CreatedAt field.Time `json:"created_at"`
	text
}

// text is what a message is beside its id. Its type is a word, or a number
// where it is one of a conversation's messages.
type text struct {
	Content              string       `json:"content"`
	ContentType          string       `json:"content_type"`
	ContentAttributes    field.Object `json:"content_attributes"`
	AdditionalAttributes field.Object `json:"additional_attributes"`
	MessageType          field.ID     `json:"message_type"`
	Private              *bool        `json:"private"`
	Sender               *person      `json:"sender"`
}

// A person is an agent, a bot, or a contact.
type person struct {
	ID               field.ID     `json:"id"`
	Name             string       `json:"name"`
	Email            string       `json:"email"`
	Type             string       `json:"type"`
	Identifier       field.ID     `json:"identifier"`
	CustomAttributes field.Object `json:"custom_attributes"`
}

// speaks reports whether the person is one who speaks for the company.
func (p person) speaks() bool { return p.Type != "" && p.Type != "contact" }

// A chat is a conversation.
type chat struct {
	ID           field.ID `json:"id"`
	Channel      string   `json:"channel"`
	Status       string   `json:"status"`
	ContactInbox struct {
		SourceID     string `json:"source_id"`
		HMACVerified bool   `json:"hmac_verified"`
	} `json:"contact_inbox"`
	Meta struct {
		Sender       person  `json:"sender"`
		Assignee     *person `json:"assignee"`
		AssigneeType string  `json:"assignee_type"`
		HMACVerified bool    `json:"hmac_verified"`
	} `json:"meta"`
	CustomAttributes field.Object `json:"custom_attributes"`
	CreatedAt        field.Time   `json:"created_at"`
	UpdatedAt        field.Time   `json:"updated_at"`
	Timestamp        field.Time   `json:"timestamp"`
	LastActivityAt   field.Time   `json:"last_activity_at"`
}

// changes are what changed, by attribute: a list of objects, or one object.
type changes map[string]change

type change struct {
	Previous json.RawMessage `json:"previous_value"`
	Current  json.RawMessage `json:"current_value"`
}

func (c *changes) UnmarshalJSON(b []byte) error {
	list := []map[string]json.RawMessage{{}}
	var err error
	switch b[0] {
	case '[':
		err = json.Unmarshal(b, &list)
	case '{':
		err = json.Unmarshal(b, &list[0])
	}
	if err != nil {
		return err
	}
	*c = changes{}
	for _, m := range list {
		for key, raw := range m {
			var v change
			if bytes.HasPrefix(raw, []byte("{")) && json.Unmarshal(raw, &v) == nil {
				(*c)[key] = v
			}
		}
	}
	return nil
}

// to is what an attribute became, as text, if it changed.
func (c changes) to(key string) (string, bool) {
	v, ok := c[key]
	return loose(v.Current), ok
}

// from is what it was.
func (c changes) from(key string) string { return loose(c[key].Previous) }

// loose is a string or a number as text.
func loose(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
