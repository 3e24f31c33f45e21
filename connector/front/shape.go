package front

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// A webhook is an event, in an envelope or as it is.
type webhook struct {
	Type    string `json:"type"`
	Payload *event `json:"payload"`
	event
}

type event struct {
	ID           field.ID   `json:"id"`
	Kind         field.Text `json:"type"`
	EmittedAt    field.Time `json:"emitted_at"`
	Conversation chat       `json:"conversation"`
	Source       source     `json:"source"`
	Target       struct {
		Data object[thing] `json:"data"`
	} `json:"target"`
}

// An object is a value where it is an object. Where an event has several
// sources or targets, which are of no interest then, it is a list.
type object[T any] struct{ V T }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (o *object[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	return json.UnmarshalDecode(d, &o.V)
}

// A chat is a conversation. A preview holds only its id.
type chat struct {
	ID           field.ID     `json:"id"`
	Status       field.Text   `json:"status"`
	Assignee     teammate     `json:"assignee"`
	Recipient    recipient    `json:"recipient"`
	CustomFields field.Object `json:"custom_fields"`
	CreatedAt    field.Time   `json:"created_at"`
	LastMessage  struct {
		Type string `json:"type"`
	} `json:"last_message"`
}

// A thing is what an event is about: a message or a teammate.
type thing struct {
	ID         field.ID    `json:"id"`
	Type       string      `json:"type"` // the channel, or the kind of teammate
	IsInbound  *bool       `json:"is_inbound"`
	IsDraft    bool        `json:"is_draft"`
	DraftMode  field.Text  `json:"draft_mode"`
	CreatedAt  field.Time  `json:"created_at"`
	Body       *field.Text `json:"body"` // HTML
	Text       *field.Text `json:"text"`
	Author     teammate    `json:"author"`
	Recipients []recipient `json:"recipients"`

	Username  field.Text `json:"username"`
	FirstName field.Text `json:"first_name"`
	LastName  field.Text `json:"last_name"`
}

// plain is the message's text.
func (t *thing) plain() string {
	if t.Text != nil && *t.Text != "" || t.Body == nil {
		return strings.TrimSpace(string(deref(t.Text)))
	}
	return connector.PlainText(string(*t.Body))
}

func deref(t *field.Text) field.Text {
	if t == nil {
		return ""
	}
	return *t
}

// A teammate is a person, or a program that writes as one.
type teammate struct {
	ID        field.ID   `json:"id"`
	Type      string     `json:"type"`
	Username  field.Text `json:"username"`
	FirstName field.Text `json:"first_name"`
	LastName  field.Text `json:"last_name"`
}

func (t teammate) agent() conversation.Agent {
	return conversation.Agent{ID: string(t.ID), Name: strings.TrimSpace(string(t.FirstName) + " " + string(t.LastName)), Username: string(t.Username)}
}

// by says what a teammate is, or "" where that is not known.
func (t teammate) by() conversation.Author {
	switch t.Type {
	case "user":
		return conversation.HumanAgent
	case "ai":
		return conversation.Bot
	case "api", "application", "bulk_reply", "csat", "integration", "macro", "rule", "smart_csat":
		return conversation.Automation
	}
	return ""
}

type recipient struct {
	Name   field.Text `json:"name"`
	Handle field.Text `json:"handle"`
	Role   string     `json:"role"`
	Links  struct {
		Related struct {
			Contact field.Text `json:"contact"`
		} `json:"related"`
	} `json:"_links"`
}

// contact is the id of the contact, the end of its address.
func (r recipient) contact() string {
	link := string(r.Links.Related.Contact)
	return link[strings.LastIndexByte(link, '/')+1:]
}

// recipient is the customer's side of the conversation; where a preview does
// not tell it, that of a message.
func (e *event) recipient(m *thing) recipient {
	if r := e.Conversation.Recipient; r.Handle != "" || r.contact() != "" || m == nil {
		return r
	}
	role := "to"
	if m.IsInbound != nil && *m.IsInbound {
		role = "from"
	}
	for _, r := range m.Recipients {
		if r.Role == role {
			return r
		}
	}
	return recipient{}
}

// A source is who caused an event.
type source struct {
	Meta struct {
		Type string `json:"type"`
	} `json:"_meta"`
	Data object[teammate] `json:"data"`
}

// author says who caused an event, as far as it is told. Older events do not
// say which kind of teammate; programs were none then.
func (s source) author() (conversation.Author, teammate) {
	who := s.Data.V
	switch s.Meta.Type {
	case "teammate":
		switch by := who.by(); {
		case who.Type == "", by == conversation.HumanAgent:
			return conversation.HumanAgent, who
		case by == conversation.Bot:
			return conversation.Bot, who
		case by == conversation.Automation:
			return conversation.System, who
		}
	case "rule", "reminder":
		return conversation.System, who
	}
	return "", who
}

// assignee is whom a conversation was assigned to, the zero Agent if nobody.
func (e *event) assignee(name string) (to conversation.Agent, ok bool) {
	if name == "unassign" || e.Kind == "unassign" {
		return to, true
	}
	t := e.Target.Data.V
	to = teammate{t.ID, t.Type, t.Username, t.FirstName, t.LastName}.agent()
	if to.ID == "" {
		to = e.Conversation.Assignee.agent()
	}
	return to, to.ID != "" || e.Conversation.Status == "unassigned"
}
