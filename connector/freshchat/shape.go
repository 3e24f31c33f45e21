package freshchat

import (
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
)

type webhook struct {
	Action     string     `json:"action"`
	ActionTime field.Time `json:"action_time"`
	Actor      struct {
		Type string   `json:"actor_type"`
		ID   field.ID `json:"actor_id"`
	} `json:"actor"`
	Data struct {
		Message    message    `json:"message"`
		Assignment assignment `json:"assignment"`
		Resolve    change     `json:"resolve"`
		Reopen     change     `json:"reopen"`
	} `json:"data"`
}

type message struct {
	ID              field.ID   `json:"id"`
	ConversationID  field.ID   `json:"conversation_id"`
	InteractionID   field.ID   `json:"interaction_id"` // newer accounts: another one whenever the conversation opens again
	ActorType       string     `json:"actor_type"`
	ActorID         field.ID   `json:"actor_id"`
	UserID          field.ID   `json:"user_id"`
	Kind            string     `json:"message_type"`
	BotsPrivateNote *bool      `json:"botsPrivateNote"`
	Source          field.Text `json:"message_source"`
	CreatedTime     field.Time `json:"created_time"`
	Parts           []part     `json:"message_parts"`
	OldParts        []part     `json:"msg_parts"` // 2018
}

// A part holds one thing: a text, or a file, a button, ….
type part struct {
	Text struct {
		Content field.Text `json:"content"`
	} `json:"text"`
	Properties struct { // 2018
		Text field.Text `json:"text"`
	} `json:"properties"`
}

// hidden says why a message is none that both sides see. Newer webhooks may
// leave out its kind, but not whether it is a note.
func (m *message) hidden() string {
	note := m.BotsPrivateNote
	switch {
	case m.Kind == "private", note != nil && *note, m.Kind == "" && note == nil:
		return "private_note"
	case m.Kind == "system":
		return "activity_line"
	case m.Kind == "" || m.Kind == "normal":
		return ""
	}
	return "unknown_kind"
}

// plain is the message's text; what somebody wrote comes as HTML.
func (m *message) plain() string {
	var lines []string
	for _, p := range m.Parts {
		lines = append(lines, string(p.Text.Content))
	}
	for _, p := range m.OldParts {
		lines = append(lines, string(p.Properties.Text))
	}
	return connector.PlainText(strings.TrimSpace(strings.Join(lines, "\n")))
}

type assignment struct {
	ToAgentID    field.ID `json:"to_agent_id"`
	Interaction  field.ID `json:"interaction_id"`
	Conversation chat     `json:"conversation"`
}

// A change is a resolution or a reopening.
type change struct {
	Resolver     string   `json:"resolver"`
	ResolverID   field.ID `json:"resolver_id"`
	Reopener     string   `json:"reopener"`
	ReopenerID   field.ID `json:"reopener_id"`
	Interaction  field.ID `json:"interaction_id"`
	Conversation chat     `json:"conversation"`
}

type chat struct {
	ID              field.ID `json:"conversation_id"`
	InteractionID   field.ID `json:"interaction_id"`
	AssignedAgentID field.ID `json:"assigned_agent_id"`
}

// A person is a user or an agent, as the API tells of them.
type person struct {
	FirstName   field.Text `json:"first_name"`
	LastName    field.Text `json:"last_name"`
	Email       field.Text `json:"email"`
	ReferenceID field.ID   `json:"reference_id"`
	Properties  []struct {
		Name  string   `json:"name"`
		Value property `json:"value"`
	} `json:"properties"`
}

// A property is a value that anybody can set, as text.
type property string

// UnmarshalJSON implements json.Unmarshaler.
func (v *property) UnmarshalJSON(b []byte) error {
	var id field.ID
	if b[0] == '"' || b[0] == '-' || b[0] >= '0' && b[0] <= '9' {
		if err := id.UnmarshalJSON(b); err != nil {
			return err
		}
	}
	*v = property(id)
	return nil
}

func (p person) name() string {
	return strings.TrimSpace(string(p.FirstName) + " " + string(p.LastName))
}

// property is the first that has a value.
func (p person) property(names ...string) string {
	for _, name := range names {
		for _, v := range p.Properties {
			if v.Name == name && v.Value != "" {
				return string(v.Value)
			}
		}
	}
	return ""
}
