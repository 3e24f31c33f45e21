package papercups

import (
	"github.com/go-json-experiment/json"

	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook is what Papercups sends.
type webhook struct {
	Event   string  `json:"event"`
	Payload payload `json:"payload"`
}

// A payload is a message, a conversation, or a challenge.
type payload struct {
	challenge string

	ID         field.ID   `json:"id"`
	Source     field.Text `json:"source"`
	CreatedAt  field.Time `json:"created_at"` // without a zone, which is UTC
	CustomerID field.ID   `json:"customer_id"`
	Customer   customer   `json:"customer"`

	ConversationID field.ID   `json:"conversation_id"` // of a message
	Type           field.Text `json:"type"`
	Private        *bool      `json:"private"`
	Body           field.Text `json:"body"`
	SentAt         field.Time `json:"sent_at"`
	UserID         field.ID   `json:"user_id"`
	User           user       `json:"user"`

	Status         field.Text `json:"status"` // of a conversation
	AssigneeID     field.ID   `json:"assignee_id"`
	ClosedAt       field.Time `json:"closed_at"`
	LastActivityAt field.Time `json:"last_activity_at"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *payload) UnmarshalJSON(b []byte) error {
	*p = payload{}
	if b[0] == '"' {
		return json.Unmarshal(b, &p.challenge)
	}
	type plain payload
	return field.Decode(b, (*plain)(p))
}

type customer struct {
	ExternalID field.ID     `json:"external_id"`
	Email      field.Text   `json:"email"`
	Name       field.Text   `json:"name"`
	Metadata   field.Object `json:"metadata"`
}

type user struct {
	Email       field.Text `json:"email"`
	FullName    field.Text `json:"full_name"`
	DisplayName field.Text `json:"display_name"`
}
