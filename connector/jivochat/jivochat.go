// Package jivochat reads the webhooks of JivoChat.
//
// It tells who accepted a chat when they do, without a time, and what was said
// as one transcript when the chat is finished.
//
// Source: https://www.jivochat.com/docs/webhooks/
package jivochat

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "jivochat",
		Title:  "JivoChat",
		Reopen: conversation.Continue,
		Signs:  connector.Never,
		Answer: `{"result":"ok"}`, // any other is an error to JivoChat
		Gives: connector.Gives{
			Started: "with the transcript", Sent: "with the transcript", Received: "with the transcript",
			Ended: "with the transcript, at its last message: JivoChat does not tell when a chat was closed", Bots: "if bot_ids names them",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: "made from author, time and text",
			UserID: "the site's user token", AnonymousID: connector.No, Email: connector.Yes,
			Signature: "none; a token in the address, if wanted", Retries: "not documented",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one JivoChat account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// token is all that JivoChat can be made to send.
var token = connector.Scheme{Query: "token", Hash: connector.Token}

// Verify implements connector.Connector. JivoChat signs nothing, but calls any
// address, also one that carries a token.
func (c *Connector) Verify(r *connector.Request) error {
	if len(c.o.Secrets) == 0 {
		return nil
	}
	return token.Verify(c.o, r)
}

// A webhook is any of those about a chat. IDs are numbers here and strings
// there.
type webhook struct {
	Event     string   `json:"event_name"`
	ChatID    field.ID `json:"chat_id"`
	UserToken field.ID `json:"user_token"` // what the site set by setUserToken
	Visitor   struct {
		Number field.ID   `json:"number"`
		Name   field.Text `json:"name"`
		Email  field.Text `json:"email"`
	} `json:"visitor"`
	Agent    *agent  `json:"agent"`
	Assigned *agent  `json:"assigned_agent"`
	Agents   []agent `json:"agents"`
	Chat     struct {
		Messages []message `json:"messages"`
	} `json:"chat"`
}

type agent struct {
	ID    field.ID   `json:"id"`
	Name  field.Text `json:"name"`
	Email field.Text `json:"email"`
}

type message struct {
	Type  string     `json:"type"`
	Agent field.ID   `json:"agent_id"`
	Text  field.Text `json:"message"`
	Time  field.Time `json:"timestamp"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "event_name")
		if !ok {
			return connector.Parsed{}, field.Malformed("jivochat", err)
		}
		w.Event = kind
	}
	switch w.Event {
	case "chat_accepted", "chat_assigned", "chat_updated", "client_updated", "chat_finished":
		if err != nil {
			return connector.Parsed{}, field.Malformed("jivochat", err)
		}
	case "call_event", "offline_message": // what visitors leave while nobody is there
		return connector.Parsed{}, nil
	default:
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	if w.Event != "chat_finished" {
		return w.people(), nil // none of them says when it happened
	}
	if w.ChatID == "" {
		return connector.Parsed{}, errors.New("jivochat: chat_finished without chat_id")
	}
	p := c.transcript(w)
	known := w.people()
	p.Agents, p.Contacts = known.Agents, known.Contacts
	return p, nil
}

// people returns whom the webhook tells of. The customer's user token is not
// in every webhook about a chat.
func (w webhook) people() (p connector.Parsed) {
	for _, a := range append([]agent{*cmp.Or(w.Agent, &agent{}), *cmp.Or(w.Assigned, &agent{})}, w.Agents...) {
		if a.ID != "" {
			p.Agents = append(p.Agents, a.agent())
		}
	}
	if who := w.customer(); who.ContactID != "" {
		p.Contacts = append(p.Contacts, who)
	}
	return p
}

// agent returns the agent. They log in with their e-mail address.
func (a agent) agent() conversation.Agent {
	return conversation.Agent{ID: string(a.ID), Name: string(a.Name), Username: string(a.Email)}
}

func (w webhook) customer() conversation.Person {
	return conversation.Person{UserID: string(w.UserToken), ContactID: string(w.Visitor.Number), Email: string(w.Visitor.Email), Name: string(w.Visitor.Name)}
}

// withheld stands in JivoChat's documentation where texts are.
const withheld = "<Message text is not displayed here>"

// transcript tells what was said, and that it is over.
func (c *Connector) transcript(w webhook) (p connector.Parsed) {
	occurrences, order := connector.Occurrences{}, connector.Order{}
	p.Activities = make([]conversation.Activity, 0, len(w.Chat.Messages)+1) // and the end
	var last, end time.Time                                                 // of the last message, as JivoChat tells it and as we do
	for _, m := range w.Chat.Messages {
		var by conversation.Author
		reason := ""
		switch {
		case m.Type == "visitor":
			by = conversation.Customer
		case m.Type == "agent" && c.o.IsBot(string(m.Agent)):
			by = conversation.Bot
		case m.Type == "agent":
			by = conversation.HumanAgent
		default:
			reason = "unknown_author"
		}
		if m.Time.IsZero() {
			reason = cmp.Or(reason, "no_time")
		}
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
			continue
		}
		body := strings.TrimSpace(strings.TrimPrefix(string(m.Text), withheld))
		id := occurrences.ID(string(by), m.Time.Format(time.RFC3339Nano), body)
		a := w.about(conversation.Message, "message:"+id, order.Next(m.Time.Time))
		a.By, a.Message = by, conversation.Text{ID: id, Body: body}
		if by != conversation.Customer {
			a.Agent = w.agentBy(m.Agent)
		}
		if a.Time.After(end) {
			last, end = m.Time.Time, a.Time
		}
		p.Activities = append(p.Activities, a)
	}
	if !end.IsZero() {
		p.Activities = append(p.Activities, w.about(conversation.Closed, "closed:"+last.Format(time.RFC3339Nano), end))
	}
	return p
}

func (w webhook) about(t conversation.Type, id string, at time.Time) conversation.Activity {
	return conversation.Activity{ID: id, Type: t, Conversation: string(w.ChatID), Time: at, Customer: w.customer(), Channel: "chat"}
}

// agentBy returns what the webhook tells of an agent.
func (w webhook) agentBy(id field.ID) conversation.Agent {
	for _, a := range w.Agents {
		if a.ID == id {
			return a.agent()
		}
	}
	return conversation.Agent{ID: string(id)}
}
