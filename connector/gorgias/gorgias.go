// Package gorgias reads the webhooks of Gorgias.
//
// Gorgias has HTTP integrations: whoever sets one up writes the address, the
// headers and a template of the body. Three bodies are read: {{context}}, which
// is the ticket with the new message; the template of our documentation, which
// holds the ticket alone, so that the messages have to be asked for; and a
// ticket or a message by itself.
//
// Sources: https://developers.gorgias.com/reference/the-integration-object and
// the ticket and message objects there,
// https://docs.gorgias.com/en-US/http-integrations-81822, PipedreamHQ/pipedream
// components/gorgias_oauth, and measurements that others published.
package gorgias

import (
	"cmp"
	"errors"
	"net/url"
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
		Name:   "gorgias",
		Title:  "Gorgias",
		Reopen: conversation.Continue,
		API:    &connector.API{Header: "Authorization", Prefix: "Basic ", Optional: true},
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "those that bot_ids lists",
			AgentID: "if the message tells its sender", AgentName: "if the message tells its sender", AgentUsername: "if the message tells its sender: their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "the customer's external_id", AnonymousID: "from the customer's data, or meta", Email: connector.Yes,
			Signature: "token in a header or the address", Retries: "none",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Gorgias account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// schemes are where a token may stand: Gorgias sends whatever headers and
// address the integration has.
var schemes = []connector.Scheme{
	{Header: "X-Gateway-Token", Query: "token", Hash: connector.Token},
	{Header: "Authorization", Value: "Bearer {signature}", Hash: connector.Token},
}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	err := schemes[0].Verify(c.o, r)
	if err != nil && r.Header.Get(schemes[1].Header) != "" {
		err = schemes[1].Verify(c.o, r)
	}
	return err
}

// triggers are what an integration may be told of.
var triggers = map[string]bool{
	"": true, "ticket-created": true, "ticket-updated": true, "ticket-message-created": true, "ticket-message-failed": true,
	"ticket-self-unsnoozed": true, "ticket-handed-over": true, "ticket-status-updated": true, "ticket-assignment-updated": true,
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		return connector.Parsed{}, field.Malformed("gorgias", err)
	}
	trigger := cmp.Or(string(w.Event.Type), string(w.Trigger))
	if !triggers[trigger] {
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	t := telling{c: c, trigger: trigger, at: w.Event.Datetime.Time}
	switch {
	case w.Ticket != nil || w.Message != nil:
		t.ticket = w.Ticket
		if w.Message != nil {
			t.messages = []message{*w.Message}
		} else {
			t.messages = w.Ticket.Messages
		}
	case w.FromAgent != nil && w.TicketID != "":
		t.messages = make([]message, 1)
		err = field.Decode(r.Body, &t.messages[0])
	case w.TicketID != "" && w.Status != "":
		return c.template(r, &w)
	case w.ID != "" && w.Status != "":
		t.ticket = &ticket{}
		err = field.Decode(r.Body, t.ticket)
		t.messages = t.ticket.Messages
	default:
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	if err != nil {
		return connector.Parsed{}, field.Malformed("gorgias", err)
	}
	return t.tell()
}

// quiet are the triggers of what is no message.
var quiet = map[string]bool{"ticket-updated": true, "ticket-self-unsnoozed": true, "ticket-handed-over": true, "ticket-status-updated": true, "ticket-assignment-updated": true}

// asked are the channels of tickets about whose messages the API is asked.
// Asking about every e-mail would take longer than the API allows.
func asked(channel field.Text) bool {
	kind := channelOf(channel)
	return kind == "chat" || kind == "messaging"
}

// template reads what our template writes. It says nothing of messages.
func (c *Connector) template(r *connector.Request, w *webhook) (connector.Parsed, error) {
	k, err := w.ticket(w.Status)
	if err != nil {
		return connector.Parsed{}, errors.New("gorgias: a time in the body is none")
	}
	t := telling{c: c, trigger: string(w.Trigger), ticket: k}
	if !quiet[t.trigger] && asked(k.Channel) {
		path := "/api/messages?limit=100&order_by=created_datetime%3Adesc&ticket_id=" + url.QueryEscape(string(k.ID))
		answer, ok := r.Answers[path]
		if !ok {
			return connector.Parsed{Lookups: []connector.Lookup{{Path: path}}}, nil
		}
		var list struct {
			Data []message `json:"data"`
		}
		if len(answer) > 0 {
			if err := field.Decode(answer, &list); err != nil {
				return connector.Parsed{}, field.Malformed("gorgias", err)
			}
		}
		t.messages = list.Data
	}
	return t.tell()
}

// A telling is what one webhook says.
type telling struct {
	connector.Parsed
	c        *Connector
	trigger  string
	at       time.Time // when what it tells of happened, if it says so
	ticket   *ticket   // nil for a message alone
	messages []message
}

func (t *telling) tell() (connector.Parsed, error) {
	if t.ticket != nil && t.ticket.ID == "" {
		return connector.Parsed{}, errors.New("gorgias: ticket without id")
	}
	for i := range t.messages {
		if err := t.message(&t.messages[i]); err != nil {
			return connector.Parsed{}, err
		}
	}
	slices.SortStableFunc(t.Activities, conversation.Compare) // the API tells the newest first
	k := t.ticket
	if k == nil {
		return t.Parsed, nil
	}
	if (t.trigger == "ticket-updated" || t.trigger == "ticket-assignment-updated") && !t.at.IsZero() {
		t.activity(conversation.Assigned, t.at.Format(time.RFC3339Nano), t.at, k.Channel)
	}
	if k.Status == "closed" && !k.ClosedAt.IsZero() {
		at := k.ClosedAt.Time
		t.activity(conversation.Closed, at.Format(time.RFC3339Nano), at, k.Channel)
	}
	return t.Parsed, nil
}

// message tells of a message, if the customer could see it and it is known who
// wrote it.
func (t *telling) message(m *message) error {
	by, reason := t.c.author(m)
	switch {
	case m.Public == nil || !*m.Public || m.Channel == "internal-note" || m.Via == "internal-note":
		reason = "private_note"
	case !m.Deleted.IsZero():
		reason = "deleted"
	case !m.FailedAt.IsZero():
		reason = "failed" // so nobody has received it
	}
	if reason != "" {
		t.Dropped = append(t.Dropped, reason)
		return nil
	}
	if m.ID == "" || m.CreatedAt.IsZero() || t.ticket == nil && m.TicketID == "" {
		return errors.New("gorgias: message without id, ticket_id or created_datetime")
	}
	a := t.activity(conversation.Message, string(m.ID), m.CreatedAt.Time, m.Channel)
	if t.ticket == nil {
		a.Conversation = string(m.TicketID)
	}
	a.By = by
	a.Message = conversation.Text{ID: string(m.ID), Body: m.text()}
	switch {
	case by == conversation.HumanAgent || by == conversation.Bot:
		a.Agent = conversation.Agent{}
		if m.Sender != nil {
			a.Agent = agent(m.Sender)
		}
		if by == conversation.Bot {
			a.Agent.Username = ""
		}
	case by == conversation.Customer && a.Customer.ContactID == "" && m.Sender != nil:
		a.Customer = t.c.customer(m.Sender, nil)
	}
	return nil
}

// author says who wrote a message, or why that is not known.
func (c *Connector) author(m *message) (by conversation.Author, reason string) {
	switch {
	case m.FromAgent == nil:
		return "", "unknown_author"
	case !*m.FromAgent:
		return conversation.Customer, ""
	case m.RuleID != "", m.Via == "rule", m.Via == "gorgias_chat": // the widget's own line
		return conversation.Automation, ""
	case m.Sender != nil && m.Sender.ID != "" && c.o.IsBot(string(m.Sender.ID)):
		return conversation.Bot, ""
	case m.Via == "helpdesk":
		return conversation.HumanAgent, ""
	}
	return "", "unknown_author"
}

// text is what is new in a message.
func (m *message) text() string {
	for _, s := range []field.Text{m.StrippedText, m.BodyText} {
		if s := strings.TrimSpace(string(s)); s != "" {
			return s
		}
	}
	return connector.PlainText(string(m.BodyHTML))
}

// activity adds what happened, and what the ticket tells besides.
func (t *telling) activity(kind conversation.Type, id string, at time.Time, channel field.Text) *conversation.Activity {
	a := conversation.Activity{ID: string(kind) + ":" + id, Type: kind, Time: at, Channel: channelOf(channel)}
	if k := t.ticket; k != nil {
		a.Conversation, a.StartedAt = string(k.ID), k.CreatedAt.Time
		if k.Assignee != nil {
			a.Agent = agent(k.Assignee)
		}
		if k.Customer != nil {
			a.Customer = t.c.customer(k.Customer, k.Meta)
		}
	}
	t.Activities = append(t.Activities, a)
	return &t.Activities[len(t.Activities)-1]
}

// agent is who a person is as an agent. They log in with their e-mail address.
func agent(p *person) conversation.Agent {
	return conversation.Agent{ID: string(p.ID), Name: p.name(), Username: string(p.Email)}
}

func (c *Connector) customer(p *person, meta field.Object) conversation.Person {
	who := conversation.Person{ContactID: string(p.ID), UserID: string(p.ExternalID), Email: string(p.Email), Name: p.name()}
	objects := []field.Object{p.Data, p.Meta, meta}
	if key := c.o.UserIDField; key != "" {
		who.UserID = cmp.Or(objects[0].Text(key), objects[1].Text(key), objects[2].Text(key))
	}
	for _, o := range objects {
		who.AnonymousID = cmp.Or(who.AnonymousID, o.First(c.o.AnonymousIDFields()...))
	}
	return who
}

// channelOf puts a channel in our words.
func channelOf(channel field.Text) string {
	switch kind := strings.ToLower(string(channel)); kind {
	case "facebook-messenger", "instagram-direct-message", "twitter-direct-message", "whatsapp", "tiktok":
		return "messaging"
	default:
		return kind
	}
}
