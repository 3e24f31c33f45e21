// Package drift reads the webhooks of Drift.
//
// A webhook is a message with the ids of who wrote it, and a token. Names come
// from Drift's API, if there is a token for it. A conversation is one endless
// thread: Drift is phasing out its status, and with it the end.
//
// Sources: https://devdocs.drift.com/docs/webhook-events-1,
// https://devdocs.drift.com/docs/message-model, .../user-model and
// .../contact-model.
package drift

import (
	"errors"
	"net/url"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	const asked = "with a token of its API"
	return connector.Type{
		Name:       "drift",
		Title:      "Drift",
		Reopen:     conversation.Restart,
		Inactivity: 24 * time.Hour,
		API:        &connector.API{URL: "https://driftapi.com", Optional: true},
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: "as long as Drift tells the status, which it phases out", Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: asked, AgentUsername: asked + ": their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: asked, AnonymousID: asked + ", from an attribute", Email: asked,
			Signature: "token in the body", Retries: "not documented",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Drift app.
type Connector struct{ o connector.Options }

var (
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

type webhook struct {
	Type string `json:"type"`
	Data struct {
		ID             field.ID   `json:"id"`
		ConversationID field.ID   `json:"conversationId"`
		Type           string     `json:"type"`
		Body           field.Text `json:"body"`
		Author         struct {
			ID   field.ID `json:"id"`
			Type string   `json:"type"`
			Bot  *bool    `json:"bot"`
		} `json:"author"`
		CreatedAt field.Time `json:"createdAt"`
		Status    field.Text `json:"status"` // of a conversation
		ChangedAt field.Time `json:"changedAt"`
	} `json:"data"`
}

// Verify implements connector.Connector. The token stands in the body, and in a
// header.
func (c *Connector) Verify(r *connector.Request) error {
	var w struct {
		Token field.Text `json:"token"`
	}
	token := r.Header.Get("X-Verification-Token")
	if token == "" && field.Decode(r.Body, &w) == nil {
		token = string(w.Token)
	}
	return c.o.VerifyToken(token)
}

// Scrub implements connector.Scrubber.
func (*Connector) Scrub(body []byte) []byte { return field.Blank(body, "token") }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "type")
		if !ok {
			return connector.Parsed{}, field.Malformed("drift", err)
		}
		w.Type = kind
	}
	switch w.Type {
	case "new_message":
		if err == nil {
			return c.message(r, &w)
		}
	case "conversation_status_updated":
		if err == nil {
			return status(&w)
		}
	case "contact_identified", "new_command_message", "button_clicked", "conversation_push":
		return connector.Parsed{}, nil
	default:
		return dropped("unknown_event"), nil
	}
	return connector.Parsed{}, field.Malformed("drift", err)
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if the customer could see it and it is known who
// wrote it.
func (c *Connector) message(r *connector.Request, w *webhook) (p connector.Parsed, err error) {
	m := &w.Data
	switch {
	case m.Type == "private_note" || m.Type == "":
		return dropped("private_note"), nil
	case m.Type != "chat":
		return dropped("unknown_kind"), nil
	case m.ID == "" || m.ConversationID == "" || m.CreatedAt.IsZero():
		return p, errors.New("drift: message without id, conversationId or createdAt")
	}
	a := conversation.Activity{ID: "message:" + string(m.ID), Type: conversation.Message, Conversation: string(m.ConversationID), Time: m.CreatedAt.Time,
		Message: conversation.Text{ID: string(m.ID), Body: connector.PlainText(string(m.Body))}, Channel: "chat"}
	var path string
	switch id := string(m.Author.ID); {
	case m.Author.Type == "contact":
		a.By = conversation.Customer
		path, a.Customer = "/contacts/"+url.PathEscape(id), c.contact(r, id)
	case m.Author.Type == "user" && m.Author.Bot != nil:
		if a.By = conversation.HumanAgent; *m.Author.Bot {
			a.By = conversation.Bot
		}
		path, a.Agent = "/users/"+url.PathEscape(id), user(r, id, a.By)
	default:
		return dropped("unknown_author"), nil
	}
	p.Activities = []conversation.Activity{a}
	if _, asked := r.Answers[path]; !asked && m.Author.ID != "" {
		p.Lookups = []connector.Lookup{{Path: path, Keep: time.Hour}}
	}
	return p, nil
}

// user is an agent, with what the API knows of them. People log in with their
// e-mail address.
func user(r *connector.Request, id string, by conversation.Author) conversation.Agent {
	var answer struct {
		Data struct {
			Name  field.Text `json:"name"`
			Email field.Text `json:"email"`
		} `json:"data"`
	}
	a := conversation.Agent{ID: id}
	if field.Decode(r.Answers["/users/"+url.PathEscape(id)], &answer) == nil {
		if a.Name = string(answer.Data.Name); by == conversation.HumanAgent {
			a.Username = string(answer.Data.Email)
		}
	}
	return a
}

// contact is a customer, with what the API knows of them.
func (c *Connector) contact(r *connector.Request, id string) conversation.Person {
	var answer struct {
		Data struct {
			Attributes field.Object `json:"attributes"`
		} `json:"data"`
	}
	who := conversation.Person{ContactID: id}
	if field.Decode(r.Answers["/contacts/"+url.PathEscape(id)], &answer) != nil {
		return who
	}
	attributes := answer.Data.Attributes
	who.Email, who.Name, who.UserID = attributes.Text("email"), attributes.Text("name"), attributes.Text("externalId")
	if c.o.UserIDField != "" {
		who.UserID = attributes.Text(c.o.UserIDField)
	}
	who.AnonymousID = attributes.First(c.o.AnonymousIDFields()...)
	return who
}

// status tells of a closing. Drift does not say whose it was.
func status(w *webhook) (p connector.Parsed, err error) {
	d := &w.Data
	if d.Status != "closed" {
		return p, nil
	}
	if d.ConversationID == "" || d.ChangedAt.IsZero() {
		return p, errors.New("drift: status without conversationId or changedAt")
	}
	at := d.ChangedAt.Time
	p.Activities = []conversation.Activity{{ID: "closed:" + at.Format(time.RFC3339Nano), Type: conversation.Closed, Conversation: string(d.ConversationID), Time: at, Channel: "chat"}}
	return p, nil
}
