// Package kustomer reads the outbound webhooks of Kustomer.
//
// A webhook is an event about one resource, in the shape of JSON:API, with what
// changed. Messages carry no more of people than their ids: names come with the
// events about users, and the company's own ids with those about customers.
//
// Source: https://developer.kustomer.com/docs/events/outbound-webhooks and
// https://developer.kustomer.com/docs/events/event-catalog; recorded events in
// PipedreamHQ/pipedream, components/kustomer/sources.
package kustomer

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
		Name:   "kustomer",
		Title:  "Kustomer",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "those that bot_ids names",
			AgentID: connector.Yes, AgentName: "once an event about the user has told it", AgentUsername: "once an event about the user has told it: their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: "the preview, perhaps shortened", Message: connector.Yes,
			UserID: "the customer's externalId, once an event about the customer has told it", AnonymousID: "from a custom attribute of the customer",
			Email:     "once an event about the customer has told it",
			Signature: "HMAC-SHA256", Retries: "after 1, 1, 2, 5, 10, 15 and 30 minutes",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Kustomer organization.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Kustomer-Webhook-Signature"}

// eventHeader names the event, too; only the body's name is signed.
const eventHeader = "X-Kustomer-Webhook-Event"

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var e event
	err = field.Decode(r.Body, &e)
	switch name := strings.TrimPrefix(cmp.Or(e.Name, r.Header.Get(eventHeader)), "kustomer."); name {
	case "message.update", "team.create", "team.update", "tag.create", "tag.update":
		return p, nil // nothing that became known by it is an activity
	default:
		if err != nil {
			return p, field.Malformed("kustomer", err)
		}
		return c.read(name, e)
	}
}

func (c *Connector) read(name string, e event) (connector.Parsed, error) {
	switch name {
	case "message.create":
		return c.message(e)
	case "conversation.create":
		return created(e)
	case "conversation.update":
		return updated(e)
	case "customer.create", "customer.update":
		return c.customer(e), nil
	case "user.create", "user.update":
		return user(e), nil
	}
	return dropped("unknown_event"), nil
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if it is known who wrote it. Notes are no
// messages in Kustomer, and there are no webhooks about them.
func (c *Connector) message(e event) (connector.Parsed, error) {
	m := &e.Data.Attributes
	by, reason := c.author(&e)
	if m.Redacted {
		reason = "deleted"
	}
	if reason != "" {
		return dropped(reason), nil
	}
	at := cmp.Or(m.SentAt, m.CreatedAt, e.CreatedAt)
	v := e.Data.Relationships.Conversation.Data.ID
	if e.Data.ID == "" || v == "" || at.IsZero() {
		return connector.Parsed{}, errors.New("kustomer: message without id, conversation or sentAt")
	}
	a := about(&e, v)
	a.ID, a.Type, a.By, a.Time = "message:"+string(e.Data.ID), conversation.Message, by, at.Time
	a.Channel = channel(m.Channel)
	a.Message = conversation.Text{ID: string(e.Data.ID), Body: string(m.Preview)}
	if by == conversation.HumanAgent || by == conversation.Bot {
		a.Agent = conversation.Agent{ID: string(e.Data.Relationships.CreatedBy.Data.ID)}
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// author says who wrote a message, or why that is not known.
func (c *Connector) author(e *event) (by conversation.Author, reason string) {
	m, writer := &e.Data.Attributes, e.Data.Relationships.CreatedBy.Data
	switch {
	case m.Direction == "out" && c.o.IsBot(string(writer.ID)):
		return conversation.Bot, ""
	case m.Direction == "out" && m.Auto:
		return conversation.Automation, ""
	case m.Direction == "out" && strings.TrimSuffix(writer.Type, "s") == "user" && writer.ID != "":
		return conversation.HumanAgent, ""
	case m.Direction == "in" && !m.Auto:
		return conversation.Customer, ""
	}
	return "", "unknown_author"
}

// created tells that a conversation is there.
func created(e event) (connector.Parsed, error) {
	at := cmp.Or(e.Data.Attributes.CreatedAt, e.CreatedAt)
	if e.Data.ID == "" || at.IsZero() {
		return connector.Parsed{}, errors.New("kustomer: conversation without id or createdAt")
	}
	a := aboutChat(&e)
	a.ID, a.Type, a.Time = "created", conversation.Identified, at.Time
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// updated tells what changed in a conversation: who is responsible, and whether
// it is done.
func updated(e event) (p connector.Parsed, err error) {
	if e.Data.ID == "" || e.CreatedAt.IsZero() {
		return p, errors.New("kustomer: conversation without id, or event without createdAt")
	}
	add := func(t conversation.Type, id string) {
		a := aboutChat(&e)
		a.Type, a.ID, a.Time = t, id+":"+e.CreatedAt.UTC().Format(time.RFC3339Nano), e.CreatedAt.Time
		p.Activities = append(p.Activities, a)
	}
	changed := e.Changes.Attributes
	if len(e.Data.Attributes.AssignedUsers) < 2 && changed.Has("assignedUsers") {
		add(conversation.Assigned, "assigned")
	}
	var status change
	if v := changed.Get("status"); v == nil || field.Decode(v, &status) != nil {
		return p, nil
	}
	switch {
	case status.After == "done" && status.Before != "done":
		add(conversation.Closed, "closed")
	case status.Before == "done" && status.After == "open":
		add(conversation.Reopened, "reopened")
	}
	return p, nil
}

// about starts an activity with what an event about a message or a conversation
// tells.
func about(e *event, v field.ID) conversation.Activity {
	a := conversation.Activity{Conversation: string(v), Customer: conversation.Person{ContactID: string(e.Data.Relationships.Customer.Data.ID)}}
	if users := e.Data.Attributes.AssignedUsers; len(users) == 1 { // of several it does not say whose the conversation is
		a.Agent = conversation.Agent{ID: string(users[0])}
	}
	return a
}

func aboutChat(e *event) conversation.Activity {
	a := about(e, e.Data.ID)
	a.StartedAt = e.Data.Attributes.CreatedAt.Time
	if list := e.Data.Attributes.Channels; len(list) == 1 {
		a.Channel = channel(list[0])
	}
	return a
}

// channel puts a channel in our words.
func channel(kind string) string {
	switch kind {
	case "facebook", "instagram", "whatsapp", "twitter":
		return "messaging"
	case "voice":
		return "phone"
	}
	return kind
}

// customer tells what is known of a customer.
func (c *Connector) customer(e event) (p connector.Parsed) {
	m := &e.Data.Attributes
	if e.Data.ID == "" {
		return p
	}
	k := conversation.Person{ContactID: string(e.Data.ID), UserID: string(m.ExternalID), Name: string(cmp.Or(m.Name, m.DisplayName))}
	if c.o.UserIDField != "" {
		k.UserID = custom(m.Custom, c.o.UserIDField)
	}
	k.AnonymousID = custom(m.Custom, c.o.AnonymousIDFields()...)
	if len(m.Emails) > 0 {
		k.Email = string(m.Emails[0].Email)
	}
	p.Contacts = []conversation.Person{k}
	return p
}

// custom returns the first of some custom attributes. Kustomer adds the type to
// a name, and has none with an underscore: segmentAnonymousIdStr.
func custom(o field.Object, keys ...string) string {
	for _, key := range keys {
		parts := strings.Split(key, "_")
		for i := 1; i < len(parts); i++ {
			if parts[i] != "" {
				parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
			}
		}
		if s := o.First(key, strings.Join(parts, "")+"Str"); s != "" {
			return s
		}
	}
	return ""
}

// user tells what is known of a user: one who speaks for the company, and logs
// in with an e-mail address.
func user(e event) (p connector.Parsed) {
	m := &e.Data.Attributes
	if e.Data.ID != "" {
		p.Agents = []conversation.Agent{{ID: string(e.Data.ID), Name: string(cmp.Or(m.Name, m.DisplayName)), Username: string(m.Email)}}
	}
	return p
}
