// Package streamchat reads the webhooks of Stream Chat.
//
// To Stream everybody in a channel is a user with a role. Who of them speaks
// for the company, the role may tell, else the configuration.
//
// Source: https://getstream.io/chat/docs/react/webhook_events/,
// https://getstream.io/chat/docs/node/webhooks-overview/ and
// https://getstream.io/chat/docs/php/private_messaging/
package streamchat

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:       "stream-chat",
		Title:      "Stream Chat",
		Reopen:     conversation.Restart, // a channel has no end
		Inactivity: 24 * time.Hour,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.No, Bots: "if marked ai_generated, or bot_ids names them",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "the user's id, or from a custom field", AnonymousID: "from a custom field of the user", Email: "from a custom field of the user",
			Signature: "HMAC-SHA256", Retries: "up to 3 attempts in 15 seconds",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Stream application.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Signature"}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

type webhook struct {
	Type    string   `json:"type"`
	CID     string   `json:"cid"`
	Message message  `json:"message"`
	Members []member `json:"members"`
}

type member struct {
	User user `json:"user"`
}

type message struct {
	ID         string       `json:"id"`
	Text       field.Text   `json:"text"`
	Type       string       `json:"type"`
	User       user         `json:"user"`
	CreatedAt  field.Time   `json:"created_at"`
	DeletedAt  field.Time   `json:"deleted_at"`
	Shadowed   bool         `json:"shadowed"`
	Restricted field.Object `json:"restricted_visibility"` // a list of those who see it
	AI         field.Object `json:"ai_generated"`          // the application's own field
}

type user struct {
	ID    string     `json:"id"`
	Role  string     `json:"role"`
	Name  field.Text `json:"name"`
	Email field.Text `json:"email"`
	// Custom are all other fields. They are read when they are asked for.
	Custom jsontext.Value `json:",embed"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "type")
		if !ok || kind == "message.new" {
			return p, field.Malformed("stream-chat", err)
		}
		w.Type = kind
	}
	if w.Type == "message.new" {
		return c.message(w)
	}
	switch family, _, _ := strings.Cut(w.Type, "."); family {
	case "message", "reaction", "member", "channel", "user", "notification", "typing", "thread", "poll", "ai_indicator", "draft", "reminder",
		"moderation", "review_queue_item", "flag", "health", "export", "campaign", "custom":
		return p, nil
	}
	return dropped("unknown_event"), nil
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

func (c *Connector) message(w webhook) (p connector.Parsed, err error) {
	m := w.Message
	if reason := m.hidden(); reason != "" {
		return dropped(reason), nil
	}
	if m.ID == "" || w.CID == "" || m.CreatedAt.IsZero() {
		return p, errors.New("stream-chat: message without id, cid or created_at")
	}
	a := conversation.Activity{ID: "message:" + m.ID, Type: conversation.Message, By: c.author(m.User), Conversation: w.CID, Channel: "chat",
		Time: m.CreatedAt.Time, Message: conversation.Text{ID: m.ID, Body: string(m.Text)}}
	if string(m.AI) == "true" {
		a.By = conversation.Bot
	}
	switch a.By {
	case "":
		return dropped("unknown_author"), nil
	case conversation.Customer:
		if c.strangers(w) {
			return dropped("no_agent"), nil
		}
		a.Customer = c.customer(m.User)
	default:
		if c.colleagues(w) {
			return dropped("no_customer"), nil
		}
		a.Agent = conversation.Agent{ID: m.User.ID, Name: string(m.User.Name)}
		a.Message.Body = connector.PlainMarkdown(a.Message.Body)
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// hidden says why the people in the channel do not see a message, or not as one.
func (m message) hidden() string {
	restricted := strings.Join(strings.Fields(string(m.Restricted)), "")
	switch {
	case restricted != "" && restricted != "null" && restricted != "[]":
		return "private_note"
	case m.Shadowed:
		return "shadowed" // whoever wrote it alone sees it
	case m.Type == "deleted" || !m.DeletedAt.IsZero():
		return "deleted"
	case m.Type == "system":
		return "activity_line"
	case m.Type != "regular" && m.Type != "reply":
		return "unknown_kind" // ephemeral and error are for whoever wrote
	}
	return ""
}

// rolePrefix is how agent_ids and bot_ids name a role instead of an id.
const rolePrefix = "role:"

// author says who a user is: as the configuration says by their id or role,
// else by a role that can only be one side's.
func (c *Connector) author(u user) conversation.Author {
	role := rolePrefix + u.Role
	switch {
	case u.ID == "":
		return ""
	case c.o.IsBot(u.ID) || c.o.IsBot(role):
		return conversation.Bot
	case c.o.IsAgent(u.ID) || c.o.IsAgent(role):
		return conversation.HumanAgent
	case u.Role == "admin" || u.Role == "moderator":
		return conversation.HumanAgent
	case u.visitor():
		return conversation.Customer
	}
	return c.o.Author(u.ID)
}

// visitor reports whether a user is nobody whom the application knows.
func (u user) visitor() bool { return u.Role == "guest" || u.Role == "anonymous" }

// strangers reports whether two people or more are in the channel of whom
// nobody speaks for the company.
func (c *Connector) strangers(w webhook) bool {
	return len(w.Members) > 1 && !slices.ContainsFunc(w.Members, c.ours)
}

// colleagues reports whether everybody in the channel does.
func (c *Connector) colleagues(w webhook) bool {
	return len(w.Members) > 0 && !slices.ContainsFunc(w.Members, func(m member) bool { return !c.ours(m) })
}

// ours reports whether a member speaks for the company.
func (c *Connector) ours(m member) bool {
	by := c.author(m.User)
	return by == conversation.HumanAgent || by == conversation.Bot
}

func (c *Connector) customer(u user) conversation.Person {
	custom := field.Object(u.Custom)
	p := conversation.Person{ContactID: u.ID, Name: string(u.Name), Email: string(u.Email), AnonymousID: custom.First(c.o.AnonymousIDFields()...)}
	switch {
	case c.o.UserIDField != "":
		p.UserID = custom.Text(c.o.UserIDField)
	case !u.visitor():
		p.UserID = u.ID
	}
	return p
}
