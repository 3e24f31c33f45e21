// Package smartsupp reads the webhooks of Smartsupp.
//
// A webhook names what happened and carries the conversation, and the message
// where there is one. Older descriptions name other events, of which the data
// is the conversation or the message itself; both are read.
//
// Source: https://docs.smartsupp.com/rest-api/, and what an integrator in
// production wrote down: onpaj/Anela.Heblo,
// docs/integrations/smartsupp-webhook.md and SmartsuppPayloadMapper.cs.
package smartsupp

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
		Name:   "smartsupp",
		Title:  "Smartsupp",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: "people's; bots have none", AgentName: "people's; bots have none", AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from the variable user_id", AnonymousID: "from the variable segment_anonymous_id", Email: "once the contact has one",
			Signature: "HMAC-SHA256", Retries: "seen at once after a 500; no policy is published",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Smartsupp account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Smartsupp-Hmac"}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		// What is of no interest may have any shape.
		var e struct {
			Event string `json:"event"`
		}
		if field.Decode(r.Body, &e) == nil && (idle(e.Event) || !strings.HasPrefix(e.Event, "conversation.") && e.Event != "message.created") {
			return other(e.Event), nil
		}
		return p, field.Malformed("smartsupp", err)
	}
	switch w.Event {
	case "message.created", "conversation.contact_replied", "conversation.agent_replied", "conversation.bot_replied":
		return c.message(w)
	case "conversation.created", "conversation.opened":
		return c.opened(w)
	case "conversation.closed", "conversation.closed_by_contact":
		return c.closed(w)
	case "conversation.agent_assigned", "conversation.agent_unassigned":
		return c.assigned(w)
	case "contact.created", "contact.updated", "contact.acquired":
		return c.contact(w), nil
	}
	return other(w.Event), nil
}

// idle reports whether nothing that became known by an event is an activity.
func idle(event string) bool {
	switch event {
	case "conversation.updated", "conversation.rated", "conversation.agent_joined", "conversation.agent_left", "message.updated",
		"conversation.message_delivered", "conversation.message_delivery_failed", "contact.banned", "contact.unbanned":
		return true
	}
	return strings.HasPrefix(event, "visitor.") || strings.HasPrefix(event, "app.")
}

func other(event string) connector.Parsed {
	if idle(event) {
		return connector.Parsed{}
	}
	return dropped("unknown_event")
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if it is known who wrote it.
func (c *Connector) message(w webhook) (connector.Parsed, error) {
	m := w.Data.Message
	if w.Event == "message.created" {
		m = &w.Data.message
	}
	if m == nil {
		return connector.Parsed{}, errors.New("smartsupp: data.message is missing")
	}
	m.SubType = cmp.Or(m.SubType, strings.TrimSuffix(strings.TrimPrefix(w.Event, "conversation."), "_replied"))
	by, reason := m.author()
	if reason == "" {
		reason = m.hidden()
	}
	if reason != "" {
		return dropped(reason), nil
	}
	v := w.chat()
	v.ID = cmp.Or(m.ConversationID, v.ID)
	at := m.CreatedAt.Time
	if m.ID == "" || v.ID == "" || at.IsZero() {
		return connector.Parsed{}, errors.New("smartsupp: message without id, conversation_id or created_at")
	}
	v.VisitorID = cmp.Or(v.VisitorID, m.VisitorID)
	a := c.about(v)
	a.ID, a.Type, a.By, a.Time = "message:"+string(m.ID), conversation.Message, by, at
	a.Message = conversation.Text{ID: string(m.ID), Body: m.Content.plain()}
	switch by {
	case conversation.HumanAgent, conversation.Bot:
		a.Agent = conversation.Agent{ID: string(m.AgentID), Name: string(m.AuthorName)}
	case conversation.Customer:
		a.Customer.Name = cmp.Or(a.Customer.Name, string(m.AuthorName))
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// author says who wrote a message, or why that is not known.
func (m *message) author() (by conversation.Author, reason string) {
	switch m.SubType {
	case "contact":
		return conversation.Customer, ""
	case "agent":
		return conversation.HumanAgent, ""
	case "bot":
		return conversation.Bot, ""
	case "trigger":
		return conversation.Automation, ""
	case "system":
		return "", "activity_line"
	}
	return "", "unknown_author"
}

// hidden says why a message is none that the two sent each other.
func (m *message) hidden() (reason string) {
	switch m.Type {
	case "", "message":
	case "note":
		return "private_note"
	default:
		return "unknown_kind"
	}
	switch m.Content.Type {
	case "", "text", "html":
		return ""
	}
	if len(m.Attachments) > 0 {
		return ""
	}
	return "unknown_kind"
}

// opened tells of a beginning, or of a conversation that was opened again.
func (c *Connector) opened(w webhook) (p connector.Parsed, err error) {
	v := w.chat()
	at := cmp.Or(v.CreatedAt, w.Timestamp)
	if v.ID == "" || at.IsZero() {
		return p, errors.New("smartsupp: conversation without id or created_at")
	}
	a := c.about(v)
	a.ID, a.Type, a.Time = "created", conversation.Identified, at.Time
	if w.Timestamp.Sub(at.Time) > time.Minute {
		a.ID, a.Type, a.Time = "reopened:"+stamp(w.Timestamp), conversation.Reopened, w.Timestamp.Time
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// closed tells of an end. It is an agent's if Smartsupp names one.
func (c *Connector) closed(w webhook) (p connector.Parsed, err error) {
	v := w.chat()
	at := cmp.Or(w.Timestamp, v.FinishedAt, v.UpdatedAt)
	if v.ID == "" || at.IsZero() {
		return p, errors.New("smartsupp: closing without conversation id or timestamp")
	}
	a := c.about(v)
	a.ID, a.Type, a.Time = "closed:"+stamp(at), conversation.Closed, at.Time
	switch {
	case w.Event == "conversation.closed_by_contact" || w.Data.CloseType == "contact":
		a.By = conversation.Customer
	case w.Data.AgentID != "":
		a.By, a.Agent = conversation.HumanAgent, conversation.Agent{ID: string(w.Data.AgentID)}
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// assigned tells who is responsible from now on.
func (c *Connector) assigned(w webhook) (p connector.Parsed, err error) {
	v := w.chat()
	if v.ID == "" || w.Timestamp.IsZero() {
		return p, errors.New("smartsupp: assignment without conversation id or timestamp")
	}
	a := c.about(v)
	a.ID, a.Type, a.Time = "assigned:"+stamp(w.Timestamp), conversation.Assigned, w.Timestamp.Time
	if w.Event == "conversation.agent_assigned" && w.Data.Assigned != "" {
		a.Agent = conversation.Agent{ID: string(w.Data.Assigned)}
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// contact tells what else is known of a contact.
func (c *Connector) contact(w webhook) (p connector.Parsed) {
	d := &w.Data
	k := person{ID: d.ID, Email: d.Email, Name: d.Name, Variables: d.Variables, Properties: d.Properties}
	if d.Contact != nil {
		k = *d.Contact
	}
	if k.ID == "" {
		return p
	}
	p.Contacts = []conversation.Person{{ContactID: string(k.ID), Email: string(k.Email), Name: string(k.Name),
		UserID:      cmp.Or(variable(k.Variables, c.userIDs()...), variable(k.Properties, c.userIDs()...)),
		AnonymousID: cmp.Or(variable(k.Variables, c.o.AnonymousIDFields()...), variable(k.Properties, c.o.AnonymousIDFields()...))}}
	return p
}

// userIDs are the variables that may carry the company's own id.
func (c *Connector) userIDs() []string {
	if c.o.UserIDField != "" {
		return []string{c.o.UserIDField}
	}
	return []string{"user_id", "external_id"}
}

// about starts an activity with what a conversation tells.
func (c *Connector) about(v chat) conversation.Activity {
	a := conversation.Activity{
		Conversation: string(v.ID),
		StartedAt:    v.CreatedAt.Time,
		Channel:      v.channel(),
		Customer: conversation.Person{
			// A visitor is known from the first word; a contact comes later.
			ContactID:   string(cmp.Or(v.VisitorID, v.ContactID)),
			Email:       string(cmp.Or(v.ContactEmail, v.Contact.Email)),
			Name:        string(cmp.Or(v.ContactName, v.Contact.Name)),
			UserID:      cmp.Or(variable(v.Variables, c.userIDs()...), variable(v.Contact.Variables, c.userIDs()...)),
			AnonymousID: cmp.Or(variable(v.Variables, c.o.AnonymousIDFields()...), variable(v.Contact.Variables, c.o.AnonymousIDFields()...)),
		},
	}
	if len(v.Agents) == 1 { // of several it does not say whose the conversation is
		a.Agent = conversation.Agent{ID: string(v.Agents[0])}
	}
	return a
}

// channel puts the conversation's channel in our words.
func (v chat) channel() string {
	switch kind := string(v.Channel.Type); kind {
	case "chat", "default":
		return "chat"
	case "facebook", "messenger", "instagram", "whatsapp":
		return "messaging"
	default:
		return kind
	}
}

func stamp(t field.Time) string { return t.UTC().Format(time.RFC3339Nano) }
