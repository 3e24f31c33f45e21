// Package front reads the webhooks of Front.
//
// A webhook is an event: bare where a rule sends it, in an envelope where an
// application does. It holds the message, or only where the API has it.
//
// Sources: https://dev.frontapp.com/docs/application-webhooks,
// https://dev.frontapp.com/docs/rule-webhooks,
// https://dev.frontapp.com/reference/events, the OpenAPI description in
// frontapp/front-api-specs, and recorded webhooks about e-mail.
package front

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// keep is how long what the API says of a contact may serve.
const keep = time.Hour

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "front",
		Title:  "Front",
		Reopen: conversation.Continue,
		API:    &connector.API{URL: "https://api2.frontapp.com", Optional: true},
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from a custom field", AnonymousID: "from a custom field", Email: "if the visitor gave it",
			Signature: "HMAC-SHA256 with time, or HMAC-SHA1 of a rule", Retries: "no policy is published",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Front company.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var (
	// appScheme is how an application signs, with its signing key.
	appScheme = connector.Scheme{Header: "X-Front-Signature", Signed: "{time}:{body}", Encoding: "base64", Time: "X-Front-Request-Timestamp", Unit: "ms"}
	// ruleScheme is how a rule does, with the API secret.
	ruleScheme = connector.Scheme{Header: "X-Front-Signature", Hash: connector.HMACSHA1, Encoding: "base64"}
)

// Verify implements connector.Connector. Only applications tell a time.
func (c *Connector) Verify(r *connector.Request) error {
	if r.Header.Get(appScheme.Time) != "" {
		return appScheme.Verify(c.o, r)
	}
	return ruleScheme.Verify(c.o, r)
}

// What an event is about.
const (
	inbound = iota + 1
	outbound
	archived
	reopened
	assigned
	comment // between teammates
	sync    // the end of a handshake
	other   // nothing that becomes an activity
)

// kinds are the events, as applications and as rules name them.
var kinds = map[string]int{
	"inbound_received": inbound, "inbound": inbound,
	"outbound_sent": outbound, "outbound": outbound, "out_reply": outbound,
	"conversation_archived": archived, "archive": archived,
	"conversation_reopened": reopened, "reopen": reopened, "conversation_restored": reopened, "restore": reopened,
	"assignee_changed": assigned, "assign": assigned, "unassign": assigned,
	"new_comment_added": comment, "comment": comment, "mention": comment,
	"sync":                 sync,
	"conversation_deleted": other, "trash": other, "conversation_snoozed": other, "conversation_snooze_expired": other, "reminder": other,
	"tag_added": other, "tag": other, "tag_removed": other, "untag": other, "link_added": other, "link_removed": other,
	"conversation_moved": other, "move": other, "conversations_merged": other, "forward": other,
	"message_delivery_failed": other, "message_bounce_error": other, "sending_error": other,
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("front", err)
	}
	e := &w.event
	if w.Payload != nil {
		e = w.Payload
	}
	switch kind := kinds[w.Type]; kind {
	case 0:
		p.Dropped = []string{"unknown_event"}
	case sync:
		p.Reply = r.Header.Get("X-Front-Challenge")
	case comment:
		p.Dropped = []string{"private_note"}
	case inbound, outbound:
		err = c.message(r, e, kind, &p)
	case archived, reopened, assigned:
		err = c.status(e, kind, w.Type, &p)
	}
	return p, err
}

// status adds what happened to a conversation. Nothing but its last message
// says how the two talk; without that, it is not said when it began either,
// or the end of an old e-mail would be one of a chat.
func (c *Connector) status(e *event, kind int, name string, p *connector.Parsed) error {
	if e.Conversation.ID == "" || e.EmittedAt.IsZero() {
		return errors.New("front: event without conversation.id or emitted_at")
	}
	a := c.about(e)
	if last := e.Conversation.LastMessage; last.Type != "" {
		a.Channel, a.StartedAt = channel(last.Type), e.Conversation.CreatedAt.Time
	}
	by, who := e.Source.author()
	stamp := cmp.Or(string(e.ID), a.Time.UTC().Format(time.RFC3339Nano))
	switch kind {
	case archived:
		a.Type, a.By, a.ID = conversation.Closed, by, "closed:"+stamp
		if by == conversation.HumanAgent {
			a.Agent = who.agent()
		}
	case reopened:
		a.Type, a.By, a.ID = conversation.Reopened, by, "reopened:"+stamp
	case assigned:
		to, ok := e.assignee(name)
		if !ok {
			p.Dropped = append(p.Dropped, "unknown_kind")
			return nil
		}
		a.Type, a.Agent, a.ID = conversation.Assigned, to, "assigned:"+stamp
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// about is an activity with what is known of its conversation.
func (c *Connector) about(e *event) conversation.Activity {
	return conversation.Activity{
		Conversation: string(e.Conversation.ID), Time: e.EmittedAt.Time,
		Agent: e.Conversation.Assignee.agent(), Customer: c.customer(e, nil),
	}
}

// message adds a message. An event preview holds only its id.
func (c *Connector) message(r *connector.Request, e *event, kind int, p *connector.Parsed) error {
	m := &e.Target.Data.V
	if m.ID == "" || e.Conversation.ID == "" {
		return errors.New("front: message without id or conversation.id")
	}
	if m.Text == nil && m.Body == nil {
		path := "/messages/" + url.PathEscape(string(m.ID))
		answer, known := r.Answers[path]
		switch {
		case !known:
			p.Lookups = append(p.Lookups, connector.Lookup{Path: path})
			return nil
		case answer == nil:
			p.Dropped = append(p.Dropped, "not_found")
			return nil
		}
		m = &thing{}
		if err := field.Decode(answer, m); err != nil {
			return field.Malformed("front", err)
		}
		m.ID = e.Target.Data.V.ID
	}
	by, reason := c.author(m, kind)
	if reason != "" {
		p.Dropped = append(p.Dropped, reason)
		return nil
	}
	a := c.about(e)
	a.Type, a.By, a.ID, a.Channel = conversation.Message, by, "message:"+string(m.ID), channel(m.Type)
	a.StartedAt = e.Conversation.CreatedAt.Time
	if !m.CreatedAt.IsZero() {
		a.Time = m.CreatedAt.Time
	}
	if a.Time.IsZero() {
		return errors.New("front: message without created_at or emitted_at")
	}
	a.Message = conversation.Text{ID: string(m.ID), Body: m.plain()}
	if by != conversation.Customer {
		a.Agent = m.Author.agent()
	}
	a.Customer = c.customer(e, m)
	if err := c.ask(r, e.recipient(m).contact(), &a.Customer, p); err != nil {
		return err
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// author says who wrote a message, or why it is none that a customer wrote or
// reads.
func (c *Connector) author(m *thing, kind int) (by conversation.Author, reason string) {
	switch {
	case m.Type == "":
		return "", "unknown_channel"
	case m.Type == "internal":
		return "", "private_note" // teammates among themselves
	case m.IsDraft || m.DraftMode != "":
		return "", "draft"
	case m.IsInbound == nil || *m.IsInbound != (kind == inbound):
		return "", "unknown_author"
	case kind == inbound && (m.Author.Type == "" && m.Author.ID == "" || m.Author.Type == "visitor"):
		return conversation.Customer, ""
	case kind == inbound:
		return "", "unknown_author"
	}
	if by := m.Author.by(); by != "" && c.o.IsBot(string(m.Author.ID)) {
		return conversation.Bot, ""
	} else if by != "" {
		return by, ""
	}
	return "", "unknown_author"
}

// customer is the one whom the conversation is with.
func (c *Connector) customer(e *event, m *thing) conversation.Person {
	r := e.recipient(m)
	who := conversation.Person{ContactID: cmp.Or(r.contact(), string(r.Handle)), Name: string(r.Name)}
	if strings.Contains(string(r.Handle), "@") {
		who.Email = string(r.Handle)
	}
	c.custom(&who, e.Conversation.CustomFields)
	return who
}

// custom reads the ids that custom fields carry.
func (c *Connector) custom(who *conversation.Person, fields field.Object) {
	if id := fields.Text(c.o.UserIDField); c.o.UserIDField != "" && id != "" {
		who.UserID = id
	}
	who.AnonymousID = cmp.Or(fields.First(c.o.AnonymousIDFields()...), who.AnonymousID)
}

// ask reads the custom fields of a contact, which no webhook holds: only where
// the configuration says that they carry something.
func (c *Connector) ask(r *connector.Request, contact string, who *conversation.Person, p *connector.Parsed) error {
	if contact == "" || c.o.UserIDField == "" && c.o.AnonymousIDField == "" {
		return nil
	}
	path := "/contacts/" + url.PathEscape(contact)
	answer, known := r.Answers[path]
	if !known {
		p.Lookups = append(p.Lookups, connector.Lookup{Path: path, Keep: keep})
		return nil
	}
	var v struct {
		CustomFields field.Object `json:"custom_fields"`
	}
	if answer == nil {
		return nil
	}
	if err := field.Decode(answer, &v); err != nil {
		return field.Malformed("front", err)
	}
	c.custom(who, v.CustomFields)
	return nil
}

// channel puts the kind of a message in our words.
func channel(kind string) string {
	switch kind {
	case "front_chat":
		return "chat"
	case "facebook", "tweet_dm", "whatsapp", "yalo_wha":
		return "messaging"
	case "call", "phone-call":
		return "phone"
	}
	return kind
}
