// Package sendbird reads the webhooks of Sendbird Chat, also as it carries the
// tickets of Sendbird Desk.
//
// To Sendbird everybody in a channel is a user. Who of them speaks for the
// company, the configuration says.
//
// Source: https://docs.sendbird.com/platform/webhooks,
// https://docs.sendbird.com/docs/desk/sdk/v1/javascript/features/system-messages
// and recorded webhooks
package sendbird

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:       "sendbird",
		Title:      "Sendbird",
		Reopen:     conversation.Restart, // a channel has no end
		Inactivity: 24 * time.Hour,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: "when a ticket of Sendbird Desk is closed", Bots: "if bot_ids names them",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "the sender's user id, or from their metadata", AnonymousID: "from the sender's metadata", Email: connector.No,
			Signature: "HMAC-SHA256", Retries: "up to 3 attempts of 5 seconds",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Sendbird application.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Sendbird-Signature"}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

type webhook struct {
	Category string `json:"category"`
	Type     string `json:"type"`
	Sender   user   `json:"sender"`
	Members  []user `json:"members"`
	Channel  struct {
		URL string `json:"channel_url"`
	} `json:"channel"`
	Payload struct {
		ID         field.ID   `json:"message_id"`
		Message    field.Text `json:"message"`
		CustomType field.Text `json:"custom_type"`
		Data       field.Text `json:"data"` // JSON, if it is of Desk
		CreatedAt  field.Time `json:"created_at"`
	} `json:"payload"`
}

type user struct {
	ID       field.ID     `json:"user_id"`
	Nickname field.Text   `json:"nickname"`
	Metadata field.Object `json:"metadata"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "category")
		if !ok || kind == "group_channel:message_send" {
			return p, field.Malformed("sendbird", err)
		}
		w.Category = kind
	}
	if w.Category == "group_channel:message_send" {
		return c.message(w)
	}
	// Open channels are for everybody, and no conversations.
	switch family, _, _ := strings.Cut(w.Category, ":"); family {
	case "group_channel", "open_channel", "user", "message", "announcement", "profanity_filter", "image_moderation", "moderation", "alert":
		return p, nil
	}
	return dropped("unknown_event"), nil
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

func (c *Connector) message(w webhook) (p connector.Parsed, err error) {
	v := w.Payload
	a := conversation.Activity{ID: "message:" + string(v.ID), Type: conversation.Message, Conversation: w.Channel.URL, Channel: "chat",
		Time: v.CreatedAt.Time, Message: conversation.Text{ID: string(v.ID)}}
	if v.ID == "" || a.Conversation == "" || a.Time.IsZero() {
		return p, errors.New("sendbird: message without message_id, channel_url or created_at")
	}
	switch w.Type {
	case "MESG":
		a.Message.Body = string(v.Message)
	case "FILE":
	case "ADMM":
		return c.admin(a, w)
	default:
		return dropped("unknown_kind"), nil
	}
	id := string(w.Sender.ID)
	switch a.By = c.o.Author(id); a.By {
	case "":
		return dropped("unknown_author"), nil
	case conversation.Customer:
		if c.strangers(w.Members) {
			return dropped("no_agent"), nil
		}
		a.Customer = c.customer(w.Sender)
	default:
		if c.colleagues(w.Members) {
			return dropped("no_customer"), nil
		}
		a.Agent = conversation.Agent{ID: id, Name: string(w.Sender.Nickname)}
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// strangers reports whether these are two people or more of whom nobody speaks
// for the company. A ticket of Desk has its customer alone until it is assigned.
func (c *Connector) strangers(members []user) bool {
	return len(members) > 1 && !slices.ContainsFunc(members, c.ours)
}

// colleagues reports whether these are people of whom everybody does.
func (c *Connector) colleagues(members []user) bool {
	return len(members) > 0 && !slices.ContainsFunc(members, func(m user) bool { return !c.ours(m) })
}

// ours reports whether a member speaks for the company.
func (c *Connector) ours(m user) bool {
	by := c.o.Author(string(m.ID))
	return by == conversation.HumanAgent || by == conversation.Bot
}

func (c *Connector) customer(u user) conversation.Person {
	id := string(u.ID)
	p := conversation.Person{UserID: id, ContactID: id, Name: string(u.Nickname), AnonymousID: u.Metadata.First(c.o.AnonymousIDFields()...)}
	if c.o.UserIDField != "" {
		p.UserID = u.Metadata.Text(c.o.UserIDField)
	}
	return p
}

// admin tells of a message without a sender.
func (c *Connector) admin(a conversation.Activity, w webhook) (p connector.Parsed, err error) {
	v := w.Payload
	switch {
	case v.CustomType == "SENDBIRD_DESK_ADMIN_MESSAGE_CUSTOM_TYPE":
		var ok bool
		if a.By, ok = closings[field.Object(v.Data).Text("type")]; !ok {
			return dropped("activity_line"), nil // for agents' eyes
		}
		a.ID, a.Type, a.Message = "closed:"+string(v.ID), conversation.Closed, conversation.Text{}
	case strings.HasPrefix(strings.ToUpper(string(v.CustomType)), "SENDBIRD"):
		return dropped("activity_line"), nil // somebody joined, and the like
	default:
		a.By, a.Message.Body = conversation.Automation, string(v.Message)
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// closings are how Desk says that a ticket was closed, and by whom.
var closings = map[string]conversation.Author{
	"TICKET_CLOSE":                             "",
	"SYSTEM_MESSAGE_TICKET_CLOSED_BY_AGENT":    conversation.HumanAgent,
	"SYSTEM_MESSAGE_TICKET_CLOSED_BY_CUSTOMER": conversation.Customer,
	"SYSTEM_MESSAGE_TICKET_CLOSED_BY_SYSTEM":   conversation.System,
}
