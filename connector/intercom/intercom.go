// Package intercom reads the webhooks of Intercom.
//
// A webhook is a conversation with what is new in it, in the shape that the
// app's API version gives it: 1.x, 2.x, or from 2.15 on 2.x with plain text.
//
// Sources: https://developers.intercom.com/docs/references/2.16/webhooks/webhook-models,
// https://developers.intercom.com/docs/webhooks/webhook-notifications,
// the OpenAPI descriptions in intercom/Intercom-OpenAPI, and recorded webhooks
// of 1.x and 2.x.
package intercom

import (
	"errors"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "intercom",
		Title:  "Intercom",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "with API 2.x, once the agent has written: their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: connector.Yes, AnonymousID: "from a custom attribute", Email: connector.Yes,
			Signature: "HMAC-SHA1", Retries: "one; none for 15 minutes after 1,000 errors in a row",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Intercom app.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// scheme is how Intercom signs, with the app's client secret.
var scheme = connector.Scheme{Header: "X-Hub-Signature", Hash: connector.HMACSHA1, Value: "sha1={signature}"}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// What a topic is about.
const (
	parts    = iota + 1 // a conversation, with what is new in it
	opened              // a conversation that began
	somebody            // somebody, beside any conversation
	other               // nothing that becomes an activity
)

// topics are those about conversations.
var topics = map[string]int{
	"conversation.user.created": opened, "conversation.admin.single.created": opened,
	"conversation.user.replied": parts, "conversation.admin.replied": parts, "conversation.operator.replied": parts,
	"conversation.admin.assigned": parts, "conversation.admin.open.assigned": parts, "conversation.admin.closed": parts,
	"conversation.admin.opened": parts, "conversation.admin.noted": parts,
	"conversation.admin.snoozed": parts, "conversation.admin.unsnoozed": parts,
	"conversation.contact.attached": somebody, "conversation.contact.detached": other,
	"conversation.admin.replied.translated": other, "conversation.created": other, "conversation.deleted": other,
	"conversation.priority.updated": other, "conversation.rating.added": other, "conversation.read": other,
	"conversation.updated": other, "conversation_part.redacted": other, "conversation_part.tag.created": other,
	"ping": other,
}

// about says what a topic is about, or 0 for one that is not known.
func about(topic string) int {
	if what := topics[topic]; what != 0 {
		return what
	}
	object, _, _ := strings.Cut(topic, ".")
	switch object {
	case "admin", "contact", "user", "visitor":
		return somebody
	case "article", "call", "company", "content_stat", "custom_object_instance", "event", "job", "message", "subscription", "ticket", "ticket_note", "ticket_part":
		return other
	}
	return 0
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var n notification
	err := field.Decode(r.Body, &n)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "topic")
		if !ok {
			return connector.Parsed{}, field.Malformed("intercom", err)
		}
		n.Topic = kind
	}
	what := about(n.Topic)
	switch {
	case what == 0:
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	case what == other:
		return connector.Parsed{}, nil
	case err != nil:
		return connector.Parsed{}, field.Malformed("intercom", err)
	case what == somebody:
		return c.people(&n.Data.Item), nil
	case n.Data.Item.ID == "" || n.Data.Item.CreatedAt.IsZero():
		return connector.Parsed{}, errors.New("intercom: conversation without id or created_at")
	}
	t := telling{c: c, item: &n.Data.Item, topic: n.Topic, plain: n.Data.Item.plain()}
	if what == opened {
		err = t.opening()
	}
	for i := range t.item.Parts.List {
		if err == nil {
			err = t.part(&t.item.Parts.List[i])
		}
	}
	if err != nil {
		return connector.Parsed{}, err
	}
	t.closing()
	return t.Parsed, nil
}

// people tells of somebody beside any conversation.
func (c *Connector) people(v *item) (p connector.Parsed) {
	if v.Contact != nil {
		v = v.Contact
	}
	if v.ID == "" {
		return p
	}
	switch v.Type {
	case "admin":
		p.Agents = []conversation.Agent{{ID: string(v.ID), Name: string(v.Name), Username: string(v.Email)}}
	case "contact", "user", "lead", "visitor":
		who := conversation.Person{ContactID: string(v.ID), Email: string(v.Email), Name: string(v.Name)}
		if v.Role == "user" {
			who.UserID = string(v.ExternalID)
		} else if v.Type == "user" && v.Role == "" {
			who.UserID = string(v.UserID) // 1.x
		}
		c.custom(&who, v.CustomAttributes)
		p.Contacts = []conversation.Person{who}
	}
	return p
}

// custom reads the ids that custom attributes carry. Where one is to carry the
// customer's own id, no other does.
func (c *Connector) custom(who *conversation.Person, attributes field.Object) {
	who.AnonymousID = attributes.First(c.o.AnonymousIDFields()...)
	if c.o.UserIDField != "" {
		who.UserID = attributes.Text(c.o.UserIDField)
	}
}
