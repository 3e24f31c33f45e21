// Package brevoconversations reads the webhooks of Brevo Conversations and, as
// a dialect, of Chatra, which Brevo took over.
//
// A conversation is one endless thread with a visitor. A webhook tells of its
// first message, of a few more, or, once a chat in it is over, of all that was
// said in that chat.
//
// Source: https://developers.brevo.com/docs/conversations-webhooks and, for the
// marks of messages, ConversationsMessage in Brevo's API libraries.
package brevoconversations

import (
	"bytes"
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
		Name:   "brevo-conversations",
		Title:  "Brevo Conversations",
		Reopen: conversation.Restart,
		Signs:  connector.Never,
		Gives:  Gives(),
		New:    func(o connector.Options) connector.Connector { return New(o, Brevo) },
	}
}

// Gives says what becomes of the webhooks of either dialect.
func Gives() connector.Gives {
	return connector.Gives{
		Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: "when the transcript comes, at the time of the last message", Bots: connector.Yes,
		AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "if the webhook lists the agent: their e-mail address",
		Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
		UserID: "from a visitor's attribute", AnonymousID: "from a visitor's attribute", Email: "if it is known",
		Signature: "none, or a token in the address", Retries: "not published",
	}
}

// A Dialect is what one tool calls things.
type Dialect struct {
	Tool                          string
	Started, Fragment, Transcript string   // its events
	Visitor                       string   // its type of messages by customers
	UserIDs                       []string // attributes with the company's own id
}

// Brevo is what Brevo calls things.
var Brevo = Dialect{
	Tool:    "brevo-conversations",
	Started: "conversationStarted", Fragment: "conversationFragment", Transcript: "conversationTranscript",
	Visitor: "visitor", UserIDs: []string{"user_id", "external_id", "ext_id"},
}

// A Connector reads the webhooks of one account.
type Connector struct {
	o connector.Options
	d Dialect
}

var _ connector.Faker = (*Connector)(nil)

// New returns the connector for a dialect.
func New(o connector.Options, d Dialect) *Connector { return &Connector{o, d} }

// token is all that the tool can be made to send.
var token = connector.Scheme{Query: "token", Hash: connector.Token}

// Verify implements connector.Connector. The tool signs nothing, but calls any
// address, also one that carries a token.
func (c *Connector) Verify(r *connector.Request) error {
	if len(c.o.Secrets) == 0 {
		return nil
	}
	return token.Verify(c.o, r)
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	w.Messages = make([]message, 0, min(bytes.Count(r.Body, []byte(`"createdAt"`)), 100)) // so that it need not grow
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed(c.d.Tool, err)
	}
	b := &w.body
	if w.Data != nil {
		b = w.Data
	}
	messages, ends := b.Messages, 0
	switch event := cmp.Or(w.EventName, w.Event); event {
	case c.d.Started:
		if b.Message == nil {
			return p, nil // somebody is there, but has said nothing
		}
		messages = []message{*b.Message}
	case c.d.Fragment:
	case c.d.Transcript:
		ends = 1
	default:
		p.Dropped = []string{"unknown_event"}
		return p, nil
	}
	a := c.about(b)
	if a.Conversation == "" {
		return p, errors.New(c.d.Tool + ": conversation without id")
	}
	p.Agents = b.agents()
	p.Activities = make([]conversation.Activity, 0, len(messages)+ends)
	for i := range messages {
		if err := c.message(&p, a, &messages[i]); err != nil {
			return connector.Parsed{}, err
		}
	}
	if ends > 0 {
		c.close(&p, a, messages)
	}
	return p, nil
}

// message adds a message, if it is known who wrote it.
func (c *Connector) message(p *connector.Parsed, a conversation.Activity, m *message) error {
	by, reason := c.author(m)
	if reason != "" {
		p.Dropped = append(p.Dropped, reason)
		return nil
	}
	if m.ID == "" || m.CreatedAt.IsZero() {
		return errors.New(c.d.Tool + ": message without id or createdAt")
	}
	a.ID, a.Type, a.By, a.Time = "message:"+string(m.ID), conversation.Message, by, m.CreatedAt.Time
	a.Message = conversation.Text{ID: string(m.ID), Body: m.plain()}
	if m.Subject || m.From {
		a.Channel = "email"
	}
	if by == conversation.HumanAgent || by == conversation.Bot {
		a.Agent = conversation.Agent{ID: string(m.AgentID), Name: string(m.AgentName)}
		for _, known := range p.Agents {
			if known.ID != "" && known.ID == a.Agent.ID {
				a.Agent.Name, a.Agent.Username = cmp.Or(a.Agent.Name, known.Name), known.Username
			}
		}
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// author says who wrote a message, or why that is not known.
func (c *Connector) author(m *message) (by conversation.Author, reason string) {
	switch {
	case m.Type == c.d.Visitor:
		return conversation.Customer, ""
	case m.Type != "agent":
		return "", "unknown_author"
	case m.IsTrigger, m.IsPushed, m.IsSentViaJSAPI:
		return conversation.Automation, ""
	case m.IsBot, c.o.IsBot(string(m.AgentID)):
		return conversation.Bot, ""
	}
	return conversation.HumanAgent, ""
}

// close adds the end of a chat. The tool does not tell when that was, nor who
// ended it: it was over with its last message.
func (c *Connector) close(p *connector.Parsed, a conversation.Activity, messages []message) {
	var last *message
	for i := range messages {
		if m := &messages[i]; last == nil || !m.CreatedAt.Before(last.CreatedAt.Time) {
			last = m
		}
	}
	if last == nil || last.CreatedAt.IsZero() {
		p.Dropped = append(p.Dropped, "no_time")
		return
	}
	a.ID, a.Type, a.Time = "closed:"+string(cmp.Or(last.ID, field.ID(last.CreatedAt.UTC().Format(time.RFC3339Nano)))), conversation.Closed, last.CreatedAt.Time
	p.Activities = append(p.Activities, a)
}

// about starts an activity with what a webhook tells of the visitor.
func (c *Connector) about(b *body) conversation.Activity {
	v := b.who()
	users := c.d.UserIDs
	if c.o.UserIDField != "" {
		users = []string{c.o.UserIDField}
	}
	return conversation.Activity{
		Conversation: string(cmp.Or(b.ConversationID, b.ChatID, v.ConversationID, v.ChatID, b.ID)),
		Channel:      channel(string(v.Source)),
		Customer: conversation.Person{ContactID: string(v.ID), Name: string(cmp.Or(v.Info.Name, v.DisplayedName, v.Name)),
			Email:       cmp.Or(string(v.Info.Email), string(v.Email), v.attribute("email")),
			UserID:      v.attribute(users...),
			AnonymousID: v.attribute(c.o.AnonymousIDFields()...)},
	}
}

// channel puts a channel in our words.
func channel(kind string) string {
	switch kind = strings.ToLower(kind); kind {
	case "widget", "website":
		return "chat"
	case "facebook", "messenger", "instagram", "whatsapp", "viber", "telegram":
		return "messaging"
	}
	return kind
}
