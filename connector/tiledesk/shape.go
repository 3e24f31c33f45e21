package tiledesk

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// A webhook is what Tiledesk sends.
type webhook struct {
	Payload payload `json:"payload"`
	Hook    hook    `json:"hook"`
}

type hook struct {
	Event string `json:"event"`
}

func (h hook) isMessageOrRequest() bool {
	return strings.HasPrefix(h.Event, "message.") || strings.HasPrefix(h.Event, "request.")
}

// A payload is a message with its request, a request, or a lead.
type payload struct {
	request           // _id, createdAt and attributes are also a message's and a lead's
	saying            // of a message
	Recipient string  `json:"recipient"`
	Request   request `json:"request"`

	LeadID   string     `json:"lead_id"` // of a lead
	Fullname field.Text `json:"fullname"`
	Email    field.Text `json:"email"`
}

// A message is one of a request's.
type message struct {
	ID         string       `json:"_id"`
	CreatedAt  field.Time   `json:"createdAt"`
	Attributes field.Object `json:"attributes"`
	saying
}

func (p payload) message() message { return message{p.ID, p.CreatedAt, p.Attributes, p.saying} }

// A saying is what of a message no request has.
type saying struct {
	Sender         string       `json:"sender"`
	SenderFullname string       `json:"senderFullname"`
	Kind           string       `json:"type"`
	Text           string       `json:"text"`
	Metadata       field.Object `json:"metadata"`
}

// A request is a conversation.
type request struct {
	ID            string       `json:"_id"`
	RequestID     string       `json:"request_id"`
	CreatedAt     field.Time   `json:"createdAt"`
	UpdatedAt     field.Time   `json:"updatedAt"`
	ClosedAt      field.Time   `json:"closed_at"`
	ClosedBy      string       `json:"closed_by"`
	Status        field.ID     `json:"status"`
	Preflight     bool         `json:"preflight"` // the visitor has not written yet
	Lead          lead         `json:"lead"`
	Agents        []string     `json:"participantsAgents"`
	Bots          []string     `json:"participantsBots"`
	Participating []agent      `json:"participatingAgents"`
	Attributes    field.Object `json:"attributes"`
	Messages      []message    `json:"messages"` // of one that is closed
	Channel       struct {
		Name string `json:"name"`
	} `json:"channel"`
}

type agent struct {
	ID        string     `json:"_id"`
	Email     field.Text `json:"email"`
	FirstName field.Text `json:"firstname"`
	LastName  field.Text `json:"lastname"`
}

// A lead is a visitor; where it was not looked up, its _id alone.
type lead struct {
	ID         string       `json:"_id"`
	LeadID     string       `json:"lead_id"`
	Fullname   field.Text   `json:"fullname"`
	Email      field.Text   `json:"email"`
	Attributes field.Object `json:"attributes"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *lead) UnmarshalJSON(b []byte) error {
	*v = lead{}
	if b[0] == '"' {
		return json.Unmarshal(b, &v.ID)
	}
	type plain lead
	return field.Decode(b, (*plain)(v))
}

func (v request) isAgent(id string) bool {
	return id != "" && (slices.Contains(v.Agents, id) || slices.ContainsFunc(v.Participating, func(a agent) bool { return a.ID == id }))
}

// agent is an agent of the request, who logs in with an e-mail address.
func (v request) agent(id string) conversation.Agent {
	for _, a := range v.Participating {
		if a.ID == id {
			return conversation.Agent{ID: id, Name: strings.TrimSpace(string(a.FirstName) + " " + string(a.LastName)), Username: string(a.Email)}
		}
	}
	return conversation.Agent{ID: id}
}

// channel puts Tiledesk's name for it in our words.
func (v request) channel() string {
	switch v.Channel.Name {
	case "chat21":
		return "chat"
	case "whatsapp", "messenger", "telegram":
		return "messaging"
	case "voice", "voice_twilio":
		return "phone"
	}
	return v.Channel.Name
}
