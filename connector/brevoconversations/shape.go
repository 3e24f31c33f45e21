package brevoconversations

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// A webhook is what the tool sends. Some describe Chatra's with the rest in data.
type webhook struct {
	EventName string `json:"eventName"`
	Event     string `json:"event"`
	body
	Data *body `json:"data"`
}

// A body is what the event is about.
type body struct {
	ID             field.ID  `json:"id"`
	ConversationID field.ID  `json:"conversationId"`
	ChatID         field.ID  `json:"chatId"`
	Message        *message  `json:"message"`
	Messages       []message `json:"messages"`
	Agent          *agent    `json:"agent"`
	Agents         []agent   `json:"agents"`
	Visitor        *visitor  `json:"visitor"`
	Client         *visitor  `json:"client"`
}

// who is the visitor.
func (b *body) who() *visitor {
	switch {
	case b.Visitor != nil:
		return b.Visitor
	case b.Client != nil:
		return b.Client
	}
	return &visitor{}
}

// agents are those of whom the webhook tells.
func (b *body) agents() (list []conversation.Agent) {
	known := b.Agents
	if b.Agent != nil {
		known = append(known[:len(known):len(known)], *b.Agent)
	}
	for _, k := range known {
		if k.ID != "" {
			list = append(list, conversation.Agent{ID: string(k.ID), Name: string(k.Name), Username: string(k.Email)})
		}
	}
	return list
}

// An agent logs in with an e-mail address.
type agent struct {
	ID    field.ID   `json:"id"`
	Name  field.Text `json:"name"`
	Email field.Text `json:"email"`
}

// A visitor is a customer.
type visitor struct {
	ID             field.ID   `json:"id"`
	ChatID         field.ID   `json:"chatId"`
	ConversationID field.ID   `json:"conversationId"`
	Name           field.Text `json:"name"`
	DisplayedName  field.Text `json:"displayedName"`
	Email          field.Text `json:"email"`
	Source         field.Text `json:"source"`
	Info           struct {
		Name  field.Text `json:"name"`
		Email field.Text `json:"email"`
	} `json:"info"`
	IntegrationAttributes field.Object `json:"integrationAttributes"`
	ContactAttributes     field.Object `json:"contactAttributes"`
	Attributes            field.Object `json:"attributes"`
	IntegrationData       field.Object `json:"integrationData"`
}

// attribute returns the first of some attributes, from wherever the tool keeps
// them. Brevo's own are in capitals.
func (v *visitor) attribute(keys ...string) string {
	for _, key := range keys {
		for _, o := range []field.Object{v.IntegrationAttributes, v.ContactAttributes, v.Attributes, v.IntegrationData} {
			if s := o.First(key, strings.ToUpper(key)); s != "" {
				return s
			}
		}
	}
	return ""
}

// A message is one of a conversation's messages.
type message struct {
	ID             field.ID   `json:"id"`
	Type           string     `json:"type"`
	Text           field.Text `json:"text"`
	HTML           field.Text `json:"html"`
	CreatedAt      field.Time `json:"createdAt"`
	AgentID        field.ID   `json:"agentId"`
	AgentName      field.Text `json:"agentName"`
	IsBot          bool       `json:"isBot"`
	IsTrigger      bool       `json:"isTrigger"`
	IsPushed       bool       `json:"isPushed"`
	IsSentViaJSAPI bool       `json:"isSentViaJsApi"`
	Subject        there      `json:"subject"` // of an e-mail
	From           there      `json:"from"`
	File           *file      `json:"file"`
	Attachments    []file     `json:"attachments"`
}

// A file comes with a message, whose text is then its name.
type file struct {
	Name field.Text `json:"name"`
}

// plain is what the writer wrote.
func (m *message) plain() string {
	text := string(m.Text)
	if text == "" {
		text = connector.PlainText(string(m.HTML))
	}
	if m.File != nil && text == string(m.File.Name) {
		return ""
	}
	for _, f := range m.Attachments {
		if text == string(f.Name) {
			return ""
		}
	}
	return text
}

// there is whether there is a value, other than null and "".
type there bool

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (v *there) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	b, err := d.ReadValue()
	*v = there(string(b) != "null" && string(b) != `""`)
	return err
}
