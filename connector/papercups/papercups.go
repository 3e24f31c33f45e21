// Package papercups reads the webhooks of Papercups.
//
// A webhook is the name of what happened and a message, or a conversation as
// it is now.
//
// Source: papercups-io/papercups @ 6a6f5adc, lib/chat_api/{messages,
// conversations}/notification.ex and the JSON views; and
// https://docs.papercups.io/webhooks/events
package papercups

import (
	"cmp"
	"errors"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "papercups",
		Title:  "Papercups",
		Reopen: conversation.Continue,
		Signs:  connector.Never,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.No,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "once the agent has written: their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: connector.Yes, AnonymousID: "from the customer's metadata", Email: connector.Yes,
			Signature: "none; a token in the address if you like", Retries: "none",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Papercups account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// scheme is what a secret is checked by, if there is one: Papercups signs
// nothing, but keeps the query of the address that it is given.
var scheme = connector.Scheme{Query: "token", Hash: connector.Token}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	if len(c.o.Secrets) == 0 {
		return nil
	}
	return scheme.Verify(c.o, r)
}

// maxChallenge is longer than any challenge of Papercups, which has 64 characters.
const maxChallenge = 256

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "event")
		if !ok {
			return connector.Parsed{}, field.Malformed("papercups", err)
		}
		w.Event = kind
	}
	switch w.Event {
	case "webhook:verify":
		if err == nil && w.Payload.challenge != "" && len(w.Payload.challenge) <= maxChallenge {
			return connector.Parsed{Reply: w.Payload.challenge}, nil
		}
		return connector.Parsed{}, errors.New("papercups: a challenge that is none")
	case "message:created", "conversation:created", "conversation:updated":
		if err != nil {
			return connector.Parsed{}, field.Malformed("papercups", err)
		}
	default:
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	if w.Event == "message:created" {
		return c.message(w.Payload)
	}
	return c.conversation(w.Event, w.Payload)
}

// message tells of a message, if the customer could see it and it is known who
// wrote it.
func (c *Connector) message(m payload) (p connector.Parsed, err error) {
	by, reason := m.author()
	if reason != "" {
		return connector.Parsed{Dropped: []string{reason}}, nil
	}
	at := m.SentAt
	if at.IsZero() {
		at = m.CreatedAt
	}
	if m.ID == "" || m.ConversationID == "" || at.IsZero() {
		return p, errors.New("papercups: message without id, conversation_id or sent_at")
	}
	a := conversation.Activity{ID: "message:" + string(m.ID), Type: conversation.Message, By: by, Conversation: string(m.ConversationID), Time: at.Time,
		Message: conversation.Text{ID: string(m.ID), Body: string(m.Body)}}
	switch by {
	case conversation.Customer:
		// An agent's source is where they wrote, such as Slack.
		a.Customer, a.Channel = c.customer(m), string(m.Source)
	case conversation.HumanAgent:
		u := m.User
		a.Agent = conversation.Agent{ID: string(m.UserID), Name: string(cmp.Or(u.FullName, u.DisplayName)), Username: string(u.Email)}
		a.Message.Body = connector.PlainMarkdown(a.Message.Body)
		p.Agents = append(p.Agents, a.Agent)
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// author says who wrote a message, or why that does not count.
func (m payload) author() (by conversation.Author, reason string) {
	switch {
	case m.Private == nil || *m.Private || m.Type == "note":
		return "", "private_note"
	case m.Type == "bot":
		return conversation.Bot, "" // in some user's name, who did not write it
	case m.Type != "reply":
		return "", "unknown_kind"
	case m.UserID == "" && m.CustomerID != "":
		return conversation.Customer, ""
	case m.UserID != "" && m.CustomerID == "":
		return conversation.HumanAgent, ""
	}
	return "", "unknown_author"
}

// conversation tells what a conversation is now. It is told for whatever
// changes, also that it was read.
func (c *Connector) conversation(event string, v payload) (p connector.Parsed, err error) {
	if v.ID == "" || v.CreatedAt.IsZero() {
		return p, errors.New("papercups: conversation without id or created_at")
	}
	a := conversation.Activity{ID: "created", Type: conversation.Identified, Conversation: string(v.ID), Time: v.CreatedAt.Time, StartedAt: v.CreatedAt.Time,
		Channel: string(v.Source), Customer: c.customer(v), Agent: conversation.Agent{ID: string(v.AssigneeID)}}
	switch {
	case event == "conversation:created":
	case v.Status == "closed" && !v.ClosedAt.IsZero():
		a.ID, a.Type, a.Time = "closed:"+v.ClosedAt.Format(time.RFC3339Nano), conversation.Closed, v.ClosedAt.Time
	case v.Status == "closed":
		return p, errors.New("papercups: closed without closed_at")
	case v.Status == "open":
		// Nothing tells when somebody was assigned; the last that happened is nearest.
		if !v.LastActivityAt.IsZero() {
			a.Time = v.LastActivityAt.Time
		}
		a.ID, a.Type = "assigned:"+a.Time.Format(time.RFC3339Nano)+":"+a.Agent.ID, conversation.Assigned
	default:
		return connector.Parsed{Dropped: []string{"unknown_status"}}, nil
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

func (c *Connector) customer(v payload) conversation.Person {
	who := conversation.Person{ContactID: string(v.CustomerID), UserID: string(v.Customer.ExternalID), Email: string(v.Customer.Email), Name: string(v.Customer.Name),
		AnonymousID: v.Customer.Metadata.First(c.o.AnonymousIDFields()...)}
	if c.o.UserIDField != "" {
		who.UserID = v.Customer.Metadata.Text(c.o.UserIDField)
	}
	return who
}
