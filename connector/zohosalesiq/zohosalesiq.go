// Package zohosalesiq reads the webhooks of Zoho SalesIQ.
//
// A webhook names what happened and carries the conversation, with the message
// where there is one. The first message of a visitor is the question of the
// conversation that it creates.
//
// Source: https://www.zoho.com/salesiq/help/webhook-events-conversation.html and
// https://zoho.com/salesiq/help/webhook-events-departments-created.html
// (signatures).
package zohosalesiq

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "zoho-salesiq",
		Title:  "Zoho SalesIQ",
		Reopen: conversation.Continue,
		Check:  check,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "if SalesIQ says so of the sender, or bot_ids does",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "the owner's: their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from the visitor's info, if the webhook carries it", AnonymousID: "from the visitor's info, if the webhook carries it", Email: connector.Yes,
			Signature: "RSA-SHA256", Retries: "some: each webhook says which attempt it is",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

func check(o connector.Options) error {
	for _, secret := range o.Secrets {
		if _, err := connector.ParseRSA(secret); err != nil {
			return errors.New("secret: is not an RSA public key; copy all of the webhook's")
		}
	}
	return nil
}

// A Connector reads the webhooks of one SalesIQ portal.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

const signatureHeader = "X-SIQSignature"

// Verify implements connector.Connector. The secrets are the public keys of the
// webhook; there are two while one replaces the other.
func (c *Connector) Verify(r *connector.Request) error {
	return c.o.VerifyRSA(r.Header.Get(signatureHeader), r.Body)
}

// A webhook is what SalesIQ sends.
type webhook struct {
	Event     string     `json:"event"`
	EntityID  field.ID   `json:"entity_id"`
	EventTime field.Time `json:"event_time"`
	Entity    chat       `json:"entity"`
}

// A chat is a conversation.
type chat struct {
	ID           field.ID   `json:"id"`
	OpenedTime   field.Time `json:"opened_time"`
	AttendedTime field.Time `json:"attended_time"`
	EndTime      field.Time `json:"end_time"`
	MissedTime   field.Time `json:"missed_time"`
	Owner        person     `json:"owner"`
	Attender     person     `json:"attender"`
	Visitor      person     `json:"visitor"`
	Question     field.Text `json:"question"`
	Message      *message   `json:"message"`
}

// A message is one of a conversation's messages.
type message struct {
	ID     field.ID   `json:"msgid"`
	Type   field.Text `json:"type"`
	Text   field.Text `json:"text"`
	Time   field.Time `json:"time"`
	Sender person     `json:"sender"`
}

// A person is an operator, a bot, or a visitor.
type person struct {
	ID      field.ID     `json:"id"`
	Name    field.Text   `json:"name"`
	Email   field.Text   `json:"email_id"`
	Type    field.Text   `json:"type"`
	Channel field.Text   `json:"channel"`
	Info    field.Object `json:"info"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	err = field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "event")
		if !ok {
			return p, field.Malformed("zoho-salesiq", err)
		}
		w.Event = kind
	}
	event, of := strings.CutPrefix(w.Event, "conversation.")
	switch {
	case !of:
		return c.other(w.Event), nil
	case event == "rated", strings.HasPrefix(event, "transfer."), strings.HasPrefix(event, "participants."), event == "supervisor.added",
		event == "message.edited", event == "message.deleted":
		return p, nil // nothing that became known by it is an activity
	case err != nil:
		return p, field.Malformed("zoho-salesiq", err)
	}
	w.Entity.ID = cmp.Or(w.Entity.ID, w.EntityID)
	if w.Entity.ID == "" {
		return p, errors.New("zoho-salesiq: conversation without id")
	}
	now := cmp.Or(w.EventTime.Time, r.Received) // some versions tell no other time
	switch event {
	case "created":
		return c.created(&w.Entity, now)
	case "visitor.replied", "operator.replied":
		return c.message(event, &w.Entity, now)
	case "attender.updated":
		a := c.about(&w.Entity)
		if w.Entity.Attender.ID != "" {
			a.Agent = agent(w.Entity.Attender)
		}
		return told(a, conversation.Assigned, "assigned", cmp.Or(w.Entity.AttendedTime.Time, now))
	case "completed":
		return told(c.about(&w.Entity), conversation.Closed, "closed", cmp.Or(w.Entity.EndTime.Time, now))
	case "missed":
		a := c.about(&w.Entity)
		a.By = conversation.System // nobody came in time
		return told(a, conversation.Closed, "missed", cmp.Or(w.Entity.MissedTime.Time, now))
	}
	return dropped("unknown_event"), nil
}

// other is an event about something else: departments, operators, visitors.
func (*Connector) other(event string) connector.Parsed {
	for _, module := range []string{"visitor.", "department.", "operator.", "brand.", "app."} {
		if strings.HasPrefix(event, module) {
			return connector.Parsed{}
		}
	}
	return dropped("unknown_event")
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

var errTime = errors.New("zoho-salesiq: a webhook that tells no time")

// told is a webhook that says one thing.
func told(a conversation.Activity, t conversation.Type, id string, at time.Time) (p connector.Parsed, err error) {
	if at.IsZero() {
		return p, errTime
	}
	a.Type, a.ID, a.Time = t, id+":"+at.UTC().Format(time.RFC3339Nano), at
	p.Activities = []conversation.Activity{a}
	return p, nil
}

// created tells of the beginning, and of the question that it began with.
func (c *Connector) created(v *chat, now time.Time) (p connector.Parsed, err error) {
	at := cmp.Or(v.OpenedTime.Time, now)
	if at.IsZero() {
		return p, errTime
	}
	a := c.about(v)
	a.ID, a.Type, a.Time = "created", conversation.Identified, at
	p.Activities = append(p.Activities, a)
	if v.Question != "" {
		m := message{Text: v.Question}
		p.Activities = append(p.Activities, m.told(a, conversation.Customer, at))
	}
	return p, nil
}

// message tells of a message, if it is known who wrote it.
func (c *Connector) message(event string, v *chat, now time.Time) (p connector.Parsed, err error) {
	m := v.Message
	if m == nil {
		return p, errors.New("zoho-salesiq: entity.message is missing")
	}
	by, reason := m.author(event == "visitor.replied")
	if reason != "" {
		return dropped(reason), nil
	}
	at := cmp.Or(m.Time.Time, now)
	if at.IsZero() {
		return p, errTime
	}
	a := c.about(v)
	if by != conversation.Customer {
		a.Agent = m.agent(v)
		if c.o.IsBot(a.Agent.ID) {
			by = conversation.Bot
		}
	}
	p.Activities = []conversation.Activity{m.told(a, by, at)}
	return p, nil
}

// author says who wrote a message, or why that is not known.
func (m *message) author(visitor bool) (by conversation.Author, reason string) {
	switch m.Type {
	case "", "text", "att", "attachment", "file", "image":
	case "note":
		return "", "private_note"
	default:
		return "", "unknown_kind"
	}
	switch m.Sender.Type {
	case "":
		if visitor {
			return conversation.Customer, ""
		}
		return conversation.HumanAgent, ""
	case "visitor", "lead", "contact":
		if visitor {
			return conversation.Customer, ""
		}
	case "operator":
		if !visitor {
			return conversation.HumanAgent, ""
		}
	case "bot":
		if !visitor {
			return conversation.Bot, ""
		}
	}
	return "", "unknown_author"
}

// told is the activity of a message. One without an id gets one of its content.
func (m *message) told(a conversation.Activity, by conversation.Author, at time.Time) conversation.Activity {
	id := string(m.ID)
	if id == "" {
		id = connector.Occurrences{}.ID(string(by), strconv.FormatInt(at.UnixMilli(), 10), string(m.Text))
	}
	a.ID, a.Type, a.By, a.Time = "message:"+id, conversation.Message, by, at
	a.Message = conversation.Text{ID: id, Body: string(m.Text)}
	return a
}

// agent is who wrote a message: the owner, if nothing speaks against it.
func (m *message) agent(v *chat) conversation.Agent {
	s := agent(m.Sender)
	if s.ID == "" && s.Name == string(v.Owner.Name) || s.ID != "" && s.ID == string(v.Owner.ID) {
		return agent(v.Owner)
	}
	return s
}

// agent is an operator, who logs in with an e-mail address.
func agent(o person) conversation.Agent {
	return conversation.Agent{ID: string(o.ID), Name: string(o.Name), Username: string(o.Email)}
}

// about starts an activity with what a conversation tells.
func (c *Connector) about(v *chat) conversation.Activity {
	users := []string{"user_id", "external_id"}
	if c.o.UserIDField != "" {
		users = []string{c.o.UserIDField}
	}
	k := &v.Visitor
	return conversation.Activity{
		Conversation: string(v.ID),
		StartedAt:    v.OpenedTime.Time,
		Channel:      channel(string(k.Channel)),
		Agent:        agent(v.Owner),
		Customer: conversation.Person{ContactID: string(k.ID), Name: string(k.Name), Email: string(k.Email),
			UserID: k.Info.First(users...), AnonymousID: k.Info.First(c.o.AnonymousIDFields()...)},
	}
}

// channel puts a channel in our words.
func channel(kind string) string {
	switch kind = strings.ToLower(kind); kind {
	case "website", "mobile", "android", "ios":
		return "chat"
	case "whatsapp", "facebook", "messenger", "instagram", "telegram", "line", "wechat":
		return "messaging"
	}
	return kind
}

func (c *Connector) sign(body []byte) connector.Request {
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
	r.Header.Set(signatureHeader, c.o.SignRSA(body))
	return r
}
