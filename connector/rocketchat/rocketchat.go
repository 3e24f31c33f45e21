// Package rocketchat reads the Omnichannel webhooks of Rocket.Chat.
//
// A webhook is a room with its visitor and agent, the kind of what happened,
// and messages: the one that was written, or at the end all of them.
//
// Source: RocketChat/Rocket.Chat, apps/meteor/app/livechat/server/hooks/
// sendToCRM.ts, lib/webhooks.ts and api/v1/webhooks.ts; and
// https://docs.rocket.chat/docs/webhooks
package rocketchat

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
		Name:   "rocketchat",
		Title:  "Rocket.Chat",
		Reopen: conversation.Continue, // a closed room is never opened again
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes,
			Bots:    "rocket.cat; others look like people",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from a custom field", AnonymousID: "from a custom field", Email: connector.Yes,
			Signature: "token in a header", Retries: "4, in memory, 20 s apart",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Rocket.Chat workspace.
type Connector struct{ o connector.Options }

var (
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

var scheme = connector.Scheme{Header: "X-RocketChat-Livechat-Token", Hash: connector.Token}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Scrub implements connector.Scrubber: with a visitor's token anybody is that
// visitor, and the addresses of files carry one.
func (*Connector) Scrub(body []byte) []byte { return field.Blank(body, "token", "publicFilePath") }

// testRoom is the room that Rocket.Chat's test button makes up.
const testRoom = "fasd6f5a4sd6f8a4sdf"

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "type")
		if !ok {
			return connector.Parsed{}, field.Malformed("rocketchat", err)
		}
		w.Type = kind
	}
	switch w.Type {
	case "Message", "LivechatSession", "LivechatSessionStart", "LivechatSessionTaken", "LivechatSessionForwarded":
		if err != nil {
			return connector.Parsed{}, field.Malformed("rocketchat", err)
		}
	case "LivechatSessionQueued", "LivechatEdit", "LeadCapture", "LivechatOfflineMessage":
		return connector.Parsed{}, nil
	default:
		return dropped("unknown_event"), nil
	}
	if w.ID == testRoom {
		return connector.Parsed{}, nil
	}
	if w.ID == "" {
		return connector.Parsed{}, errors.New("rocketchat: room without _id")
	}
	switch w.Type {
	case "Message":
		return c.messages(w)
	case "LivechatSession":
		return c.closed(w)
	case "LivechatSessionStart":
		if w.CreatedAt.IsZero() {
			return connector.Parsed{}, errors.New("rocketchat: room without createdAt")
		}
		return parsed(created(w, c.about(w, conversation.Identified, w.CreatedAt))), nil
	}
	return c.assigned(w)
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

func parsed(a ...conversation.Activity) connector.Parsed { return connector.Parsed{Activities: a} }

// messages tells what was written. A room may be made long before: that it is
// the first message, and we see the beginning, is in the webhook, too.
func (c *Connector) messages(w webhook) (p connector.Parsed, err error) {
	if len(w.Messages) == 0 {
		return p, errors.New("rocketchat: no message")
	}
	for _, m := range w.Messages {
		by, reason := w.author(m)
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
			continue
		}
		if m.ID == "" || m.Time.IsZero() {
			return connector.Parsed{}, errors.New("rocketchat: message without _id or ts")
		}
		a := c.about(w, conversation.Message, m.Time)
		if len(p.Activities) == 0 && w.first() {
			began := created(w, a)
			began.Agent = conversation.Agent{} // who serves now need not have served then
			p.Activities = append(p.Activities, began)
		}
		a.ID, a.By, a.Message = "message:"+m.ID, by, m.text(by)
		if by != conversation.Customer {
			a.Agent = w.known(m.AgentID, m.User)
		}
		p.Activities = append(p.Activities, a)
	}
	return p, nil
}

// author says who wrote a message, or why that does not count.
func (w webhook) author(m message) (by conversation.Author, reason string) {
	switch {
	case !m.Edited.IsZero():
		return "", "edited"
	case m.Kind != "" || len(m.Navigation) > 0 && string(m.Navigation) != "null":
		return "", "activity_line"
	case m.Closing && (m.AgentID == "" || m.AgentID == bot || m.User.Username == bot):
		return "", "activity_line" // that the visitor or a timer closed the room
	case m.Closing:
		// The agent's comment on it. Rocket.Chat's widget shows none, or a line
		// of its own in its place.
		return "", "private_note"
	case m.AgentID != "" && (m.User.Username == bot || m.AgentID == bot):
		return conversation.Bot, ""
	case m.AgentID != "":
		return conversation.HumanAgent, ""
	case m.User.ID != "" && m.User.ID == w.Visitor.ID, m.User.ID == "" && m.Username != "" && m.Username == w.Visitor.Username:
		return conversation.Customer, ""
	}
	return "", "unknown_author"
}

// bot is the one that every Rocket.Chat has, in whose name it acts itself, too.
const bot = "rocket.cat"

// closed tells who closed the room.
func (c *Connector) closed(w webhook) (p connector.Parsed, err error) {
	at := w.ClosedAt
	if at.IsZero() {
		return p, errors.New("rocketchat: closing without closedAt")
	}
	a := c.about(w, conversation.Closed, at)
	a.ID, a.Message = "closed:"+at.Format(time.RFC3339Nano), w.last()
	switch {
	case w.Closer == "visitor":
		a.By = conversation.Customer
	case w.ClosedBy.Username == bot || w.ClosedBy.ID == bot:
		a.By = conversation.System
	case w.Closer == "user" && w.ClosedBy.ID != "":
		a.By, a.Agent = conversation.HumanAgent, w.known(w.ClosedBy.ID, w.ClosedBy)
	}
	return parsed(a), nil
}

// last is the last message that a person wrote.
func (w webhook) last() conversation.Text {
	for i := len(w.Messages) - 1; i >= 0; i-- {
		m := w.Messages[i]
		m.Edited = field.Time{} // it is still what was said
		if by, reason := w.author(m); reason == "" && by != conversation.Bot && m.ID != "" {
			return m.text(by)
		}
	}
	return conversation.Text{}
}

// created tells that the room was made, with what another activity tells of it.
func created(w webhook, a conversation.Activity) conversation.Activity {
	a.ID, a.Type, a.Time = "created", conversation.Identified, w.CreatedAt.Time
	return a
}

// assigned tells who serves the room now. A room forwarded to a department
// waits for somebody to take it.
func (c *Connector) assigned(w webhook) (connector.Parsed, error) {
	if w.ServedBy.ID == "" || w.ServedBy.Time.IsZero() {
		return connector.Parsed{}, nil
	}
	a := c.about(w, conversation.Assigned, w.ServedBy.Time)
	a.ID, a.Agent = "assigned:"+w.ServedBy.Time.Format(time.RFC3339Nano), w.known(w.ServedBy.ID, w.ServedBy.user)
	return parsed(a), nil
}

// about starts an activity with what every webhook tells.
func (c *Connector) about(w webhook, t conversation.Type, at field.Time) conversation.Activity {
	v := w.Visitor
	a := conversation.Activity{Type: t, Conversation: w.ID, Time: at.Time, StartedAt: w.CreatedAt.Time, Channel: "chat",
		Customer: conversation.Person{ContactID: v.ID, Email: string(v.Email), Name: v.Name}, Agent: w.known(w.Agent.ID, w.Agent)}
	if v.Name == v.Username {
		a.Customer.Name = "" // a guest's, made up by Rocket.Chat
	}
	ids := []string{"user_id", "external_id"}
	if c.o.UserIDField != "" {
		ids = []string{c.o.UserIDField}
	}
	anonymous := c.o.AnonymousIDFields()
	a.Customer.UserID = cmp.Or(v.CustomFields.First(ids...), w.CustomFields.First(ids...))
	a.Customer.AnonymousID = cmp.Or(v.CustomFields.First(anonymous...), w.CustomFields.First(anonymous...))
	return a
}
