package smartsupp

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook is what Smartsupp sends.
type webhook struct {
	Event     string     `json:"event"`
	Timestamp field.Time `json:"timestamp"`
	Data      data       `json:"data"`
}

// data holds what the event is about, or is it.
type data struct {
	Conversation *chat    `json:"conversation"`
	Message      *message `json:"message"`
	Contact      *person  `json:"contact"`

	CloseType field.Text `json:"close_type"` // of a closing
	Assigned  field.Text `json:"assigned"`   // of an assignment: an agent

	message // id, visitor_id and the times also of a conversation

	FinishedAt field.Time   `json:"finished_at"` // of a conversation
	ContactID  field.ID     `json:"contact_id"`
	Variables  field.Object `json:"variables"`
	Email      field.Text   `json:"email"` // of a contact
	Name       field.Text   `json:"name"`
	Properties field.Object `json:"properties"`
}

// chat is the conversation that a webhook is about.
func (w *webhook) chat() chat {
	d := &w.Data
	if d.Conversation != nil {
		return *d.Conversation
	}
	v := chat{ID: d.ID, ContactID: d.ContactID, VisitorID: d.VisitorID,
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, FinishedAt: d.FinishedAt, Variables: d.Variables}
	if w.Event == "message.created" || d.ConversationID != "" {
		// The times are another object's.
		v = chat{ID: d.ConversationID, ContactID: d.ContactID, VisitorID: d.VisitorID}
	}
	return v
}

// A chat is a conversation.
type chat struct {
	ID           field.ID   `json:"id"`
	ContactID    field.ID   `json:"contact_id"`
	VisitorID    field.ID   `json:"visitor_id"`
	ContactName  field.Text `json:"contact_name"`
	ContactEmail field.Text `json:"contact_email"`
	Contact      person     `json:"contact"`
	Channel      struct {
		Type field.Text `json:"type"`
	} `json:"channel"`
	Agents     []field.ID   `json:"assigned_agent_ids"`
	Variables  field.Object `json:"variables"`
	CreatedAt  field.Time   `json:"created_at"`
	UpdatedAt  field.Time   `json:"updated_at"`
	FinishedAt field.Time   `json:"finished_at"`
}

// A message is one of a conversation's messages.
type message struct {
	ID             field.ID         `json:"id"`
	ConversationID field.ID         `json:"conversation_id"`
	Type           string           `json:"type"`
	SubType        string           `json:"sub_type"`
	Content        content          `json:"content"`
	AuthorName     field.Text       `json:"author_name"`
	AgentID        field.ID         `json:"agent_id"`
	VisitorID      field.ID         `json:"visitor_id"`
	Attachments    []jsontext.Value `json:"attachments"`
	CreatedAt      field.Time       `json:"created_at"`
	UpdatedAt      field.Time       `json:"updated_at"`
}

// A person is a contact.
type person struct {
	ID         field.ID     `json:"id"`
	Email      field.Text   `json:"email"`
	Name       field.Text   `json:"name"`
	Variables  field.Object `json:"variables"`
	Properties field.Object `json:"properties"`
}

// content is a string, or an object.
type content struct {
	Type string     `json:"type"`
	Text field.Text `json:"text"`
	HTML field.Text `json:"html"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *content) UnmarshalJSON(b []byte) error {
	*c = content{}
	switch b[0] {
	case '"':
		return c.Text.UnmarshalJSON(b)
	case '{':
		type plain content
		return field.Decode(b, (*plain)(c))
	}
	return nil
}

func (c content) plain() string {
	if c.Text == "" {
		return connector.PlainText(string(c.HTML))
	}
	return string(c.Text)
}

// variable returns the first of some variables that a site has set: a value, or
// one with a label.
func variable(o field.Object, keys ...string) string {
	for _, key := range keys {
		if s := o.Text(key); s != "" {
			return s
		}
		if v := o.Get(key); len(v) > 0 && v[0] == '{' {
			if s := field.Object(v).Text("value"); s != "" {
				return s
			}
		}
	}
	return ""
}
