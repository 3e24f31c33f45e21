// Package libredesk reads the webhooks of Libredesk.
//
// A webhook names what happened and holds a message, a conversation, or a
// conversation with what changed. A message does not tell of its conversation
// more than its id, so most of what is known of a customer, and whether it is
// a chat at all, comes from the webhooks about the conversation.
//
// Source: abhinavxd/libredesk v2.7.0, internal/webhook, internal/conversation,
// run and recorded; and https://docs.libredesk.io/configuration/webhooks
package libredesk

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
		Name:   "libredesk",
		Title:  "Libredesk",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "once the agent has written: their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "of visitors whom the site signs in", AnonymousID: "from a custom attribute", Email: connector.Yes,
			Signature: "HMAC-SHA256", Retries: "none",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Libredesk.
type Connector struct{ o connector.Options }

var (
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

var scheme = connector.Scheme{Header: "X-Libredesk-Signature", Value: "sha256={signature}"}

// Verify implements connector.Connector. No header says when it was signed, and
// the body's time is no reason to refuse what somebody kept while the gateway
// was away: told again, it changes nothing, and has the same messageIds.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Scrub implements connector.Scrubber: the addresses of files are signed, and
// open them for anybody.
func (*Connector) Scrub(body []byte) []byte {
	return field.Blank(body, "url", "thumbnail_url", "avatar_url")
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape: rules send names of their own.
		kind, ok := field.Kind(r.Body, "event")
		if !ok {
			return connector.Parsed{}, field.Malformed("libredesk", err)
		}
		w.Event = kind
	}
	switch w.Event {
	case "message.created":
		if err == nil {
			return c.message(w.Payload)
		}
	case "conversation.created", "conversation.status_changed", "conversation.assigned", "conversation.unassigned":
		if err == nil {
			return c.conversation(w)
		}
	case "message.updated", "conversation.tags_changed", "webhook.test":
		return connector.Parsed{}, nil
	default:
		return dropped("unknown_event"), nil
	}
	return connector.Parsed{}, field.Malformed("libredesk", err)
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if the customer could see it and it is known who
// wrote it.
func (c *Connector) message(m payload) (p connector.Parsed, err error) {
	by, reason := m.author()
	if reason != "" {
		return dropped(reason), nil
	}
	if m.UUID == "" || m.ConversationUUID == "" || m.CreatedAt.IsZero() {
		return p, errors.New("libredesk: message without uuid, conversation_uuid or created_at")
	}
	a := conversation.Activity{ID: "message:" + m.UUID, Type: conversation.Message, By: by,
		Conversation: m.ConversationUUID, Time: m.CreatedAt.Time, Message: conversation.Text{ID: m.UUID, Body: m.body()}}
	switch by {
	case conversation.Customer:
		a.Customer = conversation.Person{ContactID: string(cmp.Or(m.Author.ID, m.SenderID)), Email: string(m.Author.Email), Name: m.Author.name()}
	case conversation.HumanAgent, conversation.Bot:
		a.Agent = conversation.Agent{ID: string(m.Author.ID), Name: m.Author.name()}
		if by == conversation.HumanAgent {
			a.Agent.Username = string(m.Author.Email) // people log in with it
			p.Agents = append(p.Agents, a.Agent)
		}
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// systemID is the user in whose name Libredesk itself acts.
const systemID = "1"

// author says who wrote a message, or why that does not count.
func (m payload) author() (by conversation.Author, reason string) {
	person := m.Author.Type
	switch {
	case m.Type == "activity":
		return "", "activity_line"
	case m.Private == nil || *m.Private:
		return "", "private_note"
	case m.Type == "incoming" && (person == "visitor" || person == "contact" || person == "" && m.SenderType == "contact"):
		return conversation.Customer, ""
	case m.Type == "incoming":
		return "", "unknown_author"
	case m.Type != "outgoing":
		return "", "unknown_kind"
	case m.Meta.Truthy("continuity_email"):
		return "", "continuity_email" // what the customer has not seen yet, once more
	case m.Meta.Truthy("is_automated"), m.Meta.Truthy("is_csat"), person == "agent" && m.Author.ID == systemID:
		return conversation.Automation, ""
	case person == "agent":
		return conversation.HumanAgent, ""
	case person == "ai_assistant":
		return conversation.Bot, ""
	}
	return "", "unknown_author"
}

// body is the text that the customer saw.
func (m payload) body() string {
	switch {
	case m.TextContent != "":
		return m.TextContent
	case m.ContentType == "html":
		return connector.PlainText(m.Content)
	}
	return m.Content
}

// conversation tells what changed in a conversation.
func (c *Connector) conversation(w webhook) (p connector.Parsed, err error) {
	v := w.Payload.chat
	if w.Event != "conversation.created" {
		v = w.Payload.Conversation
	}
	a := c.about(v)
	a.Conversation = cmp.Or(v.UUID, w.Payload.ConversationUUID)
	// Nothing else tells when: resolved_at and closed_at stay at the first time.
	a.Time = v.UpdatedAt.Time
	if a.Time.IsZero() {
		a.Time = w.Timestamp.Time
	}
	if a.Conversation == "" || a.Time.IsZero() {
		return p, errors.New("libredesk: conversation without uuid, updated_at or timestamp")
	}
	stamp := a.Time.Format(time.RFC3339Nano)
	switch w.Event {
	case "conversation.created":
		a.Type, a.ID = conversation.Identified, "created"
		if !v.CreatedAt.IsZero() {
			a.Time = v.CreatedAt.Time
		}
	case "conversation.assigned":
		a.Type, a.ID = conversation.Assigned, "assigned:"+stamp
		a.Agent = conversation.Agent{ID: string(cmp.Or(v.AssignedUserID, w.Payload.AssignedTo))}
	case "conversation.unassigned":
		a.Type, a.ID, a.Agent = conversation.Assigned, "assigned:"+stamp, conversation.Agent{}
	case "conversation.status_changed":
		switch v.StatusCategory {
		case "resolved":
			a.Type, a.ID = conversation.Closed, "closed:"+stamp
			a.By, a.Agent = w.Payload.closer(v, a.Agent)
		case "open", "waiting":
			// Names of states can be changed, so that nobody knows whether
			// this one was resolved before. A message tells that it goes on.
			return p, nil
		default:
			return dropped("unknown_status"), nil
		}
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// closer says who changed the status, and the agent of that.
func (w payload) closer(v chat, assignee conversation.Agent) (conversation.Author, conversation.Agent) {
	switch w.ActorID {
	case "", "0":
		return "", assignee
	case systemID:
		return conversation.System, assignee
	case v.ContactID:
		return conversation.Customer, assignee
	}
	return conversation.HumanAgent, conversation.Agent{ID: string(w.ActorID)}
}

// about starts an activity with what a conversation tells.
func (c *Connector) about(v chat) conversation.Activity {
	anonymous := c.o.AnonymousIDFields()
	customer := conversation.Person{
		UserID:      string(v.Contact.ExternalUserID),
		AnonymousID: cmp.Or(v.Contact.CustomAttributes.First(anonymous...), v.CustomAttributes.First(anonymous...)),
		ContactID:   string(cmp.Or(v.Contact.ID, v.ContactID)),
		Email:       string(v.Contact.Email),
		Name:        v.Contact.name(),
	}
	if c.o.UserIDField != "" {
		customer.UserID = cmp.Or(v.Contact.CustomAttributes.Text(c.o.UserIDField), customer.UserID)
	}
	a := conversation.Activity{StartedAt: v.CreatedAt.Time, Channel: v.channel(), Customer: customer}
	if v.AssignedUserID != "" {
		a.Agent = conversation.Agent{ID: string(v.AssignedUserID)}
	}
	return a
}

// channel puts the inbox's kind in our words.
func (v chat) channel() string {
	switch v.InboxChannel {
	case "livechat":
		return "chat"
	case "whatsapp", "telegram":
		return "messaging"
	}
	return v.InboxChannel
}
