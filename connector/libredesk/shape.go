package libredesk

import (
	"strings"

	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook is what Libredesk sends.
type webhook struct {
	Event     string     `json:"event"`
	Payload   payload    `json:"payload"`
	Timestamp field.Time `json:"timestamp"`
}

// A payload is a message, a conversation, or a conversation with what changed.
type payload struct {
	chat // of conversation.created; uuid and created_at also of a message

	Type             string       `json:"type"`
	Private          *bool        `json:"private"`
	Content          string       `json:"content"`
	TextContent      string       `json:"text_content"`
	ContentType      string       `json:"content_type"`
	SenderID         field.ID     `json:"sender_id"`
	SenderType       string       `json:"sender_type"`
	Author           person       `json:"author"`
	Meta             field.Object `json:"meta"`
	ConversationUUID string       `json:"conversation_uuid"`

	Conversation chat     `json:"conversation"`
	ActorID      field.ID `json:"actor_id"`
	AssignedTo   field.ID `json:"assigned_to"`
}

// A chat is a conversation.
type chat struct {
	UUID             string       `json:"uuid"`
	CreatedAt        field.Time   `json:"created_at"`
	UpdatedAt        field.Time   `json:"updated_at"`
	ContactID        field.ID     `json:"contact_id"`
	InboxChannel     string       `json:"inbox_channel"`
	StatusCategory   field.Text   `json:"status_category"`
	AssignedUserID   field.ID     `json:"assigned_user_id"`
	Contact          person       `json:"contact"`
	CustomAttributes field.Object `json:"custom_attributes"`
}

// A person is an agent, an AI assistant, a contact or a visitor.
type person struct {
	ID               field.ID     `json:"id"`
	FirstName        field.Text   `json:"first_name"`
	LastName         field.Text   `json:"last_name"`
	Email            field.Text   `json:"email"`
	Type             string       `json:"type"`
	ExternalUserID   field.ID     `json:"external_user_id"`
	CustomAttributes field.Object `json:"custom_attributes"`
}

// name is the person's name. All visitors without one are called the same.
func (p person) name() string {
	name := strings.TrimSpace(string(p.FirstName) + " " + string(p.LastName))
	if p.Type == "visitor" && name == "Visitor" {
		return ""
	}
	return name
}
