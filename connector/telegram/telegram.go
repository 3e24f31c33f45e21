// Package telegram reads the updates of the Telegram Bot API.
//
// A bot is told what people write to it, but not what it answers itself. A bot
// that is connected to a business account (Telegram Business) is told both
// sides of its chats.
//
// Source: https://core.telegram.org/bots/api#update
package telegram

import (
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	const business = "with Telegram Business"
	return connector.Type{
		Name:       "telegram",
		Title:      "Telegram",
		Reopen:     conversation.Restart,
		Inactivity: 24 * time.Hour,
		Gives: connector.Gives{
			Started: "at the first message, and after 24 hours of silence", Sent: connector.Yes, Received: business, Ended: connector.Silent,
			Bots: business, AgentID: business, AgentName: business, AgentUsername: business,
			Duration: connector.Yes, ConversationID: "the chat's id; after the connection's with Telegram Business", Body: connector.Yes, Message: connector.Yes,
			UserID: "from the link's start parameter, with unverified_ids", AnonymousID: "from the link's start parameter", Email: connector.No,
			Signature: "token in a header", Retries: "not documented in detail; waiting updates are kept for 24 hours",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the updates of one bot.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var token = connector.Scheme{Header: "X-Telegram-Bot-Api-Secret-Token", Hash: connector.Token}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return token.Verify(c.o, r) }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var u update
	if err := field.Decode(r.Body, &u); err != nil {
		return p, field.Malformed("telegram", err)
	}
	m := u.Message
	if m == nil {
		m = u.Business
	}
	if m == nil {
		if !u.known() {
			p.Dropped = append(p.Dropped, "unknown_event")
		}
		return p, nil
	}
	a, reason := c.message(m)
	if reason != "" {
		p.Dropped = append(p.Dropped, reason)
	} else if a.ID != "" {
		p.Activities = append(p.Activities, a)
	}
	return p, nil
}

// message reads a message, or says why there is none.
func (c *Connector) message(m *message) (a conversation.Activity, reason string) {
	by := m.author()
	switch {
	case m.Chat.Type != "private":
		return a, "group"
	case by == "":
		return a, "unknown_author"
	case m.ID == "", m.Chat.ID == "":
		return a, "no_id"
	case m.Time.IsZero():
		return a, "no_time"
	}
	a = conversation.Activity{
		ID: "message:" + string(m.ID), Type: conversation.Message, Conversation: string(m.Chat.ID), Time: m.Time.Time, By: by,
		Message: conversation.Text{ID: string(m.ID), Body: string(m.Text + m.Caption)}, Channel: "messaging",
		Customer: conversation.Person{ContactID: string(m.Chat.ID), Name: m.Chat.name()},
	}
	if m.Connection != "" { // the same customer may chat with several accounts
		a.Conversation = string(m.Connection) + ":" + a.Conversation
	}
	switch by {
	case conversation.HumanAgent:
		a.Agent = m.From.agent()
	case conversation.Bot:
		a.Agent = m.Bot.agent()
	case conversation.Customer:
		if word, ref, _ := strings.Cut(string(m.Text), " "); word == "/start" && m.Connection == "" {
			return c.start(a, ref), "" // they pressed the button that opens the chat
		}
	}
	if !m.content() {
		return conversation.Activity{}, "unknown_kind"
	}
	return a, ""
}

// start is what is known of who opened the chat by a link.
func (c *Connector) start(a conversation.Activity, ref string) conversation.Activity {
	who := c.o.Ref(ref)
	if who == (conversation.Person{}) {
		return conversation.Activity{}
	}
	a.Customer.UserID, a.Customer.AnonymousID = who.UserID, who.AnonymousID
	a.ID, a.Type, a.By, a.Message = "start:"+a.Message.ID, conversation.Identified, "", conversation.Text{}
	return a
}
