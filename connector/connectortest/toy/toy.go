// Package toy reads the webhooks of a chat tool that does not exist. It is the
// example of CONTRIBUTING.md, and what the tests of connectortest break.
package toy

import (
	"errors"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "toy",
		Title:  "Toy",
		Reopen: conversation.Continue, // a chat is a case of its own
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: connector.Yes, AnonymousID: connector.No, Email: connector.Yes,
			Signature: "HMAC-SHA256", Retries: "none",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Toy-Signature", Value: "sha256={signature}"}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// A webhook is what the tool sends, as far as it is of interest.
type webhook struct {
	Event string     `json:"event"`
	At    field.Time `json:"at"`
	Chat  struct {
		ID      field.ID   `json:"id"`
		Started field.Time `json:"started"`
		Visitor struct {
			ID     field.ID `json:"id"`
			UserID field.ID `json:"user_id"`
			Name   string   `json:"name"`
			Email  string   `json:"email"`
		} `json:"visitor"`
	} `json:"chat"`
	By struct {
		Kind string   `json:"kind"`
		ID   field.ID `json:"id"`
		Name string   `json:"name"`
	} `json:"by"`
	Message struct {
		ID      field.ID `json:"id"`
		Text    string   `json:"text"`
		Private *bool    `json:"private"`
	} `json:"message"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("toy", err)
	}
	a := w.about()
	switch w.Event {
	case "message":
		if w.Message.Private == nil || *w.Message.Private {
			p.Dropped = []string{"private_note"}
			return p, nil
		}
		if a.By == "" {
			p.Dropped = []string{"unknown_author"}
			return p, nil
		}
		a.Type, a.ID = conversation.Message, "message:"+string(w.Message.ID)
		a.Message = conversation.Text{ID: string(w.Message.ID), Body: w.Message.Text}
	case "closed":
		a.Type, a.ID = conversation.Closed, "closed:"+w.At.UTC().Format("20060102T150405.000")
	case "typing":
		return p, nil
	default:
		p.Dropped = []string{"unknown_event"}
		return p, nil
	}
	if a.Conversation == "" || a.Time.IsZero() || a.Type == conversation.Message && a.Message.ID == "" {
		return p, errors.New("toy: " + w.Event + " without chat.id, at or message.id")
	}
	p.Activities = []conversation.Activity{a}
	return p, nil
}

// about starts an activity with what every webhook tells.
func (w *webhook) about() conversation.Activity {
	v := w.Chat.Visitor
	a := conversation.Activity{
		Conversation: string(w.Chat.ID), Time: w.At.Time, StartedAt: w.Chat.Started.Time, Channel: "chat",
		Customer: conversation.Person{UserID: string(v.UserID), ContactID: string(v.ID), Email: v.Email, Name: v.Name},
	}
	switch w.By.Kind {
	case "visitor":
		a.By = conversation.Customer
	case "agent":
		a.By = conversation.HumanAgent
	case "robot":
		a.By = conversation.Bot
	}
	if a.By == conversation.HumanAgent || a.By == conversation.Bot {
		a.Agent = conversation.Agent{ID: string(w.By.ID), Name: w.By.Name}
	}
	return a
}
