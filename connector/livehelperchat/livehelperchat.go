// Package livehelperchat reads the webhooks of Live Helper Chat.
//
// It has no body of its own: whoever administers it writes a template. This
// package reads what the template in docs/connectors/livehelperchat makes.
//
// Source: LiveHelperChat/livehelperchat 4.90v, lhc_web/lib/core/lhchat and
// lhgenericbot, run and recorded; and
// https://doc.livehelperchat.com/docs/development/webhooks
package livehelperchat

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
		Name:   "livehelperchat",
		Title:  "Live Helper Chat",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes,
			Bots:    "those that the bot sends through the operator's event",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from an encrypted field", AnonymousID: "from a field", Email: "if the form asks",
			Signature: "token in a header", Retries: "none",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Live Helper Chat.
type Connector struct{ o connector.Options }

var (
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

// scheme is what the template's import file sets.
var scheme = connector.Scheme{Header: "X-Gateway-Token", Hash: connector.Token}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Scrub implements connector.Scrubber. Our template holds no credentials, but
// one that takes whole objects holds an operator's password hash and what
// lets anybody into the chat.
func (*Connector) Scrub(body []byte) []byte { return field.Blank(body, "password", "hash") }

// Parse implements connector.Connector. Free text can break the body that a
// template makes: a visitor's name may hold a placeholder. That is an error.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return connector.Parsed{}, field.Malformed("livehelperchat", err)
	}
	switch w.Chat.Status {
	case "0", "1", "2", "3", "5": // waiting, active, closed, a chat box, with a bot
	case "4":
		return dropped("private_note"), nil // a chat of operators among themselves
	default:
		return dropped("unknown_status"), nil
	}
	switch w.Event {
	case "chat.chat_started", "chat.addmsguser", "chat.addmsguser_webhook", "chat.messages_added_passive", "chat.web_add_msg_admin":
		return c.message(w)
	case "chat.close", "chat.explicitly_closed":
		return c.closed(w)
	case "chat.accept", "chat.chat_owner_changed", "chat.chat_transfered":
		a, err := c.about(w, conversation.Assigned, "assigned", w.SentAt)
		return parsed(a), err
	case "chat.user_reopened":
		a, err := c.about(w, conversation.Reopened, "reopened", w.SentAt)
		return parsed(a), err
	case "chat.data_changed", "chat.message_updated", "chat.genericbot_chat_command_transfer", "chat.chat_offline_request",
		"chat.unread_chat", "chat.visitor_regular_closed":
		return connector.Parsed{}, nil
	}
	return dropped("unknown_event"), nil
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

func parsed(a conversation.Activity) connector.Parsed {
	return connector.Parsed{Activities: []conversation.Activity{a}}
}

// message tells of a message, and of the chat's beginning if it is that.
func (c *Connector) message(w webhook) (p connector.Parsed, err error) {
	if w.Event == "chat.chat_started" {
		a, err := c.about(w, conversation.Identified, "", w.Chat.Time)
		if err != nil {
			return p, err
		}
		a.ID = "created"
		p.Activities = append(p.Activities, a)
		if w.Message.ID == "" {
			return p, nil // a chat may begin without a message
		}
	}
	by, reason := w.author()
	if reason != "" {
		p.Dropped = append(p.Dropped, reason)
		return p, nil
	}
	if w.Message.ID == "" {
		return p, errors.New("livehelperchat: message without id")
	}
	a, err := c.about(w, conversation.Message, "", w.Message.Time)
	if err != nil {
		return connector.Parsed{}, err
	}
	a.ID, a.By, a.Message = "message:"+string(w.Message.ID), by, conversation.Text{ID: string(w.Message.ID), Body: plain(w.Message.Text)}
	switch by {
	case conversation.HumanAgent:
		a.Agent = w.agent(w.Message.UserID)
		if a.Agent.Name == "" {
			a.Agent.Name = w.Message.Name
		}
	case conversation.Bot:
		a.Agent = conversation.Agent{ID: string(w.Chat.BotID), Name: w.Message.Name}
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// author says who wrote a message, or why that does not count. Replies of
// operators, what they whisper to each other, and the system's lines come by
// the same event.
func (w webhook) author() (by conversation.Author, reason string) {
	m, operators := w.Message, w.Event == "chat.web_add_msg_admin"
	switch {
	case m.whisper():
		return "", "private_note"
	case m.UserID == "-1":
		return "", "activity_line"
	case m.UserID == "-2" && w.Chat.BotID != "" && w.Chat.BotID != "0":
		return conversation.Bot, ""
	case m.UserID == "-2":
		return conversation.Automation, "" // the auto responder, without a bot
	case m.UserID == "0" && !operators:
		return conversation.Customer, ""
	case m.UserID != "" && m.UserID[0] >= '1' && m.UserID[0] <= '9' && operators:
		return conversation.HumanAgent, ""
	}
	return "", "unknown_author"
}

// closed tells who closed the chat, and when.
func (c *Connector) closed(w webhook) (connector.Parsed, error) {
	at := w.Chat.ClosedAt
	byVisitor := w.Event == "chat.explicitly_closed"
	if byVisitor {
		at = w.Chat.LeftAt // closed_at may be that of an earlier closing
	}
	if at.IsZero() {
		at = w.SentAt
	}
	a, err := c.about(w, conversation.Closed, "closed", at)
	switch closer := w.ClosedBy.ID; {
	case byVisitor || w.Chat.StatusSub == "3":
		a.By = conversation.Customer
	case closer != "" && closer != "0" && closer != w.Chat.OwnerID:
		a.By, a.Agent = conversation.HumanAgent, conversation.Agent{ID: string(closer), Username: w.ClosedBy.Username}
	default:
		// The timer names the owner as the one who closed, too.
	}
	return parsed(a), err
}

// about starts an activity with what a webhook tells of its chat.
func (c *Connector) about(w webhook, t conversation.Type, kind string, at field.Time) (conversation.Activity, error) {
	if w.Chat.ID == "" || at.IsZero() {
		return conversation.Activity{}, errors.New("livehelperchat: chat without id, or without the time of what happened")
	}
	a := conversation.Activity{ID: kind + ":" + at.Format(time.RFC3339), Type: t, Conversation: string(w.Chat.ID), Time: at.Time, StartedAt: w.Chat.Time.Time,
		Channel: "chat", Customer: conversation.Person{ContactID: w.Visitor.ID, Email: w.Visitor.Email, Name: w.Visitor.Nick}}
	if w.Chat.IncomingID != "" && w.Chat.IncomingID != "0" {
		a.Channel = "messaging" // by an incoming webhook: WhatsApp, Messenger, …
	}
	if w.Visitor.Nick == "Visitor" {
		a.Customer.Name = "" // all are called so who give no name
	}
	data := w.Visitor.fields()
	for _, key := range c.o.AnonymousIDFields() {
		a.Customer.AnonymousID = cmp.Or(a.Customer.AnonymousID, data.text(key, false))
	}
	a.Customer.UserID = data.text(cmp.Or(c.o.UserIDField, "user_id"), !c.o.UnverifiedIDs)
	if w.Chat.OwnerID != "" && w.Chat.OwnerID != "0" {
		a.Agent = w.agent(w.Chat.OwnerID)
	}
	return a, nil
}

// agent is an operator: with a name if it is the chat's owner.
func (w webhook) agent(id field.ID) conversation.Agent {
	o := w.Operator
	if o.ID != id {
		return conversation.Agent{ID: string(id)}
	}
	return conversation.Agent{ID: string(id), Name: cmp.Or(strings.TrimSpace(o.Name+" "+o.Surname), o.NameSupport), Username: o.Username}
}
